package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

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
 * A job that was added is done at least once, or ends among the dead. A worker has it under a lease, which it renews; if the
 * worker dies, another takes the job over once the lease is over. A worker that was only slow cannot end a job that another has taken
 * over: each attempt has a fencing token, and only the latest counts. Takeovers are no failures; a job that loses its worker too often
 * is dead, too.
 *
 * <p>Adding several jobs, taking, ending, renewing are one script each. All keys of one set of jobs begin with
 * <code>jobs:{name}</code> and lie in one slot of a cluster; {@code common.lua} lists them.
 */
public final class Jobs implements Pattern {
    /** How many jobs are added in one step. */
    private static final int BATCH = 500;

    private final Context context;
    private final Store store;
    private final String name;
    private final String base;
    private final Map<String, QueueSettings> queues;
    private final boolean strict;
    private final Duration lease;
    private final int takeovers;
    private final long mostDead;
    private final Duration deadKept;
    private final JobRecord record;
    private final Set<Worker> workers = ConcurrentHashMap.newKeySet();
    private final JobSchedules schedules;

    private Jobs(Builder builder) {
        this.context = builder.context;
        this.store = context.store();
        this.name = builder.name;
        this.base = "jobs:" + HashTag.of(name);
        this.queues = Map.copyOf(builder.queues);
        this.strict = builder.strict;
        this.lease = builder.lease;
        this.takeovers = builder.takeovers;
        this.mostDead = builder.mostDead;
        this.deadKept = builder.deadKept;
        this.record = new JobRecord(context.codecs());
        this.schedules = new JobSchedules(this);
        context.instruments(kind(), name).gauge("workers", workers, Set::size);
    }

    /**
     * How a queue is served.
     *
     * @param weight how often it is looked at first, in proportion to the others; or, if priorities are strict, a higher one is
     *     always first
     * @param most how many of its jobs may begin in a period; 0 for any number
     * @param period the period
     */
    record QueueSettings(int weight, long most, Duration period) {}

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

    /** Adds jobs, up to 500 in one step, and says in their order what came of each. */
    public List<Added> addAll(List<NewJob> jobs) {
        return add(jobs, "", false);
    }

    /**
     * Adds jobs, and one that is to run once all of them have ended, whether done or dead.
     *
     * @return the id of the job that follows
     */
    public String addBatch(List<NewJob> jobs, NewJob then) {
        Added follower = add(List.of(then), "", true).getFirst();
        if (!follower.isNew()) {
            throw new IllegalArgumentException("there is a job of this id or unique key: " + follower.id());
        }
        add(jobs, follower.id(), false);
        context.retry().idempotent(() -> run(JobScripts.MOVE, "sealed", follower.id()));
        return follower.id();
    }

    private List<Added> add(List<NewJob> jobs, String follower, boolean awaits) {
        List<Added> added = new ArrayList<>(jobs.size());
        List<Object> words = header(follower, "", 0);
        for (NewJob job : jobs) {
            if (!queues.containsKey(job.queue())) {
                throw new IllegalArgumentException("there is no queue " + job.queue() + ", but " + queues.keySet());
            }
        }
        for (NewJob job : jobs) {
            record.append(job, awaits, words);
            if (words.size() >= 3 + BATCH * JobRecord.WORDS) {
                added.addAll(enqueue(words));
                words = header(follower, "", 0);
            }
        }
        if (words.size() > 3) {
            added.addAll(enqueue(words));
        }
        return added;
    }

    private static List<Object> header(String follower, String schedule, long due) {
        return new ArrayList<>(List.of(follower, schedule, due));
    }

    /**
     * Sends one step. Every job has its id, so that a request whose answer was lost can be sent again; a job that is then found
     * to be there is the one that it has added itself.
     */
    private List<Added> enqueue(List<Object> words) {
        Object[] arguments = words.toArray();
        int[] sent = {0};
        List<Reply> answers = context.retry()
                .idempotent(() -> {
                    sent[0]++;
                    return run(JobScripts.ENQUEUE, arguments);
                })
                .list();
        List<Added> added = new ArrayList<>(answers.size());
        for (int i = 0; i < answers.size(); i++) {
            String answer = answers.get(i).text();
            if (!answer.startsWith("!")) {
                added.add(new Added(answer, true));
            } else {
                String id = answer.substring(1);
                added.add(new Added(id, sent[0] > 1 && id.equals(arguments[3 + i * JobRecord.WORDS])));
            }
        }
        return added;
    }

    /** Adds a job unless this time of a schedule has been served. Returns whether it was this call that did. */
    boolean addScheduled(NewJob job, String schedule, long due) {
        List<Object> words = header("", schedule, due);
        record.append(job, false, words);
        return !run(JobScripts.ENQUEUE, words.toArray()).list().isEmpty();
    }

    /**
     * Adds a job whenever a crontab says so, by the store's clock. Any number of processes may do that under the same name: for each
     * time one of them adds the job. If none was there at a time, the last one that was missed is made up for.
     *
     * @param schedule the name of the schedule
     * @param job makes the job that is added
     */
    public void schedule(String schedule, CronExpression when, ZoneId zone, Supplier<NewJob> job) {
        schedules.add(schedule, when, zone, job);
    }

    /** Adds nothing any more under a schedule, as far as this process is concerned. */
    public void unschedule(String schedule) {
        schedules.remove(schedule);
    }

    // ---- looking ----

    /** What is known of a job, unless it is forgotten. */
    public Optional<JobInfo> find(String id) {
        return look("ids", id).stream().findFirst();
    }

    /**
     * The jobs of a kind: those to come by when they are due, active ones by when their leases end, the dead by when they died.
     *
     * @param state {@code SCHEDULED} and {@code RETRY} are one list; {@code PENDING} ones are found by {@link #pending}
     * @param from how many to leave out
     */
    public List<JobInfo> list(JobState state, long from, int count) {
        String list = switch (state) {
            case SCHEDULED, RETRY -> "scheduled";
            case ACTIVE, DONE, DEAD -> state.name().toLowerCase(Locale.ROOT);
            case PENDING, AWAITING -> throw new IllegalArgumentException("there is no list of all that are " + state);
        };
        return look("list", list, from, count);
    }

    /** The jobs that wait in a queue, the next one first. */
    public List<JobInfo> pending(String queue, long from, int count) {
        return look("list", "pending:" + queue, from, count);
    }

    private List<JobInfo> look(Object... words) {
        return context.retry().idempotent(() -> run(JobScripts.LOOK, words)).list().stream()
                .map(job -> record.info(job.list()))
                .toList();
    }

    /** What a job's handler returned, while it is kept. */
    public <R> Optional<R> result(String id, Class<R> type) {
        return find(id).flatMap(JobInfo::result).map(context.codecs().of(type)::decode);
    }

    /** How many jobs there are. */
    public Survey survey() {
        List<String> names = List.copyOf(queues.keySet());
        List<Reply> figures = context.retry()
                .idempotent(() -> run(JobScripts.SURVEY, names.toArray()))
                .list();
        Map<String, Survey.Queue> each = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            int at = 10 + 3 * i;
            long oldest = figures.get(at + 1).number();
            each.put(
                    names.get(i),
                    new Survey.Queue(
                            figures.get(at).number(),
                            oldest < 0 ? Optional.empty() : Optional.of(Duration.ofMillis(oldest)),
                            figures.get(at + 2).flag()));
        }
        long[] n = figures.stream().limit(10).mapToLong(Reply::number).toArray();
        return new Survey(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], each);
    }

    // ---- moving by hand ----

    /** Forgets a job that waits, or tells the worker that has it to stop; returns whether there was one. */
    public boolean cancel(String id) {
        return move("cancel", id) == 1;
    }

    /** Has a job that is to run later run now; returns whether there was one. */
    public boolean runNow(String id) {
        return move("run", id) == 1;
    }

    /** Forgets a job that no worker has; returns whether there was one. */
    public boolean delete(String id) {
        return move("delete", id) == 1;
    }

    /** Gives dead jobs all their attempts again; returns how many were dead. */
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
        store.call("SADD", base + ":paused", queue);
    }

    public void resume(String queue) {
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

    int takeovers() {
        return takeovers;
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

    /** Down if a worker cannot reach the store. */
    @Override
    public Health health() {
        Map<String, Object> details = new LinkedHashMap<>();
        boolean up = true;
        for (Worker worker : workers) {
            details.put(worker.name(), worker.state());
            up &= worker.isWell();
        }
        try {
            Survey survey = survey();
            details.put("active", survey.active());
            details.put("scheduled", survey.scheduled());
            details.put("dead", survey.dead());
            survey.queues().forEach((queue, figures) -> details.put("pending:" + queue, figures.pending()));
        } catch (StoreException e) {
            details.put("reason", String.valueOf(e.getMessage()));
            up = false;
        }
        return new Health(up, details);
    }

    /** Stops the schedules, and the workers as {@link Worker#close} does. */
    @Override
    public void close() {
        schedules.close();
        List.copyOf(workers).forEach(Worker::close);
        context.unregister(this);
    }

    /** Collects what a set of jobs needs. All processes that use it should say the same. */
    public static final class Builder {
        private final Context context;
        private final String name;
        private final Map<String, QueueSettings> queues = new LinkedHashMap<>();
        private boolean strict;
        private Duration lease = Duration.ofSeconds(30);
        private int takeovers = 3;
        private long mostDead = 10_000;
        private Duration deadKept = Duration.ofDays(90);

        private Builder(Context context, String name) {
            this.context = context;
            this.name = name;
        }

        /** A queue, and how often it is looked at first, in proportion to the others. */
        public Builder queue(String queue, int weight) {
            return queue(queue, weight, 0, Duration.ZERO);
        }

        /** A queue of whose jobs only so many may begin in a period. */
        public Builder queue(String queue, int weight, long most, Duration period) {
            if (weight < 1 || most < 0 || most > 0 && period.toMillis() < 1) {
                throw new IllegalArgumentException(
                        "not a queue's weight and rate: " + weight + ", " + most + " in " + period);
            }
            queues.put(queue, new QueueSettings(weight, most, period));
            return this;
        }

        /** A queue with a higher weight is always served before one with a lower. */
        public Builder strict() {
            this.strict = true;
            return this;
        }

        /** How long after the death of its worker a job is taken over; else 30 seconds. */
        public Builder lease(Duration lease) {
            if (lease.toMillis() < 100) {
                throw new IllegalArgumentException("a lease must last 100 ms at least: " + lease);
            }
            this.lease = lease;
            return this;
        }

        /** How often a job may lose its worker before it is dead; else three times. */
        public Builder takeovers(int most) {
            this.takeovers = most;
            return this;
        }

        /** How many dead jobs are kept, and how long; else 10,000 and 90 days. */
        public Builder keepDead(long most, Duration atMost) {
            this.mostDead = most;
            this.deadKept = atMost;
            return this;
        }

        /** Without queues there are {@code critical}, {@code default} and {@code low}, with the weights 6, 3 and 1. */
        public Jobs build() {
            if (queues.isEmpty()) {
                queue("critical", 6).queue("default", 3).queue("low", 1);
            }
            return context.register(new Jobs(this));
        }
    }
}
