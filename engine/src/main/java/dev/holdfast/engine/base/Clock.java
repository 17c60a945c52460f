package dev.holdfast.engine.base;

/** Where the engine takes its time from, so that a test can freeze and move it. */
public interface Clock {
    /** The machine's clocks. */
    Clock SYSTEM = new Clock() {
        @Override
        public long millis() {
            return System.currentTimeMillis();
        }

        @Override
        public long nanos() {
            return System.nanoTime();
        }
    };

    /** Wall-clock time: milliseconds since 1970. */
    long millis();

    /** Monotonic time in nanoseconds, for durations only. */
    long nanos();
}
