package dev.holdfast.engine.structures;

import java.util.Arrays;

/** An inner node of a {@link ScoreTree}: children, their lower bounds, and how many items each holds. */
final class ScoreInner extends ScoreNode {
    /** Header, five references and the size. */
    private static final int OBJECT_BYTES = 32;

    ScoreNode[] children;
    int[] counts;

    ScoreInner(int capacity) {
        super(capacity);
        children = new ScoreNode[capacity];
        counts = new int[capacity];
    }

    @Override
    ScoreInner sibling(int capacity) {
        return new ScoreInner(capacity);
    }

    @Override
    int weight() {
        return weightBefore(size);
    }

    /** How many items the first {@code slot} children hold. */
    int weightBefore(int slot) {
        int weight = 0;
        for (int i = 0; i < slot; i++) {
            weight += counts[i];
        }
        return weight;
    }

    @Override
    long heapBytes() {
        return OBJECT_BYTES + ScoreTree.arrayBytes(8, capacity()) + 3 * ScoreTree.arrayBytes(4, capacity());
    }

    @Override
    void copyTo(int from, ScoreNode target, int to, int count) {
        super.copyTo(from, target, to, count);
        ScoreInner inner = (ScoreInner) target;
        System.arraycopy(children, from, inner.children, to, count);
        System.arraycopy(counts, from, inner.counts, to, count);
    }

    @Override
    void reallocate(int capacity) {
        super.reallocate(capacity);
        children = Arrays.copyOf(children, capacity);
        counts = Arrays.copyOf(counts, capacity);
    }

    @Override
    void forget(int from, int to) {
        super.forget(from, to);
        Arrays.fill(children, from, to, null);
    }

    void put(int slot, ScoreNode child) {
        scores[slot] = child.scores[0];
        items[slot] = child.items[0];
        children[slot] = child;
        counts[slot] = child.weight();
    }
}
