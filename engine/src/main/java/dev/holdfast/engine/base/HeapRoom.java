package dev.holdfast.engine.base;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Whether the JVM's heap has room for something large. A single word may ask for hundreds of megabytes, as {@code SETBIT key
 * 4294967295 1} does, or for more elements than there are bytes, as {@code SRANDMEMBER key -9223372036854775807}; and a heap that
 * is exhausted ends the process.
 */
public final class HeapRoom {
    /** What is smaller than this is not looked at. */
    private static final long LARGE_BYTES =
            Math.min(16L << 20, Runtime.getRuntime().maxMemory() / 64);

    /** A collection stops all threads; it may not be asked for again so soon. */
    private static final long NANOS_BETWEEN_COLLECTIONS = 2_000_000_000;

    /** Arrays from half of this on have regions of the heap to themselves; as the JVM chooses it by default. */
    private static final long REGION_BYTES = regionBytes();

    private static final AtomicLong lastCollection = new AtomicLong(System.nanoTime() - NANOS_BETWEEN_COLLECTIONS);

    /** What was left when that was done; what is taken since may be no longer used. */
    private static volatile long leftAfterCollection = Runtime.getRuntime().maxMemory();

    private HeapRoom() {}

    /** Whether so many bytes may be too many; if not, {@link #has} says yes. */
    public static boolean isLarge(long bytes) {
        return bytes > LARGE_BYTES;
    }

    /** Whether {@code bytes} more fit, if need be after what is no longer used has been collected. */
    public static boolean has(long bytes) {
        if (!isLarge(bytes) || fits(bytes)) {
            return true;
        }
        if (bytes >= Runtime.getRuntime().maxMemory()) {
            return false;
        }
        long last = lastCollection.get();
        long now = System.nanoTime();
        if (now - last < NANOS_BETWEEN_COLLECTIONS || !lastCollection.compareAndSet(last, now)) {
            return bytes < leftAfterCollection - Runtime.getRuntime().maxMemory() / 4;
        }
        System.gc();
        leftAfterCollection = leftBytes();
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
        return runtime.maxMemory() - usedBytes();
    }

    /** What is in use of the heap, garbage included. */
    public static long usedBytes() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    /** Whether {@code bytes} more fit without a collection. */
    public static boolean hasNow(long bytes) {
        return fits(bytes);
    }

    private static long regionBytes() {
        long least = Math.clamp(Runtime.getRuntime().maxMemory() / 2048, 1L << 20, 32L << 20);
        long power = Long.highestOneBit(least);
        return power == least ? power : 2 * power;
    }

    /** What an array of so many bytes takes of the heap, its header included. */
    public static long arrayBytes(long length) {
        long bytes = length + 12 + 7 & ~7L;
        return bytes < REGION_BYTES / 2 ? bytes : (bytes + REGION_BYTES - 1) / REGION_BYTES * REGION_BYTES;
    }

    /** Some room is left for others, and for the collector to move things. */
    private static boolean fits(long bytes) {
        return bytes < leftBytes() - Runtime.getRuntime().maxMemory() / 8;
    }
}
