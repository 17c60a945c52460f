package dev.holdfast.app;

import dev.holdfast.engine.persistence.Disk;
import dev.holdfast.engine.persistence.DiskFile;
import dev.holdfast.engine.persistence.RdbCheck;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code holdfast check}: reads files as if to load them, and says what is in them or where they are damaged. */
@Command(
        name = "check",
        description = "Reads RDB files from beginning to end and says what is in them, or where they are damaged.",
        mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "FILE", description = "a file such as dump.rdb")
    private List<Path> files = List.of();

    @Override
    public Integer call() throws IOException {
        boolean sound = true;
        for (Path file : files) {
            sound &= checkRdb(file, System.out);
        }
        return sound ? 0 : FileCommands.FAILED;
    }

    /** Checks an RDB file and says what was found. Returns whether it is sound. */
    static boolean checkRdb(Path file, PrintStream out) throws IOException {
        try (DiskFile open = Disk.REAL.open(file, Disk.Mode.READ)) {
            long size = open.size();
            RdbCheck check =
                    new RdbCheck(open, size, System.currentTimeMillis(), new Progress(out, "checking " + file, size));
            try {
                check.run();
            } catch (IOException e) {
                out.printf(
                        "%s: DAMAGED, %s (byte %d of %d): %s%n",
                        file, check.where(), check.bytesRead(), size, e.getMessage());
                out.printf("%s: %d keys before that can be read%n", file, check.keys());
                return false;
            }
            describe(file, check, out);
            return true;
        }
    }

    private static void describe(Path file, RdbCheck check, PrintStream out) {
        String types = check.byType().entrySet().stream()
                .map(entry -> entry.getValue() + " " + entry.getKey().name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
        out.printf("%s: sound, RDB version %d%n", file, check.version());
        out.printf(
                "  keys: %d in %d databases%s%n",
                check.keys(), check.databases(), types.isEmpty() ? "" : " (" + types + ")");
        out.printf("  with an expiry: %d, of which over: %d%n", check.expires(), check.expired());
        out.printf("  libraries of functions: %d%n", check.functions());
        out.printf("  checksum: %s%n", check.isChecksummed() ? "right" : "none");
    }
}
