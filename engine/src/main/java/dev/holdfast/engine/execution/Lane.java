package dev.holdfast.engine.execution;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.keyspace.Entry;
import org.jspecify.annotations.Nullable;

/**
 * The statistics of commands run by one thread: an event loop's, or those of one session in this JVM. Only that thread writes
 * them, without synchronisation; {@link Statistics} adds the lanes up, and may read a number that is a little old.
 */
public final class Lane {
    private static final int MOST_UNTIMED = 64;

    /** The longest batch whose keys are read together. */
    static final int MOST_PREFETCHED = 16;

    final long[] calls;
    final long[] nanos;
    final long[] rejected;
    final long[] failed;
    long hits;
    long misses;

    /** The collections among the items of a batch; see {@link Engine#prefetch}. */
    final @Nullable Entry[] collections = new @Nullable Entry[MOST_PREFETCHED];

    /** Takes what prefetching has read, so that it is not left out as useless. */
    int seen;

    /** Commands of constant time that ran since the clock was read. They share the time that passes until it is read again. */
    private final int[] untimed = new int[MOST_UNTIMED];

    private int untimedCount;

    /** When the clock was last read during the batch that is running; 0 outside a batch. */
    private long clock;

    Lane(int commands) {
        calls = new long[commands];
        nanos = new long[commands];
        rejected = new long[commands];
        failed = new long[commands];
    }

    /** Says that commands now follow each other without a pause, so that one reading of the clock serves several. */
    public void beginBatch(long nanoTime) {
        clock = nanoTime;
    }

    public void endBatch(long nanoTime) {
        share(nanoTime);
        clock = 0;
    }

    /** Counts a command of constant time, whose own time is not taken. Within a batch it gets a share of the batch's. */
    void count(int command) {
        calls[command]++;
        if (clock != 0 && untimedCount < MOST_UNTIMED) {
            untimed[untimedCount++] = command;
        }
    }

    /** The time at which a command begins that is timed by itself: the end of the one before, if that was just read. */
    long beginTimed(Clock source) {
        if (clock != 0 && untimedCount == 0) {
            return clock;
        }
        long now = source.nanos();
        if (clock != 0) {
            share(now);
        }
        return now;
    }

    void endTimed(int command, long begin, long nanoTime) {
        calls[command]++;
        nanos[command] += nanoTime - begin;
        if (clock != 0) {
            clock = nanoTime;
        }
    }

    /** Divides the time since the clock was last read among the commands that ran meanwhile. */
    private void share(long nanoTime) {
        if (untimedCount > 0) {
            long each = (nanoTime - clock) / untimedCount;
            for (int i = 0; i < untimedCount; i++) {
                nanos[untimed[i]] += each;
            }
            untimedCount = 0;
        }
        clock = nanoTime;
    }

    void reset() {
        java.util.Arrays.fill(calls, 0);
        java.util.Arrays.fill(nanos, 0);
        java.util.Arrays.fill(rejected, 0);
        java.util.Arrays.fill(failed, 0);
        hits = 0;
        misses = 0;
    }
}
