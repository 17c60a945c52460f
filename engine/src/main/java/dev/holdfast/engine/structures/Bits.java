package dev.holdfast.engine.structures;

import dev.holdfast.engine.base.Slice;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A string taken as a row of bits. Bit 0 is the highest of the first byte, so that a number of whole bytes at a byte's border
 * is a big-endian one; behind its end a string has only zeros.
 *
 * <p>Long stretches are gone through eight bytes at a time.
 */
public final class Bits {
    /** The widest number that can be read or written. */
    public static final int MAX_FIELD_WIDTH = Long.SIZE;

    /** The most bytes that a number touches: eight, and one more where it does not begin at a border. */
    public static final int MAX_FIELD_BYTES = Long.BYTES + 1;

    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /** What can be done to several strings, bit by bit. */
    public enum Operation {
        AND,
        OR,
        XOR,
        NOT;

        private long apply(long a, long b) {
            return switch (this) {
                case AND -> a & b;
                case OR -> a | b;
                case XOR -> a ^ b;
                case NOT -> ~a;
            };
        }
    }

    private Bits() {}

    public static boolean get(Slice bytes, long bit) {
        return (byteAt(bytes, (int) (bit >>> 3)) >>> (7 - (bit & 7)) & 1) != 0;
    }

    private static int byteAt(Slice bytes, int index) {
        return index < bytes.length() ? bytes.at(index) & 0xFF : 0;
    }

    /** How many bits from {@code first} to {@code last} are ones; both are inside the string. */
    public static long count(Slice bytes, long first, long last) {
        byte[] array = bytes.array();
        int from = bytes.offset() + (int) (first >>> 3);
        int to = bytes.offset() + (int) (last >>> 3);
        long count = 0;
        int at = from;
        for (; at <= to - (Long.BYTES - 1); at += Long.BYTES) {
            count += Long.bitCount((long) WORDS.get(array, at));
        }
        for (; at <= to; at++) {
            count += Integer.bitCount(array[at] & 0xFF);
        }
        return count
                - Integer.bitCount(array[from] & maskBefore(first))
                - Integer.bitCount(array[to] & maskAfter(last));
    }

    /** The bits of a byte that come before this one. */
    private static int maskBefore(long bit) {
        return 0xFF & ~(0xFF >>> (bit & 7));
    }

    /** The bits of a byte that come after this one. */
    private static int maskAfter(long bit) {
        return 0x7F >>> (bit & 7);
    }

    /** The first bit from {@code first} to {@code last} that has a value, or -1; both are inside the string. */
    public static long find(Slice bytes, boolean value, long first, long last) {
        byte[] array = bytes.array();
        long flip = value ? 0 : -1;
        int start = bytes.offset();
        int at = start + (int) (first >>> 3);
        int to = start + (int) (last >>> 3);
        int head = (array[at] ^ (int) flip) & 0xFF & ~maskBefore(first);
        if (head != 0 || at == to) {
            return within(head, at - start, last);
        }
        at++;
        while (at <= to - (Long.BYTES - 1)) {
            long word = (long) WORDS.get(array, at) ^ flip;
            if (word != 0) {
                long found = ((long) (at - start) << 3) + Long.numberOfLeadingZeros(word);
                return found <= last ? found : -1;
            }
            at += Long.BYTES;
        }
        for (; at <= to; at++) {
            int found = (array[at] ^ (int) flip) & 0xFF;
            if (found != 0) {
                return within(found, at - start, last);
            }
        }
        return -1;
    }

    /** The place of the first one in a byte, unless there is none or it comes after {@code last}. */
    private static long within(int byteValue, int index, long last) {
        long found = ((long) index << 3) + Integer.numberOfLeadingZeros(byteValue) - (Integer.SIZE - Byte.SIZE);
        return byteValue != 0 && found <= last ? found : -1;
    }

    /** The number without a sign that is {@code width} bits wide and begins at a bit. */
    public static long field(Slice bytes, long bit, int width) {
        int at = (int) (bit >>> 3);
        int inFirst = 8 - (int) (bit & 7);
        long value = byteAt(bytes, at++) & 0xFF >>> (8 - inFirst);
        if (width <= inFirst) {
            return value >>> (inFirst - width);
        }
        int left = width - inFirst;
        for (; left >= 8; left -= 8) {
            value = value << 8 | byteAt(bytes, at++);
        }
        return left == 0 ? value : value << left | byteAt(bytes, at) >>> (8 - left);
    }

    /** Writes the lowest {@code width} bits of a number, from a bit on. */
    public static void setField(byte[] array, int bit, int width, long value) {
        int at = bit;
        int left = width;
        while (left > 0) {
            int room = 8 - (at & 7);
            int count = Math.min(room, left);
            int mask = (1 << count) - 1 << (room - count);
            int part = (int) (value >>> (left - count)) << (room - count);
            array[at >>> 3] = (byte) (array[at >>> 3] & ~mask | part & mask);
            at += count;
            left -= count;
        }
    }

    /** Does an operation to strings; the result is as long as the longest, and zeros fill up the others. */
    public static byte[] combine(Operation operation, Slice[] strings) {
        int length = 0;
        for (Slice string : strings) {
            length = Math.max(length, string.length());
        }
        byte[] result = new byte[length];
        strings[0].copyTo(result, 0);
        if (operation == Operation.NOT) {
            apply(operation, result, strings[0]);
        }
        for (int i = 1; i < strings.length; i++) {
            apply(operation, result, strings[i]);
        }
        return result;
    }

    private static void apply(Operation operation, byte[] result, Slice other) {
        byte[] array = other.array();
        int offset = other.offset();
        int common = other.length();
        int at = 0;
        for (; at <= common - Long.BYTES; at += Long.BYTES) {
            WORDS.set(result, at, operation.apply((long) WORDS.get(result, at), (long) WORDS.get(array, offset + at)));
        }
        for (; at < common; at++) {
            result[at] = (byte) operation.apply(result[at], array[offset + at]);
        }
        if (operation == Operation.AND) {
            Arrays.fill(result, common, result.length, (byte) 0);
        }
    }
}
