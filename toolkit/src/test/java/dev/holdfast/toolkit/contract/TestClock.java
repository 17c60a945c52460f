package dev.holdfast.toolkit.contract;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** A wall clock that stands still until the test moves it. */
public final class TestClock implements InstantSource {
    private final AtomicLong millis = new AtomicLong(1_800_000_000_000L);

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(millis.get());
    }

    /** Moves it, or sets it back. */
    public void advance(long byMillis) {
        millis.addAndGet(byMillis);
    }
}
