package dev.holdfast.engine.persistence;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The checksum of RDB files and DUMP payloads: CRC-64 with Jones' polynomial, reflected, starting at zero and not inverted.
 *
 * <p>Sliced by eight: eight tables say what each of eight bytes does to the checksum from its distance, so that eight bytes cost
 * eight independent look-ups. But each eight wait for those before. So a long array is taken as two halves, side by side: bytes that
 * follow multiply a checksum by a power of x, and to that the checksum of those bytes alone is added.
 */
final class Crc64 {
    private static final long POLYNOMIAL = Long.reverse(0xad93d23594c935a9L);

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int HALVED_BYTES = 4096;

    private static final long[][] TABLES = new long[8][256];

    static {
        for (int value = 0; value < 256; value++) {
            long crc = value;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) != 0 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
            }
            TABLES[0][value] = crc;
        }
        for (int distance = 1; distance < 8; distance++) {
            for (int value = 0; value < 256; value++) {
                long crc = TABLES[distance - 1][value];
                TABLES[distance][value] = TABLES[0][(int) crc & 0xFF] ^ crc >>> 8;
            }
        }
    }

    private Crc64() {}

    /** The checksum of what {@code crc} is the checksum of, followed by these bytes. That of nothing is 0. */
    static long update(long crc, byte[] bytes, int offset, int length) {
        if (length < HALVED_BYTES) {
            return oneByOne(crc, bytes, offset, offset + length);
        }
        int half = length / 2 & -Long.BYTES;
        long first = crc;
        long second = 0;
        int at = offset;
        int other = offset + half;
        for (int middle = other; at < middle; at += Long.BYTES, other += Long.BYTES) {
            first = step(first ^ (long) LONGS.get(bytes, at));
            second = step(second ^ (long) LONGS.get(bytes, other));
        }
        return oneByOne(times(first, powerOfX(8L * half)) ^ second, bytes, other, offset + length);
    }

    private static long oneByOne(long crc, byte[] bytes, int from, int end) {
        long value = crc;
        int at = from;
        for (; end - at >= Long.BYTES; at += Long.BYTES) {
            value = step(value ^ (long) LONGS.get(bytes, at));
        }
        for (; at < end; at++) {
            value = TABLES[0][(int) (value ^ bytes[at]) & 0xFF] ^ value >>> 8;
        }
        return value;
    }

    private static long step(long value) {
        return TABLES[7][(int) value & 0xFF]
                ^ TABLES[6][(int) (value >>> 8) & 0xFF]
                ^ TABLES[5][(int) (value >>> 16) & 0xFF]
                ^ TABLES[4][(int) (value >>> 24) & 0xFF]
                ^ TABLES[3][(int) (value >>> 32) & 0xFF]
                ^ TABLES[2][(int) (value >>> 40) & 0xFF]
                ^ TABLES[1][(int) (value >>> 48) & 0xFF]
                ^ TABLES[0][(int) (value >>> 56)];
    }

    /** The product of two polynomials modulo ours. The highest bit is the coefficient of 1, the next one that of x. */
    private static long times(long one, long other) {
        long product = 0;
        long shifted = other;
        for (long left = one; left != 0; left <<= 1) {
            if (left < 0) {
                product ^= shifted;
            }
            shifted = (shifted & 1) != 0 ? shifted >>> 1 ^ POLYNOMIAL : shifted >>> 1;
        }
        return product;
    }

    private static long powerOfX(long exponent) {
        long power = Long.MIN_VALUE;
        long square = Long.MIN_VALUE >>> 1;
        for (long left = exponent; left != 0; left >>>= 1) {
            if ((left & 1) != 0) {
                power = times(power, square);
            }
            square = times(square, square);
        }
        return power;
    }
}
