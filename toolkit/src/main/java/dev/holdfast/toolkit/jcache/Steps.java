package dev.holdfast.toolkit.jcache;

import dev.holdfast.toolkit.jcache.Entries.Stored;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import javax.cache.event.EventType;
import org.jspecify.annotations.Nullable;

/**
 * Changes entries, one atomic step on one key at a time: in this process by a lock, and among processes by exchanging the entry only if
 * it is still the one that was read. A step that finds another decides anew. Listeners are told when it is done.
 */
final class Steps<K, V> {
    /** What a step wants to become of an entry, and what it answers. */
    record Change<V, R>(
            Kind kind,
            @Nullable V value,
            long expiry,
            @Nullable EventType event,
            @Nullable V old,
            R result) {
        enum Kind {
            NONE,
            TOUCH,
            PUT,
            REMOVE
        }
    }

    private static final int STRIPES = 64;
    private static final long LONGEST_WAIT_MILLIS = 500;

    private final Entries<K, V> entries;
    private final Expiries expiries;
    private final Listeners<K, V> listeners;
    private final Statistics statistics;
    private final ReentrantLock[] locks = new ReentrantLock[STRIPES];

    Steps(Entries<K, V> entries, Expiries expiries, Listeners<K, V> listeners, Statistics statistics) {
        this.entries = entries;
        this.expiries = expiries;
        this.listeners = listeners;
        this.statistics = statistics;
        for (int i = 0; i < STRIPES; i++) {
            locks[i] = new ReentrantLock();
        }
    }

    /** Decides what becomes of an entry, again and again until no other change has come in between. */
    <R> @Nullable R step(K key, Function<@Nullable Stored<V>, Change<V, R>> decide) {
        byte[] entry = entries.name(key);
        ReentrantLock lock = locks[(key.hashCode() & Integer.MAX_VALUE) % STRIPES];
        boolean locked = lock(lock);
        try {
            while (true) {
                Stored<V> stored = current(key, entry);
                Change<V, R> change = decide.apply(stored);
                if (apply(entry, stored, change)) {
                    if (change.event != null) {
                        listeners.tell(
                                change.event,
                                key,
                                change.event == EventType.REMOVED ? change.old : change.value,
                                change.old);
                    }
                    return change.result;
                }
            }
        } finally {
            if (locked) {
                lock.unlock();
            }
        }
    }

    /**
     * Takes a lock, which only spares threads of one process from deciding in vain. A processor or a listener that calls caches while it
     * holds one may wait for another thread that waits for it; so no thread waits for long.
     */
    private static boolean lock(ReentrantLock lock) {
        try {
            return lock.tryLock(LONGEST_WAIT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** A step that answers yes or no. */
    boolean test(K key, Function<@Nullable Stored<V>, Change<V, Boolean>> decide) {
        return Boolean.TRUE.equals(step(key, decide));
    }

    /** The entry if it is there and not over. One that is over is removed, and told of. */
    private @Nullable Stored<V> current(K key, byte[] name) {
        Stored<V> stored = entries.read(name);
        if (stored == null || !expiries.isOver(stored.expiry)) {
            return stored;
        }
        if (entries.remove(name, stored)) {
            listeners.tell(EventType.EXPIRED, key, stored.value, stored.value);
        }
        return null;
    }

    private boolean apply(byte[] entry, @Nullable Stored<V> stored, Change<V, ?> change) {
        return switch (change.kind) {
            case NONE -> true;
            case TOUCH -> stored == null || entries.touch(entry, stored, change.expiry);
            case PUT -> entries.put(entry, stored, Objects.requireNonNull(change.value), change.expiry);
            case REMOVE -> stored == null || entries.remove(entry, stored);
        };
    }

    // ---- what may become of an entry ----

    @SuppressWarnings("NullAway") // It does not see that what a change answers may be null.
    <R> Change<V, R> none(@Nullable R result) {
        return new Change<V, R>(Change.Kind.NONE, null, 0, null, null, result);
    }

    /** It was read, which may have it expire later. */
    @SuppressWarnings("NullAway") // It does not see that what a change answers may be null.
    <R> Change<V, R> accessed(Stored<V> stored, @Nullable R result) {
        long expiry = expiries.onAccess(stored.expiry);
        if (expiry == stored.expiry) {
            return none(result);
        }
        return new Change<V, R>(Change.Kind.TOUCH, null, expiry, null, null, result);
    }

    /** Another value takes its place, or is the first. An entry that would be over at once is not made. */
    @SuppressWarnings("NullAway") // It does not see that what a change answers may be null.
    <R> Change<V, R> set(@Nullable Stored<V> stored, V value, @Nullable R result) {
        if (stored == null) {
            long expiry = expiries.onCreation();
            return expiries.isOver(expiry)
                    ? none(result)
                    : new Change<V, R>(Change.Kind.PUT, value, expiry, EventType.CREATED, null, result);
        }
        long expiry = expiries.onUpdate(stored.expiry);
        return new Change<V, R>(
                expiries.isOver(expiry) ? Change.Kind.REMOVE : Change.Kind.PUT,
                value,
                expiry,
                EventType.UPDATED,
                stored.value,
                result);
    }

    /** As {@link #set}, and counts as a put of the application's. */
    <R> Change<V, R> put(@Nullable Stored<V> stored, V value, @Nullable R result) {
        Change<V, R> change = set(stored, value, result);
        if (change.kind != Change.Kind.NONE) {
            statistics.add(statistics.puts);
        }
        return change;
    }

    @SuppressWarnings("NullAway") // It does not see that what a change answers may be null.
    <R> Change<V, R> removed(@Nullable Stored<V> stored, @Nullable R result) {
        return stored == null
                ? none(result)
                : new Change<V, R>(Change.Kind.REMOVE, null, 0, EventType.REMOVED, stored.value, result);
    }
}
