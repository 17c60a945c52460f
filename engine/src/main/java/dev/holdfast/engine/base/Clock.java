package dev.holdfast.engine.base;

import java.time.Instant;

/** Where the engine takes its time from, so that a test can freeze and move it. */
public interface Clock {
    /** The machine's clocks. */
    Clock SYSTEM = new Clock() {
        @Override
        public long millis() {
            return System.currentTimeMillis();
        }

        @Override
        public long micros() {
            Instant now = Instant.now();
            return now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
        }

        @Override
        public long nanos() {
            return System.nanoTime();
        }
    };

    /** Wall-clock time: milliseconds since 1970. */
    long millis();

    /** Wall-clock time: microseconds since 1970. */
    default long micros() {
        return millis() * 1000;
    }

    /** Monotonic time in nanoseconds, for durations only. */
    long nanos();
}
