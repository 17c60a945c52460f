package dev.holdfast.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The longest waits under a steady churn of writes on many keys, for our server under each garbage collector of this JDK
 * and for a real Valkey. The collector of app/jvm.flags is chosen by this.
 */
@Command(
        name = "stall",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures the longest waits under churn, for each garbage collector and for a real Valkey.")
public final class Stall implements Callable<Integer> {
    private static final long SEED = 42;
    private static final long SMALL_COMMAND_SECONDS = 20;

    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(
            names = "--collectors",
            split = ",",
            paramLabel = "NAME[:FLAGS]",
            description = {
                "g1, parallel, serial, z, shenandoah, genshen (its generational mode), valkey; all by default. Flags that",
                "follow a colon are added, parted by blanks: 'g1:-XX:MaxGCPauseMillis=5'."
            })
    private List<String> collectors = List.of("g1", "parallel", "serial", "z", "shenandoah", "genshen", "valkey");

    @Option(names = "--heap", split = ",", description = "Largest heaps to try (-Xmx); ${DEFAULT-VALUE} by default.")
    private List<String> heaps = List.of("1g");

    @Option(names = "--keys", description = "${DEFAULT-VALUE} by default.")
    private int keys = 1_000_000;

    @Option(names = "--rate", description = "Commands a second; ${DEFAULT-VALUE} by default.")
    private double rate = 100_000;

    @Option(names = "--connections", description = "${DEFAULT-VALUE} by default.")
    private int connections = 4;

    @Option(names = "--seconds", description = "Measured time; ${DEFAULT-VALUE} by default.")
    private double seconds = 30;

    @Option(names = "--warm-up", description = "Seconds at the same rate before; ${DEFAULT-VALUE} by default.")
    private double warmUpSeconds = 10;

    @Option(names = "--pinning", description = "PINNED, UNPINNED; ${DEFAULT-VALUE} by default.")
    private Pinning pinning = Pinning.PINNED;

    public static void main(String[] arguments) {
        Tool.run(new Stall(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        pinning.pinThisClient();
        printHeader();
        for (String collector : collectors) {
            if (collector.equals("valkey")) {
                measure(servers.valkeyCommand(), "");
                continue;
            }
            for (String heap : heaps) {
                List<String> flags = flags(collector, heap);
                if (isAvailable(flags)) {
                    measure(
                            ServerCommand.holdfastWithCollector(collector, servers.jar(), servers.flagsFile(), flags),
                            heap);
                } else {
                    System.err.println(collector + ": not in this JDK, or not with these flags");
                }
            }
        }
        return 0;
    }

    private void printHeader() throws IOException, InterruptedException {
        System.out.printf(
                Locale.ROOT,
                "%n%d keys, %.0f commands a second on %d connections for %s s; %s. %s%n%n",
                keys,
                rate,
                connections,
                seconds,
                pinning.description,
                Machine.describe(servers, pinning));
        System.out.print("""
                | collector | heap | p50 ms | p99 | p99.9 | p99.99 | worst | client's own | CPU µs | resident MB |
                |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
                """);
    }

    private void measure(ServerCommand command, String heap) throws IOException, InterruptedException {
        try (ServerProcess server = ServerProcess.start(command, servers.port, pinning);
                OpenLoop client = new OpenLoop(server.port(), connections, new Churn(keys, SEED))) {
            client.fill(keys);
            client.run(rate, warmUpSeconds, OpenLoop.newHistogram());
            long cpuBefore = server.cpuMicros();
            Histogram nanos = OpenLoop.newHistogram();
            client.run(rate, seconds, nanos);
            double cpu = (server.cpuMicros() - cpuBefore) / (double) nanos.getTotalCount();
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %.3f | %.2f | %.2f | %.2f | %.1f | %.1f | %.2f | %.0f |%n",
                    command.name(),
                    heap,
                    millis(nanos.getValueAtPercentile(50)),
                    millis(nanos.getValueAtPercentile(99)),
                    millis(nanos.getValueAtPercentile(99.9)),
                    millis(nanos.getValueAtPercentile(99.99)),
                    millis(nanos.getMaxValue()),
                    millis(client.longestRoundNanos()),
                    cpu,
                    server.residentBytes() / 1e6);
        } catch (IOException e) {
            System.out.printf("| %s | %s | failed: %s |%n", command.name(), heap, e.getMessage());
        }
    }

    private List<String> flags(String collector, String heap) {
        int colon = collector.indexOf(':');
        String name = colon < 0 ? collector : collector.substring(0, colon);
        List<String> flags = new ArrayList<>(
                switch (name) {
                    case "g1" -> List.of("-XX:+UseG1GC");
                    case "parallel" -> List.of("-XX:+UseParallelGC");
                    case "serial" -> List.of("-XX:+UseSerialGC");
                    case "z" -> List.of("-XX:+UseZGC");
                    case "shenandoah" -> List.of("-XX:+UseShenandoahGC");
                    case "genshen" -> List.of("-XX:+UseShenandoahGC", "-XX:ShenandoahGCMode=generational");
                    default -> throw new IllegalArgumentException("no collector is named " + name);
                });
        if (colon >= 0) {
            flags.addAll(Arrays.asList(collector.substring(colon + 1).strip().split("\\s+")));
        }
        flags.add("-Xmx" + heap);
        flags.addAll(servers.moreFlags());
        return flags;
    }

    private static boolean isAvailable(List<String> flags) throws InterruptedException {
        List<String> line =
                new ArrayList<>(List.of(ServerCommand.java().toString(), "-XX:+UnlockExperimentalVMOptions"));
        line.addAll(flags);
        line.add("-version");
        try {
            Children.output(SMALL_COMMAND_SECONDS, line.toArray(String[]::new));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static double millis(long nanos) {
        return nanos / 1e6;
    }
}
