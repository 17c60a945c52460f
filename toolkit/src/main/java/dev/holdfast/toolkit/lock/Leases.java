package dev.holdfast.toolkit.lock;

import java.util.List;

/** The leases of several locks that were taken together. */
public final class Leases implements AutoCloseable {
    private final List<Lease> leases;

    Leases(List<Lease> leases) {
        this.leases = List.copyOf(leases);
    }

    /** One for each lock, in the order of their names. */
    public List<Lease> each() {
        return leases;
    }

    /** Whether no one else can have any of them yet. */
    public boolean isHeld() {
        return leases.stream().allMatch(Lease::isHeld);
    }

    /** Has something run for each of them that is lost; see {@link Lease#onLost}. */
    public void onLost(Runnable action) {
        leases.forEach(lease -> lease.onLost(action));
    }

    /** Gives all of them back. */
    @Override
    public void close() {
        leases.reversed().forEach(Lease::close);
    }
}
