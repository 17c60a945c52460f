package dev.holdfast.toolkit;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.toolkit.cache.CacheBuilder;
import dev.holdfast.toolkit.cache.CacheHandler;
import dev.holdfast.toolkit.cache.MapCache;
import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.cpe.CpeDictionary;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.lock.Locks;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.EntryCodec;
import dev.holdfast.toolkit.pattern.Meters;
import dev.holdfast.toolkit.pattern.MicrometerMeters;
import dev.holdfast.toolkit.pattern.Patience;
import dev.holdfast.toolkit.queue.ReliableQueue;
import dev.holdfast.toolkit.ranking.Ranking;
import dev.holdfast.toolkit.session.Sessions;
import dev.holdfast.toolkit.store.EmbeddedStore;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Retry;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUri;
import dev.holdfast.toolkit.stream.StreamTasks;
import dev.holdfast.toolkit.topic.DurableTopic;
import dev.holdfast.toolkit.topic.Topic;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.ObjectMapper;

/**
 * An application's state, over a store in this JVM or a remote one.
 *
 * <pre>
 * try (Toolkit toolkit = Toolkit.open("embedded:")) {
 *     Cache&lt;User&gt; users = toolkit.cache("users", User.class).ttl(Duration.ofMinutes(5)).build();
 *     User user = users.get("42", id -&gt; database.findUser(id));
 *     toolkit.store().call("SET", "greeting", "hello");   // any command
 * }
 * </pre>
 *
 * <p>The same code runs on {@code redis://host}, {@code redis-sentinel://…} and {@code redis-cluster://…}: see {@link StoreUri}.
 */
public final class Toolkit implements AutoCloseable {
    private final Context context;
    private final boolean ownsStore;

    private Toolkit(Context context, boolean ownsStore) {
        this.context = context;
        this.ownsStore = ownsStore;
    }

    /** Opens the store at a URI; {@link StoreUri} lists their forms. */
    public static Toolkit open(String uri) {
        return builder().open(uri);
    }

    /**
     * Opens the store that the environment names; see {@link StoreUri#fromEnvironment}.
     *
     * @throws IllegalStateException if it names none
     */
    public static Toolkit fromEnvironment() {
        return builder().openFromEnvironment();
    }

    /** Works on a store in this JVM, which stays open when the toolkit is closed. */
    public static Toolkit over(Holdfast holdfast) {
        return builder().over(EmbeddedStore.over(holdfast, 0));
    }

    /** Works on a store, which stays open when the toolkit is closed. */
    public static Toolkit over(Store store) {
        return builder().over(store);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** What can be chosen when a toolkit is made. */
    public static final class Builder {
        private Meters meters = Meters.own();
        private Codecs codecs = new Codecs();
        private Retry retry = Retry.DEFAULT;
        private Patience patience = Patience.DEFAULT;

        private Builder() {}

        /** Where metrics go; into a registry of the toolkit's own unless this is called, or nowhere without Micrometer. */
        public Builder meters(MeterRegistry registry) {
            this.meters = new MicrometerMeters(registry);
            return this;
        }

        /** Who writes and reads JSON. */
        public Builder json(ObjectMapper mapper) {
            this.codecs = new Codecs(mapper);
            return this;
        }

        /** How calls are repeated that may be. */
        public Builder retry(Retry retry) {
            this.retry = retry;
            return this;
        }

        /** How long workers and consumers that are being closed wait for what is in hand before they interrupt it; else ten seconds. */
        public Builder grace(Duration grace) {
            this.patience = new Patience(grace, patience.stopWithin());
            return this;
        }

        /** How long they wait after that until they leave it behind and give its work back; else five seconds. */
        public Builder stopWithin(Duration time) {
            this.patience = new Patience(patience.grace(), time);
            return this;
        }

        public Toolkit open(String uri) {
            return new Toolkit(context(StoreUri.open(uri)), true);
        }

        public Toolkit openFromEnvironment() {
            @Nullable String uri = StoreUri.fromEnvironment(System.getenv());
            if (uri == null) {
                throw new IllegalStateException("set HOLDFAST_URI, VALKEY_URL, REDIS_URL, VALKEY_HOST or REDIS_HOST");
            }
            return open(uri);
        }

        public Toolkit over(Store store) {
            return new Toolkit(context(store), false);
        }

        private Context context(Store store) {
            return new Context(store, codecs, meters, retry, patience);
        }
    }

    /** The store, for commands of all kinds. */
    public Store store() {
        return context.store();
    }

    /** A name as it is in the store. */
    private String named(String name) {
        return context.store().namespace() + name;
    }

    // ---- patterns ----

    /**
     * Begins a cache of values of a type: {@code toolkit.cache("users", User.class).ttl(Duration.ofMinutes(5)).build()}. Text,
     * bytes and numbers are kept as they are, all else as JSON.
     */
    public <V> CacheBuilder<V> cache(String name, Class<V> type) {
        return cache(name, context.codecs().of(type));
    }

    /** Begins a cache of values of a type with parameters: {@code new TypeReference<List<User>>() {}}. */
    public <V> CacheBuilder<V> cache(String name, TypeReference<V> type) {
        return cache(name, context.codecs().json(type));
    }

    /** Begins a cache of values that a codec writes and reads. */
    public <V> CacheBuilder<V> cache(String name, Codec<V> codec) {
        return new CacheBuilder<>(context, name, codec);
    }

    /** Begins a cache of maps, each of which is a hash in the store; see {@link MapCache}. */
    public MapCache.Builder mapCache(String prefix) {
        return new MapCache.Builder(context, named(prefix));
    }

    /** A cache handler as web frameworks ask for it; {@link CacheHandler#fromEnvironment} makes one alone. */
    public CacheHandler cacheHandler(String prefix, Duration expiry) {
        return new CacheHandler(context, prefix, expiry);
    }

    /** Begins the sessions of an application: {@code toolkit.sessions("session:").ttl(Duration.ofHours(1)).build()}. */
    public Sessions.Builder sessions(String prefix) {
        return new Sessions.Builder(context, named(prefix));
    }

    /**
     * Begins a rate limiter.
     *
     * @param prefix what its keys begin with; see {@link RateLimiter}
     */
    public RateLimiter.Builder rateLimiter(String prefix) {
        return RateLimiter.builder(context, named(prefix));
    }

    /** Locks whose leases last 30 seconds. */
    public Locks locks() {
        return new Locks(context);
    }

    /**
     * Locks with other leases.
     *
     * @param lease how long after the death of its holder a lock is free again; at least 100 ms
     */
    public Locks locks(Duration lease) {
        return new Locks(context, lease);
    }

    /** Begins a board of members by their scores. */
    public Ranking.Builder ranking(String name) {
        return Ranking.builder(context, named(name));
    }

    /** Begins a set of background jobs: its queues and how they are served. */
    public Jobs.Builder jobs(String name) {
        return Jobs.builder(context, named(name));
    }

    /** Begins queues over lists, whose keys begin with the name and a colon. */
    public <T> ReliableQueue.Builder<T> queue(String name, Class<T> type) {
        return ReliableQueue.builder(context, named(name), context.codecs().of(type));
    }

    /** The same, of messages of a type with parameters. */
    public <T> ReliableQueue.Builder<T> queue(String name, TypeReference<T> type) {
        return queue(name, context.codecs().json(type));
    }

    /** The same, of messages that a codec writes and reads. */
    public <T> ReliableQueue.Builder<T> queue(String name, Codec<T> codec) {
        return ReliableQueue.builder(context, named(name), codec);
    }

    /** Begins a stream of work that several consumers share. */
    public <T> StreamTasks.Builder<T> streamTasks(String name, Class<T> type) {
        return streamTasks(name, context.codecs().of(type));
    }

    /** The same, of entries of a type with parameters. */
    public <T> StreamTasks.Builder<T> streamTasks(String name, TypeReference<T> type) {
        return streamTasks(name, context.codecs().json(type));
    }

    /** The same, of entries that a codec writes and reads. */
    public <T> StreamTasks.Builder<T> streamTasks(String name, Codec<T> codec) {
        return StreamTasks.builder(context, named(name), EntryCodec.in("value", codec));
    }

    /** The same, whose entries are fields of text: for streams that programs without this toolkit write or read as well. */
    public StreamTasks.Builder<Map<String, String>> streamTasks(String name) {
        return StreamTasks.builder(context, named(name), EntryCodec.plain());
    }

    /** A channel of messages to its present listeners; see {@link Topic}. */
    public <T> Topic<T> topic(String name, Class<T> type) {
        return topic(name, context.codecs().of(type));
    }

    /** The same, of messages of a type with parameters. */
    public <T> Topic<T> topic(String name, TypeReference<T> type) {
        return topic(name, context.codecs().json(type));
    }

    /** The same, of messages that a codec writes and reads. */
    public <T> Topic<T> topic(String name, Codec<T> codec) {
        return new Topic<>(context, named(name), codec, false);
    }

    /** The same, for a cluster: its messages stay with the nodes of the channel's slot. */
    public <T> Topic<T> shardedTopic(String name, Class<T> type) {
        return shardedTopic(name, context.codecs().of(type));
    }

    /** The same, of messages of a type with parameters. */
    public <T> Topic<T> shardedTopic(String name, TypeReference<T> type) {
        return shardedTopic(name, context.codecs().json(type));
    }

    /** The same, of messages that a codec writes and reads. */
    public <T> Topic<T> shardedTopic(String name, Codec<T> codec) {
        return new Topic<>(context, named(name), codec, true);
    }

    /** Begins a topic that keeps its messages; see {@link DurableTopic}. */
    public <T> DurableTopic.Builder<T> durableTopic(String name, Class<T> type) {
        return durableTopic(name, context.codecs().of(type));
    }

    /** The same, of messages of a type with parameters. */
    public <T> DurableTopic.Builder<T> durableTopic(String name, TypeReference<T> type) {
        return durableTopic(name, context.codecs().json(type));
    }

    /** The same, of messages that a codec writes and reads. */
    public <T> DurableTopic.Builder<T> durableTopic(String name, Codec<T> codec) {
        return DurableTopic.builder(context, named(name), codec);
    }

    /** Begins the dictionary of CPE names that fills this store's database; see {@link CpeDictionary}. */
    public CpeDictionary.Builder cpeDictionary() {
        return CpeDictionary.builder(context);
    }

    /**
     * Makes any call of the toolkit on a virtual thread, with its outcome in the stage: {@code toolkit.async(() -> board.top(10))}. For
     * programs whose own interface is asynchronous; a thread of one's own that may wait needs none of it.
     */
    public <T extends @Nullable Object> CompletionStage<T> async(Supplier<T> call) {
        return context.async(call);
    }

    /** What patterns are made with. */
    public Context context() {
        return context;
    }

    /** The health of the store and of every pattern at work. */
    public Map<String, Health> health() {
        return context.health();
    }

    /** Closes the patterns, and the store if the toolkit has opened it. */
    @Override
    public void close() {
        context.close();
        if (ownsStore) {
            context.store().close();
        }
    }
}
