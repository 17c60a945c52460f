package dev.holdfast.toolkit.pattern;

import dev.holdfast.toolkit.store.Artifact;
import java.util.function.ToDoubleFunction;

/** Where metrics go. */
@FunctionalInterface
public interface Meters {
    /** The metrics of a pattern. */
    Instruments instruments(String kind, String name);

    /** A registry of the toolkit's own, or none where Micrometer is not on the class path. */
    static Meters own() {
        return Artifact.MICROMETER.isThere() ? MicrometerMeters.own() : (kind, name) -> new None();
    }

    /** Metrics that nothing reads. */
    final class None implements Instruments {
        private static final Counter COUNTER = by -> {};
        private static final Timer TIMER = (time, unit) -> {};

        private None() {}

        @Override
        public Counter counter(String metric, String... more) {
            return COUNTER;
        }

        @Override
        public Timer timer(String metric, String... more) {
            return TIMER;
        }

        @Override
        public <T> void count(String metric, T source, ToDoubleFunction<T> count, String... more) {}

        @Override
        public <T> void gauge(String metric, T source, ToDoubleFunction<T> value, String... more) {}

        @Override
        public void close() {}
    }
}
