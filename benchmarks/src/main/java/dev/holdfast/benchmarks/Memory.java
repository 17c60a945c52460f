package dev.holdfast.benchmarks;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Memory per item: our live heap beside Valkey's {@code used_memory}, and the resident memory of both processes.
 *
 * <p>Live heap is the sum of all objects that a full collection leaves, as the class histogram has it, so that it holds
 * headers and padding but no garbage and no free space of the collector's. Both figures are differences to the same
 * server after it has taken a few items and lost them again, so that neither counts classes, buffers and tables that any
 * use brings. Resident memory counts everything, and is taken as the load leaves it and again after a full collection.
 */
@Command(
        name = "memory",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Compares memory per item with a real Valkey.")
public final class Memory implements Callable<Integer> {
    private static final int FIRST_ITEMS = 20_000;
    private static final long JCMD_SECONDS = 120;
    private static final double MEGA = 1_000_000;

    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--sets", split = ",", description = "Of ${COMPLETION-CANDIDATES}; all by default.")
    private List<DataSet> sets = List.of(DataSet.values());

    @Option(names = "--items", description = "Items of each set; ${DEFAULT-VALUE} by default.")
    private int items = 1_000_000;

    public static void main(String[] arguments) {
        Tool.run(new Memory(), arguments);
    }

    /** Bytes: per item, and of the process before and after it was asked to collect. */
    private record Footprint(double perItem, double resident, double residentAfterCollection) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        boolean isFirst = true;
        for (DataSet set : sets) {
            try (ServerProcess ours = ServerProcess.start(servers.holdfast(), servers.port, Pinning.UNPINNED);
                    ServerProcess theirs =
                            ServerProcess.start(servers.valkeyCommand(), servers.port + 1, Pinning.UNPINNED)) {
                if (isFirst) {
                    printHeader(ours, theirs);
                    isFirst = false;
                }
                if (!set.isKnownTo(ours)) {
                    System.err.println(set.title + ": not known to our server yet");
                    continue;
                }
                System.out.println(row(set, measure(set, ours, Memory::liveHeap), measure(set, theirs, Memory::used)));
            }
        }
        return 0;
    }

    private void printHeader(ServerProcess ours, ServerProcess valkey) throws IOException {
        System.out.printf(
                Locale.ROOT,
                "%n%d items of each. %s Resident when empty: ours %.0f MB, Valkey %.0f MB.%n%n",
                items,
                Machine.describe(valkey),
                ours.residentBytes() / MEGA,
                valkey.residentBytes() / MEGA);
        System.out.print("""
                | item | ours: live heap | Valkey: used_memory | ratio | ours: resident MB, after load / after GC \
                | Valkey: resident MB | ratio, after load / after GC |
                |---|--:|--:|--:|--:|--:|--:|
                """);
    }

    private static String row(DataSet set, Footprint ours, Footprint theirs) {
        return String.format(
                Locale.ROOT,
                "| %s: %s | %.1f | %.1f | %.2f | %.0f / %.0f | %.0f | %.2f / %.2f |",
                set.title,
                set.shape,
                ours.perItem,
                theirs.perItem,
                ours.perItem / theirs.perItem,
                ours.resident / MEGA,
                ours.residentAfterCollection / MEGA,
                theirs.resident / MEGA,
                ours.resident / theirs.resident,
                ours.residentAfterCollection / theirs.resident);
    }

    /** A server's own account of what its data takes. */
    private interface Account {
        long bytes(ServerProcess server) throws IOException, InterruptedException;
    }

    private Footprint measure(DataSet set, ServerProcess server, Account account)
            throws IOException, InterruptedException {
        set.loadInto(server, FIRST_ITEMS);
        server.flush();
        long before = account.bytes(server);
        set.loadInto(server, items);
        // Closing the connection and finishing what the load began is the server's work, done soon after.
        Thread.sleep(1_000);
        long resident = server.residentBytes();
        long after = account.bytes(server);
        return new Footprint((double) (after - before) / items, resident, server.residentBytes());
    }

    /** Valkey's used_memory once it stands still: tables are rehashed and buffers shrunk over some seconds. */
    private static long used(ServerProcess server) throws IOException, InterruptedException {
        try (RespConnection connection = server.connect()) {
            long last = -1;
            for (int i = 0; i < 20; i++) {
                long now = Long.parseLong(connection.infoField("used_memory"));
                if (Math.abs(now - last) < 1_000) {
                    return now;
                }
                last = now;
                Thread.sleep(1_000);
            }
            return last;
        }
    }

    /** Bytes of the objects that a full collection leaves. */
    private static long liveHeap(ServerProcess server) throws IOException, InterruptedException {
        String jcmd = ServerCommand.java().resolveSibling("jcmd").toString();
        String pid = Long.toString(server.pid());
        String histogram = Children.output(JCMD_SECONDS, jcmd, pid, "GC.class_histogram");
        String total = histogram
                .lines()
                .filter(line -> line.startsWith("Total"))
                .findFirst()
                .orElseThrow(() -> new IOException("no total in the class histogram"));
        return Long.parseLong(total.strip().split("\\s+")[2]);
    }
}
