package dev.holdfast.benchmarks;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/** The values that the rounds of one measurement gave. */
final class Figures {
    private final double[] values;

    Figures(double... values) {
        this.values = values;
    }

    /** The middle value. */
    double median() {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Half the distance of the extremes: how far the rounds disagree. */
    double spread() {
        return (Arrays.stream(values).max().orElse(0)
                        - Arrays.stream(values).min().orElse(0))
                / 2;
    }

    double min() {
        return Arrays.stream(values).min().orElseThrow();
    }

    double max() {
        return Arrays.stream(values).max().orElseThrow();
    }

    /** Median and spread of ratios, as the tables show them. */
    String asRatio() {
        return String.format(Locale.ROOT, "%.2f ±%.2f", median(), spread());
    }

    /** Percentiles of times, as cells of a table. */
    static String millis(Histogram nanos, double... percentiles) {
        return Arrays.stream(percentiles)
                .mapToObj(each -> String.format(Locale.ROOT, "%.2f", nanos.getValueAtPercentile(each) / 1e6))
                .collect(Collectors.joining(" | "));
    }
}
