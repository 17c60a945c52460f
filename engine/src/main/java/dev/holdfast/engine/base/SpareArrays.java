package dev.holdfast.engine.base;

import org.jspecify.annotations.Nullable;

/**
 * A few long arrays that values have left and that the next long words may be read into: at most {@value #MOST} of at most
 * {@value #MOST_BYTES} bytes. To allocate such an array is dear, for it is cleared and takes whole regions of the heap. Belongs to one
 * thread.
 */
public final class SpareArrays {
    private static final int MOST = 4;
    private static final int MOST_BYTES = 1 << 20;
    private static final int LEAST_BYTES = 32 * 1024;

    private final byte @Nullable [][] arrays = new byte @Nullable [MOST][];
    private int next;

    /** Adds an array that nothing refers to any more; one that is too long or too short is let go. */
    public void add(byte[] array) {
        if (array.length >= LEAST_BYTES && array.length <= MOST_BYTES) {
            arrays[next] = array;
            next = (next + 1) % MOST;
        }
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
