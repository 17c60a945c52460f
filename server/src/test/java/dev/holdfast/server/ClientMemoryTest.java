package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients hold, its end, and that nobody else is hurt when a client comes to it. */
final class ClientMemoryTest {
    private static final int BIG = 1 << 20;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @SuppressWarnings("NullAway.Init") // By start.
    private Engine engine;

    @SuppressWarnings("NullAway.Init") // By start.
    private Server server;

    private void start(String... settings) throws Exception {
        Config config = new Config();
        config.set("port", "0");
        config.set("bind", "127.0.0.1");
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        engine = AllCommands.engine(config, Clock.SYSTEM);
        opened.add(engine);
        server = new Server(engine);
        opened.add(server);
        server.start();
    }

    private RawClient connect() throws IOException {
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

    /** Waits for what another thread brings about. */
    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + 30_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited for 30 seconds");
            Thread.onSpinWait();
        }
    }

    private static String command(String... words) {
        StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        return text.toString();
    }

    private static void run(RawClient client, String expected, String... words) throws IOException {
        client.send(command(words));
        assertEquals(expected, client.read());
    }

    /** Everything that makes a connection hold something. Ends early where the connection does. */
    private void holdAll(RawClient client, RawClient other) throws IOException {
        try {
            client.send(command("CLIENT", "SETNAME", "victim") + command("HELLO", "3"));
            client.send(command("ECHO", "word " + "x".repeat(300_000)).substring(0, 150_000));
            client.send("x".repeat(150_000));
            client.send(command("ECHO", "word " + "x".repeat(300_000)).substring(300_000));
            String[] keys = new String[6000];
            java.util.Arrays.setAll(keys, i -> i == 0 ? "DEL" : "no key of this name " + i);
            String many = command(keys);
            client.send(many.substring(0, many.length() / 2));
            other.run("PING");
            client.send(many.substring(many.length() / 2));
            client.send(command("MULTI") + command("SET", "a", "b") + command("EXEC"));
            client.send(command("MULTI") + command("SET", "a", "b") + command("DISCARD"));
            // The arrays of values before, and of transactions, serve again.
            for (int i = 0; i < 3; i++) {
                String set = command("SET", "own", own(i));
                client.send(set.substring(0, set.length() / 2));
                other.run("PING");
                client.send(set.substring(set.length() / 2));
                client.send(command("MULTI")
                        + command("SET", "own", own(i)).repeat(3)
                        + command(i == 1 ? "EXEC" : "DISCARD"));
            }
            client.send(command("WATCH", "w") + command("UNWATCH") + command("WATCH", "v"));
            client.send(command("SUBSCRIBE", "news") + command("PSUBSCRIBE", "n*") + command("SSUBSCRIBE", "s"));
            client.send(command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "t:"));
            client.send(command("BLPOP", "nothing", "0.001"));
            client.send(command("LRANGE", "list", "0", "-1"));
            client.send(
                    command("MGET", "big", "no", "big") + command("GET", "big").repeat(6));
            client.send(command("LRANGE", "list", "0", "-1").repeat(2));
            for (int i = 0; i < 3; i++) {
                other.send(command("PUBLISH", "news", "m".repeat(3000)));
                other.read();
                other.send(command("SET", "t:" + i, "x"));
                assertEquals("+OK", other.read());
            }
            client.send(command("MONITOR"));
            other.run("PING");
            other.send(command("ECHO", "shown"));
            assertEquals("$5|shown", other.read());
            client.send(command("ECHO", "this is the end").repeat(2));
            client.readUntil("this is the end\r\n");
        } catch (IOException e) {
            // The server has ended the connection.
        }
    }

    /** A long value, one letter again and again, each time a little shorter. */
    private static String own(int index) {
        return Character.toString('a' + index).repeat(200_000 - 1000 * index);
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio", "io_uring"})
    void whereverMemoryIsRefusedOnlyThatClientEnds(String transport) throws Exception {
        if (!Transport.isAvailable(transport)) {
            return;
        }
        start("transport", transport, "io-threads", "1");
        RawClient other = connect();
        RawClient subscriber = connect();
        run(other, "+OK", "SET", "big", "x".repeat(BIG));
        for (int i = 0; i < 8; i++) {
            run(other, ":" + (i + 1), "RPUSH", "list", ("element " + i + " ").repeat(10_000));
        }
        run(subscriber, "*3|$9|subscribe|$6|others|:1", "SUBSCRIBE", "others");
        long before = engine.clientMemory().sum();
        boolean struck = true;
        int place = 0;
        // A transport that does not give back what it has not sent takes its time.
        int step = transport.equals("io_uring") ? 7 : 1;
        for (; struck; place += step) {
            AtomicInteger left = new AtomicInteger(place);
            engine.clientMemory()
                    .setFault((client, bytes) -> client.name().equals("victim") && left.getAndDecrement() == 0);
            try (RawClient victim = RawClient.reluctant(server.port())) {
                holdAll(victim, other);
            }
            engine.clientMemory().setFault(null);
            struck = left.get() < 0;
            run(other, "$4|mine", "ECHO", "mine");
            run(other, ":1", "PUBLISH", "others", "number " + place);
            String message = "number " + place;
            assertEquals("*3|$7|message|$6|others|$" + message.length() + "|" + message, subscriber.read());
            assertEquals("$" + BIG + "|" + "x".repeat(BIG), runForReply(other, "GET", "big"));
            String own = runForReply(other, "GET", "own");
            assertTrue(own.equals("$-1") || IntStream.range(0, 3).anyMatch(i -> own.endsWith("|" + own(i))), "mixed");
            runForReply(other, "DEL", "own");
            // A reader has the last byte of a reply a moment before the server knows that it has gone.
            await(() -> engine.clients().size() == 2 && engine.clientMemory().sum() <= before);
        }
        assertTrue(place > 30, "only " + place + " places");
    }

    /** A command for whose words there is no memory is answered with an error. The client goes on, and its transaction fails. */
    @Test
    void aCommandWithoutRoomIsRefused() throws Exception {
        start();
        RawClient client = connect();
        run(client, "+OK", "CLIENT", "SETNAME", "victim");
        engine.clientMemory().setFault((holder, bytes) -> holder.name().equals("victim") && bytes > 500_000);
        String set = command("SET", "k", "x".repeat(700_000));
        client.send(command("PING") + set.substring(0, 300_000));
        assertEquals("+PONG", client.read());
        client.send(set.substring(300_000) + command("ECHO", "next"));
        assertEquals("-OOM command not allowed when used memory > 'maxmemory'.", client.read());
        assertEquals("$4|next", client.read());
        run(client, "+OK", "MULTI");
        run(client, "-OOM command not allowed when used memory > 'maxmemory'.", "SET", "k", "x".repeat(700_000));
        run(client, "-EXECABORT Transaction discarded because of previous errors.", "EXEC");
        engine.clientMemory().setFault(null);
        run(client, "$-1", "GET", "k");
        run(client, "+OK", "SET", "k", "x".repeat(700_000));
    }

    private static String runForReply(RawClient client, String... words) throws IOException {
        client.send(command(words));
        return client.read();
    }

    @Test
    void valuesThatWaitAreNotCopied() throws Exception {
        start("maxmemory-clients", "20mb");
        RawClient other = connect();
        run(other, "+OK", "SET", "big", "x".repeat(BIG));
        List<RawClient> readers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            RawClient reader = RawClient.reluctant(server.port());
            opened.addFirst(reader);
            readers.add(reader);
            reader.send(command("GET", "big").repeat(40) + command("ECHO", "end"));
        }
        await(() -> engine.clients().stream()
                        .filter(client -> client.link().outputBytes() > 25L * BIG)
                        .count()
                == 2);
        assertTrue(engine.clientMemory().sum() < 4L * BIG);
        run(other, ":" + BIG, "SETRANGE", "big", "0", "y");
        run(other, ":" + (BIG + 1), "APPEND", "big", "z");
        run(other, "+OK", "SET", "big", "w".repeat(BIG));
        for (RawClient reader : readers) {
            for (int i = 0; i < 40; i++) {
                assertEquals("$" + BIG + "|" + "x".repeat(BIG), reader.read());
            }
            assertEquals("$3|end", reader.read());
        }
        await(() -> engine.clientMemory().sum() == 0);
    }

    @Test
    void theLargestGoesFirst() throws Exception {
        start("maxmemory-clients", "14mb");
        RawClient small = connect();
        run(small, "+OK", "MULTI");
        run(small, "+QUEUED", "SET", "a", "1");
        RawClient large = connect();
        large.send("*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$50000000\r\n" + "x".repeat(5 << 20));
        await(() -> engine.clientMemory().sum() > 5 << 20);
        RawClient second = connect();
        second.send("*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$6000000\r\n" + "x".repeat(6_000_000) + "\r\n");
        assertEquals("+OK", second.read());
        assertTrue(large.isEnded());
        run(small, "*1|+OK", "EXEC");
        assertEquals(1, engine.statistics().evictedClients.sum());
    }

    @Test
    void aClientThatWantsMoreThanAllMayHoldEnds() throws Exception {
        start("maxmemory-clients", "4mb");
        RawClient small = connect();
        run(small, "+OK", "MULTI");
        run(small, "+QUEUED", "SET", "a", "1");
        RawClient greedy = connect();
        greedy.send(command("MULTI"));
        assertEquals("+OK", greedy.read());
        try {
            for (int i = 0; i < 100; i++) {
                greedy.send(command("SET", "a", "x".repeat(100_000)));
            }
        } catch (IOException e) {
            // It is expected to end.
        }
        assertTrue(greedy.isEnded());
        run(small, "*1|+OK", "EXEC");
    }

    @Test
    void oneWhoAnnouncesALongWordHoldsWhatHasCome() throws Exception {
        start("maxmemory-clients", "4mb");
        for (int i = 0; i < 100; i++) {
            connect().send("*2\r\n$4\r\nECHO\r\n$400000000\r\nabc");
        }
        await(() -> engine.clientMemory().sum() > 0 && engine.clients().size() == 100);
        assertTrue(engine.clientMemory().sum() < 100 * 1024);
        assertFalse(engine.clientMemory().limit() > 4 << 20);
    }
}
