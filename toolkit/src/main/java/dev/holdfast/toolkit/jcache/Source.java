package dev.holdfast.toolkit.jcache;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import javax.cache.Cache;
import javax.cache.configuration.CompleteConfiguration;
import javax.cache.integration.CacheLoader;
import javax.cache.integration.CacheLoaderException;
import javax.cache.integration.CacheWriter;
import javax.cache.integration.CacheWriterException;
import org.jspecify.annotations.Nullable;

/** Where the truth is that a cache stands before: the application's loader and writer, where there are such. */
final class Source<K, V> {
    /** What was not written, since the writer has failed. */
    record Unwritten(Set<Object> keys, @Nullable CacheWriterException failure) {
        private static final Unwritten NOTHING = new Unwritten(Set.of(), null);

        void throwFailure() {
            if (failure != null) {
                throw failure;
            }
        }
    }

    private final @Nullable CacheLoader<K, V> loader;
    private final @Nullable CacheWriter<? super K, ? super V> writer;
    private final boolean readsThrough;
    private final boolean writesThrough;

    Source(CompleteConfiguration<K, V> configuration) {
        this.loader = configuration.getCacheLoaderFactory() == null
                ? null
                : configuration.getCacheLoaderFactory().create();
        this.writer = configuration.getCacheWriterFactory() == null
                ? null
                : configuration.getCacheWriterFactory().create();
        this.readsThrough = configuration.isReadThrough();
        this.writesThrough = configuration.isWriteThrough();
        if (readsThrough && loader == null || writesThrough && writer == null) {
            throw new IllegalArgumentException("reading or writing through needs a loader or a writer");
        }
    }

    // ---- loading ----

    boolean canLoad() {
        return loader != null;
    }

    /** Whether what the cache does not have is loaded when it is read. */
    boolean readsThrough() {
        return readsThrough;
    }

    @Nullable
    V load(K key) {
        try {
            return loader == null ? null : loader.load(key);
        } catch (CacheLoaderException e) {
            throw e;
        } catch (RuntimeException e) {
            throw new CacheLoaderException("the loader failed", e);
        }
    }

    Map<K, V> loadAll(Collection<K> keys) {
        return loader == null ? Map.of() : loader.loadAll(keys);
    }

    // ---- writing through ----

    void write(K key, V value) {
        if (writesThrough && writer != null) {
            writing(() -> writer.write(new JCacheEntry<>(key, value)));
        }
    }

    void delete(K key) {
        if (writesThrough && writer != null) {
            writing(() -> writer.delete(key));
        }
    }

    /** Writes all that the writer can, and reports the rest. */
    @SuppressWarnings({"unchecked", "rawtypes"}) // The specification's wildcards do not let a collection be made.
    Unwritten writeAll(Map<? extends K, ? extends V> map) {
        if (!writesThrough || writer == null || map.isEmpty()) {
            return Unwritten.NOTHING;
        }
        Collection<Cache.Entry<?, ?>> left = new ArrayList<>();
        map.forEach((key, value) -> left.add(new JCacheEntry<>(key, value)));
        try {
            writing(() -> ((CacheWriter) writer).writeAll(left));
            return Unwritten.NOTHING;
        } catch (CacheWriterException e) {
            Set<Object> keys = new HashSet<>();
            left.forEach(entry -> keys.add(entry.getKey()));
            return new Unwritten(keys, e);
        }
    }

    /** Deletes all that the writer can, and reports the rest. */
    Unwritten deleteAll(Set<? extends K> keys) {
        if (!writesThrough || writer == null || keys.isEmpty()) {
            return Unwritten.NOTHING;
        }
        Set<Object> left = new HashSet<>(keys);
        try {
            writing(() -> writer.deleteAll(left));
            return Unwritten.NOTHING;
        } catch (CacheWriterException e) {
            return new Unwritten(left, e);
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

    /** Visits the loader and the writer. */
    void forEachPart(Consumer<@Nullable Object> visitor) {
        visitor.accept(loader);
        visitor.accept(writer);
    }
}
