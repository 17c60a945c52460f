package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.structures.ScoreTree;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Members and scores that come in any order and are to become a sorted set. Keeping them in order while they come would cost
 * more than sorting them once at the end.
 *
 * <p>An item is one byte array of score and member; see {@link ScoreTree}.
 */
public final class SortedSetBuilder {
    private final LargeSortedSet.Members members = new LargeSortedSet.Members();
    private byte[][] items = new byte[16][];
    private int longest;

    /** The item of a member, or null. */
    public byte @Nullable [] find(Slice member) {
        return members.find(member);
    }

    /** Adds a member that {@link #find} has just missed. */
    public void insertMissing(Slice member, double score) {
        byte[] item = ScoreTree.item(score, member.array(), member.offset(), member.length());
        int size = size();
        if (size == items.length) {
            items = Arrays.copyOf(items, 2 * size);
        }
        items[size] = item;
        members.insertMissing(item);
        longest = Math.max(longest, member.length());
    }

    public int size() {
        return Math.toIntExact(members.size());
    }

    /** All items in the order of a sorted set. Items that came in order, or in reverse order, are sorted in no time. */
    public byte[][] sorted() {
        byte[][] sorted = Arrays.copyOf(items, size());
        Arrays.sort(sorted, SortedSetBuilder::order);
        return sorted;
    }

    private static int order(byte[] one, byte[] other) {
        double score = ScoreTree.score(one);
        double otherScore = ScoreTree.score(other);
        if (score != otherScore) {
            return score < otherScore ? -1 : 1;
        }
        return Arrays.compareUnsigned(one, ScoreTree.MEMBER, one.length, other, ScoreTree.MEMBER, other.length);
    }

    /** The sorted set under an empty record. The builder must not be used any more. */
    public SortedSetValue toValue(byte[] record, long maxEntries, long maxLength) {
        byte[][] sorted = sorted();
        if (sorted.length <= maxEntries && longest <= maxLength) {
            SortedSetValue value = new SortedSetValue(record);
            for (byte[] item : sorted) {
                value.append(item);
            }
            return value;
        }
        return new SortedSetValue(
                record, sorted.length, new LargeSortedSet(members, ScoreTree.ofSorted(sorted, sorted.length)));
    }
}
