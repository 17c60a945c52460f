package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Pause;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code CLIENT PAUSE} is a fence: behind its answer nothing changes, whoever was about to write. */
final class PauseTest {
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicLong written = new AtomicLong();
    private final List<Thread> writers = new ArrayList<>();
    private Holdfast store = Holdfast.open();
    private int port;

    private void start(String... settings) throws Exception {
        store.close();
        Config config = new Config();
        config.set("bind", "127.0.0.1");
        config.set("io-threads", "3");
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        store = Holdfast.open(config);
        port = Server.serve(store, 0).port();
    }

    @AfterEach
    void closeAll() throws Exception {
        stop.set(true);
        store.engine().pause().stop(Pause.Purpose.CLIENT);
        for (AutoCloseable each : opened) {
            each.close();
        }
        for (Thread writer : writers) {
            writer.join();
        }
        store.close();
    }

    private RawClient connect() throws IOException {
        RawClient client = RawClient.tcp(port);
        opened.addFirst(client);
        return client;
    }

    private interface Work {
        void run() throws IOException;
    }

    /** Lets a thread write again and again until the test ends. */
    private void writer(Work work) {
        writers.add(Thread.ofPlatform().start(() -> {
            try {
                while (!stop.get()) {
                    work.run();
                    written.incrementAndGet();
                }
            } catch (IOException | RuntimeException e) {
                assertTrue(stop.get(), "a writer has ended: " + e);
            }
        }));
    }

    /** Sends the same bytes again and again and reads so many replies. */
    private void writer(String commands, int replies) throws IOException {
        RawClient client = connect();
        writer(() -> {
            client.send(commands);
            for (int i = 0; i < replies; i++) {
                client.read();
            }
        });
    }

    /** The data, and how many changes have been counted: one that leaves the data as it was shows too. */
    private static String digest(Holdfast of, RawClient client) throws IOException {
        return client.run("DEBUG DIGEST")
                + client.run("DBSIZE")
                + client.run("LASTSAVE")
                + of.engine().statistics().changesSinceSave.sum();
    }

    /** Pauses again and again; between an answer and the end of the pause nothing may change. */
    private void assertFenced(int rounds) throws IOException {
        assertFenced(rounds, store, connect());
    }

    private void assertFenced(int rounds, Holdfast of, RawClient control) throws IOException {
        for (int i = 0; i < rounds; i++) {
            long before = written.get();
            while (written.get() < before + 5) {
                Thread.onSpinWait();
            }
            assertEquals("+OK", control.run("CLIENT PAUSE 100000 WRITE"));
            String first = digest(of, control);
            for (int look = 0; look < 5; look++) {
                assertEquals(first, digest(of, control));
            }
            assertEquals("+OK", control.run("CLIENT UNPAUSE"));
        }
    }

    @Test
    void commandsPipelinesTransactionsAndScripts() throws Exception {
        start("enable-debug-command", "yes");
        writer("INCR a\r\n", 1);
        writer("INCR b\r\nRPUSH l x\r\nLPOP l\r\nMSET p 1 q 2\r\nINCR c\r\n".repeat(10), 50);
        writer("MULTI\r\nINCR d\r\nINCR e\r\nEXEC\r\n", 4);
        writer("EVAL 'for i=1,200 do redis.call(\"incr\", KEYS[1]) end return 1' 1 f\r\n", 1);
        writer(() -> store.incr("g"));
        writer(() -> store.transaction(t -> t.call("INCR", "h")));
        assertFenced(15);
    }

    @Test
    void blockedClientsAreServedWhenItIsOver() throws Exception {
        start("enable-debug-command", "yes");
        writer("BLPOP q 0\r\n", 1);
        writer("BLMOVE q d LEFT RIGHT 0\r\nLPOP d\r\n", 2);
        writer("RPUSH q a\r\nRPUSH q a\r\n", 2);
        writer(() -> store.rpush("q", "a"));
        assertFenced(15);
    }

    @Test
    void expiryAndEviction() throws Exception {
        start("enable-debug-command", "yes", "hz", "500", "maxmemory", "600kb", "maxmemory-policy", "allkeys-lru");
        RawClient one = connect();
        AtomicLong number = new AtomicLong();
        writer(() -> {
            long n = number.incrementAndGet();
            one.send("PSETEX k" + n + " 1 " + "v".repeat(100) + "\r\nSET e" + n + " " + "v".repeat(500) + "\r\nGET k"
                    + (n - 20) + "\r\n");
            one.read();
            one.read();
            one.read();
        });
        assertFenced(15);
    }

    @Test
    void functionsAndScriptsThatPromise() throws Exception {
        start("enable-debug-command", "yes");
        assertEquals(
                "$1|l",
                connect()
                        .run("FUNCTION LOAD \"#!lua name=l\\nserver.register_function('f', function(k)"
                                + " return server.call('INCR', k[1]) end)\"")
                        .replace("\r\n", "|"));
        writer("FCALL f 1 a\r\n", 1);
        writer("EVAL \"--!holdfast flags=declared-keys\\nreturn redis.call('INCR', KEYS[1])\" 1 b\r\n", 1);
        writer("EVAL \"--!holdfast flags=declared-keys\\nreturn redis.call('INCR', KEYS[1])\" 1 c\r\n", 1);
        writer("MULTI\r\nFCALL f 1 d\r\nEVAL \"return redis.call('INCR', 'e')\" 0\r\nEXEC\r\n", 4);
        writer("WATCH w\r\nMULTI\r\nINCR w\r\nEXEC\r\n", 4);
        assertFenced(15);
    }

    @Test
    void streamsOfGroupsAndFieldsThatExpire() throws Exception {
        start("enable-debug-command", "yes", "hz", "500");
        assertEquals("+OK", connect().run("XGROUP CREATE s g 0 MKSTREAM"));
        writer("XADD s MAXLEN 50 * f v\r\n", 1);
        writer("XREADGROUP GROUP g one BLOCK 0 COUNT 1 STREAMS s >\r\n", 1);
        writer("XREADGROUP GROUP g two BLOCK 0 NOACK STREAMS s >\r\n", 1);
        writer("HSET h f v g w\r\nHPEXPIRE h 1 FIELDS 1 f\r\nHGET h f\r\n", 3);
        writer("ZADD z 1 a 2 b\r\nBZPOPMIN z 0\r\n", 2);
        writer(() -> store.xadd("s", Map.of("f", "v"), 50));
        assertFenced(15);
    }

    /** A replica that is paused keeps what its primary sends for later, all of it and in its order. */
    @Test
    void aReplicasStream() throws Exception {
        start("enable-debug-command", "yes");
        int primaryPort = port;
        try (Holdfast follower =
                Holdfast.open(new Config().set("bind", "127.0.0.1").set("enable-debug-command", "yes"))) {
            RawClient control = RawClient.tcp(Server.serve(follower, 0).port());
            opened.addFirst(control);
            assertEquals("+OK", control.run("REPLICAOF 127.0.0.1 " + primaryPort));
            while (!control.run("INFO replication").contains("master_link_status:up")) {
                Thread.onSpinWait();
            }
            writer("INCR a\r\n", 1);
            writer("MULTI\r\nINCR b\r\nINCR c\r\nEXEC\r\n", 4);
            writer("EVAL \"redis.call('INCR', 'd') return redis.call('INCR', 'e')\" 0\r\n", 1);
            long last = 0;
            for (int round = 0; round < 5; round++) {
                while (number(follower.get("e")) <= last) {
                    Thread.onSpinWait();
                }
                last = number(follower.get("e"));
                assertFenced(2, follower, control);
                var both = follower.mget("d", "e");
                assertEquals(both.getFirst(), both.getLast());
            }
            stop.set(true);
            for (Thread each : writers) {
                each.join();
            }
            for (String key : new String[] {"a", "b", "c", "d", "e"}) {
                while (number(follower.get(key)) < number(store.get(key))) {
                    Thread.onSpinWait();
                }
                assertEquals(store.get(key), follower.get(key), key);
            }
        }
    }

    private static long number(@Nullable String text) {
        return text == null ? 0 : Long.parseLong(text);
    }
}
