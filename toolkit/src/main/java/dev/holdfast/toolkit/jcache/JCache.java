package dev.holdfast.toolkit.jcache;

import dev.holdfast.toolkit.jcache.Entries.Stored;
import dev.holdfast.toolkit.jcache.Source.Unwritten;
import dev.holdfast.toolkit.jcache.Steps.Change;
import java.util.ArrayList;
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
import java.util.function.Function;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.CacheEntryListenerConfiguration;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.configuration.Configuration;
import javax.cache.configuration.MutableConfiguration;
import javax.cache.integration.CacheLoaderException;
import javax.cache.integration.CompletionListener;
import javax.cache.processor.EntryProcessor;
import javax.cache.processor.EntryProcessorException;
import javax.cache.processor.EntryProcessorResult;
import org.jspecify.annotations.Nullable;

/**
 * A cache of the specification. What a call does to an entry is one step ({@link Steps}), with the application's loader and writer beside
 * it ({@link Source}). Listeners hear of changes that are made through this manager.
 */
final class JCache<K, V> implements Cache<K, V> {
    private final JCaches manager;
    private final String name;
    private final MutableConfiguration<K, V> configuration;
    private final Entries<K, V> entries;
    private final Expiries expiries;
    private final Listeners<K, V> listeners;
    private final Statistics statistics = new Statistics();
    private final Source<K, V> source;
    private final Steps<K, V> steps;
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
        this.source = new Source<>(configuration);
        this.listeners = new Listeners<>(this);
        this.steps = new Steps<>(entries, expiries, listeners, statistics);
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

    private void check(Object... given) {
        if (closed) {
            throw new IllegalStateException("the cache is closed");
        }
        for (Object object : given) {
            Objects.requireNonNull(object);
        }
    }

    void checkTypes(Object key, Object value) {
        check(key, value);
        if (!configuration.getKeyType().isInstance(key)
                || !configuration.getValueType().isInstance(value)) {
            throw new ClassCastException("the cache has keys of " + configuration.getKeyType() + " and values of "
                    + configuration.getValueType());
        }
    }

    // ---- reading ----

    @Override
    public @Nullable V get(K key) {
        check(key);
        long start = System.nanoTime();
        V value = steps.step(key, this::read);
        if (value == null && source.readsThrough()) {
            value = loaded(key);
        }
        statistics.time(statistics.getNanos, start);
        return value;
    }

    private Change<V, V> read(@Nullable Stored<V> stored) {
        statistics.hit(stored != null);
        return stored == null ? steps.none(null) : steps.accessed(stored, stored.value);
    }

    private @Nullable V loaded(K key) {
        V value = source.load(key);
        return value == null
                ? null
                : steps.<V>step(
                        key, stored -> stored == null ? steps.set(null, value, value) : steps.none(stored.value));
    }

    @Override
    public Map<K, V> getAll(Set<? extends K> keys) {
        check(keys);
        keys.forEach(Objects::requireNonNull);
        Map<K, V> found = new HashMap<>();
        Set<K> missing = new HashSet<>();
        for (K key : keys) {
            V value = steps.step(key, this::read);
            if (value == null) {
                missing.add(key);
            } else {
                found.put(key, value);
            }
        }
        if (source.readsThrough() && !missing.isEmpty()) {
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
        return steps.test(key, stored -> steps.none(stored != null));
    }

    @Override
    public void loadAll(Set<? extends K> keys, boolean replace, @Nullable CompletionListener listener) {
        check(keys);
        keys.forEach(Objects::requireNonNull);
        if (!source.canLoad()) {
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
        source.loadAll(wanted).forEach((key, value) -> {
            if (value != null) {
                steps.<Void>step(key, stored -> steps.set(stored, value, null));
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
        V before = steps.<V>step(key, stored -> {
            source.write(key, value);
            return steps.put(stored, value, stored == null ? null : stored.value);
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
        Unwritten unwritten = source.writeAll(map);
        map.forEach((key, value) -> {
            if (!unwritten.keys().contains(key)) {
                steps.<Void>step(key, stored -> steps.put(stored, value, null));
            }
        });
        unwritten.throwFailure();
    }

    @Override
    public boolean putIfAbsent(K key, V value) {
        checkTypes(key, value);
        boolean put = steps.test(key, stored -> {
            if (stored != null) {
                return steps.none(false);
            }
            source.write(key, value);
            return steps.put(null, value, true);
        });
        statistics.hit(!put);
        return put;
    }

    @Override
    public boolean replace(K key, V old, V value) {
        checkTypes(key, value);
        check(old);
        return ifHolds(key, old, stored -> {
            source.write(key, value);
            return steps.put(stored, value, true);
        });
    }

    @Override
    public boolean replace(K key, V value) {
        return getAndReplace(key, value) != null;
    }

    @Override
    public @Nullable V getAndReplace(K key, V value) {
        checkTypes(key, value);
        return steps.<V>step(key, stored -> {
            statistics.hit(stored != null);
            if (stored == null) {
                return steps.none(null);
            }
            source.write(key, value);
            return steps.put(stored, value, stored.value);
        });
    }

    // ---- removing ----

    @Override
    public boolean remove(K key) {
        check(key);
        long start = System.nanoTime();
        boolean there = steps.test(key, stored -> {
            source.delete(key);
            return steps.removed(stored, stored != null);
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
        return ifHolds(key, old, stored -> {
            source.delete(key);
            statistics.add(statistics.removals);
            return steps.removed(stored, true);
        });
    }

    /** Changes an entry if its value is still {@code old}; else it has only been looked at. */
    private boolean ifHolds(K key, V old, Function<Stored<V>, Steps.Change<V, Boolean>> change) {
        return steps.test(key, stored -> {
            statistics.hit(stored != null);
            if (stored == null) {
                return steps.none(false);
            }
            return stored.value.equals(old) ? change.apply(stored) : steps.accessed(stored, false);
        });
    }

    @Override
    public @Nullable V getAndRemove(K key) {
        check(key);
        return steps.<V>step(key, stored -> {
            source.delete(key);
            statistics.hit(stored != null);
            if (stored != null) {
                statistics.add(statistics.removals);
            }
            return steps.removed(stored, stored == null ? null : stored.value);
        });
    }

    @Override
    public void removeAll(Set<? extends K> keys) {
        check(keys);
        keys.forEach(Objects::requireNonNull);
        Unwritten undeleted = source.deleteAll(keys);
        for (K key : keys) {
            if (!undeleted.keys().contains(key) && steps.test(key, stored -> steps.removed(stored, stored != null))) {
                statistics.add(statistics.removals);
            }
        }
        undeleted.throwFailure();
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
        return steps.<T>step(key, stored -> {
            statistics.hit(stored != null);
            ProcessedEntry<K, V> entry = new ProcessedEntry<>(this, source, key, stored);
            T result;
            try {
                result = processor.process(entry, arguments);
            } catch (EntryProcessorException e) {
                throw e;
            } catch (RuntimeException e) {
                throw new EntryProcessorException(e);
            }
            return entry.change(steps, statistics, result);
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
                    V value = steps.<V>step(
                            key, stored -> stored == null ? steps.none(null) : steps.accessed(stored, stored.value));
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
        source.forEachPart(JCache::close);
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
        return Unwrap.as(type, "a cache", this);
    }
}
