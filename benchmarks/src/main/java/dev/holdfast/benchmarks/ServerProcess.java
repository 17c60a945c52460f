package dev.holdfast.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A running server in a folder of its own that goes when it is closed. */
final class ServerProcess implements AutoCloseable {
    private static final long START_MILLIS = 30_000;
    private static final long LOAD_MILLIS = 300_000;
    private static final int POLL_MILLIS = 5;
    /** The unit of CPU time in /proc, on every Linux that matters. */
    private static final long MICROS_PER_TICK = 10_000;

    private final Process process;
    private final Path folder;
    private final int port;
    private final String name;

    private ServerProcess(String name, Process process, Path folder, int port) {
        this.name = name;
        this.process = process;
        this.folder = folder;
        this.port = port;
    }

    /** A server without persistence that answers. */
    static ServerProcess start(ServerCommand command, int port, Pinning pinning)
            throws IOException, InterruptedException {
        ServerProcess server = launch(command, port, pinning);
        try {
            server.awaitStart();
            return server;
        } catch (IOException | InterruptedException e) {
            server.close();
            throw e;
        }
    }

    /** A server whose process has just begun, with the persistence that its options say. */
    static ServerProcess launch(ServerCommand command, int port, Pinning pinning) throws IOException {
        Path folder = Children.newFolder();
        List<String> line = new ArrayList<>(pinning.onServerCores());
        line.addAll(command.line());
        line.addAll(List.of("--port", Integer.toString(port), "--bind", "127.0.0.1"));
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile());
        return new ServerProcess(command.name(), Children.start(builder), folder, port);
    }

    private void awaitStart() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START_MILLIS * 1_000_000;
        while (true) {
            if (!process.isAlive()) {
                throw new IOException(name + " ended at its start:\n" + Files.readString(folder.resolve("log")));
            }
            try (RespConnection connection = connect()) {
                // A stranger may sit on the port. Then ours has ended, or soon will.
                connection.call("PING");
                Thread.sleep(200);
                if (process.isAlive()) {
                    // Neither takes snapshots meanwhile; what a server does not know it cannot do.
                    connection.callIfKnown("CONFIG", "SET", "save", "");
                    connection.callIfKnown("CONFIG", "SET", "appendonly", "no");
                    return;
                }
            } catch (IOException e) {
                if (System.nanoTime() > deadline) {
                    throw new IOException(name + " does not answer on port " + port, e);
                }
                Thread.sleep(50);
            }
        }
    }

    /** Waits until it answers that it has so many keys. */
    void awaitKeys(int keys) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + LOAD_MILLIS * 1_000_000;
        while (!hasKeys(keys)) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IOException(name + " did not load:\n" + Files.readString(folder.resolve("log")));
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private boolean hasKeys(int keys) {
        try (RespConnection connection = connect()) {
            return connection.call("DBSIZE").equals(Integer.toString(keys));
        } catch (IOException e) {
            // Not listening yet, or still loading.
            return false;
        }
    }

    RespConnection connect() throws IOException {
        return new RespConnection(port);
    }

    String name() {
        return name;
    }

    int port() {
        return port;
    }

    long pid() {
        return process.pid();
    }

    /** CPU time that all threads have used so far, in user and in system mode. */
    long cpuMicros() throws IOException {
        return ticks(11) * MICROS_PER_TICK;
    }

    /** CPU time of child processes that have ended. */
    long childrensCpuMicros() throws IOException {
        return ticks(13) * MICROS_PER_TICK;
    }

    /** The sum of two neighbouring fields of the process's state: times in user and in system mode. */
    private long ticks(int first) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid() + "/stat"));
        // The name in brackets may hold spaces; utime and stime are the 12th and 13th fields after it.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[first]) + Long.parseLong(fields[first + 1]);
    }

    /** Memory of the process that is in RAM (VmRSS). */
    long residentBytes() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid() + "/status"))) {
            String line =
                    lines.filter(each -> each.startsWith("VmRSS:")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
    }

    /** The server's release, as it names it. */
    String version() throws IOException {
        try (RespConnection connection = connect()) {
            String version = connection.infoField("valkey_version");
            return version.isEmpty() ? connection.infoField("redis_version") : version;
        }
    }

    boolean knows(String command) throws IOException {
        try (RespConnection connection = connect()) {
            connection.call(command);
            return true;
        } catch (RespConnection.ErrorReply e) {
            return !e.isUnknownCommand();
        }
    }

    void flush() throws IOException {
        try (RespConnection connection = connect()) {
            connection.call("FLUSHALL", "SYNC");
        }
    }

    @Override
    public void close() {
        Children.stop(process);
        Children.delete(folder);
    }
}
