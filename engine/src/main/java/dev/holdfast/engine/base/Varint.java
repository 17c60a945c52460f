package dev.holdfast.engine.base;

/**
 * Lengths of one to five bytes: seven bits a byte, the lowest first, the top bit set on all but the last. Lengths below 128,
 * which nearly all are, take one byte.
 */
public final class Varint {
    private Varint() {}

    /** How many bytes {@code value}, which is not negative, takes. */
    public static int size(int value) {
        int size = 1;
        for (int rest = value >>> 7; rest != 0; rest >>>= 7) {
            size++;
        }
        return size;
    }

    /** How many bytes the number at {@code position} takes. */
    public static int sizeAt(byte[] array, int position) {
        int end = position;
        while (array[end] < 0) {
            end++;
        }
        return end - position + 1;
    }

    public static int read(byte[] array, int position) {
        int b = array[position];
        if (b >= 0) {
            return b;
        }
        int value = b & 0x7F;
        int at = position;
        int shift = 7;
        do {
            b = array[++at];
            value |= (b & 0x7F) << shift;
            shift += 7;
        } while (b < 0);
        return value;
    }

    /** Writes {@code value} and returns the position after it. */
    public static int write(int value, byte[] array, int position) {
        int at = position;
        int rest = value;
        while (rest >>> 7 != 0) {
            array[at++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        array[at] = (byte) rest;
        return at + 1;
    }
}
