package dev.holdfast.app;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.persistence.AofCheck;
import dev.holdfast.engine.persistence.Disk;
import dev.holdfast.engine.persistence.DiskFile;
import dev.holdfast.engine.persistence.RdbCheck;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast check}: reads files as if to load them, and says what is in them or where they are damaged. */
@Command(
        name = "check",
        description =
                "Reads RDB and append-only files from beginning to end and says what is in them, or where they are"
                        + " damaged.",
        mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {
    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "a file such as dump.rdb, appendonly.aof.manifest or one that it names")
    private List<Path> files = List.of();

    @Option(names = "--fix", description = "cut the end off an append-only file where it is not whole")
    private boolean fix;

    @Override
    public Integer call() {
        boolean sound = true;
        for (Path file : files) {
            try {
                sound &= isRdb(file)
                        ? checkRdb(file, System.out)
                        : AofCheck.check(Disk.REAL, file, fix, System.out::println);
            } catch (IOException e) {
                System.err.println("holdfast: " + Reason.of(e));
                sound = false;
            }
        }
        return sound ? 0 : FileCommands.FAILED;
    }

    /** Whether a file is called RDB or begins so. An append-only file of old style may too, but has a name of its own. */
    private static boolean isRdb(Path file) throws IOException {
        if (file.toString().endsWith(".rdb")) {
            return true;
        }
        ByteBuffer magic = ByteBuffer.allocate(6);
        try (DiskFile open = Disk.REAL.open(file, Disk.Mode.READ)) {
            open.read(magic);
        }
        String text = new String(magic.array(), 0, magic.position(), StandardCharsets.US_ASCII);
        return (text.equals("REDIS0") || text.equals("VALKEY"))
                && !file.toString().endsWith(".aof");
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
                        file, check.where(), check.bytesRead(), size, Reason.of(e));
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
