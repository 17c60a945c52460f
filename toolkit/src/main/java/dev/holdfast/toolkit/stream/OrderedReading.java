package dev.holdfast.toolkit.stream;

import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.LeasedLock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads one partition, alone as long as it holds the partition's lock, and does one entry after the other. An entry that has failed
 * holds up those behind it until it is done or dead.
 */
final class OrderedReading<T> extends Reading<T> {
    private final LeasedLock lock;
    private final Partitions<T> share;
    private @Nullable Lease lease;
    /** Whether every entry that was handed out is done or dead: not where another had the partition, or something went wrong. */
    private boolean settled;

    private List<String> done = new ArrayList<>();

    OrderedReading(StreamConsumer<T> consumer, String stream, LeasedLock lock, Partitions<T> share) {
        super(consumer, stream);
        this.lock = lock;
        this.share = share;
    }

    @Override
    void once() throws InterruptedException {
        Lease held = lease;
        if (held == null || !held.isHeld()) {
            share.gaveUp(this);
            lease = null;
            if (!share.mayTake()) {
                consumer.pause(Partitions.LOOK);
                return;
            }
            Optional<Lease> taken = lock.tryAcquire();
            if (taken.isEmpty()) {
                consumer.pause(Partitions.LOOK);
                return;
            }
            held = taken.get();
            lease = held;
            share.took(this);
            settled = false;
        } else if (share.mustGive(this)) {
            held.close();
            lease = null;
            share.gaveUp(this);
            return;
        }
        // What was handed out before comes before all others.
        List<Handed> entries = settled ? List.of() : takeOver();
        settled = false;
        settled = work(held, entries) && work(held, read(settings.batch(), WAIT));
    }

    private List<Handed> takeOver() {
        acknowledgeDone();
        List<Handed> left = new ArrayList<>();
        String cursor = "0-0";
        do {
            Claimed claimed = claim(Duration.ZERO, cursor);
            left.addAll(claimed.entries());
            cursor = claimed.cursor();
        } while (!cursor.equals("0-0"));
        return left;
    }

    /** Does entries; returns whether all of them are done or dead. */
    private boolean work(Lease held, List<Handed> entries) throws InterruptedException {
        try {
            for (Handed entry : entries) {
                if (!work(held, entry)) {
                    return false;
                }
            }
            return true;
        } finally {
            acknowledgeDone();
        }
    }

    private void acknowledgeDone() {
        if (!done.isEmpty()) {
            acknowledge(done);
            done = new ArrayList<>();
        }
    }

    /** Does one entry, again and again if need be; returns whether to go on with the next. */
    private boolean work(Lease held, Handed first) throws InterruptedException {
        Handed entry = first;
        while (true) {
            if (consumer.isClosing() || !held.isHeld()) {
                return false;
            }
            String failure = consumer.handle(entry.id(), entry.fields(), entry.deliveries());
            if (failure == null) {
                done.add(entry.id());
                consumer.countProcessed();
                return true;
            }
            if (entry.deliveries() >= settings.deliveries()) {
                bury(entry, failure);
                consumer.countDead();
                return true;
            }
            consumer.pause(settings.retryAfter(entry.deliveries()));
            List<Handed> again = again(List.of(entry.id()));
            if (again.isEmpty()) {
                return true;
            }
            entry = again.getFirst();
        }
    }

    @Override
    void close() {
        Lease held = lease;
        if (held != null) {
            held.close();
        }
    }
}
