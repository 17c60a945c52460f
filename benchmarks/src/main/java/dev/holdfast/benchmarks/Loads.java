package dev.holdfast.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * How long a server takes from the start of its process until it answers with all keys, from a snapshot and from an
 * append-only file. Both servers read the same files, which the real Valkey has written.
 */
@Command(
        name = "load",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Times the start from an RDB file and from an append-only file until DBSIZE answers with all keys.")
final class Loads implements Callable<Integer> {
    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--files", split = ",", description = "Of ${COMPLETION-CANDIDATES}; all by default.")
    private List<Source> files = List.of(Source.values());

    @Option(names = "--keys", description = "Keys of 16 + 64 bytes; ${DEFAULT-VALUE} by default.")
    private int keys = 5_000_000;

    @Option(names = "--rounds", description = "Starts of each server, in turn; ${DEFAULT-VALUE} by default.")
    private int rounds = 3;

    @Option(names = "--pinning", description = "PINNED, UNPINNED; ${DEFAULT-VALUE} by default.")
    private Pinning pinning = Pinning.UNPINNED;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Children.newFolder();
        try {
            for (Source file : files) {
                write(file, folder);
            }
            System.out.print("""
                    | file | MB | time | ours s | Valkey s |
                    |---|--:|--:|---|---|
                    """);
            for (Source file : files) {
                System.out.println(compare(file, folder));
            }
        } finally {
            Children.delete(folder);
        }
        return 0;
    }

    /** What a server starts from. */
    private enum Source {
        RDB("no"),
        AOF("yes");

        private final String appendOnly;

        Source(String appendOnly) {
            this.appendOnly = appendOnly;
        }

        Path folder(Path parent) {
            return parent.resolve(name());
        }

        ServerCommand of(ServerCommand server, Path parent) {
            return server.with("--dir", folder(parent).toString(), "--save", "", "--appendonly", appendOnly)
                    .with("--appendfsync", "no", "--auto-aof-rewrite-percentage", "0");
        }
    }

    private void write(Source file, Path folder) throws IOException, InterruptedException {
        Files.createDirectory(file.folder(folder));
        ServerCommand command = file.of(servers.valkeyCommand(), folder);
        try (ServerProcess valkey = ServerProcess.launch(command, servers.port, Pinning.UNPINNED)) {
            valkey.awaitKeys(0);
            if (file == files.getFirst()) {
                System.out.printf(
                        Locale.ROOT, "%n%d keys; %s. %s%n%n", keys, pinning.description, Machine.describe(valkey));
            }
            try (RespConnection connection = valkey.connect()) {
                RandomText text = new RandomText();
                for (int i = 0; i < keys; i++) {
                    connection.load("SET", ReadsAndWrites.key(i), ReadsAndWrites.value(text));
                }
                connection.finish();
                if (file == Source.RDB) {
                    connection.call("SAVE");
                }
            }
        }
    }

    private String compare(Source file, Path folder) throws IOException, InterruptedException {
        List<ServerCommand> commands =
                List.of(file.of(servers.holdfast(), folder), file.of(servers.valkeyCommand(), folder));
        List<List<Double>> seconds = List.of(new ArrayList<>(), new ArrayList<>());
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < 2; i++) {
                int server = (round + i) % 2;
                seconds.get(server).add(start(commands.get(server)));
            }
        }
        double[] ratios = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            ratios[round] = seconds.getFirst().get(round) / seconds.getLast().get(round);
        }
        return String.format(
                Locale.ROOT,
                "| %s | %.0f | %s | %s | %s |",
                file,
                bytes(file.folder(folder)) / 1e6,
                new Figures(ratios).asRatio(),
                listed(seconds.getFirst()),
                listed(seconds.getLast()));
    }

    /** The seconds from the start of the process until it answers with all keys. */
    private double start(ServerCommand command) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        try (ServerProcess server = ServerProcess.launch(command, servers.port, pinning)) {
            server.awaitKeys(keys);
            return (System.nanoTime() - begin) / 1e9;
        }
    }

    private static long bytes(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private static String listed(List<Double> seconds) {
        return String.join(
                ", ",
                seconds.stream()
                        .map(each -> String.format(Locale.ROOT, "%.2f", each))
                        .toList());
    }
}
