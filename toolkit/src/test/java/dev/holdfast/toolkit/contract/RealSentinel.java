package dev.holdfast.toolkit.contract;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

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
        Process process = RealServer.run(
                List.of(RealServer.program(), configuration.toString(), "--sentinel"), "+monitor master");
        if (process == null) {
            throw new IllegalStateException("Sentinel did not start");
        }
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
