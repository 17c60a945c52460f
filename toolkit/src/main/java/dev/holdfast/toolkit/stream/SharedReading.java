package dev.holdfast.toolkit.stream;

import dev.holdfast.toolkit.pattern.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Reads a stream together with all other consumers of the group, and does several entries at once, in no order. An entry that has
 * failed stays this consumer's until it is tried again.
 */
final class SharedReading<T> extends Reading<T> {
    private final Semaphore free;
    /** The entries that this consumer has, at work or waiting to be tried again. */
    private final Set<String> held = ConcurrentHashMap.newKeySet();
    /** When entries that have failed are to be tried again, by the monotonic clock. */
    private final Map<String, Long> retries = new ConcurrentHashMap<>();

    private String claimCursor = "0-0";
    private long nextClaim = System.nanoTime();
    private long nextKeep;

    SharedReading(StreamConsumer<T> consumer, String stream) {
        super(consumer, stream);
        this.free = new Semaphore(settings.workers());
        this.nextKeep = System.nanoTime() + settings.claimAfter().toNanos() / 3;
    }

    @Override
    void once() throws InterruptedException {
        long now = System.nanoTime();
        if (now - nextKeep >= 0) {
            nextKeep = now + settings.claimAfter().toNanos() / 3;
            if (!held.isEmpty()) {
                keep(List.copyOf(held));
            }
        }
        retry(now);
        if (now - nextClaim >= 0) {
            Claimed claimed = claim(settings.claimAfter(), claimCursor);
            claimCursor = claimed.cursor();
            // The whole list of those that are pending is looked through, and then there is time.
            nextClaim = claimCursor.equals("0-0") ? now + settings.claimAfter().toNanos() / 2 : now;
            begin(claimed.entries());
        }
        int room = Math.min(free.availablePermits(), settings.batch());
        if (room == 0) {
            // Whatever ends first makes room, and the leases must be kept meanwhile.
            if (free.tryAcquire(WAIT.toMillis() / 10, TimeUnit.MILLISECONDS)) {
                free.release();
            }
            return;
        }
        begin(read(settings.batch(), untilNext(now)));
    }

    /** How long to wait for new entries: until something else is to be done. */
    private Duration untilNext(long now) {
        long nanos = Math.min(WAIT.toNanos(), Math.min(nextClaim - now, nextKeep - now));
        for (long due : retries.values()) {
            nanos = Math.min(nanos, due - now);
        }
        if (free.availablePermits() < settings.workers()) {
            // What is at work may fail and come back before anything new does.
            nanos = Math.min(nanos, settings.firstRetry().toNanos());
        }
        return Duration.ofNanos(Math.max(nanos, 1_000_000));
    }

    private void retry(long now) throws InterruptedException {
        Map<String, Long> due = new HashMap<>();
        retries.forEach((id, time) -> {
            if (now - time >= 0) {
                due.put(id, time);
            }
        });
        if (due.isEmpty()) {
            return;
        }
        List<Handed> entries = again(new ArrayList<>(due.keySet()));
        due.keySet().forEach(id -> {
            retries.remove(id);
            held.remove(id);
        });
        begin(entries);
    }

    private void begin(List<Handed> entries) throws InterruptedException {
        entries.forEach(entry -> held.add(entry.id()));
        int begun = 0;
        try {
            for (Handed entry : entries) {
                while (!free.tryAcquire(settings.claimAfter().toMillis() / 3, TimeUnit.MILLISECONDS)) {
                    keep(List.copyOf(held));
                }
                if (consumer.isClosing()) {
                    free.release();
                    return;
                }
                tasks.context().workers().execute(() -> work(entry));
                begun++;
            }
        } finally {
            // The others stay pending, lie idle from now on, and are claimed.
            entries.subList(begun, entries.size()).forEach(entry -> held.remove(entry.id()));
        }
    }

    private void work(Handed entry) {
        try {
            String failure = consumer.handle(entry.id(), entry.fields(), entry.deliveries());
            if (failure == null) {
                acknowledge(List.of(entry.id()));
                held.remove(entry.id());
                consumer.countProcessed();
            } else if (entry.deliveries() >= settings.deliveries()) {
                bury(entry, failure);
                held.remove(entry.id());
                consumer.countDead();
            } else {
                retries.put(
                        entry.id(),
                        System.nanoTime()
                                + settings.retryAfter(entry.deliveries()).toNanos());
            }
        } catch (RuntimeException | Error e) {
            // Not acknowledged: it lies idle from now on, and is claimed.
            held.remove(entry.id());
            consumer.failed("what came of " + entry.id() + " could not be said", e);
        } finally {
            free.release();
        }
    }

    @Override
    void close() throws InterruptedException {
        long grace = Durations.nanos(tasks.context().patience().grace());
        if (!free.tryAcquire(settings.workers(), grace, TimeUnit.NANOSECONDS)) {
            consumer.failed("some entries are still at work", new IllegalStateException("not closed in time"));
        }
    }
}
