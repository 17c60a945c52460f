package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.limit.Decision;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.limit.RateLimiter.WhenUnavailable;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every rate limiter does. */
@ContractTest
class LimitContract extends Contract {
    /** Long enough that no test sees its end where time is real. */
    private static final Duration LONG = Duration.ofMinutes(10);

    private static Limit limit(Limit.Algorithm algorithm, long amount, Duration period) {
        return new Limit(algorithm, amount, period, amount);
    }

    private RateLimiter limiter(Limit... limits) {
        RateLimiter.Builder builder = toolkit().rateLimiter("rate:api");
        for (Limit limit : limits) {
            builder.limit(limit);
        }
        return builder.build();
    }

    @ParameterizedTest
    @EnumSource
    void allowsTheAmountAndNoMore(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 3, LONG));
        for (int remaining = 2; remaining >= 0; remaining--) {
            Decision decision = limiter.acquire("ada");
            assertTrue(decision.allowed());
            assertTrue(decision.decided());
            assertEquals(3, decision.limit());
            assertEquals(remaining, decision.remaining());
            assertEquals(Optional.of(Duration.ZERO), decision.retryAfter());
            assertTrue(decision.reset().isPositive());
        }
        Decision denied = limiter.acquire("ada");
        assertFalse(denied.allowed());
        assertEquals(0, denied.remaining());
        assertTrue(denied.retryAfter().orElseThrow().isPositive());
        assertTrue(limiter.acquire("grace").allowed(), "each subject is counted by itself");
    }

    @ParameterizedTest
    @EnumSource
    void whatIsDeniedIsNotCounted(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 5, LONG));
        assertTrue(limiter.acquire("ada", 3).allowed());
        assertFalse(limiter.acquire("ada", 3).allowed());
        assertTrue(limiter.acquire("ada", 2).allowed());
    }

    @ParameterizedTest
    @EnumSource
    void aLookTakesNothing(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 2, LONG));
        assertTrue(limiter.peek("ada", 2).allowed());
        assertEquals(2, limiter.peek("ada", 2).remaining());
        assertFalse(limiter.peek("ada", 3).allowed());
        assertTrue(limiter.acquire("ada", 2).allowed());
        assertFalse(limiter.peek("ada", 1).allowed());
    }

    @ParameterizedTest
    @EnumSource
    void whatCostsMoreThanTheLimitNeverHappens(Limit.Algorithm algorithm) {
        Decision decision = limiter(limit(algorithm, 2, LONG)).acquire("ada", 3);
        assertFalse(decision.allowed());
        assertEquals(Optional.empty(), decision.retryAfter());
    }

    @ParameterizedTest
    @EnumSource
    void itIsAllowedAgainAfterTheTimeItNames(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 4, Duration.ofMillis(200)));
        // Where time is real, a sliding counter may forget while it is being filled.
        while (limiter.acquire("ada").allowed()) {}
        Decision denied = limiter.peek("ada", 1);
        pass(denied.retryAfter().orElseThrow().plusMillis(2));
        assertTrue(limiter.acquire("ada").allowed());
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsLeftAfterTheReset(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 4, Duration.ofMillis(100)));
        Decision decision = limiter.acquire("ada", 4);
        pass(decision.reset().plusMillis(5));
        assertEquals(4, limiter.peek("ada", 0).remaining());
        eventually(() -> store().call("EXISTS", "rate:api:ada").number() == 0);
    }

    @ParameterizedTest
    @EnumSource
    void aResetForgets(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 1, LONG));
        assertTrue(limiter.acquire("ada").allowed());
        assertFalse(limiter.acquire("ada").allowed());
        limiter.reset("ada");
        assertTrue(limiter.acquire("ada").allowed());
    }

    @ParameterizedTest
    @EnumSource
    void manyAtOnceGetNoMoreThanTheAmount(Limit.Algorithm algorithm) throws Exception {
        RateLimiter one = limiter(limit(algorithm, 50, LONG));
        RateLimiter other = another()
                .rateLimiter("rate:api")
                .limit(limit(algorithm, 50, LONG))
                .build();
        AtomicInteger allowed = new AtomicInteger();
        CountDownLatch start = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 120; i++) {
                RateLimiter limiter = i % 2 == 0 ? one : other;
                threads.submit(() -> {
                    start.await();
                    return limiter.acquire("ada").allowed() ? allowed.incrementAndGet() : 0;
                });
            }
            start.countDown();
        }
        assertEquals(50, allowed.get());
    }

    @Test
    void aBucketAllowsABurstAndThenTheRate() {
        RateLimiter limiter = limiter(Limit.tokenBucket(10, Duration.ofMinutes(10), 3));
        assertEquals(2, limiter.acquire("ada").remaining());
        assertTrue(limiter.acquire("ada", 2).allowed());
        Duration retry = limiter.acquire("ada").retryAfter().orElseThrow();
        assertTrue(retry.compareTo(Duration.ofMinutes(1)) <= 0, retry.toString());
        assertTrue(retry.compareTo(Duration.ofSeconds(50)) > 0, retry.toString());
    }

    @Test
    void severalLimitsAreTakenTogetherOrNotAtAll() {
        RateLimiter limiter = limiter(Limit.tokenBucket(2, LONG), Limit.fixedWindow(3, LONG));
        Decision both = limiter.acquire("ada", 2);
        assertTrue(both.allowed());
        assertEquals(2, both.limit(), "the tighter one is shown");
        assertFalse(limiter.acquire("ada", 1).allowed(), "the bucket is empty");
        assertEquals("2", store().call("GET", "{rate:api:ada}:1").text(), "and nothing was taken from the window");
    }

    @Test
    void keysHaveTheNamesOfOtherPrograms() {
        limiter(Limit.fixedWindow(10, LONG)).acquire("client-7:search", 4);
        assertEquals("4", store().call("GET", "rate:api:client-7:search").text());
        assertTrue(store().call("PTTL", "rate:api:client-7:search").number() > 0);
        store().call("PERSIST", "rate:api:client-7:search");
        limiter(Limit.fixedWindow(10, LONG)).acquire("client-7:search");
        assertTrue(store().call("PTTL", "rate:api:client-7:search").number() > 0, "a counter never stays for ever");
    }

    @Test
    void withoutAStoreItAllowsDeniesOrThrows() {
        Store closed = target.open();
        closed.close();
        Toolkit toolkit = closing(Toolkit.over(closed));
        Limit limit = Limit.fixedWindow(1, LONG);
        RateLimiter open = toolkit.rateLimiter("a").limit(limit).build();
        Decision allowed = open.acquire("ada");
        assertTrue(allowed.allowed());
        assertFalse(allowed.decided());
        assertFalse(open.health().up());
        assertFalse(toolkit.rateLimiter("b")
                .limit(limit)
                .whenUnavailable(WhenUnavailable.DENY)
                .build()
                .acquire("ada")
                .allowed());
        RateLimiter strict = toolkit.rateLimiter("c")
                .limit(limit)
                .whenUnavailable(WhenUnavailable.THROW)
                .build();
        assertThrows(StoreException.class, () -> strict.acquire("ada"));
    }

    @Test
    void badLimitsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Limit.fixedWindow(0, LONG));
        assertThrows(IllegalArgumentException.class, () -> Limit.tokenBucket(1, Duration.ZERO));
        assertThrows(
                IllegalStateException.class, () -> toolkit().rateLimiter("none").build());
        RateLimiter limiter = limiter(Limit.fixedWindow(1, LONG));
        assertThrows(IllegalArgumentException.class, () -> limiter.acquire("ada", -1));
    }
}
