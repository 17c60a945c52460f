package dev.holdfast.toolkit.fault;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Processes of a test, JVMs that all run the same main class. One is struck now and then: killed by SIGKILL, with another in its
 * place, or stopped by SIGSTOP and after a while continued.
 *
 * <p>What they say on the standard output is kept, line by line. The end of their standard input tells them to end; so they also end
 * with the test's own process.
 */
final class Crew implements AutoCloseable {
    private static final int LINES_OF_ERRORS = 200;

    private final Class<?> main;
    private final Random random = Scale.random();
    private final List<Object> arguments;
    private final List<Process> members = new ArrayList<>();
    private final List<Thread> listeners = new ArrayList<>();
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final List<String> errors = new CopyOnWriteArrayList<>();
    private int kills;
    private int stops;

    Crew(Class<?> main, Object... arguments) {
        this.main = main;
        this.arguments = List.of(arguments);
    }

    /** Waits until the crew is dismissed; for the main classes. */
    static void awaitDismissal() throws IOException {
        System.in.transferTo(OutputStream.nullOutputStream());
    }

    /** Starts so many more. */
    Crew hire(int count) {
        for (int i = 0; i < count; i++) {
            members.add(start());
        }
        return this;
    }

    /** Starts one more, with further arguments of its own. */
    void hireOne(Object... more) {
        members.add(start(more));
    }

    /** The command line of a JVM like this one that runs a main class of the tests. */
    static List<String> java(Class<?> main, Object... arguments) {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-Xmx96m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseCompactObjectHeaders",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-Dholdfast.faults.jobs=" + Scale.JOBS,
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                main.getName()));
        for (Object argument : arguments) {
            command.add(String.valueOf(argument));
        }
        return command;
    }

    private Process start(Object... more) {
        List<Object> all = new ArrayList<>(arguments);
        all.addAll(Arrays.asList(more));
        List<String> command = java(main, all.toArray());
        try {
            Process process = new ProcessBuilder(command).start();
            listen(process.inputReader(StandardCharsets.UTF_8), lines);
            listen(new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8)), errors);
            return process;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void listen(BufferedReader reader, Collection<String> into) {
        listeners.add(Thread.ofVirtual().start(() -> {
            try (reader) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    if (into != errors || errors.size() < LINES_OF_ERRORS) {
                        into.add(line);
                    }
                }
            } catch (IOException e) {
                // It has been killed.
            }
        }));
    }

    /**
     * Waits until the work is done, and meanwhile strikes at moments drawn over its progress, so that they fall into it on any machine.
     *
     * @param stop how long one that is stopped stays so
     */
    void strikeUntilDone(int times, Duration stop, long total, LongSupplier progress) {
        long[] moments =
                random.longs(times, total / 20, total - total / 20).sorted().toArray();
        int[] next = {0};
        Scale.await(() -> {
            check();
            long done = progress.getAsLong();
            while (next[0] < times && moments[next[0]] <= done) {
                next[0]++;
                strike(stop);
            }
            return done >= total;
        });
    }

    /** Kills one, drawn at random, and starts another; or, every third time, stops one for a while. */
    private void strike(Duration stop) {
        int struck = random.nextInt(members.size());
        if ((kills + stops) % 3 < 2) {
            members.get(struck).destroyForcibly();
            members.set(struck, start());
            kills++;
        } else {
            Process process = members.get(struck);
            signal("STOP", process);
            stops++;
            Thread.ofVirtual().start(() -> {
                try {
                    Thread.sleep(stop);
                    signal("CONT", process);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
        }
    }

    private static void signal(String name, Process process) {
        try {
            new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid() + " 2>/dev/null")
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Fails if one has ended by itself. */
    void check() {
        if (members.stream().anyMatch(process -> !process.isAlive())) {
            throw new AssertionError("a process has failed: " + errors());
        }
    }

    int kills() {
        return kills;
    }

    int stops() {
        return stops;
    }

    /** What all of them have said. */
    List<String> lines() {
        return List.copyOf(lines);
    }

    /** What they have complained of, for the message of a failure. */
    String errors() {
        return String.join("\n", errors);
    }

    /** Has all of them come to their ends. Fails if one does not, or says that it has failed. */
    void dismiss() throws IOException, InterruptedException {
        for (Process process : members) {
            process.outputWriter().close();
        }
        for (Process process : members) {
            signal("CONT", process);
            if (!process.waitFor(Scale.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError("a process does not end: " + errors());
            }
            if (process.exitValue() != 0) {
                throw new AssertionError("a process has failed: " + errors());
            }
        }
        for (Thread listener : listeners) {
            listener.join();
        }
    }

    @Override
    public void close() {
        members.forEach(Process::destroyForcibly);
    }
}
