package dev.holdfast.engine.base;

import org.jspecify.annotations.Nullable;

/**
 * A part of the heap that is kept for the moment when it is full. What bounds data and clients goes by estimates; where those were too
 * low and an allocation fails, the thread that notices gives the reserve away. So there is room to end what asked for too much, and
 * threads that others need do not die.
 */
public final class HeapReserve {
    private static final int PIECE_BYTES = 128 * 1024;
    private static final int SHARE = 32;
    private static final int MOST_BYTES = 32 << 20;

    private static volatile byte @Nullable [] @Nullable [] pieces;
    private static volatile boolean spent;

    private HeapReserve() {}

    /** How long the reserve is. */
    public static long bytes() {
        return Math.min(Runtime.getRuntime().maxMemory() / SHARE, MOST_BYTES);
    }

    /** Takes the reserve, if it is not there. Returns whether it is then. */
    public static synchronized boolean take() {
        if (pieces != null) {
            return true;
        }
        try {
            pieces = new byte[(int) (bytes() / PIECE_BYTES)][PIECE_BYTES];
        } catch (OutOfMemoryError e) {
            return false;
        }
        spent = false;
        return true;
    }

    /** Gives the reserve away: an allocation has failed. */
    public static void spend() {
        pieces = null;
        spent = true;
    }

    /** Whether an allocation has failed and the reserve has not been taken again. */
    public static boolean isSpent() {
        return spent;
    }
}
