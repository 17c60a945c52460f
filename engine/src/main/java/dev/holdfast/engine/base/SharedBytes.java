package dev.holdfast.engine.base;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that are sent to one client or many from where they are: a published message, or a long value of the store. They do not change
 * while they have a holder, and count once, however many do.
 *
 * <p>An array that is to serve again when the last holder has left has one holder from the start, its maker, who does not count.
 */
public final class SharedBytes {
    /** The maker, among the holders. */
    private static final int MAKER = 1 << 30;

    private final byte[] array;
    private final int length;
    private final @Nullable SpareArrays spares;
    private final AtomicInteger holders;

    /** The first {@code length} bytes of an array that stays as it is while it {@link #isHeld}. */
    public SharedBytes(byte[] array, int length) {
        this(array, length, null);
    }

    /** @param spares what gets the array when {@link #made} has been called and nothing holds it; null for nothing */
    public SharedBytes(byte[] array, int length, @Nullable SpareArrays spares) {
        this.array = array;
        this.length = length;
        this.spares = spares;
        this.holders = new AtomicInteger(spares == null ? 0 : MAKER);
    }

    public SharedBytes(byte[] array) {
        this(array, array.length);
    }

    public byte[] array() {
        return array;
    }

    /** An array of exactly these bytes that stays as it is. */
    public byte[] toBytes() {
        return spares == null && array.length == length ? array : Arrays.copyOf(array, length);
    }

    public int length() {
        return length;
    }

    /** Adds a holder. Returns whether it is the first. */
    public boolean join() {
        return (holders.getAndIncrement() & ~MAKER) == 0;
    }

    /** Removes a holder. Returns whether it was the last. */
    public boolean leave() {
        int left = holders.decrementAndGet();
        endAt(left);
        return (left & ~MAKER) == 0;
    }

    /** All who are to hold the bytes do. */
    public void made() {
        if (spares != null) {
            endAt(holders.addAndGet(-MAKER));
        }
    }

    private void endAt(int left) {
        if (left == 0 && spares != null) {
            spares.add(array);
        }
    }

    public boolean isHeld() {
        return holders.get() > 0;
    }
}
