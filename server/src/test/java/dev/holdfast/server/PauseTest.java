package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
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
        store.engine().pause().stop();
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

    private static String digest(RawClient client) throws IOException {
        return client.run("DEBUG DIGEST") + client.run("DBSIZE") + client.run("LASTSAVE");
    }

    /** Pauses again and again; between an answer and the end of the pause nothing may change. */
    private void assertFenced(int rounds) throws IOException {
        RawClient control = connect();
        for (int i = 0; i < rounds; i++) {
            long before = written.get();
            while (written.get() < before + 5) {
                Thread.onSpinWait();
            }
            assertEquals("+OK", control.run("CLIENT PAUSE 100000 WRITE"));
            String first = digest(control);
            for (int look = 0; look < 5; look++) {
                assertEquals(first, digest(control));
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
}
