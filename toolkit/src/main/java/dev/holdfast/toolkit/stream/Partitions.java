package dev.holdfast.toolkit.stream;

import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Shares the partitions of a stream among its consumers: each may have as many as there are partitions for a consumer, rounded up.
 * Consumers sign in every second in the sorted set <code>{stream:name:0}:consumers:group</code>; who has not signed for a while does not
 * count. Two who disagree on the number for a moment do no harm: the locks decide.
 */
final class Partitions<T> {
    /** How often to look around. */
    static final Duration LOOK = Duration.ofMillis(500);

    private static final long FORGOTTEN_MILLIS = 5000;

    private final StreamConsumer<T> consumer;
    private final Store store;
    private final String members;
    private final int partitions;
    private final Set<OrderedReading<T>> taken = ConcurrentHashMap.newKeySet();
    private long lookedNanos = System.nanoTime() - LOOK.toNanos();
    private int quota = 1;

    Partitions(StreamConsumer<T> consumer) {
        this.consumer = consumer;
        this.store = consumer.tasks().context().store();
        this.members = HashTag.around(consumer.tasks().keys().getFirst()) + ":consumers:"
                + consumer.tasks().settings().group();
        this.partitions = consumer.tasks().keys().size();
    }

    private synchronized int quota() {
        if (System.nanoTime() - lookedNanos >= LOOK.toNanos()) {
            long now = store.millis();
            store.call("ZADD", members, now, consumer.name());
            store.call("ZREMRANGEBYSCORE", members, "-inf", now - FORGOTTEN_MILLIS);
            store.call("PEXPIRE", members, 10 * FORGOTTEN_MILLIS);
            int count = Math.max(1, (int) store.call("ZCARD", members).number());
            quota = (partitions + count - 1) / count;
            lookedNanos = System.nanoTime();
        }
        return quota;
    }

    boolean mayTake() {
        return taken.size() < quota();
    }

    void took(OrderedReading<T> reading) {
        taken.add(reading);
    }

    void gaveUp(OrderedReading<T> reading) {
        taken.remove(reading);
    }

    /** Whether a reading is to give its partition to another consumer. */
    synchronized boolean mustGive(OrderedReading<T> reading) {
        return taken.size() > quota() && taken.remove(reading);
    }

    void signOut() {
        store.call("ZREM", members, consumer.name());
    }
}
