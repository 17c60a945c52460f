package dev.holdfast.toolkit.lock;

import dev.holdfast.toolkit.store.Command;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Lock;

/**
 * One way of taking a lock: alone, or shared with others. It has no owner until it is acquired, and then to the
 * {@link Lease}, not to a thread: code that has the lease may use it and give it back. It is not reentrant, and not fair: of those
 * who wait, anyone may be next. {@link #asLock} gives one that belongs to a thread and is reentrant.
 *
 * <p>Immutable: {@link #lease}, {@link #fixed} and {@link #atLeast} give changed copies.
 */
public final class LeasedLock {
    private static final Duration SHORTEST_LEASE = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofDays(3650);
    private static final Duration FOR_EVER = Duration.ofSeconds(Long.MAX_VALUE);
    private static final byte[] ALONE = "alone".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SHARED = "shared".getBytes(StandardCharsets.US_ASCII);

    private final Holding holding;
    private final Locks locks;
    private final LockKeys keys;
    private final boolean alone;
    private final int places;
    private final byte[] placesWord;
    private final long leaseMillis;
    private final boolean renewed;
    private final long atLeastMillis;
    private final byte[] firstTerm;

    LeasedLock(Holding holding, Locks locks, LockKeys keys, boolean alone, int places, Duration lease) {
        this(holding, locks, keys, alone, places, lease.toMillis(), true, 0);
    }

    private LeasedLock(
            Holding holding,
            Locks locks,
            LockKeys keys,
            boolean alone,
            int places,
            long leaseMillis,
            boolean renewed,
            long atLeastMillis) {
        this.holding = holding;
        this.locks = locks;
        this.keys = keys;
        this.alone = alone;
        this.places = places;
        this.placesWord = Command.word(places);
        this.leaseMillis = leaseMillis;
        this.renewed = renewed;
        this.atLeastMillis = atLeastMillis;
        this.firstTerm = Command.word(Math.max(leaseMillis, atLeastMillis));
    }

    static Duration checked(Duration lease) {
        if (lease.compareTo(SHORTEST_LEASE) < 0 || lease.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("a lease lasts from 100 ms to ten years: " + lease);
        }
        return lease;
    }

    /** With leases that end so long after the death of their holder; at least 100 ms. */
    public LeasedLock lease(Duration time) {
        return new LeasedLock(holding, locks, keys, alone, places, checked(time).toMillis(), true, atLeastMillis);
    }

    /** With leases that are not renewed: it is free after this time at the latest, whether the work is done or not. */
    public LeasedLock fixed(Duration atMost) {
        return new LeasedLock(
                holding, locks, keys, alone, places, checked(atMost).toMillis(), false, atLeastMillis);
    }

    /**
     * Is not free before so long after it was taken, although it is given back sooner or its holder dies: so that of several
     * processes whose clocks differ only one does what is due.
     */
    public LeasedLock atLeast(Duration time) {
        if (time.isNegative() || time.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("a lock is held for up to ten years: " + time);
        }
        return new LeasedLock(holding, locks, keys, alone, places, leaseMillis, renewed, time.toMillis());
    }

    /** The lock's name. */
    public String name() {
        return keys.name();
    }

    Locks locks() {
        return locks;
    }

    LockKeys keys() {
        return keys;
    }

    /** What the scripts call this way of taking it. */
    byte[] mode() {
        return alone ? ALONE : SHARED;
    }

    boolean isAlone() {
        return alone;
    }

    /** How many may share it; -1 for any number. */
    int places() {
        return places;
    }

    /** The same as a word. */
    byte[] placesWord() {
        return placesWord;
    }

    /** For how long it is taken at first, as a word in milliseconds. */
    byte[] firstTerm() {
        return firstTerm;
    }

    long leaseMillis() {
        return leaseMillis;
    }

    boolean isRenewed() {
        return renewed;
    }

    long atLeastMillis() {
        return atLeastMillis;
    }

    /**
     * Takes it if it is free: asks once.
     *
     * @throws dev.holdfast.toolkit.store.StoreException if the store has not answered; the lock is not held then
     */
    public Optional<Lease> tryAcquire() {
        return holding.acquire(this, Duration.ZERO);
    }

    /**
     * Takes it once it is free, or gives up when the time is over. The thread waits; let it be a virtual one. A request that is under
     * way when the time is over is awaited for a tenth of a second more.
     *
     * @throws java.util.concurrent.CancellationException if the thread is interrupted meanwhile; the lock is not held then
     * @throws dev.holdfast.toolkit.store.StoreException if the store could not be asked in this time, or for a third of a lease
     */
    public Optional<Lease> tryAcquire(Duration atMost) {
        return holding.acquire(this, atMost);
    }

    /**
     * Takes it once it is free.
     *
     * @throws java.util.concurrent.CancellationException if the thread is interrupted meanwhile; the lock is not held then
     * @throws dev.holdfast.toolkit.store.StoreException if the store cannot be asked for a third of a lease
     */
    public Lease acquire() {
        return holding.acquire(this, FOR_EVER).orElseThrow();
    }

    /**
     * The same lock as Java's own interface has it: it belongs to the thread that took it, which may take it again, here or by another
     * object of the same name and kind, and must give it back as often. It has no conditions. Of a thread that ends without unlocking it
     * is given back within a third of a lease.
     *
     * <p>{@link Lock#unlock} throws {@link IllegalMonitorStateException} if the lease was lost meanwhile, so that what was done under
     * the lock does not count as guarded.
     */
    public Lock asLock() {
        return new ReentrantView(holding, this);
    }

    @Override
    public String toString() {
        return "lock " + name() + ", " + (alone ? "alone" : "shared");
    }
}
