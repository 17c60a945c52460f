package dev.holdfast.toolkit.contract;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.embedded.RedisExecProvider;

/**
 * A real server in a process of its own, which ends with this JVM. It is the program that the property {@code holdfast.oracle}
 * names, else the {@code valkey-server} of the path, else the Redis that a test dependency brings.
 */
public final class RealServer implements AutoCloseable {
    private static final int TRIES = 5;

    private final int port;
    private final int busPort;
    private final Process process;

    private RealServer(int port, int busPort, Process process) {
        this.port = port;
        this.busPort = busPort;
        this.process = process;
    }

    /** Starts one with these options besides those that every test wants. */
    static RealServer start(boolean cluster, String... options) {
        try {
            for (int i = 0; i < TRIES; i++) {
                RealServer server = tryStart(cluster, options);
                if (server != null) {
                    return server;
                }
            }
            throw new IllegalStateException("could not start " + program());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return port;
    }

    int busPort() {
        return busPort;
    }

    long pid() {
        return process.pid();
    }

    /** Starts one, or returns null if somebody else was quicker to take the port. */
    private static @Nullable RealServer tryStart(boolean cluster, String... options) throws IOException {
        int port = freePort();
        int busPort = freePort();
        Path directory = Files.createTempDirectory("holdfast-real");
        List<String> command = new ArrayList<>(
                List.of(program(), "--port", "" + port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"));
        command.addAll(List.of("--dir", directory.toString(), "--enable-debug-command", "yes"));
        if (cluster) {
            command.addAll(List.of("--cluster-enabled", "yes", "--cluster-port", "" + busPort));
            command.addAll(List.of("--cluster-node-timeout", "5000"));
        }
        command.addAll(List.of(options));
        Process process = run(command, "Ready to accept connections");
        return process == null ? null : new RealServer(port, busPort, process);
    }

    /** Runs a program, which ends with this JVM, until it says that it is ready; null if it ends before. */
    static @Nullable Process run(List<String> command, String ready) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        BufferedReader log =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = log.readLine();
        while (line != null && !line.contains(ready)) {
            line = log.readLine();
        }
        if (line == null) {
            return null;
        }
        Thread.ofPlatform().daemon().start(() -> log.lines().forEach(ignored -> {}));
        return process;
    }

    /** The program that is started. */
    public static String program() throws IOException {
        String chosen = System.getProperty("holdfast.oracle", "");
        if (!chosen.isEmpty() && !chosen.equals("embedded")) {
            return chosen;
        }
        if (chosen.isEmpty()) {
            for (String directory : System.getenv("PATH").split(":")) {
                Path program = Path.of(directory, "valkey-server");
                if (Files.isExecutable(program)) {
                    return program.toString();
                }
            }
        }
        return RedisExecProvider.defaultProvider().get().getPath();
    }

    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Ends it with no warning, as SIGKILL does. */
    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        kill();
    }
}
