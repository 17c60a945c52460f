package dev.holdfast.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What saving in the background costs: how long clients wait that read and overwrite everything at a fixed rate, how long
 * a BGSAVE takes when nobody does, and how much memory one needs while everything is overwritten as fast as possible.
 */
@Command(
        name = "save",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Measures the waits of clients during BGSAVE and BGREWRITEAOF, the time of BGSAVE, and its memory.")
final class Saves implements Callable<Integer> {
    private static final int CONNECTIONS = 4;
    private static final int WRITERS = 2;

    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--keys", description = "Keys of 16 + 64 bytes; ${DEFAULT-VALUE} by default.")
    private int keys = 5_000_000;

    @Option(names = "--rate", description = "Commands a second, GET and SET by halves; ${DEFAULT-VALUE} by default.")
    private double rate = 40_000;

    @Option(names = "--seconds", description = "Measured time of each line; ${DEFAULT-VALUE} by default.")
    private double seconds = 15;

    @Option(names = "--saves", description = "Measured BGSAVEs of an idle server; ${DEFAULT-VALUE} by default.")
    private int saves = 5;

    @Option(names = "--pinning", description = "PINNED, UNPINNED; ${DEFAULT-VALUE} by default.")
    private Pinning pinning = Pinning.UNPINNED;

    @Override
    public Integer call() throws IOException, InterruptedException {
        pinning.pinThisClient();
        System.out.printf(
                Locale.ROOT,
                "%n%d keys, %.0f commands a second; %s. %s%n%n",
                keys,
                rate,
                pinning.description,
                Machine.describe(servers, pinning));
        System.out.print("""
                | server | meanwhile | GET: p99 ms | p99.9 | worst | SET: p99 | p99.9 | worst |
                |---|---|--:|--:|--:|--:|--:|--:|
                """);
        List<String> costs = new ArrayList<>();
        for (ServerCommand command : List.of(servers.holdfast(), servers.valkeyCommand())) {
            costs.add(measure(command));
        }
        System.out.print("""

                | server | BGSAVE s | CPU s | extra MB at full rate |
                |---|--:|--:|--:|
                """);
        costs.forEach(System.out::println);
        return 0;
    }

    /** Prints the waits, and returns the line about the rest. */
    private String measure(ServerCommand command) throws IOException, InterruptedException {
        try (ServerProcess server = ServerProcess.start(command, servers.port, pinning);
                RespConnection control = server.connect();
                OpenLoop client = new OpenLoop(server.port(), CONNECTIONS, new ReadsAndWrites(keys))) {
            client.fill(keys);
            client.run(rate, seconds / 3, OpenLoop.newHistogram());
            Saving.BGSAVE.run(control);
            String costs = costs(server, control);
            waits(server, client, "nothing");
            try (Saving.Repeated _ = Saving.BGSAVE.repeatedOn(server)) {
                waits(server, client, "BGSAVE");
            }
            control.call("CONFIG", "SET", "appendonly", "yes");
            Saving.BGREWRITEAOF.awaitEnd(control);
            waits(server, client, "appending");
            try (Saving.Repeated _ = Saving.BGREWRITEAOF.repeatedOn(server)) {
                waits(server, client, "BGREWRITEAOF");
            }
            return costs;
        }
    }

    private void waits(ServerProcess server, OpenLoop client, String meanwhile) throws IOException {
        Histogram gets = OpenLoop.newHistogram();
        Histogram sets = OpenLoop.newHistogram();
        client.run(rate, seconds, gets, sets);
        System.out.printf(
                "| %s | %s | %s | %s |%n",
                server.name(), meanwhile, Figures.millis(gets, 99, 99.9, 100), Figures.millis(sets, 99, 99.9, 100));
    }

    private String costs(ServerProcess server, RespConnection control) throws IOException, InterruptedException {
        double[] times = new double[saves];
        long cpuBefore = server.cpuMicros() + server.childrensCpuMicros();
        for (int i = 0; i < saves; i++) {
            times[i] = Saving.BGSAVE.run(control);
        }
        double cpu = (server.cpuMicros() + server.childrensCpuMicros() - cpuBefore) / 1e6 / saves;
        return String.format(
                Locale.ROOT,
                "| %s | %.2f | %.2f | %.1f |",
                server.name(),
                new Figures(times).median(),
                cpu,
                extraBytesAtFullRate(server, control) / 1e6);
    }

    /** The memory that a save needs while as many SETs overwrite everything, twice, as the server takes. */
    private long extraBytesAtFullRate(ServerProcess server, RespConnection control)
            throws IOException, InterruptedException {
        int overwritten = 2 * keys;
        AtomicInteger next = new AtomicInteger();
        Thread[] writers = new Thread[WRITERS];
        for (int i = 0; i < writers.length; i++) {
            writers[i] = Thread.ofPlatform().start(() -> {
                RandomText text = new RandomText();
                try (RespConnection connection = server.connect()) {
                    for (int n = next.getAndIncrement(); n < overwritten; n = next.getAndIncrement()) {
                        // An odd factor leaves no pattern in the order of the keys.
                        int key = (int) ((n * 0x9E3779B1L) % keys);
                        connection.load("SET", ReadsAndWrites.key(key), ReadsAndWrites.value(text));
                    }
                    connection.finish();
                } catch (IOException e) {
                    System.err.println("persistence: " + e);
                }
            });
        }
        long extra = 0;
        while (next.get() < overwritten) {
            Saving.BGSAVE.run(control);
            extra = Math.max(extra, Long.parseLong(control.infoField("rdb_last_cow_size")));
        }
        for (Thread writer : writers) {
            writer.join();
        }
        return extra;
    }
}
