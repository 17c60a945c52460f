package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server as a client's socket sees it: pipelines, limits, and clients that behave badly. */
final class ServerTest {
    private final List<AutoCloseable> opened = new ArrayList<>();

    private Server start(String... settings) throws Exception {
        Config config = new Config();
        config.set("port", "0");
        config.set("bind", "127.0.0.1");
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        Engine engine = AllCommands.engine(config, Clock.SYSTEM);
        opened.add(engine);
        Server server = new Server(engine);
        opened.add(server);
        server.start();
        return server;
    }

    private RawClient connect(Server server) throws IOException {
        RawClient client = RawClient.tcp(server.port());
        opened.addFirst(client);
        return client;
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "epoll", "nio", "io_uring"})
    void servesPipelinesOfAnyLength(String transport) throws Exception {
        if (!transport.equals("auto") && !Transport.isAvailable(transport)) {
            return;
        }
        Server server = start("transport", transport, "io-threads", "2");
        RawClient client = connect(server);
        int count = 20_000;
        StringBuilder pipeline = new StringBuilder();
        for (int i = 0; i < count; i++) {
            pipeline.append("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$")
                    .append(Integer.toString(i).length());
            pipeline.append("\r\n").append(i).append("\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
        }
        Thread writer = Thread.ofVirtual().start(() -> {
            try {
                client.send(pipeline.toString());
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        for (int i = 0; i < count; i++) {
            assertEquals("+OK", client.read());
            assertEquals("$" + Integer.toString(i).length() + "|" + i, client.read());
        }
        writer.join();
    }

    @Test
    void readsBytesOneByOne() throws Exception {
        RawClient client = connect(start());
        for (byte b : "*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\nPING\r\n".getBytes(StandardCharsets.US_ASCII)) {
            client.send(new byte[] {b});
        }
        assertEquals("$5|hello", client.read());
        assertEquals("+PONG", client.read());
    }

    @Test
    void answersAMistakeAndEndsTheConnectionAndNobodyElseNotices() throws Exception {
        Server server = start();
        RawClient good = connect(server);
        RawClient bad = connect(server);
        bad.send("*1\r\n$4\r\nPING\r\n*1\r\n!4\r\nPING\r\n*1\r\n$4\r\nPING\r\n");
        assertEquals("+PONG", bad.read());
        assertEquals("-ERR Protocol error: expected '$', got '!'", bad.read());
        assertTrue(bad.isEnded());
        assertEquals("+PONG", good.run("PING"));
    }

    @Test
    void aWaitingClientsLaterCommandsWaitToo() throws Exception {
        Server server = start("io-threads", "2");
        RawClient waiting = connect(server);
        RawClient other = connect(server);
        waiting.send("BLPOP q 0\r\nPING\r\nBLPOP q 0\r\nECHO end\r\n");
        while (!other.run("INFO clients").contains("blocked_clients:1")) {
            Thread.onSpinWait();
        }
        assertEquals(":1", other.run("RPUSH q a"));
        assertEquals("*2|$1|q|$1|a", waiting.read());
        assertEquals("+PONG", waiting.read());
        assertEquals(":1", other.run("RPUSH q b"));
        assertEquals("*2|$1|q|$1|b", waiting.read());
        assertEquals("$3|end", waiting.read());
    }

    @Test
    void theNumberOfEventLoopsMayChange() throws Exception {
        Server server = start();
        List<RawClient> clients = new ArrayList<>();
        for (String threads : List.of("1", "4", "2")) {
            clients.add(connect(server));
            assertEquals("+OK", clients.getFirst().run("CONFIG SET io-threads " + threads));
            for (int i = 0; i < 4; i++) {
                clients.add(connect(server));
            }
            for (RawClient client : clients) {
                assertEquals("+PONG", client.run("PING"));
            }
        }
    }

    @Test
    void aClientThatLeavesWaitsNoLonger() throws Exception {
        Server server = start();
        RawClient other = connect(server);
        RawClient waiting = connect(server);
        waiting.send("BLPOP q 0\r\n");
        while (!other.run("INFO clients").contains("blocked_clients:1")) {
            Thread.onSpinWait();
        }
        waiting.close();
        while (!other.run("INFO clients").contains("blocked_clients:0")) {
            Thread.onSpinWait();
        }
        assertEquals(":1", other.run("RPUSH q a"));
        assertEquals(":1", other.run("LLEN q"));
    }

    @Test
    void refusesMoreClientsThanAllowed() throws Exception {
        Server server = start("maxclients", "2");
        RawClient first = connect(server);
        RawClient second = connect(server);
        assertEquals("+PONG", first.run("PING"));
        assertEquals("+PONG", second.run("PING"));
        RawClient third = connect(server);
        assertEquals("-ERR max number of clients reached", third.read());
        assertTrue(third.isEnded());
    }

    @Test
    void endsAClientWhoseRequestIsTooLarge() throws Exception {
        RawClient client = connect(start("client-query-buffer-limit", "1mb"));
        client.send("*2\r\n$4\r\nECHO\r\n$100000000\r\n");
        byte[] part = new byte[64 * 1024];
        try {
            for (int i = 0; i < 1000; i++) {
                client.send(part);
            }
        } catch (IOException e) {
            // The server has ended the connection while we were still sending.
        }
        assertTrue(client.isEnded());
    }

    @Test
    void cutsOffASubscriberThatDoesNotRead() throws Exception {
        Server server = start("client-output-buffer-limit", "pubsub 1mb 512kb 60");
        RawClient subscriber = connect(server);
        RawClient publisher = connect(server);
        assertEquals("*3|$9|subscribe|$2|ch|:1", subscriber.run("SUBSCRIBE ch"));
        String message = "PUBLISH ch " + "x".repeat(30_000);
        while (!publisher.run(message).equals(":0")) {
            Thread.onSpinWait();
        }
        assertEquals("+PONG", publisher.run("PING"));
    }

    @Test
    void cutsOffAClientThatDoesNotReadItsReplies() throws Exception {
        Server server = start("client-output-buffer-limit", "normal 1mb 0 0");
        RawClient client = connect(server);
        RawClient other = connect(server);
        assertEquals("+OK", client.run("SET k " + "x".repeat(30_000)));
        try {
            for (int i = 0; i < 2000; i++) {
                client.send("GET k\r\n");
            }
        } catch (IOException e) {
            // The server has ended the connection while we were still sending.
        }
        assertTrue(client.isEnded());
        assertEquals("+PONG", other.run("PING"));
    }

    @Test
    void asksForThePassword() throws Exception {
        RawClient client = connect(start("requirepass", "secret"));
        assertEquals("-NOAUTH Authentication required.", client.run("GET a"));
        assertEquals("-WRONGPASS invalid username-password pair or user is disabled.", client.run("AUTH wrong"));
        client.send("AUTH secret\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$20000\r\n" + "v".repeat(20_000) + "\r\n");
        assertEquals("+OK", client.read());
        assertEquals("+OK", client.read());
    }

    @Test
    void speaksBothProtocols() throws Exception {
        RawClient client = connect(start());
        assertEquals("$-1", client.run("GET none"));
        String hello = client.run("HELLO 3");
        assertTrue(hello.startsWith("%7|$6|server"), hello);
        assertTrue(
                hello.endsWith("$4|role|$6|master|$7|modules|*1|%4|$4|name|$3|lua|$3|ver|:1|$4|path|$3|lua|$4|args|*0"),
                hello);
        assertEquals("_", client.run("GET none"));
        assertEquals("+RESET", client.run("RESET"));
        assertEquals("$-1", client.run("GET none"));
        assertEquals("+OK", client.run("REPLICAOF 127.0.0.1 1"));
        assertTrue(client.run("HELLO 2").contains("$4|role|$7|replica|"));
    }

    @Test
    void anErrorRepeatsTheBytesThatAClientHasSent() throws Exception {
        RawClient client = connect(start());
        for (String word : List.of("\u00ff\u00fe", "\u00c3\u00a9", "a\u0080")) {
            assertEquals(
                    "-ERR unknown command '" + word + "', with args beginning with: '" + word + "' ",
                    client.run(word + " " + word));
        }
    }

    @Test
    void asMonitorOneIsAcceptedOnce() throws Exception {
        RawClient client = connect(start());
        assertEquals("+OK", client.run("MONITOR"));
        client.send("MONITOR\r\n");
        assertEquals("+PONG", client.run("PING"));
    }

    @Test
    void servesUnixSockets(@TempDir Path folder) throws Exception {
        String path = folder.resolve("s.sock").toString();
        start("unixsocket", path, "unixsocketperm", "700");
        RawClient client = RawClient.unix(path);
        opened.addFirst(client);
        assertEquals("+PONG", client.run("PING"));
        assertTrue(client.run("CLIENT LIST").contains("addr=" + path + ":0"));
    }

    @Test
    void deliversMessagesBetweenEventLoops() throws Exception {
        Server server = start("io-threads", "2");
        List<RawClient> subscribers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            RawClient subscriber = connect(server);
            subscriber.run("SUBSCRIBE ch");
            subscribers.add(subscriber);
        }
        RawClient publisher = connect(server);
        for (int i = 0; i < 1000; i++) {
            publisher.send("PUBLISH ch " + i + "\r\n");
        }
        for (int i = 0; i < 1000; i++) {
            assertEquals(":4", publisher.read());
        }
        for (RawClient subscriber : subscribers) {
            for (int i = 0; i < 1000; i++) {
                String number = Integer.toString(i);
                assertEquals("*3|$7|message|$2|ch|$" + number.length() + "|" + number, subscriber.read());
            }
        }
    }

    @Test
    void repliesCanBeSwitchedOff() throws Exception {
        RawClient client = connect(start());
        client.send(
                "CLIENT REPLY SKIP\r\nSET a 1\r\nGET a\r\nCLIENT REPLY OFF\r\nGET a\r\nPING\r\nCLIENT REPLY ON\r\n");
        assertEquals("$1|1", client.read());
        assertEquals("+OK", client.read());
        assertEquals("+PONG", client.run("PING"));
    }

    /** A web page can make a browser send a request whose body is commands. */
    @ParameterizedTest
    @ValueSource(strings = {"auto", "epoll", "nio", "io_uring"})
    void anHttpRequestCommandsNothing(String transport) throws Exception {
        if (!transport.equals("auto") && !Transport.isAvailable(transport)) {
            return;
        }
        for (String password : new String[] {"", "secret"}) {
            Server server = start("transport", transport, "requirepass", password);
            RawClient other = connect(server);
            if (!password.isEmpty()) {
                assertEquals("+OK", other.run("AUTH secret"));
            }
            for (String request : new String[] {
                "POST / HTTP/1.1\r\nHost: x\r\n\r\nSET a 1\r\n",
                "GET / HTTP/1.1\r\nhOST: x\r\n\r\nSET a 1\r\n",
                "*2\r\n$4\r\npost\r\n$1\r\n/\r\nSET a 1\r\n",
                "MULTI\r\nSET a 1\r\nPOST /\r\nEXEC\r\n",
                "SUBSCRIBE c\r\nPost /\r\nSET a 1\r\n"
            }) {
                RawClient page = connect(server);
                page.send((password.isEmpty() ? "" : "AUTH secret\r\n") + request);
                assertTrue(page.isEnded(), request);
                RawClient stranger = connect(server);
                stranger.send(request);
                assertTrue(stranger.isEnded(), request);
            }
            RawClient half = connect(server);
            half.send("PO");
            half.send("ST / HTTP/1.1\r\nSET a 1\r\n");
            assertTrue(half.isEnded());
            assertEquals(":0", other.run("EXISTS a"));
            assertTrue(other.run("ECHO POST").startsWith("$4|POST"), "the word alone harms no one");
            assertTrue(other.run("EVAL \"return redis.pcall('POST')['err']\" 0").contains("Unknown"));
        }
    }

    @Test
    void whatWasAskedBeforeAnHttpRequestIsNotAnswered() throws Exception {
        Server server = start();
        RawClient page = connect(server);
        page.send("PING\r\nPOST / HTTP/1.1\r\n");
        assertEquals("", page.rest());
    }

    @Test
    void noMoreClientsThanTheSystemAllows() throws Exception {
        Server server = start("maxclients", "4294967295");
        long most = FileLimit.mostClients();
        RawClient client = connect(server);
        assertEquals(
                "*2|$10|maxclients|$" + String.valueOf(most).length() + "|" + most,
                client.run("CONFIG GET maxclients"));
        assertEquals(
                "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not able to"
                        + " handle the specified number of clients, try with " + most,
                client.run("CONFIG SET maxclients 4294967295"));
        assertEquals(
                "*2|$10|maxclients|$" + String.valueOf(most).length() + "|" + most,
                client.run("CONFIG GET maxclients"));
        assertEquals("+OK", client.run("CONFIG SET maxclients 100"));
    }
}
