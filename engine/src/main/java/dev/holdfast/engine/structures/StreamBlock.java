package dev.holdfast.engine.structures;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Varint;
import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * One packed run of stream entries: a node of a {@link StreamLog}, ordered by the id of its first entry.
 *
 * <pre>
 *   bytes:  | field count | field | ... | entry | entry | ... | unused |
 *           0                           entriesAt             end      bytes.length
 *
 *   entry:  +-------+------------+----------+---------------+-------------------+-------------------------+
 *           | flags | [ms delta] | [number] | [field count] | [field] value ... | length (mirrored varint) |
 *           +-------+------------+----------+---------------+-------------------+-------------------------+
 *           flags   bit 0  deleted
 *                   bit 1  the entry has the block's fields, and only values follow
 *                   bit 2  there is no ms delta: the entry has the milliseconds of the block's first
 *                   bit 3  there is no number: it is 0
 * </pre>
 *
 * <p>The fields in front are those of the first entry. Entries of one stream mostly have the same fields, and then name none.
 * Fields and values are a varint length and the bytes. The number is the second half of the id: minus that of the first
 * entry where the milliseconds are the same, else as it is; so it never is negative. The length at the end is that of all
 * before it, and is for walking backwards.
 *
 * <p>A deleted entry stays as a tombstone until its block goes, as in Valkey, and {@code valkeyBytes} is what Valkey's
 * listpack of the same entries takes: together they make blocks end, and approximate trimming stop, where Valkey's do.
 */
final class StreamBlock extends IdMap.Element {
    static final int DELETED = 1;
    static final int SAME_FIELDS = 2;
    static final int SAME_MS = 4;
    static final int NUMBER_ZERO = 8;

    private static final int OBJECT_BYTES = 56;
    private static final int VALKEY_FIXED_INTEGERS = 3;

    byte[] bytes;
    final int entriesAt;
    int end;
    int live;
    int deleted;

    /** See {@link Lender}. */
    int generation;

    private int valkeyBytes;

    /** An empty block with the fields of its first entry; {@code words} are field, value, field, value, and so on. */
    StreamBlock(long ms, long seq, int fields, IntFunction<Slice> words) {
        super(ms, seq);
        int size = Varint.size(fields);
        int valkey = Listpack.VALKEY_EMPTY_BYTES;
        valkey += valkeyInteger(0) * VALKEY_FIXED_INTEGERS + valkeyInteger(fields);
        for (int i = 0; i < fields; i++) {
            Slice field = words.apply(2 * i);
            size += sizeOf(field);
            valkey += Listpack.valkeyEntryBytes(field.array(), field.offset(), field.length());
        }
        bytes = new byte[size];
        int at = Varint.write(fields, bytes, 0);
        for (int i = 0; i < fields; i++) {
            at = write(words.apply(2 * i), at);
        }
        entriesAt = at;
        end = at;
        valkeyBytes = valkey;
    }

    private StreamBlock(StreamBlock other) {
        super(other.ms(), other.seq());
        bytes = Arrays.copyOf(other.bytes, other.end);
        entriesAt = other.entriesAt;
        end = other.end;
        live = other.live;
        deleted = other.deleted;
        valkeyBytes = other.valkeyBytes;
    }

    StreamBlock copy() {
        return new StreamBlock(this);
    }

    long heapBytes() {
        return OBJECT_BYTES + ByteAccount.arrayBytes(bytes.length);
    }

    int valkeyBytes() {
        return valkeyBytes;
    }

    /** How many entries lie here, dead or alive. */
    int entries() {
        return live + deleted;
    }

    void append(long ms, long seq, int fields, IntFunction<Slice> words) {
        boolean sameMs = ms == ms();
        long number = sameMs ? seq - seq() : seq;
        boolean sameFields = hasFields(fields, words);
        int flags = (sameFields ? SAME_FIELDS : 0) | (sameMs ? SAME_MS : 0) | (number == 0 ? NUMBER_ZERO : 0);
        int valkey = valkeyInteger(flags & SAME_FIELDS) + valkeyInteger(ms - ms()) + valkeyInteger(seq - seq());
        valkey += valkeyInteger(sameFields ? fields + 3L : 2L * fields + 4) + (sameFields ? 0 : valkeyInteger(fields));
        long size = 1L + (sameMs ? 0 : varlongSize(ms - ms())) + (number == 0 ? 0 : varlongSize(number));
        size += sameFields ? 0 : Varint.size(fields);
        for (int i = sameFields ? 1 : 0; i < 2 * fields; i += sameFields ? 2 : 1) {
            Slice word = words.apply(i);
            size += sizeOf(word);
            valkey += Listpack.valkeyEntryBytes(word.array(), word.offset(), word.length());
        }
        int length = Math.toIntExact(size);
        ensure(length + Varint.size(length));
        int at = end;
        bytes[at++] = (byte) flags;
        at = sameMs ? at : writeVarlong(ms - ms(), at);
        at = number == 0 ? at : writeVarlong(number, at);
        at = sameFields ? at : Varint.write(fields, bytes, at);
        for (int i = sameFields ? 1 : 0; i < 2 * fields; i += sameFields ? 2 : 1) {
            at = write(words.apply(i), at);
        }
        end = writeMirrored(length, at);
        valkeyBytes += valkey;
        setCounts(live + 1, deleted);
    }

    /** Turns a living entry, whose flags are at {@code position}, into a tombstone. */
    void delete(int position) {
        bytes[position] |= DELETED;
        setCounts(live - 1, deleted + 1);
    }

    /** Gives back what is unused. No entry is going to be added. */
    void seal() {
        if (bytes.length > end) {
            bytes = Arrays.copyOf(bytes, end);
        }
    }

    private void setCounts(int newLive, int newDeleted) {
        valkeyBytes += valkeyInteger(newLive) - valkeyInteger(live);
        valkeyBytes += valkeyInteger(newDeleted) - valkeyInteger(deleted);
        live = newLive;
        deleted = newDeleted;
    }

    private boolean hasFields(int fields, IntFunction<Slice> words) {
        if (Varint.read(bytes, 0) != fields) {
            return false;
        }
        int at = Varint.size(fields);
        for (int i = 0; i < fields; i++) {
            int length = Varint.read(bytes, at);
            at += Varint.size(length);
            if (!words.apply(2 * i).contentEquals(bytes, at, length)) {
                return false;
            }
            at += length;
        }
        return true;
    }

    private void ensure(int more) {
        int needed = Math.addExact(end, more);
        if (needed > bytes.length) {
            long grown = Math.max(needed, Math.min(end + (end >> 1), Integer.MAX_VALUE - 64L));
            bytes = Arrays.copyOf(bytes, (int) (((grown + 4 + 7) & ~7L) - 4));
        }
    }

    private static int sizeOf(Slice word) {
        return Varint.size(word.length()) + word.length();
    }

    private int write(Slice word, int position) {
        int at = Varint.write(word.length(), bytes, position);
        word.copyTo(bytes, at);
        return at + word.length();
    }

    private int writeMirrored(int length, int position) {
        int size = Varint.size(length);
        int rest = length;
        for (int i = size - 1; i >= 0; i--) {
            bytes[position + i] = (byte) (i == 0 ? rest : rest | 0x80);
            rest >>>= 7;
        }
        return position + size;
    }

    private static int valkeyInteger(long value) {
        return Listpack.valkeyIntegerBytes(value);
    }

    /** How many bytes an unsigned long takes, seven bits in each. */
    static int varlongSize(long value) {
        int size = 1;
        for (long rest = value >>> 7; rest != 0; rest >>>= 7) {
            size++;
        }
        return size;
    }

    static long readVarlong(byte[] array, int position) {
        long value = 0;
        int at = position;
        int shift = 0;
        byte digit;
        do {
            digit = array[at++];
            value |= (digit & 0x7FL) << shift;
            shift += 7;
        } while (digit < 0);
        return value;
    }

    private int writeVarlong(long value, int position) {
        int at = position;
        long rest = value;
        while (rest >>> 7 != 0) {
            bytes[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[at] = (byte) rest;
        return at + 1;
    }
}
