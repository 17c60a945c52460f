package dev.holdfast.benchmarks;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * A primary with one replica: how many SETs a second it answers, and how long a replica takes to receive everything. The server at the
 * other end of the link is a real Valkey in all cases, so that only one side differs.
 *
 * <p>Servers and client share all cores, since the replica works, too. The servers under test take turns.
 */
@Command(
        name = "replication",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "SET with a replica attached, and the time of a full synchronization: ratios ours / Valkey's.")
public final class Replicated implements Callable<Integer> {
    private static final int CONNECTIONS = 50;
    private static final int POLL_MILLIS = 5;
    private static final long SYNC_MILLIS = 300_000;

    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--pipelines", split = ",", description = "Commands in flight by connection; 1,16 by default.")
    private List<Integer> pipelines = List.of(1, 16);

    @Option(names = "--seconds", description = "How long a round of SETs takes; ${DEFAULT-VALUE} by default.")
    private double seconds = 2;

    @Option(names = "--keys", description = "Keys of a full synchronization; ${DEFAULT-VALUE} by default.")
    private int keys = 1_000_000;

    @Option(names = "--rounds", description = "Rounds of each measurement; ${DEFAULT-VALUE} by default.")
    private int rounds = 3;

    /** A measurement of one server. */
    private interface Measurement {
        double of(ServerCommand tested, int port) throws IOException, InterruptedException;
    }

    public static void main(String[] arguments) {
        Tool.run(new Replicated(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        System.out.println("| what | ratio | ours | Valkey |");
        System.out.println("|---|--:|--:|--:|");
        for (int pipeline : pipelines) {
            compare(
                    "SET with a replica, " + pipeline + " in flight, K/s",
                    (tested, port) -> setsWithReplica(tested, port, pipeline) / 1000);
        }
        compare(
                "full synchronization of " + keys + " keys, as the primary, s",
                (tested, port) -> syncSeconds(tested, servers.valkeyCommand(), port));
        compare("the same as the replica, s", (tested, port) -> syncSeconds(servers.valkeyCommand(), tested, port));
        return 0;
    }

    private void compare(String what, Measurement measurement) throws IOException, InterruptedException {
        double[] ours = new double[rounds];
        double[] theirs = new double[rounds];
        double[] ratios = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            if (round % 2 == 0) {
                ours[round] = measurement.of(tuned(servers.holdfast()), servers.port);
                theirs[round] = measurement.of(tuned(servers.valkeyCommand()), servers.port);
            } else {
                theirs[round] = measurement.of(tuned(servers.valkeyCommand()), servers.port);
                ours[round] = measurement.of(tuned(servers.holdfast()), servers.port);
            }
            ratios[round] = ours[round] / theirs[round];
        }
        System.out.printf(
                Locale.ROOT,
                "| %s | %s | %.2f | %.2f |%n",
                what,
                new Figures(ratios).asRatio(),
                new Figures(ours).median(),
                new Figures(theirs).median());
    }

    private static ServerCommand tuned(ServerCommand command) {
        return command.with("--repl-diskless-sync-delay", "0", "--save", "");
    }

    private double setsWithReplica(ServerCommand tested, int port, int pipeline)
            throws IOException, InterruptedException {
        try (ServerProcess primary = ServerProcess.start(tested, port, Pinning.UNPINNED);
                ServerProcess replica =
                        ServerProcess.start(tuned(servers.valkeyCommand()), port + 1, Pinning.UNPINNED)) {
            follow(replica, port);
            BenchmarkClient client = new BenchmarkClient(servers.valkeyBenchmark(), CONNECTIONS, Pinning.UNPINNED);
            BenchmarkClient.Run run =
                    new BenchmarkClient.Run(ComparedCommand.SET, new ComparedCommand.Workload(100_000, 64), pipeline);
            long requests = client.requestsFor(primary, run, seconds);
            client.run(primary, run, requests); // Both servers are warm then.
            return client.run(primary, run, requests).rate();
        }
    }

    /** How long it takes from REPLICAOF until the link is up. */
    private double syncSeconds(ServerCommand primaryCommand, ServerCommand replicaCommand, int port)
            throws IOException, InterruptedException {
        try (ServerProcess primary = ServerProcess.start(tuned(primaryCommand), port, Pinning.UNPINNED);
                ServerProcess replica = ServerProcess.start(tuned(replicaCommand), port + 1, Pinning.UNPINNED)) {
            try (RespConnection connection = primary.connect()) {
                String value = "x".repeat(64);
                for (int i = 0; i < keys; i++) {
                    connection.load("SET", "key:" + i, value + i);
                }
                connection.finish();
            }
            return follow(replica, port);
        }
    }

    private static double follow(ServerProcess replica, int port) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        long deadline = begin + SYNC_MILLIS * 1_000_000;
        try (RespConnection connection = replica.connect()) {
            connection.call("REPLICAOF", "127.0.0.1", Integer.toString(port));
            while (!connection.infoField("master_link_status").equals("up")) {
                if (System.nanoTime() > deadline) {
                    throw new IOException(replica.name() + " was not synchronized in time");
                }
                Thread.sleep(POLL_MILLIS);
            }
        }
        return (System.nanoTime() - begin) / 1e9;
    }
}
