package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUri;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The small cache that web frameworks ask for: text under text keys, for some seconds. Values are plain strings in the store, so
 * handlers of other languages with the same prefix share them. Several handlers may stand side by side.
 *
 * <pre>
 * CacheHandler cache = CacheHandler.fromEnvironment();
 * cache.set("page:1", html, Duration.ofMinutes(1));
 * String page = cache.get("page:1");     // null if it is not there
 * cache.clear("page:*");
 * </pre>
 *
 * <p>A failure of the store is a miss. {@link #clear()} removes what is under the prefix and nothing else.
 */
public final class CacheHandler implements AutoCloseable {
    private final Context context;
    private final Cache<String> cache;
    private final Runnable onClose;

    /** A handler in a context that somebody else closes. */
    public CacheHandler(Context context, String prefix, Duration expiry) {
        this(context, prefix, expiry, () -> {});
    }

    private CacheHandler(Context context, String prefix, Duration expiry, Runnable onClose) {
        this.context = context;
        this.onClose = onClose;
        this.cache = new CacheBuilder<>(context, prefix, Codecs.text())
                .prefix(prefix)
                .format(Format.PLAIN)
                .nearSize(0)
                .ttl(expiry)
                .build();
    }

    /**
     * A handler with a connection of its own, to the store that {@link StoreUri#fromEnvironment} finds, else to localhost:6379, database
     * VALKEY_DB (0). Keys begin with VALKEY_PREFIX ({@code cache:}), and values expire after VALKEY_EXPIRE seconds (300). Where these are
     * not set REDIS_DB, REDIS_PREFIX and REDIS_EXPIRE count, so that a configuration for Redis goes on working.
     */
    public static CacheHandler fromEnvironment() {
        return fromEnvironment(System.getenv());
    }

    /** As {@link #fromEnvironment()}, with these variables. */
    public static CacheHandler fromEnvironment(Map<String, String> environment) {
        String uri = StoreUri.fromEnvironment(environment);
        Duration expiry = seconds(variable(environment, "EXPIRE", "300"));
        String prefix = variable(environment, "PREFIX", "cache:");
        Store store = StoreUri.open(
                uri == null
                        ? "redis://localhost:6379/"
                                + variable(environment, "DB", "0").strip()
                        : uri);
        Context context = new Context(store);
        return new CacheHandler(context, prefix, expiry, () -> {
            context.close();
            store.close();
        });
    }

    /** A variable under either name; one that is blank counts as not set. */
    private static String variable(Map<String, String> environment, String name, String otherwise) {
        for (String prefix : List.of("VALKEY_", "REDIS_")) {
            String value = environment.getOrDefault(prefix + name, "");
            if (!value.isBlank()) {
                return value;
            }
        }
        return otherwise;
    }

    private static Duration seconds(String text) {
        try {
            long seconds = Long.parseLong(text.strip());
            if (seconds > 0) {
                return Duration.ofSeconds(seconds);
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IllegalArgumentException("VALKEY_EXPIRE or REDIS_EXPIRE is not a number of seconds: " + text);
    }

    /** The text of a key, or null. */
    public @Nullable String get(String key) {
        return cache.get(key);
    }

    /** Sets a text for as long as the handler's expiry says. */
    public void set(String key, String value) {
        cache.put(key, value);
    }

    public void set(String key, String value, Duration duration) {
        cache.put(key, value, cache.options().ttl(duration));
    }

    /** The text of a key, or what {@code make} makes, which is then set. */
    public String getOrSet(String key, Duration duration, Supplier<String> make) {
        String value = cache.get(key, ignored -> make.get(), cache.options().ttl(duration));
        return value == null ? make.get() : value;
    }

    /** Removes everything under the prefix. Returns how much there was. */
    public long clear() {
        return cache.clear();
    }

    /** Removes a key, or all that match it if it has a star. Returns how many there were; 1 for a key. */
    public long clear(String keyOrPattern) {
        if (keyOrPattern.indexOf('*') >= 0) {
            return cache.clear(keyOrPattern);
        }
        cache.invalidate(keyOrPattern);
        return 1;
    }

    public CompletionStage<@Nullable String> getAsync(String key) {
        return cache.getAsync(key);
    }

    public CompletionStage<@Nullable Void> setAsync(String key, String value) {
        return context.async(() -> set(key, value));
    }

    public CompletionStage<@Nullable Void> setAsync(String key, String value, Duration duration) {
        return context.async(() -> set(key, value, duration));
    }

    public CompletionStage<String> getOrSetAsync(String key, Duration duration, Supplier<String> make) {
        return context.async(() -> getOrSet(key, duration, make));
    }

    public CompletionStage<Long> clearAsync() {
        return cache.clearAsync();
    }

    public CompletionStage<Long> clearAsync(String keyOrPattern) {
        return context.async(() -> clear(keyOrPattern));
    }

    /** Hits, misses and failures. */
    public CacheStatistics statistics() {
        return cache.statistics();
    }

    @Override
    public void close() {
        cache.close();
        onClose.run();
    }
}
