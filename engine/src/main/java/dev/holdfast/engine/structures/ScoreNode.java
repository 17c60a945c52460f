package dev.holdfast.engine.structures;

import java.util.Arrays;

/**
 * A node of a {@link ScoreTree}: a run of (score, item) pairs in order.
 *
 * <p>In a leaf they are the items themselves. In an inner node each pair is a lower bound of the child beside it: nothing in the
 * child is smaller, and everything in the child before it is. The bound may be an item that has since left the tree, so of an
 * inner node's items only the member is read, and the score from the node. The first pair of an inner node bounds nothing, as
 * everything up to the second belongs to the first child.
 *
 * <p>The scores are kept beside the items to save the memory access that every comparison would otherwise cost.
 */
abstract sealed class ScoreNode permits ScoreLeaf, ScoreInner {
    static final int CAPACITY = 64;

    private static final int STEP = 16;

    double[] scores;
    byte[][] items;
    int size;

    /** See {@link Lender}. */
    int generation;

    ScoreNode(int capacity) {
        scores = new double[capacity];
        items = new byte[capacity][];
    }

    /** An empty node of the same kind with room for {@code capacity} pairs. */
    abstract ScoreNode sibling(int capacity);

    /** A node with the same pairs. */
    final ScoreNode copy() {
        ScoreNode copy = sibling(capacity());
        copyTo(0, copy, 0, size);
        copy.size = size;
        return copy;
    }

    /** How many items there are below. */
    abstract int weight();

    abstract long heapBytes();

    /** Copies {@code count} pairs to another node of the same kind, where there is room. */
    void copyTo(int from, ScoreNode target, int to, int count) {
        System.arraycopy(scores, from, target.scores, to, count);
        System.arraycopy(items, from, target.items, to, count);
    }

    void reallocate(int capacity) {
        scores = Arrays.copyOf(scores, capacity);
        items = Arrays.copyOf(items, capacity);
    }

    /** Lets go of what lies at {@code from} and after it. */
    void forget(int from, int to) {
        Arrays.fill(items, from, to, null);
    }

    final int capacity() {
        return scores.length;
    }

    /** The capacity for {@code size} pairs with a little room to grow. */
    static int capacityFor(int size) {
        return Math.min(CAPACITY, (size / STEP + 1) * STEP);
    }

    /** Makes room for {@code count} pairs at {@code at}. The node has to have that many free. */
    final void open(int at, int count) {
        if (size + count > capacity()) {
            reallocate(capacityFor(size + count));
        }
        copyTo(at, this, at + count, size - at);
        size += count;
    }

    /** Takes out {@code count} pairs at {@code at}. */
    final void close(int at, int count) {
        copyTo(at + count, this, at, size - at - count);
        forget(size - count, size);
        size -= count;
    }

    /** Gives the memory back that {@code size} pairs do not need. */
    final void trim() {
        if (capacity() > capacityFor(size)) {
            reallocate(capacityFor(size));
        }
    }

    /**
     * How many of the pairs from {@code from} on are smaller than the given one, plus {@code from}. With {@code orEqual}, an equal
     * pair is counted too.
     */
    final int search(int from, double score, byte[] member, int offset, int length, boolean orEqual) {
        double[] scores = this.scores;
        int low = from;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            double other = scores[middle];
            boolean before;
            if (other == score) {
                int order = compareMember(items[middle], member, offset, length);
                before = order < 0 || (orEqual && order == 0);
            } else {
                before = other < score;
            }
            if (before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** As {@link #search} for the score alone. */
    final int searchScore(int from, double score, boolean orEqual) {
        double[] scores = this.scores;
        int low = from;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            double other = scores[middle];
            if (other < score || (orEqual && other == score)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** As {@link #search} for the member alone, in a tree whose scores are all equal. */
    final int searchMember(int from, byte[] member, int offset, int length, boolean orEqual) {
        int low = from;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            int order = compareMember(items[middle], member, offset, length);
            if (order < 0 || (orEqual && order == 0)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static int compareMember(byte[] item, byte[] member, int offset, int length) {
        return Arrays.compareUnsigned(item, ScoreTree.MEMBER, item.length, member, offset, offset + length);
    }
}
