package dev.holdfast.engine.structures;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Varint;

/**
 * The layout of list elements packed one after another into a byte array, so that they can be walked in both directions.
 *
 * <pre>
 *   +-----------------+-----------------+--------------------------+
 *   | length (varint) | bytes           | length (mirrored varint) |
 *   +-----------------+-----------------+--------------------------+
 * </pre>
 *
 * <p>The length in front is a {@link Varint}; the one after the bytes is the same with its bytes in reverse order, so that it can be read from its last byte towards the front.
 * An element of up to 127 bytes costs 2 bytes more than itself, one of up to 16,383 bytes costs 4.
 *
 * <p>Elements are bytes, never numbers: what looks like an integer is stored as its digits. Valkey stores it in binary,
 * and its limits, which clients can see in OBJECT ENCODING, count those bytes. {@link #valkeyEntryBytes} says what an
 * element would cost there.
 */
public final class Listpack {
    /** What an empty listpack costs in Valkey: total length, element count and end mark. */
    public static final int VALKEY_EMPTY_BYTES = 7;

    private Listpack() {}

    /** How many bytes an element of {@code length} bytes takes here. */
    public static int entryBytes(int length) {
        return length + 2 * Varint.size(length);
    }

    /** Writes an element at {@code position}; gives the position after it. */
    public static int write(byte[] target, int position, Slice value) {
        int length = value.length();
        int at = position;
        if (length < 1 << 7) {
            target[at++] = (byte) length;
            value.copyTo(target, at);
            at += length;
            target[at++] = (byte) length;
            return at;
        }
        int bytes = Varint.size(length);
        at += bytes;
        value.copyTo(target, at);
        at += length;
        int rest = length;
        for (int i = 0; i < bytes; i++) {
            byte digit = (byte) (i == bytes - 1 ? rest : rest | 0x80);
            target[position + i] = digit;
            target[at + bytes - 1 - i] = digit;
            rest >>>= 7;
        }
        return at + bytes;
    }

    /** The length of the element that begins at {@code position}. */
    public static int lengthAt(byte[] source, int position) {
        return Varint.read(source, position);
    }

    /** The length of the element that ends just before {@code end}. */
    public static int lengthBefore(byte[] source, int end) {
        int value = source[end - 1];
        if (value >= 0) {
            return value;
        }
        value &= 0x7F;
        int at = end - 1;
        int shift = 7;
        byte digit;
        do {
            digit = source[--at];
            value |= (digit & 0x7F) << shift;
            shift += 7;
        } while (digit < 0);
        return value;
    }

    /** Points {@code into} at the bytes of the element that begins at {@code position}. */
    public static void read(byte[] source, int position, Slice into) {
        int length = lengthAt(source, position);
        into.set(source, position + Varint.size(length), length);
    }

    /** The position after the element that begins at {@code position}. */
    public static int after(byte[] source, int position) {
        return position + entryBytes(lengthAt(source, position));
    }

    /** The position at which the element begins that ends just before {@code end}. */
    public static int before(byte[] source, int end) {
        return end - entryBytes(lengthBefore(source, end));
    }

    /** What Valkey's listpack would need for the element that begins at {@code position}. */
    public static int valkeyEntryBytesAt(byte[] source, int position) {
        int length = lengthAt(source, position);
        return valkeyEntryBytes(source, position + Varint.size(length), length);
    }

    /** What Valkey's listpack would need for this element, including the length it keeps behind the element. */
    public static int valkeyEntryBytes(byte[] array, int offset, int length) {
        int encoded = integerBytes(array, offset, length);
        if (encoded == 0) {
            encoded = length + (length < 64 ? 1 : length < 4096 ? 2 : 5);
        }
        return encoded + (encoded < 1 << 28 ? Varint.size(encoded) : 5);
    }

    /** How many bytes the integer takes that these bytes spell out; 0 if they are anything else. */
    private static int integerBytes(byte[] array, int offset, int length) {
        if (!Numbers.isLong(array, offset, length)) {
            return 0;
        }
        return integerBytes(Numbers.toLong(array, offset, length));
    }

    /** What Valkey's listpack would need for an integer, including the length it keeps behind it. */
    static int valkeyIntegerBytes(long value) {
        return integerBytes(value) + 1;
    }

    private static int integerBytes(long value) {
        if (value >= 0 && value <= 127) {
            return 1;
        }
        if (value >= -4096 && value <= 4095) {
            return 2;
        }
        if (value >= Short.MIN_VALUE && value <= Short.MAX_VALUE) {
            return 3;
        }
        if (value >= -(1 << 23) && value < 1 << 23) {
            return 4;
        }
        return value == (int) value ? 5 : 9;
    }
}
