package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import java.util.Arrays;

/**
 * Builds a listpack as Valkey has it in memory and in RDB files. Ours has no integers and no header; see
 * {@link dev.holdfast.engine.structures.Listpack}.
 *
 * <pre>
 *  0             4           6
 *  +-------------+-----------+---------+---------+-----+------+
 *  | total bytes | elements  | element | element | ... | 0xFF |
 *  | 4           | 2         |         |         |     |      |      both little endian; 65535 elements: count them
 *  +-------------+-----------+---------+---------+-----+------+
 *
 *  element   encoding, data, and the length of both once more, in groups of seven bits, for walking backwards
 *
 *  encoding  0xxxxxxx             an integer from 0 to 127
 *            10xxxxxx             a string of up to 63 bytes
 *            110xxxxx xxxxxxxx    a signed integer of 13 bits
 *            1110xxxx xxxxxxxx    a string of up to 4095 bytes
 *            11110000 4 bytes     a longer string, the length little endian
 *            11110001 to 11110100 a signed integer of 2, 3, 4 or 8 bytes, little endian
 * </pre>
 */
final class ValkeyListpack {
    static final int HEAD_BYTES = 6;
    static final int END = 0xFF;
    static final int UNKNOWN_COUNT = 0xFFFF;

    /** The most that an element takes beside a string's bytes. */
    private static final int MOST_AROUND = 5 + 5;

    private byte[] bytes = new byte[1024];
    private int at = HEAD_BYTES;
    private int count;

    void clear() {
        at = HEAD_BYTES;
        count = 0;
        if (bytes.length > 1 << 20) {
            bytes = new byte[1024];
        }
    }

    void add(Slice value) {
        add(value.array(), value.offset(), value.length());
    }

    /** Adds a string, as an integer where it spells one. */
    void add(byte[] array, int offset, int length) {
        if (Numbers.isLong(array, offset, length)) {
            add(Numbers.toLong(array, offset, length));
            return;
        }
        ensure(Math.addExact(length, MOST_AROUND));
        int start = at;
        if (length < 1 << 6) {
            bytes[at++] = (byte) (0x80 | length);
        } else if (length < 1 << 12) {
            bytes[at++] = (byte) (0xE0 | length >> 8);
            bytes[at++] = (byte) length;
        } else {
            bytes[at++] = (byte) 0xF0;
            put(length, Integer.BYTES);
        }
        System.arraycopy(array, offset, bytes, at, length);
        at += length;
        end(start);
    }

    void add(long value) {
        ensure(MOST_AROUND);
        int start = at;
        if (value >= 0 && value < 1 << 7) {
            bytes[at++] = (byte) value;
        } else if (value >= -(1 << 12) && value < 1 << 12) {
            bytes[at++] = (byte) (0xC0 | value >> 8 & 0x1F);
            bytes[at++] = (byte) value;
        } else if (value == (short) value) {
            bytes[at++] = (byte) 0xF1;
            put(value, 2);
        } else if (value >= -(1 << 23) && value < 1 << 23) {
            bytes[at++] = (byte) 0xF2;
            put(value, 3);
        } else if (value == (int) value) {
            bytes[at++] = (byte) 0xF3;
            put(value, 4);
        } else {
            bytes[at++] = (byte) 0xF4;
            put(value, 8);
        }
        end(start);
    }

    private void put(long value, int width) {
        for (int i = 0; i < width; i++) {
            bytes[at++] = (byte) (value >> 8 * i);
        }
    }

    private void end(int start) {
        int length = at - start;
        int groups = backLengthBytes(length);
        for (int i = groups - 1; i >= 0; i--) {
            bytes[at++] = (byte) (length >>> 7 * i & 0x7F | (i == groups - 1 ? 0 : 0x80));
        }
        count++;
    }

    /** How many bytes the length behind an element takes. The bounds are Valkey's, one short of what would fit. */
    static int backLengthBytes(int length) {
        return length <= 127 ? 1 : length < 16383 ? 2 : length < 2097151 ? 3 : length < 268435455 ? 4 : 5;
    }

    private void ensure(int more) {
        int needed = Math.addExact(at, more + 1);
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 64L, Math.max(needed, 2L * bytes.length)));
        }
    }

    /** Ends the listpack; it lies at the beginning of {@link #array}. Returns its length. */
    int finish() {
        ensure(1);
        bytes[at++] = (byte) END;
        int length = at;
        at = 0;
        put(length, Integer.BYTES);
        put(Math.min(count, UNKNOWN_COUNT), Short.BYTES);
        at = length;
        return length;
    }

    byte[] array() {
        return bytes;
    }
}
