package dev.holdfast.toolkit.lock;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Channels;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.MessageListener;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Retry;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import dev.holdfast.toolkit.store.Subscription;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
public final class Locks implements Pattern {
    private static final Logger LOG = LoggerFactory.getLogger(Locks.class);
    private static final Script ACQUIRE = Script.of(Locks.class, "acquire");
    private static final Script RENEW = Script.of(Locks.class, "renew");
    private static final Script RELEASE = Script.of(Locks.class, "release");

    private static final long LONGEST_WAIT_MILLIS = 1000;
    /** How long one who waits is remembered: longer than until it asks again. */
    private static final long REMEMBERED_MILLIS = 2 * LONGEST_WAIT_MILLIS;

    private static final Duration SHORTEST_LEASE = Duration.ofMillis(100);

    private final Context context;
    private final Store store;
    private final long leaseMillis;
    private final Retry retry;
    private final AtomicLong leases = new AtomicLong();
    private final Set<Lease> open = ConcurrentHashMap.newKeySet();
    private final Map<String, Set<Semaphore>> waiting = new ConcurrentHashMap<>();
    private final ScheduledFuture<?> renewal;
    private final Timer acquired;
    private final Counter refused;
    private final Counter lost;
    private @Nullable Subscription releases;

    /** Locks whose leases last 30 seconds. */
    public Locks(Context context) {
        this(context, Duration.ofSeconds(30));
    }

    /** @param lease how long after the death of its holder a lock is free again; at least 100 ms */
    public Locks(Context context, Duration lease) {
        if (lease.compareTo(SHORTEST_LEASE) < 0) {
            throw new IllegalArgumentException("a lease must last 100 ms at least: " + lease);
        }
        this.context = context;
        this.store = context.store();
        this.leaseMillis = lease.toMillis();
        this.retry = new Retry(Duration.ofMillis(10), Duration.ofMillis(200), lease.dividedBy(3));
        Instruments instruments = context.instruments(kind(), name());
        this.acquired = instruments.timer("acquired");
        this.refused = instruments.counter("refused");
        this.lost = instruments.counter("lost");
        instruments.gauge("held", open, Set::size);
        long third = lease.dividedBy(3).toNanos();
        this.renewal = context.timer().scheduleAtFixedRate(this::renewAll, third, third, TimeUnit.NANOSECONDS);
        context.register(this);
    }

    /** A lock that one can hold. */
    public LeasedLock mutex(String name) {
        return new LeasedLock(this, keys(name), true, 1);
    }

    /** A lock that any number of readers can hold, or one writer. While a writer waits, no further reader gets it. */
    public ReadWriteLock readWrite(String name) {
        LockKeys keys = keys(name);
        return new ReadWriteLock(new LeasedLock(this, keys, false, -1), new LeasedLock(this, keys, true, 1));
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
        return new LeasedLock(this, keys(name), false, permits);
    }

    /** What compares the fencing tokens of a lock of this name. */
    public Fence fence(String name) {
        return new Fence(store, keys(name));
    }

    private LockKeys keys(String name) {
        return LockKeys.of(store.namespace() + name);
    }

    /** The two sides of a lock for readers and writers. */
    public record ReadWriteLock(LeasedLock read, LeasedLock write) {}

    // ---- taking and giving back ----

    Optional<Lease> acquire(LeasedLock lock, Duration atMost) {
        String token = context.instance() + ":" + leases.incrementAndGet();
        long start = System.nanoTime();
        boolean waits = atMost.isPositive();
        Semaphore released = new Semaphore(0);
        String channel = lock.keys().channel();
        try {
            while (true) {
                long sent = System.nanoTime();
                Reply reply = ask(lock, token, waits);
                List<Reply> answer = reply.list();
                if (answer.get(0).flag()) {
                    acquired.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
                    return Optional.of(hold(lock, token, answer.get(1).number(), sent));
                }
                long left = atMost.toNanos() - (System.nanoTime() - start);
                if (left <= 0) {
                    refused.increment();
                    return Optional.empty();
                }
                if (waiting.computeIfAbsent(channel, name -> ConcurrentHashMap.newKeySet())
                        .add(released)) {
                    // It may have been given back before anybody listened.
                    listen();
                    continue;
                }
                long millis = Math.min(answer.get(1).number(), LONGEST_WAIT_MILLIS);
                if (released.tryAcquire(Math.min(left, TimeUnit.MILLISECONDS.toNanos(millis)), TimeUnit.NANOSECONDS)) {
                    released.drainPermits();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for the lock " + lock.name());
        } finally {
            waiting.computeIfPresent(channel, (name, all) -> all.remove(released) && all.isEmpty() ? null : all);
        }
    }

    /** One request for the lock. Repeated under the same token it is answered as before, so it may be repeated. */
    private Reply ask(LeasedLock lock, String token, boolean waits) {
        return retry.idempotent(() -> store.call(
                ACQUIRE,
                lock.keys().toAcquire(),
                lock.mode(),
                lock.places(),
                token,
                leaseMillis,
                waits ? REMEMBERED_MILLIS : 0));
    }

    private Lease hold(LeasedLock lock, String token, long fencingToken, long sentNanos) {
        Lease lease = new Lease(this, lock, token, fencingToken, deadline(sentNanos));
        open.add(lease);
        return lease;
    }

    private long deadline(long sentNanos) {
        return sentNanos + TimeUnit.MILLISECONDS.toNanos(leaseMillis);
    }

    void release(Lease lease) {
        open.remove(lease);
        LockKeys keys = lease.lock().keys();
        try {
            retry.idempotent(
                    () -> store.call(RELEASE, keys.toRelease(), lease.lock().mode(), lease.token(), keys.channel()));
        } catch (StoreException e) {
            LOG.warn("The lock {} was not given back and ends with its lease: {}", lease.name(), e.toString());
        }
    }

    // ---- renewing ----

    private void renewAll() {
        for (Lease lease : open) {
            context.workers().execute(() -> renew(lease));
        }
    }

    /** Renews a lease; tries again until that succeeds or the lease is over. */
    private void renew(Lease lease) {
        while (lease.isOpen()) {
            long sent = System.nanoTime();
            try {
                Reply reply = store.call(
                        RENEW, lease.lock().keys().toRenew(), lease.lock().mode(), lease.token(), leaseMillis);
                if (reply.flag()) {
                    lease.renewed(deadline(sent));
                } else {
                    lose(lease, "the store has given it away");
                }
                return;
            } catch (StoreException e) {
                if (lease.nanosLeft() <= 0) {
                    lose(lease, e.toString());
                    return;
                }
            }
            pause();
        }
    }

    private void pause() {
        try {
            Thread.sleep(Math.max(1, leaseMillis / 20));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void lose(Lease lease, String why) {
        if (open.remove(lease)) {
            lost.increment();
            lease.lose(why);
        }
    }

    // ---- waiting ----

    private synchronized void listen() {
        if (releases == null) {
            releases = store.subscribe(Channels.matching(LockKeys.CHANNELS), new Releases());
        }
    }

    /** Wakes those who wait for what has been given back. */
    private final class Releases implements MessageListener {
        @Override
        public void message(String channel, byte[] payload) {
            wake(waiting.get(channel));
        }

        @Override
        public void gap() {
            waiting.values().forEach(this::wake);
        }

        private void wake(@Nullable Set<Semaphore> waiters) {
            if (waiters != null) {
                waiters.forEach(Semaphore::release);
            }
        }
    }

    @Override
    public String kind() {
        return "lock";
    }

    @Override
    public String name() {
        return "lease-" + Duration.ofMillis(leaseMillis);
    }

    @Override
    public Health health() {
        return Health.up(Map.of("held", open.size(), "awaited", waiting.size()));
    }

    /** Gives back what is still held, and renews nothing any more. */
    @Override
    public void close() {
        renewal.cancel(false);
        context.unregister(this);
        List.copyOf(open).forEach(Lease::close);
        Subscription subscription;
        synchronized (this) {
            subscription = releases;
            releases = null;
        }
        if (subscription != null) {
            subscription.close();
        }
    }
}
