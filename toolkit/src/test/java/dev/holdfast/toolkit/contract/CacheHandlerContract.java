package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.cache.CacheHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a {@link CacheHandler} does, with whichever store. */
@ContractTest
class CacheHandlerContract extends Contract {
    private CacheHandler handler() {
        return toolkit().cacheHandler("cache:", Duration.ofMinutes(5));
    }

    @Test
    void valuesArePlainAndExpire() {
        CacheHandler cache = handler();
        cache.set("a", "text");
        assertEquals("text", cache.get("a"));
        assertEquals("text", store().call("GET", "cache:a").text());
        assertTrue(store().call("TTL", "cache:a").number() > 295);
        cache.set("short", "text", Duration.ofMillis(200));
        pass(Duration.ofMillis(300));
        assertNull(cache.get("short"));
        assertEquals("made", cache.getOrSet("b", Duration.ofMinutes(1), () -> "made"));
        assertEquals("made", cache.getOrSet("b", Duration.ofMinutes(1), () -> "again"));
    }

    @Test
    void handlersStandSideBySideAndClearOnlyTheirOwn() {
        CacheHandler cache = handler();
        CacheHandler pages = another().cacheHandler("pages:", Duration.ofMinutes(5));
        store().call("SET", "not a cache", "stays");
        for (int i = 0; i < 20; i++) {
            cache.set("user:" + i, "x");
            pages.set("user:" + i, "x");
        }
        cache.set("other", "x");
        assertEquals(1, cache.clear("user:3"));
        assertEquals(19, cache.clear("user:*"));
        assertEquals("x", cache.get("other"));
        assertEquals("x", pages.get("user:3"));
        assertEquals(1, cache.clear());
        assertEquals(0, cache.clear(), "clearing nothing is no error");
        assertEquals(20, pages.clear());
        assertEquals("stays", store().call("GET", "not a cache").text());
    }

    @Test
    void manyAsyncCallsDoNotExhaustAnything() throws Exception {
        CacheHandler cache = handler();
        List<CompletionStage<?>> stages = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            stages.add(cache.setAsync("k" + i, "v" + i, Duration.ofMinutes(1)));
        }
        for (CompletionStage<?> stage : stages) {
            stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
        }
        assertEquals("v499", cache.getAsync("k499").toCompletableFuture().get(10, TimeUnit.SECONDS));
        assertEquals(500, cache.clearAsync("k*").toCompletableFuture().get(10, TimeUnit.SECONDS));
    }

    @Test
    void theEnvironmentChoosesTheStore() {
        if (target == Target.EMBEDDED || store().isCluster()) {
            return; // The variables name one server.
        }
        String port = target.uri().replaceAll(".*:", "");
        try (CacheHandler cache = CacheHandler.fromEnvironment(Map.of(
                "VALKEY_HOST", "127.0.0.1", "VALKEY_PORT", port, "VALKEY_PREFIX", "env:", "VALKEY_EXPIRE", "7"))) {
            cache.set("a", "text");
            assertEquals("text", store().call("GET", "env:a").text());
            assertTrue(store().call("TTL", "env:a").number() <= 7);
        }
    }

    @Test
    void aConfigurationForRedisGoesOnWorking() {
        if (target == Target.EMBEDDED || store().isCluster()) {
            return; // The variables name one server.
        }
        for (Map<String, String> environment : List.of(
                Map.of("REDIS_URL", target.uri(), "REDIS_PREFIX", "old:"),
                Map.of(
                        "REDIS_HOST", "127.0.0.1",
                        "REDIS_PORT", target.uri().replaceAll(".*:", ""),
                        "REDIS_PREFIX", "old:"))) {
            try (CacheHandler cache = CacheHandler.fromEnvironment(environment)) {
                cache.set("a", "text");
                assertEquals("text", store().call("GET", "old:a").text());
                assertEquals(1, cache.clear());
            }
        }
        assertThrows(
                IllegalArgumentException.class, () -> CacheHandler.fromEnvironment(Map.of("VALKEY_EXPIRE", "soon")));
    }
}
