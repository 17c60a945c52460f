package dev.holdfast.benchmarks;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The longest stops of one client that changes a large collection, one command after the other, with a save and without. */
@Command(
        name = "collections",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures the waits of one client that changes large collections, with a BGSAVE and without.")
final class LargeCollections implements Callable<Integer> {
    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--members", description = "Members of each collection; ${DEFAULT-VALUE} by default.")
    private int members = 500_000;

    @Option(names = "--seconds", description = "Measured time of each command; ${DEFAULT-VALUE} by default.")
    private double seconds = 5;

    @Option(names = "--pinning", description = "PINNED, UNPINNED; ${DEFAULT-VALUE} by default.")
    private Pinning pinning = Pinning.UNPINNED;

    @Override
    public Integer call() throws IOException, InterruptedException {
        pinning.pinThisClient();
        System.out.printf(
                Locale.ROOT,
                "%nOne client, collections of %d members; %s. %s%n%n",
                members,
                pinning.description,
                Machine.describe(servers, pinning));
        System.out.print("""
                | server | command | p99.9 ms | worst | while saving: p99.9 | worst |
                |---|---|--:|--:|--:|--:|
                """);
        for (ServerCommand command : List.of(servers.holdfast(), servers.valkeyCommand())) {
            measure(command);
        }
        return 0;
    }

    private void measure(ServerCommand command) throws IOException, InterruptedException {
        try (ServerProcess server = ServerProcess.start(command, servers.port, pinning);
                RespConnection client = server.connect()) {
            for (int i = 0; i < members; i++) {
                for (Change change : Change.values()) {
                    client.load(change.words(i));
                }
            }
            client.finish();
            for (Change change : Change.values()) {
                Histogram quiet = waits(client, change);
                Histogram saving;
                try (Saving.Repeated _ = Saving.BGSAVE.repeatedOn(server)) {
                    saving = waits(client, change);
                }
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %s | %s | %s |%n",
                        server.name(),
                        change,
                        Figures.millis(quiet, 99.9, 100),
                        Figures.millis(saving, 99.9, 100));
            }
        }
    }

    /** The times of single commands, one after the other. */
    private Histogram waits(RespConnection client, Change change) throws IOException {
        Histogram nanos = OpenLoop.newHistogram();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        for (int i = 1; System.nanoTime() < end; i++) {
            // An odd factor leaves no pattern in the order of the members.
            String[] words = change.words((int) (i * 0x9E3779B1L % members + members) % members);
            long begin = System.nanoTime();
            client.call(words);
            nanos.recordValue(System.nanoTime() - begin);
        }
        return nanos;
    }

    /** The commands. After the first time each overwrites, but for those that only grow. */
    private enum Change {
        HSET {
            @Override
            String[] words(int i) {
                return new String[] {name(), "hash", "field:" + DataSet.padded(i, 10), "0123456789abcdef".repeat(4)};
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
}
