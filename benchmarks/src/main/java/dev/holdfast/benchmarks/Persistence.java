package dev.holdfast.benchmarks;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What saving costs, for our server and for a real Valkey: how long BGSAVE takes, what clients wait for meanwhile, how much
 * memory is kept for it under writes at full rate, and the longest stop of a command on a collection of a million members.
 */
@Command(
        name = "persistence",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures the time of BGSAVE, the waits of clients during it, and the memory it keeps.")
public final class Persistence implements Callable<Integer> {
    private static final long SEED = 42;
    private static final long MAX_NANOS = 120_000_000_000L;
    private static final long SMALL_COMMAND_SECONDS = 20;
    private static final int POLL_MILLIS = 10;
    private static final String VALUE = "0123456789abcdef".repeat(4);

    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--keys", description = "Keys of 16 + 64 bytes; ${DEFAULT-VALUE} by default.")
    private int keys = 5_000_000;

    @Option(names = "--members", description = "Members of each large collection; ${DEFAULT-VALUE} by default.")
    private int members = 1_000_000;

    @Option(names = "--saves", description = "Measured BGSAVEs of an idle server; ${DEFAULT-VALUE} by default.")
    private int saves = 5;

    @Option(names = "--rate", description = "Commands a second; ${DEFAULT-VALUE} by default.")
    private double rate = 50_000;

    @Option(names = "--seconds", description = "Measured time of each part; ${DEFAULT-VALUE} by default.")
    private double seconds = 15;

    @Option(names = "--pinning", description = "PINNED, UNPINNED; ${DEFAULT-VALUE} by default.")
    private Pinning pinning = Pinning.UNPINNED;

    public static void main(String[] arguments) {
        Tool.run(new Persistence(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        String self = Long.toString(ProcessHandle.current().pid());
        Children.output(SMALL_COMMAND_SECONDS, "taskset", "-acp", pinning.clientCores, self);
        List<ServerCommand> commands = List.of(servers.holdfast(), servers.valkeyCommand());
        try (ServerProcess valkey = ServerProcess.start(servers.valkeyCommand(), servers.port, pinning)) {
            System.out.printf(
                    Locale.ROOT, "%n%d keys; %s. %s%n%n", keys, pinning.description, Machine.describe(valkey));
        }
        System.out.print("""
                | server | BGSAVE s | CPU s | SETs: p99 ms | p99.9 | worst | while saving: p99 | p99.9 | worst | kept MB |
                |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
                """);
        for (ServerCommand command : commands) {
            measureKeys(command);
        }
        System.out.printf(Locale.ROOT, "%nOne client, collections of %d members%n%n", members);
        System.out.print("""
                | server | command | p99.9 ms | worst | while saving: p99.9 | worst |
                |---|---|--:|--:|--:|--:|
                """);
        for (ServerCommand command : commands) {
            measureCollections(command);
        }
        return 0;
    }

    private void measureKeys(ServerCommand command) throws IOException, InterruptedException {
        try (ServerProcess server = ServerProcess.start(command, servers.port, pinning);
                RespConnection control = server.connect();
                OpenLoop client = new OpenLoop(server.port(), 4, new Churn(keys, SEED))) {
            client.fill(keys);
            client.run(rate, seconds / 3, new Histogram(MAX_NANOS, 3));
            save(control);
            double[] idle = new double[saves];
            long cpuBefore = cpuMicros(server);
            for (int i = 0; i < saves; i++) {
                idle[i] = save(control);
            }
            double cpu = (cpuMicros(server) - cpuBefore) / 1e6 / saves;
            Arrays.sort(idle);
            Histogram quiet = new Histogram(MAX_NANOS, 3);
            client.run(rate, seconds, quiet);
            Histogram saving = new Histogram(MAX_NANOS, 3);
            try (Saving meanwhile = new Saving(server)) {
                meanwhile.start();
                client.run(rate, seconds, saving);
            }
            long kept = keptUnderLoad(server, control);
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.2f | %.2f | %s | %s | %.1f |%n",
                    server.name(),
                    idle[saves / 2],
                    cpu,
                    waits(quiet, 99, 99.9, 100),
                    waits(saving, 99, 99.9, 100),
                    kept / 1e6);
        }
    }

    /** CPU time with that of children that have ended. */
    private static long cpuMicros(ServerProcess server) throws IOException {
        return server.cpuMicros() + server.childrensCpuMicros();
    }

    /** The memory that is kept for a snapshot while as many SETs overwrite everything as the server takes. */
    private long keptUnderLoad(ServerProcess server, RespConnection control) throws IOException, InterruptedException {
        int overwritten = 2 * keys;
        AtomicInteger next = new AtomicInteger();
        Thread[] writers = new Thread[2];
        for (int i = 0; i < writers.length; i++) {
            writers[i] = new Thread(() -> {
                try (RespConnection connection = server.connect()) {
                    for (int n = next.getAndIncrement(); n < overwritten; n = next.getAndIncrement()) {
                        connection.load("SET", key(n), VALUE);
                    }
                    connection.finish();
                } catch (IOException e) {
                    System.err.println("persistence: " + e);
                }
            });
            writers[i].start();
        }
        long kept = 0;
        while (next.get() < overwritten) {
            save(control);
            kept = Math.max(kept, Long.parseLong(control.infoField("rdb_last_cow_size")));
        }
        for (Thread writer : writers) {
            writer.join();
        }
        return kept;
    }

    /** Any of the keys that the churn may have, in an order without pattern. */
    private String key(int n) {
        return "key:" + DataSet.padded((int) (n * 0x9E3779B1L % keys + keys) % keys, 12);
    }

    private void measureCollections(ServerCommand command) throws IOException, InterruptedException {
        try (ServerProcess server = ServerProcess.start(command, servers.port, pinning);
                RespConnection client = server.connect()) {
            for (int i = 0; i < members; i++) {
                client.load("SET", key(i), VALUE);
                for (Change change : Change.values()) {
                    client.load(change.words(i));
                }
            }
            client.finish();
            for (Change change : Change.values()) {
                Histogram quiet = stops(server, client, change, false);
                Histogram saving = stops(server, client, change, true);
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %s | %s | %s |%n",
                        server.name(),
                        change,
                        waits(quiet, 99.9, 100),
                        waits(saving, 99.9, 100));
            }
        }
    }

    /** The times of single commands, one after the other. */
    private Histogram stops(ServerProcess server, RespConnection client, Change change, boolean whileSaving)
            throws IOException {
        Histogram nanos = new Histogram(MAX_NANOS, 3);
        long end = System.nanoTime() + (long) (seconds / 3 * 1e9);
        try (Saving meanwhile = new Saving(server)) {
            if (whileSaving) {
                meanwhile.start();
            }
            for (int i = 1; System.nanoTime() < end; i++) {
                String[] words = change.words((int) (i * 0x9E3779B1L % members + members) % members);
                long begin = System.nanoTime();
                client.call(words);
                nanos.recordValue(System.nanoTime() - begin);
            }
        }
        return nanos;
    }

    /** The commands on the large collections. After the first time each overwrites, but for those that only grow. */
    private enum Change {
        HSET {
            @Override
            String[] words(int i) {
                return new String[] {name(), "hash", "field:" + DataSet.padded(i, 10), VALUE};
            }
        },
        ZADD {
            @Override
            String[] words(int i) {
                return new String[] {name(), "sorted-set", Long.toString(System.nanoTime()), "member:" + i};
            }
        },
        SADD {
            @Override
            String[] words(int i) {
                return new String[] {name(), "set", "member:" + (System.nanoTime() & 1) + i};
            }
        },
        LPUSH {
            @Override
            String[] words(int i) {
                return new String[] {name(), "list", "item:" + DataSet.padded(i, 9)};
            }
        },
        XADD {
            @Override
            String[] words(int i) {
                return new String[] {name(), "stream", "*", "field", DataSet.padded(i, 8)};
            }
        };

        abstract String[] words(int i);
    }

    private static double save(RespConnection control) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        control.call("BGSAVE");
        while (control.infoField("rdb_bgsave_in_progress").equals("1")) {
            Thread.sleep(POLL_MILLIS);
        }
        if (!control.infoField("rdb_last_bgsave_status").equals("ok")) {
            throw new IOException("BGSAVE failed");
        }
        return (System.nanoTime() - begin) / 1e9;
    }

    private static String waits(Histogram nanos, double... percentiles) {
        StringBuilder cells = new StringBuilder();
        for (double percentile : percentiles) {
            cells.append(cells.isEmpty() ? "" : " | ")
                    .append(String.format(Locale.ROOT, "%.2f", nanos.getValueAtPercentile(percentile) / 1e6));
        }
        return cells.toString();
    }

    /** Saves again and again until it is closed. */
    private static final class Saving implements AutoCloseable {
        private final Thread thread;
        private volatile boolean ended;

        Saving(ServerProcess server) {
            thread = new Thread(() -> {
                try (RespConnection control = server.connect()) {
                    while (!ended) {
                        save(control);
                    }
                } catch (IOException | InterruptedException e) {
                    System.err.println("persistence: " + e);
                }
            });
        }

        void start() {
            thread.start();
        }

        @Override
        public void close() throws IOException {
            ended = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }
}
