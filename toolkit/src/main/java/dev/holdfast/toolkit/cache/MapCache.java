package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Durations;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Channels;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.MessageListener;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import dev.holdfast.toolkit.store.Subscription;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cache of maps, each of which is a hash in the store that every program can read with HGETALL: settings, a catalogue, what is
 * known of a user.
 *
 * <pre>
 * MapCache settings = toolkit.mapCache("cache:db:").ttl(Duration.ofMinutes(5)).build();
 * Map&lt;String, String&gt; current = settings.get("settings", key -&gt; database.settings());
 * settings.write("settings", () -&gt; database.save(changed));   // after the commit: replaced here, there and everywhere
 * </pre>
 *
 * <p>A hash is replaced as a whole in one step, so half of it is never seen, and no field of the old one stays. An empty map is not
 * cached. A program that changes one publishes its name on {@code cache:invalidated}, and drops its copy on such a message; so programs in
 * other languages can take part. Beside a hash stands its generation, <code>{cache:db:settings}:generation</code>, by which
 * a load that is under way when it changes is kept from writing what it has read before.
 */
public final class MapCache implements Pattern {
    /** Where changes are published, and by which other programs. */
    public static final String CHANNEL = "cache:invalidated";

    private static final Logger LOG = LoggerFactory.getLogger(MapCache.class);
    private static final Script REPLACE = Script.of(MapCache.class, "replace");
    private static final long GENERATION_MILLIS = Duration.ofDays(1).toMillis();

    private final Context context;
    private final Store store;
    private final String prefix;
    private final Duration ttl;
    private final Near<Map<String, String>> near;
    private final Counters counters = new Counters();
    private final SecondLevel far;
    private final Bus bus;
    private final Recovery recovery;
    private final Subscription messages;

    /** What can be chosen. */
    public static final class Builder {
        private final Context context;
        private final String prefix;
        private Duration ttl = Duration.ofMinutes(5);
        private long nearSize = 1000;

        public Builder(Context context, String prefix) {
            this.context = context;
            this.prefix = prefix;
        }

        /** How long a map is kept, here and in the store; 300 seconds unless set. */
        public Builder ttl(Duration time) {
            this.ttl = Durations.checked("a map", time, Duration.ofMillis(1));
            return this;
        }

        /** How many maps this process holds at most; 1,000 unless set. */
        public Builder nearSize(long maps) {
            if (maps < 0) {
                throw new IllegalArgumentException("a process holds no fewer than no maps: " + maps);
            }
            this.nearSize = maps;
            return this;
        }

        public MapCache build() {
            return context.register(new MapCache(this));
        }
    }

    private MapCache(Builder builder) {
        this.context = builder.context;
        this.store = context.store();
        this.prefix = builder.prefix;
        this.ttl = builder.ttl;
        this.near = new Near<>(builder.nearSize);
        this.far = new SecondLevel(context, counters, false);
        this.recovery = new Recovery(context, far, () -> true, this::forgetAll);
        Tags none = new Tags(store, far, TagStyle.SETS);
        this.bus = new Bus(context, new CacheKeys(prefix), near, none, counters, recovery);
        bus.open(true);
        this.messages = store.subscribe(Channels.named(CHANNEL), new MessageListener() {
            @Override
            public void message(String channel, byte[] payload) {
                near.drop(new String(payload, StandardCharsets.UTF_8));
            }

            @Override
            public void gap() {
                near.dropAll();
            }
        });
        counters.publish(context.instruments(kind(), prefix));
    }

    @Override
    public String kind() {
        return "mapcache";
    }

    @Override
    public String name() {
        return prefix;
    }

    /** The hash and its generation, in one slot: braces of a key are written {@code %7B} and {@code %7D}. */
    private List<String> keys(String key) {
        String hash = HashTag.escaped(prefix + key);
        return List.of(hash, HashTag.around(hash) + ":generation");
    }

    /**
     * The map of a key, loaded if neither level has it; empty if there is none. It cannot be changed.
     *
     * @throws CacheLoadException if the loader threw a checked exception
     */
    public Map<String, String> get(String key, CacheLoader<Map<String, String>> loader) {
        List<String> names = keys(key);
        Held<Map<String, String>> held = near.get(key);
        if (held != null && held.isFresh(store.millis()) && held.value() != null) {
            counters.nearHits.increment();
            return held.value();
        }
        long epoch = near.epoch(key);
        List<Reply> read = far.guarded(
                () -> store.pipeline(List.of(
                        Command.of("HGETALL", names.getFirst()),
                        Command.of("GET", names.getLast()),
                        Command.of("PTTL", names.getFirst()))),
                List.of());
        if (!read.isEmpty()
                && !read.getFirst().isError()
                && !read.getFirst().map().isEmpty()) {
            counters.farHits.increment();
            Map<String, String> found = new LinkedHashMap<>();
            read.getFirst().map().forEach((field, value) -> found.put(field, value.text()));
            long left = read.getLast().number();
            return hold(key, found, left < 0 ? ttl.toMillis() : left, epoch);
        }
        counters.misses.increment();
        Map<String, String> loaded = load(key, loader);
        if (loaded.isEmpty()) {
            return Map.of();
        }
        String generation =
                read.isEmpty() || read.get(1).isNull() ? "0" : read.get(1).text();
        boolean written = far.guarded(() -> replace(names, generation, loaded), !read.isEmpty());
        if (!written && far.isTrusted()) {
            return Map.copyOf(loaded);
        }
        if (!written) {
            recovery.forgetLater();
        }
        return hold(key, loaded, ttl.toMillis(), epoch);
    }

    private Map<String, String> load(String key, CacheLoader<Map<String, String>> loader) {
        try {
            Map<String, String> loaded = loader.load(key);
            counters.loads.increment();
            return loaded == null ? Map.of() : loaded;
        } catch (Exception e) {
            counters.loadFailures.increment();
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
                throw new CancellationException("interrupted while " + key + " was being loaded");
            }
            throw e instanceof RuntimeException unchecked
                    ? unchecked
                    : new CacheLoadException("loading " + key + " failed", e);
        }
    }

    private Map<String, String> hold(String key, Map<String, String> map, long millis, long epoch) {
        Map<String, String> constant = Collections.unmodifiableMap(new LinkedHashMap<>(map));
        long until = store.millis() + millis;
        near.put(key, new Held<>(constant, until, until, Long.MAX_VALUE, Map.of()), epoch);
        return constant;
    }

    /** @param generation what it has to be, or empty for whichever it is */
    private boolean replace(List<String> names, String generation, Map<String, String> map) {
        List<Object> arguments = new ArrayList<>(List.of(generation, ttl.toMillis(), GENERATION_MILLIS));
        map.forEach((field, value) -> {
            arguments.add(field);
            arguments.add(value);
        });
        return store.call(REPLACE, names, arguments.toArray()).flag();
    }

    /**
     * Replaces a map, here, in the store and in all processes; an empty one removes it.
     *
     * @throws StoreException if the store has failed: it may then still have the old one, until its time is over
     */
    public void put(String key, Map<String, String> map) {
        List<String> names = keys(key);
        near.drop(key);
        try {
            replace(names, "", map);
        } finally {
            near.drop(key);
            bus.changed(key);
            announce(key);
        }
    }

    /** Drops a map, here, in the store and in all processes. */
    public void invalidate(String key) {
        put(key, Map.of());
    }

    /**
     * Writes through: runs {@code commit}, which changes the map where it really is, and then replaces it with what it returns, or
     * drops it if it returns null. If it throws, nothing is changed here.
     */
    public @Nullable Map<String, String> write(String key, Callable<@Nullable Map<String, String>> commit)
            throws Exception {
        Map<String, String> map = commit.call();
        put(key, map == null ? Map.of() : map);
        return map;
    }

    private void announce(String key) {
        try {
            publish(key);
        } catch (StoreException e) {
            LOG.warn("Others will learn later that {} has changed", prefix + key, e);
            recovery.later("name " + key, () -> publish(key));
        }
    }

    private boolean publish(String key) {
        store.publish(CHANNEL, key.getBytes(StandardCharsets.UTF_8));
        return true;
    }

    private void forgetAll() {
        bus.forgetAll();
    }

    public CacheStatistics statistics() {
        return counters.statistics(near.size());
    }

    @Override
    public Health health() {
        return Health.up(Map.of("store.trusted", far.isTrusted(), "messages.active", messages.isActive()));
    }

    @Override
    public void close() {
        context.unregister(this);
        messages.close();
        bus.close();
        recovery.close();
    }
}
