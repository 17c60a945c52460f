package dev.holdfast.engine.metrics;

import org.jspecify.annotations.Nullable;

/**
 * How long calls took, counted in buckets whose widths grow with the times: each power of two nanoseconds has sixteen, so that
 * a time is known to six in a hundred. What takes longer than {@code 2^40} nanoseconds, a quarter of an hour, counts as that.
 */
public final class LatencyHistogram {
    private static final int SUB_BITS = 4;
    private static final int SUBS = 1 << SUB_BITS;
    private static final int MOST_BITS = 40;

    /** The number of buckets. */
    public static final int BUCKETS = (MOST_BITS - SUB_BITS + 1) * SUBS;

    /** The first step that is shown, in nanoseconds; each further one is twice as long. */
    private static final long FIRST_STEP = 1024;

    private final long[] counts = new long[BUCKETS];
    private long total;

    /** The bucket of a time. */
    public static int bucketOf(long nanos) {
        long time = Math.clamp(nanos, 0, (1L << MOST_BITS) - 1);
        if (time < SUBS) {
            return (int) time;
        }
        int shift = 63 - Long.numberOfLeadingZeros(time) - SUB_BITS;
        return (shift << SUB_BITS) + (int) (time >>> shift);
    }

    /** The longest time that falls into a bucket. */
    public static long longestIn(int bucket) {
        if (bucket < SUBS) {
            return bucket;
        }
        int shift = (bucket >> SUB_BITS) - 1;
        long first = (long) ((bucket & (SUBS - 1)) + SUBS) << shift;
        return first + (1L << shift) - 1;
    }

    /** Adds the counts of one lane. */
    public void add(long @Nullable [] more) {
        if (more != null) {
            for (int i = 0; i < BUCKETS; i++) {
                counts[i] += more[i];
                total += more[i];
            }
        }
    }

    public long total() {
        return total;
    }

    /** The time in nanoseconds that so many of a hundred calls did not exceed. */
    public long percentile(double percent) {
        long wanted = Math.max(1, (long) Math.ceil(total * percent / 100));
        long seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += counts[i];
            if (seen >= wanted) {
                return longestIn(i);
            }
        }
        return 0;
    }

    /** Receives how many calls took no longer than some time. */
    @FunctionalInterface
    public interface Visitor {
        void visit(long micros, long calls);
    }

    /** Visits the times at which the number of calls up to there has grown; they are the steps that Valkey shows. */
    public void forEachStep(Visitor visitor) {
        long seen = 0;
        long told = 0;
        int bucket = 0;
        for (long step = FIRST_STEP; bucket < BUCKETS; step *= 2) {
            while (bucket < BUCKETS && longestIn(bucket) < step) {
                seen += counts[bucket++];
            }
            if (seen > told) {
                visitor.visit((step + step / 128 - 1) / 1000, seen);
                told = seen;
            }
        }
    }
}
