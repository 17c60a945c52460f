package dev.holdfast.engine.base;

/**
 * Whether the JVM's heap has room for something large. A single word may ask for hundreds of megabytes, as {@code SETBIT key
 * 4294967295 1} does, or for more elements than there are bytes, as {@code SRANDMEMBER key -9223372036854775807}; and a heap that
 * is exhausted ends the process.
 */
public final class HeapRoom {
    /** What is smaller than this is not looked at. */
    private static final long LARGE_BYTES = 16L << 20;

    private HeapRoom() {}

    /** Whether {@code bytes} more fit, if need be after what is no longer used has been collected. */
    public static boolean has(long bytes) {
        if (bytes <= LARGE_BYTES || fits(bytes)) {
            return true;
        }
        if (bytes >= Runtime.getRuntime().maxMemory()) {
            return false;
        }
        System.gc();
        return fits(bytes);
    }

    /** Whether so little is left that the collector could do nothing else any more, also after what is no longer used has been collected. */
    public static boolean isFull() {
        long max = Runtime.getRuntime().maxMemory();
        if (leftBytes() > max / 8) {
            return false;
        }
        System.gc();
        return leftBytes() < max / 16;
    }

    /** What is not taken yet, by what is used or by what is not collected yet. */
    public static long leftBytes() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
    }

    /** Some room is left for others, and for the collector to move things. */
    private static boolean fits(long bytes) {
        return bytes < leftBytes() - Runtime.getRuntime().maxMemory() / 8;
    }
}
