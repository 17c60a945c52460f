package dev.holdfast.engine.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.keyspace.Entry;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A snapshot holds exactly what the keyspace held at its moment, whatever is changed while it is saved.
 *
 * <p>{@code -Dholdfast.seed=N} repeats a failure, {@code -Dholdfast.rounds=N} runs more rounds.
 */
class SnapshotTest {
    private static final int ROUNDS = 300;

    /**
     * Random commands run between all steps of the snapshot and while frozen values wait to be written, all on one thread, so
     * that a seed gives the same run each time. A second store runs the same commands without a snapshot: in the end it must
     * hold the same, or copying blocks has damaged a value.
     */
    @Test
    void savesTheMomentAndLeavesTheStoreAsItIs() throws IOException {
        Long only = Long.getLong("holdfast.seed");
        int rounds = only != null ? 1 : Integer.getInteger("holdfast.rounds", ROUNDS);
        for (int i = 1; i <= rounds; i++) {
            long seed = only != null ? only : i;
            try {
                new Round(seed).run();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("repeat with -Dholdfast.seed=" + seed, e);
            }
        }
    }

    /** One run of the test. */
    private static final class Round implements SnapshotTarget {
        private final long seed;
        private final Random random;
        private final RandomChanges changes;
        private final TestStore store = RandomChanges.store();
        private final TestStore twin = RandomChanges.store();
        private final Contents saved = new Contents();
        private Contents expected = new Contents();
        private int commandsLeft;

        Round(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            this.changes = new RandomChanges(seed);
        }

        void run() throws IOException {
            try (store;
                    twin) {
                for (TestStore each : List.of(store, twin)) {
                    each.engine().setRandom(new Random(seed));
                    each.engine().expiry().setActive(false);
                }
                changes.filling(random.nextInt(3) == 0 ? 6000 : 300).forEach(this::both);
                int snapshots = 1 + random.nextInt(3);
                for (int i = 0; i < snapshots; i++) {
                    commandsLeft = 400;
                    saved.clear();
                    int large = random.nextInt(2000);
                    new Snapshot(
                                    store.engine().keyspace(),
                                    this,
                                    new Snapshot.Sizes(
                                            large, large + random.nextInt(20_000), 1 + random.nextInt(30), 1L << 40))
                            .run();
                    assertEquals("", expected.differences(saved), "expected | saved");
                    change(random.nextInt(50));
                }
                Contents here = Contents.of(store.engine().keyspace());
                assertEquals("", here.differences(Contents.of(twin.engine().keyspace())), "store | twin");
            }
        }

        private void change(int commands) {
            for (int i = 0; i < commands && commandsLeft > 0; i++, commandsLeft--) {
                both(changes.next());
                if (random.nextInt(10) == 0) {
                    int millis = random.nextInt(10);
                    store.clock().advance(millis);
                    twin.clock().advance(millis);
                    store.engine().expiry().run(Long.MAX_VALUE / 4);
                    twin.engine().expiry().run(Long.MAX_VALUE / 4);
                }
            }
        }

        private void both(String[] command) {
            Object here = store.run(command);
            Object there = twin.run(command);
            assertEquals(String.valueOf(there), String.valueOf(here), () -> Arrays.toString(command));
        }

        @Override
        public void begin() throws IOException {
            expected = Contents.of(store.engine().keyspace());
        }

        @Override
        public void writeLarge(int database, Entry value) throws IOException {
            change(random.nextInt(20));
            saved.add(database, value);
        }

        @Override
        public Chunk newChunk() {
            return new Chunk() {
                private boolean empty = true;

                @Override
                public void add(int database, Object item) throws IOException {
                    saved.add(database, item);
                    empty = false;
                }

                @Override
                public int sizeBytes() {
                    return empty ? 0 : 1 << 17;
                }

                @Override
                public void writeOut() {
                    empty = true;
                    change(random.nextInt(12));
                }
            };
        }
    }
}
