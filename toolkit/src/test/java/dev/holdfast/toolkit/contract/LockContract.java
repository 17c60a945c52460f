package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.LeasedLock;
import dev.holdfast.toolkit.lock.Locks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What every lock does. */
@ContractTest
class LockContract extends Contract {
    private static final Duration LONG = Duration.ofSeconds(20);

    @Test
    void oneHasItAtATime() {
        LeasedLock mine = toolkit().locks().mutex("report");
        LeasedLock theirs = another().locks().mutex("report");
        Lease lease = mine.tryAcquire().orElseThrow();
        assertTrue(lease.isHeld());
        assertEquals(Optional.empty(), theirs.tryAcquire());
        assertEquals(Optional.empty(), mine.tryAcquire(), "not even the same process");
        lease.close();
        assertFalse(lease.isHeld());
        assertTrue(theirs.tryAcquire().isPresent());
    }

    @Test
    void fencingTokensGrow() {
        Locks locks = toolkit().locks();
        long last = 0;
        for (int i = 0; i < 20; i++) {
            try (Lease lease = locks.mutex("report").acquire()) {
                assertTrue(lease.fencingToken() > last);
                last = lease.fencingToken();
            }
        }
    }

    @Test
    void onlyItsOwnerGivesItBack() {
        Lease lease = toolkit().locks().mutex("report").acquire();
        store().call("SET", "lock:report", "somebody else");
        lease.close();
        assertEquals("somebody else", store().call("GET", "lock:report").text());
    }

    @Test
    void whoWaitsIsWoken() throws Exception {
        Lease lease = toolkit().locks().mutex("report").acquire();
        LeasedLock theirs = another().locks().mutex("report");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Optional<Lease>> waiting = threads.submit(() -> theirs.tryAcquire(LONG));
            eventually(() -> store().call("EXISTS", "{lock:report}:waiting").flag());
            assertFalse(waiting.isDone());
            lease.close();
            assertTrue(waiting.get(10, TimeUnit.SECONDS).isPresent());
        }
    }

    @Test
    void aWaitEnds() {
        Lease lease = toolkit().locks().mutex("report").acquire();
        long start = System.nanoTime();
        assertEquals(Optional.empty(), another().locks().mutex("report").tryAcquire(Duration.ofMillis(30)));
        assertTrue(System.nanoTime() - start >= Duration.ofMillis(30).toNanos());
        assertTrue(lease.isHeld());
    }

    @Test
    void aDeadHoldersLockIsFreeAfterItsLease() {
        LeasedLock dead = another().locks().mutex("report");
        dead.acquire();
        store().call("PEXPIRE", "lock:report", 50);
        LeasedLock mine = toolkit().locks().mutex("report");
        assertEquals(Optional.empty(), mine.tryAcquire());
        pass(Duration.ofMillis(60));
        assertTrue(mine.tryAcquire().isPresent());
    }

    @Test
    void aLeaseIsRenewed() {
        Lease lease = toolkit().locks(Duration.ofMillis(300)).mutex("report").acquire();
        store().call("PEXPIRE", "lock:report", 200_000);
        eventually(() -> store().call("PTTL", "lock:report").number() <= 300);
        assertTrue(lease.isHeld());
        lease.close();
    }

    @Test
    void aLostLockIsTold() {
        Lease lease = toolkit().locks(Duration.ofMillis(150)).mutex("report").acquire();
        CompletableFuture<String> told = new CompletableFuture<>();
        lease.onLost(() -> told.complete("lost"));
        store().call("SET", "lock:report", "somebody else");
        assertEquals("lost", told.orTimeout(10, TimeUnit.SECONDS).join());
        assertFalse(lease.isHeld());
        CompletableFuture<String> late = new CompletableFuture<>();
        lease.onLost(() -> late.complete("at once"));
        assertEquals("at once", late.orTimeout(10, TimeUnit.SECONDS).join());
    }

    @Test
    void twoHoldersNeverBothPassTheFence() {
        Locks mine = toolkit().locks();
        Lease stopped = mine.mutex("report").acquire();
        assertTrue(mine.fence("report").admits(stopped.fencingToken()));
        store().call("DEL", "lock:report");
        Lease next = another().locks().mutex("report").acquire();
        assertTrue(mine.fence("report").admits(next.fencingToken()));
        assertFalse(mine.fence("report").admits(stopped.fencingToken()));
        assertTrue(mine.fence("report").admits(next.fencingToken()), "the present holder goes on");
    }

    @Test
    void aFenceGrowsThoughTheKeysAreLost() {
        Lease before = toolkit().locks().mutex("report").acquire();
        target.clear();
        pass(Duration.ofMillis(2));
        Lease after = another().locks().mutex("report").acquire();
        assertTrue(after.fencingToken() > before.fencingToken());
    }

    @Test
    void readersShareAndWritersDoNot() {
        Locks.ReadWriteLock mine = toolkit().locks().readWrite("catalog");
        Locks.ReadWriteLock theirs = another().locks().readWrite("catalog");
        Lease first = mine.read().tryAcquire().orElseThrow();
        Lease second = theirs.read().tryAcquire().orElseThrow();
        assertEquals(Optional.empty(), theirs.write().tryAcquire());
        first.close();
        assertEquals(Optional.empty(), theirs.write().tryAcquire());
        second.close();
        Lease writer = theirs.write().tryAcquire().orElseThrow();
        assertEquals(Optional.empty(), mine.read().tryAcquire());
        assertEquals(Optional.empty(), mine.write().tryAcquire());
        writer.close();
        assertTrue(mine.read().tryAcquire().isPresent());
    }

    @Test
    void aWriterThatWaitsComesBeforeFurtherReaders() throws Exception {
        Locks.ReadWriteLock mine = toolkit().locks().readWrite("catalog");
        Locks.ReadWriteLock theirs = another().locks().readWrite("catalog");
        Lease reader = mine.read().acquire();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Lease> writer = threads.submit(() -> theirs.write().acquire());
            eventually(() -> mine.read().tryAcquire().map(this::giveBack).isEmpty());
            reader.close();
            writer.get(10, TimeUnit.SECONDS).close();
        }
        assertTrue(mine.read().tryAcquire().isPresent());
    }

    private boolean giveBack(Lease lease) {
        lease.close();
        return true;
    }

    @Test
    void aSemaphoreHasSoManyPermits() {
        LeasedLock mine = toolkit().locks().semaphore("connections", 3);
        LeasedLock theirs = another().locks().semaphore("connections", 3);
        List<Lease> leases = new ArrayList<>();
        leases.add(mine.tryAcquire().orElseThrow());
        leases.add(theirs.tryAcquire().orElseThrow());
        leases.add(theirs.tryAcquire().orElseThrow());
        assertEquals(Optional.empty(), mine.tryAcquire());
        leases.removeFirst().close();
        assertTrue(mine.tryAcquire().isPresent());
        assertEquals(Optional.empty(), theirs.tryAcquire());
    }

    @Test
    void aDeadHoldersPermitIsFreeAfterItsLease() {
        LeasedLock mine = toolkit().locks().semaphore("connections", 1);
        mine.acquire();
        String holder = store().call("ZRANGE", "{lock:connections}:holders", 0, 0)
                .texts()
                .getFirst();
        store().call("ZINCRBY", "{lock:connections}:holders", -10_000, holder);
        assertEquals(Optional.empty(), mine.tryAcquire(), "it has twenty seconds more");
        store().call("ZINCRBY", "{lock:connections}:holders", -30_000, holder);
        assertTrue(mine.tryAcquire().isPresent());
    }

    @Test
    void whatItGuardsIsNeverDoneByTwo() throws Exception {
        List<LeasedLock> locks = List.of(
                toolkit().locks().mutex("counter"),
                another().locks().mutex("counter"),
                another().locks().mutex("counter"));
        int[] counter = {0};
        AtomicInteger inside = new AtomicInteger();
        CountDownLatch start = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                LeasedLock lock = locks.get(i % 3);
                all.add(threads.submit(() -> {
                    start.await();
                    for (int j = 0; j < 10; j++) {
                        try (Lease lease = lock.acquire()) {
                            assertEquals(1, inside.incrementAndGet());
                            counter[0]++;
                            assertTrue(lease.isHeld());
                            inside.decrementAndGet();
                        }
                    }
                    return null;
                }));
            }
            start.countDown();
            for (Future<?> each : all) {
                each.get(60, TimeUnit.SECONDS);
            }
        }
        assertEquals(120, counter[0]);
    }

    @Test
    void closingGivesEverythingBack() {
        toolkit().locks().mutex("a").acquire();
        Locks theirs = another().locks(LONG);
        Lease lease = theirs.mutex("b").acquire();
        theirs.close();
        assertFalse(lease.isHeld());
        assertTrue(toolkit().locks().mutex("b").tryAcquire().isPresent());
    }

    @Test
    void badArgumentsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> toolkit().locks(Duration.ofMillis(1)));
        assertThrows(IllegalArgumentException.class, () -> toolkit().locks().mutex("{x}"));
        assertThrows(IllegalArgumentException.class, () -> toolkit().locks().semaphore("x", 0));
    }
}
