package dev.holdfast.engine.structures;

import dev.holdfast.engine.base.Slice;

/**
 * A list of byte strings as a double-ended sequence of packed blocks.
 *
 * <p>The elements lie back to back in {@link Block}s of a few kilobytes, so an element costs its bytes and two more. The
 * blocks stand in a circular array that grows at either end: pushing and popping at both ends is constant work, an index
 * is found by skipping whole blocks from the nearer end, and an insertion in the middle moves the references of the
 * shorter side.
 *
 * <p>Blocks divide and merge exactly as Valkey's quicklist nodes do. That matters to clients in one place: a list whose
 * elements have come to lie in a single small block is a "listpack" again. In particular an insertion that splits a block
 * merges it with its neighbours where they fit together, while a removal merges nothing.
 *
 * <p>Only the two outer blocks have free room to speak of; one that stops being outermost is cut to size.
 *
 * <p>Indexes count from 0 at the head and must lie within the list. Slices that come out are views, valid until the list
 * changes. Slices that go in must not be such views of the same list.
 */
public final class Quicklist extends Lender {
    private static final int OBJECT_BYTES = 56;
    private static final int SMALLEST_BLOCK = 20;

    /** The blocks, circular; its length is a power of two. */
    private Block[] blocks = {Block.NONE};

    /** The number of elements of each block at its place. Skipping to an index reads this instead of all those objects. */
    private int[] counts = {0};

    private int first;
    private int blockCount;
    private BlockLimit limit;
    private long size;
    private long heapBytes = OBJECT_BYTES + 2 * Block.arrayBytes(4);

    public Quicklist(BlockLimit limit) {
        this.limit = limit;
    }

    /** A list of one block, or of none, made from {@code count} elements that are packed already. */
    public static Quicklist of(BlockLimit limit, byte[] packed, int offset, int length, int count) {
        Quicklist list = new Quicklist(limit);
        if (count > 0) {
            list.addBlock(0, Block.of(packed, offset, length, count));
            list.size = count;
        }
        return list;
    }

    /** A list that holds the same elements in the same blocks and shares nothing with this one. */
    public Quicklist copy() {
        Quicklist copy = new Quicklist(limit);
        for (int i = 0; i < blockCount; i++) {
            copy.addBlock(i, blockAt(i).copy());
        }
        copy.size = size;
        return copy;
    }

    /** A list with the elements that this one has now, which another thread may read as long as the loan lasts. */
    public Quicklist freeze(Loan loan) {
        lend(loan);
        Quicklist frozen = new Quicklist(limit);
        frozen.blocks = blocks.clone();
        frozen.counts = counts.clone();
        frozen.first = first;
        frozen.blockCount = blockCount;
        frozen.size = size;
        frozen.heapBytes = heapBytes;
        return frozen;
    }

    public long size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    /** The live heap that this list and everything in it takes. */
    public long heapBytes() {
        return heapBytes;
    }

    public BlockLimit limit() {
        return limit;
    }

    /** Sets the limit for what is added from now on; the blocks there are stay as they are. */
    public void setLimit(BlockLimit limit) {
        this.limit = limit;
    }

    public int blockCount() {
        return blockCount;
    }

    /** Whether all elements lie in one block where more could join them. */
    public boolean isOnePackedBlock() {
        return blockCount == 1 && !blockAt(0).plain;
    }

    /** How many bytes the elements of a list of one packed block take when packed. */
    public int packedBytes() {
        return blockAt(0).used();
    }

    /** Copies the elements of a list of one packed block as they lie. */
    public void copyPacked(byte[] target, int position) {
        Block block = blockAt(0);
        System.arraycopy(block.bytes, block.start, target, position, block.used());
    }

    /** The size of the elements as one listpack of Valkey; of use where they are few or lie in one block. */
    public long valkeyBytes() {
        long sum = Listpack.VALKEY_EMPTY_BYTES;
        for (int i = 0; i < blockCount; i++) {
            sum += blockAt(i).valkeyBytes - (blockAt(i).plain ? 0 : Listpack.VALKEY_EMPTY_BYTES);
        }
        return sum;
    }

    /** How many listpack bytes and elements the block number {@code i} has, and whether it is plain; for DEBUG. */
    public String describeBlock(int i) {
        Block block = blockAt(i);
        return (block.plain ? "plain" : "packed") + " entries:" + block.count + " size:" + block.valkeyBytes;
    }

    /** Adds a block behind the others, made from elements that are packed already. */
    public void addPackedBlock(byte[] packed, int offset, int length, int count) {
        addBlock(blockCount, Block.of(packed, offset, length, count));
        size += count;
    }

    /** Adds a block behind the others that is the home of one element. */
    public void addPlainBlock(Slice value) {
        addBlock(blockCount, Block.plain(value));
        size++;
    }

    /** Sees the blocks of a list one after another: elements as {@link Listpack} has them, or one plain element. */
    @FunctionalInterface
    public interface BlockVisitor<X extends Exception> {
        void visit(byte[] array, int from, int to, int count, boolean plain) throws X;
    }

    public <X extends Exception> void visitBlocks(BlockVisitor<X> visitor) throws X {
        for (int i = 0; i < blockCount; i++) {
            Block block = blockAt(i);
            visitor.visit(block.bytes, block.start, block.end, block.count, block.plain);
        }
    }

    // ---- both ends

    /** Adds an element in front of all others. */
    public void pushFirst(Slice value) {
        size++;
        if (limit.isLarge(value.length())) {
            addBlock(0, Block.plain(value));
            return;
        }
        if (blockCount == 0 || !limit.allowsInsert(blockAt(0), value.length())) {
            addBlock(0, new Block(outerCapacity(value), true));
        }
        Block block = toChange(0);
        int before = block.bytes.length;
        block.prepend(value, blockCount == 1, limit.maxBytes());
        changed(0, before, block);
    }

    /** Adds an element behind all others. */
    public void pushLast(Slice value) {
        size++;
        if (limit.isLarge(value.length())) {
            addBlock(blockCount, Block.plain(value));
            return;
        }
        if (blockCount == 0 || !limit.allowsInsert(blockAt(blockCount - 1), value.length())) {
            addBlock(blockCount, new Block(outerCapacity(value), false));
        }
        Block block = toChange(blockCount - 1);
        int before = block.bytes.length;
        block.append(value, blockCount == 1, limit.maxBytes());
        changed(blockCount - 1, before, block);
    }

    /** The room of a new outer block: an eighth of what the list takes, so that a long one opens a block at once. */
    private int outerCapacity(Slice value) {
        long wanted = Math.max(SMALLEST_BLOCK, Math.min(heapBytes >> 3, limit.maxBytes()));
        return (int) Math.max(Listpack.entryBytes(value.length()), wanted);
    }

    /** Removes the first element of a list that is not empty. */
    public void dropFirst() {
        removeAt(0, 0);
    }

    /** Removes the last element of a list that is not empty. */
    public void dropLast() {
        Block block = blockAt(blockCount - 1);
        removeAt(blockCount - 1, block.before(block.used()));
    }

    /** Removes the first element and points {@code into} at it; false if there is none. */
    public boolean popFirst(Slice into) {
        if (size == 0) {
            return false;
        }
        get(0, into);
        dropFirst();
        return true;
    }

    /** Removes the last element and points {@code into} at it; false if there is none. */
    public boolean popLast(Slice into) {
        if (size == 0) {
            return false;
        }
        get(size - 1, into);
        dropLast();
        return true;
    }

    // ---- by index

    /** Points {@code into} at the element with this index. */
    public void get(long index, Slice into) {
        long found = locate(index);
        Block block = blockAt(blockOf(found));
        block.read(block.positionOf(entryOf(found)), into);
    }

    /** Puts {@code value} in the place of the element with this index. */
    public void set(long index, Slice value) {
        long found = locate(index);
        int at = blockOf(found);
        Block block = toChange(at);
        boolean large = limit.isLarge(value.length());
        if (!block.plain && !large) {
            int before = block.bytes.length;
            block.replace(block.positionOf(entryOf(found)), value, limit.maxBytes());
            changed(at, before, block);
        } else if (block.plain && large) {
            removeBlocks(at, 1);
            addBlock(at, Block.plain(value));
        } else if (block.plain) {
            insertAfter(index, value);
            removeBlocks(blockOf(locate(index)), 1);
            size--;
        } else {
            replaceByLarge(at, block, entryOf(found), value);
        }
    }

    private void replaceByLarge(int at, Block block, int entry, Slice value) {
        if (entry != block.count - 1) {
            split(at, block, entry + 1);
        }
        addBlock(at + 1, Block.plain(value));
        if (block.count == 1) {
            removeBlocks(at, 1);
        } else {
            int before = block.bytes.length;
            block.remove(block.before(block.used()));
            changed(at, before, block);
            mergeAround(at + 1);
        }
    }

    /** Adds {@code value} in front of the element with this index. */
    public void insertBefore(long index, Slice value) {
        long found = locate(index);
        int at = blockOf(found);
        int entry = entryOf(found);
        Block block = toChange(at);
        size++;
        if (limit.isLarge(value.length())) {
            if (!block.plain && entry > 0) {
                split(at++, block, entry);
            }
            addBlock(at, Block.plain(value));
        } else if (limit.allowsInsert(block, value.length())) {
            insertInto(at, block.positionOf(entry), value);
        } else if (entry > 0) {
            split(at, block, entry);
            insertInto(at, block.used(), value);
            mergeAround(at + 1);
        } else if (at > 0 && limit.allowsInsert(blockAt(at - 1), value.length())) {
            insertInto(at - 1, blockAt(at - 1).used(), value);
        } else {
            addBlock(at, single(value));
        }
    }

    /** Adds {@code value} behind the element with this index. */
    public void insertAfter(long index, Slice value) {
        long found = locate(index);
        int at = blockOf(found);
        int next = entryOf(found) + 1;
        Block block = toChange(at);
        size++;
        if (limit.isLarge(value.length())) {
            if (!block.plain && next < block.count) {
                split(at, block, next);
            }
            addBlock(at + 1, Block.plain(value));
        } else if (limit.allowsInsert(block, value.length())) {
            insertInto(at, block.positionOf(next), value);
        } else if (next < block.count) {
            split(at, block, next);
            insertInto(at + 1, 0, value);
            mergeAround(at);
        } else if (at + 1 < blockCount && limit.allowsInsert(blockAt(at + 1), value.length())) {
            insertInto(at + 1, 0, value);
        } else {
            addBlock(at + 1, single(value));
        }
    }

    private Block single(Slice value) {
        Block block = new Block(Listpack.entryBytes(value.length()), false);
        block.append(value, false, limit.maxBytes());
        return block;
    }

    private void insertInto(int at, int position, Slice value) {
        Block block = toChange(at);
        int before = block.bytes.length;
        block.insert(position, value, limit.maxBytes());
        changed(at, before, block);
    }

    /** Removes {@code length} elements from {@code index} on. */
    public void removeRange(long index, long length) {
        if (length == 0) {
            return;
        }
        long found = locate(index);
        int at = blockOf(found);
        int entry = entryOf(found);
        long remaining = length;
        size -= length;
        if (entry > 0) {
            int removed = (int) Math.min(remaining, countAt(at++) - entry);
            removeInside(at - 1, entry, removed);
            remaining -= removed;
        }
        int whole = 0;
        while (remaining > 0 && remaining >= countAt(at + whole)) {
            remaining -= countAt(at + whole);
            whole++;
        }
        removeBlocks(at, whole);
        if (remaining > 0) {
            removeInside(at, 0, (int) remaining);
        }
    }

    private void removeInside(int at, int entry, int entries) {
        Block block = toChange(at);
        int before = block.bytes.length;
        block.removeRange(block.positionOf(entry), block.positionOf(entry + entries), entries);
        changed(at, before, block);
    }

    /** A cursor that starts at the element with this index; one beyond the list finds nothing. */
    public Cursor cursor(long index, boolean forward) {
        return new Cursor(this, index, forward);
    }

    // ---- blocks

    private int place(int i) {
        return (first + i) & (blocks.length - 1);
    }

    private Block blockAt(int i) {
        return blocks[place(i)];
    }

    /** The block number {@code i}, which is about to be written to. */
    private Block toChange(int i) {
        Block block = blockAt(i);
        if (!isLent(block.generation) || block.plain) {
            return block;
        }
        Block twin = block.twin();
        twin.generation = generation();
        blocks[place(i)] = twin;
        retain(block.heapBytes());
        return twin;
    }

    private int countAt(int i) {
        return counts[place(i)];
    }

    /** The block of an index and the number of the element in it, as one long; skips from the nearer end. */
    private long locate(long index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException(index);
        }
        if (index <= size >> 1) {
            long skipped = 0;
            int i = 0;
            int count = countAt(0);
            while (skipped + count <= index) {
                skipped += count;
                count = countAt(++i);
            }
            return (long) i << 32 | (index - skipped);
        }
        long begin = size;
        int i = blockCount;
        do {
            begin -= countAt(--i);
        } while (begin > index);
        return (long) i << 32 | (index - begin);
    }

    private static int blockOf(long found) {
        return (int) (found >> 32);
    }

    private static int entryOf(long found) {
        return (int) found;
    }

    /** Takes note of what a change has done to block number {@code at}, whose array had the length {@code before}. */
    private void changed(int at, int before, Block block) {
        counts[place(at)] = block.count;
        int now = block.bytes.length;
        if (now != before) {
            heapBytes += Block.arrayBytes(now) - Block.arrayBytes(before);
        }
    }

    private void removeAt(int at, int position) {
        size--;
        if (countAt(at) == 1) {
            removeBlocks(at, 1);
        } else {
            Block block = toChange(at);
            int before = block.bytes.length;
            block.remove(position);
            changed(at, before, block);
        }
    }

    /** Cuts a block in two in front of the element {@code entry}; the rest becomes the next block. */
    private void split(int at, Block block, int entry) {
        int before = block.bytes.length;
        Block rest = block.splitOff(block.positionOf(entry), entry);
        changed(at, before, block);
        addBlock(at + 1, rest);
    }

    /** Merges the two blocks on either side of a block, and then the block itself with what is beside it. */
    private void mergeAround(int center) {
        int at = center;
        if (at >= 2 && mergeWithNext(at - 2)) {
            at--;
        }
        mergeWithNext(at + 1);
        if (at >= 1 && mergeWithNext(at - 1)) {
            at--;
        }
        mergeWithNext(at);
    }

    private boolean mergeWithNext(int at) {
        if (at + 1 >= blockCount || !limit.allowsMerge(blockAt(at), blockAt(at + 1))) {
            return false;
        }
        Block block = toChange(at);
        int before = block.bytes.length;
        block.appendAll(blockAt(at + 1));
        changed(at, before, block);
        removeBlocks(at + 1, 1);
        return true;
    }

    /** Makes {@code block} number {@code at}. A block that was outermost until now is cut to size. */
    private void addBlock(int at, Block block) {
        if (blockCount > 0 && (at == 0 || at == blockCount)) {
            int outerAt = at == 0 ? 0 : blockCount - 1;
            Block outer = toChange(outerAt);
            int before = outer.bytes.length;
            outer.seal();
            changed(outerAt, before, outer);
        }
        if (blockCount == blocks.length) {
            resizeRing(blockCount * 2);
        }
        if (at < blockCount >> 1) {
            first = (first - 1) & (blocks.length - 1);
            for (int i = 0; i < at; i++) {
                put(i, blockAt(i + 1));
            }
        } else {
            for (int i = blockCount; i > at; i--) {
                put(i, blockAt(i - 1));
            }
        }
        block.generation = generation();
        put(at, block);
        blockCount++;
        heapBytes += block.heapBytes();
    }

    private void removeBlocks(int at, int number) {
        if (number == 0) {
            return;
        }
        for (int i = at; i < at + number; i++) {
            heapBytes -= blockAt(i).heapBytes();
        }
        int behind = blockCount - at - number;
        if (at < behind) {
            for (int i = at - 1; i >= 0; i--) {
                put(i + number, blockAt(i));
            }
            for (int i = 0; i < number; i++) {
                put(i, Block.NONE);
            }
            first = (first + number) & (blocks.length - 1);
        } else {
            for (int i = at; i < at + behind; i++) {
                put(i, blockAt(i + number));
            }
            for (int i = blockCount - number; i < blockCount; i++) {
                put(i, Block.NONE);
            }
        }
        blockCount -= number;
        if (blockCount < blocks.length >> 2) {
            resizeRing(Math.max(Integer.highestOneBit(blockCount), 1) * 2);
        }
    }

    private void put(int i, Block block) {
        int place = place(i);
        blocks[place] = block;
        counts[place] = block.count;
    }

    private void resizeRing(int length) {
        heapBytes += 2 * (Block.arrayBytes(4 * length) - Block.arrayBytes(4 * blocks.length));
        Block[] resized = new Block[length];
        int[] resizedCounts = new int[length];
        for (int i = 0; i < length; i++) {
            resized[i] = i < blockCount ? blockAt(i) : Block.NONE;
            resizedCounts[i] = resized[i].count;
        }
        blocks = resized;
        counts = resizedCounts;
        first = 0;
    }

    /** Checks every invariant; throws {@link IllegalStateException} where one is broken. */
    public void validate() {
        long entries = 0;
        long heap = OBJECT_BYTES + 2 * Block.arrayBytes(4 * blocks.length);
        for (int i = 0; i < blocks.length; i++) {
            Block block = blockAt(i);
            if (i < blockCount != (block != Block.NONE)) {
                throw new IllegalStateException("block " + i + " of " + blockCount + " is in the wrong place");
            }
            if (countAt(i) != block.count) {
                throw new IllegalStateException("block " + i + " has " + block.count + " elements, not " + countAt(i));
            }
            if (i < blockCount) {
                block.validate();
                entries += block.count;
                heap += block.heapBytes();
            }
        }
        if (entries != size || heap != heapBytes) {
            throw new IllegalStateException(
                    "size " + size + " but " + entries + " elements, " + heapBytes + " bytes but " + heap);
        }
    }

    /**
     * A place between two elements that moves towards one end of the list, handing out what it passes. The list may
     * change under it only through {@link #remove}.
     */
    public static final class Cursor {
        private final Quicklist list;
        private final boolean forward;
        private int blockIndex;
        private Block block = Block.NONE;
        /** Where in the block the next element begins, or ends for a cursor that moves towards the head. */
        private int position;
        /** Where in the block the last element handed out begins. */
        private int lastPosition;
        /** The index of the last element handed out. */
        private long index;

        private Cursor(Quicklist list, long index, boolean forward) {
            this.list = list;
            this.forward = forward;
            this.index = forward ? index - 1 : index + 1;
            if (index >= 0 && index < list.size) {
                long found = list.locate(index);
                blockIndex = blockOf(found);
                block = list.blockAt(blockIndex);
                position = block.positionOf(forward ? entryOf(found) : entryOf(found) + 1);
            }
        }

        /** Points {@code into} at the next element; false if there is none. */
        public boolean next(Slice into) {
            if (position == (forward ? block.used() : 0) && !nextBlock()) {
                return false;
            }
            if (forward) {
                lastPosition = position;
                position = block.after(position);
                index++;
            } else {
                position = block.before(position);
                lastPosition = position;
                index--;
            }
            block.read(lastPosition, into);
            return true;
        }

        private boolean nextBlock() {
            int following = forward ? blockIndex + 1 : blockIndex - 1;
            if (block == Block.NONE || following < 0 || following >= list.blockCount) {
                return false;
            }
            enter(following);
            return true;
        }

        private void enter(int following) {
            blockIndex = following;
            block = list.blockAt(following);
            position = forward ? 0 : block.used();
        }

        /** The index of the element that {@link #next} handed out last. */
        public long index() {
            return index;
        }

        /** Removes the element that {@link #next} handed out last. */
        public void remove() {
            boolean last = block.count == 1;
            list.removeAt(blockIndex, lastPosition);
            position = lastPosition;
            if (forward) {
                index--;
            }
            if (!last) {
                block = list.blockAt(blockIndex);
            } else {
                int following = forward ? blockIndex : blockIndex - 1;
                if (following >= 0 && following < list.blockCount) {
                    enter(following);
                } else {
                    block = Block.NONE;
                    position = 0;
                }
            }
        }
    }
}
