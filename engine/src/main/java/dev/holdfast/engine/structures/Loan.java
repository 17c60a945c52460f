package dev.holdfast.engine.structures;

/**
 * The loan of a collection's blocks to a reader without a lock; see {@link Lender}. It begins under the lock that
 * guards the collection, and the reader ends it.
 */
public abstract class Loan {
    private volatile boolean over;

    /** Takes note of bytes that the collection has replaced and that only the reader still needs. May make the caller wait. */
    public abstract void retain(long bytes);

    /** Says that the reader does not look at the blocks any more. */
    public final void end() {
        over = true;
    }

    /** Whether the reader has done. */
    public final boolean isOver() {
        return over;
    }
}
