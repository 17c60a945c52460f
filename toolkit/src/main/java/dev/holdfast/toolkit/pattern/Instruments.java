package dev.holdfast.toolkit.pattern;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * The metrics of one pattern. Their names are {@code holdfast.<kind>.<metric>}, and they carry the tag {@code name}; Prometheus
 * sees {@code holdfast_cache_gets_total{name="users", result="hit"}}. Further tags are names and values in turn.
 */
public interface Instruments {
    /** Counts what happens. */
    interface Counter {
        default void increment() {
            increment(1);
        }

        void increment(double by);
    }

    /** Counts what happens and how long it takes. */
    @FunctionalInterface
    interface Timer {
        void record(long time, TimeUnit unit);

        default void record(Duration time) {
            record(Durations.nanos(time), TimeUnit.NANOSECONDS);
        }
    }

    Counter counter(String metric, String... more);

    Timer timer(String metric, String... more);

    /** A counter that is kept elsewhere; {@code source} is held weakly. */
    <T> void count(String metric, T source, ToDoubleFunction<T> count, String... more);

    /** A gauge, which holds {@code source} weakly. */
    <T> void gauge(String metric, T source, ToDoubleFunction<T> value, String... more);

    /** Takes back what reads the pattern, so that another of the same name can be read in its place. Counters and timers stay. */
    void close();
}
