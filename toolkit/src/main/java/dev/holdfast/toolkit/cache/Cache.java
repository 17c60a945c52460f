package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Channels;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Subscription;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cache of two levels, of values under text keys.
 *
 * <pre>
 * Cache&lt;User&gt; users = toolkit.cache("users", User.class).ttl(Duration.ofMinutes(5)).build();
 * User user = users.get("42", id -&gt; database.findUser(id));   // null if there is none
 * users.invalidate("42");                                      // in this process and in all others
 * </pre>
 *
 * <p>A read looks into this process, then into the store, and then calls the loader, once for all threads that want the key. A
 * failure of the store is a miss and a count, not an exception, unless the cache was built to throw. Values are shared: do not
 * change what a cache has given you.
 *
 * <p>Threads may share a cache. The {@code …Async} forms run on a virtual thread.
 */
public final class Cache<V> implements Pattern {
    private final String name;
    private final Context context;
    private final CacheOptions options;
    private final CacheKeys keys;
    private final CacheKeys.Known known;
    private final Format format;
    private final Near<V> near;
    private final SecondLevel far;
    private final Tags tags;
    private final Bus bus;
    private final Counters counters;
    private final Loading<V> loading;
    private final Recovery recovery;
    private final List<Subscription> listening = new CopyOnWriteArrayList<>();

    Cache(CacheBuilder<V> builder) {
        this.name = builder.name;
        this.context = builder.context;
        this.options = builder.options;
        this.keys = new CacheKeys(builder.prefix);
        this.format = builder.format;
        this.known = context.shared(CacheKeys.Known.class, CacheKeys.Known::new);
        known.add(keys);
        this.counters = new Counters();
        this.near = new Near<>(builder.nearSize);
        this.far = new SecondLevel(context, counters, builder.throwing);
        this.tags = new Tags(context.store(), far, builder.format == Format.PLAIN ? TagStyle.SETS : builder.tagStyle);
        this.recovery = new Recovery(context, far, () -> remove("*", new long[1]), this::forgetAll);
        this.bus = new Bus(context, keys, near, tags, counters, recovery);
        if (builder.nearSize > 0) {
            bus.open(builder.tracking);
        }
        this.loading = new Loading<>(context, keys, near, far, tags, bus, recovery, counters, builder);
        counters.publish(context.instruments(kind(), name));
        context.instruments(kind(), name).gauge("near.size", near, Near::size);
    }

    @Override
    public String kind() {
        return "cache";
    }

    @Override
    public String name() {
        return name;
    }

    /** The cache's options, to be changed for one call. */
    public CacheOptions options() {
        return options;
    }

    // ---- reading ----

    /** The value of a key if either level has a fresh one, else null. */
    public @Nullable V get(String key) {
        Held<V> held = loading.nearest(key);
        return held != null ? held.value() : loading.find(key, options);
    }

    /** The value of a key, loaded if neither level has a fresh one; null if there is none. */
    public @Nullable V get(String key, CacheLoader<? extends V> loader) {
        return get(key, loader, options);
    }

    /**
     * As {@link #get(String, CacheLoader)}, with other options for this call.
     *
     * @throws CacheLoadException if the loader threw a checked exception or took too long, and there is no stale value
     */
    public @Nullable V get(String key, CacheLoader<? extends V> loader, CacheOptions options) {
        Held<V> held = loading.nearest(key, loader, options);
        return held != null ? held.value() : loading.get(key, loader, options);
    }

    /** Whether either level has a fresh value. */
    public boolean contains(String key) {
        return get(key) != null;
    }

    /** The values of those keys that have one, in the order of the keys. The store is asked once for all. */
    public Map<String, V> getAll(Collection<String> wanted) {
        return loading.getAll(wanted, null, options);
    }

    /** As {@link #getAll(Collection)}; what neither level has is loaded at once. */
    public Map<String, V> getAll(Collection<String> wanted, BulkLoader<V> loader) {
        return getAll(wanted, loader, options);
    }

    /**
     * As {@link #getAll(Collection, BulkLoader)}, with other options for this call.
     *
     * @throws CacheLoadException if the loader threw a checked exception or took too long, and some key has no stale value
     */
    public Map<String, V> getAll(Collection<String> wanted, BulkLoader<V> loader, CacheOptions options) {
        return loading.getAll(wanted, loader, options);
    }

    // ---- writing ----

    public void put(String key, V value) {
        put(key, value, options);
    }

    /** Puts a value, here and in the store, for as long as the options say. */
    public void put(String key, V value, CacheOptions options) {
        ReentrantLock lock = near.lock(key);
        lock.lock();
        try {
            loading.put(key, value, options);
        } finally {
            lock.unlock();
            bus.changed(key);
        }
    }

    /** Puts many values; they are sent to the store together. */
    public void putAll(Map<String, ? extends V> values) {
        putAll(values, options);
    }

    /** As {@link #putAll(Map)}, for as long as the options say. */
    public void putAll(Map<String, ? extends V> values, CacheOptions options) {
        try {
            loading.putAll(values, options);
        } finally {
            values.keySet().forEach(bus::changed);
        }
    }

    /**
     * Fills the store from a stream, in batches of a thousand, without filling this process; what processes hold of these keys is
     * dropped. Returns how many values there were.
     *
     * @throws CacheLoadException if the store has refused a batch
     */
    public long warm(Stream<Map.Entry<String, V>> values) {
        return loading.warm(values, options);
    }

    /**
     * Writes through: runs {@code commit}, which changes the value where it really is, and then puts what it returns, or invalidates
     * the key if it returns null. If it throws, nothing is changed here.
     */
    public @Nullable V write(String key, Callable<? extends @Nullable V> commit) throws Exception {
        V value = commit.call();
        if (value == null) {
            invalidate(key);
        } else {
            put(key, value);
        }
        return value;
    }

    // ---- invalidating ----

    /**
     * Drops a key, here, in the store, and in all other processes. A load that is under way will not bring back what it began
     * to read before. If the store cannot be reached, that is made up for as soon as it can.
     */
    public void invalidate(String key) {
        invalidateAll(List.of(key));
    }

    public void invalidateAll(Collection<String> dropped) {
        for (String key : dropped) {
            near.drop(key);
        }
        List<byte[]> entries = dropped.stream().map(keys::entry).toList();
        try {
            if (!far.remove(entries)) {
                recovery.removeLater(entries);
            }
        } finally {
            for (String key : dropped) {
                near.drop(key);
                bus.changed(key);
            }
        }
    }

    /**
     * Drops every entry of this cache, and nothing else: not those of a cache of this process whose prefix goes on behind this one's, nor,
     * where values are {@linkplain Format#PLAIN plain}, what is no plain value. Returns how many there were in the store.
     */
    public long clear() {
        return clear("*");
    }

    /**
     * Drops all entries whose keys match a glob pattern, with SCAN and UNLINK on every node; whatever is put meanwhile may stay.
     * Returns how many there were in the store.
     */
    public long clear(String pattern) {
        drop(pattern);
        long[] removed = {0};
        if (!remove(pattern, removed)) {
            recovery.later("pattern " + pattern, () -> remove(pattern, removed));
        }
        drop(pattern);
        bus.changedMatching(pattern);
        return removed[0];
    }

    /** Removes this cache's entries from the store whose keys match a pattern, and counts them; false if the store is away. */
    private boolean remove(String pattern, long[] removed) {
        return far.invalidating(() -> {
            context.store()
                    .scan(
                            keys.pattern(pattern),
                            batch -> removed[0] += context.store().unlink(own(batch)));
            return true;
        });
    }

    /** Of keys that begin with the prefix those that are entries of this cache. */
    private List<byte[]> own(List<byte[]> found) {
        List<byte[]> own = found.stream().filter(key -> known.isOwn(keys, key)).toList();
        if (format != Format.PLAIN || own.isEmpty()) {
            return own;
        }
        // A value without a header is a string, and does not begin as one with a header does.
        List<Reply> begins = context.store()
                .pipeline(own.stream()
                        .map(key -> Command.of("GETRANGE", key, 0, 0))
                        .toList());
        List<byte[]> plain = new ArrayList<>();
        for (int i = 0; i < begins.size(); i++) {
            if (!begins.get(i).isError() && !Entry.hasHeader(begins.get(i).bytes())) {
                plain.add(own.get(i));
            }
        }
        return plain;
    }

    private void forgetAll() {
        bus.forgetAll();
    }

    private void drop(String pattern) {
        if (pattern.equals("*")) {
            near.dropAll();
        } else {
            near.dropIf(key -> dev.holdfast.engine.base.Glob.matches(pattern, key, false));
        }
    }

    /** Drops all entries with a tag, whichever cache they are in; see {@link TagStyle}. */
    public void invalidateTag(String tag) {
        boolean done = tags.invalidate(tag, removed -> removed.forEach(this::removedByTag));
        if (!done) {
            recovery.later("tag " + tag, () -> tags.invalidate(tag, removed -> removed.forEach(this::removedByTag)));
        }
        bus.tagChanged(tag);
    }

    private void removedByTag(byte[] entry) {
        byte[] prefix = keys.entry("");
        if (java.util.Arrays.mismatch(entry, prefix) >= prefix.length) {
            String key = keys.key(entry);
            near.drop(key);
            bus.changed(key);
        }
    }

    /**
     * Invalidates what messages of other programs name, for instance
     * {@code cache.invalidateOn("cache:invalidated", name -> Invalidation.key(name))}. What the function maps to null is left alone.
     * After a lost connection the whole cache is cleared, since a message may have been missed. Ends with the cache.
     */
    public void invalidateOn(String channel, Function<String, @Nullable Invalidation> meaning) {
        listening.add(context.store()
                .subscribe(Channels.named(channel), new dev.holdfast.toolkit.store.MessageListener() {
                    @Override
                    public void message(String from, byte[] payload) {
                        switch (meaning.apply(new String(payload, java.nio.charset.StandardCharsets.UTF_8))) {
                            case null -> {}
                            case Invalidation.Key dropped -> invalidate(dropped.key());
                            case Invalidation.Pattern dropped -> clear(dropped.pattern());
                            case Invalidation.Tag dropped -> invalidateTag(dropped.tag());
                            case Invalidation.All ignored -> clear();
                        }
                    }

                    @Override
                    public void gap() {
                        // A message that was missed may have named anything.
                        clear();
                    }
                }));
    }

    // ---- the same on virtual threads ----

    public CompletionStage<@Nullable V> getAsync(String key) {
        return context.async(() -> get(key));
    }

    public CompletionStage<@Nullable V> getAsync(String key, CacheLoader<? extends V> loader) {
        return context.async(() -> get(key, loader));
    }

    public CompletionStage<@Nullable V> getAsync(String key, CacheLoader<? extends V> loader, CacheOptions changed) {
        return context.async(() -> get(key, loader, changed));
    }

    public CompletionStage<Map<String, V>> getAllAsync(Collection<String> wanted) {
        return context.async(() -> getAll(wanted));
    }

    public CompletionStage<Map<String, V>> getAllAsync(Collection<String> wanted, BulkLoader<V> loader) {
        return context.async(() -> getAll(wanted, loader));
    }

    public CompletionStage<Map<String, V>> getAllAsync(
            Collection<String> wanted, BulkLoader<V> loader, CacheOptions changed) {
        return context.async(() -> getAll(wanted, loader, changed));
    }

    public CompletionStage<@Nullable Void> putAsync(String key, V value) {
        return context.async(() -> put(key, value));
    }

    public CompletionStage<@Nullable Void> putAsync(String key, V value, CacheOptions changed) {
        return context.async(() -> put(key, value, changed));
    }

    public CompletionStage<@Nullable Void> putAllAsync(Map<String, ? extends V> values) {
        return context.async(() -> putAll(values));
    }

    public CompletionStage<@Nullable Void> putAllAsync(Map<String, ? extends V> values, CacheOptions changed) {
        return context.async(() -> putAll(values, changed));
    }

    public CompletionStage<@Nullable Void> invalidateAsync(String key) {
        return context.async(() -> invalidate(key));
    }

    public CompletionStage<@Nullable Void> invalidateAllAsync(Collection<String> dropped) {
        return context.async(() -> invalidateAll(dropped));
    }

    public CompletionStage<@Nullable Void> invalidateTagAsync(String tag) {
        return context.async(() -> invalidateTag(tag));
    }

    public CompletionStage<Long> clearAsync() {
        return context.async(() -> clear());
    }

    public CompletionStage<Long> clearAsync(String pattern) {
        return context.async(() -> clear(pattern));
    }

    // ---- how it goes ----

    public CacheStatistics statistics() {
        return counters.statistics(near.size());
    }

    /** Up while it can do its work, which it can without the store; the details say whether the store is trusted at present. */
    @Override
    public Health health() {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("store.trusted", far.isTrusted());
        details.put("invalidation", bus.isTracked() ? "tracking" : "messages");
        details.put("invalidation.active", bus.isActive());
        details.put("recovering", recovery.size());
        details.put("hitRate", statistics().hitRate());
        return new Health(true, details);
    }

    @Override
    public void close() {
        context.unregister(this);
        known.remove(keys);
        listening.forEach(Subscription::close);
        bus.close();
        recovery.close();
    }
}
