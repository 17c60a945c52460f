package dev.holdfast.relay.http;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.server.Endpoint;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.StoreUnavailableException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** HTTP as real sockets see it. */
class HttpServerTest {
    private static final HttpSettings QUICK = new HttpSettings(
            4,
            200_000,
            Duration.ofMillis(400),
            Duration.ofMillis(600),
            Duration.ofSeconds(20),
            Duration.ofSeconds(5),
            Duration.ofMillis(300),
            Set.of("relay.example"),
            Set.of("https://console.example"));

    private final CountDownLatch left = new CountDownLatch(1);
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch mayEnd = new CountDownLatch(1);
    private final AtomicReference<Outbox> stream = new AtomicReference<>();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final HttpClient client = HttpClient.newHttpClient();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        Routes routes = new Routes()
                .get(
                        "/hello/{name}",
                        request -> Response.json(
                                Map.of("name", request.pathParameter("name"), "q", String.valueOf(request.query("q")))))
                .get("/hello/world", request -> Response.text(200, "text/plain", "the literal one"))
                .add("POST", "/echo", 1000, request -> Response.of(200, "application/octet-stream", request.body()))
                .add("POST", "/large", 150_000, request -> {
                    entered.countDown();
                    mayEnd.await();
                    return Response.json(request.body().length);
                })
                .post("/json", request -> Response.json(request.json()))
                .get("/fail", request -> {
                    throw new IllegalStateException("a secret");
                })
                .get("/error", request -> {
                    throw new StackOverflowError();
                })
                .get("/store/{code}", request -> {
                    throw new CommandFailedException(request.pathParameter("code") + " it says");
                })
                .get("/away", request -> {
                    throw new StoreUnavailableException("no route");
                })
                .get("/wait", request -> {
                    request.onClose(left::countDown);
                    entered.countDown();
                    left.await();
                    return Response.text(200, "text/plain", "done");
                })
                .get("/events", request -> Response.events(10_000, stream::set))
                .get(
                        "/wide",
                        request -> Response.webSocket(1 << 20, out -> {
                            stream.set(out);
                            return text -> {};
                        }))
                .get(
                        "/socket",
                        request -> Response.webSocket(10_000, out -> {
                            stream.set(out);
                            out.offer("welcome");
                            return text -> {
                                if (text.equals("fail")) {
                                    throw new IllegalStateException("asked to");
                                }
                                out.offer("echo " + text);
                            };
                        }));
        server = new HttpServer("test", routes, QUICK, meters);
        server.listen(accept -> Endpoint.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), accept));
    }

    @AfterEach
    void stop() {
        mayEnd.countDown();
        left.countDown();
        server.close();
        client.close();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    private String raw(String text) throws IOException {
        try (RawHttp socket = new RawHttp(server.port())) {
            return socket.send(text).readAll();
        }
    }

    private static String head(String line, String... headers) {
        return line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + (headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n") + "\r\n";
    }

    // ---- routes ----

    @Test
    void aTemplateTakesOneSegmentAndALiteralWins() throws Exception {
        assertEquals("the literal one", get("/hello/world").body());
        assertEquals(
                "{\"name\":\"a/b c\",\"q\":\"x y\"}",
                order(get("/hello/a%2Fb%20c?q=x+y").body()));
        assertEquals(404, get("/hello/a/b").statusCode());
        assertEquals(404, get("/hello").statusCode());
    }

    private static String order(String json) {
        return json.startsWith("{\"q\"") ? json.replaceFirst("\\{(\"q\":\"[^\"]*\"),(.*)}", "{$2,$1}") : json;
    }

    @Test
    void whatLeadsNowhereIsAnErrorWithADetail() throws Exception {
        HttpResponse<String> missing = get("/nowhere");
        assertEquals(404, missing.statusCode());
        assertEquals("{\"detail\":\"Not Found\"}", missing.body());
        HttpResponse<String> method = send(request("/echo").GET());
        assertEquals(405, method.statusCode());
        assertEquals("OPTIONS, POST", method.headers().firstValue("allow").orElseThrow());
        assertTrue(raw(head("GET /hello/%zz")).startsWith("HTTP/1.1 400"));
    }

    @Test
    void headIsGetWithoutABody() throws Exception {
        String answer = raw(head("HEAD /hello/world"));
        assertTrue(answer.contains("content-length: 15"), answer);
        assertTrue(answer.endsWith("\r\n\r\n"), answer);
    }

    // ---- bodies ----

    @Test
    void aBodyMayComeWholeOrInChunks() throws Exception {
        assertEquals(
                "abc",
                send(request("/echo").POST(HttpRequest.BodyPublishers.ofString("abc")))
                        .body());
        String chunked = raw(head("POST /echo", "Transfer-Encoding: chunked") + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        assertTrue(chunked.endsWith("abcde"), chunked);
    }

    @Test
    void aBodyBeyondTheRoutesLimitIsRefusedHoweverItIsSent() throws Exception {
        HttpResponse<String> declared =
                send(request("/echo").POST(HttpRequest.BodyPublishers.ofString("x".repeat(1001))));
        assertEquals(413, declared.statusCode());
        assertTrue(declared.body().contains("PAYLOAD_TOO_LARGE"));
        String chunk = "1f4\r\n" + "x".repeat(500) + "\r\n";
        assertTrue(raw(head("POST /echo", "Transfer-Encoding: chunked") + chunk + chunk + chunk + chunk + "0\r\n\r\n")
                .startsWith("HTTP/1.1 413"));
        assertEquals(
                1000,
                send(request("/echo").POST(HttpRequest.BodyPublishers.ofString("x".repeat(1000))))
                        .body()
                        .length());
    }

    @Test
    void aClientIsToldBeforeItSendsABodyInVain() throws Exception {
        try (RawHttp socket = new RawHttp(server.port())) {
            socket.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
            assertTrue(socket.readUntil("\r\n\r\n", 1).startsWith("HTTP/1.1 100"));
            assertTrue(socket.send("abc").readUntil("abc", 1).startsWith("HTTP/1.1 200"));
        }
        assertTrue(raw(head("POST /echo", "Content-Length: 5000", "Expect: 100-continue"))
                .startsWith("HTTP/1.1 413"));
    }

    @Test
    void allBodiesTogetherHaveALimit() throws Exception {
        CompletableFuture<HttpResponse<String>> first = client.sendAsync(
                request("/large")
                        .POST(HttpRequest.BodyPublishers.ofString("x".repeat(150_000)))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertTrue(entered.await(10, TimeUnit.SECONDS));
        HttpResponse<String> second =
                send(request("/large").POST(HttpRequest.BodyPublishers.ofString("x".repeat(100_000))));
        assertEquals(503, second.statusCode());
        mayEnd.countDown();
        assertEquals("150000", first.get().body());
        assertEquals(
                "100000",
                send(request("/large").POST(HttpRequest.BodyPublishers.ofString("x".repeat(100_000))))
                        .body());
    }

    @Test
    void jsonThatIsNoneIsAnErrorOfTheCaller() throws Exception {
        for (String bad : new String[] {"", "{", "{\"a\":1}x", "[".repeat(200) + "]".repeat(200)}) {
            HttpResponse<String> answer = send(request("/json").POST(HttpRequest.BodyPublishers.ofString(bad)));
            assertEquals(422, answer.statusCode(), bad);
        }
    }

    // ---- strangers ----

    @Test
    void anUnknownNameOfTheServerIsRefused() throws Exception {
        String request = "GET /hello/x HTTP/1.1\r\nConnection: close\r\nHost: ";
        assertTrue(raw(request + "attacker.example:8080\r\n\r\n").startsWith("HTTP/1.1 421"));
        for (String good :
                new String[] {"localhost:1", "127.0.0.1", "10.1.2.3:80", "[::1]:8080", "RELAY.example:8080"}) {
            assertTrue(raw(request + good + "\r\n\r\n").startsWith("HTTP/1.1 200"), good);
        }
        assertTrue(raw("GET /hello/x HTTP/1.1\r\nConnection: close\r\n\r\n").startsWith("HTTP/1.1 400"));
        assertTrue(raw(request + "localhost\r\nHost: attacker.example\r\n\r\n").startsWith("HTTP/1.1 400"));
        assertTrue(raw("GET /hello/x HTTP/1.0\r\n\r\n").startsWith("HTTP/1.1 421"));
    }

    @Test
    void pagesOfOtherSitesAreRefused() throws Exception {
        for (String bad : new String[] {"https://attacker.example", "null", "http://localhost:1"}) {
            assertTrue(
                    raw(head("POST /echo", "Origin: " + bad, "Content-Length: 0"))
                            .startsWith("HTTP/1.1 403"),
                    bad);
        }
        assertTrue(raw(head("POST /echo", "Origin: http://localhost", "Content-Length: 0"))
                .startsWith("HTTP/1.1 200"));
        String trusted = raw(head("POST /echo", "Origin: https://console.example", "Content-Length: 0"));
        assertTrue(trusted.startsWith("HTTP/1.1 200"), trusted);
        assertTrue(trusted.contains("access-control-allow-origin: https://console.example"), trusted);
        String socket = raw(head(
                "GET /socket",
                "Origin: https://attacker.example",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
        assertTrue(socket.startsWith("HTTP/1.1 403"), socket);
    }

    @Test
    void aTrustedPageMayAskBeforehand() throws Exception {
        String answer =
                raw(head("OPTIONS /echo", "Origin: https://console.example", "Access-Control-Request-Method: POST"));
        assertTrue(answer.startsWith("HTTP/1.1 204"), answer);
        assertTrue(answer.contains("access-control-allow-methods: OPTIONS, POST"), answer);
        assertFalse(answer.contains("content-length"), answer);
    }

    // ---- time ----

    @Test
    void whoDripsAHeadIsCutOff() throws Exception {
        try (RawHttp socket = new RawHttp(server.port())) {
            socket.send("GET /hello/x HTTP/1.1\r\nHost: loc");
            assertTrue(socket.readAll().startsWith("HTTP/1.1 408"));
        }
    }

    @Test
    void whoSendsNothingAtAllIsCutOff() throws Exception {
        try (RawHttp socket = new RawHttp(server.port())) {
            assertEquals("", socket.readAll());
        }
    }

    @Test
    void whoDripsABodyIsCutOff() throws Exception {
        try (RawHttp socket = new RawHttp(server.port())) {
            socket.send(head("POST /echo", "Content-Length: 10") + "abc");
            assertTrue(socket.readAll().startsWith("HTTP/1.1 408"));
        }
    }

    // ---- connections ----

    @Test
    void requestsInARowAreAnsweredInOrder() throws Exception {
        try (RawHttp socket = new RawHttp(server.port())) {
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < 50; i++) {
                all.append("GET /hello/n").append(i).append("x HTTP/1.1\r\nHost: localhost\r\n\r\n");
            }
            String answers = socket.send(all.toString()).readUntil("}", 50);
            int last = -1;
            for (int i = 0; i < 50; i++) {
                int place = answers.indexOf("\"n" + i + "x\"");
                assertTrue(place > last, answers);
                last = place;
            }
        }
    }

    @Test
    void oneConnectionTooManyIsRefused() throws Exception {
        RawHttp[] open = new RawHttp[4];
        for (int i = 0; i < open.length; i++) {
            open[i] = new RawHttp(server.port());
            open[i].send("GET /hello/world HTTP/1.1\r\nHost: localhost\r\n\r\n").readUntil("literal one", 1);
        }
        assertTrue(raw(head("GET /hello/world")).startsWith("HTTP/1.1 503"));
        for (RawHttp socket : open) {
            socket.close();
        }
        await().until(() -> raw(head("GET /hello/world")).startsWith("HTTP/1.1 200"));
    }

    @Test
    void whatIsNoRequestIsSaidSo() throws Exception {
        assertTrue(raw("PING\r\n\r\n").startsWith("HTTP/1.1 400"));
        assertTrue(raw("GET /" + "x".repeat(9000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .startsWith("HTTP/1.1 414"));
        assertTrue(raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "x".repeat(17_000) + "\r\n\r\n")
                .startsWith("HTTP/1.1 431"));
    }

    @Test
    void aHandlerLearnsThatItsClientHasGone() throws Exception {
        try (RawHttp socket = new RawHttp(server.port())) {
            socket.send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertTrue(entered.await(10, TimeUnit.SECONDS));
        }
        assertTrue(left.await(10, TimeUnit.SECONDS));
    }

    @Test
    void closingLetsARequestUnderWayBeAnswered() throws Exception {
        CompletableFuture<HttpResponse<String>> answer =
                client.sendAsync(request("/wait").build(), HttpResponse.BodyHandlers.ofString());
        assertTrue(entered.await(10, TimeUnit.SECONDS));
        server.close();
        assertEquals("done", answer.get().body());
        assertThrows(IOException.class, () -> get("/hello/world"));
    }

    // ---- failures ----

    @Test
    void aFailureIsToldWithoutItsReason() throws Exception {
        for (String path : new String[] {"/fail", "/error"}) {
            HttpResponse<String> answer = get(path);
            assertEquals(500, answer.statusCode());
            assertEquals("{\"detail\":\"Internal Server Error\"}", answer.body());
        }
        assertEquals(
                2,
                meters.get("holdfast.http.requests").tag("status", "500").timers().stream()
                        .mapToLong(timer -> timer.count())
                        .sum());
    }

    @Test
    void aStoreThatRefusesIsNoFailureOfTheServer() throws Exception {
        assertEquals(507, get("/store/OOM").statusCode());
        for (String code : new String[] {"MISCONF", "LOADING", "BUSY", "READONLY", "NOREPLICAS", "CLUSTERDOWN"}) {
            HttpResponse<String> answer = get("/store/" + code);
            assertEquals(503, answer.statusCode(), code);
            assertEquals("1", answer.headers().firstValue("retry-after").orElseThrow());
        }
        assertEquals(503, get("/away").statusCode());
        assertEquals(500, get("/store/ERR").statusCode());
    }

    // ---- streams ----

    @Test
    void eventsAreSentAndAQuietStreamIsKeptAwake() throws Exception {
        try (RawHttp socket = new RawHttp(server.port())) {
            socket.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
            String head = socket.readUntil("\r\n\r\n", 1);
            assertTrue(head.contains("x-accel-buffering: no"), head);
            Outbox out = opened();
            assertEquals(Outbox.Outcome.ACCEPTED, out.offer(Events.event("1-0", "", "one\ntwo")));
            String event = socket.readUntil("\n\n", 1);
            assertTrue(event.endsWith("id: 1-0\ndata: one\ndata: two\n\n"), event);
            socket.readUntil(Events.HEARTBEAT, 2);
            out.offer(Events.event("2-0", "end", "bye"));
            out.close(1000, "");
            assertTrue(socket.readAll().contains("event: end\ndata: bye\n\n"));
        }
    }

    @Test
    void aClientOfHttp10GetsEventsWithoutChunks() throws Exception {
        try (RawHttp socket = new RawHttp(server.port())) {
            socket.send("GET /events HTTP/1.0\r\nHost: localhost\r\n\r\n");
            String head = socket.readUntil("\r\n\r\n", 1);
            assertFalse(head.contains("transfer-encoding"), head);
            assertTrue(head.contains("connection: close"), head);
            Outbox out = opened();
            out.offer(Events.event("", "", "one"));
            assertEquals("data: one\n\n", socket.readUntil("\n\n", 1));
            out.offer(Events.event("", "", "two"));
            out.close(1000, "");
            assertEquals("data: two\n\n", socket.readAll());
        }
    }

    @Test
    void aWebSocketGetsMessagesOfEveryLengthWhole() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        open("/wide", heard);
        int[] lengths = {0, 1, 125, 126, 3000, 65_535, 65_536, 100_000};
        for (int length : lengths) {
            assertEquals(Outbox.Outcome.ACCEPTED, opened().offer("x".repeat(length)));
        }
        for (int length : lengths) {
            assertEquals("x".repeat(length), heard.poll(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void aClientThatDoesNotReadFillsItsOutboxAndHoldsUpNoOther() throws Exception {
        try (RawHttp socket = new RawHttp(server.port())) {
            socket.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").readUntil("\r\n\r\n", 1);
            Outbox out = opened();
            String event = Events.event("", "", "x".repeat(1000));
            boolean full = false;
            for (Outbox.Outcome outcome = out.offer(event);
                    outcome != Outbox.Outcome.CLOSED;
                    outcome = out.offer(event)) {
                full |= outcome == Outbox.Outcome.FULL;
                assertTrue(out.waitingBytes() <= 10_000);
            }
            assertTrue(full);
        }
    }

    @Test
    void aWebSocketAnswersInOrder() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        WebSocket socket = open(heard);
        for (int i = 0; i < 200; i++) {
            socket.sendText("n" + i, true).join();
        }
        socket.sendText("spl", false).join();
        socket.sendText("it", true).join();
        assertEquals("welcome", heard.poll(10, TimeUnit.SECONDS));
        for (int i = 0; i < 200; i++) {
            assertEquals("echo n" + i, heard.poll(10, TimeUnit.SECONDS));
        }
        assertEquals("echo split", heard.poll(10, TimeUnit.SECONDS));
        socket.sendClose(1000, "bye").join();
        assertEquals("closed 1000", heard.poll(10, TimeUnit.SECONDS));
    }

    @Test
    void aWebSocketIsClosedWithAReason() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        WebSocket socket = open(heard);
        assertEquals("welcome", heard.poll(10, TimeUnit.SECONDS));
        socket.sendText("fail", true).join();
        assertEquals("closed 1011", heard.poll(10, TimeUnit.SECONDS));

        WebSocket other = open(heard);
        assertEquals("welcome", heard.poll(10, TimeUnit.SECONDS));
        other.sendBinary(java.nio.ByteBuffer.allocate(3), true).join();
        assertEquals("closed 1003", heard.poll(10, TimeUnit.SECONDS));

        open(heard);
        assertEquals("welcome", heard.poll(10, TimeUnit.SECONDS));
        server.close();
        assertEquals("closed 1001", heard.poll(10, TimeUnit.SECONDS));
    }

    @Test
    void aWebSocketThatIsAskedForAsAPageIsExplained() throws Exception {
        assertEquals(426, get("/socket").statusCode());
    }

    private Outbox opened() {
        await().until(() -> stream.get() != null);
        return Objects.requireNonNull(stream.get());
    }

    private WebSocket open(BlockingQueue<String> heard) {
        return open("/socket", heard);
    }

    private WebSocket open(String path, BlockingQueue<String> heard) {
        return client.newWebSocketBuilder()
                .buildAsync(URI.create("ws://127.0.0.1:" + server.port() + path), new WebSocket.Listener() {
                    private final StringBuilder text = new StringBuilder();

                    @Override
                    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
                        text.append(data);
                        if (last) {
                            heard.add(text.toString());
                            text.setLength(0);
                        }
                        socket.request(1);
                        return null;
                    }

                    @Override
                    public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
                        heard.add("closed " + status);
                        return null;
                    }
                })
                .join();
    }
}
