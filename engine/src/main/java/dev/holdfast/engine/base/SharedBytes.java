package dev.holdfast.engine.base;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Bytes that are sent to one client or many from where they are: a published message, or a long value of the store. They do not change
 * while they have a holder, and count once, however many do.
 */
public final class SharedBytes {
    private final byte[] array;
    private final int length;
    private final AtomicInteger holders = new AtomicInteger();

    /** The first {@code length} bytes of an array that stays as it is while it {@link #isHeld}. */
    public SharedBytes(byte[] array, int length) {
        this.array = array;
        this.length = length;
    }

    public SharedBytes(byte[] array) {
        this(array, array.length);
    }

    public byte[] array() {
        return array;
    }

    public int length() {
        return length;
    }

    /** Adds a holder. Returns whether it is the first. */
    public boolean join() {
        return holders.getAndIncrement() == 0;
    }

    /** Removes a holder. Returns whether it was the last. */
    public boolean leave() {
        return holders.decrementAndGet() == 0;
    }

    public boolean isHeld() {
        return holders.get() > 0;
    }
}
