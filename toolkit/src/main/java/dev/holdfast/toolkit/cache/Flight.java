package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.pattern.Durations;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A load that is under way in this process; others that want the same key wait for it.
 *
 * <p>A loader may ask caches for other keys, and so threads may come to wait for each other in a circle. So each flight knows the thread
 * that flies it, and each thread that waits is noted with the flight that it waits for, over all caches of the process: a thread that would
 * close a circle does not wait.
 */
final class Flight<V> {
    private static final Map<Thread, Flight<?>> WAITING = new ConcurrentHashMap<>();
    /** A longer chain of waits is no chain that anybody has built, but one that changes while it is followed. */
    private static final int LONGEST_CHAIN = 1000;

    final CompletableFuture<@Nullable V> result = new CompletableFuture<>();

    /** A stale value that may be served instead, once one has been found. */
    volatile @Nullable Held<V> stale;

    /** Whether it has found an entry that is to be loaded anew in the background. */
    boolean ageing;

    /** Whether it was given up because its thread was interrupted, which is no matter of those who wait. */
    volatile boolean abandoned;

    private volatile @Nullable Thread owner;
    private final long begunNanos = System.nanoTime();
    /** The thread that does nothing else, where there is one. */
    private volatile @Nullable Thread own;

    /** Says that this thread flies it. */
    Flight<V> board() {
        owner = Thread.currentThread();
        return this;
    }

    /** Whether it began so long ago. */
    boolean hasLasted(Duration time) {
        return System.nanoTime() - begunNanos > Durations.nanos(time);
    }

    /** Says that this thread flies it and does nothing else. */
    void boardAlone() {
        own = board().owner;
    }

    /** Interrupts the thread that does nothing else; a caller's own thread is left alone. */
    void interrupt() {
        Thread flying = own;
        if (flying != null) {
            flying.interrupt();
        }
    }

    boolean isMine() {
        return owner == Thread.currentThread();
    }

    /** Notes that this thread waits for it; false, without a note, if that would be for ever. */
    boolean beginWaiting() {
        Thread me = Thread.currentThread();
        WAITING.put(me, this);
        Flight<?> each = this;
        for (int i = 0; each != null && i < LONGEST_CHAIN; i++) {
            Thread flying = each.owner;
            if (flying == me) {
                WAITING.remove(me);
                return false;
            }
            each = flying == null ? null : WAITING.get(flying);
        }
        return true;
    }

    static void endWaiting() {
        WAITING.remove(Thread.currentThread());
    }
}
