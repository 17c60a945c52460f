package dev.holdfast.toolkit.lock;

import dev.holdfast.toolkit.pattern.Context;
import java.time.Duration;
import java.util.List;

/**
 * Locks that processes share through a store.
 *
 * <pre>
 * try (Lease lease = locks.mutex("nightly-report").acquire()) {
 *     report.write(lease.fencingToken());
 * }
 * </pre>
 *
 * <p>A lock is held by a lease, which ends by itself if its holder dies. As long as the holder lives the lease is renewed;
 * should that fail, the lease says so ({@link Lease#onLost}). What must never be done by two at once needs the fencing token
 * too, because no lock over a network can rule that out by itself; see {@link Fence}.
 *
 * <p>Who waits is woken by a message when the lock is given back, and otherwise asks again when the lease of the present holder
 * ends, at the latest after a second.
 */
public final class Locks implements AutoCloseable {
    private final Holding holding;
    private final Context context;
    private final Duration lease;

    /** Locks whose leases last 30 seconds. */
    public Locks(Context context) {
        this(context, Duration.ofSeconds(30));
    }

    /** @param lease how long after the death of its holder a lock is free again; at least 100 ms */
    public Locks(Context context, Duration lease) {
        this.holding = Holding.of(context);
        this.context = context;
        this.lease = LeasedLock.checked(lease);
    }

    /** A lock that one can hold. */
    public LeasedLock mutex(String name) {
        return lock(name, true, 1);
    }

    /** A lock that any number of readers can hold, or one writer. While a writer waits, no further reader gets it. */
    public ReadWriteLock readWrite(String name) {
        return new ReadWriteLock(lock(name, false, -1), lock(name, true, 1));
    }

    /**
     * A lock that several can hold.
     *
     * @param permits how many; everybody who uses the name must say the same
     */
    public LeasedLock semaphore(String name, int permits) {
        if (permits < 1) {
            throw new IllegalArgumentException("a semaphore needs a permit: " + permits);
        }
        return lock(name, false, permits);
    }

    private LeasedLock lock(String name, boolean alone, int places) {
        return new LeasedLock(holding, this, keys(name), alone, places, lease);
    }

    /** Several locks, to be held all or none. */
    public ManyLocks all(LeasedLock... locks) {
        return new ManyLocks(List.of(locks));
    }

    /** As {@link #all(LeasedLock...)}. */
    public ManyLocks all(List<LeasedLock> locks) {
        return new ManyLocks(locks);
    }

    /** What compares the fencing tokens of a lock of this name. */
    public Fence fence(String name) {
        return new Fence(context.store(), keys(name));
    }

    private LockKeys keys(String name) {
        return LockKeys.of(context.store().namespace() + name);
    }

    /** The two sides of a lock for readers and writers. */
    public record ReadWriteLock(LeasedLock read, LeasedLock write) {}

    /** Gives back what has been taken through this and is still held. */
    @Override
    public void close() {
        holding.giveBack(this);
    }
}
