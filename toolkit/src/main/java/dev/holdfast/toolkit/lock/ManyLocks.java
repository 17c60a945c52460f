package dev.holdfast.toolkit.lock;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Several locks that are held all or none. They are taken in the order of their names, so that two who want the same do
 * not wait for each other; if one cannot be had, those before it are given back.
 */
public final class ManyLocks {
    private final List<LeasedLock> locks;

    ManyLocks(List<LeasedLock> given) {
        Set<String> names = new HashSet<>();
        for (LeasedLock lock : given) {
            if (!names.add(lock.name())) {
                throw new IllegalArgumentException("a lock is taken once: " + lock.name());
            }
        }
        this.locks =
                given.stream().sorted(Comparator.comparing(LeasedLock::name)).toList();
    }

    /** Takes them if all are free; see {@link LeasedLock#tryAcquire()}. */
    public Optional<Leases> tryAcquire() {
        return Optional.ofNullable(take(null));
    }

    /** Takes them, or gives up when the time is over; see {@link LeasedLock#tryAcquire(Duration)}. */
    public Optional<Leases> tryAcquire(Duration atMost) {
        return Optional.ofNullable(take(atMost));
    }

    /** Takes them once all are free; see {@link LeasedLock#acquire}. */
    public Leases acquire() {
        return Optional.ofNullable(take(Duration.ofSeconds(Long.MAX_VALUE))).orElseThrow();
    }

    private @Nullable Leases take(@Nullable Duration atMost) {
        long start = System.nanoTime();
        List<Lease> taken = new ArrayList<>(locks.size());
        boolean all = false;
        try {
            for (LeasedLock lock : locks) {
                Optional<Lease> lease = atMost == null
                        ? lock.tryAcquire()
                        : lock.tryAcquire(atMost.minusNanos(System.nanoTime() - start));
                if (lease.isEmpty()) {
                    return null;
                }
                taken.add(lease.get());
            }
            all = true;
            return new Leases(taken);
        } finally {
            if (!all) {
                taken.reversed().forEach(Lease::close);
            }
        }
    }
}
