package dev.holdfast.benchmarks;

import dev.holdfast.benchmarks.BenchmarkClient.Run;
import dev.holdfast.benchmarks.ComparedCommand.Workload;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Runs our server and a real Valkey alternately under valkey-benchmark and prints the ratios ours / theirs as a Markdown
 * table.
 *
 * <p>Only one of the two is under load at a time, and they change places in every round, so that what the machine does
 * besides falls on both. Each figure is the median over the rounds of the ratio within a round; the spread behind it is
 * half the distance of the extremes.
 */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Compares our server with a real Valkey by valkey-benchmark: ratios ours / theirs.")
public final class Compare implements Callable<Integer> {
    private static final double CALIBRATION_SECONDS = 0.3;

    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--tests", split = ",", description = "Of ${COMPLETION-CANDIDATES}; all by default.")
    private List<ComparedCommand> tests = List.of(ComparedCommand.values());

    @Option(names = "--pipelines", split = ",", description = "Requests in flight a connection; 1,16,64 by default.")
    private List<Integer> pipelines = List.of(1, 16, 64);

    @Option(names = "--sizes", split = ",", description = "Bytes of a value; 3 by default.")
    private List<Integer> sizes = List.of(3);

    @Option(names = "--pinning", split = ",", description = "PINNED, UNPINNED; both by default.")
    private List<Pinning> pinnings = List.of(Pinning.values());

    @Option(names = "--rounds", description = "Rounds of each measurement; ${DEFAULT-VALUE} by default.")
    private int rounds = 3;

    @Option(names = "--seconds", description = "Length of a round on Valkey; ${DEFAULT-VALUE} by default.")
    private double seconds = 1;

    @Option(names = "--requests", description = "Requests of a round, instead of --seconds.")
    private long requests;

    @Option(names = "--warm-up", description = "Seconds before each measurement; ${DEFAULT-VALUE} by default.")
    private double warmUpSeconds = 2;

    @Option(names = "--clients", description = "Connections; ${DEFAULT-VALUE} by default.")
    private int connections = 50;

    @Option(names = "--keyspace", description = "Different keys or members; ${DEFAULT-VALUE} by default.")
    private int keyspace = 100_000;

    @Option(names = "--full", description = "Values of 3 and 64 bytes, 5 rounds of 2 seconds.")
    private boolean isFull;

    public static void main(String[] arguments) {
        Tool.run(new Compare(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (isFull) {
            sizes = List.of(3, 64);
            rounds = 5;
            seconds = 2;
        }
        for (Pinning pinning : pinnings) {
            compare(pinning);
        }
        return 0;
    }

    private void compare(Pinning pinning) throws IOException, InterruptedException {
        BenchmarkClient client = new BenchmarkClient(servers.valkeyBenchmark(), connections, pinning);
        List<Comparison> comparisons = new ArrayList<>();
        try (ServerProcess ours = ServerProcess.start(servers.holdfast(), servers.port, pinning);
                ServerProcess theirs = ServerProcess.start(servers.valkeyCommand(), servers.port + 1, pinning)) {
            System.out.printf(
                    Locale.ROOT,
                    "%n%s; %d connections, %d keys, %d rounds of %s. %s%n%n%s",
                    capitalised(pinning.description),
                    connections,
                    keyspace,
                    rounds,
                    requests > 0 ? requests + " requests" : seconds + " s",
                    Machine.describe(theirs),
                    Comparison.HEADER);
            List<ComparedCommand> commands = known(ours);
            warmUp(client, ours, commands);
            for (int size : sizes) {
                for (int pipeline : pipelines) {
                    for (ComparedCommand command : commands) {
                        Run run = new Run(command, new Workload(keyspace, size), pipeline);
                        Comparison comparison = measure(client, ours, theirs, run);
                        comparisons.add(comparison);
                        System.out.println(comparison.row());
                    }
                }
            }
        }
        summarise(comparisons);
    }

    private List<ComparedCommand> known(ServerProcess ours) throws IOException {
        List<ComparedCommand> known = new ArrayList<>();
        for (ComparedCommand command : tests) {
            if (command.isKnownTo(ours)) {
                known.add(command);
            } else {
                System.err.println(command + ": not known to our server yet");
            }
        }
        return known;
    }

    /** Every command once, so that the compiler has seen them all before the first is measured. */
    private void warmUp(BenchmarkClient client, ServerProcess ours, List<ComparedCommand> commands)
            throws IOException, InterruptedException {
        for (ComparedCommand command : commands) {
            Run run = new Run(command, new Workload(keyspace, sizes.getFirst()), 16);
            command.prepareOn(ours, run.workload());
            client.run(ours, run, client.requestsFor(ours, run, warmUpSeconds));
        }
    }

    private Comparison measure(BenchmarkClient client, ServerProcess ours, ServerProcess theirs, Run run)
            throws IOException, InterruptedException {
        run.command().prepareOn(ours, run.workload());
        run.command().prepareOn(theirs, run.workload());
        client.run(ours, run, client.requestsFor(ours, run, warmUpSeconds));
        long rate = client.requestsFor(theirs, run, requests > 0 ? CALIBRATION_SECONDS : seconds);
        long count = requests > 0 ? requests : rate;

        Comparison comparison = Comparison.of(run, client, ours, theirs, count, rounds);
        ours.flush();
        theirs.flush();
        return comparison;
    }

    private void summarise(List<Comparison> comparisons) {
        System.out.println();
        for (int pipeline : pipelines) {
            List<Comparison> these = comparisons.stream()
                    .filter(each -> each.run().pipeline() == pipeline)
                    .toList();
            Figures throughput = figures(these, each -> each.throughput().median());
            Figures p99 = figures(these, each -> each.p99().median());
            System.out.printf(
                    Locale.ROOT,
                    "- %d in a pipeline: throughput %.2f to %.2f, median %.2f; p99 %.2f to %.2f.%n",
                    pipeline,
                    throughput.min(),
                    throughput.max(),
                    throughput.median(),
                    p99.min(),
                    p99.max());
        }
        Figures noise = figures(comparisons, each -> each.throughput().spread());
        System.out.printf(
                Locale.ROOT,
                "- Noise: the rounds of a throughput ratio lie ±%.2f apart in the median, ±%.2f at worst.%n",
                noise.median(),
                noise.max());
    }

    private static Figures figures(List<Comparison> comparisons, ToDoubleFunction<Comparison> figure) {
        return new Figures(comparisons.stream().mapToDouble(figure).toArray());
    }

    private static String capitalised(String words) {
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }
}
