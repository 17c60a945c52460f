package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The order between the sockets of different clients: what one event loop for all of them would give. */
final class OrderTest {
    /** Each takes an element of {@code q} and waits where there is none. */
    private static final List<String> BLOCKING = List.of(
            "BLPOP q 0",
            "BRPOP q 0",
            "BLMOVE q d LEFT RIGHT 0",
            "BRPOPLPUSH q d 0",
            "BLMPOP 0 1 q LEFT",
            "BZPOPMIN z 0",
            "BZPOPMAX z 0",
            "BZMPOP 0 1 z MIN",
            "XREADGROUP GROUP g c BLOCK 0 STREAMS s >");

    private final List<AutoCloseable> opened = new ArrayList<>();
    private Holdfast store = Holdfast.open();

    private Server start(String... settings) throws Exception {
        store.close();
        Config config = new Config();
        config.set("bind", "127.0.0.1");
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        store = Holdfast.open(config);
        return Server.serve(store, 0);
    }

    private RawClient connect(Server server) throws IOException {
        RawClient client = RawClient.tcp(server.port());
        opened.addFirst(client);
        return client;
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
        store.close();
    }

    /** Whether a transport can be used here, and shows what its connections' descriptors are. */
    private static boolean isAvailable(String transport) {
        return switch (transport) {
            case "auto" -> true;
            case "nio" -> Descriptors.of(new NioSocketChannel()) >= 0;
            default -> Transport.isAvailable(transport);
        };
    }

    private void awaitBlocked(int clients) {
        while (store.engine().blocking().blockedClients() < clients) {
            Thread.onSpinWait();
        }
    }

    // ---- a client that has gone ----

    private enum Ending {
        CLOSED,
        RESET,
        HALF_CLOSED;

        void end(RawClient client) throws IOException {
            switch (this) {
                case CLOSED -> client.close();
                case RESET -> client.reset();
                case HALF_CLOSED -> client.endSending();
            }
        }
    }

    /** Who adds the element. */
    enum Pusher {
        COMMAND,
        TRANSACTION,
        SCRIPT,
        IN_PROCESS;

        void push(OrderTest test, RawClient client, String command) throws IOException {
            switch (this) {
                case COMMAND -> assertAnswered(client.run(command));
                case TRANSACTION -> {
                    client.send("MULTI\r\n" + command + "\r\nEXEC\r\n");
                    assertEquals("+OK", client.read());
                    assertEquals("+QUEUED", client.read());
                    assertAnswered(client.read());
                }
                case SCRIPT -> assertAnswered(client.run("EVAL 'return redis.call(unpack(ARGV))' 0 " + command));
                case IN_PROCESS -> {
                    String[] words = command.split(" ");
                    switch (words[0]) {
                        case "RPUSH" -> test.store.rpush(words[1], words[2]);
                        case "ZADD" -> test.store.zadd(words[1], Double.parseDouble(words[2]), words[3]);
                        default -> assertAnswered(client.run(command));
                    }
                }
            }
        }

        private static void assertAnswered(String reply) {
            assertTrue(reply.charAt(0) != '-', reply);
        }
    }

    private static String push(String blocking) {
        return blocking.startsWith("BZ") ? "ZADD z 1 a" : blocking.startsWith("X") ? "XADD s * f v" : "RPUSH q a";
    }

    @ParameterizedTest
    @CsvSource({
        "auto, 1, COMMAND",
        "auto, 3, COMMAND",
        "auto, 1, TRANSACTION",
        "auto, 1, SCRIPT",
        "auto, 2, IN_PROCESS",
        "nio, 1, COMMAND",
        "nio, 3, IN_PROCESS",
        "io_uring, 1, COMMAND",
        "io_uring, 3, COMMAND"
    })
    void clientThatHasClosedIsServedNothing(String transport, String threads, Pusher pusher) throws Exception {
        if (!isAvailable(transport)) {
            return;
        }
        int rounds = threads.equals("1") && transport.equals("auto") && pusher == Pusher.COMMAND ? 25 : 8;
        Server server = start("transport", transport, "io-threads", threads);
        RawClient writer = connect(server);
        writer.run("XGROUP CREATE s g $ MKSTREAM");
        for (String command : BLOCKING) {
            for (Ending ending : Ending.values()) {
                for (int i = 0; i < rounds; i++) {
                    RawClient gone = RawClient.tcp(server.port());
                    gone.send(command + "\r\n");
                    awaitBlocked(1);
                    ending.end(gone);
                    pusher.push(this, writer, push(command));
                    assertNotTaken(writer, command, ending);
                    gone.close();
                    awaitNoneBlocked();
                }
            }
        }
    }

    private static void assertNotTaken(RawClient client, String command, Ending ending) throws IOException {
        String about = command + ", " + ending;
        if (command.startsWith("X")) {
            assertEquals("*4|:0|$-1|$-1|*-1", client.run("XPENDING s g"), about);
            client.run("XGROUP SETID s g $");
        } else {
            assertEquals(":1", client.run("DEL " + (command.startsWith("BZ") ? "z" : "q")), about);
            assertEquals(":0", client.run("EXISTS d"), about);
        }
    }

    private void awaitNoneBlocked() {
        while (store.engine().blocking().blockedClients() > 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void nextIsServedInTheirPlace() throws Exception {
        Server server = start();
        RawClient writer = connect(server);
        for (Ending ending : Ending.values()) {
            for (int i = 0; i < 200; i++) {
                RawClient gone = RawClient.tcp(server.port());
                gone.send("BLPOP q 0\r\n");
                awaitBlocked(1);
                RawClient next = RawClient.tcp(server.port());
                next.send("BLPOP q 0\r\n");
                awaitBlocked(2);
                ending.end(gone);
                writer.run("RPUSH q a");
                assertEquals("*2|$1|q|$1|a", next.read());
                gone.close();
                next.close();
                awaitNoneBlocked();
            }
        }
    }

    /** Bytes that the server has not come to read do not hide the end behind them. */
    @Test
    void endIsSeenBehindUnreadBytes() throws Exception {
        Server server = start();
        RawClient writer = connect(server);
        for (int i = 0; i < 200; i++) {
            RawClient gone = RawClient.tcp(server.port());
            gone.send("BLPOP q 0\r\n");
            awaitBlocked(1);
            gone.send("PING\r\n".repeat(1000));
            gone.endSending();
            writer.run("RPUSH q a");
            assertEquals(":1", writer.run("DEL q"));
            gone.close();
            awaitNoneBlocked();
        }
    }

    @Test
    void killedClientIsServedNothing() throws Exception {
        Server server = start("io-threads", "2");
        RawClient writer = connect(server);
        RawClient other = connect(server);
        assertEquals("+PONG", other.run("PING"));
        for (int i = 0; i < 200; i++) {
            RawClient killed = RawClient.tcp(server.port());
            String id = killed.run("CLIENT ID").substring(1);
            killed.send("BLPOP q 0\r\n");
            awaitBlocked(1);
            writer.send("CLIENT KILL ID " + id + "\r\nRPUSH q a\r\nDEL q\r\n");
            assertEquals(":1", writer.read());
            assertEquals(":1", writer.read());
            assertEquals(":1", writer.read());
            killed.close();
            awaitNoneBlocked();
        }
    }

    // ---- what a command causes for others ----

    /** With the writer's reply in hand, the other client's bytes have arrived. */
    private void assertArrived(RawClient writer, String command, RawClient other) throws IOException {
        assertEquals(0, other.arrived());
        String reply = writer.run(command);
        assertTrue(reply.charAt(0) != '-', reply);
        assertTrue(other.arrived() > 0, "later than the reply to " + command);
        other.read();
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "nio", "io_uring"})
    void othersHaveWhatACommandCausesBeforeItsReply(String transport) throws Exception {
        if (!isAvailable(transport)) {
            return;
        }
        Server server = start("transport", transport, "notify-keyspace-events", "KEA");
        RawClient writer = connect(server);
        RawClient reader = connect(server);
        RawClient broadcast = connect(server);
        RawClient subscriber = connect(server);
        RawClient events = connect(server);
        RawClient waiter = connect(server);
        reader.run("HELLO 3");
        reader.run("CLIENT TRACKING on");
        broadcast.run("HELLO 3");
        broadcast.run("CLIENT TRACKING on BCAST PREFIX k");
        subscriber.run("SUBSCRIBE channel");
        events.run("SUBSCRIBE __keyspace@0__:e");
        for (int i = 0; i < 300; i++) {
            reader.run("GET tracked");
            assertArrived(writer, "SET tracked " + i, reader);
            assertArrived(writer, "SET k 1", broadcast);
            assertArrived(writer, "PUBLISH channel hello", subscriber);
            assertArrived(writer, "SET e 1", events);
            assertArrived(writer, "EVAL 'return redis.call(ARGV[1],ARGV[2],ARGV[3])' 0 SET e 1", events);
            waiter.send("BLPOP q 0\r\n");
            awaitBlocked(1);
            assertArrived(writer, "RPUSH q a", waiter);
            waiter.send("BLPOP q 0\r\n");
            awaitBlocked(1);
            assertArrived(writer, "CLIENT UNBLOCK " + waiter(writer), waiter);
        }
    }

    private static String waiter(RawClient client) throws IOException {
        String list = client.run("CLIENT LIST FLAGS b");
        int at = list.indexOf("id=") + 3;
        return list.substring(at, list.indexOf(' ', at));
    }

    @Test
    void monitorsHaveSeenACommandBeforeItsReply() throws Exception {
        Server server = start();
        RawClient writer = connect(server);
        RawClient monitor = connect(server);
        monitor.run("MONITOR");
        for (int i = 0; i < 300; i++) {
            assertArrived(writer, "SET k " + i, monitor);
        }
    }

    @Test
    void everyCommandOfAPipelineIsInTime() throws Exception {
        Server server = start();
        RawClient writer = connect(server);
        RawClient one = connect(server);
        RawClient two = connect(server);
        one.run("SUBSCRIBE one");
        two.run("SUBSCRIBE two");
        for (int i = 0; i < 300; i++) {
            writer.send("PUBLISH one a\r\nPUBLISH two b\r\n");
            assertEquals(":1", writer.read());
            assertTrue(one.arrived() > 0);
            assertTrue(two.arrived() > 0);
            writer.read();
            one.read();
            two.read();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "io_uring"})
    void quitEndsTheConnectionWithItsReply(String transport) throws Exception {
        if (!isAvailable(transport)) {
            return;
        }
        Server server = start("transport", transport);
        for (int i = 0; i < 300; i++) {
            try (RawClient client = RawClient.tcp(server.port())) {
                assertEquals("+OK", client.run("QUIT"));
                assertEquals(-1, client.arrived());
            }
        }
    }

    @Test
    void nothingRunsBehindQuit() throws Exception {
        Server server = start();
        RawClient client = RawClient.tcp(server.port());
        client.send("QUIT\r\n" + "SET k 1\r\n".repeat(20_000));
        assertEquals("+OK", client.read());
        assertTrue(client.isEnded());
        assertEquals(":0", connect(server).run("EXISTS k"));
        client.close();
    }
}
