package dev.holdfast.conformance.durability;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A server with an append-only file is killed with SIGKILL at a random moment under load, now and then while it rewrites the
 * file, and started again on the same directory.
 *
 * <p>Each connection counts its own key up, by itself and in transactions, and remembers what was acknowledged, and when. Under
 * {@code always} and {@code no} every acknowledged step must be there, since it was written before it was acknowledged and the
 * system keeps what was written; under {@code everysec}, where writing is put off while a sync is under way, all but those of the
 * last two seconds. No key may be ahead of what was asked for.
 *
 * <p>{@code -Dholdfast.kills=200} kills that often for each policy; the build does it a few times.
 */
class KilledServerTest {
    private static final int KILLS = 10;
    private static final int CONNECTIONS = 8;
    private static final long PATIENCE_SECONDS = 60;
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(2);

    @TempDir
    Path directory = Path.of("");

    @ParameterizedTest
    @ValueSource(strings = {"always", "everysec", "no"})
    void whatWasAcknowledgedIsThereAgain(String policy) throws Exception {
        int kills = Integer.getInteger("holdfast.kills", KILLS);
        long seed = Long.getLong("holdfast.seed", System.nanoTime());
        Random random = new Random(seed);
        long steps = 0;
        long lost = 0;
        int rewrites = 0;
        List<Counter> before = List.of();
        long killed = 0;
        for (int kill = 0; kill <= kills; kill++) {
            String where = policy + ", kill " + kill + ", seed " + seed;
            try (Program program = new Program(directory, policy)) {
                List<Counter> counters = new ArrayList<>();
                for (int i = 0; i < CONNECTIONS; i++) {
                    counters.add(new Counter(program.port, "counter" + i, random.nextInt(4) == 0));
                    long value = counters.get(i).present();
                    if (kill > 0) {
                        lost += check(policy, before.get(i), value, killed, where);
                    }
                    counters.get(i).start(value);
                }
                TimeUnit.MILLISECONDS.sleep(random.nextInt(150));
                if (random.nextInt(3) == 0) {
                    program.ask("BGREWRITEAOF");
                    rewrites++;
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(30));
                }
                program.kill();
                killed = System.nanoTime();
                for (Counter counter : counters) {
                    counter.join();
                    steps += counter.acknowledged() - counter.first;
                }
                before = counters;
            }
        }
        System.out.printf(
                "Killed %d times under %s: %d acknowledged steps, %d of them lost, %d rewrites begun%n",
                kills, policy, steps, lost, rewrites);
    }

    /** Looks at what is there after a kill; returns how many acknowledged steps are missing. */
    private static long check(String policy, Counter counter, long value, long killed, String where) {
        long acknowledged = counter.acknowledged();
        long promised = policy.equals("everysec") ? counter.acknowledgedUntil(killed - GRACE_NANOS) : acknowledged;
        assertTrue(
                value >= promised && value <= counter.asked(),
                where + ": " + counter.key + " is " + value + ", was to be " + promised + " to " + counter.asked());
        return Math.max(0, acknowledged - value);
    }

    /** A server process. */
    private static final class Program implements AutoCloseable {
        private final Process process;
        private final int port;

        Program(Path directory, String policy) throws Exception {
            try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = free.getLocalPort();
            }
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-Xmx256m",
                            "-cp",
                            System.getProperty("holdfast.classpath", System.getProperty("java.class.path")),
                            "dev.holdfast.app.Main",
                            "--port",
                            "" + port,
                            "--dir",
                            directory.toString(),
                            "--save",
                            "",
                            "--appendonly",
                            "yes",
                            "--appendfsync",
                            policy)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            directory.resolve("log").toFile()))
                    .start();
            Awaitility.await()
                    .pollInterval(Duration.ofMillis(20))
                    .atMost(Duration.ofSeconds(PATIENCE_SECONDS))
                    .until(() -> {
                        if (!process.isAlive()) {
                            throw new AssertionError(
                                    "the server has ended:\n" + Files.readString(directory.resolve("log")));
                        }
                        return "+PONG".equals(ask("PING"));
                    });
        }

        /** Sends one command on a connection of its own; its answer's first line, or nothing where there is no server. */
        String ask(String command) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
                return line(new BufferedInputStream(socket.getInputStream()));
            } catch (IOException e) {
                return "";
            }
        }

        void kill() throws InterruptedException {
            process.destroyForcibly();
            process.waitFor();
        }

        @Override
        public void close() {
            process.destroyForcibly();
            process.onExit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        int b = in.read();
        while (b != '\r') {
            if (b < 0) {
                throw new IOException("the connection has ended");
            }
            line.append((char) b);
            b = in.read();
        }
        in.read();
        return line.toString();
    }

    /** A connection that counts a key up until the server has gone. */
    private static final class Counter implements AutoCloseable {
        private final String key;
        private final boolean transactions;
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        private final List<Long> times = new ArrayList<>();
        private long first;
        private volatile long asked;
        private volatile long acknowledged;
        private Thread thread = new Thread();

        Counter(int port, String key, boolean transactions) throws IOException {
            this.key = key;
            this.transactions = transactions;
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
            out = socket.getOutputStream();
        }

        private void send(String commands) throws IOException {
            out.write(commands.getBytes(StandardCharsets.US_ASCII));
        }

        long present() throws IOException {
            send("INCRBY " + key + " 0\r\n");
            return Long.parseLong(line(in).substring(1));
        }

        void start(long from) {
            first = from;
            asked = from;
            acknowledged = from;
            thread = Thread.ofVirtual().start(this::count);
        }

        private void count() {
            try {
                while (true) {
                    step();
                    times.add(System.nanoTime());
                }
            } catch (IOException e) {
                // The server has been killed.
            }
        }

        private void step() throws IOException {
            long next = acknowledged + 1;
            asked = next;
            if (transactions) {
                send("MULTI\r\nSET note-" + key + " " + next + "\r\nINCR " + key + "\r\nEXEC\r\n");
                for (int i = 0; i < 5; i++) {
                    line(in);
                }
            } else {
                send("INCR " + key + "\r\n");
            }
            long value = Long.parseLong(line(in).substring(1));
            if (value != next) {
                throw new AssertionError(key + " is " + value + ", not " + next);
            }
            acknowledged = next;
        }

        void join() throws InterruptedException {
            thread.join();
        }

        long asked() {
            return asked;
        }

        long acknowledged() {
            return acknowledged;
        }

        /** What had been acknowledged at some time. */
        long acknowledgedUntil(long nanos) {
            return first + times.stream().filter(time -> time - nanos <= 0).count();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
