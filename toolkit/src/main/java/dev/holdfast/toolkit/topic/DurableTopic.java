package dev.holdfast.toolkit.topic;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.CodecException;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Durations;
import dev.holdfast.toolkit.pattern.EntryCodec;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Instruments.Counter;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A topic that keeps its messages for a while. Each reader has a name and a cursor, which is kept in the store: it goes on where
 * it was, whenever it comes back, and sees every message at least once and in order.
 *
 * <pre>
 * DurableTopic&lt;Order&gt; orders = DurableTopic.builder(context, "orders", codec).keep(100_000).build();
 * orders.publish(order);
 * orders.read("billing", Start.OLDEST, (id, order) -&gt; bill(order));
 * </pre>
 *
 * <p>The topic is the stream {@code topic:name}, whose entries have one field, {@code message}; the cursors are the hash
 * <code>{topic:name}:cursors</code>: with an id stands how many messages there had been by then, so that a gap is found out exactly.
 * What is dropped because it is old, or too much, is dropped whether it was read or not; a
 * reader that comes too late gets a gap. Work to be shared among several is a matter for stream tasks instead.
 */
public final class DurableTopic<T> implements Pattern {
    /** Where a reader begins that has no cursor yet. */
    public enum Start {
        /** With the oldest message that is kept. */
        OLDEST,
        /** With what is published once {@link DurableTopic#read} has returned. */
        NEW
    }

    /** A message and its id. */
    public static final class Entry<T> {
        private final String id;
        private final @Nullable T message;
        private final @Nullable CodecException unreadable;

        private Entry(String id, @Nullable T message, @Nullable CodecException unreadable) {
            this.id = id;
            this.message = message;
            this.unreadable = unreadable;
        }

        /** Milliseconds since 1970 and a number, joined by a dash; ids grow. */
        public String id() {
            return id;
        }

        public boolean isReadable() {
            return unreadable == null;
        }

        /** @throws CodecException if it cannot be read */
        public T message() {
            if (message == null) {
                throw Objects.requireNonNull(unreadable);
            }
            return message;
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(DurableTopic.class);
    private static final long TRIM_SECONDS = 10;

    private final Context context;
    private final Store store;
    private final String name;
    private final String key;
    private final EntryCodec<T> codec;
    private final long mostMessages;
    private final Duration longest;
    private final ScheduledFuture<?> trimming;
    private final Counter published;
    private final Set<TopicReader<T>> readers = ConcurrentHashMap.newKeySet();

    private DurableTopic(Builder<T> builder) {
        this.context = builder.context;
        this.store = context.store();
        this.name = builder.name;
        this.key = HashTag.escaped("topic:" + name);
        this.codec = EntryCodec.in("message", builder.codec);
        this.mostMessages = builder.mostMessages;
        this.longest = builder.longest;
        this.published = instruments().counter("published");
        this.trimming = context.timer()
                .scheduleWithFixedDelay(
                        () -> context.errands().execute(this::dropOld), TRIM_SECONDS, TRIM_SECONDS, TimeUnit.SECONDS);
    }

    public static <T> Builder<T> builder(Context context, String name, Codec<T> codec) {
        return new Builder<>(context, name, codec);
    }

    Context context() {
        return context;
    }

    Instruments instruments() {
        return context.instruments(kind(), name);
    }

    /** The key of the stream. */
    public String key() {
        return key;
    }

    String cursorsKey() {
        return HashTag.around(key) + ":cursors";
    }

    /** Adds a message and returns its id. */
    public String publish(T message) {
        List<Object> words = new ArrayList<>(List.of(key, "MAXLEN", "~", mostMessages, "*"));
        words.addAll(codec.fields(message));
        Command entry = Command.of("XADD", words.toArray());
        String id = context.retry().once(() -> store.call(entry).text());
        published.increment();
        return id;
    }

    /** How many messages are kept; about as many as the topic may keep, or fewer. */
    public long length() {
        return store.call("XLEN", key).number();
    }

    /**
     * Messages in their order, without a cursor.
     *
     * @param after an id; those behind it are returned, whether they can be read or not. {@code "0"} begins with the oldest
     */
    public List<Entry<T>> messages(String after, int count) {
        return entries(store.call("XRANGE", key, "(" + after, "+", "COUNT", count));
    }

    /** The entries of an answer in XRANGE's form. */
    private List<Entry<T>> entries(Reply answer) {
        List<Entry<T>> result = new ArrayList<>();
        for (Reply entry : answer.list()) {
            List<Reply> parts = entry.list();
            String id = parts.get(0).text();
            try {
                result.add(new Entry<>(id, codec.value(parts.get(1)), null));
            } catch (CodecException e) {
                result.add(new Entry<>(id, null, e));
            }
        }
        return result;
    }

    T decode(Reply fields) {
        return codec.value(fields);
    }

    /**
     * Has a handler read the topic from its cursor on, on a thread of its own, until the reader is closed. Of one reader's name only
     * one may be at work at a time.
     *
     * @param reader the name of the cursor
     * @param start where to begin if there is no cursor of this name
     */
    public TopicReader<T> read(String reader, Start start, TopicReader.Handler<T> handler) {
        TopicReader<T> started = new TopicReader<>(this, reader, start, handler, readers::remove);
        readers.add(started);
        started.start();
        return started;
    }

    /** Forgets the cursor of a reader. */
    public void forget(String reader) {
        store.call("HDEL", cursorsKey(), reader);
    }

    /** Drops the messages that are older than the topic keeps them. */
    void dropOld() {
        if (!longest.isZero()) {
            try {
                store.call("XTRIM", key, "MINID", "~", store.millis() - longest.toMillis());
            } catch (StoreException e) {
                LOG.debug("{} was not trimmed: {}", key, e.toString());
            }
        }
    }

    @Override
    public String kind() {
        return "durabletopic";
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isOnlyCopy() {
        return true;
    }

    /** Down while one of its readers is failing. */
    @Override
    public Health health() {
        Map<String, Object> details = new LinkedHashMap<>();
        boolean up = true;
        for (TopicReader<T> reader : readers) {
            up &= !reader.isFailing();
            details.put(reader.name(), reader.state());
        }
        return new Health(up, details);
    }

    /** Stops its readers. */
    @Override
    public void close() {
        trimming.cancel(false);
        List.copyOf(readers).forEach(TopicReader::close);
        context.unregister(this);
    }

    /** Collects what a topic needs. */
    public static final class Builder<T> {
        private final Context context;
        private final String name;
        private final Codec<T> codec;
        private long mostMessages = 1_000_000;
        private Duration longest = Duration.ZERO;

        private Builder(Context context, String name, Codec<T> codec) {
            this.context = context;
            this.name = name;
            this.codec = codec;
        }

        /** Keeps about so many messages; else a million. */
        public Builder<T> keep(long messages) {
            if (messages < 1) {
                throw new IllegalArgumentException("at least one message must be kept: " + messages);
            }
            this.mostMessages = messages;
            return this;
        }

        /** Keeps messages for about so long; else there is no end to it. */
        public Builder<T> keepFor(Duration time) {
            this.longest = Durations.checked("a message", time, Duration.ofMillis(1));
            return this;
        }

        public DurableTopic<T> build() {
            return context.register(new DurableTopic<>(this));
        }
    }
}
