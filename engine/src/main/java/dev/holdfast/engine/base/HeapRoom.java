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

    /** Some room is left for others, and for the collector to move things. */
    private static boolean fits(long bytes) {
        Runtime runtime = Runtime.getRuntime();
        long free = runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
        return bytes < free - runtime.maxMemory() / 8;
    }
}
