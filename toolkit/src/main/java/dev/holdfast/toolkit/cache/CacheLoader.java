package dev.holdfast.toolkit.cache;

import org.jspecify.annotations.Nullable;

/** Brings the value of a key from where it really is, a database for instance. */
@FunctionalInterface
public interface CacheLoader<V> {
    /** The value, or null if there is none. */
    @Nullable
    V load(String key) throws Exception;
}
