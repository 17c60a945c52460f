package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Loop;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.StoreException;
import io.micrometer.core.instrument.Counter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes jobs and runs their handlers, each on a virtual thread, up to so many at once. One thread takes; a timer renews the leases
 * of all jobs at work with one request. The worker never ends by itself: when the store is away it waits and tries again.
 *
 * <p>A job whose lease can no longer be relied on, because the store says so or could not be reached for so long, is interrupted.
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

    record Handling<T>(Codec<T> codec, Handler<T> handler) {}

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final AtomicLong NUMBERS = new AtomicLong();

    /** How long a worker waits at most before it looks for what is due, or has lost its worker. */
    private static final Duration LOOK = Duration.ofSeconds(1);
    /** How many jobs are taken in one step at most. */
    private static final int BATCH = 100;

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final Jobs jobs;
    private final String name;
    private final Map<String, Handling<?>> handlers;
    private final List<WorkerHook> hooks;
    private final Backoff backoff;
    private final List<String> served;
    private final int concurrency;
    private final Duration grace;
    private final Semaphore free;
    private final Map<Long, RunningJob<?>> running = new ConcurrentHashMap<>();
    private final Instruments instruments;
    private final Counter lost;
    private final ScheduledFuture<?> heartbeat;
    private final Loop loop;
    private final Ends ends;

    private Worker(Builder builder) {
        this.jobs = builder.jobs;
        this.name = jobs.context().instance() + "-" + NUMBERS.incrementAndGet();
        this.handlers = Map.copyOf(builder.handlers);
        this.hooks = List.copyOf(builder.hooks);
        this.backoff = builder.backoff;
        this.served = builder.queues.isEmpty() ? List.copyOf(jobs.queues().keySet()) : List.copyOf(builder.queues);
        this.concurrency = builder.concurrency;
        this.grace = builder.grace;
        this.free = new Semaphore(concurrency);
        this.ends = new Ends(jobs);
        this.instruments = jobs.instruments();
        this.lost = instruments.counter("lost");
        for (WorkerHook hook : hooks) {
            hook.starting(this);
        }
        long third = jobs.lease().dividedBy(3).toNanos();
        this.heartbeat = jobs.context()
                .timer()
                .scheduleWithFixedDelay(
                        () -> jobs.context().workers().execute(this::renew), third, third, TimeUnit.NANOSECONDS);
        jobs.working(this);
        this.loop = new Loop(
                "holdfast-jobs-" + jobs.name(),
                LONGEST_PAUSE,
                this::takeOnce,
                e -> LOG.warn("Worker {} of {} tries again: {}", name, jobs.name(), e.toString()),
                () -> {});
        loop.start();
    }

    /** What it is called in the store. */
    public String name() {
        return name;
    }

    boolean isWell() {
        return loop.failure() == null;
    }

    /** What to show of it. */
    String state() {
        String why = loop.failure();
        return running.size() + " of " + concurrency + " at work" + (why == null ? "" : ", failing: " + why);
    }

    // ---- taking ----

    private void takeOnce() throws Exception {
        Boolean hasRoom = loop.idle(() -> {
            free.acquire();
            return true;
        });
        if (hasRoom == null) {
            return;
        }
        free.release();
        long wait = take();
        if (wait > 0) {
            loop.idle(() -> {
                jobs.awaitWork(Duration.ofMillis(Math.min(wait, LOOK.toMillis())));
                return true;
            });
        }
    }

    /** Takes as many jobs as there is room for. Returns how many milliseconds to wait before the next look. */
    private long take() {
        int room = Math.min(free.availablePermits(), BATCH);
        List<Object> words = new ArrayList<>();
        words.add(name);
        words.add(jobs.lease().toMillis());
        words.add(room);
        words.add(jobs.takeovers());
        words.add(jobs.mostDead());
        words.add(jobs.deadKept().toMillis());
        for (String queue : order()) {
            Jobs.QueueSettings settings =
                    jobs.queues().getOrDefault(queue, new Jobs.QueueSettings(1, 0, Duration.ZERO));
            words.add(queue);
            words.add(settings.most());
            words.add(settings.period().toNanos() / 1000);
        }
        long sent = System.nanoTime();
        List<Reply> answer = jobs.run(JobScripts.TAKE, words.toArray()).list();
        int taken = 0;
        for (int at = 1; at < answer.size(); at += JobRecord.TAKEN_WORDS) {
            begin(jobs.record().taken(answer, at, sent));
            taken++;
        }
        if (taken > 0) {
            return 0;
        }
        long soonest = answer.getFirst().number();
        return soonest < 0 ? LOOK.toMillis() : soonest;
    }

    /** The queues in the order in which to look: by weight, or drawn by weight. */
    private List<String> order() {
        if (served.size() == 1) {
            return served;
        }
        Map<String, Double> drawn = new LinkedHashMap<>();
        for (String queue : served) {
            int weight = jobs.queues()
                    .getOrDefault(queue, new Jobs.QueueSettings(1, 0, Duration.ZERO))
                    .weight();
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
        Handling<?> handling = handlers.get(taken.type());
        RunningJob<?> job = RunningJob.of(jobs, taken, handling);
        running.put(taken.fencingToken(), job);
        jobs.context().workers().execute(() -> run(job));
    }

    // ---- running ----

    private void run(RunningJob<?> job) {
        long start = System.nanoTime();
        job.begin();
        tell(hook -> hook.begins(job));
        String verb;
        byte[] text;
        long delay = 0;
        Throwable thrown = null;
        try {
            text = job.run();
            verb = "done";
        } catch (Throwable e) {
            thrown = e;
            text = describe(job, e).getBytes(StandardCharsets.UTF_8);
            verb = job.isReleased() ? "release" : job.isGivenUp() || e instanceof GiveUpException ? "dead" : "retry";
            delay = (e instanceof RetryLaterException later ? later.delay() : backoff.after(job.failures() + 1))
                    .toMillis();
        }
        job.end();
        finish(job, verb, text, delay, thrown, Duration.ofNanos(System.nanoTime() - start));
        running.remove(job.fencingToken());
        free.release();
    }

    private static String describe(RunningJob<?> job, Throwable thrown) {
        String why = job.stopReason();
        return why != null ? why : thrown.toString();
    }

    /** Says what came of a job. Whoever has taken it over meanwhile goes first: then this attempt has not been. */
    private void finish(
            RunningJob<?> job, String verb, byte[] text, long delay, @Nullable Throwable thrown, Duration took) {
        String result;
        try {
            String outcome = ends.tell(job, verb, text, delay);
            result = outcome == null ? "lost" : outcome;
        } catch (StoreException | CancellationException e) {
            LOG.warn("What came of job {} could not be said; it will be taken over: {}", job.id(), e.toString());
            result = "lost";
        }
        instruments
                .timer("run", "queue", job.queue(), "type", job.type(), "result", result)
                .record(took);
        switch (result) {
            case "done" -> tell(hook -> hook.done(job, took));
            case "retry", "dead" -> {
                boolean isLast = result.equals("dead");
                Throwable failure = thrown == null ? new IllegalStateException("no reason") : thrown;
                LOG.debug("Job {} has failed", job.id(), failure);
                tell(hook -> hook.failed(job, failure, isLast));
            }
            case "lost" -> {
                lost.increment();
                tell(hook -> hook.lost(job));
            }
            default -> LOG.debug("Job {} was given back", job.id());
        }
    }

    private void tell(Consumer<WorkerHook> what) {
        for (WorkerHook hook : hooks) {
            try {
                what.accept(hook);
            } catch (RuntimeException e) {
                LOG.warn("A hook of worker {} failed", name, e);
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
                    case "cancel" -> held.get(i).stop("it was cancelled", true);
                    default -> held.get(i).stop("another worker has taken it over", false);
                }
            }
        } catch (StoreException e) {
            LOG.warn("Worker {} could not renew its leases: {}", name, e.toString());
            for (RunningJob<?> job : held) {
                if (job.isOverdue()) {
                    job.stop("its lease could not be renewed", false);
                }
            }
        }
    }

    /** Stops as {@link #close(Duration)} does, after the time that was chosen when it was made. */
    @Override
    public void close() {
        close(grace);
    }

    /**
     * Takes no more jobs, lets those at work come to their ends, and after a while interrupts the rest and gives them back, unfailed.
     *
     * @param grace how long to wait before that
     */
    public void close(Duration grace) {
        if (!loop.stop()) {
            return;
        }
        try {
            loop.join();
            if (!free.tryAcquire(concurrency, grace.toNanos(), TimeUnit.NANOSECONDS)) {
                running.values().forEach(RunningJob::release);
                if (!free.tryAcquire(concurrency, LONGEST_PAUSE.toNanos(), TimeUnit.NANOSECONDS)) {
                    LOG.warn("Worker {} leaves {} jobs behind that do not stop", name, running.size());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        heartbeat.cancel(false);
        jobs.stopped(this);
        tell(hook -> hook.stopped(this));
    }

    /** Collects what a worker needs. */
    public static final class Builder {
        private final Jobs jobs;
        private final Map<String, Handling<?>> handlers = new LinkedHashMap<>();
        private final List<WorkerHook> hooks = new ArrayList<>();
        private final List<String> queues = new ArrayList<>();
        private int concurrency = 10;
        private Duration grace = Duration.ofSeconds(10);
        private Backoff backoff = Backoff.polynomial();

        Builder(Jobs jobs) {
            this.jobs = jobs;
        }

        /** What is done with jobs of a type that have no result. */
        public <T> Builder handle(String type, Class<T> payload, Task<T> task) {
            return answer(type, payload, job -> {
                task.run(job);
                return null;
            });
        }

        /** What is done with jobs of a type; what the handler returns is the job's result. */
        public <T> Builder answer(String type, Class<T> payload, Handler<T> handler) {
            handlers.put(type, new Handling<>(jobs.context().codecs().of(payload), handler));
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
                    throw new IllegalArgumentException("there is no queue " + queue);
                }
                queues.add(queue);
            }
            return this;
        }

        /** How long to wait before a failed job is tried again; else {@link Backoff#polynomial}. */
        public Builder backoff(Backoff backoff) {
            this.backoff = backoff;
            return this;
        }

        /** How long {@link Worker#close()} waits for jobs at work; else ten seconds. */
        public Builder grace(Duration grace) {
            this.grace = grace;
            return this;
        }

        public Builder hook(WorkerHook hook) {
            hooks.add(hook);
            return this;
        }

        public Worker start() {
            return new Worker(this);
        }
    }
}
