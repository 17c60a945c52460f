package dev.holdfast.toolkit.contract;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A real Sentinel, alone, that watches one primary under the name {@link #PRIMARY} and is quick to fail over. */
final class RealSentinel implements AutoCloseable {
    static final String PRIMARY = "orders";

    private final int port;
    private final Process process;

    private RealSentinel(int port, Process process) {
        this.port = port;
        this.process = process;
    }

    static RealSentinel watching(RealServer primary) throws IOException {
        int port = RealServer.freePort();
        Path configuration = Files.createTempDirectory("holdfast-sentinel").resolve("sentinel.conf");
        Files.writeString(configuration, """
                port %d
                bind 127.0.0.1
                sentinel monitor %2$s 127.0.0.1 %3$d 1
                sentinel down-after-milliseconds %2$s 500
                sentinel failover-timeout %2$s 3000
                """.formatted(port, PRIMARY, primary.port()));
        Process process = new ProcessBuilder(RealServer.program(), configuration.toString(), "--sentinel")
                .redirectErrorStream(true)
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        BufferedReader log =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = log.readLine();
        while (line != null && !line.contains("+monitor master")) {
            line = log.readLine();
        }
        if (line == null) {
            throw new IllegalStateException("Sentinel did not start");
        }
        Thread.ofVirtual().start(() -> log.lines().forEach(ignored -> {}));
        return new RealSentinel(port, process);
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
