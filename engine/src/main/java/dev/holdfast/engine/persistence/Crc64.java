package dev.holdfast.engine.persistence;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The checksum of RDB files and DUMP payloads: CRC-64 with Jones' polynomial, reflected, starting at zero and not inverted.
 *
 * <p>Sliced by eight: eight tables say what each of eight bytes does to the checksum from its distance, so that eight bytes cost
 * eight independent look-ups.
 */
final class Crc64 {
    private static final long POLYNOMIAL = Long.reverse(0xad93d23594c935a9L);

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

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
        long[] t0 = TABLES[0];
        long[] t1 = TABLES[1];
        long[] t2 = TABLES[2];
        long[] t3 = TABLES[3];
        long[] t4 = TABLES[4];
        long[] t5 = TABLES[5];
        long[] t6 = TABLES[6];
        long[] t7 = TABLES[7];
        long value = crc;
        int at = offset;
        int end = offset + length;
        for (; end - at >= Long.BYTES; at += Long.BYTES) {
            value ^= (long) LONGS.get(bytes, at);
            value = t7[(int) value & 0xFF]
                    ^ t6[(int) (value >>> 8) & 0xFF]
                    ^ t5[(int) (value >>> 16) & 0xFF]
                    ^ t4[(int) (value >>> 24) & 0xFF]
                    ^ t3[(int) (value >>> 32) & 0xFF]
                    ^ t2[(int) (value >>> 40) & 0xFF]
                    ^ t1[(int) (value >>> 48) & 0xFF]
                    ^ t0[(int) (value >>> 56)];
        }
        for (; at < end; at++) {
            value = t0[(int) (value ^ bytes[at]) & 0xFF] ^ value >>> 8;
        }
        return value;
    }
}
