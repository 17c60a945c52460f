package dev.holdfast.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * What another client notices of clients that behave badly, beside a real Valkey: its waits, the server's memory, and whether
 * the server lives. Every reply of that client is checked. The soak mixes all abuse while the heap is at its limit, and looks in the end
 * whether anything that was acknowledged is lost.
 */
@Command(
        name = "abuse",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures what others notice of clients that behave badly, beside a real Valkey.")
public final class Abuse implements Callable<Integer> {
    /** A way to behave badly; each of several threads does it again and again until it is interrupted. */
    private enum Manner {
        QUIET("none"),
        SLOW_READERS("GETs of 1 MB, never read"),
        UNREAD_PIPELINES("pipelines of 100,000 GETs, never read"),
        ANNOUNCERS("announce 100 MB, send 30 MB, stall"),
        TRANSACTIONS("MULTI and 30 MB of commands, no EXEC"),
        PUBLISHERS("PUBLISH of 10 KB to subscribers that do not read"),
        MONITORS("MONITOR, never read, while others write"),
        AUTH("AUTH with wrong passwords, pipelined"),
        CHURN("connect, PING, leave"),
        MALFORMED("bytes that are no commands"),
        SCRIPTS("scripts that take a millisecond each");

        final String what;

        Manner(String what) {
            this.what = what;
        }
    }

    private static final int TIMEOUT_MILLIS = 60_000;
    private static final int THREADS = 4;
    private static final String BIG = "x".repeat(1 << 20);

    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Parameters(arity = "0..1", description = "table (by default) or soak.")
    private String mode = "table";

    @Option(names = "--heap", split = ",", description = "Largest heaps to try (-Xmx); ${DEFAULT-VALUE} by default.")
    private List<String> heaps = List.of("256m", "512m", "1g");

    @Option(names = "--seconds", description = "Measured time for each manner; ${DEFAULT-VALUE} by default.")
    private double seconds = 5;

    @Option(
            names = "--warm-up",
            description = "Seconds of the same before that are not measured; ${DEFAULT-VALUE} by default.")
    private double warmUpSeconds = 5;

    @Option(names = "--minutes", description = "How long to soak; ${DEFAULT-VALUE} by default.")
    private double minutes = 30;

    @Option(
            names = "--free",
            description =
                    "Percent of what was filled in that is deleted again before the soak; ${DEFAULT-VALUE} by default. With"
                            + " less the data and the eighth of the heap that is left to clients pass the bound, and writes"
                            + " are refused while clients hold it.")
    private int freePercent = 20;

    @Option(
            names = "--least-written",
            description = "Percent of the soak's INCR that must get through; ${DEFAULT-VALUE} by default.")
    private int leastWrittenPercent = 90;

    @Option(names = "--only", split = ",", description = "Manners to try; all by default.")
    private List<Manner> manners = List.of(Manner.values());

    private final AtomicLong ports = new AtomicLong();

    public static void main(String[] arguments) {
        Tool.run(new Abuse(), arguments);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        return mode.equals("soak") ? soak() : table();
    }

    private int table() throws IOException, InterruptedException {
        System.out.printf(Locale.ROOT, "%s%n%n", Machine.describe(servers, Pinning.UNPINNED));
        System.out.print("""
                | heap | manner | p99 ms | worst | Valkey's p99 | worst | p99 ratio | resident MB | Valkey's |
                |---|---|--:|--:|--:|--:|--:|--:|--:|
                """);
        for (String heap : heaps) {
            for (Manner manner : manners) {
                Outcome valkey = measure(servers.valkeyCommand(), manner);
                Outcome ours = measure(
                        ServerCommand.holdfast(servers.jar(), servers.flagsFile(), List.of("-Xmx" + heap)), manner);
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %s | %s | %.1f | %s |%n",
                        heap,
                        manner.what,
                        ours.times() + " | " + valkey.times(),
                        ours.p99Millis / valkey.p99Millis,
                        ours.resident + " | " + valkey.resident);
            }
        }
        return 0;
    }

    private record Outcome(double p99Millis, double worstMillis, String resident) {
        String times() {
            return String.format(Locale.ROOT, "%.2f | %.1f", p99Millis, worstMillis);
        }
    }

    private Outcome measure(ServerCommand command, Manner manner) throws IOException, InterruptedException {
        int port = servers.port + (int) (ports.getAndIncrement() % 50);
        try (ServerProcess server = ServerProcess.start(command, port, Pinning.UNPINNED)) {
            try (RespConnection setUp = server.connect()) {
                setUp.call("SET", "big", BIG);
                setUp.call("SET", "small", "value");
            }
            Bystander bystander = new Bystander(port, "bystander");
            Histogram nanos = new Histogram(3);
            List<Thread> abusers = start(port, manner, THREADS);
            try {
                bystander.run(warmUpSeconds, new Histogram(3));
                bystander.run(seconds, nanos);
                String resident = String.format(Locale.ROOT, "%.0f", server.residentBytes() / 1e6);
                return new Outcome(nanos.getValueAtPercentile(99) / 1e6, nanos.getMaxValue() / 1e6, resident);
            } catch (IOException e) {
                return new Outcome(Double.NaN, Double.NaN, "DEAD: " + e.getMessage());
            } finally {
                abusers.forEach(Thread::interrupt);
                for (Thread abuser : abusers) {
                    abuser.join(TIMEOUT_MILLIS);
                }
            }
        }
    }

    /** One who sets and gets in turn, a thousand times a second at most, and checks each reply. */
    private static final class Bystander {
        private final int port;
        private final String prefix;
        private long next;

        Bystander(int port, String prefix) {
            this.port = port;
            this.prefix = prefix;
        }

        void run(double seconds, Histogram nanos) throws IOException, InterruptedException {
            try (RespConnection connection = new RespConnection(port)) {
                long end = System.nanoTime() + (long) (seconds * 1e9);
                while (System.nanoTime() < end) {
                    String key = prefix + next % 1000;
                    String value = "value " + next++;
                    nanos.recordValue(timed(connection, "OK", "SET", key, value));
                    nanos.recordValue(timed(connection, value, "GET", key));
                    Thread.sleep(1);
                }
            }
        }

        private static long timed(RespConnection connection, String expected, String... words) throws IOException {
            long start = System.nanoTime();
            String reply = connection.call(words);
            if (!reply.equals(expected)) {
                throw new IOException("WRONG REPLY to " + words[0] + ": " + shortened(reply));
            }
            return System.nanoTime() - start;
        }
    }

    private static String shortened(String text) {
        return text.length() < 60 ? text : text.substring(0, 60) + "…";
    }

    // ---- the abuse ----

    private static List<Thread> start(int port, Manner manner, int count) {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count && manner != Manner.QUIET; i++) {
            threads.add(Thread.ofPlatform().daemon().start(() -> behave(port, manner)));
        }
        return threads;
    }

    private static void behave(int port, Manner manner) {
        List<Socket> held = new ArrayList<>();
        try {
            while (!Thread.interrupted()) {
                try {
                    behaveOnce(port, manner, held);
                } catch (IOException e) {
                    // Cut off, as it deserves; once more.
                    Thread.sleep(10);
                }
                if (held.size() > 20) {
                    held.removeFirst().close();
                }
            }
        } catch (InterruptedException | IOException e) {
            // The end.
        } finally {
            held.forEach(Abuse::closeQuietly);
        }
    }

    private static void behaveOnce(int port, Manner manner, List<Socket> held)
            throws IOException, InterruptedException {
        switch (manner) {
            case SLOW_READERS -> {
                OutputStream out = open(port, held);
                for (int i = 0; i < 300; i++) {
                    out.write(command("GET", "big"));
                    Thread.sleep(1);
                }
            }
            case UNREAD_PIPELINES -> {
                byte[] gets = repeated(command("GET", "small"), 1000);
                OutputStream out = open(port, held);
                for (int i = 0; i < 100; i++) {
                    out.write(gets);
                }
                Thread.sleep(50);
            }
            case ANNOUNCERS -> {
                OutputStream out = open(port, held);
                out.write("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$104857600\r\n".getBytes(StandardCharsets.US_ASCII));
                byte[] part = BIG.getBytes(StandardCharsets.US_ASCII);
                for (int i = 0; i < 30; i++) {
                    out.write(part);
                    Thread.sleep(1);
                }
            }
            case TRANSACTIONS -> {
                OutputStream out = open(port, held);
                out.write(command("MULTI"));
                byte[] set = command("SET", "queued", "y".repeat(10_000));
                for (int i = 0; i < 3000; i++) {
                    out.write(set);
                }
            }
            case PUBLISHERS -> {
                open(port, held).write(command("SUBSCRIBE", "news"));
                drainWhile(port, command("PUBLISH", "news", "m".repeat(10_000)), 1000);
            }
            case MONITORS -> {
                open(port, held).write(command("MONITOR"));
                drainWhile(port, command("SET", "shown", "s".repeat(1000)), 5000);
            }
            case AUTH ->
                drainWhile(
                        port,
                        command("AUTH", "nobody" + ThreadLocalRandom.current().nextInt(1000), "wrong"),
                        5000);
            case CHURN -> {
                try (RespConnection connection = new RespConnection(port)) {
                    connection.call("PING");
                }
            }
            case MALFORMED -> {
                try (Socket socket = socket(port)) {
                    byte[] bytes = new byte[100];
                    ThreadLocalRandom.current().nextBytes(bytes);
                    bytes[0] = '*';
                    bytes[99] = '\n';
                    socket.getOutputStream().write(bytes);
                    socket.shutdownOutput();
                    socket.getInputStream().readAllBytes();
                }
            }
            case SCRIPTS ->
                drainWhile(
                        port,
                        command(
                                "EVAL",
                                "local t = {} for i = 1, 2000 do t[i] = tostring(i) end return #table.concat(t)",
                                "0"),
                        20);
            case QUIET -> Thread.sleep(100);
        }
    }

    /** Sends a command so many times, fifty at once, and reads the replies. */
    private static void drainWhile(int port, byte[] command, int times) throws IOException {
        byte[] fifty = repeated(command, Math.min(50, times));
        try (Socket socket = socket(port)) {
            Thread reader = Thread.ofVirtual().start(() -> {
                try {
                    InputStream in = socket.getInputStream();
                    byte[] buffer = new byte[1 << 16];
                    while (in.read(buffer) >= 0) {
                        // Dropped.
                    }
                } catch (IOException e) {
                    // Closed.
                }
            });
            for (int sent = 0; sent < times && !Thread.currentThread().isInterrupted(); sent += 50) {
                socket.getOutputStream().write(fifty);
            }
            socket.shutdownOutput();
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static OutputStream open(int port, List<Socket> held) throws IOException {
        Socket socket = socket(port);
        held.add(socket);
        return socket.getOutputStream();
    }

    private static Socket socket(int port) throws IOException {
        Socket socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return socket;
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is gone all the same.
        }
    }

    private static byte[] command(String... words) {
        StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] repeated(byte[] bytes, int times) {
        byte[] all = new byte[bytes.length * times];
        for (int i = 0; i < times; i++) {
            System.arraycopy(bytes, 0, all, i * bytes.length, bytes.length);
        }
        return all;
    }

    // ---- the soak ----

    private int soak() throws IOException, InterruptedException {
        String heap = heaps.getFirst();
        ServerCommand command = ServerCommand.holdfast(servers.jar(), servers.flagsFile(), List.of("-Xmx" + heap));
        try (ServerProcess server = ServerProcess.start(command, servers.port, Pinning.UNPINNED)) {
            try (RespConnection setUp = server.connect()) {
                setUp.call("SET", "big", BIG);
                setUp.call("SET", "small", "value");
                setUp.call("SET", "counter", "0");
            }
            long filled = fill(server);
            long deleted = Math.max(6, filled * freePercent / 100);
            try (RespConnection setUp = server.connect()) {
                for (long i = 0; i < deleted; i++) {
                    setUp.call("DEL", "filler " + i);
                }
            }
            List<Thread> abusers = new ArrayList<>();
            for (Manner manner : Manner.values()) {
                abusers.addAll(start(server.port(), manner, 1));
            }
            long counted = 0;
            long refused = 0;
            Histogram nanos = new Histogram(3);
            try (RespConnection connection = server.connect()) {
                long end = System.nanoTime() + (long) (minutes * 60e9);
                while (System.nanoTime() < end) {
                    long start = System.nanoTime();
                    try {
                        String reply = connection.call("INCR", "counter");
                        counted++;
                        if (!reply.equals(Long.toString(counted))) {
                            throw new IOException("WRONG REPLY: " + shortened(reply) + " instead of " + counted);
                        }
                    } catch (RespConnection.ErrorReply e) {
                        if (!String.valueOf(e.getMessage()).startsWith("OOM")) {
                            throw e;
                        }
                        refused++;
                    }
                    long index = ThreadLocalRandom.current().nextLong(deleted, filled);
                    if (!connection.call("GET", "filler " + index).equals(filler(index))) {
                        throw new IOException("LOST OR WRONG: filler " + index);
                    }
                    nanos.recordValue(System.nanoTime() - start);
                    Thread.sleep(1);
                }
                abusers.forEach(Thread::interrupt);
                for (long i = deleted; i < filled; i++) {
                    if (!connection.call("GET", "filler " + i).equals(filler(i))) {
                        throw new IOException("LOST: filler " + i);
                    }
                }
                System.out.printf(
                        Locale.ROOT,
                        "%.1f minutes at %s: alive; %d INCR acknowledged and none lost, %d refused, %.1f %% written; %d keys intact;"
                                + " p99 %.1f ms, worst %.0f ms; %.0f MB resident, %s clients disconnected for what they held%n",
                        minutes,
                        heap,
                        counted,
                        refused,
                        100.0 * counted / (counted + refused),
                        filled - deleted,
                        nanos.getValueAtPercentile(99) / 1e6,
                        nanos.getMaxValue() / 1e6,
                        server.residentBytes() / 1e6,
                        connection.infoField("evicted_clients"));
                return 100 * counted >= leastWrittenPercent * (counted + refused) ? 0 : 1;
            }
        }
    }

    private static String filler(long index) {
        return ("filler " + index + " ").repeat(50);
    }

    /** Fills the store until it refuses. Returns how many keys it has taken. */
    private static long fill(ServerProcess server) throws IOException {
        long count = 0;
        try (RespConnection connection = server.connect()) {
            while (true) {
                if (!connection.call("SET", "filler " + count, filler(count)).equals("OK")) {
                    throw new IOException("not OK");
                }
                count++;
            }
        } catch (RespConnection.ErrorReply e) {
            return count;
        }
    }
}
