package dev.holdfast.engine.structures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The log of a stream and the map below it, against sorted maps. */
class StreamLogTest {
    /** An id in the order of the unsigned halves. */
    private record Id(long ms, long seq) implements Comparable<Id> {
        @Override
        public int compareTo(Id other) {
            int order = Long.compareUnsigned(ms, other.ms);
            return order != 0 ? order : Long.compareUnsigned(seq, other.seq);
        }
    }

    private static final class Element extends IdMap.Element {
        Element(Id id) {
            super(id.ms(), id.seq());
        }
    }

    private static final Id MAX = new Id(-1, -1);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void mapAgreesWithASortedMap(long seed) {
        Random random = new Random(seed);
        ByteAccount account = new ByteAccount();
        IdMap<Element> map = new IdMap<>(account);
        long empty = account.bytes();
        TreeMap<Id, Element> model = new TreeMap<>();
        int span = seed % 2 == 0 ? 60 : 4000;
        for (int step = 0; step < 40_000; step++) {
            boolean growing = step / 8_000 % 2 == 0;
            boolean atTheEnd = random.nextInt(4) > 0;
            Id id = new Id(random.nextInt(span), random.nextInt(4));
            if (random.nextInt(100) < (growing ? 70 : 25)) {
                if (atTheEnd && !model.isEmpty()) {
                    id = new Id(model.lastKey().ms() + 1, 0);
                }
                if (!model.containsKey(id)) {
                    Element element = new Element(id);
                    map.add(element);
                    model.put(id, element);
                }
            } else {
                if (atTheEnd && !model.isEmpty()) {
                    id = model.firstKey();
                }
                assertEquals(model.remove(id), map.remove(id.ms(), id.seq()), "seed " + seed);
            }
            Id probe = new Id(random.nextInt(span), random.nextInt(5));
            assertEquals(model.get(probe), map.get(probe.ms(), probe.seq()), "seed " + seed);
            assertEquals(value(model.floorEntry(probe)), map.floor(probe.ms(), probe.seq()), "seed " + seed);
            assertEquals(value(model.lowerEntry(probe)), map.lower(probe.ms(), probe.seq()), "seed " + seed);
            assertEquals(value(model.higherEntry(probe)), map.higher(probe.ms(), probe.seq()), "seed " + seed);
            assertEquals(value(model.ceilingEntry(probe)), map.ceiling(probe.ms(), probe.seq()), "seed " + seed);
            assertEquals(model.size(), map.size());
            assertEquals(value(model.firstEntry()), map.first());
            assertEquals(value(model.lastEntry()), map.last());
        }
        List<Element> seen = new ArrayList<>();
        map.forEach(seen::add);
        assertEquals(List.copyOf(model.values()), seen);
        for (Id id : model.keySet()) {
            assertNotNull(map.remove(id.ms(), id.seq()));
        }
        assertTrue(account.bytes() - empty < 1_000, "an emptied map keeps little");
        map.close();
        assertEquals(0, account.bytes());
    }

    private static @Nullable Element value(Map.@Nullable Entry<Id, Element> entry) {
        return entry == null ? null : entry.getValue();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void agreesWithASortedMap(long seed) {
        Random random = new Random(seed);
        StreamLog log = new StreamLog(new ByteAccount());
        TreeMap<Id, List<String>> model = new TreeMap<>();
        long maxBytes = new long[] {4096, 300, 0}[(int) (seed % 3)];
        long maxEntries = new long[] {100, 7, 0, 1}[(int) (seed % 4)];
        Id last = seed == 1 ? new Id(-5_000_000_000L, -3) : new Id(0, 0);
        for (int step = 0; step < 12_000; step++) {
            int action = random.nextInt(100);
            if (action < 60) {
                last = after(last, random);
                List<String> words = words(random);
                log.append(last.ms(), last.seq(), words.size() / 2, i -> Slice.of(words.get(i)), maxBytes, maxEntries);
                model.put(last, words);
            } else if (action < 75) {
                Id id = any(model, random);
                assertEquals(model.remove(id) != null, log.delete(id.ms(), id.seq()), "seed " + seed);
                assertFalse(log.contains(id.ms(), id.seq()));
            } else if (action < 78) {
                trim(log, model, random, seed);
            } else {
                compare(log, model, any(model, random), any(model, random), random, seed);
            }
            assertEquals(model.size(), log.length(), "seed " + seed);
        }
        compare(log, model, new Id(0, 0), MAX, random, seed);
        compare(log.copy(new ByteAccount()), model, new Id(0, 0), MAX, random, seed);
        log.trim(0, 0, 0, false, 0);
        assertEquals(0, log.length());
        assertEquals(0, log.blocks());
    }

    private static Id after(Id last, Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> new Id(last.ms() + 1 + random.nextInt(3), random.nextInt(3));
            case 1 -> new Id(last.ms() + 1 + random.nextInt(1_000_000), random.nextLong());
            default -> last.seq() == -1 ? new Id(last.ms() + 1, 0) : new Id(last.ms(), last.seq() + 1);
        };
    }

    private static Id any(NavigableMap<Id, List<String>> model, Random random) {
        if (model.isEmpty() || random.nextInt(20) == 0) {
            return new Id(random.nextInt(1000), random.nextInt(3));
        }
        Id first = model.firstKey();
        Id last = model.lastKey();
        Id between = new Id(first.ms() + Math.floorMod(random.nextLong(), last.ms() - first.ms() + 1), 0);
        Id found = model.ceilingKey(between);
        return found == null ? last : found;
    }

    private static List<String> words(Random random) {
        boolean usual = random.nextInt(4) > 0;
        int fields = usual ? 2 : 1 + random.nextInt(4);
        List<String> words = new ArrayList<>();
        for (int i = 0; i < fields; i++) {
            words.add((usual ? "field" : "other" + random.nextInt(3)) + i);
            words.add("v".repeat(random.nextInt(20) == 0 ? random.nextInt(20_000) : random.nextInt(20)));
        }
        return words;
    }

    private static void trim(StreamLog log, NavigableMap<Id, List<String>> model, Random random, long seed) {
        boolean whole = random.nextBoolean();
        long limit = random.nextInt(3) == 0 ? 1 + random.nextInt(50) : 0;
        if (random.nextBoolean()) {
            long keep = (long) model.size() - random.nextInt(60);
            long removed = log.trim(Math.max(0, keep), 0, 0, whole, whole ? limit : 0);
            assertTrue(whole || log.length() <= Math.max(0, keep), "seed " + seed);
            assertTrue(!whole || log.length() >= keep, "seed " + seed);
            assertTrue(!whole || limit == 0 || removed <= limit, "seed " + seed);
            for (long i = 0; i < removed; i++) {
                model.pollFirstEntry();
            }
        } else {
            Id min = any(model, random);
            if (model.headMap(min).size() > 200) {
                return;
            }
            long removed = log.trim(Long.MAX_VALUE, min.ms(), min.seq(), whole, 0);
            assertTrue(removed <= model.headMap(min).size(), "seed " + seed);
            assertTrue(whole || removed == model.headMap(min).size(), "seed " + seed);
            for (long i = 0; i < removed; i++) {
                model.pollFirstEntry();
            }
        }
    }

    private static void compare(
            StreamLog log, NavigableMap<Id, List<String>> model, Id from, Id to, Random random, long seed) {
        if (from.compareTo(to) > 0) {
            assertFalse(log.walk(from.ms(), from.seq(), to.ms(), to.seq(), random.nextBoolean())
                    .next());
            return;
        }
        boolean backwards = random.nextBoolean();
        StreamLog.Walk walk = log.walk(from.ms(), from.seq(), to.ms(), to.seq(), backwards);
        var range = model.subMap(from, true, to, true);
        int most = random.nextInt(10) == 0 ? Integer.MAX_VALUE : 30;
        Slice field = new Slice();
        Slice value = new Slice();
        for (var expected : (backwards ? range.descendingMap() : range).entrySet()) {
            if (most-- == 0) {
                return;
            }
            assertTrue(walk.next(), () -> "seed " + seed);
            assertEquals(expected.getKey(), new Id(walk.ms(), walk.seq()), () -> "seed " + seed);
            List<String> words = new ArrayList<>();
            int read = random.nextInt(3) == 0 ? 0 : walk.fields();
            for (int i = 0; i < read; i++) {
                walk.nextField(field, value);
                words.add(field.toString());
                words.add(value.toString());
            }
            assertEquals(read == 0 ? List.of() : expected.getValue(), words, () -> "seed " + seed);
        }
        assertFalse(walk.next(), () -> "seed " + seed);
    }

    @Test
    void anEntryCostsLittle() {
        ByteAccount account = new ByteAccount();
        StreamLog log = new StreamLog(account);
        int entries = 100_000;
        for (int i = 0; i < entries; i++) {
            String value = String.format(Locale.ROOT, "%08d", i);
            log.append(1_800_000_000_000L + i / 50, i % 50, 1, w -> Slice.of(w == 0 ? "field" : value), 4096, 100);
        }
        double each = (double) account.bytes() / entries;
        assertTrue(each < 18, () -> each + " bytes an entry");
    }

    @Test
    void nothingIsFoundInAnEmptyLog() {
        StreamLog log = new StreamLog(new ByteAccount());
        assertFalse(log.contains(1, 1));
        assertFalse(log.walk(0, 0, -1, -1, true).next());
        assertEquals(0, log.trim(0, 0, 0, false, 0));
        assertNull(new IdMap<Element>(new ByteAccount()).last());
    }
}
