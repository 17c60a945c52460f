package dev.holdfast.engine.types;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The layout of a set of integers in ascending order, all of them as wide as the widest has ever been.
 *
 * <pre>
 *   0         1
 *   +---------+-----------+-----------+---
 *   | width   | integer   | integer   | ...   width is 2, 4 or 8 bytes; integers are little endian
 *   +---------+-----------+-----------+---
 * </pre>
 *
 * <p>No bytes at all are an empty set. Positions are indices of the array that contains the layout.
 */
final class Intset {
    static final int HEAD = 1;

    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Intset() {}

    /** The bytes that an integer needs. */
    static int widthOf(long value) {
        if (value == (short) value) {
            return Short.BYTES;
        }
        return value == (int) value ? Integer.BYTES : Long.BYTES;
    }

    static int count(byte[] array, int start, int end) {
        return end == start ? 0 : (end - start - HEAD) / array[start];
    }

    static long get(byte[] array, int start, int index) {
        int width = array[start];
        return read(array, start + HEAD + index * width, width);
    }

    static long read(byte[] array, int at, int width) {
        return switch (width) {
            case Short.BYTES -> (short) SHORTS.get(array, at);
            case Integer.BYTES -> (int) INTS.get(array, at);
            default -> (long) LONGS.get(array, at);
        };
    }

    static void write(byte[] array, int at, int width, long value) {
        switch (width) {
            case Short.BYTES -> SHORTS.set(array, at, (short) value);
            case Integer.BYTES -> INTS.set(array, at, (int) value);
            default -> LONGS.set(array, at, value);
        }
    }

    /** The index of an integer, or {@code ~index} of where it would be. */
    static int search(byte[] array, int start, int count, long value) {
        if (count == 0) {
            return ~0;
        }
        int width = array[start];
        int low = 0;
        int high = count - 1;
        if (value > read(array, start + HEAD + high * width, width)) {
            return ~count;
        }
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long found = read(array, start + HEAD + middle * width, width);
            if (found < value) {
                low = middle + 1;
            } else if (found > value) {
                high = middle - 1;
            } else {
                return middle;
            }
        }
        return ~low;
    }
}
