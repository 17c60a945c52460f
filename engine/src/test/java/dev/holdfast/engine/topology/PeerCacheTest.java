package dev.holdfast.engine.topology;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.core.Host;
import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class PeerCacheTest {
    /** A server that says OK to everything, until it has gone. */
    private static final class Target implements Peer, Host {
        private final List<String> log = new ArrayList<>();
        private final Queue<String> answers = new ArrayDeque<>();
        private boolean gone;

        @Override
        public void shutDown(String reason) {}

        @Override
        public Peer connect(String host, int port, int timeoutMillis, boolean encrypted) {
            log.add("connect");
            gone = false;
            return this;
        }

        @Override
        public void setTimeout(int millis) {
            log.add("timeout " + millis);
        }

        @Override
        public void send(byte[] requests) {
            log.add("send");
            answers.addAll(List.of("+OK", "+OK"));
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            return -1;
        }

        @Override
        public String readLine() throws IOException {
            String answer = answers.poll();
            if (gone || answer == null) {
                throw new EOFException();
            }
            return answer;
        }

        @Override
        public void close() {
            log.add("close");
            answers.clear();
        }
    }

    @Test
    void aConnectionIsUsedAgainUntilItHasEnded() {
        Target target = new Target();
        try (TestStore store = new TestStore()) {
            store.engine().setHost(target);
            migrate(store);
            migrate(store);
            assertEquals(List.of("connect", "send", "timeout 5000", "send"), target.log);
            target.gone = true;
            migrate(store);
            assertEquals(
                    List.of("timeout 5000", "send", "close", "connect", "send"), target.log.subList(4, 9), "a new one");
            assertEquals(1, store.engine().peers().size());
        }
        assertEquals("close", target.log.getLast());
    }

    private static void migrate(TestStore store) {
        store.run("SET", "a", "1");
        assertEquals("OK", store.run("MIGRATE", "host", "7000", "a", "0", "5000"));
        assertNull(store.run("GET", "a"));
    }

    @Test
    void whatNobodyUsesIsClosedAfterTenSeconds() {
        try (TestStore store = new TestStore()) {
            PeerCache peers = new PeerCache(store.clock());
            Target target = new Target();
            peers.giveBack("a", target);
            assertSame(target, peers.take("a"));
            assertNull(peers.take("a"));
            peers.giveBack("a", target);
            store.clock().advance(10_000);
            peers.closeUnused();
            assertEquals(List.of(), target.log);
            store.clock().advance(1);
            peers.closeUnused();
            assertEquals(List.of("close"), target.log);
        }
    }

    @Test
    void notMoreThan64AreKept() {
        try (TestStore store = new TestStore()) {
            PeerCache peers = new PeerCache(store.clock());
            Target target = new Target();
            for (int i = 0; i < 70; i++) {
                peers.giveBack("server " + i, target);
            }
            assertEquals(64, peers.size());
            assertEquals(6, target.log.size());
        }
    }
}
