package dev.holdfast.spring;

import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.cache.CacheLoadException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.cache.support.AbstractValueAdaptingCache;
import org.springframework.util.ObjectUtils;

/** One of Spring's caches. Null is a value like others. */
public final class HoldfastCache extends AbstractValueAdaptingCache {
    private final Cache<Object> cache;

    HoldfastCache(Cache<Object> cache) {
        super(true);
        this.cache = cache;
    }

    @Override
    public String getName() {
        return cache.name();
    }

    @Override
    public Cache<Object> getNativeCache() {
        return cache;
    }

    /**
     * A key as text: what {@link Object#toString} says, with arrays, collections and maps by their elements.
     *
     * @throws IllegalArgumentException if its class has no text of its own, so that two equal keys would differ
     */
    static String text(Object key) {
        return switch (key) {
            case String text -> text;
            case Collection<?> elements ->
                elements.stream().map(HoldfastCache::element).collect(Collectors.joining(",", "[", "]"));
            case Map<?, ?> map ->
                map.entrySet().stream()
                        .map(entry -> element(entry.getKey()) + "=" + element(entry.getValue()))
                        .collect(Collectors.joining(",", "{", "}"));
            default -> key.getClass().isArray() ? text(Arrays.asList(ObjectUtils.toObjectArray(key))) : own(key);
        };
    }

    private static String element(@Nullable Object element) {
        return element == null ? "null" : text(element);
    }

    private static String own(Object key) {
        String text = key.toString();
        if (text.equals(ObjectUtils.identityToString(key))) {
            throw new IllegalArgumentException("a key of a cache needs a toString of its own: "
                    + key.getClass().getName());
        }
        return text;
    }

    @Override
    protected @Nullable Object lookup(Object key) {
        return cache.get(text(key));
    }

    @SuppressWarnings("unchecked")
    @Override
    public <T> @Nullable T get(Object key, Callable<T> loader) {
        try {
            return (T) fromStoreValue(cache.get(text(key), name -> toStoreValue(loader.call())));
        } catch (CacheLoadException e) {
            throw new ValueRetrievalException(key, loader, e.getCause() == null ? e : e.getCause());
        } catch (RuntimeException e) {
            throw new ValueRetrievalException(key, loader, e);
        }
    }

    @Override
    public @Nullable CompletableFuture<?> retrieve(Object key) {
        return cache.getAsync(text(key)).toCompletableFuture().thenApply(this::toValueWrapper);
    }

    @SuppressWarnings("unchecked")
    @Override
    public <T> CompletableFuture<T> retrieve(Object key, Supplier<CompletableFuture<T>> loader) {
        return cache.getAsync(text(key), name -> toStoreValue(loader.get().get()))
                .toCompletableFuture()
                .thenApply(value -> (T) fromStoreValue(value));
    }

    @Override
    public void put(Object key, @Nullable Object value) {
        cache.put(text(key), toStoreValue(value));
    }

    @Override
    public void evict(Object key) {
        cache.invalidate(text(key));
    }

    @Override
    public boolean evictIfPresent(Object key) {
        boolean present = cache.contains(text(key));
        evict(key);
        return present;
    }

    @Override
    public void clear() {
        cache.clear();
    }

    @Override
    public boolean invalidate() {
        return cache.clear() > 0;
    }
}
