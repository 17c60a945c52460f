package dev.holdfast.toolkit.cache;

import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The first level: a bounded map in this process.
 *
 * <p>The danger is an old value that comes back: a thread reads it from the store, the key changes and is dropped here, and then
 * the thread puts what it has read. So every drop moves an <em>epoch</em> on, one of 1,024 that keys share, or one for all.
 * A thread that wants to put something notes the epoch before reading. It puts only under that epoch, and looks again
 * afterwards: if the epoch has moved meanwhile, it takes its own entry out again. A drop moves the epoch first and removes then, so
 * one of the two always sees the other.
 */
final class Near<V> {
    private static final int STRIPES = 1024;

    private final com.github.benmanes.caffeine.cache.@Nullable Cache<String, Held<V>> entries;
    private final AtomicLongArray epochs = new AtomicLongArray(STRIPES);
    private final AtomicLong commonEpoch = new AtomicLong();
    private final ReentrantLock[] locks = new ReentrantLock[64];

    /** @param size how many entries at most; 0 for none at all */
    Near(long size) {
        this.entries =
                size == 0 ? null : Caffeine.newBuilder().maximumSize(size).build();
        for (int i = 0; i < locks.length; i++) {
            locks[i] = new ReentrantLock();
        }
    }

    @Nullable
    Held<V> get(String key) {
        return entries == null ? null : entries.getIfPresent(key);
    }

    private static int stripe(String key) {
        int hash = key.hashCode();
        return (hash ^ hash >>> 15) & STRIPES - 1;
    }

    /** What to note before reading the value of a key. */
    long epoch(String key) {
        return epochs.get(stripe(key)) + commonEpoch.get();
    }

    /** Puts an entry whose value was read after {@code epoch} was noted, unless the key may have changed since. */
    void put(String key, Held<V> held, long epoch) {
        if (entries == null || epoch(key) != epoch) {
            return;
        }
        entries.put(key, held);
        if (epoch(key) != epoch) {
            entries.asMap().remove(key, held);
        }
    }

    /**
     * Puts an entry that has just been written to the store, unless the key may have changed since {@code epoch} was noted. The epoch
     * moves on: a thread that has read the old value under it comes too late.
     */
    void replace(String key, Held<V> held, long epoch) {
        int stripe = stripe(key);
        long own = epochs.get(stripe);
        if (own + commonEpoch.get() == epoch && epochs.compareAndSet(stripe, own, own + 1)) {
            put(key, held, epoch + 1);
        }
    }

    /** Drops a key, and whatever is being read for it. Returns whether there was an entry. */
    boolean drop(String key) {
        epochs.incrementAndGet(stripe(key));
        return entries != null && entries.asMap().remove(key) != null;
    }

    void dropAll() {
        commonEpoch.incrementAndGet();
        if (entries != null) {
            entries.invalidateAll();
        }
    }

    void dropIf(Predicate<String> condition) {
        commonEpoch.incrementAndGet();
        if (entries != null) {
            entries.asMap().keySet().removeIf(condition);
        }
    }

    long size() {
        return entries == null ? 0 : entries.estimatedSize();
    }

    /** A lock under which a key is changed both in the store and here, so that two threads do it in the same order in both. */
    ReentrantLock lock(String key) {
        return locks[stripe(key) & locks.length - 1];
    }
}
