package dev.holdfast.toolkit.lock;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * A lock as Java's own interface has it. What a thread holds is noted for all views of a context, by the lock's name and kind, so that it
 * is the lock that is reentrant and not the object.
 */
final class ReentrantView implements Lock {
    /** Who holds which lock. */
    record Holder(String name, int places, Thread thread) {}

    /** How a thread holds it. Only that thread touches it. */
    static final class Hold {
        private final Lease lease;
        private int times = 1;

        Hold(Lease lease) {
            this.lease = lease;
        }

        Lease lease() {
            return lease;
        }
    }

    private final Holding holding;
    private final LeasedLock lock;

    ReentrantView(Holding holding, LeasedLock lock) {
        this.holding = holding;
        this.lock = lock;
    }

    private Holder me() {
        return new Holder(lock.name(), lock.isAlone() ? 0 : lock.places(), Thread.currentThread());
    }

    /** Enters once more if this thread holds it. */
    private boolean enterAgain() {
        Hold hold = holding.holds().get(me());
        if (hold == null) {
            return false;
        }
        if (!hold.lease.isHeld()) {
            throw new IllegalMonitorStateException(lock + " was lost while this thread held it");
        }
        hold.times++;
        return true;
    }

    private boolean enter(Optional<Lease> lease) {
        lease.ifPresent(taken -> holding.holds().put(me(), new Hold(taken)));
        return lease.isPresent();
    }

    @Override
    public void lock() {
        if (enterAgain()) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            Lease taken = null;
            while (taken == null) {
                taken = uninterrupted();
                interrupted |= taken == null;
            }
            enter(Optional.of(taken));
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Takes it; null, with no interrupt left, if this thread was interrupted. */
    private @Nullable Lease uninterrupted() {
        try {
            return lock.acquire();
        } catch (CancellationException e) {
            if (!Thread.interrupted()) {
                throw e;
            }
            return null;
        }
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
        if (!tryLock(Long.MAX_VALUE, TimeUnit.NANOSECONDS)) {
            throw new IllegalStateException(lock + " was not free in three hundred years");
        }
    }

    @Override
    public boolean tryLock() {
        return enterAgain() || enter(lock.tryAcquire());
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        try {
            return enterAgain() || enter(lock.tryAcquire(Duration.of(Math.max(0, time), unit.toChronoUnit())));
        } catch (CancellationException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException(e.getMessage());
            }
            throw e;
        }
    }

    @Override
    public void unlock() {
        Hold hold = holding.holds().get(me());
        if (hold == null) {
            throw new IllegalMonitorStateException(lock + " is not held by this thread");
        }
        if (--hold.times > 0) {
            return;
        }
        holding.holds().remove(me());
        boolean held = hold.lease.isHeld();
        hold.lease.close();
        if (!held) {
            throw new IllegalMonitorStateException(lock + " was lost while this thread held it");
        }
    }

    @Override
    public Condition newCondition() {
        throw new UnsupportedOperationException("a lock that processes share has no conditions");
    }

    @Override
    public String toString() {
        return lock.toString();
    }
}
