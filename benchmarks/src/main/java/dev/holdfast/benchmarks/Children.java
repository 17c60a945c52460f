package dev.holdfast.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The processes that a tool has started, and the folders it gave them. None outlives the tool, also when it is interrupted. */
final class Children {
    private static final long STOP_SECONDS = 10;
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    private static final Set<Path> FOLDERS = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Children::stopAll));
    }

    private static boolean isEnding;

    private Children() {}

    static synchronized Process start(ProcessBuilder builder) throws IOException {
        if (isEnding) {
            throw new IOException("interrupted");
        }
        Process process = builder.start();
        RUNNING.add(process);
        return process;
    }

    private static void stopAll() {
        synchronized (Children.class) {
            isEnding = true;
        }
        RUNNING.forEach(Children::stop);
        FOLDERS.forEach(Children::delete);
    }

    /** A folder for a process to work in. */
    static Path newFolder() throws IOException {
        Path folder = Files.createTempDirectory("holdfast-benchmark");
        FOLDERS.add(folder);
        return folder;
    }

    /** Deletes a folder and all in it, as far as that is possible. */
    static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            System.err.println("left behind: " + folder + ": " + e);
        }
        FOLDERS.remove(folder);
    }

    /** Asks the process to end, then ends it by force. */
    static void stop(Process process) {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(STOP_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        RUNNING.remove(process);
    }

    /** Runs a command to its end and returns what it printed. Fails where it fails or takes longer than {@code seconds}. */
    static String output(long seconds, String... command) throws IOException, InterruptedException {
        Process process = start(new ProcessBuilder(command).redirectErrorStream(true));
        try {
            // The output is read on its own thread, so that the time limit holds while the process writes nothing.
            StringBuilder printed = new StringBuilder();
            Thread reader = Thread.ofVirtual().start(() -> {
                try (var lines = process.inputReader()) {
                    lines.lines().forEach(line -> printed.append(line).append('\n'));
                } catch (IOException | UncheckedIOException e) {
                    printed.append(e);
                }
            });
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                throw new IOException("no end after " + seconds + " s: " + String.join(" ", command));
            }
            reader.join();
            if (process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + " failed: " + printed);
            }
            return printed.toString();
        } finally {
            stop(process);
        }
    }
}
