package dev.holdfast.toolkit.lock;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lock that is held, until it is closed or its time is over. While it is open it is renewed whenever a third of its time has
 * passed.
 *
 * <p>{@link #isHeld} is answered by this process's own monotonic clock, counted from before the request that took or renewed the
 * lease was sent. So it turns false before the store gives the lock to anybody else, if the two clocks run about equally fast.
 * It cannot protect from a pause between the question and what is done after it; {@link #fencingToken} can.
 */
public final class Lease implements AutoCloseable {
    /** What a lease is going through. */
    private enum State {
        HELD,
        /** Given back. */
        RELEASED,
        /** Its time was over, or the store said that it is another's. */
        LOST
    }

    private static final Logger LOG = LoggerFactory.getLogger(Lease.class);

    private final Locks locks;
    private final LeasedLock lock;
    private final String token;
    private final long fencingToken;
    private final List<Runnable> onLost = new ArrayList<>();
    private State state = State.HELD;
    private long deadlineNanos;

    Lease(Locks locks, LeasedLock lock, String token, long fencingToken, long deadlineNanos) {
        this.locks = locks;
        this.lock = lock;
        this.token = token;
        this.fencingToken = fencingToken;
        this.deadlineNanos = deadlineNanos;
    }

    /** A number larger than that of every lease of the same lock before; for {@link Fence}, or a column of a table. */
    public long fencingToken() {
        return fencingToken;
    }

    /** The name of the lock. */
    public String name() {
        return lock.name();
    }

    LeasedLock lock() {
        return lock;
    }

    /** What stands for this holder in the store. */
    String token() {
        return token;
    }

    /** Whether nobody else can have the lock yet. */
    public synchronized boolean isHeld() {
        return state == State.HELD && deadlineNanos - System.nanoTime() > 0;
    }

    /**
     * Has something run when the lock is lost, but not when it is given back: once, on a virtual thread, at the latest when the
     * lease ends. If it is lost already, at once.
     */
    public void onLost(Runnable action) {
        synchronized (this) {
            if (state != State.LOST) {
                onLost.add(action);
                return;
            }
        }
        run(action);
    }

    /** Gives the lock back. Does nothing if it is lost or given back. If the store is away, the lock is free when its time is over. */
    @Override
    public void close() {
        synchronized (this) {
            if (state != State.HELD) {
                return;
            }
            state = State.RELEASED;
        }
        locks.release(this);
    }

    /** Takes note that the lease has been renewed by a request sent at a time of the monotonic clock. */
    synchronized void renewed(long deadlineNanos) {
        this.deadlineNanos = deadlineNanos;
    }

    /** Whether renewing it still makes sense. */
    synchronized boolean isOpen() {
        return state == State.HELD;
    }

    /** The monotonic time left, in nanoseconds. */
    synchronized long nanosLeft() {
        return deadlineNanos - System.nanoTime();
    }

    /** Takes note that the lock is another's, or may be. */
    void lose(String why) {
        List<Runnable> actions;
        synchronized (this) {
            if (state != State.HELD) {
                return;
            }
            state = State.LOST;
            actions = List.copyOf(onLost);
        }
        LOG.warn("Lost the lock {}: {}", name(), why);
        actions.forEach(Lease::run);
    }

    private static void run(Runnable action) {
        Thread.ofVirtual().name("holdfast-lock-lost").start(action);
    }

    @Override
    public String toString() {
        return "lease of " + name() + ", fencing token " + fencingToken;
    }
}
