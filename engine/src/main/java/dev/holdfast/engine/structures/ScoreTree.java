package dev.holdfast.engine.structures;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The ordered half of a large sorted set: its items by score, equal scores by the unsigned bytes of their members. (The other
 * half is a {@link HashIndex} of the same items by member.)
 *
 * <p>An item is one byte array, shared by both halves:
 *
 * <pre>
 *    0               8
 *   +---------------+----------------
 *   | score, double | member ...
 *   +---------------+----------------
 * </pre>
 *
 * <p>The tree is a B+ tree of nodes with up to 64 entries. Where Valkey has a skiplist, whose nodes each cost a few pointers
 * and whose every step is a likely cache miss, a leaf here holds 64 scores side by side: a search of a million members reads
 * about four nodes, and the members themselves only where scores are equal. Inner nodes count the items below each child,
 * which gives ranks in both directions. Leaves are linked for walking.
 *
 * <p>A full node splits in the middle, except at either end of the tree, where it splits so that scores arriving in order fill
 * their nodes. A node with less than a quarter left joins a neighbour or takes from it. Node arrays grow by 16 entries, so that
 * half-full nodes do not cost what full ones do.
 *
 * <p>A frozen tree shares its nodes with the one that it was made from, see {@link Lender}. A node that changes is copied together
 * with those above it. The links between leaves belong to the living tree alone; a walk through a frozen one descends again
 * for each leaf, and finds scores in the nodes only, since those in the items may have changed.
 *
 * <p>Zero and minus zero are equal, as doubles are; NaN may not come in. Not thread-safe.
 */
public final class ScoreTree extends Lender {
    /** Where the member begins in an item. */
    public static final int MEMBER = 8;

    private static final VarHandle DOUBLES =
            MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int FEWEST = ScoreNode.CAPACITY / 4;
    private static final int MOST_AFTER_JOINING = ScoreNode.CAPACITY * 3 / 4;
    private static final int FILL = ScoreNode.CAPACITY * 7 / 8;
    private static final int MAX_DEPTH = 12;

    /** Header, fields, and the two arrays of the path. */
    private static final int OBJECT_BYTES = 56 + 64 + 64;

    private ScoreNode root = new ScoreLeaf(ScoreNode.capacityFor(0));
    private int size;
    private long heapBytes = OBJECT_BYTES + root.heapBytes();

    /** The inner nodes above the leaf of the last descent, from the root down, and the slot taken in each. */
    private final ScoreInner[] path = new ScoreInner[MAX_DEPTH];

    private final int[] slots = new int[MAX_DEPTH];
    private int depth;

    /** Where in its leaf the last {@link #descendToRank} has found the rank. */
    private int inLeaf;

    /** What has been read ahead. It is never read; it keeps the compiler from leaving the reading out. */
    int seen;

    /** Whether the nodes belong to another tree. */
    private boolean frozen;

    /** A new item. */
    public static byte[] item(double score, byte[] member, int offset, int length) {
        byte[] item = new byte[MEMBER + length];
        DOUBLES.set(item, 0, score);
        System.arraycopy(member, offset, item, MEMBER, length);
        return item;
    }

    public static double score(byte[] item) {
        return (double) DOUBLES.get(item, 0);
    }

    /** Gives an item that is in no tree another score. */
    public static void setScore(byte[] item, double score) {
        DOUBLES.set(item, 0, score);
    }

    /** A tree of the first {@code count} items of an array that is in order and has no duplicates. */
    public static ScoreTree ofSorted(byte[][] items, int count) {
        ScoreTree tree = new ScoreTree();
        if (count > 0) {
            tree.build(items, count);
        }
        return tree;
    }

    /** A tree of the items of now, which another thread may walk through by rank as long as the loan lasts. */
    public ScoreTree freeze(Loan loan) {
        lend(loan);
        ScoreTree tree = new ScoreTree();
        tree.root = root;
        tree.size = size;
        tree.heapBytes = heapBytes;
        tree.frozen = true;
        return tree;
    }

    public int size() {
        return size;
    }

    /** The memory of the tree and of its items, with compact object headers. */
    public long heapBytes() {
        return heapBytes;
    }

    static long arrayBytes(int width, int length) {
        int header = width == 8 ? 16 : 12;
        return (header + (long) width * length + 7) & ~7L;
    }

    private static long itemBytes(byte[] item) {
        return arrayBytes(1, item.length);
    }

    /** Adds an item that is not in the tree. */
    public void insert(byte[] item) {
        double score = score(item);
        ScoreLeaf leaf = toChange(descend(score, item, MEMBER, item.length - MEMBER));
        int at = leaf.search(0, score, item, MEMBER, item.length - MEMBER, false);
        for (int i = 0; i < depth; i++) {
            path[i].counts[slots[i]]++;
        }
        size++;
        heapBytes += itemBytes(item);
        if (leaf.size == ScoreNode.CAPACITY) {
            int kept = leaf.size / 2;
            if (leaf.next == null && at == leaf.size) {
                kept = leaf.size;
            } else if (leaf.previous == null && at == 0) {
                kept = 0;
            }
            ScoreLeaf right = leaf.sibling(ScoreNode.capacityFor(leaf.size - kept));
            moveTail(leaf, kept, right);
            right.linkAfter(leaf);
            if (at > kept || kept == ScoreNode.CAPACITY) {
                insertIntoLeaf(right, at - kept, score, item);
            } else {
                insertIntoLeaf(leaf, at, score, item);
            }
            addToParent(leaf, right);
        } else {
            insertIntoLeaf(leaf, at, score, item);
        }
    }

    private void insertIntoLeaf(ScoreLeaf leaf, int at, double score, byte[] item) {
        heapBytes -= leaf.heapBytes();
        leaf.open(at, 1);
        leaf.scores[at] = score;
        leaf.items[at] = item;
        heapBytes += leaf.heapBytes();
    }

    /** Moves what follows the first {@code kept} pairs to a new, empty node, and counts that node's memory. */
    private void moveTail(ScoreNode node, int kept, ScoreNode right) {
        heapBytes -= node.heapBytes();
        int moved = node.size - kept;
        node.copyTo(kept, right, 0, moved);
        right.size = moved;
        right.generation = generation();
        node.forget(kept, node.size);
        node.size = kept;
        node.trim();
        heapBytes += node.heapBytes() + right.heapBytes();
    }

    /** Hangs in the node that {@code left}, at the end of the path, has split off; splits inner nodes upwards as needed. */
    private void addToParent(ScoreNode left, ScoreNode right) {
        ScoreNode first = left;
        ScoreNode second = right;
        for (int level = depth - 1; level >= 0; level--) {
            ScoreInner parent = path[level];
            int slot = slots[level];
            parent.counts[slot] = first.weight();
            if (parent.size < ScoreNode.CAPACITY) {
                insertChild(parent, slot + 1, second);
                return;
            }
            int kept = isRightEdge(level) && slot + 1 == parent.size ? parent.size : parent.size / 2;
            ScoreInner split = parent.sibling(ScoreNode.capacityFor(parent.size - kept));
            moveTail(parent, kept, split);
            if (slot + 1 > kept || kept == ScoreNode.CAPACITY) {
                insertChild(split, slot + 1 - kept, second);
            } else {
                insertChild(parent, slot + 1, second);
            }
            first = parent;
            second = split;
        }
        ScoreInner top = new ScoreInner(ScoreNode.capacityFor(2));
        top.put(0, first);
        top.put(1, second);
        top.size = 2;
        top.generation = generation();
        heapBytes += top.heapBytes();
        root = top;
    }

    private boolean isRightEdge(int level) {
        for (int i = 0; i < level; i++) {
            if (slots[i] != path[i].size - 1) {
                return false;
            }
        }
        return true;
    }

    private void insertChild(ScoreInner parent, int slot, ScoreNode child) {
        heapBytes -= parent.heapBytes();
        parent.open(slot, 1);
        parent.put(slot, child);
        heapBytes += parent.heapBytes();
    }

    /** Takes an item out. It is found by its score and member; false if there is none such. */
    public boolean remove(byte[] item) {
        double score = score(item);
        ScoreLeaf leaf = descend(score, item, MEMBER, item.length - MEMBER);
        int at = find(leaf, score, item);
        if (at < 0) {
            return false;
        }
        heapBytes -= itemBytes(leaf.items[at]);
        removeFromLeaf(toChange(leaf), at, 1);
        return true;
    }

    /**
     * Gives an item of the tree another score, in its bytes and in the tree. Where it stays between its neighbours it also stays
     * in its place.
     */
    public void updateScore(byte[] item, double score) {
        double old = score(item);
        ScoreLeaf leaf = descend(old, item, MEMBER, item.length - MEMBER);
        int at = find(leaf, old, item);
        if (at < 0) {
            throw new IllegalArgumentException("no such item");
        }
        leaf = toChange(leaf);
        DOUBLES.set(item, 0, score);
        boolean afterPrevious = at > 0 ? leaf.scores[at - 1] < score : leaf.previous == null;
        boolean beforeNext = at + 1 < leaf.size ? score < leaf.scores[at + 1] : leaf.next == null;
        if (afterPrevious && beforeNext) {
            leaf.scores[at] = score;
        } else {
            heapBytes -= itemBytes(item);
            removeFromLeaf(leaf, at, 1);
            insert(item);
        }
    }

    /**
     * Takes out {@code count} items from rank {@code from} on, and hands each to {@code removed}, which must not touch the tree.
     */
    public void removeRange(int from, int count, Consumer<byte[]> removed) {
        int rest = count;
        while (rest > 0) {
            ScoreLeaf leaf = toChange(descendToRank(from));
            int at = from - rankOfLeaf();
            int taken = Math.min(rest, leaf.size - at);
            for (int i = at; i < at + taken; i++) {
                byte[] item = leaf.items[i];
                heapBytes -= itemBytes(item);
                removed.accept(item);
            }
            removeFromLeaf(leaf, at, taken);
            rest -= taken;
        }
    }

    private void removeFromLeaf(ScoreLeaf leaf, int at, int count) {
        for (int i = 0; i < depth; i++) {
            path[i].counts[slots[i]] -= count;
        }
        size -= count;
        leaf.close(at, count);
        restoreFill(leaf);
    }

    /**
     * The leaf of the last descent, which is about to be written to, as are the nodes above it. Above a node of the tree's own
     * there is none that is lent.
     */
    private ScoreLeaf toChange(ScoreLeaf leaf) {
        if (!isLent(leaf.generation)) {
            return leaf;
        }
        ScoreNode node = toChange(root);
        root = node;
        for (int level = 0; level < depth; level++) {
            ScoreInner inner = (ScoreInner) node;
            path[level] = inner;
            node = childToChange(inner, slots[level]);
        }
        return (ScoreLeaf) node;
    }

    private ScoreNode childToChange(ScoreInner parent, int slot) {
        ScoreNode node = toChange(parent.children[slot]);
        parent.children[slot] = node;
        return node;
    }

    private ScoreNode toChange(ScoreNode node) {
        if (!isLent(node.generation)) {
            return node;
        }
        ScoreNode copy = node.copy();
        copy.generation = generation();
        if (copy instanceof ScoreLeaf leaf) {
            leaf.linkInPlaceOf((ScoreLeaf) node);
        }
        retain(node.heapBytes());
        return copy;
    }

    /** Joins nodes along the path that have become too empty with a neighbour, or levels them out. */
    private void restoreFill(ScoreLeaf leaf) {
        ScoreNode node = leaf;
        for (int level = depth - 1; level >= 0 && node.size < FEWEST; level--) {
            ScoreInner parent = path[level];
            if (parent.size > 1) {
                int slot = slots[level];
                join(parent, slot + 1 < parent.size ? slot : slot - 1);
            } else if (node.size == 0) {
                drop(parent, 0);
            }
            node = parent;
        }
        while (root instanceof ScoreInner inner && inner.size <= 1) {
            heapBytes -= inner.heapBytes();
            if (inner.size == 1) {
                root = inner.children[0];
            } else {
                root = new ScoreLeaf(ScoreNode.capacityFor(0));
                root.generation = generation();
                heapBytes += root.heapBytes();
            }
        }
    }

    /** Makes one node of the children at {@code slot} and after it, or, where that would be too full, two equal ones. */
    private void join(ScoreInner parent, int slot) {
        ScoreNode left = childToChange(parent, slot);
        ScoreNode right = childToChange(parent, slot + 1);
        if (right instanceof ScoreInner) {
            right.scores[0] = parent.scores[slot + 1];
            right.items[0] = parent.items[slot + 1];
        }
        int total = left.size + right.size;
        heapBytes -= left.heapBytes() + right.heapBytes();
        if (total <= MOST_AFTER_JOINING) {
            int at = left.size;
            left.open(at, right.size);
            right.copyTo(0, left, at, right.size);
            heapBytes += left.heapBytes() + right.heapBytes();
            drop(parent, slot + 1);
        } else {
            int moved = total / 2 - left.size;
            if (moved > 0) {
                int at = left.size;
                left.open(at, moved);
                right.copyTo(0, left, at, moved);
                right.close(0, moved);
            } else {
                right.open(0, -moved);
                left.copyTo(left.size + moved, right, 0, -moved);
                left.close(left.size + moved, -moved);
            }
            left.trim();
            right.trim();
            heapBytes += left.heapBytes() + right.heapBytes();
            parent.put(slot + 1, right);
        }
        parent.counts[slot] = left.weight();
    }

    /** Takes a child out whose items have gone elsewhere. */
    private void drop(ScoreInner parent, int slot) {
        ScoreNode child = parent.children[slot];
        if (child instanceof ScoreLeaf leaf) {
            leaf.unlink();
        }
        heapBytes -= child.heapBytes();
        parent.close(slot, 1);
    }

    /** The rank, from zero, of the item with this score and member; -1 if there is none such. */
    public int rank(byte[] item) {
        double score = score(item);
        ScoreLeaf leaf = descend(score, item, MEMBER, item.length - MEMBER);
        int at = find(leaf, score, item);
        return at < 0 ? -1 : rankOfLeaf() + at;
    }

    /** How many items have a smaller score; with {@code orEqual}, a smaller or equal one. */
    public int countBelow(double score, boolean orEqual) {
        if (score == Double.POSITIVE_INFINITY && orEqual) {
            return size;
        }
        return descendToScore(score, orEqual).searchScore(0, score, orEqual) + rankOfLeaf();
    }

    /**
     * How many items have a smaller member; with {@code orEqual}, a smaller or equal one. Only where all scores are equal is the
     * tree in this order. Elsewhere the answer is some number up to the size.
     */
    public int countBelow(byte[] member, int offset, int length, boolean orEqual) {
        return descendToMember(member, offset, length, orEqual).searchMember(0, member, offset, length, orEqual)
                + rankOfLeaf();
    }

    /** The item of a rank from zero to the size, exclusive. */
    public byte[] get(int rank) {
        ScoreLeaf leaf = descendToRank(rank);
        return leaf.items[inLeaf];
    }

    /** A cursor that stands nowhere yet. Any change to the tree invalidates it. */
    public Cursor cursor() {
        return new Cursor();
    }

    /** A place in the tree. Each move returns whether there is an item at the new place. */
    public final class Cursor {
        private @Nullable ScoreLeaf leaf;
        private int at;

        /** The rank of the first item of the leaf; only of a frozen tree. */
        private int first;

        private Cursor() {}

        public boolean toRank(int rank) {
            if (rank < 0 || rank >= size) {
                return false;
            }
            leaf = descendToRank(rank);
            at = inLeaf;
            first = rank - at;
            return true;
        }

        /**
         * Reads the beginnings of up to {@code count} next items, of this leaf and its neighbour, so that what they are waited for
         * is one wait and not one for each.
         */
        public void lookAhead(int count, boolean reverse) {
            ScoreLeaf here = here();
            int most = Math.min(count, ScoreNode.CAPACITY);
            int sum = 0;
            if (reverse) {
                int from = Math.max(at - most + 1, 0);
                sum += here.firstBytes(from, at + 1);
                ScoreLeaf before = frozen ? null : here.previous;
                if (before != null) {
                    sum += before.firstBytes(Math.max(before.size - (most - (at + 1 - from)), 0), before.size);
                }
            } else {
                int to = Math.min(at + most, here.size);
                sum += here.firstBytes(at, to);
                ScoreLeaf after = frozen ? null : here.next;
                if (after != null) {
                    sum += after.firstBytes(0, Math.min(most - (to - at), after.size));
                }
            }
            seen = sum;
        }

        /** To the first item whose score is not smaller; with {@code after}, whose score is larger. */
        public boolean toScore(double score, boolean after) {
            ScoreLeaf found = descendToScore(score, after);
            leaf = found;
            at = found.searchScore(0, score, after);
            return settle();
        }

        /** To the last item whose score is not larger; with {@code before}, whose score is smaller. */
        public boolean toScoreFromAbove(double score, boolean before) {
            ScoreLeaf found = descendToScore(score, !before);
            leaf = found;
            at = found.searchScore(0, score, !before);
            return previous();
        }

        /** As {@link #toScore} by member; see {@link #countBelow(byte[], int, int, boolean)}. */
        public boolean toMember(byte[] member, int offset, int length, boolean after) {
            ScoreLeaf found = descendToMember(member, offset, length, after);
            leaf = found;
            at = found.searchMember(0, member, offset, length, after);
            return settle();
        }

        /** As {@link #toScoreFromAbove} by member; see {@link #countBelow(byte[], int, int, boolean)}. */
        public boolean toMemberFromAbove(byte[] member, int offset, int length, boolean before) {
            ScoreLeaf found = descendToMember(member, offset, length, !before);
            leaf = found;
            at = found.searchMember(0, member, offset, length, !before);
            return previous();
        }

        public boolean next() {
            at++;
            return settle();
        }

        public boolean previous() {
            ScoreLeaf here = leaf;
            if (frozen && at == 0) {
                return toRank(first - 1);
            }
            if (here != null && at == 0) {
                here = here.previous;
                leaf = here;
                at = here == null ? 0 : here.size;
            }
            at--;
            return here != null;
        }

        /** Past the last item of a leaf stands the first of the next. */
        private boolean settle() {
            ScoreLeaf here = leaf;
            if (here != null && at >= here.size) {
                if (frozen) {
                    return toRank(first + at);
                }
                here = here.next;
                leaf = here;
                at = 0;
            }
            return here != null;
        }

        public byte[] item() {
            return here().items[at];
        }

        public double score() {
            return here().scores[at];
        }

        private ScoreLeaf here() {
            ScoreLeaf here = leaf;
            if (here == null) {
                throw new IllegalStateException("the cursor stands nowhere");
            }
            return here;
        }
    }

    private ScoreLeaf descend(double score, byte[] member, int offset, int length) {
        ScoreNode node = root;
        depth = 0;
        while (node instanceof ScoreInner inner) {
            node = step(inner, inner.search(1, score, member, offset, length, true) - 1);
        }
        return (ScoreLeaf) node;
    }

    private ScoreLeaf descendToScore(double score, boolean after) {
        ScoreNode node = root;
        depth = 0;
        while (node instanceof ScoreInner inner) {
            node = step(inner, inner.searchScore(1, score, after) - 1);
        }
        return (ScoreLeaf) node;
    }

    private ScoreLeaf descendToMember(byte[] member, int offset, int length, boolean after) {
        ScoreNode node = root;
        depth = 0;
        while (node instanceof ScoreInner inner) {
            node = step(inner, inner.searchMember(1, member, offset, length, after) - 1);
        }
        return (ScoreLeaf) node;
    }

    private ScoreLeaf descendToRank(int rank) {
        if (rank < 0 || rank >= size) {
            throw new IndexOutOfBoundsException(rank);
        }
        ScoreNode node = root;
        int rest = rank;
        depth = 0;
        while (node instanceof ScoreInner inner) {
            int slot = 0;
            while (rest >= inner.counts[slot]) {
                rest -= inner.counts[slot++];
            }
            node = step(inner, slot);
        }
        inLeaf = rest;
        return (ScoreLeaf) node;
    }

    private ScoreNode step(ScoreInner inner, int slot) {
        path[depth] = inner;
        slots[depth++] = slot;
        return inner.children[slot];
    }

    /** The rank of the first item of the leaf that the last descent led to. */
    private int rankOfLeaf() {
        int rank = 0;
        for (int i = 0; i < depth; i++) {
            rank += path[i].weightBefore(slots[i]);
        }
        return rank;
    }

    private static int find(ScoreLeaf leaf, double score, byte[] item) {
        int at = leaf.search(0, score, item, MEMBER, item.length - MEMBER, false);
        if (at < leaf.size && leaf.scores[at] == score) {
            byte[] found = leaf.items[at];
            if (Arrays.equals(found, MEMBER, found.length, item, MEMBER, item.length)) {
                return at;
            }
        }
        return -1;
    }

    private void build(byte[][] items, int count) {
        int nodes = (count + FILL - 1) / FILL;
        ScoreNode[] level = new ScoreNode[nodes];
        ScoreLeaf last = null;
        heapBytes = OBJECT_BYTES;
        for (int i = 0; i < nodes; i++) {
            int from = (int) ((long) count * i / nodes);
            int to = (int) ((long) count * (i + 1) / nodes);
            ScoreLeaf leaf = new ScoreLeaf(ScoreNode.capacityFor(to - from));
            for (int j = from; j < to; j++) {
                leaf.scores[j - from] = score(items[j]);
                leaf.items[j - from] = items[j];
                heapBytes += itemBytes(items[j]);
            }
            leaf.size = to - from;
            if (last != null) {
                leaf.linkAfter(last);
            }
            last = leaf;
            level[i] = leaf;
            heapBytes += leaf.heapBytes();
        }
        while (nodes > 1) {
            int below = nodes;
            nodes = (below + FILL - 1) / FILL;
            for (int i = 0; i < nodes; i++) {
                int from = (int) ((long) below * i / nodes);
                int to = (int) ((long) below * (i + 1) / nodes);
                ScoreInner inner = new ScoreInner(ScoreNode.capacityFor(to - from));
                for (int j = from; j < to; j++) {
                    inner.put(j - from, level[j]);
                }
                inner.size = to - from;
                level[i] = inner;
                heapBytes += inner.heapBytes();
            }
        }
        root = level[0];
        size = count;
    }

    /** Checks every invariant of the tree; for tests. */
    void validate() {
        new Validation().run();
    }

    private final class Validation {
        private @Nullable ScoreLeaf last;
        private long bytes = OBJECT_BYTES;
        private int leafDepth = -1;

        void run() {
            check(root.weight() == size, "size");
            check(visit(root, 0, null, 0, null, 0) == size, "weight");
            check(last != null && last.next == null, "last link");
            check(bytes == heapBytes, "heap bytes " + bytes + " but accounted " + heapBytes);
        }

        private int visit(
                ScoreNode node,
                int level,
                byte @Nullable [] low,
                double lowScore,
                byte @Nullable [] high,
                double highScore) {
            bytes += node.heapBytes();
            check(node.size <= node.capacity() && node.capacity() <= ScoreNode.CAPACITY, "capacity");
            check(node.size > 0 || node == root, "empty node");
            if (node instanceof ScoreInner inner) {
                int weight = 0;
                for (int i = 0; i < inner.size; i++) {
                    boolean end = i + 1 == inner.size;
                    int counted = visit(
                            inner.children[i],
                            level + 1,
                            i == 0 ? low : inner.items[i],
                            i == 0 ? lowScore : inner.scores[i],
                            end ? high : inner.items[i + 1],
                            end ? highScore : inner.scores[i + 1]);
                    check(counted == inner.counts[i], "count");
                    weight += counted;
                }
                return weight;
            }
            ScoreLeaf leaf = (ScoreLeaf) node;
            check(leafDepth < 0 || leafDepth == level, "depth");
            leafDepth = level;
            check(leaf.previous == last, "back link");
            check(last == null || last.next == leaf, "link");
            last = leaf;
            for (int i = 0; i < leaf.size; i++) {
                bytes += itemBytes(leaf.items[i]);
                check(score(leaf.items[i]) == leaf.scores[i], "score");
                check(i == 0 || order(leaf, i, leaf.items[i - 1], leaf.scores[i - 1]) > 0, "order");
                check(low == null || order(leaf, i, low, lowScore) >= 0, "lower bound");
                check(high == null || order(leaf, i, high, highScore) < 0, "upper bound");
            }
            return leaf.size;
        }

        private static int order(ScoreLeaf leaf, int at, byte[] item, double score) {
            if (leaf.scores[at] != score) {
                return leaf.scores[at] < score ? -1 : 1;
            }
            byte[] other = leaf.items[at];
            return Arrays.compareUnsigned(other, MEMBER, other.length, item, MEMBER, item.length);
        }

        private static void check(boolean holds, String what) {
            if (!holds) {
                throw new IllegalStateException("score tree: " + what);
            }
        }
    }
}
