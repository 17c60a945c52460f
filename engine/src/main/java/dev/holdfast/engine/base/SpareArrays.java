package dev.holdfast.engine.base;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Long arrays that are no longer used and may serve again, each of {@value #MOST_BYTES} bytes at most. All that a process keeps are an eighth
 * of the heap or 64 MB together, and none are added where the heap is nearly full. To allocate such an array is dear: it is cleared,
 * it may take whole regions of the heap or has to be moved by the collector, and it brings the next collection nearer.
 *
 * <p>Arrays stand in classes by their length, four for each doubling. A class that has not been of use for a while is let go. Any
 * thread may call all of it.
 */
public final class SpareArrays {
    private static final int MOST_BYTES = 1 << 20;
    private static final long MOST_KEPT_BYTES = Math.min(Runtime.getRuntime().maxMemory() / 8, 64L << 20);
    private static final int CLASSES = classOf(MOST_BYTES) + 1;

    /** What all keep. */
    private static final AtomicLong kept = new AtomicLong();

    private static final class Shelf {
        final ArrayDeque<byte[]> arrays = new ArrayDeque<>();
        boolean used;
    }

    private final int leastBytes;
    private final @Nullable Shelf[] shelves = new @Nullable Shelf[CLASSES];

    /** @param leastBytes shorter arrays are not kept */
    public SpareArrays(int leastBytes) {
        this.leastBytes = leastBytes;
    }

    /** The position of the highest bit of a length, and the two bits after it. */
    private static int classOf(int bytes) {
        int power = 31 - Integer.numberOfLeadingZeros(bytes | 4);
        return 4 * power + (bytes >> power - 2 & 3);
    }

    /** Adds an array that nothing refers to any more; one that is too long or too short is let go, or one too many. */
    public void add(byte[] array) {
        if (array.length >= leastBytes && array.length <= MOST_BYTES && HeapRoom.hasNow(array.length)) {
            keep(array);
        }
    }

    private synchronized void keep(byte[] array) {
        if (kept.addAndGet(array.length) > MOST_KEPT_BYTES || !shelve(array)) {
            kept.addAndGet(-array.length);
        }
    }

    /** Whether there was memory for its place. */
    private boolean shelve(byte[] array) {
        int place = classOf(array.length);
        try {
            Shelf shelf = shelves[place];
            if (shelf == null) {
                shelf = new Shelf();
                shelves[place] = shelf;
            }
            shelf.arrays.addLast(array);
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    /** An array for so many bytes, at most a third longer; null where there is none. What is in it is left from before. */
    public synchronized byte @Nullable [] take(int bytes) {
        if (bytes > MOST_BYTES) {
            return null;
        }
        int place = classOf(bytes);
        byte[] array = takeFrom(place, bytes);
        return array != null || place + 1 == CLASSES ? array : takeFrom(place + 1, bytes);
    }

    private byte @Nullable [] takeFrom(int place, int bytes) {
        Shelf shelf = shelves[place];
        byte[] last = shelf == null ? null : shelf.arrays.peekLast();
        if (shelf == null || last == null || last.length < bytes || last.length / 4 * 3 > bytes) {
            return null;
        }
        shelf.arrays.removeLast();
        shelf.used = true;
        kept.addAndGet(-last.length);
        return last;
    }

    /** Lets go of the classes of which none has been of use since this was last called. */
    public synchronized void letGoUnused() {
        for (int i = 0; i < CLASSES; i++) {
            Shelf shelf = shelves[i];
            if (shelf != null && !shelf.used) {
                shelf.arrays.forEach(array -> kept.addAndGet(-array.length));
                shelves[i] = null;
            } else if (shelf != null) {
                shelf.used = false;
            }
        }
    }
}
