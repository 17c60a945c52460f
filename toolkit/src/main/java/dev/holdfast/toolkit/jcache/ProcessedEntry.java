package dev.holdfast.toolkit.jcache;

import dev.holdfast.toolkit.jcache.Entries.Stored;
import dev.holdfast.toolkit.jcache.Steps.Change;
import javax.cache.processor.MutableEntry;
import org.jspecify.annotations.Nullable;

/** The entry that a processor sees. What it wants is kept until it has returned. */
final class ProcessedEntry<K, V> implements MutableEntry<K, V> {
    private final JCache<K, V> cache;
    private final Source<K, V> source;
    private final K key;
    private final @Nullable Stored<V> stored;
    private @Nullable V value;
    private boolean read;
    private boolean set;
    private boolean loaded;
    private boolean removed;

    ProcessedEntry(JCache<K, V> cache, Source<K, V> source, K key, @Nullable Stored<V> stored) {
        this.cache = cache;
        this.source = source;
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
        if (value == null && !removed && source.readsThrough()) {
            value = source.load(key);
            loaded = value != null;
        } else {
            read = true;
        }
        return value;
    }

    @Override
    public void setValue(V value) {
        cache.checkTypes(key, value);
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
        return Unwrap.as(type, "an entry", this);
    }

    /** What is to become of the entry, after the source has been told. */
    <T> Change<V, T> change(Steps<K, V> steps, Statistics statistics, @Nullable T result) {
        if (removed) {
            source.delete(key);
            if (stored != null) {
                statistics.add(statistics.removals);
            }
            return steps.removed(stored, result);
        }
        V wanted = value;
        if (set && wanted != null) {
            source.write(key, wanted);
            return steps.put(stored, wanted, result);
        }
        if (loaded && wanted != null) {
            return steps.set(stored, wanted, result);
        }
        return read && stored != null ? steps.accessed(stored, result) : steps.none(result);
    }
}
