package dev.holdfast.relay.topic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.relay.HttpFace;
import dev.holdfast.relay.http.Json;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * Consumers of every kind, while the relay ends and begins again under them and their connections are cut: each gets every message of
 * a topic once and in order, because it goes on from the position that it has.
 */
class LossTest {
    private static final int MESSAGES = 250;
    private static final int RESTARTS = 4;
    private static final int OF_EACH_KIND = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final RelaySettings SETTINGS =
            new RelaySettings(10_000, Duration.ofHours(1), 50, 50, 20_000, Layout.OWNED);

    private final Random random = new Random(Long.getLong("holdfast.seed", 1206));
    private volatile boolean over;
    private volatile @Nullable HttpFace face;
    private String token = "";

    /** A connection that ends at once when it is cut, wherever its reader waits. */
    private final class Wire implements AutoCloseable {
        private final Socket socket;
        private final DataInputStream in;

        Wire(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        }

        void request(String line, String headers, String body) throws IOException {
            write((line + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\n" + headers + "\r\n"
                            + body)
                    .getBytes(StandardCharsets.UTF_8));
        }

        /** The head of an answer. Returns the length of its body. */
        int answer(String status) throws IOException {
            String first = line();
            if (!first.startsWith("HTTP/1.1 " + status)) {
                throw new IOException(first);
            }
            int length = 0;
            for (String header = line(); !header.isEmpty(); header = line()) {
                if (header.startsWith("content-length:")) {
                    length = Integer.parseInt(header.substring(15).strip());
                }
            }
            return length;
        }

        String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    throw new EOFException("cut");
                }
                if (next != '\r') {
                    line.append((char) next);
                }
            }
            return line.toString();
        }

        byte[] bytes(int length) throws IOException {
            byte[] bytes = new byte[length];
            in.readFully(bytes);
            return bytes;
        }

        /** Sends a text frame of at most 125 bytes, with a mask of zeros. */
        void say(String text) throws IOException {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            byte[] frame = new byte[6 + bytes.length];
            frame[0] = (byte) 0x81;
            frame[1] = (byte) (0x80 | bytes.length);
            System.arraycopy(bytes, 0, frame, 6, bytes.length);
            write(frame);
        }

        /** The next frame of text; those that say nothing are passed over. */
        JsonNode hear() throws IOException {
            while (true) {
                int kind = in.readUnsignedByte() & 15;
                int length = in.readUnsignedByte();
                byte[] payload = bytes(length == 126 ? in.readUnsignedShort() : length);
                if (kind == 1) {
                    return Json.read(payload);
                }
                if (kind == 8) {
                    throw new EOFException(
                            "closed: " + new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8));
                }
            }
        }

        private void write(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /** One that reads until it has everything, from wherever it is. */
    private abstract class Consumer implements Runnable {
        final List<Integer> got = new CopyOnWriteArrayList<>();
        String position = "earliest";
        private volatile @Nullable Wire wire;
        private volatile @Nullable Exception last;

        /** Reads until it is done; what it throws is a cut. */
        abstract void read(Wire from) throws IOException;

        void take(JsonNode message) {
            got.add(message.get("payload").get("n").asInt());
            position = message.get("message_id").asString();
        }

        boolean isDone() {
            return got.size() >= MESSAGES || over;
        }

        @Override
        public void run() {
            while (!isDone()) {
                try (Wire connected = new Wire(Objects.requireNonNull(face).port())) {
                    wire = connected;
                    read(connected);
                } catch (IOException e) {
                    // Cut, or refused while the relay ends: it comes back.
                    last = e;
                }
            }
        }

        void cut() throws IOException {
            Wire connected = wire;
            if (connected != null) {
                connected.close();
            }
        }

        @Override
        public String toString() {
            return getClass().getSimpleName() + " at " + position + ", last cut by " + last;
        }
    }

    private final class Poller extends Consumer {
        @Override
        void read(Wire from) throws IOException {
            while (!isDone()) {
                String body = "{\"topics\":[\"t\"],\"timeout\":5,\"limit\":7,\"since\":{\"t\":\"" + position + "\"}}";
                from.request(
                        "POST /messages/poll",
                        "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n",
                        body);
                Json.read(from.bytes(from.answer("200"))).get("messages").forEach(this::take);
            }
        }
    }

    private final class Listener extends Consumer {
        @Override
        void read(Wire from) throws IOException {
            from.request("GET /ws", """
                    Connection: Upgrade\r
                    Upgrade: websocket\r
                    Sec-WebSocket-Version: 13\r
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                    """, "");
            from.answer("101");
            from.say("{\"type\":\"subscribe\",\"client_id\":\"c\",\"topics\":[\"t\"],\"offset\":\"" + position + "\"}");
            while (!isDone()) {
                JsonNode frame = from.hear();
                if (frame.get("type").asString().equals("message")) {
                    take(frame);
                }
            }
        }
    }

    private final class EventReader extends Consumer {
        @Override
        void read(Wire from) throws IOException {
            from.request(
                    "GET /api/v1/events?topics=t",
                    "Last-Event-ID: " + (position.equals("earliest") ? position : "t=" + position) + "\r\n",
                    "");
            from.answer("200");
            // A chunk holds whole events, so that its length has a line of its own.
            while (!isDone()) {
                String line = from.line();
                if (line.startsWith("data: {\"message_id\"")) {
                    take(Json.read(line.substring(6).getBytes(StandardCharsets.UTF_8)));
                }
            }
        }
    }

    @Test
    void noneIsLostOrDoubledOrOutOfOrder() throws Exception {
        try (RelayServer server = new RelayServer()) {
            token = server.anna.token;
            List<Consumer> consumers = new ArrayList<>();
            for (int i = 0; i < OF_EACH_KIND; i++) {
                consumers.addAll(List.of(new Poller(), new Listener(), new EventReader()));
            }
            List<Thread> threads = new ArrayList<>();
            face = server.another(SETTINGS);
            try {
                server.anna.publish("t", payload(0)).expect(201);
                consumers.forEach(consumer -> threads.add(Thread.ofVirtual().start(consumer)));
                for (int n = 1; n < MESSAGES; n++) {
                    if (n % (MESSAGES / (RESTARTS + 1)) == 0) {
                        HttpFace before = Objects.requireNonNull(face);
                        face = server.another(SETTINGS);
                        before.close();
                    }
                    if (random.nextInt(5) == 0) {
                        consumers.get(random.nextInt(consumers.size())).cut();
                    }
                    server.anna.publish("t", payload(n)).expect(201);
                }
                long deadline = System.nanoTime() + PATIENCE.toNanos();
                for (Thread thread : threads) {
                    thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
                }
            } finally {
                over = true;
                for (Consumer consumer : consumers) {
                    consumer.cut();
                }
                Objects.requireNonNull(face).close();
            }
            List<Integer> all = IntStream.range(0, MESSAGES).boxed().toList();
            for (Consumer consumer : consumers) {
                assertEquals(all, consumer.got, consumer::toString);
            }
        }
    }

    private String payload(int n) {
        return "{\"n\":" + n + ",\"pad\":\"" + "x".repeat(random.nextInt(3000)) + "\"}";
    }
}
