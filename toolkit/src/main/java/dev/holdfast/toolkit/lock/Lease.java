package dev.holdfast.toolkit.lock;

import dev.holdfast.engine.base.Thrown;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lock that is held, until it is closed or its time is over. While it is open it is renewed whenever a third of its time has
 * passed, unless that time is {@linkplain LeasedLock#fixed fixed}.
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

    private final Holding holding;
    private final LeasedLock lock;
    private final byte[] token;
    private final long fencingToken;
    private final long takenNanos;
    private @Nullable List<Runnable> onLost;
    private State state = State.HELD;
    private long deadlineNanos;
    private volatile long dueNanos;
    private boolean renewing;

    /** @param takenNanos when the request was sent that took it, by the monotonic clock */
    Lease(Holding holding, LeasedLock lock, byte[] token, long fencingToken, long takenNanos) {
        this.holding = holding;
        this.lock = lock;
        this.token = token;
        this.fencingToken = fencingToken;
        this.takenNanos = takenNanos;
        begin(takenNanos, termMillis(takenNanos));
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
    byte[] token() {
        return token;
    }

    /** Whether no one else can have the lock yet. */
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
                onLost = onLost == null ? new ArrayList<>() : onLost;
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
        holding.release(this);
    }

    // ---- its time ----

    /** How long it is to last from a time on, in milliseconds. */
    long termMillis(long fromNanos) {
        return Math.max(lock.leaseMillis(), keptMillis(fromNanos));
    }

    /** How much longer than until a time it is kept in any case, in milliseconds. */
    long keptMillis(long nanos) {
        return lock.atLeastMillis() == 0
                ? 0
                : Math.max(0, lock.atLeastMillis() - TimeUnit.NANOSECONDS.toMillis(nanos - takenNanos));
    }

    private synchronized void begin(long fromNanos, long millis) {
        long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
        deadlineNanos = fromNanos + nanos;
        dueNanos = fromNanos + (lock.isRenewed() ? nanos / 3 : nanos);
    }

    /** Takes note that the lease has been renewed by a request sent at a time of the monotonic clock. */
    synchronized void renewed(long sentNanos, long millis) {
        begin(sentNanos, millis);
    }

    /** When something is to be done about it: to renew it, or to say that it is over. */
    long dueNanos() {
        return dueNanos;
    }

    /** Says that a thread renews it; false if one does already, or none need. */
    synchronized boolean beginRenewing() {
        boolean begun = !renewing && state == State.HELD;
        renewing |= begun;
        return begun;
    }

    synchronized void endRenewing() {
        renewing = false;
    }

    /** Whether it is neither given back nor known to be lost. */
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
            actions = onLost == null ? List.of() : List.copyOf(onLost);
        }
        LOG.warn("Lost the lock {}: {}", name(), why);
        actions.forEach(this::run);
    }

    private void run(Runnable action) {
        Thread.ofVirtual().name("holdfast-lock-lost").start(() -> {
            try {
                action.run();
            } catch (Throwable e) {
                LOG.error("What was to be done when the lock {} was lost has failed", name(), Thrown.loggable(e));
            }
        });
    }

    @Override
    public String toString() {
        return "lease of " + name() + ", fencing token " + fencingToken;
    }
}
