package dev.holdfast.benchmarks;

import dev.holdfast.benchmarks.BenchmarkClient.Run;
import dev.holdfast.benchmarks.BenchmarkClient.Sample;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The rounds of one run on both servers, and its line in the table. Round i of one stands beside round i of the other. */
record Comparison(Run run, List<Sample> ours, List<Sample> theirs) {
    static final String HEADER = """
            | command | pipeline | bytes | throughput | p50 | p99 | CPU | ours K/s | Valkey K/s | ours µs | Valkey µs |
            |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
            """;

    /** Runs it so many times on both, one at a time; they change places in every round. */
    static Comparison of(
            Run run, BenchmarkClient client, ServerProcess ours, ServerProcess theirs, long requests, int rounds)
            throws IOException, InterruptedException {
        List<Sample> ourSamples = new ArrayList<>();
        List<Sample> theirSamples = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            if (round % 2 == 0) {
                ourSamples.add(client.run(ours, run, requests));
                theirSamples.add(client.run(theirs, run, requests));
            } else {
                theirSamples.add(client.run(theirs, run, requests));
                ourSamples.add(client.run(ours, run, requests));
            }
        }
        return new Comparison(run, ourSamples, theirSamples);
    }

    /** Ours by theirs. */
    Figures throughput() {
        return ratio(Sample::rate);
    }

    Figures p99() {
        return ratio(Sample::p99);
    }

    String row() {
        return String.format(
                Locale.ROOT,
                "| %s | %d | %d | %s | %.2f | %.2f | %.2f | %.0f | %.0f | %.2f | %.2f |",
                run.command(),
                run.pipeline(),
                run.workload().valueBytes(),
                throughput().asRatio(),
                ratio(Sample::p50).median(),
                p99().median(),
                ratio(Sample::cpu).median(),
                median(ours, Sample::rate) / 1000,
                median(theirs, Sample::rate) / 1000,
                median(ours, Sample::cpu),
                median(theirs, Sample::cpu));
    }

    private Figures ratio(ToDoubleFunction<Sample> figure) {
        double[] ratios = new double[ours.size()];
        for (int round = 0; round < ratios.length; round++) {
            ratios[round] = figure.applyAsDouble(ours.get(round)) / figure.applyAsDouble(theirs.get(round));
        }
        return new Figures(ratios);
    }

    private static double median(List<Sample> samples, ToDoubleFunction<Sample> figure) {
        return new Figures(samples.stream().mapToDouble(figure).toArray()).median();
    }
}
