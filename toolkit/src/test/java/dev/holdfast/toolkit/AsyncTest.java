package dev.holdfast.toolkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.cache.CacheHandler;
import dev.holdfast.toolkit.ranking.Ranking;
import dev.holdfast.toolkit.store.CommandFailedException;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** The asynchronous forms are complete, and do what the others do. */
class AsyncTest {
    private static final Map<Class<?>, Set<String>> TWINS = Map.of(
            Cache.class,
            Set.of("get", "getAll", "put", "putAll", "invalidate", "invalidateAll", "invalidateTag", "clear"),
            CacheHandler.class,
            Set.of("get", "set", "getOrSet", "clear"));

    @Test
    void eachHasItsTwin() {
        TWINS.forEach((pattern, names) -> {
            int twins = 0;
            for (Method method : pattern.getMethods()) {
                if (names.contains(method.getName()) && method.getDeclaringClass() == pattern) {
                    Method twin = assertFound(pattern, method);
                    assertEquals(CompletionStage.class, twin.getReturnType(), twin.toString());
                    twins++;
                }
            }
            assertTrue(twins >= names.size(), pattern + " has " + twins);
        });
    }

    private static Method assertFound(Class<?> pattern, Method method) {
        try {
            return pattern.getMethod(method.getName() + "Async", method.getParameterTypes());
        } catch (NoSuchMethodException e) {
            throw new AssertionError(method + " has no asynchronous form", e);
        }
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    @Test
    void theyDoWhatTheOthersDo() {
        try (Toolkit toolkit = Toolkit.open("embedded:")) {
            Cache<String> cache = toolkit.cache("users", String.class).build();
            join(cache.putAsync("a", "1"));
            join(cache.putAllAsync(Map.of("b", "2", "c", "3")));
            join(cache.putAsync("d", "4", cache.options().tags("red")));
            assertEquals("1", cache.get("a"));
            assertEquals("2", join(cache.getAsync("b")));
            assertEquals("5", join(cache.getAsync("e", key -> "5")));
            assertEquals(Map.of("a", "1", "c", "3"), join(cache.getAllAsync(List.of("a", "c", "x"))));
            join(cache.invalidateAsync("a"));
            join(cache.invalidateAllAsync(List.of("b")));
            join(cache.invalidateTagAsync("red"));
            assertEquals(Map.of("c", "3"), cache.getAll(List.of("a", "b", "c", "d")));
            assertTrue(join(cache.clearAsync()) > 0);
            Ranking board = toolkit.ranking("game").build();
            assertEquals(7, join(toolkit.async(() -> board.add("ada", 7))));
            CompletionException failed = assertThrows(
                    CompletionException.class,
                    () -> join(toolkit.async(() -> toolkit.store().call("NONSENSE"))));
            assertInstanceOf(CommandFailedException.class, failed.getCause());
        }
    }
}
