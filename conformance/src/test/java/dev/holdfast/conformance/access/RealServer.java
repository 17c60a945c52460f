package dev.holdfast.conformance.access;

import dev.holdfast.conformance.access.Answer.Form;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.embedded.RedisExecProvider;

/**
 * A real server, against which ours is judged. It is the program that the property {@code holdfast.oracle} names, else the
 * {@code valkey-server} of the path, else a Redis that a test dependency brings ({@code embedded} asks for
 * that one).
 */
public final class RealServer implements Store {
    private static final int STARTS = 5;

    private final int port;
    private final Path directory;
    private final Process process;
    private final String name;
    private final int version;

    private RealServer(int port, Path directory, Process process) {
        this.port = port;
        this.directory = directory;
        this.process = process;
        try (Session session = connect(Form.RESP2)) {
            String info = session.run("INFO", "server").text();
            boolean valkey = info.contains("valkey_version:");
            this.name = valkey ? "Valkey" : "Redis";
            this.version = version(field(info, valkey ? "valkey_version" : "redis_version"));
        }
    }

    /** Starts one. */
    public static RealServer start() {
        try {
            String program = program();
            for (int i = 0; i < STARTS; i++) {
                RealServer server = start(program);
                if (server != null) {
                    return server;
                }
            }
            throw new IllegalStateException("could not start " + program);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The path of the program. */
    public static String program() throws IOException {
        String chosen = System.getProperty("holdfast.oracle", "");
        if (!chosen.isEmpty() && !chosen.equals("embedded")) {
            return chosen;
        }
        if (chosen.isEmpty() && onPath() != null) {
            return String.valueOf(onPath());
        }
        return RedisExecProvider.defaultProvider().get().getPath();
    }

    private static @Nullable Path onPath() {
        for (String directory : System.getenv("PATH").split(":")) {
            Path program = Path.of(directory, "valkey-server");
            if (Files.isExecutable(program)) {
                return program;
            }
        }
        return null;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** A server on some free port, or null if somebody else was quicker to take it. */
    private static @Nullable RealServer start(String program) throws IOException {
        int port = freePort();
        Path directory = Files.createTempDirectory("holdfast-oracle");
        List<String> command = new ArrayList<>(List.of(program, "--port", "" + port, "--bind", "127.0.0.1"));
        command.addAll(List.of("--save", "", "--appendonly", "no", "--enable-debug-command", "yes"));
        command.addAll(List.of("--dir", directory.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader log =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = log.readLine();
        while (line != null && !line.contains("Ready to accept connections")) {
            line = log.readLine();
        }
        if (line == null) {
            delete(directory);
            return null;
        }
        Thread.ofPlatform().daemon().start(() -> log.lines().forEach(ignored -> {}));
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        return new RealServer(port, directory, process);
    }

    /** Deletes a server's directory, with the files that it or a test has left there. */
    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static String field(String info, String name) {
        Matcher matcher = Pattern.compile(name + ":(\\S+)").matcher(info);
        if (!matcher.find()) {
            throw new IllegalStateException("INFO has no " + name);
        }
        return matcher.group(1);
    }

    /** A version such as 9.1.0 as the number 901. */
    public static int version(String text) {
        String[] parts = text.split("\\.");
        return Integer.parseInt(parts[0]) * 100 + Integer.parseInt(parts[1]);
    }

    public int port() {
        return port;
    }

    public boolean isValkey() {
        return name.equals("Valkey");
    }

    /** The version as {@link #version(String)} has it. A Redis counts as the Valkey that it is like, but at most as 7.2. */
    public int version() {
        return isValkey() ? version : Math.min(version, 702);
    }

    @Override
    public String toString() {
        return name + " " + version / 100 + "." + version % 100;
    }

    @Override
    public Session connect(Form form) {
        return new RespSession(port, form);
    }

    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor();
            delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
