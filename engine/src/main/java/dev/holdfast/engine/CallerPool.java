package dev.holdfast.engine;

import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.metrics.ThreadStatistics;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * The callers that threads borrow for one command each.
 *
 * <p>A thread's number leads to a place in an array; taking the caller there is one atomic operation on a word in a cache
 * line of its own, and giving it back a plain ordered write. Where a place is taken, which happens when threads share it or
 * a command waits, its neighbours are tried and then callers outside the array, which share one lane of statistics and may
 * lose a count.
 */
final class CallerPool {
    private static final int FREE = 0;
    private static final int TAKEN = 1;

    /** Words of four bytes between two flags: two cache lines, since processors fetch them in pairs. */
    private static final int STRIDE_SHIFT = 5;

    private static final int TRIES = 4;
    private static final int MOST_SPARE = 64;

    private final Engine engine;
    private final int mask;
    private final @Nullable Caller[] callers;
    private final AtomicIntegerArray flags;
    private final ThreadStatistics sharedLane;
    private final CommandSpec[] declarations;
    private final ConcurrentLinkedDeque<Caller> spare = new ConcurrentLinkedDeque<>();
    private final AtomicInteger spareCount = new AtomicInteger();
    private volatile boolean closed;

    CallerPool(Engine engine) {
        int places = Integer.highestOneBit(Math.clamp(Runtime.getRuntime().availableProcessors() * 8L, 16, 1024));
        this.engine = engine;
        this.mask = places - 1;
        this.callers = new Caller[places];
        this.flags = new AtomicIntegerArray(places << STRIDE_SHIFT);
        this.sharedLane = engine.statistics().newLane();
        this.declarations = Verb.declarations(engine.commands());
    }

    CommandSpec declaration(Verb verb) {
        return declarations[verb.ordinal()];
    }

    boolean isClosed() {
        return closed;
    }

    void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the store is closed");
        }
    }

    Caller borrow() {
        int place = (int) Thread.currentThread().threadId() & mask;
        if (flags.weakCompareAndSetAcquire(place << STRIDE_SHIFT, FREE, TAKEN)) {
            Caller caller = callers[place];
            return caller != null ? caller : create(place);
        }
        return borrowElsewhere(place);
    }

    /** Fills a place, whose flag the thread holds. */
    private Caller create(int place) {
        Caller caller = new Caller(this, engine, engine.statistics().newLane(), place, false);
        callers[place] = caller;
        return caller;
    }

    private Caller borrowElsewhere(int first) {
        for (int i = 0; i < TRIES; i++) {
            int place = first + i & mask;
            if (flags.compareAndSet(place << STRIDE_SHIFT, FREE, TAKEN)) {
                Caller caller = callers[place];
                return caller != null ? caller : create(place);
            }
        }
        Caller caller = spare.pollFirst();
        if (caller != null) {
            spareCount.decrementAndGet();
            return caller;
        }
        return new Caller(this, engine, sharedLane, -1, false);
    }

    void giveBack(Caller caller) {
        int place = caller.place();
        if (place >= 0) {
            flags.setRelease(place << STRIDE_SHIFT, FREE);
        } else if (spareCount.incrementAndGet() <= MOST_SPARE) {
            spare.addFirst(caller);
        } else {
            spareCount.decrementAndGet();
            engine.disconnect(caller.client());
        }
    }

    /** A caller for one connection alone. */
    Caller newCaller() {
        checkOpen();
        return new Caller(this, engine, sharedLane, -1, true);
    }

    /** Ends all waiting. */
    void close() {
        closed = true;
        for (Client client : engine.clients()) {
            if (client.link() instanceof Caller caller) {
                caller.wake();
            }
        }
    }
}
