package dev.holdfast.toolkit.jcache;

import dev.holdfast.toolkit.store.Store;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import javax.cache.Cache;
import javax.cache.CacheException;
import javax.cache.CacheManager;
import javax.cache.configuration.Configuration;
import javax.cache.spi.CachingProvider;
import org.jspecify.annotations.Nullable;

/** Caches over one store. Closing it closes the store; what is in a remote one stays. */
final class JCaches implements CacheManager {
    private final HoldfastCachingProvider provider;
    private final URI uri;
    private final ClassLoader loader;
    private final Properties properties;
    private final Store store;
    private final Map<String, JCache<?, ?>> caches = new ConcurrentHashMap<>();
    private volatile boolean closed;

    JCaches(HoldfastCachingProvider provider, URI uri, ClassLoader loader, Properties properties, Store store) {
        this.provider = provider;
        this.uri = uri;
        this.loader = loader;
        this.properties = properties;
        this.store = store;
    }

    Store store() {
        return store;
    }

    @Override
    public CachingProvider getCachingProvider() {
        return provider;
    }

    @Override
    public URI getURI() {
        return uri;
    }

    @Override
    public ClassLoader getClassLoader() {
        return loader;
    }

    @Override
    public Properties getProperties() {
        return properties;
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the cache manager is closed");
        }
    }

    @Override
    public <K, V, C extends Configuration<K, V>> Cache<K, V> createCache(String name, C configuration) {
        checkOpen();
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(configuration, "configuration");
        synchronized (caches) {
            if (caches.containsKey(name)) {
                throw new CacheException("there is a cache named " + name);
            }
            JCache<K, V> cache = new JCache<>(this, name, configuration);
            caches.put(name, cache);
            cache.begin();
            return cache;
        }
    }

    @Override
    @SuppressWarnings("unchecked")
    public <K, V> @Nullable Cache<K, V> getCache(String name, Class<K> keyType, Class<V> valueType) {
        checkOpen();
        Objects.requireNonNull(keyType, "keyType");
        Objects.requireNonNull(valueType, "valueType");
        JCache<?, ?> cache = caches.get(Objects.requireNonNull(name, "name"));
        if (cache == null) {
            return null;
        }
        if (!cache.configuration().getKeyType().equals(keyType)
                || !cache.configuration().getValueType().equals(valueType)) {
            throw new ClassCastException(name + " has keys of "
                    + cache.configuration().getKeyType() + " and values of "
                    + cache.configuration().getValueType());
        }
        return (Cache<K, V>) cache;
    }

    @Override
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    public <K, V> @Nullable Cache<K, V> getCache(String name) {
        checkOpen();
        return (Cache<K, V>) caches.get(Objects.requireNonNull(name, "name"));
    }

    @Override
    public Iterable<String> getCacheNames() {
        checkOpen();
        return Collections.unmodifiableSet(new LinkedHashSet<>(caches.keySet()));
    }

    @Override
    public void destroyCache(String name) {
        checkOpen();
        JCache<?, ?> cache = caches.get(Objects.requireNonNull(name, "name"));
        if (cache != null) {
            cache.clear();
            cache.close();
        }
    }

    /** Forgets a cache that has closed itself. */
    void closed(JCache<?, ?> cache) {
        caches.remove(cache.getName(), cache);
    }

    @Override
    public void enableManagement(String name, boolean enabled) {
        checkOpen();
        JCache<?, ?> cache = caches.get(Objects.requireNonNull(name, "name"));
        if (cache != null) {
            cache.enableManagement(enabled);
        }
    }

    @Override
    public void enableStatistics(String name, boolean enabled) {
        checkOpen();
        JCache<?, ?> cache = caches.get(Objects.requireNonNull(name, "name"));
        if (cache != null) {
            cache.enableStatistics(enabled);
        }
    }

    @Override
    public void close() {
        synchronized (caches) {
            if (closed) {
                return;
            }
            List<JCache<?, ?>> all = new ArrayList<>(caches.values());
            all.forEach(JCache::close);
            closed = true;
        }
        provider.closed(this);
        store.close();
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public <T> T unwrap(Class<T> type) {
        return Unwrap.as(type, "a manager", this, store);
    }
}
