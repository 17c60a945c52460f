package dev.holdfast.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.ValueType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class HashValueTest {
    private static final Slice KEY = Slice.of("key");
    private static final long START = 1_800_000_000_000L;

    private static HashValue empty() {
        return HashValue.create(KEY, 0);
    }

    private static Map<String, String> map(HashValue hash, long now) {
        Map<String, String> map = new LinkedHashMap<>();
        hash.forEach(now, (array, fieldAt, fieldLength, valueAt, valueLength) -> {
            String field = new Slice(array, fieldAt, fieldLength).toString();
            String value = new Slice(array, valueAt, valueLength).toString();
            assertEquals(null, map.put(field, value), "visited twice");
        });
        return map;
    }

    private static HashValue.Visitor into(List<String> fields) {
        return (array, fieldAt, fieldLength, valueAt, valueLength) ->
                fields.add(new Slice(array, fieldAt, fieldLength).toString());
    }

    private static String value(HashValue hash, String field, long now) {
        Slice value = new Slice();
        return hash.get(Slice.of(field), now, value) ? value.toString() : "none";
    }

    /** What a field of the model holds. */
    private record Held(String value, long expireAt) {
        boolean isVisible(long now) {
            return expireAt == KeyRecord.NEVER || now <= expireAt;
        }

        boolean isExpired(long now) {
            return expireAt != KeyRecord.NEVER && expireAt <= now;
        }
    }

    /** A hash beside a map that does the same, with a clock that moves on. */
    private static final class Model {
        final Map<String, Held> held = new LinkedHashMap<>();
        final Random random;
        final String seed;
        HashValue hash = empty();
        long now = START;
        int fields;

        Model(long seed) {
            this.seed = "seed " + seed;
            this.random = new Random(seed);
            this.fields = 1 + random.nextInt(random.nextBoolean() ? 12 : 400);
        }

        String field() {
            int number = random.nextInt(fields);
            return number % 7 == 0 ? "f".repeat(number % 300) + number : "f" + number;
        }

        String newValue() {
            int length = random.nextInt(10) == 0 ? random.nextInt(300) : random.nextInt(5);
            return "v".repeat(length);
        }

        @Nullable
        Held visible(String field) {
            Held each = held.get(field);
            return each != null && each.isVisible(now) ? each : null;
        }

        long expireAt() {
            return switch (random.nextInt(4)) {
                case 0 -> now + 1 + random.nextInt(200);
                case 1 -> HashValue.KEEP;
                default -> KeyRecord.NEVER;
            };
        }

        void set(boolean mayExpire) {
            String field = field();
            String value = newValue();
            long expireAt = mayExpire ? expireAt() : KeyRecord.NEVER;
            Held old = held.get(field);
            HashValue.Change expected = old == null
                    ? HashValue.Change.ADDED
                    : old.isExpired(now) ? HashValue.Change.REPLACED_EXPIRED : HashValue.Change.UPDATED;
            assertEquals(expected, hash.set(Slice.of(field), Slice.of(value), expireAt, now), seed);
            long kept = expected == HashValue.Change.UPDATED && old != null ? old.expireAt : KeyRecord.NEVER;
            held.put(field, new Held(value, expireAt == HashValue.KEEP ? kept : expireAt));
        }

        void remove() {
            String field = field();
            boolean there = visible(field) != null;
            assertEquals(there, hash.remove(Slice.of(field), now), seed);
            if (there) {
                held.remove(field);
            }
        }

        void setExpiry() {
            String field = field();
            Held old = visible(field);
            long expireAt = random.nextInt(3) == 0 ? KeyRecord.NEVER : now + 1 + random.nextInt(300);
            assertEquals(old != null, hash.setExpiry(Slice.of(field), expireAt, now), seed);
            if (old != null) {
                held.put(field, new Held(old.value, expireAt));
            }
        }

        void expire() {
            int limit = 1 + random.nextInt(100);
            int removed = hash.expireInside(now, limit, field -> {});
            Set<String> present = new HashSet<>();
            long longAgo = 0;
            map(hash, longAgo).keySet().forEach(present::add);
            int before = held.size();
            held.entrySet()
                    .removeIf(each ->
                            !present.contains(each.getKey()) && each.getValue().isExpired(now));
            assertEquals(before - held.size(), removed, seed);
            assertEquals(present, held.keySet(), seed);
        }

        void finishExpiring() {
            do {
                expire();
            } while (hash.isExpiringInside());
            assertTrue(held.values().stream().noneMatch(each -> each.isExpired(now)), seed);
        }

        void check() {
            hash.validate();
            assertEquals(held.size(), hash.size(), seed);
            assertEquals(held.isEmpty(), hash.isEmpty(), seed);
            Map<String, String> visible = new LinkedHashMap<>();
            held.forEach((field, each) -> {
                if (each.isVisible(now)) {
                    visible.put(field, each.value);
                }
            });
            assertEquals(visible, map(hash, now), seed);
            if (hash.isPacked()) {
                assertEquals(
                        new ArrayList<>(visible.keySet()),
                        new ArrayList<>(map(hash, now).keySet()),
                        seed);
            }
            String field = field();
            Held each = visible(field);
            String value = each == null ? "none" : each.value;
            long expireAt = each == null ? HashValue.MISSING : each.expireAt;
            assertEquals(value, HashValueTest.value(hash, field, now), seed);
            assertEquals(expireAt, hash.expireAt(Slice.of(field), now), seed);
            assertEquals(each != null, hash.contains(Slice.of(field), now), seed);
            assertEquals(KEY, hash.key(new Slice()), seed);
        }

        void copy() {
            byte[] record = KeyRecord.withKey(hash.record(), KEY, KeyRecord.NEVER);
            HashValue copy = (HashValue) hash.copyWith(record);
            hash.set(Slice.of("f"), Slice.of("only in the old one"), KeyRecord.NEVER, now);
            hash = copy;
        }

        void scan() {
            List<String> seen = new ArrayList<>();
            long cursor = 0;
            do {
                cursor = hash.scan(cursor, 1 + random.nextInt(20), now, into(seen));
            } while (cursor != 0);
            Set<String> visible = map(hash, now).keySet();
            assertEquals(visible, new HashSet<>(seen), seed);
            assertEquals(visible.size(), seen.size(), seed);
        }
    }

    @Test
    void behavesAsAMapWhoseEntriesExpire() {
        for (long seed = 0; seed < 60; seed++) {
            Model model = new Model(seed);
            boolean mayExpire = model.random.nextBoolean();
            int enlargeAt = model.random.nextInt(1500);
            for (int step = 0; step < 1000; step++) {
                switch (model.random.nextInt(mayExpire ? 12 : 6)) {
                    case 0, 1, 2, 3, 6, 7 -> model.set(mayExpire);
                    case 4, 5 -> model.remove();
                    case 8 -> model.setExpiry();
                    case 9 -> model.expire();
                    default -> model.now += model.random.nextInt(20);
                }
                if (step == enlargeAt) {
                    model.hash.enlarge();
                }
                if (step % 16 == 0) {
                    model.check();
                    model.scan();
                }
                if (step % 128 == 0) {
                    model.copy();
                }
            }
            model.now += model.random.nextInt(400);
            model.finishExpiring();
            model.check();
        }
    }

    @Test
    void aPassFindsWhatHasExpiredAndNothingIsDoneUntilThen() {
        HashValue hash = empty();
        for (int i = 0; i < 20_000; i++) {
            long expireAt = i % 10 == 0 ? START + i : i % 2 == 0 ? KeyRecord.NEVER : START + 1_000_000;
            hash.set(Slice.of("f" + i), Slice.of("v"), expireAt, START - 1);
        }
        assertEquals(0, hash.expireInside(START - 1, 64, field -> {}));
        assertFalse(hash.isExpiringInside());
        int removed = 0;
        int calls = 0;
        do {
            removed += hash.expireInside(START + 9_999, 64, field -> {});
            calls++;
        } while (hash.isExpiringInside());
        assertEquals(1_000, removed);
        assertTrue(calls > 100 && calls < 1_000, "calls: " + calls);
        assertEquals(0, hash.expireInside(START + 9_999, 64, field -> {}));
        assertFalse(hash.isExpiringInside());
        assertEquals(19_000, hash.size());
        hash.validate();
    }

    @Test
    void theLastVolatileFieldTakesTheMarkFromTheRecord() {
        HashValue hash = empty();
        hash.set(Slice.of("stays"), Slice.of("1"), KeyRecord.NEVER, START);
        hash.set(Slice.of("goes"), Slice.of("2"), START + 5, START);
        assertTrue(hash.fieldsExpire());
        assertEquals(1, hash.expireInside(START + 5, 10, field -> {}));
        assertFalse(hash.fieldsExpire());
        assertEquals(Map.of("stays", "1"), map(hash, START));
    }

    @Test
    void aFieldCanStillBeReadInTheMillisecondOfItsExpiry() {
        HashValue hash = empty();
        hash.set(Slice.of("f"), Slice.of("v"), START + 5, START);
        assertEquals("v", value(hash, "f", START + 5));
        assertEquals("none", value(hash, "f", START + 6));
        assertEquals(HashValue.MISSING, hash.expireAt(Slice.of("f"), START + 6));
        assertFalse(hash.remove(Slice.of("f"), START + 6));
        assertEquals(1, hash.size());
    }

    @Test
    void anyBytesOfAnyLengthAreKept() {
        for (int length : new int[] {0, 1, 127, 128, 16_383, 16_384, 70_000}) {
            for (boolean packed : new boolean[] {true, false}) {
                byte[] bytes = new byte[length];
                new Random(length).nextBytes(bytes);
                HashValue hash = empty();
                if (!packed) {
                    hash.enlarge();
                }
                hash.set(Slice.of("first"), Slice.of("1"), KeyRecord.NEVER, START);
                hash.set(new Slice(bytes), new Slice(bytes), KeyRecord.NEVER, START);
                hash.set(Slice.of("last"), Slice.of("2"), KeyRecord.NEVER, START);
                Slice value = new Slice();
                assertTrue(hash.get(new Slice(bytes), START, value));
                assertEquals(new Slice(bytes), value);
                hash.set(Slice.of("first"), new Slice(bytes), KeyRecord.NEVER, START);
                assertTrue(hash.get(Slice.of("first"), START, value));
                assertEquals(new Slice(bytes), value);
                assertEquals("2", value(hash, "last", START));
                assertEquals(packed, hash.isPacked());
                hash.validate();
            }
        }
    }

    @Test
    void aNewHashOfSmallFieldsHasNoSpareRoom() {
        Slice key = Slice.of("hash:0123456789a");
        HashValue hash = HashValue.create(key, 5 * (1 + 2 + 1 + 5));
        for (int i = 1; i <= 5; i++) {
            hash.set(Slice.of("f" + i), Slice.of("valu" + i), KeyRecord.NEVER, START);
        }
        assertEquals(16 + 80, hash.sizeBytes());
    }

    /** The chance of each of n things is 1/n: more than six standard deviations away is no chance any more. */
    @Test
    void everyFieldIsDrawnAndChosenAsOftenAsEveryOther() {
        for (boolean packed : new boolean[] {true, false}) {
            HashValue hash = empty();
            for (int i = 0; i < 20; i++) {
                hash.set(Slice.of("f" + i), Slice.of("v"), KeyRecord.NEVER, START);
            }
            if (!packed) {
                hash.enlarge();
                hash.set(Slice.of("expired"), Slice.of("v"), START - 1, START - 2);
            }
            for (int count : new int[] {1, 3, 12, 19}) {
                Random random = new Random(count);
                Map<String, Integer> times = new HashMap<>();
                int rounds = 4000;
                for (int round = 0; round < rounds; round++) {
                    List<String> fields = new ArrayList<>();
                    assertEquals(count, hash.choose(count, random, START, into(fields)));
                    assertEquals(count, new HashSet<>(fields).size());
                    assertEquals(count, hash.draw(count, random, START, into(fields)));
                    fields.forEach(field -> times.merge(field, 1, Integer::sum));
                }
                double expected = 2.0 * rounds * count / 20;
                assertEquals(20, times.size());
                times.forEach((field, n) -> assertEquals(expected, n, 6 * Math.sqrt(expected), field));
            }
            List<String> all = new ArrayList<>();
            assertEquals(20, hash.choose(1000, new Random(1), START, into(all)));
            assertEquals(map(hash, START).keySet(), new HashSet<>(all));
        }
    }

    @Test
    void nothingIsDrawnWhereAllHasExpired() {
        HashValue hash = empty();
        for (int i = 0; i < 10; i++) {
            hash.set(Slice.of("f" + i), Slice.of("v"), START - 1, START - 2);
        }
        List<String> fields = new ArrayList<>();
        assertEquals(0, hash.draw(5, new Random(1), START, into(fields)));
        assertEquals(0, hash.choose(2, new Random(1), START, into(fields)));
        assertEquals(0, hash.choose(9, new Random(1), START, into(fields)));
        assertEquals(List.of(), fields);
        assertEquals(10, hash.size());
        assertEquals(ValueType.HASH, hash.type());
    }
}
