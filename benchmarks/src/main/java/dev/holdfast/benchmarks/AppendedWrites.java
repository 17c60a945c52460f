package dev.holdfast.benchmarks;

import dev.holdfast.benchmarks.BenchmarkClient.Run;
import dev.holdfast.benchmarks.ComparedCommand.Workload;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The speed of SET where each write goes to the append-only file. Both servers write their own, on the same disk. */
@Command(
        name = "aof",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Compares SET with an append-only file: everysec, then always. Ratios ours / theirs.")
final class AppendedWrites implements Callable<Integer> {
    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--everysec", split = ",", description = "Requests in flight a connection; 1,16 by default.")
    private List<Integer> everysecPipelines = List.of(1, 16);

    @Option(names = "--always", split = ",", description = "Requests in flight a connection; 1 by default.")
    private List<Integer> alwaysPipelines = List.of(1);

    @Option(names = "--keys", description = "Different keys; ${DEFAULT-VALUE} by default.")
    private int keys = 1_000_000;

    @Option(names = "--bytes", description = "Bytes of a value; ${DEFAULT-VALUE} by default.")
    private int valueBytes = 64;

    @Option(names = "--rounds", description = "Rounds of each measurement; ${DEFAULT-VALUE} by default.")
    private int rounds = 3;

    @Option(names = "--seconds", description = "Length of a round on Valkey; ${DEFAULT-VALUE} by default.")
    private double seconds = 2;

    @Option(names = "--warm-up", description = "Seconds before each measurement; ${DEFAULT-VALUE} by default.")
    private double warmUpSeconds = 5;

    @Option(names = "--clients", description = "Connections; ${DEFAULT-VALUE} by default.")
    private int connections = 50;

    @Option(names = "--pinning", description = "PINNED, UNPINNED; ${DEFAULT-VALUE} by default.")
    private Pinning pinning = Pinning.PINNED;

    @Override
    public Integer call() throws IOException, InterruptedException {
        BenchmarkClient client = new BenchmarkClient(servers.valkeyBenchmark(), connections, pinning);
        try (ServerProcess ours = ServerProcess.start(servers.holdfast(), servers.port, pinning);
                ServerProcess theirs = ServerProcess.start(servers.valkeyCommand(), servers.port + 1, pinning)) {
            System.out.printf(
                    Locale.ROOT,
                    "%n%d connections, %d keys; %s. %s%n",
                    connections,
                    keys,
                    pinning.description,
                    Machine.describe(theirs));
            Workload workload = new Workload(keys, valueBytes);
            for (ServerProcess server : List.of(ours, theirs)) {
                ComparedCommand.SET.prepareOn(server, workload);
                try (RespConnection control = server.connect()) {
                    control.call("CONFIG", "SET", "auto-aof-rewrite-percentage", "0");
                    control.call("CONFIG", "SET", "appendonly", "yes");
                    Saving.BGREWRITEAOF.awaitEnd(control);
                }
            }
            // In this order: the code that both share is compiled by the time of the slower one.
            compare("everysec", everysecPipelines, workload, client, ours, theirs);
            compare("always", alwaysPipelines, workload, client, ours, theirs);
        }
        return 0;
    }

    private void compare(
            String policy,
            List<Integer> pipelines,
            Workload workload,
            BenchmarkClient client,
            ServerProcess ours,
            ServerProcess theirs)
            throws IOException, InterruptedException {
        for (ServerProcess server : List.of(ours, theirs)) {
            try (RespConnection control = server.connect()) {
                control.call("CONFIG", "SET", "appendfsync", policy);
            }
        }
        System.out.printf("%nappendfsync %s%n%n%s", policy, Comparison.HEADER);
        for (int pipeline : pipelines) {
            Run run = new Run(ComparedCommand.SET, workload, pipeline);
            client.run(ours, run, client.requestsFor(ours, run, warmUpSeconds));
            long requests = client.requestsFor(theirs, run, seconds);
            System.out.println(
                    Comparison.of(run, client, ours, theirs, requests, rounds).row());
        }
    }
}
