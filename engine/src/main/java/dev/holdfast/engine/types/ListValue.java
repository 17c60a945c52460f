package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.structures.BlockLimit;
import dev.holdfast.engine.structures.Listpack;
import dev.holdfast.engine.structures.Loan;
import dev.holdfast.engine.structures.Quicklist;
import org.jspecify.annotations.Nullable;

/**
 * A list.
 *
 * <p>It has three forms, of which clients can tell two apart:
 *
 * <pre>
 *  form                                          OBJECT ENCODING
 *  packed in the body of the record              listpack
 *  a quicklist without a limit, so of one block  listpack
 *  a quicklist with a limit                      quicklist
 * </pre>
 *
 * <p>The first form is for lists of a few hundred bytes: a small list costs one small object and its record. The second is
 * our own business: what Valkey keeps in one listpack of up to 64 KB would be too long to be moved with its key at each
 * push. From listpack to quicklist and back it goes exactly where Valkey goes, which is why commands say with {@link #grow}
 * what they are about to add and with {@link #shrink} when they have removed something.
 *
 * <pre>
 *  body of the record:  | count (1) | element | element | ...        elements as {@link Listpack} has them
 * </pre>
 *
 * <p>Indexes count from 0 at the head. Slices that come out are views, valid until the list changes.
 */
public final class ListValue extends Entry {
    private static final int MAX_PACKED_COUNT = 255;
    private static final int MAX_PACKED_BYTES = 512;

    /** A quicklist is packed into the record again once it has shrunk to this. */
    private static final int REPACK_BYTES = 128;

    private @Nullable Quicklist large;

    /** A list around a record: an empty body makes an empty list. */
    public ListValue(byte[] record) {
        super(record);
        if (bodyEnd() == bodyOffset()) {
            splice(bodyOffset(), 0, 1);
            this.record[bodyOffset()] = 0;
        }
    }

    private ListValue(byte[] record, Quicklist large) {
        super(record);
        this.large = large;
    }

    /** A list of these blocks, whose limit says whether it is a quicklist; small ones are packed into the record. */
    public static ListValue of(byte[] record, Quicklist blocks) {
        ListValue list = new ListValue(record, blocks);
        if (blocks.limit() == BlockLimit.NONE
                && blocks.isOnePackedBlock()
                && blocks.packedBytes() < MAX_PACKED_BYTES
                && blocks.size() <= MAX_PACKED_COUNT) {
            list.pack(blocks);
        }
        return list;
    }

    @Override
    public String encoding() {
        return large == null || large.limit() == BlockLimit.NONE ? "listpack" : "quicklist";
    }

    @Override
    protected long formBytes() {
        return large == null ? OBJECT_BYTES : OBJECT_BYTES + large.heapBytes();
    }

    @Override
    public Entry copyWith(byte[] record) {
        return large == null ? new ListValue(record) : new ListValue(record, large.copy());
    }

    @Override
    public Entry freeze(byte[] record, Loan loan) {
        return large == null ? new ListValue(record) : new ListValue(record, large.freeze(loan));
    }

    @Override
    public boolean isEmpty() {
        return size() == 0;
    }

    public long size() {
        return large == null ? record[bodyOffset()] & 0xFF : large.size();
    }

    /** The blocks of a large list, for those who look at its insides; null while it is packed in its record. */
    public @Nullable Quicklist blocks() {
        return large;
    }

    // ---- encoding

    /**
     * Prepares for elements to be added: a listpack that would outgrow the limit becomes a quicklist beforehand.
     *
     * @param bytes their length in all
     * @param elements their number
     */
    public void grow(BlockLimit limit, long bytes, long elements) {
        if (large == null) {
            int length = bodyEnd() - bodyOffset();
            // No listpack of Valkey's takes half as much again as ours, so that most need not be measured.
            if (limit.exceeds(length + (length >> 1) + Listpack.VALKEY_EMPTY_BYTES + bytes, size() + elements)
                    && limit.exceeds(valkeyBytes() + bytes, size() + elements)) {
                unpack(limit);
            }
        } else if (large.limit() == BlockLimit.NONE
                && limit.exceeds(large.valkeyBytes() + bytes, large.size() + elements)) {
            large.setLimit(limit);
        }
    }

    /** Takes note that elements were removed or became shorter: a quicklist that is small enough becomes a listpack. */
    public void shrink(BlockLimit limit) {
        if (large == null || !large.isOnePackedBlock()) {
            return;
        }
        if (large.limit() != BlockLimit.NONE && limit.allowsShrinkingTo(large.valkeyBytes(), large.size())) {
            large.setLimit(BlockLimit.NONE);
        }
        if (large.limit() == BlockLimit.NONE
                && large.packedBytes() <= REPACK_BYTES
                && large.size() <= MAX_PACKED_COUNT) {
            pack(large);
        }
    }

    private long valkeyBytes() {
        long sum = Listpack.VALKEY_EMPTY_BYTES;
        for (int at = firstElement(); at < bodyEnd(); at = Listpack.after(record, at)) {
            sum += Listpack.valkeyEntryBytesAt(record, at);
        }
        return sum;
    }

    private Quicklist unpack(BlockLimit limit) {
        int from = firstElement();
        Quicklist list = Quicklist.of(limit, record, from, bodyEnd() - from, (int) size());
        clearBody();
        large = list;
        return list;
    }

    private void pack(Quicklist list) {
        int at = bodyOffset();
        splice(at, bodyEnd() - at, 1 + list.packedBytes());
        record[at] = (byte) list.size();
        list.copyPacked(record, at + 1);
        large = null;
    }

    // ---- the ends

    public void push(ListEnd end, Slice value) {
        Quicklist list = large;
        if (list == null) {
            list = insertPacked(end == ListEnd.HEAD ? firstElement() : bodyEnd(), value);
        }
        if (list != null) {
            if (end == ListEnd.HEAD) {
                list.pushFirst(value);
            } else {
                list.pushLast(value);
            }
        }
    }

    /** Points {@code into} at the element at one end. The list must not be empty. */
    public void peek(ListEnd end, Slice into) {
        if (large != null) {
            large.get(end == ListEnd.HEAD ? 0 : large.size() - 1, into);
        } else {
            Listpack.read(record, endPosition(end), into);
        }
    }

    /** Removes the element at one end. The list must not be empty. */
    public void drop(ListEnd end) {
        if (large == null) {
            removePacked(endPosition(end));
        } else if (end == ListEnd.HEAD) {
            large.dropFirst();
        } else {
            large.dropLast();
        }
    }

    private int endPosition(ListEnd end) {
        return end == ListEnd.HEAD ? firstElement() : Listpack.before(record, bodyEnd());
    }

    // ---- by index

    /** Points {@code into} at the element with this index, negative ones counting from the tail; false if there is none. */
    public boolean get(long index, Slice into) {
        long at = index < 0 ? index + size() : index;
        if (at < 0 || at >= size()) {
            return false;
        }
        if (large != null) {
            large.get(at, into);
        } else {
            Listpack.read(record, positionOf((int) at), into);
        }
        return true;
    }

    /** Replaces the element with this index, negative ones counting from the tail; false if there is none. */
    public boolean set(long index, Slice value) {
        long at = index < 0 ? index + size() : index;
        if (at < 0 || at >= size()) {
            return false;
        }
        if (large == null) {
            int position = positionOf((int) at);
            int old = Listpack.after(record, position) - position;
            int needed = Listpack.entryBytes(value.length());
            if (bodyEnd() - bodyOffset() - old + needed <= MAX_PACKED_BYTES) {
                splice(position, old, needed);
                Listpack.write(record, position, value);
                return true;
            }
        }
        Quicklist list = large != null ? large : unpack(BlockLimit.NONE);
        list.set(at, value);
        return true;
    }

    /** Adds an element in front of or behind the one that the cursor has passed last. The cursor is of no use afterwards. */
    public void insert(Cursor cursor, boolean behind, Slice value) {
        Quicklist list = large;
        if (list == null) {
            int last = cursor.lastPosition;
            list = insertPacked(behind ? Listpack.after(record, last) : last, value);
        }
        if (list != null) {
            if (behind) {
                list.insertAfter(cursor.index(), value);
            } else {
                list.insertBefore(cursor.index(), value);
            }
        }
    }

    /** Removes {@code length} elements from {@code index} on. */
    public void removeRange(long index, long length) {
        if (length == 0) {
            return;
        }
        if (large != null) {
            large.removeRange(index, length);
            return;
        }
        int from = positionOf((int) index);
        int to = from;
        for (long i = 0; i < length; i++) {
            to = Listpack.after(record, to);
        }
        splice(from, to - from, 0);
        record[bodyOffset()] -= (byte) length;
    }

    /** A cursor that passes the elements from {@code index} on; one that lies beyond the list finds nothing. */
    public Cursor cursor(long index, boolean forward) {
        return new Cursor(this, index, forward);
    }

    // ---- the packed form

    private int firstElement() {
        return bodyOffset() + 1;
    }

    /** Where in the record an element begins; the end of the body for the index after the last. */
    private int positionOf(int index) {
        int count = (int) size();
        int at;
        if (index <= count >> 1) {
            at = firstElement();
            for (int i = 0; i < index; i++) {
                at = Listpack.after(record, at);
            }
        } else {
            at = bodyEnd();
            for (int i = count; i > index; i--) {
                at = Listpack.before(record, at);
            }
        }
        return at;
    }

    /** Inserts an element into the packed form. Where it is too much for that, unpacks it instead and returns that form. */
    private @Nullable Quicklist insertPacked(int at, Slice value) {
        int needed = Listpack.entryBytes(value.length());
        if (bodyEnd() - bodyOffset() + needed > MAX_PACKED_BYTES || size() == MAX_PACKED_COUNT) {
            return unpack(BlockLimit.NONE);
        }
        splice(at, 0, needed);
        Listpack.write(record, at, value);
        record[bodyOffset()]++;
        return null;
    }

    private void removePacked(int at) {
        splice(at, Listpack.after(record, at) - at, 0);
        record[bodyOffset()]--;
    }

    /**
     * A place between two elements that moves towards one end, handing out what it passes. The list may change under it only
     * through {@link #remove}.
     */
    public static final class Cursor {
        private final ListValue list;
        private final Quicklist.@Nullable Cursor large;
        private final boolean forward;
        private long index;
        private int position;
        private int lastPosition;

        private Cursor(ListValue list, long index, boolean forward) {
            this.list = list;
            this.forward = forward;
            this.large = list.large == null ? null : list.large.cursor(index, forward);
            if (large == null) {
                boolean inside = index >= 0 && index < list.size();
                this.index = forward ? index - 1 : index + 1;
                long next = forward ? index : index + 1;
                this.position = inside ? list.positionOf((int) next) : forward ? list.bodyEnd() : list.firstElement();
            }
        }

        /** Points {@code into} at the next element; false if there is none. */
        public boolean next(Slice into) {
            if (large != null) {
                return large.next(into);
            }
            byte[] record = list.record;
            if (forward) {
                if (position >= list.bodyEnd()) {
                    return false;
                }
                lastPosition = position;
                position = Listpack.after(record, position);
                index++;
            } else {
                if (position <= list.firstElement()) {
                    return false;
                }
                position = Listpack.before(record, position);
                lastPosition = position;
                index--;
            }
            Listpack.read(record, lastPosition, into);
            return true;
        }

        /** The index of the element passed last. */
        public long index() {
            return large != null ? large.index() : index;
        }

        /** Removes the element passed last. */
        public void remove() {
            if (large != null) {
                large.remove();
                return;
            }
            list.removePacked(lastPosition);
            position = lastPosition;
            if (forward) {
                index--;
            }
        }
    }
}
