package dev.holdfast.engine.base;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The part of a key between its first {@code {} and the next {@code }}, if there is anything: keys that share it belong
 * together, on one node of a cluster and in one shard of the keyspace.
 */
final class HashTag {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHEST = 0x8080808080808080L;
    private static final long BRACES = ONES * '{';

    private HashTag() {}

    /** Where a key's tag begins, behind the brace; -1 where it has none. */
    static int begin(byte[] array, int offset, int length) {
        int open = find(array, offset, offset + length);
        if (open < 0) {
            return -1;
        }
        int end = end(array, open + 1, offset + length);
        return end > open + 1 ? open + 1 : -1;
    }

    /** The place of the first closing brace from {@code from} on, or -1. */
    static int end(byte[] array, int from, int limit) {
        for (int i = from; i < limit; i++) {
            if (array[i] == '}') {
                return i;
            }
        }
        return -1;
    }

    /** The place of the first opening brace; most keys have none, so that eight bytes are looked at together. */
    private static int find(byte[] array, int from, int limit) {
        int i = from;
        for (; i + Long.BYTES <= limit; i += Long.BYTES) {
            long difference = (long) LONGS.get(array, i) ^ BRACES;
            long zeros = (difference - ONES) & ~difference & HIGHEST;
            if (zeros != 0) {
                return i + (Long.numberOfTrailingZeros(zeros) >>> 3);
            }
        }
        for (; i < limit; i++) {
            if (array[i] == '{') {
                return i;
            }
        }
        return -1;
    }
}
