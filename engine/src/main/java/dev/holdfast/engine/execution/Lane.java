package dev.holdfast.engine.execution;

/**
 * The statistics of commands run by one thread: an event loop's, or those of one session in this JVM. Only that thread writes
 * them, without synchronisation; {@link Statistics} adds the lanes up, and may read a number that is a little old.
 */
public final class Lane {
    final long[] calls;
    final long[] nanos;
    final long[] rejected;
    final long[] failed;
    long hits;
    long misses;

    /** The end of the last command of the batch being run, which is the beginning of the next; 0 outside a batch. */
    long clock;

    Lane(int commands) {
        calls = new long[commands];
        nanos = new long[commands];
        rejected = new long[commands];
        failed = new long[commands];
    }

    /** Says that commands now follow each other without a pause, so that one reading of the clock serves two of them. */
    public void beginBatch(long nanoTime) {
        clock = nanoTime;
    }

    public void endBatch() {
        clock = 0;
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
