package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.job.RunningJob.Stop;
import dev.holdfast.toolkit.pattern.Backoff;
import dev.holdfast.toolkit.pattern.Durations;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Instruments.Counter;
import dev.holdfast.toolkit.pattern.Loop;
import dev.holdfast.toolkit.pattern.Throwables;
import dev.holdfast.toolkit.store.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.type.TypeReference;

/**
 * Takes jobs and runs their handlers, each on a thread of its own, up to so many at once. One thread takes; a timer renews the leases
 * of all jobs at work with one request. The worker never ends by itself: when the store is away it waits and tries again.
 *
 * <h2>What becomes of a job</h2>
 *
 * A handler that returns has done its job, unless it was interrupted before: then it may have returned because of that, and the job is
 * given back (the worker ends, or its lease can no longer be relied on), has failed (its timeout), is dead (its deadline) or cancelled,
 * whatever the handler returns or throws. What it throws otherwise, be it an {@link Error}, is a failure of the job.
 *
 * <p>A handler that does not end within a lease after it was interrupted is not waited for: its job's attempt ends as above. It keeps
 * its place in the worker until it ends after all, and the worker's health is down for so long.
 *
 * <p>What came of a job is said until the store has heard it; meanwhile the lease is renewed, and health is down.
 */
public final class Worker implements AutoCloseable {
    /** Does a job. What it returns is the job's result; null for none. What it throws has the job tried again. */
    @FunctionalInterface
    public interface Handler<T> {
        @Nullable
        Object handle(Job<T> job) throws Exception;
    }

    /** Does a job that has no result. */
    @FunctionalInterface
    public interface Task<T> {
        void run(Job<T> job) throws Exception;
    }

    record Handling<T>(Codec<T> codec, Handler<T> handler) {
        RunningJob<T> begin(Jobs jobs, TakenJob taken) {
            return new RunningJob<>(jobs, taken, this);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final ThreadFactory USUAL_THREADS =
            Thread.ofVirtual().name("holdfast-job-", 0).factory();
    private static final AtomicLong NUMBERS = new AtomicLong();

    /** How long a worker waits at most before it looks for what is due, or has lost its worker. */
    private static final Duration LOOK = Duration.ofSeconds(1);
    /** How many jobs are taken in one step at most. */
    private static final int BATCH = 100;

    /** How long it waits at most for more room where there is some. */
    private static final long GATHER_NANOS = 1_000_000;

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
    private static final long FIRST_PAUSE_MILLIS = 50;
    /** How often a worker complains of jobs whose type it does not know. */
    private static final Duration COMPLAINT = Duration.ofMinutes(1);

    private final Jobs jobs;
    private final String name;
    private final Map<String, Handling<?>> handlers;
    private final List<WorkerHook> hooks;
    private final Backoff backoff;
    private final List<String> served;
    private final int concurrency;
    private final Duration grace;
    private final Duration stopWithin;
    private final ThreadFactory threads;
    private final List<Object> takeWords;
    private final Semaphore free;
    /** How much room it waits for, for a moment, before it takes more of what there is plenty of. */
    private final int portion;
    /** Whether the last step has given as many jobs as there was room for. Used by the taking thread. */
    private boolean tookAll;

    /** Jobs whose leases are renewed, by their fencing tokens. */
    private final Map<Long, RunningJob<?>> running = new ConcurrentHashMap<>();
    /** Handlers that were not waited for any longer. */
    private final Map<Long, RunningJob<?>> stuck = new ConcurrentHashMap<>();
    /** What came of jobs and could not be said so far: why. */
    private final Map<Long, String> untold = new ConcurrentHashMap<>();

    private final Instruments instruments;
    private final Counter lost;
    private final Runnable onCancel;
    private final ScheduledFuture<?> heartbeat;
    private final Loop loop;
    private final Ends ends;
    private final AtomicLong nextComplaint = new AtomicLong(System.nanoTime());
    private volatile @Nullable String backoffFailure;
    private volatile @Nullable String threadsFailure;
    /** Whether nothing more is said to a store that does not answer. */
    private volatile boolean givenUp;

    private Worker(Builder builder) {
        this.jobs = builder.jobs;
        this.name = jobs.context().instance() + "-" + NUMBERS.incrementAndGet();
        this.handlers = Map.copyOf(builder.handlers);
        this.hooks = List.copyOf(builder.hooks);
        this.backoff = builder.backoff;
        this.served = builder.queues.isEmpty() ? List.copyOf(jobs.queues().keySet()) : List.copyOf(builder.queues);
        this.concurrency = builder.concurrency;
        this.grace = builder.grace;
        this.stopWithin = builder.stopWithin;
        this.threads = builder.threads;
        this.takeWords = takeWords();
        this.free = new Semaphore(concurrency);
        this.portion = Math.max(1, Math.min(concurrency, BATCH) / 2);
        this.ends = new Ends(jobs);
        this.instruments = jobs.instruments();
        this.lost = instruments.counter("lost");
        for (WorkerHook hook : hooks) {
            hook.starting(this);
        }
        AtomicBoolean isAsked = new AtomicBoolean();
        this.onCancel = () -> {
            if (isAsked.compareAndSet(false, true)) {
                jobs.context().errands().execute(() -> {
                    isAsked.set(false);
                    renew();
                });
            }
        };
        long third = jobs.lease().dividedBy(3).toNanos();
        this.heartbeat = jobs.context()
                .timer()
                .scheduleWithFixedDelay(
                        () -> {
                            jobs.context().errands().execute(this::renew);
                            jobs.context().errands().execute(jobs.events()::listen);
                        },
                        third,
                        third,
                        TimeUnit.NANOSECONDS);
        jobs.working(this);
        jobs.events().onCancel(onCancel);
        this.loop = new Loop(
                "holdfast-jobs-" + jobs.name(),
                LONGEST_PAUSE,
                this::takeOnce,
                e -> LOG.warn("Worker {} of {} tries again: {}", name, jobs.name(), Throwables.describe(e)),
                () -> {});
        loop.start();
    }

    /** What it is called in the store. */
    public String name() {
        return name;
    }

    boolean isWell() {
        return loop.failure() == null
                && untold.isEmpty()
                && stuck.isEmpty()
                && backoffFailure == null
                && threadsFailure == null;
    }

    /** What to show of it. */
    String state() {
        StringBuilder state = new StringBuilder(running.size() + " of " + concurrency + " at work");
        if (!stuck.isEmpty()) {
            state.append(", ").append(stuck.size()).append(" do not stop: ").append(stuck.values());
        }
        for (String why : untold.values()) {
            state.append(", ").append(untold.size()).append(" ends not told: ").append(why);
            break;
        }
        appendIfPresent(state, ", the backoff is failing: ", backoffFailure);
        appendIfPresent(state, ", the factory of threads is failing: ", threadsFailure);
        appendIfPresent(state, ", failing: ", loop.failure());
        return state.toString();
    }

    private static void appendIfPresent(StringBuilder state, String what, @Nullable String why) {
        if (why != null) {
            state.append(what).append(why);
        }
    }

    // ---- taking ----

    private void takeOnce() throws Exception {
        Boolean hasRoom = loop.idle(() -> {
            free.acquire();
            free.release();
            // Where there is more than enough to do, one step for several jobs costs little more than for one.
            if (tookAll
                    && free.availablePermits() < portion
                    && free.tryAcquire(portion, GATHER_NANOS, TimeUnit.NANOSECONDS)) {
                free.release(portion);
            }
            return true;
        });
        if (hasRoom == null) {
            return;
        }
        long wait = take();
        if (wait > 0) {
            loop.idle(() -> {
                jobs.awaitWork(Duration.ofMillis(Math.min(wait, LOOK.toMillis())));
                return true;
            });
        }
    }

    /** The arguments of {@code take.lua} that stay the same, between the number of jobs and the queues. */
    private List<Object> takeWords() {
        List<Object> words = new ArrayList<>();
        words.add(jobs.maxRecoveries());
        words.add(jobs.mostDead());
        words.add(Durations.millis(jobs.deadKept()));
        words.add(Durations.millis(jobs.unknownTypePatience()));
        words.add(jobs.keyConcurrency());
        words.add(jobs.keyRate().most());
        words.add(jobs.keyRate().periodMicros());
        words.add(handlers.size());
        words.addAll(handlers.keySet());
        words.add(jobs.typeConcurrency().size());
        jobs.typeConcurrency().forEach((type, most) -> {
            words.add(type);
            words.add(most);
        });
        return List.copyOf(words);
    }

    /** Takes as many jobs as there is room for. Returns how many milliseconds to wait before the next look. */
    private long take() {
        int room = Math.min(free.availablePermits(), BATCH);
        List<Object> words = new ArrayList<>();
        words.add(name);
        words.add(jobs.lease().toMillis());
        words.add(room);
        words.addAll(takeWords);
        for (String queue : order()) {
            Jobs.Rate rate = jobs.queue(queue).rate();
            words.add(queue);
            words.add(rate.most());
            words.add(rate.periodMicros());
        }
        long sent = System.nanoTime();
        List<Reply> answer = jobs.run(JobScripts.TAKE, words.toArray()).list();
        complain(answer.get(1).number());
        int taken = 0;
        for (int at = 2; at < answer.size(); at += JobRecord.TAKEN_WORDS) {
            begin(jobs.record().taken(answer, at, sent));
            taken++;
        }
        tookAll = taken == room;
        if (taken > 0) {
            return 0;
        }
        long soonest = answer.getFirst().number();
        return soonest < 0 ? LOOK.toMillis() : soonest;
    }

    private void complain(long unknown) {
        long next = nextComplaint.get();
        if (unknown > 0
                && System.nanoTime() - next >= 0
                && nextComplaint.compareAndSet(next, System.nanoTime() + COMPLAINT.toNanos())) {
            LOG.warn(
                    "Worker {} of {} leaves {} jobs to others, because it does not know their types",
                    name,
                    jobs.name(),
                    unknown);
        }
    }

    /** The queues in the order in which to look: by weight, or drawn by weight. */
    private List<String> order() {
        if (served.size() == 1) {
            return served;
        }
        Map<String, Double> drawn = new LinkedHashMap<>();
        for (String queue : served) {
            int weight = jobs.queue(queue).weight();
            // The smallest of exponential variables is each one's with a probability in proportion to its rate.
            double arrival = jobs.isStrict()
                    ? 1.0 / weight
                    : -Math.log(1 - ThreadLocalRandom.current().nextDouble()) / weight;
            drawn.put(queue, arrival);
        }
        return drawn.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .toList();
    }

    private void begin(TakenJob taken) {
        free.acquireUninterruptibly();
        Handling<?> handling = Objects.requireNonNull(handlers.get(taken.type()));
        RunningJob<?> job = handling.begin(jobs, taken);
        running.put(taken.fencingToken(), job);
        start(job);
    }

    /** Starts a job on a thread of the program's factory; on a virtual one while that fails. */
    private void start(RunningJob<?> job) {
        AtomicBoolean begun = new AtomicBoolean();
        Runnable once = () -> {
            if (begun.compareAndSet(false, true)) {
                run(job);
            }
        };
        try {
            Objects.requireNonNull(threads.newThread(once), "the factory has made no thread")
                    .start();
            threadsFailure = null;
        } catch (Throwable e) {
            String why = Throwables.describe(e);
            threadsFailure = why;
            LOG.warn("The threads of worker {} have failed, and {} runs on a virtual one: {}", name, job, why);
            USUAL_THREADS.newThread(once).start();
        }
    }

    // ---- running ----

    private void run(RunningJob<?> job) {
        try {
            long start = System.nanoTime();
            byte[] result = null;
            Throwable thrown = null;
            try {
                job.begin();
                tell(hook -> hook.begins(job));
                result = job.run();
            } catch (Throwable e) {
                thrown = e;
            }
            if (job.end()) {
                finish(job, outcome(job, result, thrown), Duration.ofNanos(System.nanoTime() - start));
            }
        } finally {
            running.remove(job.fencingToken());
            stuck.remove(job.fencingToken());
            free.release();
        }
    }

    /** What an attempt has come to; {@code result} is null if the handler has thrown, or has not ended. */
    private Attempt outcome(RunningJob<?> job, byte @Nullable [] result, @Nullable Throwable thrown) {
        Stop stop = job.stopReason();
        String trace = thrown == null ? "" : Throwables.trace(thrown);
        if (stop == null) {
            if (thrown == null && result != null) {
                return Attempt.done(result);
            }
            Throwable failure = thrown == null ? new IllegalStateException("it has no result") : thrown;
            return Attempt.failed(
                    failure instanceof GiveUpException ? "dead" : "retry",
                    Throwables.describe(failure),
                    trace,
                    delayMillis(job, failure),
                    failure);
        }
        return switch (stop) {
            case TIMED_OUT ->
                Attempt.failed(stop.verb, stop.text + job.timeout(), trace, delayMillis(job, null), thrown);
            case DEADLINE -> Attempt.failed(stop.verb, stop.text, trace, 0, thrown);
            case CANCELLED, WORKER_ENDS, LEASE_LOST -> Attempt.stopped(stop.verb);
        };
    }

    /** When to try again; as the usual backoff says where the program's own does not. */
    private long delayMillis(RunningJob<?> job, @Nullable Throwable thrown) {
        int failures = job.failures() + 1;
        try {
            Duration delay = thrown instanceof RetryLaterException later ? later.delay() : null;
            if (delay == null) {
                delay = backoff.after(failures);
            }
            long millis = Math.max(0, Durations.millis(Objects.requireNonNull(delay, "no pause")));
            backoffFailure = null;
            return millis;
        } catch (Throwable e) {
            String why = Throwables.describe(e);
            backoffFailure = why;
            LOG.warn("The backoff of worker {} has failed: {}", name, why);
            return Backoff.polynomial().after(failures).toMillis();
        }
    }

    /** Reports the outcome of a job. If another worker has taken it over meanwhile, this attempt does not count. */
    private void finish(RunningJob<?> job, Attempt attempt, Duration took) {
        String result = tellSurely(job, attempt);
        running.remove(job.fencingToken());
        instruments
                .timer("run", "queue", job.queue(), "type", job.type(), "result", result)
                .record(took);
        switch (result) {
            case "done" -> tell(hook -> hook.done(job, took));
            case "retry", "dead" -> {
                boolean isLast = result.equals("dead");
                Throwable failure = attempt.thrown() == null
                        ? new IllegalStateException(Codecs.text().decode(attempt.text()))
                        : attempt.thrown();
                LOG.debug("{} has failed: {}", job, attempt.trace());
                tell(hook -> hook.failed(job, failure, isLast));
            }
            case "cancelled" -> tell(hook -> hook.cancelled(job));
            case "lost" -> {
                lost.increment();
                tell(hook -> hook.lost(job));
            }
            default -> LOG.debug("{} was given back", job);
        }
    }

    /** Tells the store until it has heard, or the worker was closed and is not waited for any more. */
    private String tellSurely(RunningJob<?> job, Attempt attempt) {
        long pause = FIRST_PAUSE_MILLIS;
        try {
            while (true) {
                try {
                    String outcome = ends.tell(job, attempt);
                    return outcome == null ? "lost" : outcome;
                } catch (RuntimeException e) {
                    String why = Throwables.describe(e);
                    untold.put(job.fencingToken(), why);
                    LOG.warn("What came of {} cannot be said so far: {}", job, why);
                    if (givenUp) {
                        return "lost";
                    }
                }
                Thread.sleep(ThreadLocalRandom.current().nextLong(pause / 2, pause + 1));
                pause = Math.min(2 * pause, LONGEST_PAUSE.toMillis());
            }
        } catch (InterruptedException e) {
            // The toolkit is being closed.
            return "lost";
        } finally {
            untold.remove(job.fencingToken());
        }
    }

    private void tell(Consumer<WorkerHook> what) {
        for (WorkerHook hook : hooks) {
            try {
                what.accept(hook);
            } catch (Throwable e) {
                LOG.warn("A hook of worker {} has failed: {}", name, Throwables.trace(e));
            }
        }
    }

    // ---- leases ----

    private void renew() {
        List<RunningJob<?>> held = List.copyOf(running.values());
        if (held.isEmpty()) {
            return;
        }
        List<Object> words = new ArrayList<>();
        words.add(jobs.lease().toMillis());
        for (RunningJob<?> job : held) {
            words.add(job.id());
            words.add(job.fencingToken());
        }
        long sent = System.nanoTime();
        try {
            List<Reply> answers =
                    jobs.run(JobScripts.HEARTBEAT, words.toArray()).list();
            for (int i = 0; i < held.size(); i++) {
                switch (answers.get(i).text()) {
                    case "held" -> held.get(i).renewed(sent);
                    case "cancel" -> {
                        held.get(i).renewed(sent);
                        held.get(i).stop(Stop.CANCELLED);
                    }
                    default -> held.get(i).stop(Stop.LEASE_LOST);
                }
            }
        } catch (RuntimeException e) {
            LOG.warn("Worker {} could not renew its leases: {}", name, Throwables.describe(e));
            for (RunningJob<?> job : held) {
                if (job.isOverdue()) {
                    job.stop(Stop.LEASE_LOST);
                }
            }
        }
        for (RunningJob<?> job : held) {
            if (job.isStuck(jobs.lease())) {
                jobs.context().errands().execute(() -> abandon(job));
            }
        }
    }

    /** Ends an attempt whose handler does not listen. */
    private void abandon(RunningJob<?> job) {
        stuck.put(job.fencingToken(), job);
        if (!job.end()) {
            stuck.remove(job.fencingToken());
            return;
        }
        LOG.warn("{} does not stop: {} of {} threads of worker {} are stuck", job, stuck.size(), concurrency, name);
        try {
            finish(job, outcome(job, null, null), Duration.ZERO);
        } finally {
            running.remove(job.fencingToken());
        }
    }

    /** Stops as {@link #close(Duration)} does, after the time that was chosen when it was made. */
    @Override
    public void close() {
        close(grace);
    }

    /**
     * Takes no more jobs, lets those at work come to their ends, and after a while interrupts the rest and gives them back, unfailed.
     * A handler that does not stop then is left behind, and its job given back nevertheless. An interrupt ends the wait.
     *
     * @param grace how long to wait before that
     */
    public void close(Duration grace) {
        if (!loop.stop()) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            loop.join();
            if (interrupted || !free.tryAcquire(concurrency, Durations.nanos(grace), TimeUnit.NANOSECONDS)) {
                running.values().forEach(job -> job.stop(Stop.WORKER_ENDS));
                givenUp =
                        interrupted || !free.tryAcquire(concurrency, Durations.nanos(stopWithin), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            interrupted = true;
            givenUp = true;
            running.values().forEach(job -> job.stop(Stop.WORKER_ENDS));
        }
        if (givenUp) {
            List<RunningJob<?>> left = List.copyOf(running.values());
            LOG.warn("Worker {} leaves {} handlers behind that do not stop", name, left.size());
            left.forEach(this::abandon);
        }
        heartbeat.cancel(false);
        jobs.events().removeOnCancel(onCancel);
        jobs.stopped(this);
        tell(hook -> hook.stopped(this));
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Collects what a worker needs. */
    public static final class Builder {
        private final Jobs jobs;
        private final Map<String, Handling<?>> handlers = new LinkedHashMap<>();
        private final List<WorkerHook> hooks = new ArrayList<>();
        private final List<String> queues = new ArrayList<>();
        private int concurrency = 10;
        private Duration grace;
        private Duration stopWithin;
        private ThreadFactory threads = USUAL_THREADS;
        private Backoff backoff = Backoff.polynomial();

        Builder(Jobs jobs) {
            this.jobs = jobs;
            this.grace = jobs.context().patience().grace();
            this.stopWithin = jobs.context().patience().stopWithin();
        }

        /** What is done with jobs of a type that have no result. */
        public <T> Builder handle(String type, Class<T> payload, Task<T> task) {
            return handle(type, jobs.context().codecs().of(payload), task);
        }

        /** The same, for payloads of a type with parameters. */
        public <T> Builder handle(String type, TypeReference<T> payload, Task<T> task) {
            return handle(type, jobs.context().codecs().json(payload), task);
        }

        /** The same, for payloads that a codec reads. */
        public <T> Builder handle(String type, Codec<T> payload, Task<T> task) {
            return handleWithResult(type, payload, job -> {
                task.run(job);
                return null;
            });
        }

        /** What is done with jobs of a type; what the handler returns is the job's result. */
        public <T> Builder handleWithResult(String type, Class<T> payload, Handler<T> handler) {
            return handleWithResult(type, jobs.context().codecs().of(payload), handler);
        }

        /** The same, for payloads of a type with parameters. */
        public <T> Builder handleWithResult(String type, TypeReference<T> payload, Handler<T> handler) {
            return handleWithResult(type, jobs.context().codecs().json(payload), handler);
        }

        /** The same, for payloads that a codec reads. */
        public <T> Builder handleWithResult(String type, Codec<T> payload, Handler<T> handler) {
            handlers.put(Objects.requireNonNull(type), new Handling<>(payload, Objects.requireNonNull(handler)));
            return this;
        }

        /** How many jobs are at work at once; else ten. */
        public Builder concurrency(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("a worker must do one job at a time: " + most);
            }
            this.concurrency = most;
            return this;
        }

        /** Which queues it serves; else all. */
        public Builder queues(String... names) {
            for (String queue : names) {
                if (!jobs.queues().containsKey(queue)) {
                    throw new IllegalArgumentException("there is no queue " + queue + ", but "
                            + jobs.queues().keySet());
                }
                queues.add(queue);
            }
            return this;
        }

        /**
         * How long to wait before a failed job is tried again; else {@link Backoff#polynomial}. While it throws or returns null that is
         * used in its place, and health is down.
         */
        public Builder backoff(Backoff backoff) {
            this.backoff = Objects.requireNonNull(backoff);
            return this;
        }

        /** How long {@link Worker#close()} waits for jobs at work before it interrupts them; else as the toolkit was told, ten seconds. */
        public Builder grace(Duration grace) {
            this.grace = Objects.requireNonNull(grace);
            return this;
        }

        /** How long it waits after that until it leaves handlers behind; else as the toolkit was told, five seconds. */
        public Builder stopWithin(Duration time) {
            this.stopWithin = Objects.requireNonNull(time);
            return this;
        }

        /**
         * The threads that run handlers, a new one for each job; else virtual ones. Give it platform threads where handlers compute for
         * long: all virtual threads of a program share as many processors as there are, and one that computes lets none of the others run.
         */
        public Builder threads(ThreadFactory factory) {
            this.threads = Objects.requireNonNull(factory);
            return this;
        }

        public Builder hook(WorkerHook hook) {
            hooks.add(Objects.requireNonNull(hook));
            return this;
        }

        public Worker start() {
            return new Worker(this);
        }
    }
}
