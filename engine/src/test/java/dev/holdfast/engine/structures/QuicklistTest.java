package dev.holdfast.engine.structures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the packed list with an {@link ArrayList} under random operations, and checks its size and its limits. */
class QuicklistTest {
    private final Slice view = new Slice();

    @ParameterizedTest
    @ValueSource(ints = {-1, -2, -5, 0, 1, 3, 128, 100_000, Integer.MIN_VALUE})
    void behavesAsAnArrayList(int setting) {
        for (long seed = 1; seed <= 12; seed++) {
            BlockLimit limit = seed % 6 == 0 ? BlockLimit.NONE : BlockLimit.of(setting);
            if (seed % 4 == 0) {
                limit = limit.withPackedThreshold(100);
            }
            new Model(limit, seed, seed % 3 == 0 ? 20_000 : 60).run(3_000);
        }
    }

    private static final class Model {
        private final Random random;
        private final long seed;
        private final int longest;
        private final List<byte[]> expected = new ArrayList<>();
        private final Slice view = new Slice();
        private Quicklist list;

        Model(BlockLimit limit, long seed, int longest) {
            this.random = new Random(seed);
            this.seed = seed;
            this.longest = longest;
            this.list = new Quicklist(limit);
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                try {
                    boolean growing = step / 500 % 2 == 0;
                    if (random.nextInt(100) < (growing ? 70 : 35)) {
                        add();
                    } else {
                        removeOrLook();
                    }
                    if (step % 50 == 0) {
                        list.validate();
                        compareAll();
                    }
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError("seed " + seed + ", limit " + list.limit() + ", step " + step, e);
                }
            }
        }

        private void add() {
            byte[] value = value();
            Slice slice = new Slice(value);
            int at = expected.isEmpty() ? 0 : random.nextInt(expected.size());
            switch (expected.isEmpty() ? random.nextInt(2) : random.nextInt(5)) {
                case 0 -> {
                    list.pushFirst(slice);
                    expected.addFirst(value);
                }
                case 1 -> {
                    list.pushLast(slice);
                    expected.addLast(value);
                }
                case 2 -> {
                    list.insertBefore(at, slice);
                    expected.add(at, value);
                }
                case 3 -> {
                    list.insertAfter(at, slice);
                    expected.add(at + 1, value);
                }
                default -> {
                    list.set(at, slice);
                    expected.set(at, value);
                }
            }
        }

        private void removeOrLook() {
            if (expected.isEmpty()) {
                assertFalse(list.popFirst(view));
                assertFalse(list.popLast(view));
                assertFalse(list.cursor(0, true).next(view));
                return;
            }
            int at = random.nextInt(expected.size());
            switch (random.nextInt(7)) {
                case 0 -> {
                    assertTrue(list.popFirst(view));
                    assertContent(expected.removeFirst());
                }
                case 1 -> {
                    assertTrue(list.popLast(view));
                    assertContent(expected.removeLast());
                }
                case 2 -> {
                    list.get(at, view);
                    assertContent(expected.get(at));
                }
                case 3 -> {
                    int rest = expected.size() - at;
                    int length = random.nextInt(10) == 0 ? rest : random.nextInt(Math.min(rest, 5) + 1);
                    list.removeRange(at, length);
                    expected.subList(at, at + length).clear();
                }
                case 4 -> removeByCursor(at, true);
                case 5 -> removeByCursor(at, false);
                default -> list = list.copy();
            }
        }

        private void removeByCursor(int from, boolean forward) {
            Quicklist.Cursor cursor = list.cursor(from, forward);
            int at = from;
            int odds = 1 + random.nextInt(4);
            for (int step = 0; step < 20 && (forward ? at < expected.size() : at >= 0); step++) {
                assertTrue(cursor.next(view));
                assertEquals(at, cursor.index());
                assertContent(expected.get(at));
                if (random.nextInt(odds) == 0) {
                    cursor.remove();
                    expected.remove(at);
                    at += forward ? 0 : -1;
                } else {
                    at += forward ? 1 : -1;
                }
            }
            if (forward ? at == expected.size() : at < 0) {
                assertFalse(cursor.next(view));
            }
        }

        private byte[] value() {
            if (random.nextInt(3) == 0) {
                String number = Long.toString(random.nextLong() >> random.nextInt(64));
                return (random.nextInt(8) == 0 ? "0" + number : number).getBytes(StandardCharsets.US_ASCII);
            }
            byte[] value = new byte[random.nextInt(4) == 0 ? random.nextInt(longest + 1) : random.nextInt(20)];
            random.nextBytes(value);
            return value;
        }

        private void compareAll() {
            assertEquals(expected.size(), list.size());
            Quicklist.Cursor forward = list.cursor(0, true);
            for (byte[] value : expected) {
                assertTrue(forward.next(view));
                assertContent(value);
            }
            assertFalse(forward.next(view));
            Quicklist.Cursor backward = list.cursor(list.size() - 1, false);
            for (byte[] value : expected.reversed()) {
                assertTrue(backward.next(view));
                assertContent(value);
            }
            assertFalse(backward.next(view));
        }

        private void assertContent(byte[] value) {
            assertTrue(
                    view.contentEquals(value),
                    () -> "expected " + Arrays.toString(value) + ", was " + Arrays.toString(view.toBytes()));
        }
    }

    @Test
    void aMillionItemsCostLittleMoreThanTheirBytes() {
        for (int end = 0; end < 2; end++) {
            Quicklist list = new Quicklist(BlockLimit.of(-2));
            for (int i = 0; i < 1_000_000; i++) {
                Slice item = Slice.of("element:" + (100_000 + i % 900_000));
                if (end == 0) {
                    list.pushFirst(item);
                } else {
                    list.pushLast(item);
                }
            }
            list.validate();
            assertTrue(list.heapBytes() <= 16_200_000, "heap bytes: " + list.heapBytes());
        }
    }

    @Test
    void aQueueStaysSmallHoweverMuchGoesThroughIt() {
        Quicklist list = new Quicklist(BlockLimit.of(-2));
        for (int i = 0; i < 100; i++) {
            list.pushFirst(Slice.of("job " + i));
        }
        for (int i = 100; i < 200_000; i++) {
            list.pushFirst(Slice.of("job " + i));
            assertTrue(list.popLast(view));
            assertEquals("job " + (i - 100), view.toString());
        }
        list.validate();
        assertTrue(list.heapBytes() < 8_000, "heap bytes: " + list.heapBytes());
    }

    @Test
    void blocksDivideWhereTheLimitSays() {
        Quicklist byCount = new Quicklist(BlockLimit.of(3));
        for (int i = 0; i < 7; i++) {
            byCount.pushLast(Slice.of("x" + i));
        }
        assertEquals(3, byCount.blockCount());

        Quicklist bySize = new Quicklist(BlockLimit.of(-1));
        bySize.pushLast(new Slice(new byte[4096]));
        assertTrue(bySize.isOnePackedBlock());
        bySize.pushLast(new Slice(new byte[4097]));
        assertEquals("plain entries:1 size:4097", bySize.describeBlock(1));
        assertFalse(bySize.isOnePackedBlock());
    }

    @Test
    void integersCountAsValkeyStoresThem() {
        assertValkeyBytes(2, "0", "127");
        assertValkeyBytes(3, "128", "-1", "4095", "-4096");
        assertValkeyBytes(4, "4096", "-4097", "32767");
        assertValkeyBytes(5, "32768", "-8388608");
        assertValkeyBytes(6, "8388608", "2147483647");
        assertValkeyBytes(10, "2147483648", "9223372036854775807", "-9223372036854775808");
        assertValkeyBytes(2, "");
        assertValkeyBytes(3, "-", "a");
        assertValkeyBytes(4, "01", "-0", "+1");
        assertValkeyBytes(21, "9223372036854775808");
        assertValkeyBytes(64 + 2 + 1, "x".repeat(64));
        assertValkeyBytes(125 + 2 + 1, "x".repeat(125));
        assertValkeyBytes(126 + 2 + 2, "x".repeat(126));
        assertValkeyBytes(4096 + 5 + 2, "x".repeat(4096));
    }

    private static void assertValkeyBytes(int bytes, String... values) {
        for (String value : values) {
            byte[] array = value.getBytes(StandardCharsets.US_ASCII);
            assertEquals(bytes, Listpack.valkeyEntryBytes(array, 0, array.length), value);
        }
    }
}
