package dev.holdfast.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.ValueType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SetValueTest {
    private static final Slice KEY = Slice.of("key");

    private final Config config = new Config();

    private static byte[] record() {
        return KeyRecord.create(ValueType.SET, 0, KEY, KeyRecord.NEVER, 0);
    }

    private SetValue setOf(String... members) {
        SetValue set = SetValue.create(record(), Slice.of(members[0]), members.length, config);
        for (String member : members) {
            set.add(Slice.of(member), config);
        }
        return set;
    }

    private static List<String> list(SetValue set) {
        List<String> members = new ArrayList<>();
        set.forEach(member -> members.add(member.toString()));
        return members;
    }

    /** Any order of changes leaves what a set of the library would hold, in every form. */
    @Test
    void behavesAsASet() {
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            config.setMaxIntsetEntries.set(random.nextInt(40));
            config.setMaxListpackEntries.set(random.nextInt(40));
            config.setMaxListpackValue.set(1 + random.nextInt(30));
            int range = 1 + random.nextInt(120);
            int strings = random.nextInt(3);
            Set<String> model = new HashSet<>();
            SetValue set = SetValue.create(record(), Slice.of("1"), random.nextInt(60), config);
            for (int step = 0; step < 600; step++) {
                String member = member(random, range, strings);
                if (random.nextInt(3) > 0) {
                    assertEquals(model.add(member), set.add(Slice.of(member), config), "seed " + seed);
                } else {
                    assertEquals(model.remove(member), set.remove(Slice.of(member)), "seed " + seed);
                }
                String other = member(random, range, strings);
                assertEquals(model.contains(other), set.contains(Slice.of(other)), "seed " + seed);
                if (random.nextInt(50) == 0) {
                    set = (SetValue) set.copyWith(set.record().clone());
                }
                if (random.nextInt(100) == 0 && model.size() > 3) {
                    int remaining = 1 + random.nextInt(model.size() - 1);
                    List<String> gone = new ArrayList<>();
                    set.removeAllBut(remaining, random, config, slice -> gone.add(slice.toString()));
                    assertTrue(model.removeAll(gone), "seed " + seed);
                    assertEquals(remaining, model.size(), "seed " + seed);
                }
                assertEquals(model.size(), set.size(), "seed " + seed);
                assertEquals(model.isEmpty(), set.isEmpty(), "seed " + seed);
            }
            List<String> members = list(set);
            assertEquals(model.size(), members.size(), "seed " + seed);
            assertEquals(model, new HashSet<>(members), "seed " + seed);
        }
    }

    private static String member(Random random, int range, int strings) {
        int number = random.nextInt(range);
        return switch (random.nextInt(12)) {
            case 0 -> Long.toString(number * 100_000L);
            case 1 -> Long.toString(Long.MIN_VALUE + number);
            case 2 -> Long.toString(-number);
            case 3 -> strings > 0 ? "x".repeat(number) : Integer.toString(number);
            case 4, 5 -> strings > 1 ? "0" + number : Integer.toString(number);
            default -> Integer.toString(number);
        };
    }

    @Test
    void integersAreSortedAndAsWideAsNeeded() {
        SetValue set = setOf("5", "-3", "70000", "1");
        assertEquals("intset", set.encoding());
        assertEquals(List.of("-3", "1", "5", "70000"), list(set));
        set.add(Slice.of("-9223372036854775808"), config);
        set.add(Slice.of("9223372036854775807"), config);
        assertEquals(List.of("-9223372036854775808", "-3", "1", "5", "70000", "9223372036854775807"), list(set));
        assertEquals(1 + 6 * Long.BYTES, KeyRecord.bodyLength(set.record()));
    }

    @Test
    void growsByItsLimits() {
        SetValue set = setOf("1", "2");
        set.add(Slice.of("a"), config);
        assertEquals("listpack", set.encoding());
        set.add(Slice.of("x".repeat(64)), config);
        assertEquals("listpack", set.encoding());
        set.add(Slice.of("x".repeat(65)), config);
        assertEquals("hashtable", set.encoding());

        SetValue integers = setOf("0");
        for (int i = 1; i <= 511; i++) {
            integers.add(Slice.of(Integer.toString(i)), config);
        }
        assertEquals("intset", integers.encoding());
        SetValue copy = (SetValue) integers.copyWith(integers.record().clone());
        copy.add(Slice.of("a"), config);
        assertEquals("hashtable", copy.encoding());
        integers.add(Slice.of("512"), config);
        assertEquals("hashtable", integers.encoding());
        assertTrue(integers.contains(Slice.of("512")));
    }

    @Test
    void returnsToAnIntset() {
        SetValue set = setOf("b", "3", "1", "2");
        set.becomeIntset(config);
        assertEquals("listpack", set.encoding());
        set.remove(Slice.of("b"));
        set.becomeIntset(config);
        assertEquals("intset", set.encoding());
        assertEquals(List.of("1", "2", "3"), list(set));
    }

    /** A thousand throws for each member: each form gives every member its share, give or take a fifth. */
    @Test
    void choosesFairly() {
        Random random = new Random(7);
        for (String prefix : List.of("", "m", "x".repeat(65))) {
            SetValue set = SetValue.create(record(), Slice.of(prefix + 1), 1, config);
            for (int i = 0; i < 30; i++) {
                set.add(Slice.of(prefix + i), config);
            }
            Map<String, Integer> counts = new HashMap<>();
            for (int i = 0; i < 30_000; i++) {
                counts.merge(set.random(random, new Slice()).toString(), 1, Integer::sum);
            }
            assertFair(30, counts, set.encoding());
            for (int count : new int[] {2, 20}) {
                counts.clear();
                for (int i = 0; i < 30_000 / count; i++) {
                    Set<String> drawn = new HashSet<>();
                    set.sample(count, random, member -> assertTrue(drawn.add(member.toString())));
                    assertEquals(count, drawn.size());
                    drawn.forEach(member -> counts.merge(member, 1, Integer::sum));
                }
                assertFair(30, counts, set.encoding() + " " + count);
            }
        }
    }

    private static void assertFair(int members, Map<String, Integer> counts, String message) {
        assertEquals(members, counts.size(), message);
        counts.forEach(
                (member, count) -> assertTrue(count > 800 && count < 1200, message + ": " + member + "=" + count));
    }

    @Test
    void scansOnceThrough() {
        SetValue set = setOf("x".repeat(65));
        for (int i = 0; i < 2000; i++) {
            set.add(Slice.of("m" + i), config);
        }
        Set<String> seen = new HashSet<>();
        long cursor = 0;
        do {
            cursor = set.scan(cursor, 50, member -> assertTrue(seen.add(member.toString())));
        } while (cursor != 0);
        assertEquals(2001, seen.size());
    }

    /** 16-byte members take no more than Valkey's 51 bytes each. */
    @Test
    void largeSetsAreLean() {
        SetValue set = SetValue.create(record(), Slice.of("x"), 1000, config);
        for (int i = 0; i < 200_000; i++) {
            set.add(Slice.of("member:%09d".formatted(i)), config);
        }
        long bytes = set.sizeBytes();
        assertTrue(bytes < 200_000 * 51L, bytes / 200_000.0 + " bytes for a member");
        for (int i = 0; i < 200_000; i++) {
            assertTrue(set.remove(Slice.of("member:%09d".formatted(i))));
        }
        assertTrue(set.sizeBytes() < 200);
        assertFalse(set.remove(Slice.of("member:000000000")));
    }
}
