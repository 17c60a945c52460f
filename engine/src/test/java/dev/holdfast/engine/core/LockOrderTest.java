package dev.holdfast.engine.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.Slice;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that take locks by themselves, inside a transaction that holds some already. */
class LockOrderTest {
    private static final int ROUNDS = 2000;
    private static final int PATIENCE_SECONDS = 60;

    private final TestStore store = new TestStore();

    /** A key in the shard with this number. */
    private String keyIn(int shard, String prefix) {
        for (int i = 0; ; i++) {
            if (store.engine().keyspace().shardOf(Slice.of(prefix + i)).number() == shard) {
                return prefix + i;
            }
        }
    }

    private String earlyKey() {
        return keyIn(0, "early:");
    }

    private String lateKey() {
        return keyIn(store.engine().keyspace().shardCount() - 1, "late:");
    }

    @AfterEach
    void close() {
        store.close();
    }

    /** One thread runs the command in EXEC, which holds a late shard; another takes an early one and then the late one. */
    @ParameterizedTest
    @ValueSource(strings = {"INFO clients", "CLIENT LIST", "SCAN 0", "DBSIZE", "CLIENT KILL TYPE replica"})
    void threadsDoNotWaitForEachOther(String command) throws Exception {
        String early = earlyKey();
        String late = lateKey();
        List<TestStore.Session> sessions = List.of(store.connect(), store.connect());
        race(
                () -> {
                    sessions.get(0).run("MULTI");
                    sessions.get(0).run("SET", late, "1");
                    sessions.get(0).run(command.split(" "));
                    sessions.get(0).run("EXEC");
                },
                () -> sessions.get(1).run("MSET", early, "2", late, "2"));
    }

    @Test
    void unblockingInATransactionTakesAllLocksAtOnce() throws Exception {
        String early = earlyKey();
        String late = lateKey();
        String list = keyIn(0, "list:");
        TestStore.Session waiting = store.connect();
        TestStore.Session unblocking = store.connect();
        TestStore.Session writing = store.connect();
        String id = Long.toString(waiting.client().id());
        race(
                () -> {
                    waiting.block("BLPOP", list, "0");
                    unblocking.run("MULTI");
                    unblocking.run("SET", late, "1");
                    unblocking.run("CLIENT", "UNBLOCK", id);
                    unblocking.run("EXEC");
                    waiting.answer();
                },
                () -> writing.run("MSET", early, "2", late, "2"));
        assertEquals(0, store.engine().blocking().blockedClients());
    }

    /** Runs both again and again at the same time; fails if they come to a standstill. */
    private static void race(Runnable one, Runnable other) throws Exception {
        CountDownLatch start = new CountDownLatch(2);
        FutureTask<Void> first = repeated(one, start);
        FutureTask<Void> second = repeated(other, start);
        Thread.ofPlatform().daemon().start(first);
        Thread.ofPlatform().daemon().start(second);
        first.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        second.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static FutureTask<Void> repeated(Runnable step, CountDownLatch start) {
        return new FutureTask<>(() -> {
            start.countDown();
            start.await();
            for (int i = 0; i < ROUNDS; i++) {
                step.run();
            }
            return null;
        });
    }
}
