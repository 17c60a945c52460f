package dev.holdfast.toolkit.lock;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Instruments.Counter;
import dev.holdfast.toolkit.pattern.Instruments.Timer;
import dev.holdfast.toolkit.pattern.Pattern;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Retry;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import dev.holdfast.toolkit.store.StoreUnavailableException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All locks that a context holds or waits for, whatever their kinds and leases: takes them, renews them, gives them back.
 *
 * <p>A request for a lock carries a token of its own. Asked again under the same token the store answers as before, so a request may be
 * repeated; and one whose answer was never seen, as after an interrupt, is taken back by giving up that token in the
 * background. So nothing stays held without a lease.
 */
final class Holding implements Pattern {
    private static final Logger LOG = LoggerFactory.getLogger(Holding.class);
    private static final Script ACQUIRE = Script.of(Holding.class, "acquire").or(new AcquireStep());
    private static final Script RENEW = Script.of(Holding.class, "renew");
    private static final Script RELEASE = Script.of(Holding.class, "release").or(new ReleaseStep());

    private static final long LONGEST_WAIT_MILLIS = 1000;
    /** How long one who waits is remembered: longer than until it asks again. */
    private static final byte[] REMEMBERED = Command.word(2 * LONGEST_WAIT_MILLIS);

    private static final byte[] NOT_AT_ALL = Command.word(0);

    private static final Duration LAST_ANSWER = Duration.ofMillis(100);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(200);

    private final Context context;
    private final Store store;
    private final AtomicLong leases = new AtomicLong();
    private final byte[] process;
    private final Set<Lease> open = ConcurrentHashMap.newKeySet();
    private final Waiting waiting;
    private final Map<ReentrantView.Holder, ReentrantView.Hold> holds = new ConcurrentHashMap<>();
    private final Timer acquired;
    private final Counter refused;
    private final Counter lost;
    private volatile boolean closed;
    /** When to look after leases next, by the monotonic clock; guarded by this, as {@link #planned}. */
    private long nextLook;

    /** The one look that is to come, or null. */
    private @Nullable ScheduledFuture<?> planned;

    private Holding(Context context) {
        this.context = context;
        this.store = context.store();
        this.process = (context.instance() + ":").getBytes(StandardCharsets.US_ASCII);
        this.waiting = new Waiting(context);
        Instruments instruments = context.instruments(kind(), name());
        this.acquired = instruments.timer("acquired");
        this.refused = instruments.counter("refused");
        this.lost = instruments.counter("lost");
        instruments.gauge("held", open, Set::size);
        context.register(this);
    }

    /** The one of a context. */
    static Holding of(Context context) {
        return context.shared(Holding.class, () -> new Holding(context));
    }

    /** What the threads of this process hold that took locks as {@link LeasedLock#asLock} gives them. */
    Map<ReentrantView.Holder, ReentrantView.Hold> holds() {
        return holds;
    }

    /** Stands for a holder in the store: this process, and a number. */
    private byte[] newToken() {
        byte[] number = Long.toString(leases.incrementAndGet()).getBytes(StandardCharsets.US_ASCII);
        byte[] token = Arrays.copyOf(process, process.length + number.length);
        System.arraycopy(number, 0, token, process.length, number.length);
        return token;
    }

    // ---- taking ----

    /** The wish of one caller for a lock, under one token. */
    private final class Attempt {
        private final LeasedLock lock;
        private final byte[] token = newToken();
        private final boolean waits;
        private final long start = System.nanoTime();
        private final long limitNanos;
        private long answeredNanos = start;
        private @Nullable Semaphore woken;
        private Retry.@Nullable Pause pause;
        /** Whether the store may hold the lock under the token although there is no lease. */
        private boolean open;

        Attempt(LeasedLock lock, Duration atMost) {
            this.lock = lock;
            this.waits = atMost.isPositive();
            this.limitNanos = waits ? TimeUnit.NANOSECONDS.convert(atMost) : 0;
        }

        @Nullable
        Lease run() throws InterruptedException {
            while (true) {
                long sent = System.nanoTime();
                List<Reply> answer = ask(sent);
                if (answer == null) {
                    pause = pause == null ? new Retry.Pause(FIRST_PAUSE, LONGEST_PAUSE) : pause;
                    pause.await(Math.max(0, limitNanos - (System.nanoTime() - start)));
                    continue;
                }
                if (answer.getFirst().flag()) {
                    Lease lease =
                            new Lease(Holding.this, lock, token, answer.get(1).number(), sent);
                    watch(lease);
                    open = false;
                    acquired.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
                    return lease;
                }
                open = false;
                if (closed) {
                    throw new IllegalStateException("the locks are closed");
                }
                long left = limitNanos - (System.nanoTime() - start);
                if (left <= 0) {
                    refused.increment();
                    return null;
                }
                if (woken == null) {
                    // It may have been given back before anybody listened, so it is asked for once more.
                    woken = new Semaphore(0);
                    waiting.enter(lock.keys().channel(), woken);
                    continue;
                }
                long millis = Math.min(answer.get(1).number(), LONGEST_WAIT_MILLIS);
                if (woken.tryAcquire(Math.min(left, TimeUnit.MILLISECONDS.toNanos(millis)), TimeUnit.NANOSECONDS)) {
                    woken.drainPermits();
                }
            }
        }

        /** Asks the store once; null if it has not answered and is to be asked again. */
        private @Nullable List<Reply> ask(long sent) {
            long left = limitNanos - (sent - start);
            Command command = Command.of(
                    ACQUIRE,
                    lock.keys().toAcquire(),
                    lock.mode(),
                    lock.placesWord(),
                    token,
                    lock.firstTerm(),
                    woken == null ? NOT_AT_ALL : REMEMBERED);
            boolean before = open;
            open = true;
            try {
                Reply reply = waits
                        ? store.call(command, Duration.ofNanos(Math.max(left, LAST_ANSWER.toNanos())))
                        : store.call(command);
                answeredNanos = System.nanoTime();
                pause = null;
                return reply.list();
            } catch (StoreException e) {
                open = before || !(e instanceof StoreUnavailableException);
                long now = System.nanoTime();
                boolean again = waits
                        && Retry.mayRepeat(e, true)
                        && now - start < limitNanos
                        && now - answeredNanos < TimeUnit.MILLISECONDS.toNanos(lock.leaseMillis()) / 3;
                if (!again) {
                    throw e;
                }
                return null;
            }
        }

        void end() {
            if (woken != null) {
                waiting.leave(lock.keys().channel(), woken);
            }
            if (open) {
                giveBackLater(lock, token, 0);
            }
        }
    }

    Optional<Lease> acquire(LeasedLock lock, Duration atMost) {
        if (closed) {
            throw new IllegalStateException("the locks are closed");
        }
        Attempt attempt = new Attempt(lock, atMost);
        try {
            return Optional.ofNullable(attempt.run());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for the lock " + lock.name());
        } finally {
            attempt.end();
        }
    }

    // ---- giving back ----

    void release(Lease lease) {
        open.remove(lease);
        long kept = lease.keptMillis(System.nanoTime());
        // An interrupt is no reason to keep a lock.
        boolean interrupted = Thread.interrupted();
        try {
            call(lease.lock(), releasing(lease.lock(), lease.token(), kept));
        } catch (StoreException e) {
            LOG.warn("The lock {} was not given back and ends with its lease: {}", lease.name(), e.toString());
        } catch (CancellationException e) {
            giveBackLater(lease.lock(), lease.token(), kept);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static Command releasing(LeasedLock lock, byte[] token, long keptMillis) {
        return Command.of(
                RELEASE,
                lock.keys().toRelease(),
                lock.mode(),
                token,
                lock.keys().channel(),
                keptMillis == 0 ? NOT_AT_ALL : keptMillis);
    }

    /** Makes a call that may be repeated, for a third of a lease at most. */
    private void call(LeasedLock lock, Command command) {
        try {
            store.call(command);
        } catch (StoreException e) {
            new Retry(FIRST_PAUSE, LONGEST_PAUSE, Duration.ofMillis(lock.leaseMillis() / 3))
                    .idempotent(() -> store.call(command));
        }
    }

    private void giveBackLater(LeasedLock lock, byte[] token, long keptMillis) {
        try {
            context.errands().execute(() -> {
                try {
                    new Retry(FIRST_PAUSE, LONGEST_PAUSE, Duration.ofMillis(lock.leaseMillis()))
                            .idempotent(() -> store.call(releasing(lock, token, keptMillis)));
                } catch (StoreException | CancellationException e) {
                    LOG.warn("The lock {} may be held until its lease ends: {}", lock.name(), e.toString());
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("The toolkit is closing; the lock {} may be held until its lease ends", lock.name());
        }
    }

    /** Gives back what was taken through {@code locks}. */
    void giveBack(Locks locks) {
        for (Lease lease : open) {
            if (lease.lock().locks() == locks) {
                lease.close();
            }
        }
    }

    // ---- renewing ----

    /** Looks after a lease as long as it is open. */
    private void watch(Lease lease) {
        open.add(lease);
        if (closed) {
            lease.close();
            throw new IllegalStateException("the locks are closed");
        }
        plan(lease.dueNanos());
    }

    private synchronized void plan(long dueNanos) {
        if (closed || planned != null && nextLook - dueNanos <= 0) {
            return;
        }
        if (planned != null) {
            planned.cancel(false);
        }
        nextLook = dueNanos;
        try {
            planned = context.timer().schedule(this::look, dueNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("The toolkit is closing", e);
        }
    }

    private void look() {
        synchronized (this) {
            planned = null;
        }
        releaseForTheDead();
        long now = System.nanoTime();
        long wait = Long.MAX_VALUE;
        for (Lease lease : open) {
            long left = lease.dueNanos() - now;
            if (left > 0) {
                wait = Math.min(wait, left);
            } else if (lease.beginRenewing()) {
                context.errands().execute(() -> renew(lease));
            }
        }
        if (wait < Long.MAX_VALUE) {
            plan(now + wait);
        }
    }

    /** Gives back what threads hold by {@link LeasedLock#asLock} that have ended without unlocking: nothing else ever would. */
    private void releaseForTheDead() {
        holds.forEach((holder, hold) -> {
            if (!holder.thread().isAlive() && holds.remove(holder, hold)) {
                LOG.warn("A thread has ended without unlocking {}, which is given back", holder.name());
                context.errands().execute(hold.lease()::close);
            }
        });
    }

    /** Renews a lease; tries again until that succeeds or the lease is over. */
    private void renew(Lease lease) {
        try {
            while (lease.isOpen()) {
                long sent = System.nanoTime();
                if (lease.nanosLeft() <= 0) {
                    lose(lease, "its time is over");
                } else if (lease.lock().isRenewed()) {
                    renewOnce(lease, sent);
                }
                if (lease.dueNanos() - System.nanoTime() > 0) {
                    return;
                }
                Thread.sleep(Math.clamp(lease.lock().leaseMillis() / 20, 1, 1000));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lease.endRenewing();
            if (lease.isOpen()) {
                plan(lease.dueNanos());
            }
        }
    }

    private void renewOnce(Lease lease, long sent) {
        LeasedLock lock = lease.lock();
        long millis = lease.termMillis(sent);
        try {
            if (store.call(RENEW, lock.keys().toRenew(), lock.mode(), lease.token(), millis)
                    .flag()) {
                lease.renewed(sent, millis);
            } else {
                lose(lease, "the store has given it away");
            }
        } catch (StoreException e) {
            LOG.debug("The lock {} was not renewed yet", lock.name(), e);
        }
    }

    private void lose(Lease lease, String why) {
        if (open.remove(lease)) {
            lost.increment();
            lease.lose(why);
        }
    }

    // ---- the pattern ----

    @Override
    public String kind() {
        return "lock";
    }

    @Override
    public String name() {
        return "all";
    }

    @Override
    public Health health() {
        return Health.up(Map.of("held", open.size(), "awaited", waiting.size()));
    }

    /** Gives back what is still held, and renews nothing any more. */
    @Override
    public void close() {
        closed = true;
        context.unregister(this);
        List.copyOf(open).forEach(Lease::close);
        waiting.close();
    }
}
