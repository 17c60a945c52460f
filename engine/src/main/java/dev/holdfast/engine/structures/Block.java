package dev.holdfast.engine.structures;

import dev.holdfast.engine.base.Slice;
import java.util.Arrays;

/**
 * One packed run of list elements: a node of a {@link Quicklist}.
 *
 * <pre>
 *   bytes: | free ... | element | element | ... | element | ... free |
 *          0          start                               end        bytes.length
 * </pre>
 *
 * <p>Elements lie as {@link Listpack} says. There may be room on both sides: a block at the head of a list keeps it in
 * front and one at the tail behind, so that a push moves nothing. Positions that go in and out of this class count from
 * {@code start} and so survive a move.
 */
final class Block {
    /** Stands in unused places of an array of blocks. */
    static final Block NONE = new Block(0, false);

    private static final int OBJECT_BYTES = 40;
    private static final int ARRAY_HEADER_BYTES = 12;
    private static final int SMALLEST = 20;

    byte[] bytes;
    int start;
    int end;
    int count;
    /** What Valkey's listpack of the same elements takes; of a plain block, the length of its element. */
    int valkeyBytes = Listpack.VALKEY_EMPTY_BYTES;
    /** Whether this is the home of one large element, where no other may be. Such a block never changes. */
    boolean plain;

    /** See {@link Lender}. */
    int generation;

    /** An empty block; {@code fromEnd} puts its room in front. */
    Block(int capacity, boolean fromEnd) {
        bytes = new byte[roundUp(capacity)];
        start = fromEnd ? bytes.length : 0;
        end = start;
    }

    private Block(byte[] bytes, int end, int count, int valkeyBytes) {
        this.bytes = bytes;
        this.end = end;
        this.count = count;
        this.valkeyBytes = valkeyBytes;
    }

    /** A block of elements that are packed already. */
    static Block of(byte[] packed, int offset, int length, int count) {
        byte[] bytes = new byte[roundUp(length)];
        System.arraycopy(packed, offset, bytes, 0, length);
        Block block = new Block(bytes, length, count, 0);
        block.valkeyBytes = Listpack.VALKEY_EMPTY_BYTES + block.valkeyBytesOf(0, length);
        return block;
    }

    /** The home of one large element. */
    static Block plain(Slice value) {
        Block block = new Block(Listpack.entryBytes(value.length()), false);
        block.end = Listpack.write(block.bytes, 0, value);
        block.count = 1;
        block.valkeyBytes = value.length();
        block.plain = true;
        return block;
    }

    Block copy() {
        byte[] copied = new byte[roundUp(used())];
        System.arraycopy(bytes, start, copied, 0, used());
        Block copy = new Block(copied, used(), count, valkeyBytes);
        copy.plain = plain;
        return copy;
    }

    /** A block with the same elements and the same room. */
    Block twin() {
        Block twin = new Block(bytes.clone(), end, count, valkeyBytes);
        twin.start = start;
        twin.plain = plain;
        return twin;
    }

    int used() {
        return end - start;
    }

    long heapBytes() {
        return OBJECT_BYTES + arrayBytes(bytes.length);
    }

    static long arrayBytes(int length) {
        return ((long) length + ARRAY_HEADER_BYTES + 7) & ~7L;
    }

    /** The longest array that costs no more than one of {@code capacity} bytes. */
    private static int roundUp(int capacity) {
        return capacity == 0 ? 0 : (int) Math.min(arrayBytes(capacity) - ARRAY_HEADER_BYTES, Integer.MAX_VALUE - 8);
    }

    void read(int position, Slice into) {
        Listpack.read(bytes, start + position, into);
    }

    /** The position of the element with this index, sought from the nearer end. */
    int positionOf(int index) {
        byte[] array = bytes;
        int at;
        if (index <= count >> 1) {
            at = start;
            for (int i = 0; i < index; i++) {
                at = Listpack.after(array, at);
            }
        } else {
            at = end;
            for (int i = count; i > index; i--) {
                at = Listpack.before(array, at);
            }
        }
        return at - start;
    }

    int after(int position) {
        return Listpack.after(bytes, start + position) - start;
    }

    int before(int position) {
        return Listpack.before(bytes, start + position) - start;
    }

    /** Adds an element behind the others; {@code alone} says that pushes come from both sides. */
    void append(Slice value, boolean alone, int maxCapacity) {
        int needed = Listpack.entryBytes(value.length());
        if (bytes.length - end < needed) {
            makeRoom(needed, false, alone, maxCapacity);
        }
        end = Listpack.write(bytes, end, value);
        added(value);
    }

    /** Adds an element in front of the others; {@code alone} says that pushes come from both sides. */
    void prepend(Slice value, boolean alone, int maxCapacity) {
        int needed = Listpack.entryBytes(value.length());
        if (start < needed) {
            makeRoom(needed, true, alone, maxCapacity);
        }
        start -= needed;
        Listpack.write(bytes, start, value);
        added(value);
    }

    private void added(Slice value) {
        count++;
        valkeyBytes += Listpack.valkeyEntryBytes(value.array(), value.offset(), value.length());
    }

    /**
     * Makes room on one side: by moving the elements where a quarter of the array is free, else in a larger array. A block
     * that is alone in its list leaves a quarter of the room on the other side, so that pushes at alternate ends do not
     * move everything each time.
     */
    private void makeRoom(int needed, boolean inFront, boolean alone, int maxCapacity) {
        int used = used();
        int capacity = bytes.length;
        long least = (long) used + needed;
        byte[] target = bytes;
        if (least > capacity || (capacity - least < capacity >> 2 && capacity < maxCapacity)) {
            target = new byte[capacityFor(least, least + (least >> 1), maxCapacity)];
        }
        int room = target.length - (int) least;
        int other = alone ? room >> 2 : 0;
        int newStart = inFront ? target.length - other - used : other;
        System.arraycopy(bytes, start, target, newStart, used);
        bytes = target;
        start = newStart;
        end = newStart + used;
    }

    private static int capacityFor(long least, long wanted, int maxCapacity) {
        long largest = Integer.MAX_VALUE - 8L;
        if (least > largest) {
            throw new OutOfMemoryError("a block of a list would exceed 2 GB");
        }
        long capacity = Math.max(Math.min(wanted, maxCapacity), Math.max(least, SMALLEST));
        return roundUp((int) Math.min(capacity, largest));
    }

    /** Puts an element in front of the one at {@code position}. */
    void insert(int position, Slice value, int maxCapacity) {
        int needed = Listpack.entryBytes(value.length());
        open(position, needed, maxCapacity);
        Listpack.write(bytes, start + position, value);
        added(value);
    }

    /** Opens a gap of {@code needed} bytes at {@code position}, moving the shorter side where there is room. */
    private void open(int position, int needed, int maxCapacity) {
        int used = used();
        boolean roomInFront = start >= needed;
        boolean roomBehind = bytes.length - end >= needed;
        if (roomInFront && (!roomBehind || position < used >> 1)) {
            System.arraycopy(bytes, start, bytes, start - needed, position);
            start -= needed;
        } else if (roomBehind) {
            System.arraycopy(bytes, start + position, bytes, start + position + needed, used - position);
            end += needed;
        } else {
            long least = (long) used + needed;
            byte[] target = new byte[capacityFor(least, least + (least >> 3), maxCapacity)];
            System.arraycopy(bytes, start, target, 0, position);
            System.arraycopy(bytes, start + position, target, position + needed, used - position);
            bytes = target;
            start = 0;
            end = used + needed;
        }
    }

    /** Puts another element in the place of the one at {@code position}. */
    void replace(int position, Slice value, int maxCapacity) {
        int at = start + position;
        int old = Listpack.entryBytes(Listpack.lengthAt(bytes, at));
        int needed = Listpack.entryBytes(value.length());
        valkeyBytes -= Listpack.valkeyEntryBytesAt(bytes, at);
        count--;
        if (needed > old) {
            open(position, needed - old, maxCapacity);
        } else if (needed < old) {
            close(position, old - needed);
        }
        Listpack.write(bytes, start + position, value);
        added(value);
        shrink();
    }

    /** Removes the element at {@code position}. */
    void remove(int position) {
        valkeyBytes -= Listpack.valkeyEntryBytesAt(bytes, start + position);
        count--;
        close(position, after(position) - position);
        shrink();
    }

    /** Removes the elements between two positions; there are {@code entries} of them. */
    void removeRange(int from, int to, int entries) {
        valkeyBytes -= valkeyBytesOf(from, to);
        count -= entries;
        close(from, to - from);
        shrink();
    }

    private int valkeyBytesOf(int from, int to) {
        int sum = 0;
        int at = start + from;
        while (at < start + to) {
            sum += Listpack.valkeyEntryBytesAt(bytes, at);
            at = Listpack.after(bytes, at);
        }
        return sum;
    }

    private void close(int position, int length) {
        int behind = used() - position - length;
        if (position < behind) {
            System.arraycopy(bytes, start, bytes, start + length, position);
            start += length;
        } else {
            System.arraycopy(bytes, start + position + length, bytes, start + position, behind);
            end -= length;
        }
    }

    /** Gives up most of the free room once less than half of the array is in use, keeping it on the side where it is. */
    private void shrink() {
        int used = used();
        int capacity = bytes.length;
        if (capacity <= 64 || used >= capacity >> 1 || used == 0) {
            return;
        }
        byte[] target = new byte[roundUp(Math.max(used + (used >> 2), SMALLEST))];
        int newStart = start > capacity - end ? target.length - used : 0;
        System.arraycopy(bytes, start, target, newStart, used);
        bytes = target;
        start = newStart;
        end = newStart + used;
    }

    /** Gives up the free room; a rest of 1/128 and what the heap would round up stay. */
    void seal() {
        int used = used();
        if (bytes.length - used > Math.max(used >> 7, 7)) {
            bytes = Arrays.copyOfRange(bytes, start, start + roundUp(used));
            start = 0;
            end = used;
        }
    }

    /** Moves the elements from {@code position} on, which is that of the element {@code index}, to a new block. */
    Block splitOff(int position, int index) {
        int length = used() - position;
        int moved = valkeyBytesOf(position, used());
        byte[] target = new byte[roundUp(length)];
        System.arraycopy(bytes, start + position, target, 0, length);
        Block rest = new Block(target, length, count - index, Listpack.VALKEY_EMPTY_BYTES + moved);
        count = index;
        valkeyBytes -= moved;
        end = start + position;
        shrink();
        return rest;
    }

    /** Adds all elements of another block behind those of this one. */
    void appendAll(Block other) {
        int used = used();
        byte[] target = new byte[roundUp(used + other.used())];
        System.arraycopy(bytes, start, target, 0, used);
        System.arraycopy(other.bytes, other.start, target, used, other.used());
        bytes = target;
        start = 0;
        end = used + other.used();
        count += other.count;
        valkeyBytes += other.valkeyBytes - Listpack.VALKEY_EMPTY_BYTES;
    }

    void validate() {
        check(start >= 0 && start <= end && end <= bytes.length, "bounds");
        check(count > 0, "an empty block");
        int sum = 0;
        int entries = 0;
        int at = start;
        while (at < end) {
            sum += Listpack.valkeyEntryBytesAt(bytes, at);
            int next = Listpack.after(bytes, at);
            check(next <= end && Listpack.before(bytes, next) == at, "an element that reads differently backwards");
            at = next;
            entries++;
        }
        check(at == end, "the last element reaches beyond the end");
        check(entries == count, "count");
        check(plain ? count == 1 : sum + Listpack.VALKEY_EMPTY_BYTES == valkeyBytes, "bytes as Valkey counts them");
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("broken block: " + what);
        }
    }
}
