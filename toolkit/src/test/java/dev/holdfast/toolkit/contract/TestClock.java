package dev.holdfast.toolkit.contract;

import dev.holdfast.engine.base.Clock;
import java.util.concurrent.atomic.AtomicLong;

/** A wall clock that stands still until the test moves it; the monotonic clock is the machine's. */
public final class TestClock implements Clock {
    private final AtomicLong millis = new AtomicLong(1_800_000_000_000L);

    @Override
    public long millis() {
        return millis.get();
    }

    @Override
    public long nanos() {
        return System.nanoTime();
    }

    /** Moves it, or sets it back. */
    public void advance(long byMillis) {
        millis.addAndGet(byMillis);
    }
}
