package dev.holdfast.toolkit.queue;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.CodecException;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import io.micrometer.core.instrument.Counter;
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
 * <p>For work that needs delays, retries with pauses, results or schedules there are jobs.
 */
public final class ReliableQueue<T> implements Pattern {
    /** How soon a message is seen that another program has pushed by hand. */
    public static final Duration POLL = Duration.ofMillis(200);

    private static final Logger LOG = LoggerFactory.getLogger(ReliableQueue.class);
    private static final Script TAKE = Script.of(ReliableQueue.class, "take");
    private static final Script SETTLE = Script.of(ReliableQueue.class, "settle");
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
        this.codec = builder.codec;
        this.priorities = List.copyOf(builder.priorities);
        this.lease = builder.lease;
        this.deliveries = builder.deliveries;
        this.mostDead = builder.mostDead;
        this.alarmAt = builder.alarmAt;
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
        if (!priorities.contains(priority)) {
            throw new IllegalArgumentException("there is no queue " + priority + ", but " + priorities);
        }
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
        long end = System.nanoTime() + atMost.toNanos();
        long[] untilLease = new long[1];
        while (true) {
            List<Delivery<T>> taken = take(1, untilLease);
            if (!taken.isEmpty()) {
                return Optional.of(taken.getFirst());
            }
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return Optional.empty();
            }
            long millis = Math.min(left, POLL.toMillis());
            await(Duration.ofMillis(untilLease[0] < 0 ? millis : Math.min(millis, untilLease[0])));
        }
    }

    /** Waits until somebody puts something, or the time is over. */
    void await(Duration atMost) {
        store.await(atMost, Command.of("BLPOP", keys.wake(), Math.max(1, atMost.toMillis()) / 1000.0));
    }

    /** Takes up to so many; {@code untilLease} gets the milliseconds until the next lease ends, or -1. */
    List<Delivery<T>> take(int most, long[] untilLease) {
        List<Reply> answer = store.call(
                        TAKE, scriptKeys, context.instance(), lease.toMillis(), most, deliveries, mostDead)
                .list();
        untilLease[0] = answer.getFirst().number();
        List<Delivery<T>> taken = new ArrayList<>();
        for (int i = 1; i < answer.size(); i += 4) {
            String token = answer.get(i).text();
            String priority = priorities.get((int) answer.get(i + 1).number() - 1);
            try {
                taken.add(new Delivery<>(
                        this,
                        token,
                        priority,
                        answer.get(i + 2).number(),
                        codec.decode(answer.get(i + 3).bytes())));
            } catch (CodecException e) {
                LOG.warn("A message of {} cannot be read and is put among the dead: {}", priority, e.toString());
                settle(token, "dead");
            }
        }
        return taken;
    }

    boolean settle(String token, String verb) {
        Reply reply = context.retry()
                .idempotent(() -> store.call(SETTLE, scriptKeys, token, verb, lease.toMillis(), deliveries, mostDead));
        String result = reply.isNull() ? "lost" : reply.text();
        Counter counter = settled.get(result);
        if (counter != null) {
            counter.increment();
        }
        return !reply.isNull();
    }

    Duration lease() {
        return lease;
    }

    Context context() {
        return context;
    }

    /**
     * Has a handler work messages off until the consumer is closed: on virtual threads, up to so many at once, whose leases are
     * renewed. What it throws puts the message back.
     */
    public QueueConsumer<T> consume(int concurrency, QueueConsumer.Handler<T> handler) {
        QueueConsumer<T> consumer = new QueueConsumer<>(this, concurrency, handler, consumers::remove);
        consumers.add(consumer);
        consumer.start();
        return consumer;
    }

    // ---- looking ----

    /** How the queues stand. */
    public QueueFigures figures() {
        Map<String, Long> lengths = new LinkedHashMap<>();
        Map<String, Optional<Duration>> oldest = new LinkedHashMap<>();
        for (String priority : priorities) {
            lengths.put(priority, store.call("LLEN", keys.queue(priority)).number());
            oldest.put(priority, age(priority));
        }
        Map<String, Long> byWorker = new LinkedHashMap<>();
        List<String> tokens = store.call("ZRANGE", keys.leases(), 0, -1).texts();
        tokens.forEach(token -> byWorker.merge(token.substring(0, token.lastIndexOf(':')), 1L, Long::sum));
        long dead = store.call("LLEN", keys.dead()).number();
        return new QueueFigures(lengths, oldest, tokens.size(), byWorker, dead, dead > alarmAt);
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
        } catch (CodecException e) {
            return Optional.empty();
        }
    }

    /** The messages that were given up, the latest first. */
    public List<T> dead(long from, int count) {
        return store.call("LRANGE", keys.dead(), from, from + count - 1).list().stream()
                .map(message -> codec.decode(message.bytes()))
                .toList();
    }

    /** Puts messages that were given up behind those of a priority, the longest dead first. Returns how many there were. */
    public long replayDead(String priority, int most) {
        if (!priorities.contains(priority)) {
            throw new IllegalArgumentException("there is no queue " + priority);
        }
        for (int i = 0; i < most; i++) {
            if (store.call("LMOVE", keys.dead(), keys.queue(priority), "RIGHT", "LEFT")
                    .isNull()) {
                return i;
            }
        }
        return most;
    }

    /** Forgets the messages that were given up. */
    public void purgeDead() {
        store.call("UNLINK", keys.dead());
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
        boolean up = consumers.stream().allMatch(QueueConsumer::isWell);
        try {
            QueueFigures figures = figures();
            details.putAll(figures.lengths());
            details.put("inFlight", figures.inFlight());
            details.put("dead", figures.dead());
            return new Health(up && !figures.alarm(), details);
        } catch (StoreException e) {
            details.put("reason", String.valueOf(e.getMessage()));
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
        private int deliveries = 5;
        private long mostDead = 10_000;
        private long alarmAt = 100;
        private @Nullable Function<T, Instant> created;

        private Builder(Context context, String name, Codec<T> codec) {
            this.context = context;
            this.name = name;
            this.codec = codec;
        }

        /** The queues, the first first; else high, medium and low. */
        public Builder<T> priorities(String... names) {
            if (names.length == 0) {
                throw new IllegalArgumentException("there must be a queue");
            }
            this.priorities = List.of(names);
            return this;
        }

        /** How long after the death of its worker a message comes back; else 30 seconds. */
        public Builder<T> lease(Duration lease) {
            if (lease.toMillis() < 50) {
                throw new IllegalArgumentException("a lease must last 50 ms at least: " + lease);
            }
            this.lease = lease;
            return this;
        }

        /** How often a message is handed out before it is put among the dead; else five times. */
        public Builder<T> deliveries(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("a message must be handed out once: " + most);
            }
            this.deliveries = most;
            return this;
        }

        /** How many dead messages are kept, and above how many the queue's health is down; else 10,000 and 100. */
        public Builder<T> keepDead(long most, long alarmAt) {
            this.mostDead = most;
            this.alarmAt = alarmAt;
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
