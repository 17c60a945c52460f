package dev.holdfast.engine.types;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.ValueType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SortedSetValueTest {
    private static final long MAX_LENGTH = 64;

    private record Member(double score, String name) {}

    private static final Comparator<Member> ORDER =
            Comparator.comparingDouble(Member::score).thenComparing(Member::name);

    /** Random changes to a set and to a map, which have to agree; at first in the packed form, then in the large one. */
    @ParameterizedTest
    @CsvSource({"1, 128, 1", "2, 128, 4", "3, 128, 1000", "4, 0, 1", "5, 0, 4", "6, 0, 1000", "7, 20, 10"})
    void agreesWithAMap(long seed, long maxEntries, int scores) {
        Random random = new Random(seed);
        SortedSetValue value = create();
        Map<String, Double> model = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            String name = name(random);
            switch (random.nextInt(10)) {
                case 0, 1, 2, 3, 4 -> {
                    double score = random.nextInt(scores);
                    int options = random.nextInt(4) == 0 ? 1 << random.nextInt(4) : 0;
                    SortedSetValue.Change expected = expected(model.get(name), score, options);
                    assertEquals(
                            expected,
                            value.add(Slice.of(name), score, options, maxEntries, MAX_LENGTH),
                            () -> "seed " + seed);
                    if (expected == SortedSetValue.Change.ADDED || expected == SortedSetValue.Change.UPDATED) {
                        model.put(name, score);
                    }
                }
                case 5, 6, 7 ->
                    assertEquals(model.remove(name) != null, value.remove(Slice.of(name)), () -> "seed " + seed);
                case 8 -> {
                    if (random.nextInt(20) == 0 && !model.isEmpty()) {
                        int from = random.nextInt(model.size());
                        int count = random.nextInt(model.size() - from + 1);
                        sorted(model).subList(from, from + count).forEach(member -> model.remove(member.name()));
                        value.removeRanks(from, count);
                    }
                }
                default -> compareRanges(value, sorted(model), random, scores, seed);
            }
        }
    }

    private static SortedSetValue.Change expected(@Nullable Double old, double score, int options) {
        if (old == null) {
            return (options & SortedSetValue.ONLY_EXISTING) != 0
                    ? SortedSetValue.Change.SKIPPED
                    : SortedSetValue.Change.ADDED;
        }
        if ((options & SortedSetValue.ONLY_NEW) != 0
                || ((options & SortedSetValue.ONLY_GREATER) != 0 && score <= old)
                || ((options & SortedSetValue.ONLY_LOWER) != 0 && score >= old)) {
            return SortedSetValue.Change.SKIPPED;
        }
        return score == old ? SortedSetValue.Change.SAME : SortedSetValue.Change.UPDATED;
    }

    private static void compareRanges(
            SortedSetValue value, List<Member> members, Random random, int scores, long seed) {
        assertEquals(members.size(), value.size(), () -> "seed " + seed);
        assertEquals(members, walked(value, value.ranks(0, -1, false)), () -> "seed " + seed);
        assertEquals(members.reversed(), walked(value, value.ranks(0, -1, true)), () -> "seed " + seed);
        for (int rank = 0; rank < members.size(); rank++) {
            Slice name = Slice.of(members.get(rank).name());
            assertEquals(rank, value.rank(name), () -> "seed " + seed);
            assertEquals(members.get(rank).score(), value.score(name), () -> "seed " + seed);
        }
        boolean reverse = random.nextBoolean();
        int offset = random.nextInt(3);
        int limit = random.nextInt(6) - 1;
        double low = random.nextInt(scores + 1) - 0.5 * random.nextInt(2);
        double high = low + random.nextInt(scores + 1);
        boolean lowExcluded = random.nextBoolean();
        boolean highExcluded = random.nextBoolean();
        ScoreRange range = new ScoreRange(low, lowExcluded, high, highExcluded);
        Predicate<Member> inside = member -> (lowExcluded ? member.score() > low : member.score() >= low)
                && (highExcluded ? member.score() < high : member.score() <= high);
        assertEquals(
                window(members, inside, offset, limit, reverse),
                walked(value, value.scores(range, offset, limit, reverse)),
                () -> "seed " + seed);
        if (scores == 1) {
            String from = name(random);
            String to = name(random);
            LexRange lex = new LexRange(
                    random.nextInt(5) == 0 ? LexBound.LOWEST : LexBound.at(Slice.of(from), lowExcluded),
                    random.nextInt(5) == 0 ? LexBound.HIGHEST : LexBound.at(Slice.of(to), highExcluded));
            Predicate<Member> within =
                    member -> above(lex.min(), member.name(), from) && above(lex.max(), to, member.name());
            assertEquals(
                    window(members, within, offset, limit, reverse),
                    walked(value, value.members(lex, offset, limit, reverse)),
                    () -> "seed " + seed);
        }
    }

    private static boolean above(LexBound bound, String one, String other) {
        return bound.side() != 0 || (bound.excluded() ? one.compareTo(other) > 0 : one.compareTo(other) >= 0);
    }

    private static List<Member> window(
            List<Member> members, Predicate<Member> inside, int offset, int limit, boolean reverse) {
        return (reverse ? members.reversed() : members)
                .stream()
                        .filter(inside)
                        .skip(offset)
                        .limit(limit < 0 ? Long.MAX_VALUE : limit)
                        .toList();
    }

    private static List<Member> walked(SortedSetValue value, RankSpan span) {
        List<Member> members = new ArrayList<>();
        SortedSetValue.Walk walk = value.walk(span);
        while (walk.next()) {
            members.add(new Member(walk.score(), walk.member().toString()));
        }
        return members;
    }

    private static List<Member> sorted(Map<String, Double> model) {
        List<Member> members = new ArrayList<>();
        model.forEach((name, score) -> members.add(new Member(score, name)));
        members.sort(ORDER);
        return members;
    }

    @Test
    void growsAtTheThresholdsAndStaysLarge() {
        SortedSetValue value = create();
        for (int i = 0; i < 128; i++) {
            value.add(Slice.of("m" + i), i, 0, 128, 64);
        }
        assertEquals("listpack", value.encoding());
        value.add(Slice.of("one more"), 0, 0, 128, 64);
        assertEquals("skiplist", value.encoding());
        value.removeRanks(1, 128);
        assertEquals("skiplist", value.encoding());
        assertEquals(1, value.size());

        SortedSetValue longMember = create();
        longMember.add(Slice.of("x".repeat(64)), 1, 0, 128, 64);
        assertEquals("listpack", longMember.encoding());
        longMember.add(Slice.of("x".repeat(65)), 1, 0, 128, 64);
        assertEquals("skiplist", longMember.encoding());
    }

    @Test
    void copiesAreTheirOwn() {
        for (int size : new int[] {5, 500}) {
            SortedSetValue value = create();
            for (int i = 0; i < size; i++) {
                value.add(Slice.of("m" + i), i % 7, 0, 128, 64);
            }
            SortedSetValue copy = (SortedSetValue)
                    value.copyWith(KeyRecord.withKey(value.record(), Slice.of("copy"), KeyRecord.NEVER));
            List<Member> before = walked(copy, copy.ranks(0, -1, false));
            assertEquals(walked(value, value.ranks(0, -1, false)), before);
            value.add(Slice.of("m1"), 100, 0, 128, 64);
            value.remove(Slice.of("m2"));
            assertEquals(before, walked(copy, copy.ranks(0, -1, false)));
            assertTrue(copy.remove(Slice.of("m2")));
        }
    }

    @Test
    void builtFromAnyOrderItIsSorted() {
        for (int size : new int[] {0, 100, 1000}) {
            SortedSetBuilder builder = new SortedSetBuilder();
            Random random = new Random(size);
            Map<String, Double> model = new HashMap<>();
            while (model.size() < size) {
                String name = Integer.toString(random.nextInt());
                double score = random.nextInt(50);
                if (builder.find(Slice.of(name)) == null) {
                    builder.insertMissing(Slice.of(name), score);
                    model.put(name, score);
                }
            }
            SortedSetValue value =
                    builder.toValue(KeyRecord.create(ValueType.ZSET, 0, Slice.of("key"), KeyRecord.NEVER, 0), 128, 64);
            assertEquals(size <= 128 ? "listpack" : "skiplist", value.encoding());
            assertEquals(sorted(model), walked(value, value.ranks(0, -1, false)));
        }
    }

    private static String name(Random random) {
        int number = random.nextInt(300);
        return number % 50 == 0 ? number + "long".repeat(16 + number / 50) : Integer.toString(number);
    }

    private static SortedSetValue create() {
        return new SortedSetValue(KeyRecord.create(ValueType.ZSET, 0, Slice.of("key"), KeyRecord.NEVER, 0));
    }
}
