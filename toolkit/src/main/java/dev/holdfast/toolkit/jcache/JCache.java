package dev.holdfast.toolkit.jcache;

import dev.holdfast.toolkit.jcache.Entries.Stored;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.configuration.Configuration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.event.EventType;
import javax.cache.integration.CacheLoader;
import javax.cache.integration.CacheLoaderException;
import javax.cache.integration.CacheWriter;
import javax.cache.integration.CacheWriterException;
import javax.cache.integration.CompletionListener;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorException;
import javax.cache.processor.EntryProcessorResult;
import org.jspecify.annotations.Nullable;

/**
 * A cache of the specification. Each operation on a key is one atomic step, in this process by a lock and among processes by exchanging
 * the entry only if it is still the one that was read; a step that finds another begins anew. Listeners hear of changes that are
 * made through this manager.
 */
final class JCache<K, V> implements Cache<K, V> {
    /** What a step wants to become of an entry, and what it answers. */
    private record Change<V, R>(
            Kind kind,
            @Nullable V value,
            long expiry,
            @Nullable EventType event,
            @Nullable V old,
            R result) {
        enum Kind {
            NONE,
            TOUCH,
            PUT,
            REMOVE
        }
    }

    private static final int STRIPES = 64;

    private final JCaches manager;
    private final String name;
    private final MutableConfiguration<K, V> configuration;
    private final Entries<K, V> entries;
    private final Expiries expiries;
    private final Listeners<K, V> listeners;
    private final Statistics statistics = new Statistics();
    private final @Nullable CacheLoader<K, V> loader;
    private final @Nullable CacheWriter<? super K, ? super V> writer;
    private final ReentrantLock[] locks = new ReentrantLock[STRIPES];
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private volatile boolean closed;

    JCache(JCaches manager, String name, Configuration<K, V> given) {
        this.manager = manager;
        this.name = name;
        if (given instanceof CompleteConfiguration<K, V> complete) {
            this.configuration = new MutableConfiguration<>(complete);
        } else {
            this.configuration = new MutableConfiguration<K, V>()
                    .setTypes(given.getKeyType(), given.getValueType())
                    .setStoreByValue(given.isStoreByValue());
        }
        if (!configuration.isStoreByValue()) {
            throw new UnsupportedOperationException("entries are kept by value");
        }
        this.entries = new Entries<>(manager.store(), new ObjectBytes(manager.getClassLoader()), name);
        this.expiries = new Expiries(configuration.getExpiryPolicyFactory().create(), manager.store()::millis);
        this.loader = configuration.getCacheLoaderFactory() == null
                ? null
                : configuration.getCacheLoaderFactory().create();
        this.writer = configuration.getCacheWriterFactory() == null
                ? null
                : configuration.getCacheWriterFactory().create();
        this.listeners = new Listeners<>(this);
        for (int i = 0; i < STRIPES; i++) {
            locks[i] = new ReentrantLock();
        }
        if (configuration.isReadThrough() && loader == null || configuration.isWriteThrough() && writer == null) {
            throw new IllegalArgumentException("reading or writing through needs a loader or a writer");
        }
    }

    /** Begins to listen and to be managed. */
    void begin() {
        configuration.getCacheEntryListenerConfigurations().forEach(listeners::add);
        enableManagement(configuration.isManagementEnabled());
        enableStatistics(configuration.isStatisticsEnabled());
    }

    CompleteConfiguration<K, V> configuration() {
        return configuration;
    }

    void enableManagement(boolean enabled) {
        configuration.setManagementEnabled(enabled);
        if (enabled) {
            Management.register(this, "CacheConfiguration", new Management.ConfigurationBean(configuration));
        } else {
            Management.unregister(this, "CacheConfiguration");
        }
    }

    void enableStatistics(boolean enabled) {
        configuration.setStatisticsEnabled(enabled);
        statistics.enabled = enabled;
        if (enabled) {
            Management.register(this, "CacheStatistics", statistics);
        } else {
            Management.unregister(this, "CacheStatistics");
        }
    }

    // ---- steps ----

    private void check(Object... given) {
        if (closed) {
            throw new IllegalStateException("the cache is closed");
        }
        for (Object object : given) {
            Objects.requireNonNull(object);
        }
    }

    private void checkTypes(Object key, Object value) {
        check(key, value);
        if (!configuration.getKeyType().isInstance(key)
                || !configuration.getValueType().isInstance(value)) {
            throw new ClassCastException("the cache has keys of " + configuration.getKeyType() + " and values of "
                    + configuration.getValueType());
        }
    }

    /** The entry if it is there and not over. One that is over is removed, and told of. */
    private @Nullable Stored<V> current(K key, byte[] name) {
        Stored<V> stored = entries.read(name);
        if (stored == null || !expiries.isOver(stored.expiry)) {
            return stored;
        }
        if (entries.remove(name, stored)) {
            listeners.tell(EventType.EXPIRED, key, stored.value, stored.value);
        }
        return null;
    }

    /** Decides what becomes of an entry, again and again until nobody has changed it in between. */
    private <R> @Nullable R step(K key, Function<@Nullable Stored<V>, Change<V, R>> decide) {
        byte[] entry = entries.name(key);
        ReentrantLock lock = locks[(key.hashCode() & Integer.MAX_VALUE) % STRIPES];
        lock.lock();
        try {
            while (true) {
                Stored<V> stored = current(key, entry);
                Change<V, R> change = decide.apply(stored);
                if (apply(entry, stored, change)) {
                    if (change.event != null) {
                        listeners.tell(
                                change.event,
                                key,
                                change.event == EventType.REMOVED ? change.old : change.value,
                                change.old);
                    }
                    return change.result;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean test(K key, Function<@Nullable Stored<V>, Change<V, Boolean>> decide) {
        return Boolean.TRUE.equals(step(key, decide));
    }

    private boolean apply(byte[] entry, @Nullable Stored<V> stored, Change<V, ?> change) {
        return switch (change.kind) {
            case NONE -> true;
            case TOUCH -> stored == null || entries.touch(entry, stored, change.expiry);
            case PUT -> entries.put(entry, stored, Objects.requireNonNull(change.value), change.expiry);
            case REMOVE -> stored == null || entries.remove(entry, stored);
        };
    }

    @SuppressWarnings("NullAway") // It does not see that what a change answers may be null.
    private static <V, R> Change<V, R> none(@Nullable R result) {
        return new Change<V, R>(Change.Kind.NONE, null, 0, null, null, result);
    }

    @SuppressWarnings("NullAway") // It does not see that what a change answers may be null.
    private <R> Change<V, R> accessed(Stored<V> stored, @Nullable R result) {
        long expiry = expiries.onAccess(stored.expiry);
        if (expiry == stored.expiry) {
            return none(result);
        }
        return new Change<V, R>(Change.Kind.TOUCH, null, expiry, null, null, result);
    }

    /** Puts a value where there may be one. An entry that would be over at once is not made. */
    @SuppressWarnings("NullAway") // It does not see that what a change answers may be null.
    private <R> Change<V, R> set(@Nullable Stored<V> stored, V value, @Nullable R result) {
        if (stored == null) {
            long expiry = expiries.onCreation();
            return expiries.isOver(expiry)
                    ? none(result)
                    : new Change<V, R>(Change.Kind.PUT, value, expiry, EventType.CREATED, null, result);
        }
        long expiry = expiries.onUpdate(stored.expiry);
        return new Change<V, R>(
                expiries.isOver(expiry) ? Change.Kind.REMOVE : Change.Kind.PUT,
                value,
                expiry,
                EventType.UPDATED,
                stored.value,
                result);
    }

    /** Counts a put, if there is one. */
    private <R> Change<V, R> counted(Change<V, R> change) {
        if (change.kind != Change.Kind.NONE) {
            statistics.add(statistics.puts);
        }
        return change;
    }

    @SuppressWarnings("NullAway") // It does not see that what a change answers may be null.
    private <R> Change<V, R> removed(@Nullable Stored<V> stored, @Nullable R result) {
        return stored == null
                ? none(result)
                : new Change<V, R>(Change.Kind.REMOVE, null, 0, EventType.REMOVED, stored.value, result);
    }

    // ---- loader and writer ----

    private @Nullable V load(K key) {
        try {
            return loader == null ? null : loader.load(key);
        } catch (CacheLoaderException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new CacheLoaderException("the loader failed", e);
        }
    }

    private boolean readsThrough() {
        return configuration.isReadThrough() && loader != null;
    }

    private @Nullable CacheWriter<? super K, ? super V> throughWriter() {
        return configuration.isWriteThrough() ? writer : null;
    }

    private void write(K key, V value) {
        CacheWriter<? super K, ? super V> through = throughWriter();
        if (through != null) {
            writing(() -> through.write(new JCacheEntry<>(key, value)));
        }
    }

    private void delete(K key) {
        CacheWriter<? super K, ? super V> through = throughWriter();
        if (through != null) {
            writing(() -> through.delete(key));
        }
    }

    private static void writing(Runnable call) {
        try {
            call.run();
        } catch (CacheWriterException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new CacheWriterException("the writer failed", e);
        }
    }

    // ---- reading ----

    @Override
    public @Nullable V get(K key) {
        check(key);
        long start = System.nanoTime();
        V value = step(key, this::read);
        if (value == null && readsThrough()) {
            value = loaded(key);
        }
        statistics.time(statistics.getNanos, start);
        return value;
    }

    private Change<V, V> read(@Nullable Stored<V> stored) {
        statistics.hit(stored != null);
        return stored == null ? none(null) : accessed(stored, stored.value);
    }

    private @Nullable V loaded(K key) {
        V value = load(key);
        return value == null
                ? null
                : this.<V>step(key, stored -> stored == null ? set(null, value, value) : none(stored.value));
    }

    @Override
    public Map<K, V> getAll(Set<? extends K> keys) {
        check(keys);
        keys.forEach(Objects::requireNonNull);
        Map<K, V> found = new HashMap<>();
        Set<K> missing = new HashSet<>();
        for (K key : keys) {
            V value = step(key, this::read);
            if (value == null) {
                missing.add(key);
            } else {
                found.put(key, value);
            }
        }
        if (readsThrough() && !missing.isEmpty()) {
            for (K key : missing) {
                V value = loaded(key);
                if (value != null) {
                    found.put(key, value);
                }
            }
        }
        return found;
    }

    @Override
    public boolean containsKey(K key) {
        check(key);
        return test(key, stored -> none(stored != null));
    }

    @Override
    public void loadAll(Set<? extends K> keys, boolean replace, @Nullable CompletionListener listener) {
        check(keys);
        keys.forEach(Objects::requireNonNull);
        if (loader == null) {
            if (listener != null) {
                listener.onCompletion();
            }
            return;
        }
        workers.execute(() -> {
            try {
                List<K> wanted = new ArrayList<>();
                for (K key : keys) {
                    if (replace || !containsKey(key)) {
                        wanted.add(key);
                    }
                }
                loadTogether(wanted);
                if (listener != null) {
                    listener.onCompletion();
                }
            } catch (Exception e) {
                if (listener != null) {
                    listener.onException(
                            e instanceof CacheLoaderException ? e : new CacheLoaderException("the loader failed", e));
                }
            }
        });
    }

    private void loadTogether(List<K> wanted) {
        Map<K, V> loaded = loader == null ? Map.of() : loader.loadAll(wanted);
        loaded.forEach((key, value) -> {
            if (value != null) {
                this.<Void>step(key, stored -> set(stored, value, null));
            }
        });
    }

    // ---- writing ----

    @Override
    public void put(K key, V value) {
        getAndSet(key, value, false);
    }

    @Override
    public @Nullable V getAndPut(K key, V value) {
        return getAndSet(key, value, true);
    }

    private @Nullable V getAndSet(K key, V value, boolean reads) {
        checkTypes(key, value);
        long start = System.nanoTime();
        V before = this.<V>step(key, stored -> {
            write(key, value);
            return counted(set(stored, value, stored == null ? null : stored.value));
        });
        statistics.time(statistics.putNanos, start);
        if (reads) {
            statistics.hit(before != null);
            statistics.time(statistics.getNanos, start);
        }
        return before;
    }

    @Override
    public void putAll(Map<? extends K, ? extends V> map) {
        check(map);
        map.forEach(this::checkTypes);
        List<Entry<? extends K, ? extends V>> all = new ArrayList<>();
        map.forEach((key, value) -> all.add(new JCacheEntry<>(key, value)));
        CacheWriterException failure = null;
        Collection<Entry<? extends K, ? extends V>> unwritten = new ArrayList<>(all);
        CacheWriter<? super K, ? super V> through = throughWriter();
        if (through != null && !all.isEmpty()) {
            try {
                writing(() -> writeAll(through, unwritten));
                unwritten.clear();
            } catch (CacheWriterException e) {
                failure = e;
            }
        } else {
            unwritten.clear();
        }
        Set<Object> left = new HashSet<>();
        unwritten.forEach(entry -> left.add(entry.getKey()));
        map.forEach((key, value) -> {
            if (!left.contains(key)) {
                this.<Void>step(key, stored -> counted(set(stored, value, null)));
            }
        });
        if (failure != null) {
            throw failure;
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static void writeAll(CacheWriter<?, ?> through, Collection<?> unwritten) {
        ((CacheWriter) through).writeAll(unwritten);
    }

    @Override
    public boolean putIfAbsent(K key, V value) {
        checkTypes(key, value);
        boolean put = test(key, stored -> {
            if (stored != null) {
                return none(false);
            }
            write(key, value);
            return counted(set(null, value, true));
        });
        statistics.hit(!put);
        return put;
    }

    @Override
    public boolean replace(K key, V old, V value) {
        checkTypes(key, value);
        check(old);
        return test(key, stored -> {
            statistics.hit(stored != null);
            if (stored == null) {
                return none(false);
            }
            if (!stored.value.equals(old)) {
                return accessed(stored, false);
            }
            write(key, value);
            return counted(set(stored, value, true));
        });
    }

    @Override
    public boolean replace(K key, V value) {
        return getAndReplace(key, value) != null;
    }

    @Override
    public @Nullable V getAndReplace(K key, V value) {
        checkTypes(key, value);
        return this.<V>step(key, stored -> {
            statistics.hit(stored != null);
            if (stored == null) {
                return none(null);
            }
            write(key, value);
            return counted(set(stored, value, stored.value));
        });
    }

    // ---- removing ----

    @Override
    public boolean remove(K key) {
        check(key);
        long start = System.nanoTime();
        boolean there = test(key, stored -> {
            delete(key);
            return removed(stored, stored != null);
        });
        if (there) {
            statistics.add(statistics.removals);
            statistics.time(statistics.removeNanos, start);
        }
        return there;
    }

    @Override
    public boolean remove(K key, V old) {
        check(key, old);
        return test(key, stored -> {
            statistics.hit(stored != null);
            if (stored == null) {
                return none(false);
            }
            if (!stored.value.equals(old)) {
                return accessed(stored, false);
            }
            delete(key);
            statistics.add(statistics.removals);
            return removed(stored, true);
        });
    }

    @Override
    public @Nullable V getAndRemove(K key) {
        check(key);
        return this.<V>step(key, stored -> {
            delete(key);
            statistics.hit(stored != null);
            if (stored != null) {
                statistics.add(statistics.removals);
            }
            return removed(stored, stored == null ? null : stored.value);
        });
    }

    @Override
    public void removeAll(Set<? extends K> keys) {
        check(keys);
        keys.forEach(Objects::requireNonNull);
        CacheWriterException failure = null;
        Set<Object> undeleted = new HashSet<>(keys);
        CacheWriter<? super K, ? super V> through = throughWriter();
        if (through != null && !undeleted.isEmpty()) {
            try {
                writing(() -> through.deleteAll(undeleted));
                undeleted.clear();
            } catch (CacheWriterException e) {
                failure = e;
            }
        } else {
            undeleted.clear();
        }
        for (K key : keys) {
            if (!undeleted.contains(key) && test(key, stored -> removed(stored, stored != null))) {
                statistics.add(statistics.removals);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void removeAll() {
        check();
        removeAll(entries.keys());
    }

    @Override
    public void clear() {
        check();
        entries.clear();
    }

    // ---- processors ----

    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals")
    public <T> @Nullable T invoke(K key, EntryProcessor<K, V, T> processor, Object... arguments) {
        check(key, processor);
        return this.<T>step(key, stored -> {
            statistics.hit(stored != null);
            Processed<T> entry = new Processed<>(key, stored);
            T result;
            try {
                result = processor.process(entry, arguments);
            } catch (EntryProcessorException e) {
                throw e;
            } catch (RuntimeException e) {
                throw new EntryProcessorException(e);
            }
            return entry.change(result);
        });
    }

    @Override
    public <T> Map<K, EntryProcessorResult<T>> invokeAll(
            Set<? extends K> keys, EntryProcessor<K, V, T> processor, Object... arguments) {
        check(keys, processor);
        keys.forEach(Objects::requireNonNull);
        Map<K, EntryProcessorResult<T>> results = new LinkedHashMap<>();
        for (K key : keys) {
            try {
                T result = invoke(key, processor, arguments);
                if (result != null) {
                    results.put(key, () -> result);
                }
            } catch (RuntimeException e) {
                EntryProcessorException failure =
                        e instanceof EntryProcessorException known ? known : new EntryProcessorException(e);
                results.put(key, () -> {
                    throw failure;
                });
            }
        }
        return results;
    }

    /** The entry that a processor sees. What it wants is kept until it has returned. */
    private final class Processed<T> implements javax.cache.processor.MutableEntry<K, V> {
        private final K key;
        private final @Nullable Stored<V> stored;
        private @Nullable V value;
        private boolean read;
        private boolean set;
        private boolean loaded;
        private boolean removed;

        Processed(K key, @Nullable Stored<V> stored) {
            this.key = key;
            this.stored = stored;
            this.value = stored == null ? null : stored.value;
        }

        @Override
        public K getKey() {
            return key;
        }

        @Override
        public boolean exists() {
            return value != null;
        }

        @Override
        @SuppressWarnings("NullAway") // Null where there is none.
        public V getValue() {
            if (value == null && !removed && readsThrough()) {
                value = load(key);
                loaded = value != null;
            } else {
                read = true;
            }
            return value;
        }

        @Override
        public void setValue(V value) {
            checkTypes(key, value);
            this.value = value;
            set = true;
            removed = false;
        }

        @Override
        public void remove() {
            value = null;
            removed = stored != null || !set;
            set = false;
            loaded = false;
        }

        @Override
        public <U> U unwrap(Class<U> type) {
            if (type.isInstance(this)) {
                return type.cast(this);
            }
            throw new IllegalArgumentException("an entry is no " + type.getName());
        }

        Change<V, T> change(@Nullable T result) {
            if (removed) {
                delete(key);
                if (stored != null) {
                    statistics.add(statistics.removals);
                }
                return JCache.this.removed(stored, result);
            }
            V wanted = value;
            if (set && wanted != null) {
                write(key, wanted);
                return counted(JCache.this.set(stored, wanted, result));
            }
            if (loaded && wanted != null) {
                return JCache.this.set(stored, wanted, result);
            }
            return read && stored != null ? accessed(stored, result) : none(result);
        }
    }

    // ---- iterating, listening, closing ----

    @Override
    public Iterator<Entry<K, V>> iterator() {
        check();
        Iterator<K> keys = entries.keys().iterator();
        return new Iterator<>() {
            private @Nullable Entry<K, V> next;
            private @Nullable K last;

            @Override
            public boolean hasNext() {
                check();
                while (next == null && keys.hasNext()) {
                    K key = keys.next();
                    V value = JCache.this.<V>step(
                            key, stored -> stored == null ? none(null) : accessed(stored, stored.value));
                    next = value == null ? null : new JCacheEntry<>(key, value);
                }
                return next != null;
            }

            @Override
            public Entry<K, V> next() {
                if (!hasNext() || next == null) {
                    throw new NoSuchElementException();
                }
                Entry<K, V> entry = next;
                next = null;
                last = entry.getKey();
                statistics.hit(true);
                return entry;
            }

            @Override
            public void remove() {
                if (last == null) {
                    throw new IllegalStateException("there is no entry to remove");
                }
                JCache.this.remove(last);
                last = null;
            }
        };
    }

    @Override
    public void registerCacheEntryListener(CacheEntryListenerConfiguration<K, V> listener) {
        check(listener);
        configuration.addCacheEntryListenerConfiguration(listener);
        listeners.add(listener);
    }

    @Override
    public void deregisterCacheEntryListener(CacheEntryListenerConfiguration<K, V> listener) {
        check(listener);
        configuration.removeCacheEntryListenerConfiguration(listener);
        listeners.remove(listener);
    }

    @Override
    public <C extends Configuration<K, V>> C getConfiguration(Class<C> type) {
        MutableConfiguration<K, V> copy = new MutableConfiguration<>(configuration);
        if (type.isInstance(copy)) {
            return type.cast(copy);
        }
        throw new IllegalArgumentException("the configuration is no " + type.getName());
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public CacheManager getCacheManager() {
        return manager;
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        manager.closed(this);
        enableManagement(false);
        enableStatistics(false);
        closed = true;
        workers.shutdown();
        close(loader);
        close(writer);
        close(expiries.policy());
        listeners.forEachPart(JCache::close);
    }

    /** Closes what the application has given, if it can be closed. */
    private static void close(@Nullable Object part) {
        if (part instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                throw new CacheException("closing " + part + " failed", e);
            }
        }
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public <T> T unwrap(Class<T> type) {
        if (type.isInstance(this)) {
            return type.cast(this);
        }
        throw new IllegalArgumentException("a cache is no " + type.getName());
    }
}
