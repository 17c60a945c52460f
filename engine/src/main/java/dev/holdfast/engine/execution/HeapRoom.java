package dev.holdfast.engine.execution;

/**
 * Refuses a command that would need more memory at once than the JVM's heap has left. A single word may ask for hundreds of
 * megabytes, as {@code SETBIT key 4294967295 1} does, and a heap that is exhausted ends the process.
 */
public final class HeapRoom {
    /** What is smaller than this is not looked at. */
    private static final long LARGE_BYTES = 16L << 20;

    private HeapRoom() {}

    /** Throws where {@code bytes} more do not fit, even after what is no longer used has been collected. */
    public static void require(long bytes) {
        if (bytes > LARGE_BYTES && !fits(bytes)) {
            System.gc();
            if (!fits(bytes)) {
                throw new CommandException("OOM command not allowed when used memory > 'maxmemory'.");
            }
        }
    }

    /** Some room is left for others, and for the collector to move things. */
    private static boolean fits(long bytes) {
        Runtime runtime = Runtime.getRuntime();
        long free = runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
        return bytes < free - runtime.maxMemory() / 8;
    }
}
