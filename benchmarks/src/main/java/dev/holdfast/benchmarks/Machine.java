package dev.holdfast.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

/** The line above each table that says where and against what it was taken. */
final class Machine {
    private Machine() {}

    /** The same where no real Valkey runs yet. */
    static String describe(ServerOptions servers, Pinning pinning) throws IOException, InterruptedException {
        try (ServerProcess valkey = ServerProcess.start(servers.valkeyCommand(), servers.port, pinning)) {
            return describe(valkey);
        }
    }

    static String describe(ServerProcess valkey) throws IOException {
        return String.format(
                Locale.ROOT,
                "%s, %d cores, Linux %s; JDK %s; Valkey %s; load %s at the start.",
                cpuModel(),
                cores(),
                System.getProperty("os.version"),
                System.getProperty("java.vm.version"),
                valkey.version(),
                Files.readString(Path.of("/proc/loadavg")).split(" ")[0]);
    }

    /** Of the machine; the tool itself may be pinned. */
    private static long cores() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("processor")).count();
        }
    }

    private static String cpuModel() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown CPU");
        }
    }
}
