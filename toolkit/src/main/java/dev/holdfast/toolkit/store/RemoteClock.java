package dev.holdfast.toolkit.store;

/** Follows a server's clock: the difference from this machine's monotonic clock, as it was when last asked. */
final class RemoteClock {
    private static final long NANOS_PER_MILLI = 1_000_000;

    private volatile long offsetNanos;

    /**
     * Takes an answer of TIME.
     *
     * @param sent when it was asked for, and
     * @param received when it came, by the monotonic clock; the server read its own halfway between
     */
    void observe(long serverMicros, long sent, long received) {
        offsetNanos = serverMicros * 1000 - (sent + (received - sent) / 2);
    }

    long millis() {
        return (System.nanoTime() + offsetNanos) / NANOS_PER_MILLI;
    }
}
