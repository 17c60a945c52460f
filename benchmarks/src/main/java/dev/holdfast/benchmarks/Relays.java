package dev.holdfast.benchmarks;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Two relays side by side, as their clients use them: publishing one by one and in bulk, reading what is recent, a poll that waits, a
 * WebSocket from end to end, and one topic to many sockets. Both run already; rounds alternate.
 */
@Command(
        name = "relay",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Publishing, reading, polling and sockets of two relays that run: figures and ratios ours / theirs.")
public final class Relays implements Callable<Integer> {
    private static final int BULK = 100;
    private static final int MILLION = 1_000_000;
    private static final int OPENERS = 8;

    @Option(names = "--ours", required = true, description = "The port of ours.")
    private int ours;

    @Option(names = "--theirs", description = "The port of the other; unless given, only ours is measured.")
    private int theirs;

    @Option(names = "--user", description = "Who logs in; ${DEFAULT-VALUE} by default.")
    private String user = "admin";

    @Option(names = "--password", required = true, description = "The password, the same for both.")
    private String password = "";

    @Option(names = "--seconds", description = "Length of a round; ${DEFAULT-VALUE} by default.")
    private double seconds = 3;

    @Option(names = "--rounds", description = "Rounds of each measurement; ${DEFAULT-VALUE} by default.")
    private int rounds = 3;

    @Option(names = "--connections", description = "Publishers at once; ${DEFAULT-VALUE} by default.")
    private int connections = 32;

    @Option(names = "--sockets", description = "Sockets on one topic; ${DEFAULT-VALUE} by default.")
    private int sockets = 1000;

    @Option(names = "--only", description = "Measures only this: ${COMPLETION-CANDIDATES}.")
    private @Nullable Scenario only;

    @Option(names = "--size", description = "Bytes of a payload; ${DEFAULT-VALUE} by default.")
    private int size = 500;

    @Option(
            names = "--idle",
            description = "Only opens so many sockets of ours, and says what heap each takes; see --pid.")
    private int idle;

    @Option(names = "--pid", description = "The process of ours, for --idle.")
    private long pid;

    private final Map<Integer, Login> logins = new HashMap<>();

    private record Login(String token, long nanos) {}

    /** One thing to measure; a rate is better if it is higher, a latency if it is lower. */
    @SuppressWarnings("ImmutableEnumChecker") // List.of is immutable.
    private enum Scenario {
        SINGLE("publish one by one, messages/s"),
        BULK("publish in bulk of 100, messages/s"),
        READ("read 10 recent, p50 ms", "p99 ms"),
        POLL("publish to waiting poll, p50 ms", "p99 ms"),
        SOCKET("publish to WebSocket, p50 ms", "p99 ms"),
        FAN_OUT("one topic to all sockets, messages/s");

        private final List<String> figures;

        Scenario(String... figures) {
            this.figures = List.of(figures);
        }
    }

    public static void main(String[] arguments) {
        Tool.run(new Relays(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        if (idle > 0) {
            openIdle();
            return 0;
        }
        System.out.printf(
                Locale.ROOT,
                "Payloads of %d bytes, %d publishers, %d sockets, %d rounds of %.0f s, median.%n%n",
                size,
                connections,
                sockets,
                rounds,
                seconds);
        System.out.println("| | ours | theirs | ratio |");
        System.out.println("|---|--:|--:|--:|");
        List<Integer> ports = theirs == 0 ? List.of(ours) : List.of(ours, theirs);
        for (Scenario scenario : only == null ? Scenario.values() : new Scenario[] {only}) {
            double[][][] samples = new double[ports.size()][scenario.figures.size()][rounds];
            for (int round = 0; round < rounds; round++) {
                for (int each = 0; each < ports.size(); each++) {
                    int place = round % 2 == 0 ? each : ports.size() - 1 - each;
                    double[] found = measure(scenario, ports.get(place));
                    for (int figure = 0; figure < found.length; figure++) {
                        samples[place][figure][round] = found[figure];
                    }
                }
            }
            for (int figure = 0; figure < scenario.figures.size(); figure++) {
                double our = new Figures(samples[0][figure]).median();
                double their = theirs == 0 ? Double.NaN : new Figures(samples[1][figure]).median();
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %s | %s | %.2f |%n",
                        scenario.figures.get(figure),
                        shown(our),
                        shown(their),
                        our / their);
            }
        }
        return 0;
    }

    private static String shown(double figure) {
        return String.format(Locale.ROOT, figure >= 1000 ? "%,.0f" : "%.2f", figure);
    }

    private double[] measure(Scenario scenario, int port) throws Exception {
        String token = token(port);
        return switch (scenario) {
            case SINGLE ->
                new double[] {publishing(port, token, connections, "/api/v1/messages", message("single", 0), 1)};
            case BULK -> new double[] {publishing(port, token, 4, "/api/v1/messages/bulk", bulk("bulk", BULK), BULK)};
            case READ -> reading(port, token);
            case POLL -> polling(port, token);
            case SOCKET -> endToEnd(port, token);
            case FAN_OUT -> {
                try {
                    yield new double[] {fanOut(port, token)};
                } catch (IOException e) {
                    System.err.println("Port " + port + " did not get through the fan-out: " + e);
                    yield new double[] {Double.NaN};
                }
            }
        };
    }

    /** What is alive in the process's heap. */
    private long heapBytes() throws IOException {
        Process process = new ProcessBuilder("jcmd", Long.toString(pid), "GC.class_histogram").start();
        String last = "";
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                last = line.isBlank() ? last : line;
            }
        }
        return Long.parseLong(last.strip().split(" +")[2]);
    }

    private void openIdle() throws Exception {
        String token = logIn(ours);
        List<Connection> open = new ArrayList<>();
        try {
            open(ours, token, "idle", 100, open::add);
            long before = heapBytes();
            long begin = System.nanoTime();
            open(ours, token, "idle", idle, open::add);
            double opening = (System.nanoTime() - begin) / 1e9;
            long after = heapBytes();
            System.out.printf(
                    Locale.ROOT,
                    "%,d idle sockets, opened in %.1f s: %.1f KiB of heap each; the newest still answers: %s%n",
                    idle,
                    opening,
                    (after - before) / 1024.0 / idle,
                    pong(open.getLast()));
        } finally {
            for (Connection socket : open) {
                socket.close();
            }
        }
    }

    private static String pong(Connection socket) throws IOException {
        socket.say("{\"type\":\"ping\"}");
        return socket.frame();
    }

    // ---- messages ----

    private String message(String topic, long mark) {
        return "{\"topic\":\"" + topic + "\",\"payload\":{\"mark\":" + mark + ",\"text\":\"" + "x".repeat(size - 30)
                + "\"}}";
    }

    private String bulk(String topic, int count) {
        String[] messages = new String[count];
        Arrays.fill(messages, message(topic, 0));
        return "{\"messages\":[" + String.join(",", messages) + "]}";
    }

    /** Logs in where that has not been done for long: a token lives ten minutes, and logins are throttled. */
    private String token(int port) throws IOException {
        Login known = logins.get(port);
        if (known == null || System.nanoTime() - known.nanos > TimeUnit.MINUTES.toNanos(5)) {
            known = new Login(logIn(port), System.nanoTime());
            logins.put(port, known);
        }
        return known.token;
    }

    private String logIn(int port) throws IOException {
        try (Connection connection = new Connection(port, "")) {
            String answer = connection.post(
                    "/auth/login", "application/x-www-form-urlencoded", "username=" + user + "&password=" + password);
            int begin = answer.indexOf("\"access_token\":\"") + 16;
            if (begin < 16) {
                throw new IOException("no login on port " + port + ": " + answer);
            }
            return answer.substring(begin, answer.indexOf('"', begin));
        }
    }

    // ---- scenarios ----

    private double publishing(int port, String token, int publishers, String path, String body, int messages)
            throws Exception {
        try (Connection first = new Connection(port, token)) {
            // The other relay fails when several publish first to a topic.
            first.post(path, "application/json", body);
        }
        AtomicLong done = new AtomicLong();
        long begin = System.nanoTime();
        long end = begin + (long) (seconds * 1e9);
        together(publishers, number -> {
            try (Connection connection = new Connection(port, token)) {
                while (System.nanoTime() < end) {
                    connection.post(path, "application/json", body);
                    done.addAndGet(messages);
                }
            }
        });
        return done.get() / ((System.nanoTime() - begin) / 1e9);
    }

    private double[] reading(int port, String token) throws IOException {
        try (Connection connection = new Connection(port, token)) {
            connection.post("/api/v1/messages/bulk", "application/json", bulk("recent", BULK));
            List<Long> nanos = new ArrayList<>();
            long end = System.nanoTime() + (long) (seconds * 1e9);
            while (System.nanoTime() < end) {
                long begin = System.nanoTime();
                connection.get("/api/v1/topics/recent/messages?limit=10");
                nanos.add(System.nanoTime() - begin);
            }
            return percentiles(nanos);
        }
    }

    /** The median and the 99th percentile in milliseconds, of the second half: the first warms up. */
    private static double[] percentiles(List<Long> nanos) {
        long[] sorted = nanos.subList(nanos.size() / 2, nanos.size()).stream()
                .mapToLong(Long::longValue)
                .sorted()
                .toArray();
        return new double[] {
            sorted[sorted.length / 2] / 1e6, sorted[Math.min(sorted.length - 1, sorted.length * 99 / 100)] / 1e6
        };
    }

    private double[] polling(int port, String token) throws Exception {
        List<Long> nanos = new ArrayList<>();
        AtomicLong sent = new AtomicLong();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        try (Connection publisher = new Connection(port, token);
                Connection poller = new Connection(port, token)) {
            String position = lastId(publisher.post("/api/v1/messages", "application/json", message("polled", 0)));
            while (System.nanoTime() < end) {
                Thread publishing = Thread.ofVirtual().start(() -> {
                    try {
                        // The poll waits when the message comes.
                        Thread.sleep(10);
                        sent.set(System.nanoTime());
                        publisher.post("/api/v1/messages", "application/json", message("polled", 0));
                    } catch (IOException | InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
                String answer = poller.post(
                        "/messages/poll",
                        "application/json",
                        "{\"topics\":[\"polled\"],\"timeout\":5,\"since\":{\"polled\":\"" + position + "\"}}");
                nanos.add(System.nanoTime() - sent.get());
                position = lastId(answer);
                publishing.join();
            }
        }
        return percentiles(nanos);
    }

    /** The id of the last message of an answer. */
    private static String lastId(String answer) throws IOException {
        int begin = answer.lastIndexOf("\"message_id\":\"") + 14;
        if (begin < 14) {
            throw new IOException("no message: " + answer);
        }
        return answer.substring(begin, answer.indexOf('"', begin));
    }

    private double[] endToEnd(int port, String token) throws Exception {
        List<Long> nanos = new ArrayList<>();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        try (Connection publisher = new Connection(port, token);
                Connection listener = socket(port, token, "live")) {
            while (System.nanoTime() < end) {
                long begin = System.nanoTime();
                publisher.sendOnly("/api/v1/messages", message("live", begin % MILLION));
                listener.frame();
                nanos.add(System.nanoTime() - begin);
                publisher.answer();
                Thread.sleep(2);
            }
        }
        return percentiles(nanos);
    }

    /** One thread reads all sockets and counts frames, so that the relay is what is measured. */
    private double fanOut(int port, String token) throws Exception {
        int messages = Math.max(1, (int) (seconds * 100_000 / sockets / BULK)) * BULK;
        List<SocketChannel> open = new ArrayList<>();
        try (Connection publisher = new Connection(port, token);
                Selector selector = Selector.open()) {
            publisher.post("/api/v1/messages", "application/json", message("wide", 0));
            open(port, token, "wide", sockets, connection -> {
                SocketChannel channel = connection.channel;
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, new FrameCount());
                open.add(channel);
            });
            long begin = System.nanoTime();
            Thread publishing = Thread.ofVirtual().start(() -> {
                try {
                    for (int sent = 0; sent < messages; sent += BULK) {
                        publisher.post("/api/v1/messages/bulk", "application/json", bulk("wide", BULK));
                    }
                } catch (IOException e) {
                    System.err.println("The publisher ended early: " + e);
                }
            });
            boolean all = readFrames(selector, (long) messages * sockets, begin + TimeUnit.SECONDS.toNanos(60));
            double taken = (System.nanoTime() - begin) / 1e9;
            publishing.join();
            return all ? (double) messages * sockets / taken : Double.NaN;
        } finally {
            for (SocketChannel socket : open) {
                socket.close();
            }
        }
    }

    private static boolean readFrames(Selector selector, long expected, long deadline) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(256 * 1024);
        long seen = 0;
        while (seen < expected && System.nanoTime() < deadline) {
            selector.select(1000);
            for (SelectionKey key : selector.selectedKeys()) {
                if (((SocketChannel) key.channel()).read(buffer.clear()) < 0) {
                    throw new EOFException("the server has closed a socket");
                }
                seen += ((FrameCount) key.attachment()).add(buffer.flip());
            }
            selector.selectedKeys().clear();
        }
        return seen >= expected;
    }

    /** Counts the text frames of a socket, whose bytes come in any pieces. */
    private static final class FrameCount {
        private final byte[] header = new byte[10];
        private int headerBytes;
        private long payloadLeft;

        int add(ByteBuffer bytes) {
            int frames = 0;
            while (bytes.hasRemaining()) {
                if (payloadLeft > 0) {
                    int skipped = (int) Math.min(payloadLeft, bytes.remaining());
                    bytes.position(bytes.position() + skipped);
                    payloadLeft -= skipped;
                    continue;
                }
                header[headerBytes++] = bytes.get();
                int length = headerBytes < 2 ? 0 : header[1] & 127;
                int needed = length == 126 ? 4 : length == 127 ? 10 : 2;
                if (headerBytes == needed) {
                    ByteBuffer rest = ByteBuffer.wrap(header);
                    payloadLeft = length == 126 ? rest.getShort(2) & 0xffff : length == 127 ? rest.getLong(2) : length;
                    frames += (header[0] & 15) == 1 ? 1 : 0;
                    headerBytes = 0;
                }
            }
            return frames;
        }
    }

    /** Opens sockets that listen to a topic, several at a time. */
    private static void open(int port, String token, String topic, int count, Opened opened) throws Exception {
        AtomicInteger left = new AtomicInteger(count);
        together(OPENERS, number -> {
            while (left.getAndDecrement() > 0) {
                Connection connection = socket(port, token, topic);
                synchronized (left) {
                    opened.take(connection);
                }
            }
        });
    }

    /** Gets the sockets, one after the other. */
    @FunctionalInterface
    private interface Opened {
        void take(Connection connection) throws IOException;
    }

    private static Connection socket(int port, String token, String topic) throws IOException {
        Connection socket = new Connection(port, token);
        socket.upgrade();
        socket.say("{\"type\":\"subscribe\",\"client_id\":\"bench\",\"topics\":[\"" + topic + "\"]}");
        String answer = socket.frame();
        if (!answer.contains("\"subscribed\"")) {
            throw new IOException(answer);
        }
        return socket;
    }

    @FunctionalInterface
    private interface Work {
        void run(int number) throws Exception;
    }

    private static void together(int count, Work work) throws Exception {
        AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            threads.add(Thread.ofVirtual().start(() -> {
                try {
                    work.run(number);
                } catch (Exception e) {
                    failure.set(e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        Exception failed = failure.get();
        if (failed != null) {
            throw failed;
        }
    }

    /** A connection that sends a request, or a frame, and reads what comes, with as little work as possible. */
    private static final class Connection implements AutoCloseable {
        private final SocketChannel channel;
        private final Socket socket;
        private final DataInputStream in;
        private final OutputStream out;
        private final String token;
        private final String head;

        Connection(int port, String token) throws IOException {
            channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket = channel.socket();
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(60_000);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 16 * 1024));
            out = socket.getOutputStream();
            this.token = token;
            head = " HTTP/1.1\r\nHost: localhost\r\n"
                    + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n");
        }

        private void send(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }

        String get(String path) throws IOException {
            send("GET " + path + head + "\r\n");
            return answer();
        }

        String post(String path, String type, String body) throws IOException {
            send("POST " + path + head + "Content-Type: " + type + "\r\nContent-Length: " + body.length() + "\r\n\r\n"
                    + body);
            return answer();
        }

        void sendOnly(String path, String body) throws IOException {
            send("POST " + path + head + "Content-Type: application/json\r\nContent-Length: " + body.length()
                    + "\r\n\r\n" + body);
        }

        String answer() throws IOException {
            String status = line();
            int length = 0;
            for (String header = line(); !header.isEmpty(); header = line()) {
                if (header.regionMatches(true, 0, "content-length:", 0, 15)) {
                    length = Integer.parseInt(header.substring(15).strip());
                }
            }
            String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
            if (!status.startsWith("HTTP/1.1 2")) {
                throw new IOException(status + " " + body);
            }
            return body;
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    throw new EOFException("the server has closed the connection");
                }
                if (next != '\r') {
                    line.append((char) next);
                }
            }
            return line.toString();
        }

        void upgrade() throws IOException {
            send("GET /ws" + head + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: bearer, bearer." + token
                    + "\r\n\r\n");
            String status = line();
            while (!line().isEmpty()) {
                // The headers say nothing more.
            }
            if (!status.contains(" 101 ")) {
                throw new IOException(status);
            }
        }

        void say(String text) throws IOException {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            // Less than 126 bytes, with a mask of zeros, which changes nothing.
            byte[] frame = new byte[6 + bytes.length];
            frame[0] = (byte) 0x81;
            frame[1] = (byte) (0x80 | bytes.length);
            System.arraycopy(bytes, 0, frame, 6, bytes.length);
            out.write(frame);
        }

        /** The next message; pings are passed over. */
        String frame() throws IOException {
            while (true) {
                int kind = in.readUnsignedByte() & 15;
                long length = in.readUnsignedByte();
                if (length == 126) {
                    length = in.readUnsignedShort();
                } else if (length == 127) {
                    length = in.readLong();
                }
                byte[] payload = in.readNBytes((int) length);
                if (kind == 1) {
                    return new String(payload, StandardCharsets.UTF_8);
                }
                if (kind == 8) {
                    throw new EOFException("the server has closed the socket");
                }
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
