package dev.holdfast.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.structures.BlockLimit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares a list with an {@link ArrayList} while it goes through its three forms and back. */
class ListValueTest {
    private static ListValue newList() {
        return new ListValue(KeyRecord.create(ValueType.LIST, 0, Slice.of("key"), KeyRecord.NEVER, 0));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, -2, 1, 5, 1000})
    void behavesAsAnArrayList(int setting) {
        for (long seed = 1; seed <= 15; seed++) {
            new Model(BlockLimit.of(setting), seed).run();
        }
    }

    private static final class Model {
        private final BlockLimit limit;
        private final long seed;
        private final Random random;
        private final List<String> expected = new ArrayList<>();
        private final Slice view = new Slice();
        private ListValue list = newList();

        Model(BlockLimit limit, long seed) {
            this.limit = limit;
            this.seed = seed;
            this.random = new Random(seed);
        }

        void run() {
            for (int step = 0; step < 2_000; step++) {
                try {
                    if (random.nextInt(100) < (step / 250 % 2 == 0 ? 75 : 30)) {
                        add();
                    } else if (!expected.isEmpty()) {
                        remove();
                    }
                    check();
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError("seed " + seed + ", limit " + limit + ", step " + step, e);
                }
            }
        }

        private void add() {
            String text = "v" + random.nextInt(30) + "x".repeat(random.nextInt(10) == 0 ? random.nextInt(3000) : 0);
            Slice value = Slice.of(text);
            list.grow(limit, value.length(), 1);
            ListEnd end = random.nextBoolean() ? ListEnd.HEAD : ListEnd.TAIL;
            if (expected.isEmpty() || random.nextInt(3) > 0) {
                list.push(end, value);
                expected.add(end == ListEnd.HEAD ? 0 : expected.size(), text);
                return;
            }
            int at = random.nextInt(expected.size());
            if (random.nextBoolean()) {
                assertTrue(list.set(random.nextBoolean() ? at : at - expected.size(), value));
                list.shrink(limit);
                expected.set(at, text);
            } else {
                ListValue.Cursor cursor = list.cursor(at, random.nextBoolean());
                assertTrue(cursor.next(view));
                assertEquals(at, cursor.index());
                list.insert(cursor, end == ListEnd.TAIL, value);
                expected.add(end == ListEnd.TAIL ? at + 1 : at, text);
            }
        }

        private void remove() {
            int at = random.nextInt(expected.size());
            switch (random.nextInt(5)) {
                case 0 -> {
                    list.peek(ListEnd.HEAD, view);
                    assertEquals(expected.removeFirst(), view.toString());
                    list.drop(ListEnd.HEAD);
                }
                case 1 -> {
                    list.peek(ListEnd.TAIL, view);
                    assertEquals(expected.removeLast(), view.toString());
                    list.drop(ListEnd.TAIL);
                }
                case 2 -> {
                    int length = random.nextInt(Math.min(12, expected.size() - at) + 1);
                    list.removeRange(at, length);
                    expected.subList(at, at + length).clear();
                }
                case 3 -> {
                    list = (ListValue) list.copyWith(KeyRecord.withKey(list.record(), Slice.of("k2"), 5));
                }
                default -> removeByCursor(random.nextBoolean());
            }
            list.shrink(limit);
        }

        private void removeByCursor(boolean forward) {
            ListValue.Cursor cursor = list.cursor(forward ? 0 : expected.size() - 1, forward);
            int at = forward ? 0 : expected.size() - 1;
            while (cursor.next(view)) {
                assertEquals(expected.get(at), view.toString());
                assertEquals(at, cursor.index());
                if (random.nextInt(20) == 0) {
                    cursor.remove();
                    expected.remove(at);
                    at -= forward ? 1 : 0;
                }
                at += forward ? 1 : -1;
                if (!forward && at >= expected.size()) {
                    at = expected.size() - 1;
                }
            }
            assertEquals(forward ? expected.size() : -1, at);
        }

        private void check() {
            assertEquals(expected.size(), list.size());
            assertEquals(expected.isEmpty(), list.isEmpty());
            assertFalse(list.get(expected.size(), view));
            assertFalse(list.get(-expected.size() - 1, view));
            for (int i = 0; i < Math.min(expected.size(), 5); i++) {
                int at = random.nextInt(expected.size());
                assertTrue(list.get(at, view));
                assertEquals(expected.get(at), view.toString());
            }
            if (list.blocks() != null) {
                list.blocks().validate();
            }
        }
    }

    @Test
    void smallListsCostLittle() {
        ListValue list = newList();
        for (int i = 0; i < 5; i++) {
            list.push(ListEnd.TAIL, Slice.of("value" + i));
        }
        assertTrue(list.sizeBytes() <= 96, "bytes: " + list.sizeBytes());
    }

    @Test
    void encodingsChangeWhereValkeyChangesThem() {
        BlockLimit limit = BlockLimit.of(3);
        ListValue list = newList();
        for (int i = 0; i < 3; i++) {
            list.grow(limit, 1, 1);
            list.push(ListEnd.TAIL, Slice.of("a"));
        }
        assertEquals("listpack", list.encoding());
        list.grow(limit, 1, 1);
        list.push(ListEnd.TAIL, Slice.of("a"));
        assertEquals("quicklist", list.encoding());
        list.drop(ListEnd.TAIL);
        list.drop(ListEnd.TAIL);
        list.shrink(limit);
        assertEquals("quicklist", list.encoding());
        list.drop(ListEnd.TAIL);
        list.shrink(limit);
        assertEquals("listpack", list.encoding());

        ListValue large = newList();
        large.grow(BlockLimit.of(-2), 8185, 1);
        large.push(ListEnd.TAIL, new Slice(new byte[8185]));
        assertEquals("listpack", large.encoding());
        large.grow(BlockLimit.of(-2), 1, 1);
        assertEquals("quicklist", large.encoding());
    }
}
