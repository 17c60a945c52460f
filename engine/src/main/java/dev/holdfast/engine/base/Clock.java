package dev.holdfast.engine.base;

import java.time.Instant;
import java.time.InstantSource;

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
            return microsOf(Instant.now());
        }

        @Override
        public long nanos() {
            return System.nanoTime();
        }
    };

    /** A clock whose wall-clock time is that of a source; durations are measured by the machine's. */
    static Clock of(InstantSource source) {
        return new Clock() {
            @Override
            public long millis() {
                return source.millis();
            }

            @Override
            public long micros() {
                return microsOf(source.instant());
            }

            @Override
            public long nanos() {
                return System.nanoTime();
            }
        };
    }

    private static long microsOf(Instant instant) {
        return instant.getEpochSecond() * 1_000_000 + instant.getNano() / 1000;
    }

    /** Wall-clock time: milliseconds since 1970. */
    long millis();

    /** Wall-clock time: microseconds since 1970. */
    default long micros() {
        return millis() * 1000;
    }

    /** Monotonic time in nanoseconds, for durations only. */
    long nanos();
}
