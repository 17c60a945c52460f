package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Durations;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.pattern.Throwables;
import dev.holdfast.toolkit.store.Artifact;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import tools.jackson.core.type.TypeReference;

/**
 * Background jobs in named queues.
 *
 * <pre>
 * Jobs jobs = toolkit.jobs("app").queue("critical", 6).queue("default", 3).queue("low", 1).build();
 * jobs.add(NewJob.of("email:welcome", new Welcome(7)).queue("critical"));
 *
 * Worker worker = jobs.worker()
 *         .handle("email:welcome", Welcome.class, job -&gt; mail.send(job.payload()))
 *         .start();
 * </pre>
 *
 * <h2>What holds</h2>
 *
 * A job that was added is done at least once, or ends among the dead or cancelled. A worker has it under a lease, which it renews; if
 * the worker dies, another takes the job over once the lease is over. A worker that was only slow cannot end a job that another has
 * taken over: each attempt has a fencing token, and only the latest counts. Recoveries are no failures; a job that loses its worker too
 * often is dead, too. A job whose type no worker knows waits for one that does.
 *
 * <p>Adding several jobs, taking, ending, renewing are one script each. All keys of one set of jobs begin with
 * <code>jobs:{name}</code> and lie in one slot of a cluster; {@code common.lua} lists them.
 */
public final class Jobs implements Pattern {
    /** How many jobs are added in one step, and how many bytes of payloads. */
    private static final int BATCH = 500;

    private static final int BATCH_BYTES = 8 << 20;
    /** How many jobs a search looks at in one step. */
    private static final int SEARCHED_AT_ONCE = 500;
    /** How long a wait for a job's end relies on being told. */
    private static final long LONGEST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final String DEFAULT_QUEUE = "default";

    private final Context context;
    private final Store store;
    private final String name;
    private final String base;
    private final Map<String, QueueSettings> queues;
    private final boolean strict;
    private final Duration lease;
    private final int maxRecoveries;
    private final long mostDead;
    private final Duration deadKept;
    private final Duration unknownTypePatience;
    private final Map<String, Integer> typeConcurrency;
    private final int keyConcurrency;
    private final Rate keyRate;
    private final JobRecord record;
    private final Set<Worker> workers = ConcurrentHashMap.newKeySet();
    private final JobSchedules schedules;
    private final JobEvents events;

    private Jobs(Builder builder) {
        this.context = builder.context;
        this.store = context.store();
        this.name = builder.name;
        this.base = "jobs:" + HashTag.of(escaped(name));
        this.queues = Collections.unmodifiableMap(new LinkedHashMap<>(builder.queues));
        this.strict = builder.strict;
        this.lease = builder.lease;
        this.maxRecoveries = builder.maxRecoveries;
        this.mostDead = builder.mostDead;
        this.deadKept = builder.deadKept;
        this.unknownTypePatience = builder.unknownTypePatience;
        this.typeConcurrency = Map.copyOf(builder.typeConcurrency);
        this.keyConcurrency = builder.keyConcurrency;
        this.keyRate = builder.keyRate;
        this.record = new JobRecord(context.codecs());
        this.schedules = new JobSchedules(this);
        this.events = new JobEvents(this);
        context.instruments(kind(), name).gauge("workers", workers, Set::size);
    }

    /** A name as it may stand in a hash tag. */
    private static String escaped(String name) {
        return name.indexOf('{') < 0 && name.indexOf('}') < 0
                ? name
                : name.replace("%", "%25").replace("{", "%7B").replace("}", "%7D");
    }

    /**
     * So many in a period.
     *
     * @param most 0 for any number
     */
    record Rate(long most, Duration period) {
        static final Rate ANY = new Rate(0, Duration.ZERO);

        static Rate of(long most, Duration period) {
            if (most < 1 || Durations.millis(period) < 1) {
                throw new IllegalArgumentException("not a rate: " + most + " in " + period);
            }
            return new Rate(most, period);
        }

        long periodMicros() {
            return Durations.millis(period) * 1000;
        }
    }

    /**
     * How a queue is served.
     *
     * @param weight how often it is looked at first, in proportion to the others; or, if priorities are strict, a higher one is
     *     always first
     * @param rate how many of its jobs may begin
     */
    record QueueSettings(int weight, Rate rate) {}

    public static Builder builder(Context context, String name) {
        return new Builder(context, name);
    }

    // ---- adding ----

    /**
     * Adds a job.
     *
     * @throws IllegalArgumentException if there is no such queue
     */
    public Added add(NewJob job) {
        return addAll(List.of(job)).getFirst();
    }

    /**
     * Adds jobs, up to 500 in one step, and says in their order what came of each. If it throws, those of earlier steps have been added;
     * with ids of one's own it does no harm to add all again.
     *
     * @throws IllegalArgumentException if there is no such queue; then none was added
     */
    public List<Added> addAll(List<NewJob> jobs) {
        return add(jobs.stream()
                .map(job -> new Addition(job, idOf(job), "", false))
                .toList());
    }

    /**
     * Adds jobs, and one that is to run once all of them have ended, whether done, dead or cancelled.
     *
     * @return the id of the job that follows
     */
    public String addBatch(List<NewJob> jobs, NewJob then) {
        return addFlow(new JobFlow(then, jobs.stream().map(JobFlow::of).toList()));
    }

    /**
     * Adds a job and its children, which are done before it. Up to 500 jobs are added in one step, all or none.
     *
     * @return the id of the job
     * @throws IllegalArgumentException if there is a job of its id or unique key, or of those of a child with children, or no such queue
     */
    public String addFlow(JobFlow flow) {
        List<Addition> all = new ArrayList<>();
        flatten(flow, "", true, all);
        add(all);
        return all.getFirst().id();
    }

    private static void flatten(JobFlow flow, String parent, boolean isParent, List<Addition> all) {
        String id = idOf(flow.job());
        all.add(new Addition(flow.job(), id, parent, isParent));
        flow.children().forEach(child -> flatten(child, id, !child.children().isEmpty(), all));
    }

    /** A job on its way; {@code parent} is the id of the one that awaits it, or "". */
    private record Addition(NewJob job, String id, String parent, boolean isParent) {}

    private static String idOf(NewJob job) {
        return job.id().isEmpty() ? Context.id() : job.id();
    }

    private String queueOf(NewJob job) {
        String queue = !job.queue().isEmpty()
                ? job.queue()
                : queues.size() == 1 ? queues.keySet().iterator().next() : DEFAULT_QUEUE;
        queue(queue);
        return queue;
    }

    /** How a queue is served. */
    QueueSettings queue(String queue) {
        QueueSettings settings = queues.get(queue);
        if (settings == null) {
            throw new IllegalArgumentException("there is no queue " + queue + ", but " + queues.keySet());
        }
        return settings;
    }

    private List<Added> add(List<Addition> additions) {
        // All of them can be written, or none is sent.
        List<List<Object>> steps = new ArrayList<>();
        List<Object> words = new ArrayList<>();
        long bytes = 0;
        for (Addition addition : additions) {
            NewJob job = addition.job();
            record.append(job, addition.id(), queueOf(job), addition.parent(), addition.isParent(), words);
            bytes += ((byte[]) words.get(words.size() - JobRecord.WORDS + 1)).length;
            if (words.size() >= BATCH * JobRecord.WORDS || bytes >= BATCH_BYTES) {
                steps.add(words);
                words = new ArrayList<>();
                bytes = 0;
            }
        }
        if (!words.isEmpty()) {
            steps.add(words);
        }
        // Parents go before their children, and begin only when the last step has come.
        List<String> parents =
                additions.stream().filter(Addition::isParent).map(Addition::id).toList();
        List<Added> added = new ArrayList<>(additions.size());
        for (int i = 0; i < steps.size(); i++) {
            added.addAll(enqueue(i == steps.size() - 1 ? parents : List.of(), steps.get(i)));
        }
        return added;
    }

    /**
     * Sends one step. Every job has its id, so that a request whose answer was lost can be sent again; a job that is then found
     * to be there is the one that it has added itself.
     */
    private List<Added> enqueue(List<String> sealed, List<Object> words) {
        Object[] arguments = arguments("", 0, sealed, words);
        int[] sent = {0};
        List<Reply> answers = context.retry()
                .idempotent(() -> {
                    sent[0]++;
                    return run(JobScripts.ENQUEUE, arguments);
                })
                .list();
        boolean isRefused = answers.getFirst().number() < 0;
        if (isRefused && sent[0] == 1) {
            throw new IllegalArgumentException(
                    "there is a job of this id or unique key: " + answers.get(1).text());
        }
        List<Added> added = new ArrayList<>(words.size() / JobRecord.WORDS);
        for (int i = 0; i < words.size() / JobRecord.WORDS; i++) {
            String own = (String) words.get(i * JobRecord.WORDS);
            String id = isRefused ? own : answers.get(2 * i + 1).text();
            added.add(new Added(id, isRefused || answers.get(2 * i).flag() || sent[0] > 1 && id.equals(own)));
        }
        return added;
    }

    private static Object[] arguments(String schedule, long due, List<String> sealed, List<Object> words) {
        List<Object> arguments = new ArrayList<>(3 + sealed.size() + words.size());
        arguments.add(schedule);
        arguments.add(due);
        arguments.add(sealed.size());
        arguments.addAll(sealed);
        arguments.addAll(words);
        return arguments.toArray();
    }

    /** Adds a job unless this time of a schedule has been served. Returns whether it was this call that did. */
    boolean addScheduled(NewJob job, String schedule, long due) {
        List<Object> words = new ArrayList<>();
        record.append(job, idOf(job), queueOf(job), "", false, words);
        return !run(JobScripts.ENQUEUE, arguments(schedule, due, List.of(), words))
                .list()
                .isEmpty();
    }

    /**
     * Adds a job whenever a schedule says so, by the store's clock. Any number of processes may do that under the same name: for each
     * time one of them adds the job. What is missed because none was there is treated as the schedule's {@link Misfire} says.
     *
     * <p>A supplier that throws, returns null or names no queue is asked again after pauses of up to a minute; health is down meanwhile.
     *
     * @param name the name of the schedule
     * @param job makes the job that is added
     */
    public void schedule(String name, Schedule when, Supplier<NewJob> job) {
        schedules.add(name, when, job);
    }

    /** Adds nothing any more under a schedule, as far as this process is concerned. */
    public void unschedule(String name) {
        schedules.remove(name);
    }

    // ---- looking ----

    /** What is known of a job, with its failures, unless it is forgotten. */
    public Optional<JobInfo> find(String id) {
        return look("ids", id).stream().findFirst();
    }

    /**
     * The jobs of a kind: those to come by when they are due, active ones by when their leases end, the dead by when they died, pending
     * ones queue after queue.
     *
     * @param state {@code SCHEDULED} and {@code RETRY} are one list
     * @param from how many to leave out
     */
    public List<JobInfo> list(JobState state, long from, int count) {
        if (state == JobState.PENDING) {
            Set<Object> words = new LinkedHashSet<>(stats().queues().keySet());
            return lookAt(from, count, "pending", words.toArray());
        }
        return lookAt(
                from,
                count,
                state == JobState.RETRY ? "scheduled" : state.name().toLowerCase(Locale.ROOT));
    }

    /** The jobs that wait in a queue, the next one first. */
    public List<JobInfo> pending(String queue, long from, int count) {
        return lookAt(from, count, "pending", queue);
    }

    private List<JobInfo> lookAt(long from, int count, String what, Object... more) {
        if (from < 0 || count < 0) {
            throw new IllegalArgumentException("from " + from + " on, so many: " + count);
        }
        List<Object> words = new ArrayList<>(List.of("list", from, count, what));
        words.addAll(Arrays.asList(more));
        return count == 0 ? List.of() : look(words.toArray());
    }

    private List<JobInfo> look(Object... words) {
        return infos(
                context.retry().idempotent(() -> run(JobScripts.LOOK, words)).list());
    }

    private List<JobInfo> infos(List<Reply> jobs) {
        return jobs.stream().map(job -> record.info(job.list())).toList();
    }

    /**
     * Jobs of any state that match, in no order. It goes through all jobs, some hundreds at a time, until it has found enough; one that
     * changes meanwhile may be missed.
     *
     * @param most how many at most
     */
    public List<JobInfo> search(JobQuery query, int most) {
        Map<String, JobInfo> found = new LinkedHashMap<>();
        String cursor = "0";
        do {
            Object[] words = {
                "search",
                cursor,
                SEARCHED_AT_ONCE,
                query.state()
                        .map(state -> state.name().toLowerCase(Locale.ROOT))
                        .orElse(""),
                query.type(),
                query.failure(),
                Durations.epochMillis(query.since()),
                Durations.epochMillis(query.until())
            };
            List<Reply> answer = context.retry()
                    .idempotent(() -> run(JobScripts.LOOK, words))
                    .list();
            cursor = answer.getFirst().text();
            infos(answer.subList(1, answer.size())).forEach(job -> found.put(job.id(), job));
        } while (!cursor.equals("0") && found.size() < most);
        return found.values().stream().limit(most).toList();
    }

    /** What a job's handler returned, while it is kept. */
    public <R> Optional<R> result(String id, Class<R> type) {
        return result(id, context.codecs().of(type));
    }

    public <R> Optional<R> result(String id, TypeReference<R> type) {
        return result(id, context.codecs().json(type));
    }

    public <R> Optional<R> result(String id, Codec<R> codec) {
        return outcome(find(id), codec).result();
    }

    /**
     * Waits for the end of a job that was added with {@link NewJob#keepResult}, and tells its result.
     *
     * @return what the job is at its end, or when the time is over
     * @throws CancellationException if the thread is interrupted meanwhile
     */
    public <R> JobOutcome<R> awaitResult(String id, Class<R> type, Duration atMost) {
        return awaitResult(id, context.codecs().of(type), atMost);
    }

    public <R> JobOutcome<R> awaitResult(String id, TypeReference<R> type, Duration atMost) {
        return awaitResult(id, context.codecs().json(type), atMost);
    }

    public <R> JobOutcome<R> awaitResult(String id, Codec<R> codec, Duration atMost) {
        long end = System.nanoTime() + Durations.nanos(atMost);
        Semaphore signal = events.awaitEnd(id);
        try {
            while (true) {
                JobOutcome<R> outcome = outcome(find(id), codec);
                long left = end - System.nanoTime();
                if (!outcome.isOpen() || left <= 0) {
                    return outcome;
                }
                signal.tryAcquire(Math.min(left, LONGEST_WAIT_NANOS), TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for job " + id);
        } finally {
            events.forget(id, signal);
        }
    }

    private static <R> JobOutcome<R> outcome(Optional<JobInfo> job, Codec<R> codec) {
        return new JobOutcome<>(
                job.map(JobInfo::state),
                job.flatMap(JobInfo::result).filter(bytes -> bytes.length > 0).map(codec::decode),
                job.flatMap(JobInfo::failure));
    }

    /** What became of a job's children, while it is there. */
    List<JobChild> children(String id) {
        return context.retry().idempotent(() -> run(JobScripts.CHILDREN, id)).list().stream()
                .map(Reply::list)
                .map(child -> new JobChild(
                        context.codecs(),
                        child.get(0).text(),
                        child.get(1).text(),
                        JobState.valueOf(child.get(2).text().toUpperCase(Locale.ROOT)),
                        child.get(3).bytes()))
                .toList();
    }

    /** How many jobs there are. */
    public JobStats stats() {
        List<Reply> figures = context.retry()
                .idempotent(() -> run(JobScripts.STATS, queues.keySet().toArray()))
                .list();
        long[] n = figures.stream().limit(14).mapToLong(Reply::number).toArray();
        Map<String, Long> unknown = new LinkedHashMap<>();
        figures.get(14).map().forEach((type, number) -> unknown.put(type, number.number()));
        Map<String, JobStats.Queue> each = new LinkedHashMap<>();
        for (int at = 15; at < figures.size(); at += 4) {
            long oldest = figures.get(at + 2).number();
            each.put(
                    figures.get(at).text(),
                    new JobStats.Queue(
                            figures.get(at + 1).number(),
                            oldest < 0 ? Optional.empty() : Optional.of(Duration.ofMillis(oldest)),
                            figures.get(at + 3).flag()));
        }
        return new JobStats(
                n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12], n[13], unknown, each);
    }

    /**
     * What has happened in each of the last minutes, the present one among them; those without anything are left out.
     *
     * @param last up to a day's: 1,440
     */
    public List<JobMinute> minutes(int last) {
        if (last < 1 || last > 24 * 60) {
            throw new IllegalArgumentException("the last minutes of a day: " + last);
        }
        List<JobMinute> minutes = new ArrayList<>();
        for (Reply answer :
                context.retry().idempotent(() -> run(JobScripts.MINUTES, last)).list()) {
            List<Reply> words = answer.list();
            Map<String, Long> n = new LinkedHashMap<>();
            for (int i = 1; i + 1 < words.size(); i += 2) {
                n.put(words.get(i).text(), words.get(i + 1).number());
            }
            minutes.add(new JobMinute(
                    Instant.ofEpochMilli(words.getFirst().number()),
                    n.getOrDefault("added", 0L),
                    n.getOrDefault("processed", 0L),
                    n.getOrDefault("failed", 0L),
                    n.getOrDefault("retried", 0L),
                    n.getOrDefault("recovered", 0L),
                    n.getOrDefault("dead", 0L),
                    n.getOrDefault("cancelled", 0L)));
        }
        return minutes;
    }

    // ---- moving by hand ----

    /** Cancels a job that waits, or tells the worker that has it to stop, at once; returns whether there was one. */
    public boolean cancel(String id) {
        return move("cancel", id) == 1;
    }

    /** Has a job that is to run later, or awaits others, run now; returns whether there was one. */
    public boolean runNow(String id) {
        return move("run", id) == 1;
    }

    /** Forgets a job that no worker has; returns whether there was one. */
    public boolean delete(String id) {
        return move("delete", id) == 1;
    }

    /**
     * Gives dead or cancelled jobs all their attempts again, but for those whose unique key another job has meanwhile. Returns how many
     * there were.
     */
    public long replay(String... ids) {
        return ids.length == 0 ? 0 : move("replay", ids);
    }

    /** Gives all dead jobs all their attempts again, up to a thousand, the longest dead first. Returns how many there were. */
    public long replayDead() {
        return move("replay");
    }

    /** Forgets all dead jobs. Returns how many there were. */
    public long purgeDead() {
        long sum = 0;
        for (long moved = move("purge"); moved > 0; moved = move("purge")) {
            sum += moved;
        }
        return sum;
    }

    private long move(String verb, String... ids) {
        List<Object> words = new ArrayList<>();
        words.add(verb);
        words.addAll(Arrays.asList(ids));
        return run(JobScripts.MOVE, words.toArray()).number();
    }

    /** Has workers leave a queue alone. Jobs may still be added. */
    public void pause(String queue) {
        queue(queue);
        store.call("SADD", base + ":paused", queue);
    }

    public void resume(String queue) {
        queue(queue);
        store.call("SREM", base + ":paused", queue);
        store.call("LPUSH", base + ":wake", "1");
    }

    // ---- for workers ----

    /** Begins a worker. */
    public Worker.Builder worker() {
        return new Worker.Builder(this);
    }

    void working(Worker worker) {
        workers.add(worker);
    }

    void stopped(Worker worker) {
        workers.remove(worker);
    }

    Reply run(Script script, Object... words) {
        return store.call(script, List.of(base), words);
    }

    /** Waits until somebody adds jobs, or the time is over. */
    void awaitWork(Duration atMost) {
        store.await(atMost, Command.of("BLPOP", base + ":wake", atMost.toMillis() / 1000.0));
    }

    Context context() {
        return context;
    }

    Map<String, QueueSettings> queues() {
        return queues;
    }

    boolean isStrict() {
        return strict;
    }

    Duration lease() {
        return lease;
    }

    int maxRecoveries() {
        return maxRecoveries;
    }

    Duration unknownTypePatience() {
        return unknownTypePatience;
    }

    Map<String, Integer> typeConcurrency() {
        return typeConcurrency;
    }

    int keyConcurrency() {
        return keyConcurrency;
    }

    Rate keyRate() {
        return keyRate;
    }

    JobEvents events() {
        return events;
    }

    long mostDead() {
        return mostDead;
    }

    Duration deadKept() {
        return deadKept;
    }

    JobRecord record() {
        return record;
    }

    Instruments instruments() {
        return context.instruments(kind(), name);
    }

    String base() {
        return base;
    }

    @Override
    public String kind() {
        return "jobs";
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isOnlyCopy() {
        return true;
    }

    /**
     * Down if a worker cannot reach the store or tell what came of its jobs, has handlers that do not stop, or a schedule fails. Shows, too,
     * jobs whose type no worker knows, and those in queues that are not this program's.
     */
    @Override
    public Health health() {
        Map<String, Object> details = new LinkedHashMap<>();
        boolean up = true;
        for (Worker worker : workers) {
            details.put(worker.name(), worker.state());
            up &= worker.isWell();
        }
        for (Map.Entry<String, String> failure : schedules.failures().entrySet()) {
            details.put("schedule:" + failure.getKey(), failure.getValue());
            up = false;
        }
        try {
            JobStats stats = stats();
            details.put("active", stats.active());
            details.put("scheduled", stats.scheduled());
            details.put("awaiting", stats.awaiting());
            details.put("held", stats.held());
            details.put("dead", stats.dead());
            stats.queues().forEach((queue, figures) -> {
                if (queues.containsKey(queue)) {
                    details.put("pending:" + queue, figures.pending());
                } else if (figures.pending() > 0) {
                    details.put("elsewhere:" + queue, figures.pending());
                }
            });
            stats.unknown().forEach((type, number) -> details.put("unknown type:" + type, number));
        } catch (RuntimeException e) {
            details.put("reason", Throwables.describe(e));
            up = false;
        }
        return new Health(up, details);
    }

    /** Stops the schedules, and the workers as {@link Worker#close} does. */
    @Override
    public void close() {
        schedules.close();
        List.copyOf(workers).forEach(Worker::close);
        events.close();
        context.unregister(this);
    }

    /** Collects what a set of jobs needs. All processes that use it should say the same. */
    public static final class Builder {
        private final Context context;
        private final String name;
        private final Map<String, QueueSettings> queues = new LinkedHashMap<>();
        private final Map<String, Integer> typeConcurrency = new LinkedHashMap<>();
        private String lastQueue = "";
        private boolean strict;
        private Duration lease = Duration.ofSeconds(30);
        private int maxRecoveries = 3;
        private long mostDead = 10_000;
        private Duration deadKept = Duration.ofDays(90);
        private Duration unknownTypePatience = Duration.ofDays(7);
        private int keyConcurrency;
        private Rate keyRate = Rate.ANY;

        private Builder(Context context, String name) {
            this.context = context;
            this.name = name;
        }

        /**
         * A queue, and how often it is looked at first, in proportion to the others.
         *
         * @param queue any text that is not empty
         */
        public Builder queue(String queue, int weight) {
            if (weight < 1 || queue.isEmpty()) {
                throw new IllegalArgumentException("not a queue's name and weight: '" + queue + "', " + weight);
            }
            queues.put(queue, new QueueSettings(weight, Rate.ANY));
            lastQueue = queue;
            return this;
        }

        /** Lets only so many jobs of the queue that was named last begin in a period. */
        public Builder rateLimit(long most, Duration period) {
            QueueSettings settings = queues.get(lastQueue);
            if (settings == null) {
                throw new IllegalArgumentException("name the queue first whose rate is limited");
            }
            queues.put(lastQueue, new QueueSettings(settings.weight(), Rate.of(most, period)));
            return this;
        }

        /** Lets only so many jobs of a type be at work at once, on all workers together. */
        public Builder typeConcurrency(String type, int most) {
            typeConcurrency.put(type, positive(most));
            return this;
        }

        /** Lets only so many jobs of one {@linkplain NewJob#key key} be at work at once, on all workers together. */
        public Builder keyConcurrency(int most) {
            this.keyConcurrency = positive(most);
            return this;
        }

        /** Lets only so many jobs of one {@linkplain NewJob#key key} begin in a period. */
        public Builder keyRate(long most, Duration period) {
            this.keyRate = Rate.of(most, period);
            return this;
        }

        private static int positive(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("one job must be allowed: " + most);
            }
            return most;
        }

        /** A queue with a higher weight is always served before one with a lower. */
        public Builder strict() {
            this.strict = true;
            return this;
        }

        /** How long after the death of its worker a job is taken over; else 30 seconds. */
        public Builder lease(Duration lease) {
            if (lease.compareTo(Duration.ofMillis(100)) < 0 || lease.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("a lease must last from 100 ms to a day: " + lease);
            }
            this.lease = lease;
            return this;
        }

        /** How often a job may lose its worker before it is dead; else three times. */
        public Builder maxRecoveries(int most) {
            if (most < 0) {
                throw new IllegalArgumentException("how often a worker may be lost: " + most);
            }
            this.maxRecoveries = most;
            return this;
        }

        /** How many dead jobs are kept, and how long; else 10,000 and 90 days. */
        public Builder keepDead(long most, Duration atMost) {
            if (most < 0) {
                throw new IllegalArgumentException("how many dead jobs are kept: " + most);
            }
            this.mostDead = most;
            this.deadKept = Durations.checked("a dead job", atMost, Duration.ZERO);
            return this;
        }

        /**
         * How long a job waits for a worker that knows its type before it is dead; else seven days. It is offered again after pauses that
         * double up to a minute, and {@link JobStats#unknown} counts it.
         */
        public Builder unknownTypes(Duration patience) {
            this.unknownTypePatience = Durations.checked("patience", patience, Duration.ZERO);
            return this;
        }

        /** Without queues there are {@code critical}, {@code default} and {@code low}, with the weights 6, 3 and 1. */
        public Jobs build() {
            Artifact.JACKSON.require("a set of jobs");
            if (queues.isEmpty()) {
                queue("critical", 6).queue(DEFAULT_QUEUE, 3).queue("low", 1);
            }
            return context.register(new Jobs(this));
        }
    }
}
