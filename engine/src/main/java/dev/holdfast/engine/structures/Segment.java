package dev.holdfast.engine.structures;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One piece of a {@link HashIndex}: a run of slots that holds the items of one interval of hashes, in the order of their
 * tags.
 *
 * <p>The tag of an item is the 15 bits of its hash behind the first {@link #shift}, which are the same for all items of
 * the segment. The <em>home</em> of a tag is {@code tag * capacity / 32768}: read as a fraction, the tag is a place in the
 * segment. An item sits at its home or, where that is taken, behind it, with no empty slot in between, and no item is
 * behind one of a larger tag. So each tag's items are neighbours and are found with a short walk from their home. Behind
 * the last home is a tail of spare slots, whose very last always stays empty and ends every walk.
 *
 * <p>Beside each slot is a mark. It is larger the smaller the tag is, so that one comparison both skips smaller tags and
 * stops at an empty slot:
 *
 * <pre>
 *   15                    1   0
 *  +-----------------------+---+
 *  |      32767 − tag      | v |     v: the item is volatile;  0: the slot is empty
 *  +-----------------------+---+
 * </pre>
 *
 * The largest tag, whose mark would be that of an empty slot, is counted as the second largest.
 */
final class Segment {
    /** Bits of a tag. */
    static final int TAG_BITS = 15;

    /** The bit of a mark that says that the item is volatile. */
    static final int VOLATILE = 1;

    private static final int TAG_TOP = (1 << TAG_BITS) - 1;
    private static final int SMALLEST_CAPACITY = 6;
    private static final int LONGEST_FIRST_TAIL = 16;

    /** The bits of a hash that come before the tag. */
    final int shift;

    /** How many homes there are. */
    final int capacity;

    @Nullable
    Object[] items;

    char[] marks;
    int size;
    int volatiles;

    /** See {@link Lender}. */
    int generation;

    private Segment(int shift, int capacity, int length) {
        this.shift = shift;
        this.capacity = capacity;
        this.items = new @Nullable Object[length];
        this.marks = new char[length];
    }

    /** A segment without a home, full from the start, which stands in for the first one of an empty table. */
    static Segment none(int shift) {
        return new Segment(shift, 0, 1);
    }

    /** An empty segment with comfortable room for {@code expected} items. */
    static Segment sized(int shift, int expected) {
        int capacity = capacityFor(expected);
        return new Segment(shift, capacity, capacity + Math.min(2 + (capacity >>> 3), LONGEST_FIRST_TAIL));
    }

    /** A segment with the same items in the same slots. */
    Segment copy() {
        Segment copy = new Segment(shift, capacity, 0);
        copy.items = items.clone();
        copy.marks = marks.clone();
        copy.size = size;
        copy.volatiles = volatiles;
        return copy;
    }

    /** The homes that a new segment has for some items: a load of 8/11, a sixth under {@link #isFull full}. */
    private static int capacityFor(int expected) {
        return Math.max(SMALLEST_CAPACITY, expected + (expected >>> 2) + (expected >>> 3));
    }

    /** Whether the next item should find a larger segment: from a load of 7/8. */
    boolean isFull() {
        return size >= capacity - (capacity >>> 3);
    }

    /** Whether so few slots are used that a smaller segment should take over: from a load of 1/4. */
    boolean isSparse() {
        return size < (capacity >>> 2) && capacity > SMALLEST_CAPACITY;
    }

    /** The mark of a hash, without the volatile bit. */
    int mark(long hash) {
        int tag = (int) ((hash << shift) >>> (Long.SIZE - TAG_BITS));
        return markOf(Math.min(tag, TAG_TOP - 1));
    }

    private static int markOf(int tag) {
        return (TAG_TOP - tag) << 1;
    }

    /** The tag that a mark stands for. */
    static int tag(int mark) {
        return TAG_TOP - (mark >>> 1);
    }

    /** The home of a mark, with or without its volatile bit. */
    int home(int mark) {
        return (int) (((long) tag(mark) * capacity) >>> TAG_BITS);
    }

    /** From the home of a mark, the first slot that is empty or has this or a larger tag. */
    int seek(int mark) {
        return seek(marks, home(mark), mark);
    }

    /** As {@link #seek(int)}, from the home on. */
    static int seek(char[] marks, int home, int mark) {
        int index = home;
        while (marks[index] > mark + VOLATILE) {
            index++;
        }
        return index;
    }

    /**
     * Whether a slot is empty. Its mark would say so too; but a search that asks the slot first has it fetched from memory together
     * with the mark, instead of after it.
     */
    boolean isEmpty(int index) {
        return items[index] == null;
    }

    /** From the home of a mark, the first slot that is empty or has a larger tag: where a new item goes. */
    int seekBehind(int mark) {
        char[] marks = this.marks;
        int index = home(mark);
        while (marks[index] >= mark) {
            index++;
        }
        return index;
    }

    /** Puts an item in its order at {@code index}, and moves what follows up to the next empty slot by one. */
    void insert(int index, int mark, Object item) {
        int gap = index;
        while (marks[gap] != 0) {
            gap++;
        }
        if (gap == marks.length - 1) {
            lengthenTail();
        }
        if (gap != index) {
            System.arraycopy(items, index, items, index + 1, gap - index);
            System.arraycopy(marks, index, marks, index + 1, gap - index);
        }
        items[index] = item;
        marks[index] = (char) mark;
        size++;
        volatiles += mark & VOLATILE;
    }

    /** Takes the item at {@code index} away, and moves the following ones that are not at home back by one. */
    void delete(int index) {
        volatiles -= marks[index] & VOLATILE;
        size--;
        int end = index + 1;
        while (marks[end] != 0 && home(marks[end]) < end) {
            end++;
        }
        int moved = end - index - 1;
        if (moved > 0) {
            System.arraycopy(items, index + 1, items, index, moved);
            System.arraycopy(marks, index + 1, marks, index, moved);
        }
        items[end - 1] = null;
        marks[end - 1] = 0;
    }

    /** Puts another item of the same key in the place of the one at {@code index}. */
    void replace(int index, int mark, Object item) {
        volatiles += (mark & VOLATILE) - (marks[index] & VOLATILE);
        items[index] = item;
        marks[index] = (char) mark;
    }

    /** The same items with the homes that suit their number. Only the marks are read, not the items. */
    Segment resized() {
        Segment copy = sized(shift, size);
        int next = 0;
        for (int i = 0; i < marks.length; i++) {
            if (marks[i] != 0) {
                next = copy.append(next, marks[i], items[i]);
            }
        }
        copy.size = size;
        copy.volatiles = volatiles;
        return copy;
    }

    /**
     * One segment with the items of two neighbours. Each half's number becomes the first bit of the tags, which lose their
     * last one.
     */
    static Segment merged(Segment low, Segment high) {
        Segment both = sized(low.shift - 1, low.size + high.size);
        int next = both.appendHalf(0, low, 0);
        both.appendHalf(next, high, 1 << (TAG_BITS - 1));
        both.size = low.size + high.size;
        both.volatiles = low.volatiles + high.volatiles;
        return both;
    }

    private int appendHalf(int next, Segment half, int firstBit) {
        for (int i = 0; i < half.marks.length; i++) {
            int mark = half.marks[i];
            if (mark != 0) {
                int tag = Math.min(firstBit | (tag(mark) >>> 1), TAG_TOP - 1);
                next = append(next, markOf(tag) | (mark & VOLATILE), half.items[i]);
            }
        }
        return next;
    }

    /** Puts an item behind all others, at {@code next} at the earliest. Returns the slot after it. Leaves the counts alone. */
    private int append(int next, int mark, @Nullable Object item) {
        int index = Math.max(next, home(mark));
        if (index == marks.length - 1) {
            lengthenTail();
        }
        items[index] = item;
        marks[index] = (char) mark;
        return index + 1;
    }

    private void lengthenTail() {
        int tail = marks.length - capacity;
        int length = marks.length + (tail >>> 1) + 4;
        items = Arrays.copyOf(items, length);
        marks = Arrays.copyOf(marks, length);
    }

    /** How many items belong to the lower half when the segment is split at the first bit of the tags. */
    int lowHalf() {
        int items = 0;
        for (char mark : marks) {
            if (mark != 0 && tag(mark) >>> (TAG_BITS - 1) == 0) {
                items++;
            }
        }
        return items;
    }

    /** The first slot from {@code end} on that is not of the same tag as the slot before {@code end}. */
    int endOfTag(int end) {
        int last = marks[end - 1] | VOLATILE;
        int index = end;
        while (index < marks.length && (marks[index] | VOLATILE) == last) {
            index++;
        }
        return index;
    }

    /** The slot of any item, each with the same probability. There must be one. */
    int randomIndex(RandomGenerator random) {
        int index;
        do {
            index = random.nextInt(marks.length);
        } while (marks[index] == 0);
        return index;
    }

    /** The slot of the volatile item that has {@code rank} others before it. */
    int volatileIndex(int rank) {
        int index = -1;
        for (int left = rank; left >= 0; left -= marks[index] & VOLATILE) {
            index++;
        }
        return index;
    }

    /** The bytes of this object and its arrays, with compact object headers and references of four bytes. */
    long heapBytes() {
        return heapBytes(marks.length);
    }

    /** The bytes of a segment with {@code slots} slots. */
    static long heapBytes(int slots) {
        return 40 + arrayBytes(slots, 4) + arrayBytes(slots, 2);
    }

    /** The bytes of an array. */
    static long arrayBytes(int length, int elementBytes) {
        return (12 + (long) length * elementBytes + 7) & ~7L;
    }
}
