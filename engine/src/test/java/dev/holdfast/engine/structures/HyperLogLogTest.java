package dev.holdfast.engine.structures;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HyperLogLogTest {
    private static final long SEED = 7;
    private static final long MAX_SPARSE_BYTES = 3000;

    private final Random random = new Random(SEED);

    private static Slice element(int i) {
        return new Slice(("element-" + i).getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void hashesAsMurmurHash64A() {
        assertEquals(0x53d2470a9b43b1a7L, hash("a"));
        assertEquals(0xf3a65df559914567L, hash("abcdefgh"));
    }

    private static long hash(String text) {
        byte[] bytes = ("--" + text).getBytes(StandardCharsets.US_ASCII);
        return HyperLogLog.hash(bytes, 2, bytes.length - 2);
    }

    @Test
    void estimatesWithinTheStandardError() {
        HyperLogLog sketch = HyperLogLog.create();
        int elements = 0;
        for (int checkpoint : new int[] {1, 10, 100, 1_000, 10_000, 100_000}) {
            for (; elements < checkpoint; elements++) {
                sketch.add(element(elements), MAX_SPARSE_BYTES);
            }
            assertEquals(checkpoint, (double) sketch.count(), Math.ceil(checkpoint * 0.0081 * 3));
        }
        assertTrue(sketch.isDense());
        assertFalse(sketch.add(element(5), MAX_SPARSE_BYTES));
        assertFalse(HyperLogLog.wouldChange(sketch.value(), element(5)));
    }

    /** Both forms hold what was last raised, whatever runs were cut and joined. */
    @Test
    void registersAreThoseThatWereRaised() {
        for (int round = 0; round < 20; round++) {
            int[] model = new int[HyperLogLog.REGISTERS];
            HyperLogLog sparse = HyperLogLog.create();
            HyperLogLog dense = HyperLogLog.create();
            dense.toDense();
            int range = 1 + random.nextInt(HyperLogLog.REGISTERS);
            String message = "round " + round + " of seed " + SEED;
            for (int i = 0; i < 1_000; i++) {
                int register = random.nextInt(range);
                int value = 1 + random.nextInt(4);
                boolean raised = value > model[register];
                model[register] = Math.max(model[register], value);
                assertEquals(raised, sparse.raise(register, value, Long.MAX_VALUE), message);
                assertEquals(raised, dense.raise(register, value, 0), message);
            }
            assertFalse(sparse.isDense());
            assertArrayEquals(model, sparse.registers(), message);
            assertArrayEquals(model, dense.registers(), message);
            assertEquals(dense.count(), sparse.count(), message);
            byte[] merged = new byte[HyperLogLog.REGISTERS];
            sparse.mergeInto(merged);
            assertEquals(dense.count(), HyperLogLog.count(merged), message);
            sparse.raise(3, 51, Long.MAX_VALUE);
            assertTrue(sparse.isDense(), "51 does not fit a sparse one");
        }
    }

    /** Whatever bytes follow the header: a count, or the statement that they are no sketch. */
    @Test
    void survivesAnyBytes() {
        int corrupted = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = new byte[16 + random.nextInt(40)];
            random.nextBytes(bytes);
            System.arraycopy("HYLL\1".getBytes(StandardCharsets.US_ASCII), 0, bytes, 0, 5);
            try {
                HyperLogLog sketch = HyperLogLog.copyOf(new Slice(bytes));
                switch (random.nextInt(4)) {
                    case 0 -> sketch.count();
                    case 1 -> sketch.raise(random.nextInt(HyperLogLog.REGISTERS), 1 + random.nextInt(51), 50);
                    case 2 -> sketch.mergeInto(new byte[HyperLogLog.REGISTERS]);
                    default -> sketch.toDense();
                }
            } catch (HyperLogLog.CorruptedException e) {
                corrupted++;
            }
        }
        assertTrue(corrupted > 1_000, corrupted + " were found out");
    }
}
