package dev.holdfast.toolkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.contract.TestClock;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.Schedule;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.limit.Decision;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.LeasedLock;
import dev.holdfast.toolkit.lock.Locks;
import dev.holdfast.toolkit.session.Session;
import dev.holdfast.toolkit.session.Sessions;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The store's clock jumps, forward and back. */
class ClockTest {
    private static final Duration PERIOD = Duration.ofSeconds(10);
    private static final int AMOUNT = 3;

    private final TestClock clock = new TestClock();
    private final Holdfast holdfast = Holdfast.open(new Config(), clock);
    private final Toolkit toolkit = Toolkit.over(holdfast);
    private int probes;

    @AfterEach
    void close() {
        toolkit.close();
        holdfast.close();
    }

    private void jump(int hours) {
        clock.advance(Duration.ofHours(hours).toMillis());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, -1, 24, -24})
    void fencingTokensOfLocksGrow(int hours) {
        Locks locks = toolkit.locks();
        LeasedLock lock = locks.mutex("report");
        long last = 0;
        for (int i = 0; i < 4; i++) {
            try (Lease lease = lock.acquire()) {
                assertTrue(lease.fencingToken() > last);
                assertTrue(locks.fence("report").admits(lease.fencingToken()));
                assertFalse(last > 0 && locks.fence("report").admits(last), "an older one");
                last = lease.fencingToken();
            }
            jump(i % 2 == 0 ? hours : -hours);
        }
    }

    @Test
    void whoeverSleptThroughAJumpDoesNotPassTheFence() {
        Locks locks = toolkit.locks();
        Lease asleep = locks.mutex("report").acquire();
        jump(1);
        try (Lease next = locks.mutex("report").acquire()) {
            assertTrue(locks.fence("report").admits(next.fencingToken()));
            assertFalse(locks.fence("report").admits(asleep.fencingToken()));
            jump(-1);
            assertFalse(locks.fence("report").admits(asleep.fencingToken()));
            assertTrue(locks.fence("report").admits(next.fencingToken()));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, -1, 24, -24})
    void fencingTokensOfJobsGrow(int hours) {
        Jobs jobs = toolkit.jobs("app").queue("q", 1).build();
        List<Long> tokens = new CopyOnWriteArrayList<>();
        try (Worker worker = jobs.worker()
                .handle("note", String.class, job -> tokens.add(job.fencingToken()))
                .start()) {
            assertTrue(worker.name().length() > 0);
            for (int i = 1; i <= 4; i++) {
                jobs.add(NewJob.of("note", "n" + i).queue("q"));
                int all = i;
                // A job still at work would rightly be done again after the jump.
                Scale.await(() -> jobs.stats().processed() == all);
                jump(i % 2 == 0 ? hours : -hours);
            }
        }
        assertEquals(tokens.stream().sorted().distinct().toList(), tokens);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, -1, 24, -24})
    void limitsNeitherHangNorRunOver(int hours) {
        for (Limit limit : List.of(
                Limit.fixedWindow(AMOUNT, PERIOD),
                Limit.slidingLog(AMOUNT, PERIOD),
                Limit.slidingCounter(AMOUNT, PERIOD),
                Limit.tokenBucket(AMOUNT, PERIOD))) {
            RateLimiter limiter = toolkit.rateLimiter("rate:" + limit.algorithm())
                    .limit(limit)
                    .build();
            assertEquals(AMOUNT, taken(limiter));
            jump(hours);
            Decision peeked = limiter.peek("all", 1);
            assertTrue(peeked.remaining() >= 0 && peeked.remaining() <= AMOUNT, peeked::toString);
            assertTrue(peeked.retryAfter().orElseThrow().compareTo(PERIOD) <= 0, () -> limit + ": " + peeked);
            assertTrue(taken(limiter) <= AMOUNT);
            clock.advance(2 * PERIOD.toMillis());
            assertEquals(AMOUNT, taken(limiter), () -> limit + " hangs");
            jump(-hours);
            limiter.close();
        }
    }

    private static int taken(RateLimiter limiter) {
        int taken = 0;
        while (taken <= AMOUNT && limiter.tryAcquire("all").allowed()) {
            taken++;
        }
        return taken;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, -1})
    void sessionsLiveOn(int hours) {
        Sessions sessions =
                toolkit.sessions("session:").ttl(Duration.ofHours(2)).build();
        Session session = sessions.create().set("cart", "full").principal("ada");
        session.save();
        for (int i = 0; i < 4; i++) {
            jump(i % 2 == 0 ? hours : -hours);
            Session found = sessions.find(session.id()).orElseThrow();
            assertEquals("full", found.get("cart", String.class).orElseThrow());
            assertEquals(1, sessions.of("ada").size());
        }
        jump(3 + Math.abs(hours));
        assertTrue(sessions.find(session.id()).isEmpty(), "it has an end");
        assertEquals(List.of(), sessions.of("ada"));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, -24})
    void aScheduleServesEachTimeOnce(int back) {
        try (Toolkit late = Toolkit.over(holdfast)) {
            Jobs jobs = scheduling(toolkit);
            awaitLook(jobs);
            jump(1);
            awaitLook(jobs);
            assertEquals(1, pending(jobs, "hourly"));
            jump(back);
            Jobs others = scheduling(late);
            awaitLook(jobs);
            awaitLook(others);
            jump(-back);
            awaitLook(jobs);
            awaitLook(others);
            assertEquals(1, pending(jobs, "hourly"), "the same hour once more");
            jump(1);
            awaitLook(jobs);
            awaitLook(others);
            assertEquals(2, pending(jobs, "hourly"));
        }
    }

    /** Waits until all schedules have been looked at: with them one that was due a while ago, and then another. */
    private void awaitLook(Jobs jobs) {
        for (int i = 0; i < 2; i++) {
            String name = "probe-" + ++probes;
            toolkit.store().call("HSET", "jobs:{app}:cron", name, clock.millis() - 120_000);
            jobs.schedule(name, Schedule.cron("* * * * *", ZoneOffset.UTC), () -> job("probes"));
            int all = probes;
            Scale.await(() -> pending(jobs, "probes") == all);
            jobs.unschedule(name);
        }
    }

    private static Jobs scheduling(Toolkit toolkit) {
        Jobs jobs = toolkit.jobs("app").queue("hourly", 1).queue("probes", 1).build();
        jobs.schedule("hourly", Schedule.cron("0 * * * *", ZoneOffset.UTC), () -> job("hourly"));
        return jobs;
    }

    private static NewJob job(String queue) {
        return NewJob.of("note", queue).queue(queue);
    }

    private static long pending(Jobs jobs, String queue) {
        return jobs.stats().queue(queue).pending();
    }
}
