package dev.holdfast.toolkit.pattern;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.limit.Decision;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.limit.RateLimiter.WhenUnavailable;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.OutcomeUnknownException;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUnavailableException;
import dev.holdfast.toolkit.store.StoreUri;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The circuit breaker before a store that stops answering, and answers again. */
class GuardedStoreTest {
    private static final Set<String> SENT = Set.of("call", "get", "getAll", "pipeline", "unlink", "scan");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Store real = StoreUri.open("embedded:");
    private final AtomicInteger sent = new AtomicInteger();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private volatile boolean answers = true;

    @SuppressWarnings("NullAway.Init") // Before each test.
    private Toolkit toolkit;

    @BeforeEach
    void begin() {
        Store fragile = (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), new Class<?>[] {Store.class}, (proxy, method, arguments) -> {
                    if (SENT.contains(method.getName())) {
                        sent.incrementAndGet();
                        if (!answers) {
                            throw new OutcomeUnknownException("this is a test");
                        }
                    }
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        toolkit = Toolkit.builder().meters(meters).over(fragile);
    }

    @AfterEach
    void end() {
        toolkit.close();
        real.close();
    }

    /** Lets calls fail until the breaker refuses one. */
    private void fail() {
        answers = false;
        await().atMost(PATIENCE).until(() -> {
            assertThrows(Exception.class, () -> toolkit.store().call("PING"));
            return !toolkit.context().isStoreTrusted();
        });
    }

    private double calls(String result) {
        return meters.get("holdfast.store.calls").tag("result", result).timer().count();
    }

    @Test
    void aStoreThatFailsIsLeftAloneAndTakenBack() {
        assertEquals("PONG", toolkit.store().call("PING").text());
        fail();
        assertEquals("OPEN", toolkit.store().health().details().get("breaker"));
        assertEquals(0, meters.get("holdfast.store.trusted").gauge().value());
        int before = sent.get();
        int refused = 0;
        for (int i = 0; i < 1000; i++) {
            try {
                toolkit.store().call("PING");
            } catch (StoreUnavailableException e) {
                refused++;
            } catch (OutcomeUnknownException e) {
                // One of those that are let through to see.
            }
        }
        assertEquals(1000, refused + sent.get() - before, "what is refused is not sent");
        assertTrue(refused > 900, "refused: " + refused);
        assertEquals(refused, calls("refused"), 20);
        await().atMost(PATIENCE).until(() -> {
            fail();
            CompletableFuture<Reply> asked =
                    toolkit.store().callAsync(Command.of("PING")).toCompletableFuture();
            return asked.handle((reply, thrown) -> thrown instanceof StoreUnavailableException)
                    .join();
        });
        answers = true;
        assertEquals(
                "PONG",
                toolkit.context()
                        .retry()
                        .idempotent(() -> toolkit.store().call("PING").text()),
                "whoever tries again does not notice");
        await().atMost(PATIENCE).until(() -> {
            toolkit.context().retry().idempotent(() -> toolkit.store().call("PING"));
            return toolkit.context().isStoreTrusted();
        });
    }

    @Test
    void anErrorIsAnAnswer() {
        toolkit.store().call("SET", "a", "x");
        for (int i = 0; i < 50; i++) {
            assertThrows(CommandFailedException.class, () -> toolkit.store().call("LPUSH", "a", "y"));
        }
        assertTrue(toolkit.context().isStoreTrusted());
        assertEquals(0, calls("failed"));
        assertEquals(51, calls("answered"));
    }

    @Test
    void patternsDoWithoutTheStore() {
        Cache<String> cache = toolkit.cache("users", String.class).build();
        RateLimiter open = toolkit.rateLimiter("open")
                .limit(Limit.fixedWindow(1, Duration.ofMinutes(1)))
                .build();
        RateLimiter closed = toolkit.rateLimiter("closed")
                .limit(Limit.fixedWindow(100, Duration.ofMinutes(1)))
                .whenUnavailable(WhenUnavailable.DENY)
                .build();
        fail();
        assertEquals("loaded", cache.get("k", key -> "loaded"));
        assertEquals("loaded", cache.get("k", key -> "again"), "this process has it");
        for (int i = 0; i < 100; i++) {
            Decision decision = open.tryAcquire("ada");
            assertTrue(decision.allowed());
            assertFalse(decision.decided());
            assertFalse(closed.tryAcquire("ada").allowed());
        }
        int before = sent.get();
        answers = true;
        await().atMost(PATIENCE).until(() -> closed.tryAcquire("ada").allowed());
        assertTrue(sent.get() > before);
    }
}
