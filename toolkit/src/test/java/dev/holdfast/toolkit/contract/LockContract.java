package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.LeasedLock;
import dev.holdfast.toolkit.lock.Leases;
import dev.holdfast.toolkit.lock.Locks;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
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
    void namesAreAnyText() {
        for (String name : List.of("{x}", "a}b{", "two words", "", "%7Bx%7D", "x".repeat(1000), "ä\u0000")) {
            Lease lease = toolkit().locks().mutex(name).tryAcquire().orElseThrow();
            assertEquals(Optional.empty(), another().locks().mutex(name).tryAcquire(), name);
            lease.close();
            assertTrue(toolkit().locks().readWrite(name).read().tryAcquire().isPresent(), name);
        }
    }

    @Test
    void anInterruptLeavesNothingHeld() throws Exception {
        Locks locks = toolkit().locks();
        int names = 80;
        for (int i = 0; i < names; i++) {
            String name = "interrupted-" + i;
            CountDownLatch begun = new CountDownLatch(1);
            Thread thread = Thread.ofVirtual().start(() -> {
                begun.countDown();
                try (Lease lease = locks.mutex(name).acquire()) {
                    assertTrue(lease.isHeld());
                } catch (java.util.concurrent.CancellationException e) {
                    assertTrue(Thread.currentThread().isInterrupted());
                }
            });
            begun.await();
            long end = System.nanoTime() + i * 10_000L;
            while (System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            thread.interrupt();
            thread.join();
        }
        for (int i = 0; i < names; i++) {
            String key = "lock:interrupted-" + i;
            eventually(() -> !store().call("EXISTS", key).flag());
        }
    }

    @Test
    void oneWhoIsInterruptedGivesBackAllTheSame() {
        Lease lease = toolkit().locks().mutex("report").acquire();
        Thread.currentThread().interrupt();
        lease.close();
        assertTrue(Thread.interrupted());
        assertTrue(another().locks().mutex("report").tryAcquire().isPresent());
    }

    @Test
    void aFixedLeaseIsNotRenewed() {
        Lease lease =
                toolkit().locks().mutex("report").fixed(Duration.ofMillis(200)).acquire();
        CompletableFuture<String> told = new CompletableFuture<>();
        lease.onLost(() -> {
            throw new AssertionError("this is a test");
        });
        lease.onLost(() -> told.complete("lost"));
        assertEquals("lost", told.orTimeout(10, TimeUnit.SECONDS).join());
        assertFalse(lease.isHeld());
        pass(Duration.ofMillis(220));
        assertTrue(another().locks().mutex("report").tryAcquire().isPresent());
    }

    @Test
    void aLockMayBeKeptForAWhile() {
        LeasedLock once = toolkit().locks().mutex("report").atLeast(Duration.ofMillis(500));
        once.acquire().close();
        LeasedLock theirs = another().locks().mutex("report");
        assertEquals(Optional.empty(), theirs.tryAcquire());
        pass(Duration.ofMillis(520));
        assertTrue(theirs.tryAcquire().isPresent());
        LeasedLock permit = toolkit().locks().semaphore("permits", 1).atLeast(Duration.ofMillis(500));
        permit.acquire().close();
        assertEquals(Optional.empty(), permit.tryAcquire());
        pass(Duration.ofMillis(520));
        assertTrue(permit.tryAcquire().isPresent());
        Lease longer = toolkit()
                .locks(Duration.ofMillis(100))
                .mutex("kept")
                .atLeast(Duration.ofSeconds(100))
                .acquire();
        long left = store().call("PTTL", "lock:kept").number();
        assertTrue(left > 90_000, () -> "though its holder dies, but " + left);
        longer.close();
    }

    @Test
    void manyLocksAreTakenAllOrNone() throws Exception {
        Locks mine = toolkit().locks();
        Locks theirs = another().locks();
        Lease b = theirs.mutex("b").acquire();
        assertEquals(
                Optional.empty(), mine.all(mine.mutex("a"), mine.mutex("b")).tryAcquire());
        assertTrue(theirs.mutex("a").tryAcquire().map(this::giveBack).isPresent(), "it was given back");
        b.close();
        try (Leases leases = mine.all(mine.mutex("b"), mine.mutex("a")).acquire()) {
            assertTrue(leases.isHeld());
            assertEquals(
                    List.of("a", "b"), leases.each().stream().map(Lease::name).toList());
            assertEquals(Optional.empty(), theirs.mutex("a").tryAcquire());
        }
        CountDownLatch start = new CountDownLatch(1);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Locks locks = i % 2 == 0 ? mine : theirs;
                List<String> names = i % 3 == 0 ? List.of("a", "b", "c") : List.of("c", "a", "b");
                all.add(threads.submit(() -> {
                    start.await();
                    for (int j = 0; j < 5; j++) {
                        locks.all(names.stream().map(locks::mutex).toList())
                                .acquire()
                                .close();
                    }
                    return null;
                }));
            }
            start.countDown();
            for (Future<?> each : all) {
                each.get(60, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    @SuppressWarnings("LockNotBeforeTry") // What is tested is who may give it back.
    void itIsALockOfJava() throws Exception {
        Lock mine = toolkit().locks().mutex("report").asLock();
        Lock same = toolkit().locks(LONG).mutex("report").asLock();
        LeasedLock theirs = another().locks().mutex("report");
        mine.lock();
        assertTrue(same.tryLock(), "the thread has it");
        assertTrue(mine.tryLock(1, TimeUnit.SECONDS));
        mine.unlock();
        same.unlock();
        assertEquals(Optional.empty(), theirs.tryAcquire(), "it was taken thrice");
        AtomicInteger refused = new AtomicInteger();
        Thread.ofVirtual()
                .start(() -> {
                    refused.addAndGet(mine.tryLock() ? 0 : 1);
                    assertThrows(IllegalMonitorStateException.class, mine::unlock);
                    refused.incrementAndGet();
                })
                .join();
        assertEquals(2, refused.get(), "another thread has it not");
        mine.unlock();
        assertThrows(IllegalMonitorStateException.class, mine::unlock);
        assertTrue(theirs.tryAcquire().map(this::giveBack).isPresent());
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, mine::lockInterruptibly);
        Thread.currentThread().interrupt();
        mine.lock();
        assertTrue(Thread.interrupted(), "an interrupt is kept for later");
        store().call("SET", "lock:report", "somebody else");
        mine.unlock();
        assertEquals("somebody else", store().call("GET", "lock:report").text());
        assertThrows(UnsupportedOperationException.class, mine::newCondition);
    }

    @Test
    @SuppressWarnings("LockNotBeforeTry") // What is tested is who may give it back.
    void itsUnlockTellsOfALoss() {
        Lock mine = toolkit().locks(Duration.ofMillis(150)).mutex("report").asLock();
        mine.lock();
        store().call("SET", "lock:report", "somebody else");
        eventually(() ->
                toolkit().context().meters().get("holdfast.lock.lost").counter().count() >= 1);
        assertThrows(IllegalMonitorStateException.class, mine::tryLock);
        assertThrows(IllegalMonitorStateException.class, mine::unlock);
    }

    @Test
    void manyLeasesAreOnePattern() {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        Toolkit counted = closing(Toolkit.builder().meters(meters).over(store()));
        Lease held = counted.locks().mutex("held").acquire();
        for (int i = 0; i < 1000; i++) {
            try (Locks locks = counted.locks(Duration.ofMillis(1000 + i))) {
                locks.mutex("x").tryAcquire().orElseThrow().close();
            }
        }
        assertEquals(Set.of("store", "lock:all"), counted.health().keySet());
        assertEquals(1, meters.get("holdfast.lock.held").gauge().value());
        assertTrue(held.isHeld());
    }

    @Test
    void badArgumentsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> toolkit().locks(Duration.ofMillis(1)));
        LeasedLock lock = toolkit().locks().mutex("x");
        assertThrows(IllegalArgumentException.class, () -> lock.fixed(Duration.ZERO));
        assertThrows(IllegalArgumentException.class, () -> lock.atLeast(Duration.ofMillis(-1)));
        assertThrows(IllegalArgumentException.class, () -> toolkit().locks().all(lock, lock.lease(LONG)));
        assertThrows(IllegalArgumentException.class, () -> toolkit().locks().semaphore("x", 0));
    }
}
