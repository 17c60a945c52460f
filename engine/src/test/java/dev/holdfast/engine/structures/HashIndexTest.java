package dev.holdfast.engine.structures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random operations against {@link HashMap}, with even, uneven and hopeless hashes. */
class HashIndexTest {
    /** A key, which is a number, and something to tell two items of the same key apart. */
    record Item(int key, int version, boolean canExpire) {}

    /** Where a table lies, and which hashes its keys have in it. */
    record Hashing(String name, int skip, long prefix, boolean even, LongUnaryOperator hash) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final Hashing EVEN = new Hashing("even", 0, 0, true, HashIndexTest::mix);

    /** Tables that may hold many items. */
    static Stream<Hashing> hashings() {
        return Stream.of(
                EVEN,
                new Hashing("shard 9 of 16", 4, 9, true, key -> 9L << 60 | mix(key) >>> 4),
                new Hashing("last shard of 65536", 16, 0xFFFF, true, key -> 0xFFFFL << 48 | mix(key) >>> 16),
                new Hashing("half of them below 1/1024", 0, 0, false, key -> mix(key) >>> ((mix(~key) & 1) * 10)),
                new Hashing(
                        "half of them at the top",
                        0,
                        0,
                        false,
                        key -> mix(key) | ((mix(~key) & 1) == 0 ? 0 : -1L << 52)),
                new Hashing("the nearer to 0 the more", 0, 0, false, key -> mix(key) >>> (mix(~key) & 31)));
    }

    /** Tables where an operation takes time in proportion to the number of items. */
    static Stream<Hashing> hopelessHashings() {
        return Stream.of(
                new Hashing("all 0", 0, 0, false, key -> 0),
                new Hashing("all -1", 0, 0, false, key -> -1),
                new Hashing("all equal", 0, 0, false, key -> 0x123456789ABCDEFL),
                new Hashing("all equal in shard 1", 1, 1, false, key -> -3L << 40),
                new Hashing("0 and -1", 0, 0, false, key -> -(key & 1)),
                new Hashing("seven hashes", 0, 0, false, key -> mix(key % 7)),
                new Hashing("the lowest 16 bits", 0, 0, false, key -> mix(key) & 0xFFFF),
                new Hashing("around the middle", 0, 0, false, key -> (mix(key) >> 40) ^ Long.MIN_VALUE));
    }

    static Stream<Hashing> allHashings() {
        return Stream.concat(hashings(), hopelessHashings());
    }

    private static final class Index extends HashIndex<Item> {
        private final LongUnaryOperator hash;

        Index(Hashing hashing) {
            super(hashing.skip, hashing.prefix);
            this.hash = hashing.hash;
        }

        @Override
        long hashOfKey(Slice key) {
            return hash.applyAsLong(number(key));
        }

        @Override
        protected long hashOf(Item item) {
            return hash.applyAsLong(item.key);
        }

        @Override
        protected boolean matches(Item item, Slice key) {
            return item.key == number(key);
        }

        @Override
        protected boolean isVolatile(Item item) {
            return item.canExpire;
        }

        private static int number(Slice key) {
            return ByteBuffer.wrap(key.array(), key.offset(), key.length()).getInt();
        }
    }

    private static long mix(long value) {
        long z = (value + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    private static Slice key(int number) {
        return new Slice(ByteBuffer.allocate(4).putInt(number).array());
    }

    /** A table and its model, changed together. */
    private static final class Pair {
        final Index index;
        final Map<Integer, Item> model = new HashMap<>();
        private int version;

        Pair(Hashing hashing) {
            index = new Index(hashing);
        }

        void put(int number, boolean canExpire) {
            Item item = new Item(number, ++version, canExpire);
            assertSame(model.put(number, item), index.put(item, key(number)));
        }

        void remove(int number) {
            assertSame(model.remove(number), index.remove(key(number)));
        }

        void get(int number) {
            assertSame(model.get(number), index.find(key(number)));
        }

        /** Changes a random key; {@code growth} percent of the changes add or replace. */
        void change(SplittableRandom random, int keys, int growth) {
            int number = random.nextInt(keys);
            if (random.nextInt(100) < growth) {
                put(number, random.nextInt(4) == 0);
            } else {
                remove(number);
            }
        }

        void check() {
            index.validate();
            assertEquals(model.size(), index.size());
            assertEquals(model.values().stream().filter(Item::canExpire).count(), index.volatileCount());
            Set<Item> seen = new HashSet<>();
            index.forEach(item -> assertTrue(seen.add(item)));
            assertEquals(new HashSet<>(model.values()), seen);
        }
    }

    private interface Trial {
        void run(SplittableRandom random);
    }

    /** Runs a trial with some seeds, and names the one that fails. */
    private static void withSeeds(int seeds, Trial trial) {
        for (int seed = 1; seed <= seeds; seed++) {
            try {
                trial.run(new SplittableRandom(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("with seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("allHashings")
    void behavesAsAMapDoesWhenSmall(Hashing hashing) {
        withSeeds(5, random -> {
            Pair pair = new Pair(hashing);
            for (int step = 0; step < 3_000; step++) {
                pair.change(random, 60, step / 300 % 2 == 0 ? 70 : 30);
                pair.get(random.nextInt(60));
                pair.index.validate();
            }
            pair.check();
        });
    }

    @ParameterizedTest
    @MethodSource("hashings")
    void behavesAsAMapDoesWhenLarge(Hashing hashing) {
        withSeeds(1, random -> {
            Pair pair = new Pair(hashing);
            int keys = hashing.even ? 40_000 : 8_000;
            for (int step = 0; step < 6 * keys; step++) {
                pair.change(random, keys, step / (2 * keys) % 2 == 0 ? 90 : 8);
                pair.get(random.nextInt(keys));
                if (step % 10_000 == 0) {
                    pair.check();
                }
            }
            pair.check();
        });
    }

    @ParameterizedTest
    @MethodSource("hopelessHashings")
    void staysCorrectWithHopelessHashes(Hashing hashing) {
        withSeeds(1, random -> {
            Pair pair = new Pair(hashing);
            for (int number = 0; number < 10_000; number++) {
                pair.put(number, number % 3 == 0);
            }
            pair.check();
            assertTrue(pair.index.heapBytes() < 400_000, "bytes: " + pair.index.heapBytes());
            for (int step = 0; step < 2_000; step++) {
                pair.change(random, 12_000, 50);
            }
            pair.check();
            assertNotNull(pair.index.random(random));
            for (int number = 0; number < 12_000; number++) {
                pair.remove(number);
                if (number % 1_000 == 0) {
                    pair.check();
                }
            }
            pair.check();
        });
    }

    @ParameterizedTest
    @MethodSource("allHashings")
    void scanReturnsAllThatStays(Hashing hashing) {
        withSeeds(3, random -> {
            int keys = hashing.even ? 12_000 : 3_000;
            for (int growth : new int[] {0, 10, 50, 90, 100}) {
                Pair pair = new Pair(hashing);
                int start = growth > 50 ? 20 : keys / 2;
                while (pair.model.size() < start) {
                    pair.put(random.nextInt(keys), random.nextInt(4) == 0);
                }
                Set<Integer> staying = new HashSet<>(pair.model.keySet());
                Set<Integer> seen = new HashSet<>();
                int changes = random.nextInt(1, 400);
                int count = random.nextInt(1, 100);
                long cursor = 0;
                do {
                    List<Item> items = new ArrayList<>();
                    cursor = pair.index.scan(cursor, count, items::add);
                    for (Item item : items) {
                        assertSame(pair.model.get(item.key), item);
                        seen.add(item.key);
                    }
                    for (int i = 0; i < changes; i++) {
                        pair.change(random, keys, growth);
                    }
                    staying.retainAll(pair.model.keySet());
                } while (cursor != 0);
                Set<Integer> missed = new HashSet<>(staying);
                missed.removeAll(seen);
                assertEquals(Set.of(), missed);
                pair.index.validate();
            }
        });
    }

    @Test
    void scanWithoutChangesReturnsEachItemOnceInTheOrderOfHashes() {
        for (Hashing hashing : allHashings().toList()) {
            Pair pair = new Pair(hashing);
            for (int number = 0; number < 6_000; number++) {
                pair.put(number, false);
            }
            List<Item> scanned = new ArrayList<>();
            long first = hashing.prefix << (48 - hashing.skip);
            long behind = (hashing.prefix + 1) << (48 - hashing.skip);
            long cursor = 0;
            do {
                int before = scanned.size();
                cursor = pair.index.scan(cursor, 7, scanned::add);
                assertTrue(scanned.size() > before);
                assertTrue(cursor == 0 || (cursor > first && cursor < behind), hashing.name);
            } while (cursor != 0);
            assertEquals(6_000, scanned.size(), hashing.name);
            List<Item> walked = new ArrayList<>();
            pair.index.iterator().forEachRemaining(walked::add);
            assertEquals(walked, scanned);
            long previous = 0;
            for (Item item : walked) {
                // Within a tag the order is that of arrival, and the last two tags count as one.
                long position = hashing.hash.applyAsLong(item.key) >>> (64 - hashing.skip - Segment.TAG_BITS);
                assertTrue(position >= previous - 1, hashing.name);
                previous = Math.max(previous, position);
            }
            assertEquals(0, pair.index.scan(behind, 10, item -> assertNull(item)));
        }
    }

    @ParameterizedTest
    @MethodSource("allHashings")
    void volatileItemsAreVisited(Hashing hashing) {
        withSeeds(3, random -> {
            for (int share : new int[] {1, 2, 50, 3_000}) {
                Pair pair = new Pair(hashing);
                for (int number = 0; number < 5_000; number++) {
                    pair.put(number, random.nextInt(share) == 0);
                }
                Set<Item> expected = new HashSet<>(pair.model.values());
                expected.removeIf(item -> !item.canExpire);
                List<Item> seen = new ArrayList<>();
                int slots = random.nextInt(1, 300);
                long cursor = 0;
                do {
                    List<Item> items = new ArrayList<>();
                    cursor = pair.index.visitVolatile(cursor, slots, items::add);
                    seen.addAll(items);
                    if (random.nextInt(50) == 0) {
                        for (Item item : items) {
                            pair.remove(item.key);
                        }
                    }
                } while (cursor != 0);
                assertEquals(expected, new HashSet<>(seen));
                pair.check();
            }
        });
    }

    @Test
    void replacingRefreshesTheVolatileBit() {
        Pair pair = new Pair(EVEN);
        pair.put(1, false);
        assertEquals(0, pair.index.volatileCount());
        assertEquals(0, pair.index.visitVolatile(0, 100, item -> assertNull(item)));
        assertNull(pair.index.randomVolatile(new SplittableRandom(1), 10));
        pair.put(1, true);
        assertEquals(1, pair.index.volatileCount());
        assertSame(pair.model.get(1), pair.index.randomVolatile(new SplittableRandom(1), 0));
        pair.index.validate();
        pair.put(1, false);
        assertEquals(0, pair.index.volatileCount());
        pair.put(1, true);
        pair.remove(1);
        assertEquals(0, pair.index.volatileCount());
        pair.check();
    }

    @Test
    void randomItemsAreUniform() {
        for (Hashing hashing : allHashings().toList()) {
            for (int items : new int[] {1, 2, 5, 40, 3_500, 9_000}) {
                withSeeds(1, random -> {
                    Pair pair = new Pair(hashing);
                    for (int number = 0; number < items; number++) {
                        pair.put(number, number % 4 == 0);
                    }
                    checkUniform(pair, random, hashing + " with " + items);
                });
            }
        }
    }

    @Test
    void randomItemsAreUniformInASparseTable() {
        for (Hashing hashing : hashings().toList()) {
            withSeeds(1, random -> {
                Pair pair = new Pair(hashing);
                int keys = hashing.even ? 100_000 : 20_000;
                for (int number = 0; number < keys; number++) {
                    pair.put(number, number % 4 == 0);
                }
                for (int number = 0; number < keys; number++) {
                    // What stays is uneven on purpose, so that segments of many depths stay.
                    int share = hashing.hash.applyAsLong(number) << hashing.skip < 0 ? 100 : 20;
                    if (number % share != 0) {
                        pair.remove(number);
                    }
                }
                pair.check();
                checkUniform(pair, random, "sparse " + hashing);
            });
        }
    }

    private static void checkUniform(Pair pair, SplittableRandom random, String what) {
        int all = pair.model.size();
        long volatiles = pair.index.volatileCount();
        int[] hits = new int[100_000];
        int[] volatileHits = new int[100_000];
        int draws = 30;
        for (int i = 0; i < draws * all; i++) {
            hits[drawn(pair.index.random(random)).key]++;
        }
        for (int i = 0; i < draws * volatiles; i++) {
            Item item = drawn(pair.index.randomVolatile(random, i % 50 == 0 ? 0 : 16));
            assertTrue(item.canExpire);
            volatileHits[item.key]++;
        }
        checkChiSquare(hits, draws, all, what);
        checkChiSquare(volatileHits, draws, (int) volatiles, what);
    }

    private static Item drawn(@Nullable Item item) {
        assertNotNull(item);
        return item;
    }

    private static void checkChiSquare(int[] hits, int expected, int cells, String what) {
        int[] hit = Arrays.stream(hits).filter(n -> n > 0).toArray();
        double sum = (double) expected * (cells - hit.length);
        for (int n : hit) {
            sum += (double) (n - expected) * (n - expected) / expected;
        }
        // Chi-square has mean and half its variance equal to the degrees of freedom; five deviations never happen.
        double freedom = cells - 1;
        assertTrue(sum <= freedom + 5 * Math.sqrt(2 * freedom) + 5, what + ": chi-square " + sum + " of " + freedom);
    }

    @Test
    void memoryFollowsTheNumberOfItems() {
        Pair pair = new Pair(EVEN);
        long empty = pair.index.heapBytes();
        double sum = 0;
        int samples = 0;
        int next = 1_000;
        for (int number = 0; number < 200_000; number++) {
            pair.put(number, false);
            if (number == next) {
                double bytes = (double) pair.index.heapBytes() / number;
                assertTrue(bytes < 8.8, number + " items: " + bytes + " bytes each");
                sum += bytes;
                samples++;
                next += next / 20;
            }
        }
        assertTrue(sum / samples < 7.8, "on average " + sum / samples + " bytes");
        long full = pair.index.heapBytes();
        for (int number = 100; number < 200_000; number++) {
            pair.remove(number);
            if (number % 20_000 == 0) {
                pair.index.validate();
            }
        }
        pair.check();
        assertTrue(pair.index.heapBytes() < full / 500, pair.index.heapBytes() + " bytes for 100 items");
        for (int number = 0; number < 100; number++) {
            pair.remove(number);
        }
        assertEquals(empty, pair.index.heapBytes());
    }

    @ParameterizedTest
    @MethodSource("allHashings")
    void aReservedTableBehavesAsAnyOther(Hashing hashing) {
        withSeeds(2, random -> {
            Pair pair = new Pair(hashing);
            int items = hashing.even ? 1 + random.nextInt(20_000) : 300;
            pair.index.reserve(items);
            for (int number = 0; number < items; number++) {
                pair.put(number, random.nextBoolean());
            }
            pair.check();
            long bytes = pair.index.heapBytes();
            pair.index.reserve(items * 2L);
            assertEquals(bytes, pair.index.heapBytes(), "a table that has items stays as it is");
            for (int number = 0; number < items; number++) {
                pair.remove(number);
            }
            pair.check();
        });
    }

    @Test
    void clearedTableIsEmpty() {
        Pair pair = new Pair(new Hashing("shard", 3, 5, false, key -> 5L << 61 | mix(key) >>> 3));
        for (int round = 0; round < 3; round++) {
            pair.check();
            assertEquals(0, pair.index.scan(0, 10, item -> assertNull(item)));
            assertNull(pair.index.random(new SplittableRandom(1)));
            assertTrue(!pair.index.iterator().hasNext());
            for (int number = 0; number < 10_000; number++) {
                pair.put(number, true);
            }
            pair.check();
            pair.index.clear();
            pair.model.clear();
        }
    }

    @Test
    void placeIsRememberedForOneChange() {
        Index index = new Index(EVEN);
        Item item = new Item(1, 1, false);
        assertThrows(IllegalStateException.class, () -> index.insertMissing(item));
        assertNull(index.find(key(1)));
        assertThrows(IllegalStateException.class, index::removeFound);
        assertThrows(IllegalStateException.class, () -> index.replaceFound(item));
        index.insertMissing(item);
        assertThrows(IllegalStateException.class, () -> index.insertMissing(item));
        index.replaceFound(new Item(1, 2, true));
        assertEquals(new Item(1, 2, true), index.find(key(1)));
        index.removeFound();
        assertThrows(IllegalStateException.class, index::removeFound);
        assertThrows(IllegalStateException.class, () -> index.insertMissing(item));
        Iterator<Item> none = index.iterator();
        assertThrows(java.util.NoSuchElementException.class, none::next);
    }

    @Test
    void prefixMustFit() {
        assertThrows(IllegalArgumentException.class, () -> new Index(new Hashing("", 2, 4, false, key -> key)));
        assertThrows(IllegalArgumentException.class, () -> new Index(new Hashing("", 17, 0, false, key -> key)));
        assertThrows(IllegalArgumentException.class, () -> new Index(new Hashing("", 0, 1, false, key -> key)));
    }
}
