package dev.holdfast.relay.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.server.Endpoint;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What attackers send: each is refused, leads to no handler, and costs no other client anything. */
class HostileHttpTest {
    private static final String HOST = " HTTP/1.1\r\nHost: localhost\r\n";

    private final ConcurrentLinkedQueue<String> handled = new ConcurrentLinkedQueue<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        Routes routes = new Routes()
                .get("/page/{name}", request -> {
                    handled.add("page " + request.pathParameter("name"));
                    return Response.text(200, "text/plain", "a page");
                })
                .add("POST", "/echo", 1000, request -> {
                    handled.add("echo " + request.bodyText());
                    return Response.of(200, "application/octet-stream", request.body());
                })
                .get(
                        "/socket",
                        request ->
                                Response.webSocket(10_000, out -> text -> out.offer(Integer.toString(text.length()))));
        server = new HttpServer("test", routes, HttpSettings.DEFAULT, new SimpleMeterRegistry());
        server.listen(accept -> Endpoint.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), accept));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String raw(String request) throws IOException {
        try (RawHttp socket = new RawHttp(server.port())) {
            return socket.send(request).readAll();
        }
    }

    private void refused(int status, String request) throws IOException {
        String answer = raw(request);
        String shown = request.substring(0, Math.min(200, request.length()));
        assertTrue(answer.startsWith("HTTP/1.1 " + status), shown + " -> " + answer);
        assertEquals(1, answer.split("HTTP/1\\.1 ", -1).length - 1, shown + " -> " + answer);
        assertEquals(List.of(), List.copyOf(handled), shown);
    }

    @Test
    void whereARequestEndsIsNeverInDoubt() throws Exception {
        String second = "GET /page/smuggled" + HOST + "\r\n";
        String chunked = "5\r\nhello\r\n0\r\n\r\n";
        String post = "POST /echo" + HOST;
        List<String> requests = List.of(
                post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked,
                post + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + chunked,
                post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                post + "Content-Length: 5, 6\r\n\r\nhello",
                post + "Content-Length: +5\r\n\r\nhello",
                post + "Content-Length: -5\r\n\r\nhello",
                post + "Content-Length: 0x5\r\n\r\nhello",
                post + "Content-Length: 99999999999999999999\r\n\r\nhello",
                post + "Transfer-Encoding: chunked, identity\r\n\r\n" + chunked,
                post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + chunked,
                post + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
                post + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
                post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello");
        for (String request : requests) {
            refused(400, request + second);
        }
        String close = "Connection: close\r\n\r\n";
        for (String request : List.of(
                "POST /echo HTTP/1.1\r\nHost : localhost\r\nContent-Length: 0\r\n" + close,
                "GET /page/x HTTP/1.1\nHost: localhost\n\n",
                "GET /page/x" + HOST + "X: a\0b\r\n" + close,
                "GET /page/x HTTP/1.1\r\n" + close,
                "GET /page/x HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n" + close,
                "GET http://evil.example/page/x" + HOST + close)) {
            refused(400, request);
        }
        refused(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        refused(501, post + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunked + second);
        refused(413, post + "Content-Length: 1001\r\n\r\n" + second);
        refused(413, post + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + "x".repeat(1001) + "\r\n0\r\n\r\n" + second);
    }

    @Test
    void floodsAreCutShort() throws Exception {
        refused(414, "GET /page/" + "x".repeat(9000) + HOST + "\r\n");
        StringBuilder headers = new StringBuilder();
        for (int i = 0; i < 5000; i++) {
            headers.append("X-").append(i).append(": y\r\n");
        }
        refused(431, "GET /page/x" + HOST + headers + "\r\n");
        refused(431, "GET /page/x" + HOST + "X: " + "y".repeat(20_000) + "\r\n\r\n");
        // Trailers count as headers do.
        String trailed = raw("POST /echo" + HOST + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + headers + "\r\n");
        assertFalse(trailed.startsWith("HTTP/1.1 200"), trailed);
    }

    @Test
    void pathsLeadWhereTheySayOrNowhere() throws Exception {
        for (String path : List.of(
                "/page",
                "/page/",
                "/page/a/b",
                "//page/a",
                "/page//a",
                "/./page/a",
                "/x/../page/a",
                "/PAGE/a",
                "/page%2fa",
                "/%2e%2e/page/a",
                "/page;x=1/a")) {
            String answer = raw("GET " + path + HOST + "Connection: close\r\n\r\n");
            boolean empty = path.equals("/page/");
            assertTrue(answer.startsWith("HTTP/1.1 " + (empty ? 200 : 404)), path + " -> " + answer);
        }
        handled.clear();
        for (Map.Entry<String, String> each : Map.of(
                        "/page/%2e%2e",
                        "page ..", "/page/a%2fb", "page a/b", "/page/a+b", "page a+b", "/page/a%20b", "page a b")
                .entrySet()) {
            raw("GET " + each.getKey() + HOST + "Connection: close\r\n\r\n");
            assertEquals(each.getValue(), handled.poll());
        }
        assertTrue(raw("GET /page/%zz" + HOST + "Connection: close\r\n\r\n").startsWith("HTTP/1.1 400"));
        assertTrue(raw("GET /page/%" + HOST + "Connection: close\r\n\r\n").startsWith("HTTP/1.1 400"));
        assertEquals(List.of(), List.copyOf(handled));
    }

    @Test
    void aClientThatSaysItSendsNoMoreHasGone() throws Exception {
        try (RawHttp socket = new RawHttp(server.port())) {
            socket.send("POST /echo" + HOST + "Content-Length: 5\r\n\r\nhel").endOutput();
            assertEquals("", socket.readAll());
        }
        assertEquals(List.of(), List.copyOf(handled));
    }

    @Test
    void framesThatAreNoneEndTheirSocketOnly() throws Exception {
        String upgrade = "GET /socket" + HOST + "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        List<String> frames = new ArrayList<>(List.of(
                // Not masked, as a client must; reserved bits; an unknown kind; a long ping; a part without a
                // beginning.
                "\u0081\u0005hello",
                "\u00f1\u0080\0\0\0\0",
                "\u008b\u0080\0\0\0\0",
                "\u0089\u00fe\u0000\u00ff\0\0\0\0" + "x".repeat(255),
                "\u0080\u0080\0\0\0\0",
                // Text that is not UTF-8; a binary message; a frame that claims to be huge.
                "\u0081\u0082\0\0\0\0\u00c3(",
                "\u0082\u0081\0\0\0\0x",
                "\u0081\u00ff\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\0\0\0\0"));
        for (String frame : frames) {
            try (RawHttp good = new RawHttp(server.port());
                    RawHttp bad = new RawHttp(server.port())) {
                good.send(upgrade).readUntil("\r\n\r\n", 1);
                bad.send(upgrade).readUntil("\r\n\r\n", 1);
                bad.send(frame).readAll();
                good.send("\u0081\u0083\0\0\0\0abc").readUntil("3", 1);
            }
        }
    }
}
