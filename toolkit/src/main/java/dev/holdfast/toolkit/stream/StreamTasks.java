package dev.holdfast.toolkit.stream;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Durations;
import dev.holdfast.toolkit.pattern.EntryCodec;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that is added to a stream, and that the consumers of a group share.
 *
 * <pre>
 * StreamTasks&lt;Event&gt; tasks = toolkit.streamTasks("events", Event.class).group("indexer").build();
 * tasks.add(event);
 * tasks.consume(entry -&gt; index(entry.value()));
 * </pre>
 *
 * <h2>What holds</h2>
 *
 * Every entry is done at least once, or ends in the stream of the dead after so many deliveries. An entry whose consumer died is
 * claimed by another once it has lain idle; a consumer that works long on one renews its claim. Old entries are trimmed, but never
 * one that a group has not acknowledged, unless that was asked for; nor any as long as this group has not come to be. A consumer
 * never ends by itself: whatever goes wrong, it tries again after a pause, and meanwhile its health says so.
 *
 * <p>With several {@linkplain Builder#partitions partitions} entries of the same key are done in their order, one after the other.
 *
 * <p>The stream is {@code stream:name}, or for each partition {@code stream:name:0} and so on; the dead are in
 * <code>{stream:name}:dead</code>. Each entry has the field {@code value}, unless its fields are to be kept as they are.
 */
public final class StreamTasks<T> implements Pattern {
    static final Script BURY = Script.of(StreamTasks.class, "bury");
    private static final Script REPLAY = Script.of(StreamTasks.class, "replay");
    private static final Script TRIM = Script.of(StreamTasks.class, "trim");
    private static final Logger LOG = LoggerFactory.getLogger(StreamTasks.class);
    private static final int ADDED_AT_ONCE = 1000;

    private final Context context;
    private final Store store;
    private final String name;
    private final EntryCodec<T> codec;
    private final StreamSettings settings;
    private final List<String> keys;
    private final Set<StreamConsumer<T>> consumers = ConcurrentHashMap.newKeySet();
    private final ScheduledFuture<?> trimming;
    private volatile long overdue;

    private StreamTasks(Builder<T> builder) {
        this.context = builder.context;
        this.store = context.store();
        this.name = builder.name;
        this.codec = builder.codec;
        this.settings = builder.settings();
        List<String> made = new ArrayList<>();
        for (int i = 0; i < settings.partitions(); i++) {
            made.add(HashTag.escaped("stream:" + name) + (settings.partitions() == 1 ? "" : ":" + i));
        }
        this.keys = List.copyOf(made);
        Instruments instruments = instruments();
        instruments.gauge("consumers", consumers, Set::size);
        instruments.gauge("overdue", this, tasks -> tasks.overdue);
        long period = settings.trimEvery().toNanos();
        this.trimming = context.timer()
                .scheduleWithFixedDelay(
                        () -> context.errands().execute(this::trimQuietly), period, period, TimeUnit.NANOSECONDS);
    }

    public static <T> Builder<T> builder(Context context, String name, EntryCodec<T> codec) {
        return new Builder<>(context, name, codec);
    }

    // ---- adding ----

    /** Adds an entry and returns its id. */
    public String add(T value) {
        if (keys.size() > 1) {
            throw new IllegalStateException("entries of a stream with partitions need a key");
        }
        return add(entry(keys.getFirst(), value));
    }

    /** Adds an entry, to be done after those of the same key that were added before, and returns its id. */
    public String add(String key, T value) {
        return add(entry(partitionOf(key), value));
    }

    private String add(Command entry) {
        return context.retry().once(() -> store.call(entry).text());
    }

    /** Adds many entries, and returns their ids in order. */
    public List<String> addAll(List<T> values) {
        if (keys.size() > 1) {
            throw new IllegalStateException("entries of a stream with partitions need a key");
        }
        // All of them can be written, or none is sent.
        List<Command> entries =
                values.stream().map(value -> entry(keys.getFirst(), value)).toList();
        List<String> ids = new ArrayList<>(values.size());
        for (int from = 0; from < entries.size(); from += ADDED_AT_ONCE) {
            List<Command> batch = entries.subList(from, Math.min(from + ADDED_AT_ONCE, entries.size()));
            context.retry()
                    .once(() -> store.pipeline(batch))
                    .forEach(reply -> ids.add(reply.orThrow().text()));
        }
        return ids;
    }

    private Command entry(String stream, T value) {
        List<Object> words = new ArrayList<>(List.of(stream, "*"));
        words.addAll(codec.fields(value));
        return Command.of("XADD", words.toArray());
    }

    private String partitionOf(String key) {
        return keys.get(HashTag.slot(key) % keys.size());
    }

    // ---- consuming ----

    /**
     * Has a handler do entries until the consumer is closed. What it throws has the entry come again after a pause.
     */
    public StreamConsumer<T> consume(StreamConsumer.Handler<T> handler) {
        StreamConsumer<T> consumer = new StreamConsumer<>(this, handler);
        consumers.add(consumer);
        consumer.start();
        return consumer;
    }

    void closed(StreamConsumer<T> consumer) {
        consumers.remove(consumer);
    }

    /** Creates the group of a stream, and the stream, unless they are there. A new group begins with the oldest entry. */
    void createGroup(String stream) {
        try {
            store.call("XGROUP", "CREATE", stream, settings.group(), "0", "MKSTREAM");
        } catch (CommandFailedException e) {
            if (!e.code().equals("BUSYGROUP")) {
                throw e;
            }
        }
    }

    T decode(Reply fields) {
        return codec.value(fields);
    }

    Context context() {
        return context;
    }

    StreamSettings settings() {
        return settings;
    }

    Instruments instruments() {
        return context.instruments(kind(), name);
    }

    /** The keys of the partitions. */
    public List<String> keys() {
        return keys;
    }

    static String deadKey(String stream) {
        return HashTag.around(stream) + ":dead";
    }

    // ---- looking after ----

    private void trimQuietly() {
        try {
            trim();
        } catch (StoreException e) {
            LOG.debug("{} was not trimmed: {}", name, e.toString());
        }
    }

    /** Drops what is more, or older, than the stream keeps, and acknowledged. Done by itself now and then. Returns how many went. */
    public long trim() {
        long dropped = 0;
        long left = 0;
        for (String stream : keys) {
            String before = settings.keepFor().isZero()
                    ? ""
                    : Long.toString(store.millis() - settings.keepFor().toMillis());
            if (settings.dropsUnread()) {
                dropped += store.call("XTRIM", stream, "MAXLEN", "~", settings.keep())
                        .number();
                dropped += before.isEmpty()
                        ? 0
                        : store.call("XTRIM", stream, "MINID", "~", before).number();
            } else {
                List<Reply> answer = store.call(TRIM, List.of(stream), settings.keep(), before, settings.group())
                        .list();
                dropped += answer.get(0).number();
                left += answer.get(1).number();
            }
        }
        overdue = left;
        return dropped;
    }

    /** How the group stands, over all partitions. */
    public StreamStatistics statistics() {
        long length = 0;
        long waiting = 0;
        long pending = 0;
        long known = 0;
        long dead = 0;
        for (String stream : keys) {
            length += store.call("XLEN", stream).number();
            dead += store.call("XLEN", deadKey(stream)).number();
            for (Reply group : groups(stream)) {
                if (group.field("name").text().equals(settings.group())) {
                    pending += group.field("pending").number();
                    known += group.field("consumers").number();
                    Reply lag = group.field("lag");
                    waiting += lag.isNull() ? 0 : lag.number();
                }
            }
        }
        long processed = consumers.stream().mapToLong(StreamConsumer::processed).sum();
        long errors = consumers.stream().mapToLong(StreamConsumer::errors).sum();
        return new StreamStatistics(length, waiting, pending, known, dead, processed, errors);
    }

    private List<Reply> groups(String stream) {
        try {
            return store.call("XINFO", "GROUPS", stream).list();
        } catch (CommandFailedException e) {
            return List.of();
        }
    }

    /**
     * Puts entries of the dead back to the end of their streams.
     *
     * @param most how many of each partition; at most 1000
     */
    public long replayDead(int most) {
        long replayed = 0;
        for (String stream : keys) {
            replayed += store.call(REPLAY, List.of(stream, deadKey(stream)), Math.min(most, 1000))
                    .number();
        }
        return replayed;
    }

    /** Forgets the dead. */
    public void purgeDead() {
        for (String stream : keys) {
            store.call("UNLINK", deadKey(stream));
        }
    }

    @Override
    public String kind() {
        return "stream";
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isOnlyCopy() {
        return true;
    }

    /** Down while one of its consumers is failing. */
    @Override
    public Health health() {
        Map<String, Object> details = new LinkedHashMap<>();
        boolean up = true;
        for (StreamConsumer<T> consumer : consumers) {
            up &= consumer.isWell();
            details.put(consumer.name(), consumer.state());
        }
        details.put("overdue", overdue);
        return new Health(up, details);
    }

    /** Closes its consumers. */
    @Override
    public void close() {
        trimming.cancel(false);
        List.copyOf(consumers).forEach(StreamConsumer::close);
        context.unregister(this);
    }

    /** Collects what stream tasks need. All processes that share them should say the same. */
    public static final class Builder<T> {
        private final Context context;
        private final String name;
        private final EntryCodec<T> codec;
        private String group = "workers";
        private int partitions = 1;
        private int workers = 10;
        private int batch = 100;
        private int deliveries = 10;
        private Duration claimAfter = Duration.ofSeconds(30);
        private Duration firstRetry = Duration.ofMillis(200);
        private long keep = 1_000_000;
        private Duration keepFor = Duration.ZERO;
        private boolean dropsUnread;
        private Duration trimEvery = Duration.ofSeconds(5);

        private Builder(Context context, String name, EntryCodec<T> codec) {
            this.context = context;
            this.name = name;
            this.codec = codec;
        }

        /** The consumer group; else {@code workers}. */
        public Builder<T> group(String group) {
            this.group = group;
            return this;
        }

        /**
         * Divides the stream, so that entries of the same key are done one after the other, in their order; each partition is with one
         * consumer at a time.
         */
        public Builder<T> partitions(int partitions) {
            if (partitions < 1 || partitions > 1024) {
                throw new IllegalArgumentException("between 1 and 1024 partitions: " + partitions);
            }
            this.partitions = partitions;
            return this;
        }

        /** How many entries a consumer does at once, with one partition; else ten. */
        public Builder<T> workers(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("a consumer must do one entry at a time: " + most);
            }
            this.workers = most;
            return this;
        }

        /** How many entries are read at once; else a hundred. */
        public Builder<T> batch(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("a batch must have an entry: " + most);
            }
            this.batch = most;
            return this;
        }

        /** How often an entry is handed out before it is dead; else ten times. */
        public Builder<T> deliveries(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("an entry must be handed out once: " + most);
            }
            this.deliveries = most;
            return this;
        }

        /** How long after the death of its consumer an entry is claimed by another; else 30 seconds. */
        public Builder<T> claimAfter(Duration idle) {
            this.claimAfter = Durations.checked("idleness", idle, Duration.ofMillis(50));
            return this;
        }

        /** The pause before an entry that failed is tried again; it doubles each time, up to {@link #claimAfter}. Else 200 ms. */
        public Builder<T> firstRetry(Duration pause) {
            this.firstRetry = Durations.checked("a pause", pause, Duration.ofMillis(1));
            return this;
        }

        /** Keeps about so many entries that are done, of each partition; else a million. */
        public Builder<T> keep(long entries) {
            if (entries < 0) {
                throw new IllegalArgumentException("how many entries are kept: " + entries);
            }
            this.keep = entries;
            return this;
        }

        /** Keeps entries that are done for about so long. */
        public Builder<T> keepFor(Duration time) {
            this.keepFor = Durations.checked("an entry", time, Duration.ofMillis(1));
            return this;
        }

        /** Drops what is too much even if it is not done. */
        public Builder<T> dropUnread() {
            this.dropsUnread = true;
            return this;
        }

        /** How often old entries are dropped; else every five seconds. */
        public Builder<T> trimEvery(Duration period) {
            this.trimEvery = Durations.checked("a period", period, Duration.ofMillis(10));
            return this;
        }

        private StreamSettings settings() {
            return new StreamSettings(
                    group,
                    partitions,
                    workers,
                    batch,
                    deliveries,
                    claimAfter,
                    firstRetry,
                    keep,
                    keepFor,
                    dropsUnread,
                    trimEvery);
        }

        public StreamTasks<T> build() {
            return context.register(new StreamTasks<>(this));
        }
    }
}
