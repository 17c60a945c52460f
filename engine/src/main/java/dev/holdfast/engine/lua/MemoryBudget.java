package dev.holdfast.engine.lua;

import java.util.concurrent.atomic.AtomicLong;

/** What the values of several interpreters may take together. They ask for their shares when they have measured what they hold. */
public final class MemoryBudget {
    private final long limit;
    private final AtomicLong shares = new AtomicLong();

    /** A budget of so many bytes. */
    public MemoryBudget(long limit) {
        this.limit = limit;
    }

    long limit() {
        return limit;
    }

    /** Exchanges an interpreter's share for another one; false, with nothing changed, where there is not enough left for it. */
    boolean exchange(long share, long wanted) {
        long more = wanted - share;
        if (shares.addAndGet(more) > limit && more > 0) {
            shares.addAndGet(-more);
            return false;
        }
        return true;
    }
}
