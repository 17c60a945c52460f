package dev.holdfast.engine.structures;

import org.jspecify.annotations.Nullable;

/** A leaf of a {@link ScoreTree}, linked to its neighbours. */
final class ScoreLeaf extends ScoreNode {
    /** Header, three references, two links and the size. */
    private static final int OBJECT_BYTES = 32;

    @Nullable
    ScoreLeaf next;

    @Nullable
    ScoreLeaf previous;

    ScoreLeaf(int capacity) {
        super(capacity);
    }

    @Override
    ScoreLeaf sibling(int capacity) {
        return new ScoreLeaf(capacity);
    }

    @Override
    int weight() {
        return size;
    }

    @Override
    long heapBytes() {
        return OBJECT_BYTES + ScoreTree.arrayBytes(8, capacity()) + ScoreTree.arrayBytes(4, capacity());
    }

    void linkAfter(ScoreLeaf before) {
        next = before.next;
        previous = before;
        if (next != null) {
            next.previous = this;
        }
        before.next = this;
    }

    /** Links this leaf in the place of another. */
    void linkInPlaceOf(ScoreLeaf other) {
        next = other.next;
        previous = other.previous;
        if (next != null) {
            next.previous = this;
        }
        if (previous != null) {
            previous.next = this;
        }
    }

    void unlink() {
        if (previous != null) {
            previous.next = next;
        }
        if (next != null) {
            next.previous = previous;
        }
    }

    /** Reads the first byte of some items; what it returns is of no use, but then they are in the processor's cache. */
    int firstBytes(int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += items[i][0];
        }
        return sum;
    }
}
