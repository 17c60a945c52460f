package dev.holdfast.toolkit.pattern;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToDoubleFunction;

/**
 * The metrics of one pattern. Their names are {@code holdfast.<kind>.<metric>}, and they carry the tag {@code name}; Prometheus
 * sees {@code holdfast_cache_gets_total{name="users", result="hit"}}.
 */
public final class Instruments {
    private final MeterRegistry registry;
    private final List<Meter> read = new CopyOnWriteArrayList<>();
    private final String prefix;
    private final Tags tags;

    Instruments(MeterRegistry registry, String kind, String name) {
        this.registry = registry;
        this.prefix = "holdfast." + kind + ".";
        this.tags = Tags.of("name", name);
    }

    /** A counter; {@code more} are further tags, names and values in turn. */
    public Counter counter(String metric, String... more) {
        return registry.counter(prefix + metric, tags.and(more));
    }

    /** A counter that is kept elsewhere; {@code source} is held weakly. */
    public <T> void count(String metric, T source, ToDoubleFunction<T> count, String... more) {
        read.add(FunctionCounter.builder(prefix + metric, source, count)
                .tags(tags.and(more))
                .register(registry));
    }

    public Timer timer(String metric, String... more) {
        return registry.timer(prefix + metric, tags.and(more));
    }

    /** A gauge, which holds {@code source} weakly. */
    public <T> void gauge(String metric, T source, ToDoubleFunction<T> value, String... more) {
        read.add(Gauge.builder(prefix + metric, source, value)
                .tags(tags.and(more))
                .register(registry));
    }

    /** Takes back what reads the pattern, so that another of the same name can be read in its place. Counters and timers stay. */
    void close() {
        read.forEach(registry::remove);
        read.clear();
    }
}
