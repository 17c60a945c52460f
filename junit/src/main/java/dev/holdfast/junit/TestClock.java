package dev.holdfast.junit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** The machine's time, and what a test has added to it. */
final class TestClock implements InstantSource {
    /** A key is kept to the end of its last millisecond. */
    private static final Duration LAST_MILLISECOND = Duration.ofMillis(1);

    private volatile Duration ahead = Duration.ZERO;

    @Override
    public Instant instant() {
        return Instant.now().plus(ahead);
    }

    @Override
    public long millis() {
        return System.currentTimeMillis() + ahead.toMillis();
    }

    synchronized void advance(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("a store's time does not go back: " + duration);
        }
        ahead = ahead.plus(duration).plus(LAST_MILLISECOND);
    }

    synchronized void reset() {
        ahead = Duration.ZERO;
    }
}
