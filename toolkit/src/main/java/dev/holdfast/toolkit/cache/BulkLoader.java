package dev.holdfast.toolkit.cache;

import java.util.Map;
import java.util.Set;

/** Brings the values of several keys at once. */
@FunctionalInterface
public interface BulkLoader<V> {
    /** The values; a key without one is left out. */
    Map<String, V> load(Set<String> keys) throws Exception;
}
