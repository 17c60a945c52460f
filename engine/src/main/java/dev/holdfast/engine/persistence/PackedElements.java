package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Locale;

/**
 * Walks the elements of what Valkey and its ancestors keep packed in one string: listpack, ziplist, zipmap. Everything is
 * checked on the way; the end is reached only if all lengths, counts and marks agree.
 *
 * <pre>
 *  listpack  see {@link ValkeyListpack}
 *
 *  ziplist   total bytes, offset of the last entry (4 each), entries (2), entry ..., 0xFF
 *  entry     length of the entry before: 1 byte, or 0xFE and 4 bytes; encoding, data
 *            00xxxxxx                    a string of up to 63 bytes
 *            01xxxxxx xxxxxxxx           of up to 16383 bytes
 *            10000000 4 bytes            longer, the length big endian
 *            11000000 11010000 11100000  an integer of 2, 4 or 8 bytes, little endian
 *            11110000 11111110           of 3 bytes, of 1 byte
 *            1111xxxx                    from 0 to 12, with one added
 *
 *  zipmap    entries (1; 254: count them), entry ..., 0xFF
 *  entry     length of the field, field, length of the value, unused bytes (1), value, unused bytes
 *            a length is 1 byte, or 0xFE and 4 bytes, little endian
 * </pre>
 */
final class PackedElements {
    /** The layouts. */
    enum Layout {
        LISTPACK,
        ZIPLIST,
        ZIPMAP
    }

    private static final int ZIPLIST_HEAD_BYTES = 10;
    private static final int LONG_LENGTH = 254;
    private static final int END = 255;

    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] digits = new byte[Numbers.MAX_DIGITS];
    private Layout layout = Layout.LISTPACK;
    private String owner = "";
    private byte[] bytes = digits;
    private int at;
    private int end;
    private int announced;
    private int seen;
    private int previousLength;
    private int lastEntryAt;
    private int lastOffset;
    private boolean inZipmapValue;

    private boolean isInteger;
    private long integer;
    private int offset;
    private int length;

    /**
     * Begins with another packed string.
     *
     * @param newOwner what it is the value of, for messages; may be empty
     */
    PackedElements of(Layout newLayout, String newOwner, Slice packed) throws RdbException {
        layout = newLayout;
        owner = newOwner;
        bytes = packed.array();
        at = packed.offset();
        end = at + packed.length();
        seen = 0;
        previousLength = 0;
        inZipmapValue = false;
        switch (layout) {
            case LISTPACK -> {
                require(packed.length() > ValkeyListpack.HEAD_BYTES);
                require((int) INTS.get(bytes, at) == packed.length());
                announced = (short) SHORTS.get(bytes, at + 4) & 0xFFFF;
                announced = announced == ValkeyListpack.UNKNOWN_COUNT ? -1 : announced;
                at += ValkeyListpack.HEAD_BYTES;
            }
            case ZIPLIST -> {
                require(packed.length() > ZIPLIST_HEAD_BYTES);
                require((int) INTS.get(bytes, at) == packed.length());
                lastOffset = at + (int) INTS.get(bytes, at + 4);
                lastEntryAt = at + ZIPLIST_HEAD_BYTES;
                announced = (short) SHORTS.get(bytes, at + 8) & 0xFFFF;
                announced = announced == 0xFFFF ? -1 : announced;
                at += ZIPLIST_HEAD_BYTES;
            }
            case ZIPMAP -> {
                require(packed.length() >= 2);
                announced = bytes[at++] & 0xFF;
                announced = announced == LONG_LENGTH ? -1 : 2 * announced;
            }
        }
        require((bytes[end - 1] & 0xFF) == END);
        return this;
    }

    private void require(boolean condition) throws RdbException {
        if (!condition) {
            String name = layout.name();
            String shown = owner.isEmpty()
                    ? name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT)
                    : owner + " " + name.toLowerCase(Locale.ROOT);
            throw new RdbException(shown + " integrity check failed.");
        }
    }

    /** Goes on to the next element. Returns false behind the last one, when all has been found in order. */
    boolean next() throws RdbException {
        if (at == end - 1) {
            require(announced < 0 || seen == announced);
            require(layout != Layout.ZIPLIST || lastEntryAt == lastOffset);
            require(!inZipmapValue);
            return false;
        }
        seen++;
        switch (layout) {
            case LISTPACK -> nextOfListpack();
            case ZIPLIST -> nextOfZiplist();
            case ZIPMAP -> nextOfZipmap();
        }
        return true;
    }

    boolean isInteger() {
        return isInteger;
    }

    /** Points at the present element; an integer is written out. */
    Slice get(Slice into) {
        if (isInteger) {
            return into.set(digits, 0, Numbers.write(integer, digits, 0));
        }
        return into.set(bytes, offset, length);
    }

    /** The next element, which has to be there. */
    Slice require(Slice into) throws RdbException {
        require(next());
        return get(into);
    }

    /** The next element, which has to be there and an integer. */
    long requireInteger() throws RdbException {
        require(next());
        if (!isInteger) {
            require(Numbers.isLong(bytes, offset, length));
            return Numbers.toLong(bytes, offset, length);
        }
        return integer;
    }

    private int byteAt(int position) throws RdbException {
        require(position < end - 1);
        return bytes[position] & 0xFF;
    }

    private void text(int from, int count) throws RdbException {
        require(count >= 0 && from >= 0 && count <= end - 1 - from);
        isInteger = false;
        offset = from;
        length = count;
    }

    private void number(int from, int width) throws RdbException {
        require(width <= end - 1 - from);
        isInteger = true;
        integer = switch (width) {
            case 1 -> bytes[from];
            case 2 -> (short) SHORTS.get(bytes, from);
            case 3 -> bytes[from] & 0xFF | (bytes[from + 1] & 0xFF) << 8 | bytes[from + 2] << 16;
            case 4 -> (int) INTS.get(bytes, from);
            default -> (long) LONGS.get(bytes, from);
        };
        offset = from;
        length = width;
    }

    private void small(int value, int from, int bytesTaken) {
        isInteger = true;
        integer = value;
        offset = from;
        length = bytesTaken;
    }

    private void nextOfListpack() throws RdbException {
        int start = at;
        int first = byteAt(at);
        if (first < 0x80) {
            small(first, at, 1);
        } else if (first < 0xC0) {
            text(at + 1, first & 0x3F);
        } else if (first < 0xE0) {
            int value = (first & 0x1F) << 8 | byteAt(at + 1);
            small(value << 19 >> 19, at, 2);
        } else if (first < 0xF0) {
            text(at + 2, (first & 0x0F) << 8 | byteAt(at + 1));
        } else {
            switch (first) {
                case 0xF0 -> {
                    require(at + 5 <= end - 1);
                    text(at + 5, (int) INTS.get(bytes, at + 1));
                }
                case 0xF1 -> number(at + 1, 2);
                case 0xF2 -> number(at + 1, 3);
                case 0xF3 -> number(at + 1, 4);
                case 0xF4 -> number(at + 1, 8);
                default -> require(false);
            }
        }
        int behind = offset + length;
        int taken = behind - start;
        int groups = ValkeyListpack.backLengthBytes(taken);
        require(groups <= end - 1 - behind);
        int back = 0;
        for (int i = 0; i < groups; i++) {
            int group = bytes[behind + i] & 0xFF;
            require(group >= 0x80 == i > 0);
            back = back << 7 | group & 0x7F;
        }
        require(back == taken);
        at = behind + groups;
    }

    private void nextOfZiplist() throws RdbException {
        int start = at;
        lastEntryAt = start;
        int before = byteAt(at);
        int encodingAt = at + 1;
        if (before == LONG_LENGTH) {
            require(at + 5 <= end - 1);
            before = (int) INTS.get(bytes, at + 1);
            encodingAt = at + 5;
        }
        require(before == previousLength);
        int first = byteAt(encodingAt);
        switch (first >> 6) {
            case 0 -> text(encodingAt + 1, first & 0x3F);
            case 1 -> text(encodingAt + 2, (first & 0x3F) << 8 | byteAt(encodingAt + 1));
            case 2 -> {
                require(encodingAt + 5 <= end - 1);
                text(encodingAt + 5, Integer.reverseBytes((int) INTS.get(bytes, encodingAt + 1)));
            }
            default -> {
                switch (first) {
                    case 0xC0 -> number(encodingAt + 1, 2);
                    case 0xD0 -> number(encodingAt + 1, 4);
                    case 0xE0 -> number(encodingAt + 1, 8);
                    case 0xF0 -> number(encodingAt + 1, 3);
                    case 0xFE -> number(encodingAt + 1, 1);
                    default -> {
                        require(first > 0xF0 && first < 0xFE);
                        small((first & 0x0F) - 1, encodingAt, 1);
                    }
                }
            }
        }
        at = offset + length;
        previousLength = at - start;
    }

    private void nextOfZipmap() throws RdbException {
        int first = byteAt(at);
        int from = at + 1;
        int count = first;
        if (first == LONG_LENGTH) {
            require(at + 5 <= end - 1);
            count = (int) INTS.get(bytes, at + 1);
            from = at + 5;
            require(count < 0 || count >= LONG_LENGTH);
        }
        require(first != END);
        int unused = inZipmapValue ? byteAt(from++) : 0;
        text(from, count);
        require(unused <= end - 1 - from - count);
        at = from + count + unused;
        inZipmapValue = !inZipmapValue;
    }
}
