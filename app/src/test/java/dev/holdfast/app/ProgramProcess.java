package dev.holdfast.app;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The program in a process of its own, as a user starts it. */
final class ProgramProcess implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 100;

    private final Process process;
    private final List<String> lines = new ArrayList<>();
    private final LinkedBlockingQueue<String> arriving = new LinkedBlockingQueue<>();
    private final Thread reader;

    private ProgramProcess(List<String> jvm, Map<String, String> environment, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("@jvm.flags", "-XX:TieredStopAtLevel=1"));
        command.addAll(jvm);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.holdfast.app.Main"));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        process = builder.start();
        process.getOutputStream().close();
        // Not a virtual thread: reading a pipe holds its carrier.
        reader = Thread.ofPlatform().daemon().start(() -> {
            try (BufferedReader output =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                output.lines().forEach(arriving::add);
            } catch (IOException e) {
                arriving.add(e.toString());
            }
        });
    }

    static ProgramProcess start(Object... arguments) throws IOException {
        return start(List.of(), Map.of(), arguments);
    }

    static ProgramProcess start(List<String> jvm, Map<String, String> environment, Object... arguments)
            throws IOException {
        return new ProgramProcess(
                jvm, environment, Stream.of(arguments).map(Object::toString).toList());
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Waits for a line that contains a text, and returns it. */
    String await(String text) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            String line = arriving.poll(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (line == null) {
                throw new AssertionError("no line with '" + text + "' but " + lines);
            }
            lines.add(line);
            if (line.contains(text)) {
                return line;
            }
        }
    }

    /** Waits for the end; gives the status. */
    int status() throws InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("it does not end: " + output());
        }
        reader.join();
        return process.exitValue();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Everything it has written until now. */
    List<String> output() {
        arriving.drainTo(lines);
        return lines;
    }

    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    /** The arguments that the list of processes shows. */
    String shownArguments() throws IOException {
        Process list = new ProcessBuilder("ps", "-ww", "-o", "args=", "-p", Long.toString(process.pid())).start();
        return new String(list.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Sends a line to a server; gives the first line of its answer, or "" where it hangs up. */
    static String ask(int port, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_SECONDS * 1000);
            socket.getOutputStream().write((request + "\r\n").getBytes(StandardCharsets.UTF_8));
            String answer = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
                    .readLine();
            return answer == null ? "" : answer;
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
