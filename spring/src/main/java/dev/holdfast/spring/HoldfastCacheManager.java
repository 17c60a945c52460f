package dev.holdfast.spring;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.codec.Codec;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.cache.CacheManager;

/** Spring's caches over the toolkit's, one of each name that is asked for. */
public final class HoldfastCacheManager implements CacheManager {
    private final Toolkit toolkit;
    private final HoldfastProperties.Cache properties;
    private final Codec<Object> codec;
    private final Map<String, HoldfastCache> caches = new ConcurrentHashMap<>();

    /** @param codec what writes the values; it must write Spring's own value for null, {@code NullValue}, too */
    public HoldfastCacheManager(Toolkit toolkit, HoldfastProperties.Cache properties, Codec<Object> codec) {
        this.toolkit = toolkit;
        this.properties = properties;
        this.codec = codec;
    }

    @Override
    public HoldfastCache getCache(String name) {
        return caches.computeIfAbsent(name, this::create);
    }

    private HoldfastCache create(String name) {
        HoldfastProperties.Named own = properties.getCaches().getOrDefault(name, new HoldfastProperties.Named());
        Duration ttl = own.getTtl();
        Long nearSize = own.getNearSize();
        return new HoldfastCache(toolkit.cache(name, codec)
                .ttl(ttl == null ? properties.getTtl() : ttl)
                .nearSize(nearSize == null ? properties.getNearSize() : nearSize)
                .build());
    }

    @Override
    public Collection<String> getCacheNames() {
        return Set.copyOf(caches.keySet());
    }
}
