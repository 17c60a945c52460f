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
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
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
            Decision decision = limiter.tryAcquire("ada");
            assertTrue(decision.allowed());
            assertTrue(decision.decided());
            assertEquals(3, decision.limit());
            assertEquals(remaining, decision.remaining());
            assertEquals(Optional.of(Duration.ZERO), decision.retryAfter());
            assertTrue(decision.reset().isPositive());
        }
        Decision denied = limiter.tryAcquire("ada");
        assertFalse(denied.allowed());
        assertEquals(0, denied.remaining());
        assertTrue(denied.retryAfter().orElseThrow().isPositive());
        assertTrue(limiter.tryAcquire("grace").allowed(), "each subject is counted by itself");
    }

    @ParameterizedTest
    @EnumSource
    void whatIsDeniedIsNotCounted(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 5, LONG));
        assertTrue(limiter.tryAcquire("ada", 3).allowed());
        assertFalse(limiter.tryAcquire("ada", 3).allowed());
        assertTrue(limiter.tryAcquire("ada", 2).allowed());
    }

    @ParameterizedTest
    @EnumSource
    void aLookTakesNothing(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 2, LONG));
        assertTrue(limiter.peek("ada", 2).allowed());
        assertEquals(2, limiter.peek("ada", 2).remaining());
        assertFalse(limiter.peek("ada", 3).allowed());
        assertTrue(limiter.tryAcquire("ada", 2).allowed());
        assertFalse(limiter.peek("ada", 1).allowed());
    }

    @ParameterizedTest
    @EnumSource
    void whatCostsMoreThanTheLimitNeverHappens(Limit.Algorithm algorithm) {
        Decision decision = limiter(limit(algorithm, 2, LONG)).tryAcquire("ada", 3);
        assertFalse(decision.allowed());
        assertEquals(Optional.empty(), decision.retryAfter());
    }

    @ParameterizedTest
    @EnumSource
    void itIsAllowedAgainAfterTheTimeItNames(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 4, Duration.ofMillis(200)));
        // Where time is real, a sliding counter may forget while it is being filled.
        while (limiter.tryAcquire("ada").allowed()) {}
        Decision denied = limiter.peek("ada", 1);
        pass(denied.retryAfter().orElseThrow().plusMillis(2));
        assertTrue(limiter.tryAcquire("ada").allowed());
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsLeftAfterTheReset(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 4, Duration.ofMillis(100)));
        Decision decision = limiter.tryAcquire("ada", 4);
        pass(decision.reset().plusMillis(5));
        assertEquals(4, limiter.peek("ada", 0).remaining());
        eventually(() -> store().call("EXISTS", "rate:api:ada").number() == 0);
    }

    @ParameterizedTest
    @EnumSource
    void aResetForgets(Limit.Algorithm algorithm) {
        RateLimiter limiter = limiter(limit(algorithm, 1, LONG));
        assertTrue(limiter.tryAcquire("ada").allowed());
        assertFalse(limiter.tryAcquire("ada").allowed());
        limiter.reset("ada");
        assertTrue(limiter.tryAcquire("ada").allowed());
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
                    return limiter.tryAcquire("ada").allowed() ? allowed.incrementAndGet() : 0;
                });
            }
            start.countDown();
        }
        assertEquals(50, allowed.get());
    }

    @Test
    void aBucketAllowsABurstAndThenTheRate() {
        RateLimiter limiter = limiter(Limit.tokenBucket(10, Duration.ofMinutes(10), 3));
        assertEquals(2, limiter.tryAcquire("ada").remaining());
        assertTrue(limiter.tryAcquire("ada", 2).allowed());
        Duration retry = limiter.tryAcquire("ada").retryAfter().orElseThrow();
        assertTrue(retry.compareTo(Duration.ofMinutes(1)) <= 0, retry.toString());
        assertTrue(retry.compareTo(Duration.ofSeconds(50)) > 0, retry.toString());
    }

    @Test
    void severalLimitsAreTakenTogetherOrNotAtAll() {
        RateLimiter limiter = limiter(Limit.tokenBucket(2, LONG), Limit.fixedWindow(3, LONG));
        Decision both = limiter.tryAcquire("ada", 2);
        assertTrue(both.allowed());
        assertEquals(2, both.limit(), "the tighter one is shown");
        assertFalse(limiter.tryAcquire("ada", 1).allowed(), "the bucket is empty");
        assertEquals("2", store().call("GET", "{rate:api:ada}:1").text(), "and nothing was taken from the window");
    }

    @Test
    void keysHaveTheNamesOfOtherPrograms() {
        limiter(Limit.fixedWindow(10, LONG)).tryAcquire("client-7:search", 4);
        assertEquals("4", store().call("GET", "rate:api:client-7:search").text());
        assertTrue(store().call("PTTL", "rate:api:client-7:search").number() > 0);
        store().call("PERSIST", "rate:api:client-7:search");
        limiter(Limit.fixedWindow(10, LONG)).tryAcquire("client-7:search");
        assertTrue(store().call("PTTL", "rate:api:client-7:search").number() > 0, "a counter never stays for ever");
    }

    @Test
    void withoutAStoreItAllowsDeniesOrThrows() {
        Store closed = target.open();
        closed.close();
        Toolkit toolkit = closing(Toolkit.over(closed));
        Limit limit = Limit.fixedWindow(1, LONG);
        RateLimiter open = toolkit.rateLimiter("a").limit(limit).build();
        Decision allowed = open.tryAcquire("ada");
        assertTrue(allowed.allowed());
        assertFalse(allowed.decided());
        assertFalse(open.health().up());
        assertFalse(toolkit.rateLimiter("b")
                .limit(limit)
                .whenUnavailable(WhenUnavailable.DENY)
                .build()
                .tryAcquire("ada")
                .allowed());
        RateLimiter strict = toolkit.rateLimiter("c")
                .limit(limit)
                .whenUnavailable(WhenUnavailable.THROW)
                .build();
        assertThrows(StoreException.class, () -> strict.tryAcquire("ada"));
    }

    @Test
    void anErrorIsNoOutage() {
        store().call("RPUSH", "rate:api:bob", "x");
        store().call("HSET", "rate:api:carol", "name", "Carol");
        store().call("SET", "rate:api:dave", "text");
        store().call("ZADD", "rate:api:eve", 1, "member");
        for (Limit.Algorithm algorithm : Limit.Algorithm.values()) {
            RateLimiter limiter = limiter(limit(algorithm, 2, LONG));
            for (String subject : List.of("bob", "carol", "dave", "eve")) {
                if (subject.equals("eve") && algorithm == Limit.Algorithm.LOG) {
                    continue; // A sorted set is what a log is.
                }
                Decision decision = limiter.tryAcquire(subject);
                assertFalse(decision.allowed(), algorithm + " " + subject);
                assertFalse(decision.decided());
                assertFalse(limiter.health().up());
                assertThrows(StoreException.class, () -> limiter.acquire(subject));
            }
            assertTrue(limiter.tryAcquire("ada " + algorithm).allowed(), "its neighbours are decided");
            limiter.close();
        }
        assertEquals("Carol", store().call("HGET", "rate:api:carol", "name").text(), "what is another's stays");
        assertEquals("text", store().call("GET", "rate:api:dave").text());
    }

    @Test
    void aChangedAlgorithmCountsAnew() {
        for (Limit.Algorithm before : Limit.Algorithm.values()) {
            for (Limit.Algorithm after : Limit.Algorithm.values()) {
                String subject = before + "-" + after;
                limiter(limit(before, 2, LONG)).tryAcquire(subject, 2);
                RateLimiter limiter = limiter(limit(after, 2, LONG));
                int allowed = 0;
                for (int i = 0; i < 10; i++) {
                    allowed += limiter.tryAcquire(subject).allowed() ? 1 : 0;
                }
                assertTrue(allowed <= 2, subject + ": " + allowed);
                assertTrue(limiter.health().up(), subject);
            }
        }
    }

    @Test
    void limitsMayChangeWhileTheyCount() {
        RateLimiter limiter = limiter(Limit.fixedWindow(2, LONG));
        limiter.tryAcquire("ada", 2);
        assertFalse(limiter.tryAcquire("ada").allowed());
        limiter.limits(List.of(Limit.fixedWindow(3, LONG)));
        assertTrue(limiter.tryAcquire("ada").allowed());
        assertFalse(limiter.tryAcquire("ada").allowed());
    }

    @Test
    void itWaitsUntilItMay() throws Exception {
        RateLimiter limiter = limiter(Limit.tokenBucket(1000, Duration.ofSeconds(1), 1));
        limiter.tryAcquire("ada");
        Thread waiting = Thread.ofVirtual().start(() -> limiter.acquire("ada"));
        eventually(() -> {
            pass(Duration.ofMillis(1));
            return !waiting.isAlive();
        });
        RateLimiter slow = limiter(Limit.tokenBucket(1, LONG));
        assertTrue(slow.tryAcquire("grace", 1, Duration.ofSeconds(1)).allowed());
        assertFalse(slow.tryAcquire("grace", 1, Duration.ofSeconds(1)).allowed(), "it is known not to be in time");
        assertThrows(IllegalArgumentException.class, () -> slow.acquire("grace", 2));
        Thread.currentThread().interrupt();
        assertThrows(CancellationException.class, () -> slow.acquire("grace"));
        assertTrue(Thread.interrupted());
    }

    @Test
    void windowsFollowACalendar() {
        ZoneId zone = ZoneId.of("Asia/Kolkata");
        for (ChronoUnit unit :
                List.of(ChronoUnit.HOURS, ChronoUnit.DAYS, ChronoUnit.WEEKS, ChronoUnit.MONTHS, ChronoUnit.YEARS)) {
            RateLimiter limiter = limiter(Limit.calendarWindow(2, unit, zone));
            long before = store().millis();
            assertTrue(limiter.tryAcquire("ada " + unit, 2).allowed());
            Decision denied = limiter.tryAcquire("ada " + unit);
            if (denied.allowed()) {
                continue; // The window has just ended.
            }
            Duration retry = denied.retryAfter().orElseThrow();
            ZonedDateTime next =
                    Instant.ofEpochMilli(before).plus(retry).plusMillis(5000).atZone(zone);
            assertEquals(0, next.getMinute(), unit + ": " + next);
            if (unit != ChronoUnit.HOURS) {
                assertEquals(0, next.getHour(), unit + ": " + next);
            }
            limiter.reset("ada " + unit);
            assertTrue(limiter.tryAcquire("ada " + unit).allowed());
        }
        assertThrows(
                IllegalArgumentException.class, () -> Limit.calendarWindow(1, ChronoUnit.MINUTES, ZoneId.of("UTC")));
    }

    @Test
    void subjectsAreAnyText() {
        for (String subject : List.of("/users/{id}", "}{", "", " ", "x".repeat(2000), "%7B")) {
            RateLimiter one = limiter(Limit.tokenBucket(1, LONG));
            assertTrue(one.tryAcquire(subject).allowed());
            assertFalse(one.tryAcquire(subject).allowed());
            RateLimiter two = limiter(Limit.tokenBucket(1, LONG), Limit.fixedWindow(3, LONG));
            assertTrue(two.tryAcquire(subject).allowed());
            assertFalse(two.tryAcquire(subject).allowed());
        }
    }

    @Test
    void aLargeCostIsOneStep() {
        RateLimiter limiter = limiter(Limit.slidingLog(10_000, LONG));
        assertEquals(1, limiter.tryAcquire("ada", 9_999).remaining());
        assertTrue(limiter.tryAcquire("ada").allowed());
        assertFalse(limiter.tryAcquire("ada").allowed());
        assertThrows(IllegalArgumentException.class, () -> Limit.slidingLog(2_000_000, LONG));
    }

    @Test
    void badLimitsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Limit.fixedWindow(0, LONG));
        assertThrows(IllegalArgumentException.class, () -> Limit.tokenBucket(1, Duration.ZERO));
        assertThrows(
                IllegalStateException.class, () -> toolkit().rateLimiter("none").build());
        RateLimiter limiter = limiter(Limit.fixedWindow(1, LONG));
        assertThrows(IllegalArgumentException.class, () -> limiter.tryAcquire("ada", -1));
    }
}
