package dev.holdfast.toolkit.queue;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.pattern.Backoff;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Durations;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Instruments.Counter;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.pattern.Throwables;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Queues of messages, served in the order of their priority, first in first out within each.
 *
 * <pre>
 * ReliableQueue&lt;Order&gt; queue = toolkit.queue("queue", Order.class).build();
 * queue.put("high", order);
 * try (Delivery&lt;Order&gt; delivery = queue.take(Duration.ofSeconds(5)).orElseThrow()) {
 *     process(delivery.message());
 *     delivery.done();
 * }
 * </pre>
 *
 * <p>A message is moved into its worker's hands, never popped: if the worker dies it comes back when the lease ends. After so many
 * deliveries it is put among the dead. On a single server the queues are plain lists with the names that other programs know,
 * {@code queue:high} and so on, and whatever those push on the left is served like everything else, within {@link #POLL}.
 *
 * <p>For work that needs results, schedules, or a say in what runs when, there are jobs.
 */
public final class ReliableQueue<T> implements Pattern {
    /** How soon a message is seen that another program has pushed by hand. */
    public static final Duration POLL = Duration.ofMillis(200);

    private static final Logger LOG = LoggerFactory.getLogger(ReliableQueue.class);
    /** How long a message that has failed is left alone by {@link #consume(int, QueueConsumer.Handler)}. */
    static final Backoff BACKOFF = Backoff.exponential(Duration.ofMillis(500), Duration.ofMinutes(1));

    private static final Script TAKE = script("take");
    private static final Script SETTLE = script("settle");
    private static final Script KEEP = script("keep");
    private static final Script DELAY = script("delay");
    private static final Script DEAD = script("dead");
    private static final int BATCH = 100;
    private static final int MOST_MARKS = 32;

    private final Context context;
    private final Store store;
    private final String name;
    private final Codec<T> codec;
    private final List<String> priorities;
    private final Duration lease;
    private final int deliveries;
    private final long mostDead;
    private final long alarmAt;
    private final Duration alarmAfter;
    private final @Nullable Function<T, Instant> created;
    private final QueueKeys keys;
    private final List<String> scriptKeys;
    private final Set<QueueConsumer<T>> consumers = ConcurrentHashMap.newKeySet();
    private final Counter put;
    private final Map<String, Counter> settled;

    private ReliableQueue(Builder<T> builder) {
        this.context = builder.context;
        this.store = context.store();
        this.name = builder.name;
        this.codec = Codecs.guarded(builder.codec);
        this.priorities = List.copyOf(builder.priorities);
        this.lease = builder.lease;
        this.deliveries = builder.deliveries;
        this.mostDead = builder.mostDead;
        this.alarmAt = builder.alarmAt;
        this.alarmAfter = builder.alarmAfter;
        this.created = builder.created;
        this.keys = QueueKeys.of(name, store.isCluster());
        this.scriptKeys = keys.all(context.instance(), priorities);
        Instruments instruments = context.instruments(kind(), name);
        this.put = instruments.counter("put");
        this.settled = Map.of(
                "done", instruments.counter("settled", "result", "done"),
                "again", instruments.counter("settled", "result", "again"),
                "dead", instruments.counter("settled", "result", "dead"),
                "lost", instruments.counter("settled", "result", "lost"));
    }

    private static Script script(String name) {
        String common = Script.of(ReliableQueue.class, "common").source();
        return Script.of(name, common + Script.of(ReliableQueue.class, name).source());
    }

    public static <T> Builder<T> builder(Context context, String name, Codec<T> codec) {
        return new Builder<>(context, name, codec);
    }

    // ---- putting and taking ----

    /** Adds a message behind all others of its priority. */
    public void put(String priority, T message) {
        putAll(priority, List.of(message));
    }

    /** Adds messages in one step. */
    public void putAll(String priority, List<T> messages) {
        check(priority);
        if (messages.isEmpty()) {
            return;
        }
        List<Object> words = new ArrayList<>();
        words.add(keys.queue(priority));
        messages.forEach(message -> words.add(codec.encode(message)));
        List<Object> marks = new ArrayList<>();
        marks.add(keys.wake());
        for (int i = 0; i < Math.min(messages.size(), MOST_MARKS); i++) {
            marks.add("1");
        }
        List<Command> commands = List.of(
                Command.of("LPUSH", words.toArray()),
                Command.of("LPUSH", marks.toArray()),
                Command.of("LTRIM", keys.wake(), 0, MOST_MARKS - 1));
        context.retry().once(() -> store.pipeline(commands)).getFirst().orThrow();
        put.increment(messages.size());
    }

    /** Adds a message that comes to its queue after a while, behind those that are there then; at once, if that is not positive. */
    public void put(String priority, T message, Duration delay) {
        long millis = Durations.millis(delay);
        if (millis <= 0) {
            put(priority, message);
            return;
        }
        check(priority);
        byte[] bytes = codec.encode(message);
        context.retry().once(() -> run(DELAY, context.instance(), priority, millis, bytes));
        put.increment();
    }

    private void check(String priority) {
        if (!priorities.contains(priority)) {
            throw new IllegalArgumentException("there is no queue " + priority + ", but " + priorities);
        }
    }

    private Reply run(Script script, Object... words) {
        Object[] all = new Object[words.length + 1];
        all[0] = keys.queue("");
        System.arraycopy(words, 0, all, 1, words.length);
        return store.call(script, scriptKeys, all);
    }

    /** Takes the next message, if there is one. */
    public Optional<Delivery<T>> take() {
        return take(1, new long[1]).stream().findFirst();
    }

    /**
     * Takes the next message, as soon as there is one.
     *
     * @throws java.util.concurrent.CancellationException if the thread is interrupted meanwhile
     */
    public Optional<Delivery<T>> take(Duration atMost) {
        long end = System.nanoTime() + Durations.nanos(atMost);
        long[] untilNext = new long[1];
        while (true) {
            List<Delivery<T>> taken = take(1, untilNext);
            if (!taken.isEmpty()) {
                return Optional.of(taken.getFirst());
            }
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return Optional.empty();
            }
            long millis = Math.min(left, POLL.toMillis());
            await(Duration.ofMillis(untilNext[0] < 0 ? millis : Math.min(millis, untilNext[0])));
        }
    }

    /** Waits until somebody puts something, or the time is over. */
    void await(Duration atMost) {
        store.await(atMost, Command.of("BLPOP", keys.wake(), Math.max(1, atMost.toMillis()) / 1000.0));
    }

    /** Takes up to so many; {@code untilNext} gets the milliseconds until the next lease or delay ends, or -1. */
    List<Delivery<T>> take(int most, long[] untilNext) {
        List<Object> words = new ArrayList<>(List.of(context.instance(), lease.toMillis(), most, deliveries, mostDead));
        words.addAll(priorities);
        List<Reply> answer = run(TAKE, words.toArray()).list();
        untilNext[0] = answer.getFirst().number();
        List<Delivery<T>> taken = new ArrayList<>();
        for (int i = 1; i < answer.size(); i += 4) {
            String token = answer.get(i).text();
            String priority = answer.get(i + 1).text();
            try {
                taken.add(new Delivery<>(
                        this,
                        token,
                        priority,
                        answer.get(i + 2).number(),
                        codec.decode(answer.get(i + 3).bytes())));
            } catch (Throwable e) {
                // Whatever a codec throws, the others that were taken with it are worked off.
                String why = "it cannot be read: " + Throwables.describe(e);
                LOG.warn("A message of {} is put among the dead: {}", priority, why);
                context.errands().execute(() -> settle(token, "dead", Duration.ZERO, why));
            }
        }
        return taken;
    }

    boolean settle(String token, String verb, Duration pause, String why) {
        long millis = Math.max(0, Durations.millis(pause));
        Reply reply = context.retry().idempotent(() -> run(SETTLE, token, verb, deliveries, mostDead, millis, why));
        String result = reply.isNull() ? "lost" : reply.text();
        Counter counter = settled.get(result);
        if (counter != null) {
            counter.increment();
        }
        return !reply.isNull();
    }

    boolean extend(String token) {
        return context.retry().idempotent(() -> extendAll(List.of(token))).getFirst();
    }

    /** Begins the leases of messages anew, and tells which of them are still in this worker's hands. */
    List<Boolean> extendAll(List<String> tokens) {
        List<Object> words = new ArrayList<>();
        words.add(lease.toMillis());
        words.addAll(tokens);
        return run(KEEP, words.toArray()).list().stream().map(Reply::flag).toList();
    }

    Duration lease() {
        return lease;
    }

    Context context() {
        return context;
    }

    /**
     * Has a handler work messages off until the consumer is closed: on virtual threads, up to so many at once, whose leases are
     * renewed. What it throws puts the message back after a pause, which doubles from half a second up to a minute.
     */
    public QueueConsumer<T> consume(int concurrency, QueueConsumer.Handler<T> handler) {
        return consume(concurrency, BACKOFF, handler);
    }

    /** The same, with pauses of one's own; while the backoff throws or returns null, with the usual ones, and health is down. */
    public QueueConsumer<T> consume(int concurrency, Backoff backoff, QueueConsumer.Handler<T> handler) {
        QueueConsumer<T> consumer = new QueueConsumer<>(this, concurrency, backoff, handler, consumers::remove);
        consumers.add(consumer);
        consumer.start();
        return consumer;
    }

    // ---- looking ----

    /** How the queues stand. */
    public QueueStats stats() {
        Map<String, Long> lengths = new LinkedHashMap<>();
        Map<String, Optional<Duration>> oldest = new LinkedHashMap<>();
        for (String priority : priorities) {
            lengths.put(priority, store.call("LLEN", keys.queue(priority)).number());
            oldest.put(priority, age(priority));
        }
        Map<String, Long> byWorker = new LinkedHashMap<>();
        List<String> tokens = store.call("ZRANGE", keys.leases(), 0, -1).texts();
        tokens.forEach(token -> byWorker.merge(token.substring(token.indexOf(':') + 1), 1L, Long::sum));
        long delayed = store.call("ZCARD", keys.delayed()).number()
                + store.call("ZCARD", keys.strays()).number();
        long dead = store.call("LLEN", keys.dead()).number();
        return new QueueStats(lengths, oldest, delayed, tokens.size(), byWorker, dead, dead > alarmAt);
    }

    private Optional<Duration> age(String priority) {
        Function<T, Instant> since = created;
        byte[] next = since == null
                ? null
                : store.call("LINDEX", keys.queue(priority), -1).bytesOrNull();
        if (since == null || next == null) {
            return Optional.empty();
        }
        try {
            Instant now = Instant.ofEpochMilli(store.millis());
            return Optional.of(Duration.between(since.apply(codec.decode(next)), now));
        } catch (Throwable e) {
            LOG.debug("The age of {} cannot be told: {}", priority, Throwables.describe(e));
            return Optional.empty();
        }
    }

    /** The messages that were given up, the latest first, those that cannot be read among them. */
    public List<DeadMessage<T>> dead(long from, int count) {
        if (from < 0 || count < 1) {
            throw new IllegalArgumentException("from " + from + " on, so many: " + count);
        }
        return context.retry().idempotent(() -> run(DEAD, "list", from, count)).list().stream()
                .map(message -> dead(message.list()))
                .toList();
    }

    private DeadMessage<T> dead(List<Reply> words) {
        byte[] bytes = words.getFirst().bytes();
        Optional<T> message;
        try {
            message = Optional.of(codec.decode(bytes));
        } catch (RuntimeException e) {
            message = Optional.empty();
        }
        return new DeadMessage<>(
                message,
                bytes,
                Optional.ofNullable(words.get(1).textOrNull()),
                words.get(2).isNull()
                        ? Optional.empty()
                        : Optional.of(Instant.ofEpochMilli(words.get(2).number())),
                words.get(3).isNull() ? 0 : words.get(3).number(),
                Optional.ofNullable(words.get(4).textOrNull()));
    }

    /** Puts a message that was given up behind those of its queue, or of the first one if its own is not among these. Returns whether it was still there. */
    public boolean replayDead(DeadMessage<T> message) {
        return run(DEAD, "retry", message.bytes(), priorities.getFirst()).flag();
    }

    /** Forgets a message that was given up. Returns whether it was still there. */
    public boolean dropDead(DeadMessage<T> message) {
        return run(DEAD, "drop", message.bytes()).flag();
    }

    /** Puts messages that were given up behind those of a priority, the longest dead first. Returns how many there were. */
    public long replayDead(String priority, int most) {
        check(priority);
        long sum = 0;
        while (sum < most) {
            long portion = Math.min(BATCH, most - sum);
            long moved = run(DEAD, "retry all", priority, portion).number();
            sum += moved;
            if (moved < portion) {
                break;
            }
        }
        return sum;
    }

    /** Forgets the messages that were given up. Returns how many there were. */
    public long purgeDead() {
        return run(DEAD, "purge").number();
    }

    @Override
    public String kind() {
        return "queue";
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isOnlyCopy() {
        return true;
    }

    /** Down while a consumer is failing, or there are too many dead. */
    @Override
    public Health health() {
        Map<String, Object> details = new LinkedHashMap<>();
        boolean up = true;
        int inHand = 0;
        Duration longest = Duration.ZERO;
        for (QueueConsumer<T> consumer : consumers) {
            String failure = consumer.failure();
            if (failure != null) {
                details.put("failing", failure);
                up = false;
            }
            inHand += consumer.inHand();
            Duration held = consumer.longestInHand();
            longest = held.compareTo(longest) > 0 ? held : longest;
        }
        if (inHand > 0) {
            details.put("inHand", inHand);
            details.put("longestInHandMillis", longest.toMillis());
            up &= longest.compareTo(alarmAfter) <= 0;
        }
        try {
            QueueStats stats = stats();
            details.putAll(stats.lengths());
            details.put("delayed", stats.delayed());
            details.put("inFlight", stats.inFlight());
            details.put("dead", stats.dead());
            return new Health(up && !stats.alarm(), details);
        } catch (RuntimeException e) {
            details.put("reason", Throwables.describe(e));
            return new Health(false, details);
        }
    }

    /** Closes its consumers. */
    @Override
    public void close() {
        List.copyOf(consumers).forEach(QueueConsumer::close);
        context.unregister(this);
    }

    /** Collects what queues need. All processes that use them should say the same. */
    public static final class Builder<T> {
        private final Context context;
        private final String name;
        private final Codec<T> codec;
        private List<String> priorities = List.of("high", "medium", "low");
        private Duration lease = Duration.ofSeconds(30);
        private int deliveries = 10;
        private long mostDead = 10_000;
        private long alarmAt = 100;
        private Duration alarmAfter = Duration.ofMinutes(10);
        private @Nullable Function<T, Instant> created;

        private Builder(Context context, String name, Codec<T> codec) {
            this.context = context;
            this.name = name;
            this.codec = codec;
        }

        /** The queues, the first first; else high, medium and low. */
        public Builder<T> priorities(String... names) {
            if (names.length == 0 || List.of(names).stream().distinct().count() < names.length) {
                throw new IllegalArgumentException("there must be a queue, and each once: " + List.of(names));
            }
            for (String name : names) {
                if (!QueueKeys.isFree(name)) {
                    throw new IllegalArgumentException("a queue must not be called '" + name + "'");
                }
            }
            this.priorities = List.of(names);
            return this;
        }

        /** How long after the death of its worker a message comes back; else 30 seconds. */
        public Builder<T> lease(Duration lease) {
            if (lease.compareTo(Duration.ofMillis(50)) < 0 || lease.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("a lease must last from 50 ms to a day: " + lease);
            }
            this.lease = lease;
            return this;
        }

        /** How often a message is handed out before it is put among the dead; else ten times. */
        public Builder<T> deliveries(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("a message must be handed out once: " + most);
            }
            this.deliveries = most;
            return this;
        }

        /** How many dead messages are kept, and above how many the queue's health is down; else 10,000 and 100. */
        public Builder<T> keepDead(long most, long alarmAt) {
            if (most < 0) {
                throw new IllegalArgumentException("how many dead messages are kept: " + most);
            }
            this.mostDead = most;
            this.alarmAt = alarmAt;
            return this;
        }

        /** After how long with one message a handler is taken for one that does not end, and health is down; else ten minutes. */
        public Builder<T> alarmAfter(Duration time) {
            this.alarmAfter = Durations.checked("an alarm", time, Duration.ofMillis(1));
            return this;
        }

        /** How to tell from a message when it was made, so that its age is known. */
        public Builder<T> created(Function<T, Instant> created) {
            this.created = created;
            return this;
        }

        public ReliableQueue<T> build() {
            return context.register(new ReliableQueue<>(this));
        }
    }
}
