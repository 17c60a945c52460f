package dev.holdfast.relay.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.LongTaskTimer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Meters of Micrometer under Prometheus' conventions: {@code holdfast.cache.gets} is {@code holdfast_cache_gets_total}. */
final class MeterMetrics {
    private MeterMetrics() {}

    static void write(MeterRegistry meters, Exposition out) {
        List<Meter> sorted = meters.getMeters().stream()
                .sorted(Comparator.comparing((Meter meter) -> meter.getId().getName()))
                .toList();
        for (Meter meter : sorted) {
            write(meter, out);
        }
    }

    private static void write(Meter meter, Exposition out) {
        String name = plain(meter.getId().getName());
        String help = Objects.requireNonNullElse(
                meter.getId().getDescription(), meter.getId().getName());
        String[] labels = meter.getId().getTags().stream()
                .sorted(Comparator.comparing(Tag::getKey))
                .flatMap(tag -> Stream.of(plain(tag.getKey()), tag.getValue()))
                .toArray(String[]::new);
        switch (meter) {
            case Counter counter -> count(out, name, help, counter.count(), labels);
            case FunctionCounter counter -> count(out, name, help, counter.count(), labels);
            case TimeGauge gauge ->
                out.family(name + "_seconds", "gauge", help).sample(gauge.value(TimeUnit.SECONDS), labels);
            case Gauge gauge -> out.family(name, "gauge", help).sample(gauge.value(), labels);
            case Timer timer -> {
                out.family(name + "_seconds", "summary", help)
                        .suffixed("_sum", timer.totalTime(TimeUnit.SECONDS), labels)
                        .suffixed("_count", timer.count(), labels);
                out.family(name + "_seconds_max", "gauge", help).sample(timer.max(TimeUnit.SECONDS), labels);
            }
            case FunctionTimer timer ->
                out.family(name + "_seconds", "summary", help)
                        .suffixed("_sum", timer.totalTime(TimeUnit.SECONDS), labels)
                        .suffixed("_count", timer.count(), labels);
            case DistributionSummary summary -> {
                out.family(name, "summary", help)
                        .suffixed("_sum", summary.totalAmount(), labels)
                        .suffixed("_count", summary.count(), labels);
                out.family(name + "_max", "gauge", help).sample(summary.max(), labels);
            }
            case LongTaskTimer timer ->
                out.family(name + "_active", "gauge", help).sample(timer.activeTasks(), labels);
            default -> {}
        }
    }

    private static void count(Exposition out, String name, String help, Number value, String... labels) {
        out.family(name.endsWith("_total") ? name : name + "_total", "counter", help)
                .sample(value, labels);
    }

    private static String plain(String name) {
        return name.replaceAll("[^a-zA-Z0-9_]", "_");
    }
}
