package dev.holdfast.toolkit.pattern;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToDoubleFunction;

/** Metrics in a registry of Micrometer. */
public record MicrometerMeters(MeterRegistry registry) implements Meters {
    static MicrometerMeters own() {
        return new MicrometerMeters(new SimpleMeterRegistry());
    }

    @Override
    public Instruments instruments(String kind, String name) {
        return new Registered(registry, "holdfast." + kind + ".", Tags.of("name", name));
    }

    private static final class Registered implements Instruments {
        private final MeterRegistry registry;
        private final List<Meter> read = new CopyOnWriteArrayList<>();
        private final String prefix;
        private final Tags tags;

        Registered(MeterRegistry registry, String prefix, Tags tags) {
            this.registry = registry;
            this.prefix = prefix;
            this.tags = tags;
        }

        @Override
        public Counter counter(String metric, String... more) {
            return registry.counter(prefix + metric, tags.and(more))::increment;
        }

        @Override
        public Timer timer(String metric, String... more) {
            return registry.timer(prefix + metric, tags.and(more))::record;
        }

        @Override
        public <T> void count(String metric, T source, ToDoubleFunction<T> count, String... more) {
            read.add(FunctionCounter.builder(prefix + metric, source, count)
                    .tags(tags.and(more))
                    .register(registry));
        }

        @Override
        public <T> void gauge(String metric, T source, ToDoubleFunction<T> value, String... more) {
            read.add(Gauge.builder(prefix + metric, source, value)
                    .tags(tags.and(more))
                    .register(registry));
        }

        @Override
        public void close() {
            read.forEach(registry::remove);
            read.clear();
        }
    }
}
