package dev.holdfast.engine.base;

/** Decimal integers as the protocol writes them. */
public final class Numbers {
    /** The longest decimal form of a long: {@code -9223372036854775808}. */
    public static final int MAX_DIGITS = 20;

    private static final byte[] MIN_VALUE = "-9223372036854775808".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    /** The numbers from 0 to 99, with two digits each. */
    private static final byte[] PAIRS = new byte[200];

    static {
        for (int i = 0; i < 100; i++) {
            PAIRS[2 * i] = (byte) ('0' + i / 10);
            PAIRS[2 * i + 1] = (byte) ('0' + i % 10);
        }
    }

    private Numbers() {}

    /**
     * Whether the bytes are the canonical form of a signed 64-bit integer: no sign but a leading minus, no leading zeros, no
     * spaces. Only such strings are numbers to Valkey.
     */
    public static boolean isLong(byte[] array, int offset, int length) {
        if (length == 0 || length > MAX_DIGITS) {
            return false;
        }
        int i = offset;
        int end = offset + length;
        boolean negative = array[i] == '-';
        if (negative && ++i == end) {
            return false;
        }
        int first = array[i] - '0';
        if (first < 0 || first > 9) {
            return false;
        }
        if (first == 0) {
            return length == 1;
        }
        if (length < MAX_DIGITS - 1) {
            // None of these is too large.
            for (i++; i < end; i++) {
                int digit = array[i] - '0';
                if (digit < 0 || digit > 9) {
                    return false;
                }
            }
            return true;
        }
        long value = -first;
        for (i++; i < end; i++) {
            int digit = array[i] - '0';
            if (digit < 0 || digit > 9 || value < (Long.MIN_VALUE + digit) / 10) {
                return false;
            }
            value = value * 10 - digit;
        }
        return negative || value != Long.MIN_VALUE;
    }

    public static boolean isLong(Slice slice) {
        return isLong(slice.array(), slice.offset(), slice.length());
    }

    /** The value of bytes for which {@link #isLong} holds. */
    public static long toLong(byte[] array, int offset, int length) {
        int i = offset;
        int end = offset + length;
        boolean negative = array[i] == '-';
        if (negative) {
            i++;
        }
        long value = 0;
        for (; i < end; i++) {
            value = value * 10 - (array[i] - '0');
        }
        return negative ? value : -value;
    }

    public static long toLong(Slice slice) {
        return toLong(slice.array(), slice.offset(), slice.length());
    }

    /** How many bytes {@link #write} needs. */
    public static int digits(long value) {
        if (value == Long.MIN_VALUE) {
            return MAX_DIGITS;
        }
        int digits = 1;
        long rest = value;
        if (value < 0) {
            rest = -value;
            digits = 2;
        }
        while (rest >= 10) {
            if (rest < 100) {
                return digits + 1;
            }
            if (rest < 1_000) {
                return digits + 2;
            }
            if (rest < 10_000) {
                return digits + 3;
            }
            rest /= 10_000;
            digits += 4;
        }
        return digits;
    }

    /** Writes the decimal form at {@code position} and returns the position after it. */
    public static int write(long value, byte[] target, int position) {
        if (value == Long.MIN_VALUE) {
            System.arraycopy(MIN_VALUE, 0, target, position, MAX_DIGITS);
            return position + MAX_DIGITS;
        }
        int end = position + digits(value);
        int i = end;
        long rest = Math.abs(value);
        while (rest >= 100) {
            long quotient = rest / 100;
            int pair = (int) (rest - quotient * 100) * 2;
            target[--i] = PAIRS[pair + 1];
            target[--i] = PAIRS[pair];
            rest = quotient;
        }
        int pair = (int) rest * 2;
        target[--i] = PAIRS[pair + 1];
        if (rest >= 10) {
            target[--i] = PAIRS[pair];
        }
        if (value < 0) {
            target[position] = '-';
        }
        return end;
    }

    public static byte[] toBytes(long value) {
        byte[] bytes = new byte[digits(value)];
        write(value, bytes, 0);
        return bytes;
    }
}
