package dev.holdfast.engine.metrics;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.SpareArrays;
import dev.holdfast.engine.keyspace.Entry;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The statistics of commands run by one thread: an event loop's, or those of one session in this JVM. Only that thread writes
 * them, without synchronisation; {@link Statistics} adds the lanes up, and may read a number that is a little old.
 */
public final class ThreadStatistics {
    /** The longest batch whose keys are read together. */
    public static final int MOST_PREFETCHED = 16;

    private static final int LEAST_SPARE_BYTES = 16 * 1024 - 16;

    /** For how long commands are timed one by one after a batch that took long. */
    private static final long ALERT_NANOS = 1_000_000_000;

    public final long[] calls;
    final long[] nanos;
    public final long[] rejected;
    public final long[] failed;

    /** How long calls took, by command; see {@link LatencyHistogram}. A command's counts are made when it is first run. */
    final long[] @Nullable [] histograms;

    public long hits;
    public long misses;

    /** The collections among the items of a batch; see {@code Prefetcher}. */
    public final @Nullable Entry[] collections = new @Nullable Entry[MOST_PREFETCHED];

    /** What long words are read into, and transactions are put together in. */
    public final SpareArrays spareArrays = new SpareArrays(LEAST_SPARE_BYTES);

    /** Takes what prefetching has read, so that it is not left out as useless. */
    public int seen;

    /** Commands of constant time that ran since the clock was read. They share the time that passes until it is read again. */
    private int[] untimed = new int[64];

    private int untimedCount;

    /** When the clock was last read during the batch that is running; 0 outside a batch. */
    private long clock;

    // What Statistics.watch says. Other threads write it, and it is enough if that is seen soon.
    private boolean fine;
    private long slowNanos = Long.MAX_VALUE;
    private boolean tracking = true;

    private boolean timesEach;
    private long alertUntil;

    public ThreadStatistics(int commands) {
        calls = new long[commands];
        nanos = new long[commands];
        rejected = new long[commands];
        failed = new long[commands];
        histograms = new long[commands][];
    }

    public void watch(boolean fine, long slowNanos, boolean tracking) {
        this.fine = fine;
        this.timesEach = fine;
        this.slowNanos = slowNanos;
        this.tracking = tracking;
    }

    /** Whether the time of each command is taken by itself, also of those of constant time. */
    public boolean timesEach() {
        return timesEach;
    }

    /** Says that commands now follow each other without a pause, so that one reading of the clock serves several. */
    public void beginBatch(long nanoTime) {
        clock = nanoTime;
        timesEach = fine || alertUntil != 0 && isAlert(nanoTime);
    }

    private boolean isAlert(long nanoTime) {
        if (nanoTime - alertUntil >= 0) {
            alertUntil = 0;
        }
        return alertUntil != 0;
    }

    /**
     * Ends a batch.
     *
     * @return how long its last command took, in nanoseconds, if that is known and remarkable, else 0
     */
    public long endBatch(long nanoTime) {
        long passed = nanoTime - clock;
        boolean single = untimedCount == 1;
        share(nanoTime);
        clock = 0;
        return single && passed >= slowNanos ? passed : 0;
    }

    /** Counts a command of constant time, whose own time is not taken. Within a batch it gets a share of the batch's. */
    public void count(int command) {
        calls[command]++;
        if (clock != 0) {
            if (untimedCount == untimed.length) {
                untimed = Arrays.copyOf(untimed, untimedCount * 2);
            }
            untimed[untimedCount++] = command;
        }
    }

    /** The time at which a command begins that is timed by itself: the end of the one before, if that was just read. */
    public long beginTimed(Clock source) {
        if (clock != 0 && untimedCount == 0) {
            return clock;
        }
        long now = source.nanos();
        if (clock != 0) {
            share(now);
        }
        return now;
    }

    /** How many nanoseconds a command has taken so far in all; what is still to be shared out is not in it. */
    public long nanosOf(int command) {
        return nanos[command];
    }

    public void endTimed(int command, long begin, long nanoTime) {
        calls[command]++;
        nanos[command] += nanoTime - begin;
        if (tracking) {
            histogram(command)[LatencyHistogram.bucketOf(nanoTime - begin)]++;
        }
        if (clock != 0) {
            clock = nanoTime;
        }
    }

    private long[] histogram(int command) {
        long[] histogram = histograms[command];
        if (histogram == null) {
            histogram = new long[LatencyHistogram.BUCKETS];
            histograms[command] = histogram;
        }
        return histogram;
    }

    /** Divides the time since the clock was last read among the commands that ran meanwhile. */
    private void share(long nanoTime) {
        if (untimedCount > 0) {
            long passed = nanoTime - clock;
            if (passed >= slowNanos && untimedCount > 1) {
                alertUntil = nanoTime + ALERT_NANOS;
            }
            long each = passed / untimedCount;
            int bucket = LatencyHistogram.bucketOf(each);
            for (int i = 0; i < untimedCount; i++) {
                nanos[untimed[i]] += each;
                if (tracking) {
                    histogram(untimed[i])[bucket]++;
                }
            }
            untimedCount = 0;
        }
        clock = nanoTime;
    }

    void reset() {
        Arrays.fill(calls, 0);
        Arrays.fill(nanos, 0);
        Arrays.fill(rejected, 0);
        Arrays.fill(failed, 0);
        Arrays.fill(histograms, null);
        hits = 0;
        misses = 0;
    }
}
