package dev.holdfast.toolkit.lock;

import java.time.Duration;
import java.util.Optional;

/**
 * One way of taking a lock: alone, or shared with others. It belongs to nobody until it is acquired, and then to the
 * {@link Lease}, not to a thread: whoever has the lease may use it and give it back. It is not reentrant, and not fair: of those
 * who wait, anyone may be next.
 */
public final class LeasedLock {
    private final Locks locks;
    private final LockKeys keys;
    private final boolean alone;
    private final int places;

    LeasedLock(Locks locks, LockKeys keys, boolean alone, int places) {
        this.locks = locks;
        this.keys = keys;
        this.alone = alone;
        this.places = places;
    }

    /** The lock's name. */
    public String name() {
        return keys.name();
    }

    LockKeys keys() {
        return keys;
    }

    /** What the scripts call this way of taking it. */
    String mode() {
        return alone ? "alone" : "shared";
    }

    /** How many may share it; -1 for any number. */
    int places() {
        return places;
    }

    /** Takes it if it is free. */
    public Optional<Lease> tryAcquire() {
        return locks.acquire(this, Duration.ZERO);
    }

    /**
     * Takes it once it is free, or gives up when the time is over. The thread waits; let it be a virtual one.
     *
     * @throws java.util.concurrent.CancellationException if the thread is interrupted meanwhile
     */
    public Optional<Lease> tryAcquire(Duration atMost) {
        return locks.acquire(this, atMost);
    }

    /**
     * Takes it once it is free.
     *
     * @throws java.util.concurrent.CancellationException if the thread is interrupted meanwhile
     */
    public Lease acquire() {
        return locks.acquire(this, Duration.ofNanos(Long.MAX_VALUE)).orElseThrow();
    }
}
