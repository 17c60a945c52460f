package dev.holdfast.engine.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.keyspace.Keyspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Snapshots while several threads change everything: what they hold, what they keep in memory, and how they end. */
class SnapshotUnderLoadTest {
    private static final int ROUNDS = 60;

    @Test
    void savesTheMomentWhileThreadsChangeEverything() throws Exception {
        for (int seed = 1; seed <= ROUNDS; seed++) {
            try (TestStore store = RandomChanges.store();
                    Load load = new Load()) {
                new RandomChanges(seed).filling(2000).forEach(store::run);
                for (int thread = 0; thread < 3; thread++) {
                    TestStore.Session session = store.connect();
                    RandomChanges changes = new RandomChanges(1000L * seed + thread);
                    load.add(() -> session.run(changes.next()));
                }
                Keyspace keyspace = store.engine().keyspace();
                RecordingTarget target = new RecordingTarget(keyspace);
                for (int i = 0; i < 3; i++) {
                    new Snapshot(keyspace, target, new Snapshot.Sizes(500L * i, 20_000, 3, 50_000)).run();
                    assertEquals("", target.mistakes(), "expected | saved; seed " + seed);
                }
            }
        }
    }

    /** All keys and members are overwritten again and again, faster than the file takes what is saved. */
    @Test
    void keepsNoMoreThanATenthOfTheDataSet() throws Exception {
        try (TestStore store = new TestStore();
                Load load = new Load()) {
            int keys = 40_000;
            int members = 20_000;
            String value = "v".repeat(100);
            for (int i = 0; i < keys; i++) {
                store.run("SET", "key:" + i, value);
            }
            for (int i = 0; i < members; i++) {
                store.run("HSET", "hash:" + i % 20, "field:" + i, value);
                store.run("RPUSH", "list:" + i % 20, value);
            }
            Keyspace keyspace = store.engine().keyspace();
            long used = keyspace.usedBytes();
            for (int thread = 0; thread < 2; thread++) {
                TestStore.Session session = store.connect();
                int step = thread == 0 ? 7919 : 104_729;
                AtomicInteger next = new AtomicInteger();
                load.add(() -> {
                    int i = next.addAndGet(step) & Integer.MAX_VALUE;
                    session.run("SET", "key:" + i % keys, value);
                    session.run("HSET", "hash:" + i % 20, "field:" + i % members, value);
                    session.run("LSET", "list:" + i % 20, Integer.toString(i % (members / 20)), value);
                });
            }
            RecordingTarget target = new RecordingTarget(keyspace) {
                @Override
                void writing() {
                    LockSupport.parkNanos(1_000_000);
                }
            };
            Snapshot snapshot = new Snapshot(keyspace, target, new Snapshot.Sizes(16_384, 1 << 20, 64, 0));
            snapshot.run();
            assertEquals("", target.mistakes(), "expected | saved");
            long most = snapshot.mostRetainedBytes();
            assertTrue(most <= used / 10 + 100_000, () -> most + " bytes kept of " + used);
            assertTrue(most > used / 100, "the test has put no pressure on the snapshot");
        }
    }

    @Test
    void releasesCommandsThatWaitWhenTheFileCannotBeWritten() throws Exception {
        IOException full = new IOException("No space left on device");
        endsWhileACommandWaits(
                snapshot -> {
                    throw full;
                },
                thrown -> assertSame(full, thrown));
    }

    @Test
    void releasesCommandsThatWaitWhenItIsCancelled() throws Exception {
        endsWhileACommandWaits(
                Snapshot::cancel, thrown -> assertEquals(CancellationException.class, thrown.getClass()));
    }

    private interface Ending {
        void end(Snapshot snapshot) throws IOException;
    }

    private interface Check {
        void accept(Throwable thrown);
    }

    private static void endsWhileACommandWaits(Ending ending, Check check) throws Exception {
        try (TestStore store = new TestStore()) {
            String value = "v".repeat(1000);
            for (int i = 0; i < 5000; i++) {
                store.run("SET", "key:" + i, value);
            }
            Keyspace keyspace = store.engine().keyspace();
            TestStore.Session session = store.connect();
            Thread writer = new Thread(() -> {
                for (int i = 0; i < 5000; i++) {
                    session.run("SET", "key:" + i, "new");
                }
            });
            Snapshot[] running = new Snapshot[1];
            RecordingTarget target = new RecordingTarget(keyspace) {
                private boolean first = true;

                @Override
                void writing() throws IOException {
                    if (first) {
                        first = false;
                        writer.start();
                        while (writer.getState() != Thread.State.WAITING) {
                            Thread.onSpinWait();
                        }
                        ending.end(running[0]);
                    }
                }
            };
            running[0] = new Snapshot(keyspace, target, new Snapshot.Sizes(16_384, 1 << 20, 64, 0));
            check.accept(assertThrows(Exception.class, running[0]::run));
            writer.join();
            assertEquals(0, running[0].retainedBytes());

            RecordingTarget next = new RecordingTarget(keyspace);
            new Snapshot(keyspace, next).run();
            assertEquals("", next.mistakes(), "expected | saved");
            assertEquals(5000, next.savedKeys());
        }
    }

    @Test
    void refusesToRunTwiceAtATime() throws Exception {
        try (TestStore store = new TestStore()) {
            store.run("SET", "key", "value");
            Keyspace keyspace = store.engine().keyspace();
            @Nullable Throwable[] second = new Throwable[1];
            RecordingTarget target = new RecordingTarget(keyspace) {
                @Override
                void writing() {
                    second[0] = assertThrows(
                            IllegalStateException.class,
                            () -> new Snapshot(keyspace, new RecordingTarget(keyspace)).run());
                }
            };
            new Snapshot(keyspace, target).run();
            assertEquals("", target.mistakes());
            assertTrue(second[0] != null, "the second was tried");
        }
    }

    /** SAVE runs inside a command that holds all locks. */
    @Test
    void runsWhereAllLocksAreHeld() throws Exception {
        try (TestStore store = RandomChanges.store()) {
            new RandomChanges(1).filling(2000).forEach(store::run);
            Keyspace keyspace = store.engine().keyspace();
            RecordingTarget target = new RecordingTarget(keyspace);
            keyspace.lock(keyspace.allShards());
            try {
                new Snapshot(keyspace, target).run();
            } finally {
                keyspace.unlock(keyspace.allShards());
            }
            assertEquals("", target.mistakes());
        }
    }

    /** Threads that each do something over and over until the load is closed. */
    private static final class Load implements AutoCloseable {
        private final List<Thread> threads = new ArrayList<>();
        private volatile boolean ended;
        private volatile @Nullable Throwable failure;

        void add(Runnable work) {
            CountDownLatch begun = new CountDownLatch(1);
            Thread thread = new Thread(() -> {
                try {
                    while (!ended) {
                        work.run();
                        begun.countDown();
                    }
                } catch (RuntimeException | Error e) {
                    failure = e;
                    begun.countDown();
                }
            });
            threads.add(thread);
            thread.start();
            uninterrupted(begun::await);
        }

        private interface Wait {
            void run() throws InterruptedException;
        }

        private static void uninterrupted(Wait wait) {
            try {
                wait.run();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close() {
            ended = true;
            for (Thread thread : threads) {
                uninterrupted(thread::join);
            }
            if (failure != null) {
                throw new AssertionError("a thread of the load failed", failure);
            }
        }
    }
}
