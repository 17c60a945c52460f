package dev.holdfast.toolkit.jcache;

import javax.cache.Cache;

/** A key and a value. */
record JCacheEntry<K, V>(K key, V value) implements Cache.Entry<K, V> {
    @Override
    public K getKey() {
        return key;
    }

    @Override
    public V getValue() {
        return value;
    }

    @Override
    public <T> T unwrap(Class<T> type) {
        return Unwrap.as(type, "an entry", this);
    }
}
