package dev.holdfast.engine.structures;

import dev.holdfast.engine.base.Slice;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The one hash table of the store: the keyspace, sets, hashes and sorted-set members are subclasses that say how an item
 * is hashed and compared.
 *
 * <h2>The idea</h2>
 *
 * The items are ordered by their hash. Read from its highest bit down, a hash is a fraction between 0 and 1, and a place
 * in the table is that fraction of the whole:
 *
 * <pre>
 *   63                                                                       0
 *  +--------------+-------------------+-------------------+-------------------+
 *  | skip         | depth             | tag, 15 bits      | not used          |
 *  | not used     | one segment       | one home slot     |                   |
 *  +--------------+-------------------+-------------------+-------------------+
 *  |&lt;------------------ scan cursor, 48 bits ------------------&gt;|
 * </pre>
 *
 * The first bits are not looked at. In a scan's cursor the number of the table stands in their place: that of the shard to which
 * the table belongs. The next ones pick a {@link Segment} through a directory. The directory has a power of two of entries; a segment whose items share
 * fewer bits than the directory looks at fills several neighbouring entries. Within the segment, 15 further bits lead to
 * the item, with linear probing that keeps the order and needs no tombstones.
 *
 * <h2>Growing and shrinking</h2>
 *
 * A full segment is replaced by one that is a fifth larger, so that memory follows the number of items closely; the marks
 * kept beside the slots say all that is needed. From some thousand items a segment is split at the next bit of the hash
 * instead. A sparse segment is replaced by a smaller one, or united with its other half. So no operation moves more
 * than some thousand items, however large the table is. Where hashes are so uneven that splitting does not help, the
 * directory stops growing with the number of items, and the segment grows.
 *
 * <h2>Scanning</h2>
 *
 * A scan walks the hashes upwards, and its cursor is the first hash not yet seen, cut to 48 bits. Where an item is in that
 * order depends on nothing but its hash, so whatever the table does between two calls, an item that is there from the
 * first to the last is seen. Items of one tag are always visited together, since a cursor cannot tell them apart. One
 * that was cut in a deep segment may fall between two tags of a segment that has been united since; then some items are
 * seen again.
 *
 * <h2>Use</h2>
 *
 * {@link #find} remembers where the key is or would be, and the next change uses that place without a second search. The
 * table is for one thread at a time. An item whose {@link #isVolatile} changes must be put in its place again with
 * {@link #replaceFound}.
 *
 * @param <E> the items, each of which contains its key
 */
public abstract class HashIndex<E> extends Lender implements Iterable<E> {
    /** A segment of so many items that is full is split. */
    private static final int SPLIT_SIZE = 3000;

    /** Two halves that have no more items than this are united when one of them is sparse. */
    private static final int MERGE_SIZE = 2000;

    /** The directory has at most one entry for so many items. */
    private static final int ITEMS_PER_ENTRY = 512;

    private static final int CURSOR_BITS = 48;
    private static final int MOST_SKIPPED_BITS = 16;

    /** How often a random place is tried before the items are counted out. */
    private static final int RANDOM_TRIES = 32;

    /** The bytes of an object of this class, without what subclasses add. */
    private static final int OBJECT_BYTES = 80;

    /** The place is unknown. */
    private static final int NOWHERE = Integer.MIN_VALUE;

    /** The directories of empty tables, by the number of skipped bits. They are shared and never changed. */
    private static final Segment[][] EMPTY = new Segment[MOST_SKIPPED_BITS + 1][];

    static {
        for (int skip = 0; skip <= MOST_SKIPPED_BITS; skip++) {
            EMPTY[skip] = new Segment[] {Segment.none(skip)};
        }
    }

    /** Takes up what was prefetched, so that the compiler does not leave the reading out. */
    @SuppressWarnings({"UnusedVariable", "NonFinalStaticField"})
    private static int prefetched;

    private final int skip;
    private final long firstPosition;

    private Segment[] directory;
    private int depth;
    private long size;
    private long volatiles;
    private long heapBytes = OBJECT_BYTES;

    /** No segment has more homes, so none has more items. */
    private int largestCapacity;

    // The place that find saw last: the entry of the directory, and the slot, or ~slot where the key would go.
    private long foundHash;
    private int foundEntry;
    private int foundIndex = NOWHERE;

    /** A table of all hashes. */
    protected HashIndex() {
        this(0, 0);
    }

    /** A table that does not look at the first {@code skipBits} bits of hashes and has {@code prefix} there in its cursors. */
    protected HashIndex(int skipBits, long prefix) {
        if (skipBits < 0 || skipBits > MOST_SKIPPED_BITS || prefix >>> skipBits != 0) {
            throw new IllegalArgumentException("no table for prefix " + prefix + " of " + skipBits + " bits");
        }
        this.skip = skipBits;
        this.firstPosition = prefix << (CURSOR_BITS - skipBits);
        this.directory = EMPTY[skipBits];
    }

    /** The hash of an item's key, equal to {@link Slice#hash} of it. */
    protected abstract long hashOf(E item);

    /** Whether {@code key} is the key of the item. */
    protected abstract boolean matches(E item, Slice key);

    /** Reads what {@link #hashOf} and {@link #matches} will read of an item. Returns something of it; see {@link #prefetchPlace}. */
    protected int prefetch(E item) {
        return 0;
    }

    /** Whether something in the item can expire, so that {@link #visitVolatile} should visit it. */
    protected boolean isVolatile(E item) {
        return false;
    }

    /** The hash of a key; tests choose others to make the table uneven. */
    long hashOfKey(Slice key) {
        return key.hash();
    }

    /** The item of a key. Remembers its place, or where it would be, for the one change that may follow. */
    public final @Nullable E find(Slice key) {
        long hash = hashOfKey(key);
        int entry = entryOf(hash);
        Segment segment = directory[entry];
        int mark = segment.mark(hash);
        int index = segment.home(mark);
        foundHash = hash;
        foundEntry = entry;
        if (segment.isEmpty(index)) {
            foundIndex = ~index;
            return null;
        }
        char[] marks = segment.marks;
        index = Segment.seek(marks, index, mark);
        while (marks[index] >= mark) {
            E item = item(segment, index);
            if (matches(item, key)) {
                foundIndex = index;
                return item;
            }
            index++;
        }
        foundIndex = ~index;
        return null;
    }

    /**
     * As {@link #find}, but remembers no place, and may run while another thread changes the table. Then what it returns
     * means nothing, and it may throw any exception of the runtime; the caller has to find out and ask again.
     */
    public final @Nullable E peek(Slice key) {
        long hash = hashOfKey(key);
        Segment[] entries = directory;
        Segment segment = entries[entryOf(hash) & entries.length - 1];
        int mark = segment.mark(hash);
        int home = segment.home(mark);
        if (segment.isEmpty(home)) {
            return null;
        }
        char[] marks = segment.marks;
        for (int index = Segment.seek(marks, home, mark); marks[index] >= mark; index++) {
            E item = item(segment, index);
            if (matches(item, key)) {
                return item;
            }
        }
        return null;
    }

    /**
     * Reads the mark and the slot from which {@link #find} will set out, so that they are in the processor's cache. May run
     * while another thread changes the table.
     *
     * @return something of what was read, so that reading it is not useless
     */
    public final int prefetchPlace(Slice key) {
        long hash = hashOfKey(key);
        Segment[] entries = directory;
        Segment segment = entries[entryOf(hash) & entries.length - 1];
        int home = segment.home(segment.mark(hash));
        return segment.marks[home] + (segment.items[home] == null ? 0 : 1);
    }

    /**
     * The item that {@link #find} will look at first, which is nearly always the key's; null if it will look at none. May run
     * while another thread changes the table, and then may return any item.
     */
    public final @Nullable Object probable(Slice key) {
        long hash = hashOfKey(key);
        Segment[] entries = directory;
        Segment segment = entries[entryOf(hash) & entries.length - 1];
        int mark = segment.mark(hash);
        int index = segment.seek(mark);
        @Nullable Object[] items = segment.items;
        return index < items.length && segment.marks[index] >= mark ? items[index] : null;
    }

    /** Whether the place that {@link #find} saw last, or an insertion made, is that of this key. */
    public final boolean isAt(Slice key) {
        int index = foundIndex;
        return foundHash == hashOfKey(key)
                && (index < 0 ? index != NOWHERE : matches(item(directory[foundEntry], index), key));
    }

    /** Puts {@code item}, which has the same key, in the place of the item that {@link #find} just returned. */
    public final void replaceFound(E item) {
        int index = foundIndex;
        if (index < 0) {
            throw new IllegalStateException("nothing found to replace");
        }
        Segment segment = toChange(foundEntry);
        int before = segment.volatiles;
        segment.replace(index, segment.mark(foundHash) | volatileBit(item), item);
        volatiles += segment.volatiles - before;
    }

    /** The item that {@link #find} just returned. */
    protected final E found() {
        if (foundIndex < 0) {
            throw new IllegalStateException("nothing was found");
        }
        return item(directory[foundEntry], foundIndex);
    }

    /** Removes and returns the item that {@link #find} just returned. */
    public final E removeFound() {
        int index = foundIndex;
        if (index < 0) {
            throw new IllegalStateException("nothing found to remove");
        }
        foundIndex = NOWHERE;
        Segment segment = toChange(foundEntry);
        E item = item(segment, index);
        volatiles -= segment.marks[index] & Segment.VOLATILE;
        segment.delete(index);
        size--;
        if (size == 0) {
            clear();
        } else if (segment.isSparse()) {
            shrink(segment, foundHash);
        }
        return item;
    }

    /** Adds an item whose key {@link #find} just did not find. Its place is remembered then, as if it had been found. */
    public final void insertMissing(E item) {
        if (foundIndex >= 0 || foundIndex == NOWHERE) {
            throw new IllegalStateException("no missing key to insert");
        }
        long hash = foundHash;
        Segment segment = directory[foundEntry];
        int index = ~foundIndex;
        if (segment.isFull()) {
            grow(segment, hash);
            foundEntry = entryOf(hash);
            segment = directory[foundEntry];
            index = segment.seekBehind(segment.mark(hash));
        } else {
            segment = toChange(foundEntry);
        }
        int length = segment.marks.length;
        int bit = volatileBit(item);
        segment.insert(index, segment.mark(hash) | bit, item);
        if (segment.marks.length != length) {
            heapBytes += segment.heapBytes() - Segment.heapBytes(length);
        }
        foundIndex = index;
        size++;
        volatiles += bit;
    }

    /** The segment at an entry of the directory, which is about to be written to. */
    private Segment toChange(int entry) {
        Segment segment = directory[entry];
        return isLent(segment.generation) ? copy(segment, entry) : segment;
    }

    private Segment copy(Segment segment, int entry) {
        Segment copy = segment.copy();
        copy.generation = generation();
        int entries = entriesOf(segment);
        Arrays.fill(directory, entry & -entries, (entry & -entries) + entries, copy);
        retain(segment.heapBytes());
        return copy;
    }

    /**
     * Gives an empty table of the same kind the items that this one has now. It may be read by another thread; its items must
     * not be written in place as long as {@link #isLending} holds.
     */
    protected final void freezeInto(HashIndex<E> frozen, Loan loan) {
        lend(loan);
        frozen.directory = directory.clone();
        frozen.depth = depth;
        frozen.size = size;
        frozen.volatiles = volatiles;
        frozen.heapBytes = heapBytes;
        frozen.largestCapacity = largestCapacity;
    }

    /** Adds an item or replaces the one of the same key, which is returned. */
    public final @Nullable E put(E item, Slice key) {
        E previous = find(key);
        if (previous == null) {
            insertMissing(item);
        } else {
            replaceFound(item);
        }
        return previous;
    }

    /** Removes the item of a key and returns it, if there is one. */
    public final @Nullable E remove(Slice key) {
        return find(key) == null ? null : removeFound();
    }

    public final long size() {
        return size;
    }

    /** How many items are volatile. */
    public final long volatileCount() {
        return volatiles;
    }

    public final void clear() {
        directory = EMPTY[skip];
        depth = 0;
        size = 0;
        volatiles = 0;
        heapBytes = OBJECT_BYTES;
        largestCapacity = 0;
        foundIndex = NOWHERE;
    }

    /** The bytes of the table's own arrays and objects, with compact object headers and references of four bytes. */
    public final long heapBytes() {
        return heapBytes;
    }

    /**
     * Visits about {@code count} items from a cursor on, and returns the cursor of the rest, 0 if there is none. The cursor
     * 0 starts at the first item. The table must not be changed during the call, and may be between calls.
     */
    public final long scan(long cursor, int count, Consumer<? super E> visitor) {
        long position = Math.max(cursor, firstPosition);
        long last = lastPosition();
        int left = Math.max(count, 1);
        while (position <= last) {
            Segment segment = directory[entryOf(position << (Long.SIZE - CURSOR_BITS))];
            char[] marks = segment.marks;
            int previous = 0;
            for (int i = seek(segment, position); i < marks.length; i++) {
                int mark = marks[i];
                if (mark == 0) {
                    continue;
                }
                if (left <= 0 && (mark | Segment.VOLATILE) != previous) {
                    return positionOf(segment, position, mark);
                }
                visitor.accept(item(segment, i));
                left--;
                previous = mark | Segment.VOLATILE;
            }
            position = positionBehind(segment, position);
        }
        return 0;
    }

    /**
     * Visits the volatile items among about {@code slots} slots from a cursor on, and returns the cursor of the rest, 0 if
     * there is none. Cursors and rules are those of {@link #scan}.
     */
    public final long visitVolatile(long cursor, int slots, Consumer<? super E> visitor) {
        if (volatiles == 0) {
            return 0;
        }
        long position = Math.max(cursor, firstPosition);
        long last = lastPosition();
        int left = Math.max(slots, 1);
        while (position <= last && left > 0) {
            Segment segment = directory[entryOf(position << (Long.SIZE - CURSOR_BITS))];
            if (segment.volatiles == 0) {
                left--;
            } else {
                char[] marks = segment.marks;
                int start = seek(segment, position);
                int end = (int) Math.min((long) start + left, marks.length);
                visitVolatile(segment, start, end, visitor);
                left -= end - start;
                int next = segment.endOfTag(end);
                visitVolatile(segment, end, next, visitor);
                while (next < marks.length && marks[next] == 0) {
                    next++;
                }
                if (next < marks.length) {
                    return positionOf(segment, position, marks[next]);
                }
            }
            position = positionBehind(segment, position);
        }
        return position <= last ? position : 0;
    }

    private void visitVolatile(Segment segment, int start, int end, Consumer<? super E> visitor) {
        char[] marks = segment.marks;
        for (int i = start; i < end; i++) {
            if ((marks[i] & Segment.VOLATILE) != 0) {
                visitor.accept(item(segment, i));
            }
        }
    }

    /** Visits all items in the order of their hashes. The table must not be changed meanwhile. */
    @Override
    public final void forEach(Consumer<? super E> visitor) {
        for (int entry = 0; entry < directory.length; entry += entriesOf(directory[entry])) {
            Segment segment = directory[entry];
            char[] marks = segment.marks;
            for (int i = 0; i < marks.length; i++) {
                if (marks[i] != 0) {
                    visitor.accept(item(segment, i));
                }
            }
        }
    }

    /** All items in the order of their hashes. The table must not be changed meanwhile. */
    @Override
    public final Iterator<E> iterator() {
        return new Items();
    }

    /** Any item, each with the same probability; null if there is none. */
    public final @Nullable E random(RandomGenerator random) {
        if (size == 0) {
            return null;
        }
        for (int i = 0; i < RANDOM_TRIES; i++) {
            Segment segment = randomSegment(random);
            if (segment != null) {
                return item(segment, segment.randomIndex(random));
            }
        }
        long rank = random.nextLong(size);
        int entry = 0;
        while (rank >= directory[entry].size) {
            rank -= directory[entry].size;
            entry += entriesOf(directory[entry]);
        }
        return item(directory[entry], directory[entry].randomIndex(random));
    }

    /**
     * Any volatile item, each with the same probability; null if there is none. If {@code tries} random items are not
     * volatile, the volatile ones are counted out, which takes longer.
     */
    public final @Nullable E randomVolatile(RandomGenerator random, int tries) {
        if (volatiles == 0) {
            return null;
        }
        for (int i = 0; i < tries; i++) {
            Segment segment = randomSegment(random);
            if (segment != null) {
                int index = segment.randomIndex(random);
                if ((segment.marks[index] & Segment.VOLATILE) != 0) {
                    return item(segment, index);
                }
            }
        }
        long rank = random.nextLong(volatiles);
        int entry = 0;
        while (rank >= directory[entry].volatiles) {
            rank -= directory[entry].volatiles;
            entry += entriesOf(directory[entry]);
        }
        return item(directory[entry], directory[entry].volatileIndex((int) rank));
    }

    /**
     * A segment, with a probability that is proportional to the number of its items; null where the dice say to throw again.
     * An entry is drawn first; a segment of many entries and few items has to be refused accordingly often.
     */
    private @Nullable Segment randomSegment(RandomGenerator random) {
        if (depth == 0) {
            return directory[0];
        }
        Segment segment = directory[random.nextInt(directory.length)];
        long weight = (long) largestCapacity * entriesOf(segment);
        return random.nextLong(weight) < segment.size ? segment : null;
    }

    private int entryOf(long hash) {
        return (int) ((hash << skip) >>> 1 >>> (Long.SIZE - 1 - depth));
    }

    /** How many neighbouring entries of the directory a segment fills. */
    private int entriesOf(Segment segment) {
        return directory.length >>> (segment.shift - skip);
    }

    /** Whether the table still has, or has again, the shared directory of empty ones. */
    private boolean isUnused() {
        return directory[0].capacity == 0;
    }

    private int volatileBit(E item) {
        return isVolatile(item) ? Segment.VOLATILE : 0;
    }

    @SuppressWarnings("unchecked") // Only items of this table are put into its segments.
    private E item(Segment segment, int index) {
        return (E) segment.items[index];
    }

    private long lastPosition() {
        return firstPosition + (1L << (CURSOR_BITS - skip)) - 1;
    }

    /** The first slot of a segment whose item may be at or behind a position. */
    private static int seek(Segment segment, long position) {
        return segment.seek(segment.mark(position << (Long.SIZE - CURSOR_BITS)));
    }

    /** The first position of a mark in the segment that contains {@code position}. */
    private static long positionOf(Segment segment, long position, int mark) {
        int bits = CURSOR_BITS - segment.shift;
        return (position >>> bits << bits) | ((long) Segment.tag(mark) << (bits - Segment.TAG_BITS));
    }

    /** The first position of the segment behind the one that contains {@code position}. */
    private static long positionBehind(Segment segment, long position) {
        int bits = CURSOR_BITS - segment.shift;
        return ((position >>> bits) + 1) << bits;
    }

    /**
     * Makes room in an empty table for so many items, which then come without any of them being moved. Does nothing where
     * there are items already.
     */
    public final void reserve(long items) {
        int bits = Long.SIZE - Long.numberOfLeadingZeros(items / SPLIT_SIZE);
        if (!isUnused() || items < 1 || skip + bits > CURSOR_BITS - Segment.TAG_BITS) {
            return;
        }
        Segment[] reserved = new Segment[1 << bits];
        heapBytes += Segment.arrayBytes(directory.length, 4);
        for (int i = 0; i < reserved.length; i++) {
            reserved[i] = Segment.sized(skip + bits, (int) (items >>> bits));
            reserved[i].generation = generation();
            heapBytes += reserved[i].heapBytes();
        }
        setDirectory(reserved, bits);
    }

    /** Makes room in a full segment, which is the one of {@code hash}. */
    private void grow(Segment segment, long hash) {
        if (isUnused()) {
            Segment first = Segment.sized(skip, 1);
            first.generation = generation();
            directory = new Segment[] {first};
            heapBytes += Segment.arrayBytes(1, 4) + first.heapBytes();
            largestCapacity = first.capacity;
        } else if (segment.size >= SPLIT_SIZE && mayDivide(segment)) {
            split(segment, hash);
        } else {
            heapBytes -= segment.heapBytes();
            install(segment.resized(), hash);
        }
    }

    /** Whether the directory can or may tell the halves of the segment apart. */
    private boolean mayDivide(Segment segment) {
        return segment.shift - skip < depth
                || (skip + depth < CURSOR_BITS - Segment.TAG_BITS && directory.length * 2L * ITEMS_PER_ENTRY <= size);
    }

    /**
     * Reads something of the first {@code count} items of an array, null among them or not, so that they are in the processor's
     * cache. The reads do not depend on each other and so wait for memory together.
     */
    @SuppressWarnings("unchecked") // The items are of this kind.
    public final void prefetch(@Nullable Object[] items, int count) {
        int read = 0;
        for (int i = 0; i < count; i++) {
            if (items[i] != null) {
                read += prefetch((E) items[i]);
            }
        }
        prefetched = read;
    }

    private void split(Segment segment, long hash) {
        if (segment.shift - skip == depth) {
            Segment[] larger = new Segment[directory.length * 2];
            for (int i = 0; i < larger.length; i++) {
                larger[i] = directory[i >>> 1];
            }
            setDirectory(larger, depth + 1);
        }
        // The hashes are taken first, and what they are taken of is read before: many at a time.
        prefetch(segment.items, segment.items.length);
        long[] hashes = new long[segment.marks.length];
        for (int i = 0; i < hashes.length; i++) {
            if (segment.marks[i] != 0) {
                hashes[i] = hashOf(item(segment, i));
            }
        }
        int inLow = segment.lowHalf();
        Segment low = Segment.sized(segment.shift + 1, inLow);
        Segment high = Segment.sized(segment.shift + 1, segment.size - inLow);
        for (int i = 0; i < hashes.length; i++) {
            int mark = segment.marks[i];
            if (mark != 0) {
                Segment half = (hashes[i] << segment.shift) < 0 ? high : low;
                int halfMark = half.mark(hashes[i]);
                half.insert(half.seekBehind(halfMark), halfMark | (mark & Segment.VOLATILE), item(segment, i));
            }
        }
        heapBytes -= segment.heapBytes();
        long middle = Long.MIN_VALUE >>> segment.shift;
        install(low, hash & ~middle);
        install(high, hash | middle);
    }

    /** Replaces a sparse segment, which is the one of {@code hash}, by a smaller one or by one for it and its other half. */
    private void shrink(Segment segment, long hash) {
        heapBytes -= segment.heapBytes();
        Segment smaller = segment;
        while (smaller.shift > skip) {
            long middle = Long.MIN_VALUE >>> (smaller.shift - 1);
            Segment other = directory[entryOf(hash ^ middle)];
            if (other.shift != smaller.shift || other.size + smaller.size > MERGE_SIZE) {
                break;
            }
            heapBytes -= other.heapBytes();
            smaller = (hash & middle) == 0 ? Segment.merged(smaller, other) : Segment.merged(other, smaller);
        }
        boolean merged = smaller != segment;
        install(merged ? smaller : segment.resized(), hash);
        if (merged) {
            shrinkDirectory();
        }
    }

    /** Makes a segment that of {@code hash} and of all others that agree with it in the bits before the tag. */
    private void install(Segment segment, long hash) {
        segment.generation = generation();
        int entries = entriesOf(segment);
        int first = entryOf(hash) & -entries;
        for (int i = 0; i < entries; i++) {
            directory[first + i] = segment;
        }
        heapBytes += segment.heapBytes();
        largestCapacity = Math.max(largestCapacity, segment.capacity);
    }

    /** Halves the directory as long as no segment needs all its bits. */
    private void shrinkDirectory() {
        while (depth > 0) {
            Segment[] smaller = new Segment[directory.length / 2];
            for (int i = 0; i < smaller.length; i++) {
                smaller[i] = directory[2 * i];
                if (smaller[i] != directory[2 * i + 1]) {
                    return;
                }
            }
            setDirectory(smaller, depth - 1);
        }
    }

    private void setDirectory(Segment[] newDirectory, int newDepth) {
        heapBytes += Segment.arrayBytes(newDirectory.length, 4) - Segment.arrayBytes(directory.length, 4);
        directory = newDirectory;
        depth = newDepth;
        largestCapacity = 0;
        for (Segment segment : newDirectory) {
            largestCapacity = Math.max(largestCapacity, segment.capacity);
        }
    }

    /** Checks everything that the table relies on, for tests. */
    public final void validate() {
        check(directory.length == 1 << depth, "length of the directory", directory.length);
        long items = 0;
        long volatileItems = 0;
        long bytes = OBJECT_BYTES;
        if (isUnused()) {
            check(directory.length == 1, "a large directory without items", directory.length);
        } else {
            check(size > 0, "a directory without items", size);
            bytes += Segment.arrayBytes(directory.length, 4);
            int entries;
            for (int entry = 0; entry < directory.length; entry += entries) {
                Segment segment = directory[entry];
                check(segment.shift >= skip && segment.shift <= skip + depth, "shift of entry", entry);
                entries = entriesOf(segment);
                check((entry & (entries - 1)) == 0, "first entry of a segment", entry);
                for (int i = 0; i < entries; i++) {
                    check(directory[entry + i] == segment, "another segment between", entry);
                }
                validate(segment, entry);
                items += segment.size;
                volatileItems += segment.volatiles;
                bytes += segment.heapBytes();
            }
        }
        check(items == size, "number of items", size);
        check(volatileItems == volatiles, "number of volatile items", volatiles);
        check(bytes == heapBytes, "heap bytes", heapBytes);
    }

    private void validate(Segment segment, int entry) {
        char[] marks = segment.marks;
        check(segment.items.length == marks.length, "number of marks of entry", entry);
        check(marks.length > segment.capacity && marks[marks.length - 1] == 0, "end of entry", entry);
        check(segment.capacity <= largestCapacity, "capacity of entry", entry);
        check(segment.size <= segment.capacity && !segment.isSparse(), "load of entry", entry);
        int items = 0;
        int volatileItems = 0;
        int previous = Integer.MAX_VALUE;
        for (int i = 0; i < marks.length; i++) {
            check((marks[i] == 0) == (segment.items[i] == null), "mark without item, or item without mark, at", i);
            if (marks[i] == 0) {
                continue;
            }
            E item = item(segment, i);
            long hash = hashOf(item);
            check(directory[entryOf(hash)] == segment, "hash of another segment", hash);
            check(marks[i] == (segment.mark(hash) | volatileBit(item)), "mark of slot", i);
            check((marks[i] | Segment.VOLATILE) <= previous, "order of slot", i);
            int home = segment.home(marks[i]);
            check(home == i || (home < i && marks[i - 1] != 0), "distance from home of slot", i);
            previous = marks[i] | Segment.VOLATILE;
            items++;
            volatileItems += marks[i] & Segment.VOLATILE;
        }
        check(items == segment.size, "number of items of entry", entry);
        check(volatileItems == segment.volatiles, "number of volatile items of entry", entry);
    }

    private static void check(boolean condition, String what, long where) {
        if (!condition) {
            throw new IllegalStateException("broken table: " + what + " " + where);
        }
    }

    /** The walk over all items. */
    private final class Items implements Iterator<E> {
        private int entry;
        private int index = -1;

        Items() {
            advance();
        }

        @Override
        public boolean hasNext() {
            return entry < directory.length;
        }

        @Override
        public E next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            E item = item(directory[entry], index);
            advance();
            return item;
        }

        private void advance() {
            while (entry < directory.length) {
                char[] marks = directory[entry].marks;
                while (++index < marks.length) {
                    if (marks[index] != 0) {
                        return;
                    }
                }
                entry += entriesOf(directory[entry]);
                index = -1;
            }
        }
    }
}
