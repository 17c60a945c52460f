package dev.holdfast.engine.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The power fails at any write, while commands run and the file is rewritten. Of what was not synced, writes are lost, torn and
 * out of order, and so are changes of names. Now and then a sync fails, which loses what it should have synced; commands are
 * refused then until the file has been rewritten.
 *
 * <p>Whatever is found on the disk must load, hold a beginning of the history, and hold what was promised: under {@code always}
 * everything that was acknowledged, else everything that was synced. {@code -Dholdfast.seed=N} repeats a failure, {@code
 * -Dholdfast.rounds=N} runs more rounds.
 */
@NullMarked
class PowerFailureTest {
    private static final int ROUNDS = 200;
    private static final int KEYS = 7;
    private static final int MOST_COMMANDS = 120;

    @ParameterizedTest
    @ValueSource(strings = {"always", "everysec", "no"})
    void whatIsOnTheDiskIsABeginningThatKeepsThePromise(String policy) throws IOException {
        Long only = Long.getLong("holdfast.seed");
        int rounds = only != null ? 1 : Integer.getInteger("holdfast.rounds", ROUNDS);
        for (int i = 0; i < rounds; i++) {
            long seed = only != null ? only : i + 1;
            try {
                round(policy, seed);
            } catch (IOException | AssertionError | RuntimeException e) {
                throw new AssertionError(policy + ", repeat with -Dholdfast.seed=" + seed, e);
            }
        }
    }

    /** A disk as found after a crash, and how many commands had been acknowledged and synced by then. */
    private record Found(FaultyDisk disk, int acknowledged, int synced) {}

    private static void round(String policy, long seed) throws IOException {
        Random random = new Random(seed);
        FaultyDisk disk = new FaultyDisk();
        int base = 0;
        for (int life = 0; life < 3; life++) {
            Found found = live(disk, policy, random, base);
            disk = found.disk;
            try (AofStore store = new AofStore(disk)) {
                Object count = store.run("GET", "n");
                int held = count == null ? 0 : Integer.parseInt((String) count);
                int promised = policy.equals("always") ? found.acknowledged : found.synced;
                assertTrue(held >= promised, "holds " + held + " commands of " + promised);
                for (int key = 0; key < KEYS; key++) {
                    int last = held - Math.floorMod(held - key, KEYS);
                    assertEquals(last < 1 ? null : "" + last, store.run("GET", "k" + key), "after " + held);
                }
                base = held;
            }
        }
    }

    private static Found live(FaultyDisk disk, String policy, Random random, int base) throws IOException {
        String rdb = random.nextBoolean() ? "yes" : "no";
        AofStore store = new AofStore(disk, "appendfsync", policy, "aof-use-rdb-preamble", rdb);
        store.aof().writer().syncEvery(100_000);
        AtomicReference<@Nullable Found> crashed = new AtomicReference<>();
        AtomicInteger acknowledged = new AtomicInteger(base);
        List<Long> offsets = new ArrayList<>();
        Random fate = new Random(random.nextLong());
        AtomicInteger writesLeft = new AtomicInteger(random.nextInt(MOST_COMMANDS + 40));
        Runnable crash = () -> {
            synchronized (offsets) {
                long synced = store.aof().syncedOffset();
                int syncedCommands = (int)
                        offsets.stream().filter(offset -> offset <= synced).count();
                int held = acknowledged.get();
                crashed.compareAndSet(null, new Found(disk.crash(fate), held, base + syncedCommands));
            }
        };
        disk.beforeWrite(() -> {
            if (writesLeft.getAndDecrement() == 0) {
                crash.run();
            }
        });
        int commands = random.nextInt(MOST_COMMANDS);
        for (int i = base + 1; i <= base + commands && crashed.get() == null; i++) {
            if (store.aof().isFailing()) {
                store.aof().writer().tick();
                store.aof().rewrite().tick();
                store.aof().rewrite().await();
                i--;
                continue;
            }
            // Not while it is failing: a rewrite that fails three times in a row is left alone for a minute.
            if (!policy.equals("always") && random.nextInt(20) == 0) {
                disk.fail(FaultyDisk.Operation.SYNC, random.nextInt(3));
            }
            store.store().run("MULTI");
            store.store().run("SET", "k" + i % KEYS, "" + i);
            store.store().run("INCR", "n");
            store.store().run("EXEC");
            synchronized (offsets) {
                offsets.add(store.store().engine().changes().offset());
            }
            store.store().engine().changes().commit();
            acknowledged.set(i);
            if (random.nextInt(25) == 0) {
                store.aof().rewrite().request(false);
            }
            if (random.nextInt(10) == 0) {
                store.aof().writer().tick();
            }
        }
        crash.run();
        disk.heal();
        store.kill();
        Found found = crashed.get();
        if (found == null) {
            throw new AssertionError("there was no crash");
        }
        return found;
    }
}
