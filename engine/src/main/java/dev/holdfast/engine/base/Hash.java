package dev.holdfast.engine.base;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.SecureRandom;

/**
 * The one hash function of the store: 64 well-mixed bits of a run of bytes, seeded at random when the process starts, so
 * that no client can choose keys that collide.
 *
 * <p>The construction is that of wyhash: 16 bytes at a time are combined with the running state by a 64×64→128-bit
 * multiplication whose halves are folded together. All 64 result bits are usable; {@link
 * dev.holdfast.engine.structures.HashIndex} orders its items by them, from the highest bit down.
 */
public final class Hash {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long SEED;
    private static final long SECRET;

    static {
        Long fixed = Long.getLong("holdfast.hash.seed");
        SecureRandom random = new SecureRandom();
        SEED = fixed != null ? fixed : random.nextLong();
        SECRET = (fixed != null ? fixed * 0x9E3779B97F4A7C15L : random.nextLong()) | 1;
    }

    private Hash() {}

    /** The hash of {@code length} bytes of {@code array} from {@code offset}. */
    public static long of(byte[] array, int offset, int length) {
        long state = SEED;
        int position = offset;
        int remaining = length;
        while (remaining > 16) {
            state = fold(longAt(array, position) ^ SECRET, longAt(array, position + 8) ^ state);
            position += 16;
            remaining -= 16;
        }
        long low;
        long high;
        if (remaining >= 8) {
            low = longAt(array, position);
            high = longAt(array, position + remaining - 8);
        } else if (remaining >= 4) {
            low = intAt(array, position);
            high = intAt(array, position + remaining - 4);
        } else if (remaining > 0) {
            low = (array[position] & 0xFFL) << 16
                    | (array[position + (remaining >> 1)] & 0xFFL) << 8
                    | (array[position + remaining - 1] & 0xFFL);
            high = 0;
        } else {
            low = 0;
            high = 0;
        }
        return fold(0xA0761D6478BD642FL ^ length, fold(low ^ SECRET, high ^ state));
    }

    private static long fold(long a, long b) {
        return (a * b) ^ Math.unsignedMultiplyHigh(a, b);
    }

    private static long longAt(byte[] array, int index) {
        return (long) LONGS.get(array, index);
    }

    private static long intAt(byte[] array, int index) {
        return (int) INTS.get(array, index) & 0xFFFFFFFFL;
    }
}
