package dev.holdfast.engine.base;

import org.jspecify.annotations.Nullable;

/**
 * A few long arrays that values have left and that the next long words may be read into: arrays of at most {@value #MOST_BYTES} bytes,
 * and together no more than a 64th of the heap, or 4 MB of a small one. To allocate such an array is dear, for it is cleared and takes
 * whole regions of the heap. Belongs to one thread.
 */
public final class SpareArrays {
    private static final int MOST_BYTES = 1 << 20;
    private static final int MOST = Math.clamp(Runtime.getRuntime().maxMemory() / 64 / MOST_BYTES, 4, 16);
    private static final int LEAST_BYTES = 32 * 1024;

    private final byte[] @Nullable [] arrays = new byte[MOST][];
    private int oldest;

    /** Adds an array that nothing refers to any more, perhaps in place of another; one that is too long or too short is let go. */
    public void add(byte[] array) {
        if (array.length < LEAST_BYTES || array.length > MOST_BYTES) {
            return;
        }
        int place = 0;
        while (place < MOST && arrays[place] != null) {
            place++;
        }
        if (place == MOST) {
            place = oldest;
            oldest = (oldest + 1) % MOST;
        }
        arrays[place] = array;
    }

    /** An array for so many bytes, at most a third longer; null where there is none. What is in it is left from before. */
    public byte @Nullable [] take(int bytes) {
        for (int i = 0; i < MOST; i++) {
            byte[] array = arrays[i];
            if (array != null && array.length >= bytes && array.length / 4 * 3 <= bytes) {
                arrays[i] = null;
                return array;
            }
        }
        return null;
    }
}
