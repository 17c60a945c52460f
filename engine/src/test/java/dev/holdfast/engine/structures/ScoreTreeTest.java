package dev.holdfast.engine.structures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScoreTreeTest {
    private static final Comparator<byte[]> ORDER = (a, b) -> {
        int byScore = Double.compare(ScoreTree.score(a) + 0.0, ScoreTree.score(b) + 0.0);
        return byScore != 0
                ? byScore
                : Arrays.compareUnsigned(a, ScoreTree.MEMBER, a.length, b, ScoreTree.MEMBER, b.length);
    };

    /** Random changes to the tree and to a sorted list, which have to agree on everything. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void agreesWithASortedList(long seed) {
        Random random = new Random(seed);
        int scores = new int[] {1, 5, 1_000_000}[(int) (seed % 3)];
        ScoreTree tree = new ScoreTree();
        List<byte[]> model = new ArrayList<>();
        int nextMember = 0;
        for (int step = 0; step < 60_000; step++) {
            boolean growing = (step / 10_000) % 2 == 0;
            int action = random.nextInt(100);
            if (model.isEmpty() || action < (growing ? 70 : 20)) {
                byte[] item = item(score(random, scores), Integer.toString(nextMember++ * 7919 % 1_000_003));
                tree.insert(item);
                model.add(position(model, item), item);
            } else if (action < 80) {
                byte[] item = model.remove(random.nextInt(model.size()));
                assertTrue(tree.remove(item), () -> "seed " + seed);
                assertFalse(tree.remove(item), () -> "seed " + seed);
            } else if (action < 98) {
                byte[] item = model.remove(random.nextInt(model.size()));
                double change = random.nextBoolean() ? 1e-9 * (random.nextInt(3) - 1) : random.nextInt(3) - 1;
                double score = ScoreTree.score(item) + change;
                tree.updateScore(item, score);
                assertEquals(score, ScoreTree.score(item));
                model.add(position(model, item), item);
            } else if (action == 98 && random.nextInt(20) == 0) {
                int from = random.nextInt(model.size());
                int count = random.nextInt(Math.min(400, model.size() - from) + 1);
                List<byte[]> removed = new ArrayList<>();
                tree.removeRange(from, count, removed::add);
                List<byte[]> expected = model.subList(from, from + count);
                assertSameItems(expected, removed, seed);
                expected.clear();
            }
            if (!model.isEmpty()) {
                int rank = random.nextInt(model.size());
                assertSame(model.get(rank), tree.get(rank), () -> "seed " + seed);
                assertEquals(rank, tree.rank(model.get(rank)), () -> "seed " + seed);
            }
            if (step % 1000 == 999) {
                compare(tree, model, random, scores, seed);
            }
        }
    }

    @Test
    void scoresInOrderFillTheirNodes() {
        for (int direction = -1; direction <= 1; direction += 2) {
            ScoreTree tree = new ScoreTree();
            for (int i = 0; i < 100_000; i++) {
                tree.insert(item(i * direction, "m"));
            }
            tree.validate();
            long items = 100_000L * 24;
            assertTrue(tree.heapBytes() - items < 100_000L * 15, "bytes " + tree.heapBytes());
            for (int i = 0; i < 100_000; i++) {
                byte[] item = tree.get(direction > 0 ? 0 : tree.size() - 1);
                assertEquals(i * direction, ScoreTree.score(item));
                assertTrue(tree.remove(item));
            }
            tree.validate();
            assertEquals(0, tree.size());
        }
    }

    @Test
    void infinitiesAndZeroesHaveTheirPlaces() {
        ScoreTree tree = new ScoreTree();
        byte[] zero = item(0.0, "b");
        tree.insert(zero);
        tree.insert(item(-0.0, "a"));
        tree.insert(item(-0.0, "c"));
        tree.insert(item(Double.POSITIVE_INFINITY, "a"));
        tree.insert(item(Double.NEGATIVE_INFINITY, "z"));
        tree.validate();
        assertEquals(2, tree.rank(zero));
        assertEquals(1, tree.countBelow(-0.0, false));
        assertEquals(4, tree.countBelow(0.0, true));
        assertEquals(0, tree.countBelow(Double.NEGATIVE_INFINITY, false));
        assertEquals(5, tree.countBelow(Double.POSITIVE_INFINITY, true));
    }

    @Test
    void builtFromSortedItemsItIsTheSameTree() {
        for (int count : new int[] {0, 1, 56, 57, 64, 3_136, 3_137, 200_000}) {
            byte[][] items = new byte[count + 5][];
            for (int i = 0; i < count; i++) {
                items[i] = item(Math.floorDiv(i, 3), "m" + i % 3);
            }
            ScoreTree tree = ScoreTree.ofSorted(items, count);
            tree.validate();
            assertEquals(count, tree.size());
            for (int i = 0; i < count; i += 7) {
                assertSame(items[i], tree.get(i));
                assertEquals(i, tree.rank(items[i]));
            }
            tree.insert(item(-1, "first"));
            tree.insert(item(1e9, "last"));
            tree.removeRange(0, tree.size(), item -> {});
            tree.validate();
        }
    }

    private static void compare(ScoreTree tree, List<byte[]> model, Random random, int scores, long seed) {
        tree.validate();
        assertEquals(model.size(), tree.size(), () -> "seed " + seed);
        ScoreTree.Cursor cursor = tree.cursor();
        List<byte[]> walked = new ArrayList<>();
        for (boolean more = cursor.toRank(0); more; more = cursor.next()) {
            assertEquals(ScoreTree.score(cursor.item()), cursor.score());
            walked.add(cursor.item());
        }
        assertSameItems(model, walked, seed);
        walked.clear();
        for (boolean more = cursor.toRank(model.size() - 1); more; more = cursor.previous()) {
            walked.add(cursor.item());
        }
        Collections.reverse(walked);
        assertSameItems(model, walked, seed);
        for (int i = 0; i < 20; i++) {
            double score = score(random, scores) + random.nextInt(3) - 1;
            int below = (int)
                    model.stream().filter(item -> ScoreTree.score(item) < score).count();
            int upTo = (int) model.stream()
                    .filter(item -> ScoreTree.score(item) <= score)
                    .count();
            assertEquals(below, tree.countBelow(score, false), () -> "seed " + seed);
            assertEquals(upTo, tree.countBelow(score, true), () -> "seed " + seed);
            assertStands(cursor.toScore(score, false), cursor, model, below, seed);
            assertStands(cursor.toScore(score, true), cursor, model, upTo, seed);
            assertStands(cursor.toScoreFromAbove(score, false), cursor, model, upTo - 1, seed);
            assertStands(cursor.toScoreFromAbove(score, true), cursor, model, below - 1, seed);
        }
        boolean oneScore =
                model.stream().mapToDouble(ScoreTree::score).distinct().count() == 1;
        for (int i = 0; i < 20; i++) {
            byte[] member = Integer.toString(random.nextInt(1_000_003)).getBytes(StandardCharsets.UTF_8);
            boolean orEqual = random.nextBoolean();
            int counted = tree.countBelow(member, 0, member.length, orEqual);
            assertTrue(counted >= 0 && counted <= model.size());
            if (oneScore) {
                int below = (int) model.stream()
                        .filter(item -> {
                            int order = Arrays.compareUnsigned(
                                    item, ScoreTree.MEMBER, item.length, member, 0, member.length);
                            return order < 0 || (orEqual && order == 0);
                        })
                        .count();
                assertEquals(below, counted, () -> "seed " + seed);
                assertStands(cursor.toMember(member, 0, member.length, orEqual), cursor, model, below, seed);
                assertStands(
                        cursor.toMemberFromAbove(member, 0, member.length, !orEqual), cursor, model, below - 1, seed);
            }
        }
    }

    private static void assertStands(boolean stands, ScoreTree.Cursor cursor, List<byte[]> model, int rank, long seed) {
        assertEquals(rank >= 0 && rank < model.size(), stands, () -> "seed " + seed);
        if (stands) {
            assertSame(model.get(rank), cursor.item(), () -> "seed " + seed);
        }
    }

    private static void assertSameItems(List<byte[]> expected, List<byte[]> actual, long seed) {
        assertEquals(expected.size(), actual.size(), () -> "seed " + seed);
        for (int i = 0; i < expected.size(); i++) {
            assertSame(expected.get(i), actual.get(i), () -> "seed " + seed);
        }
    }

    private static int position(List<byte[]> model, byte[] item) {
        return -Collections.binarySearch(model, item, ORDER) - 1;
    }

    private static double score(Random random, int scores) {
        return random.nextInt(scores);
    }

    private static byte[] item(double score, String member) {
        byte[] bytes = member.getBytes(StandardCharsets.UTF_8);
        return ScoreTree.item(score, bytes, 0, bytes.length);
    }
}
