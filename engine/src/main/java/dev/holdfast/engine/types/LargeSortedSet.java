package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Hash;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.structures.HashIndex;
import dev.holdfast.engine.structures.Loan;
import dev.holdfast.engine.structures.ScoreTree;
import org.jspecify.annotations.Nullable;

/**
 * The large form of a sorted set: its items by member in a hash table, and the same items by score in a tree. An item is one
 * byte array; see {@link ScoreTree}.
 */
final class LargeSortedSet {
    /** This object and its slice. */
    private static final int OBJECT_BYTES = 24 + 40;

    private final Members members;
    private ScoreTree tree;
    private final Slice member = new Slice();

    LargeSortedSet() {
        this(new Members(), new ScoreTree());
    }

    /** Takes over a table and a tree of the same items. */
    LargeSortedSet(Members members, ScoreTree tree) {
        this.members = members;
        this.tree = tree;
    }

    /** Items by member. */
    static final class Members extends HashIndex<byte[]> {
        @Override
        protected long hashOf(byte[] item) {
            return Hash.of(item, ScoreTree.MEMBER, item.length - ScoreTree.MEMBER);
        }

        @Override
        protected boolean matches(byte[] item, Slice key) {
            return key.contentEquals(item, ScoreTree.MEMBER, item.length - ScoreTree.MEMBER);
        }
    }

    static Slice member(byte[] item, Slice into) {
        return into.set(item, ScoreTree.MEMBER, item.length - ScoreTree.MEMBER);
    }

    HashIndex<byte[]> members() {
        return members;
    }

    ScoreTree tree() {
        return tree;
    }

    int size() {
        return tree.size();
    }

    long heapBytes() {
        return OBJECT_BYTES + members.heapBytes() + tree.heapBytes();
    }

    byte @Nullable [] find(Slice member) {
        return members.find(member);
    }

    /** Adds a member that {@link #find} has just missed. */
    void insertMissing(Slice member, double score) {
        byte[] item = ScoreTree.item(score, member.array(), member.offset(), member.length());
        members.insertMissing(item);
        tree.insert(item);
    }

    /** Removes the item that {@link #find} has just returned. */
    void removeFound(byte[] item) {
        members.removeFound();
        tree.remove(item);
    }

    void removeRange(int from, int count) {
        if (count == tree.size()) {
            members.clear();
            tree = new ScoreTree();
        } else {
            tree.removeRange(from, count, item -> members.remove(member(item, member)));
        }
    }

    /** A set whose members can be walked through by rank, and not be found by name. */
    LargeSortedSet freeze(Loan loan) {
        return new LargeSortedSet(new Members(), tree.freeze(loan));
    }

    LargeSortedSet copy() {
        Members copies = new Members();
        byte[][] items = new byte[size()][];
        int count = 0;
        ScoreTree.Cursor cursor = tree.cursor();
        for (boolean more = cursor.toRank(0); more; more = cursor.next()) {
            byte[] item = cursor.item().clone();
            items[count++] = item;
            copies.put(item, member(item, member));
        }
        return new LargeSortedSet(copies, ScoreTree.ofSorted(items, count));
    }
}
