package dev.holdfast.engine.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BlockingTest {
    private final TestStore store = new TestStore();

    @AfterEach
    void close() {
        store.close();
    }

    private TestStore.Session waiting(String... words) {
        TestStore.Session session = store.connect();
        session.block(words);
        return session;
    }

    @Test
    void servesInOrderOfArrival() {
        List<TestStore.Session> sessions = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            sessions.add(waiting("BLPOP", "q", "0"));
        }
        store.run("RPUSH", "q", "0", "1", "2");
        for (int i = 0; i < 3; i++) {
            assertEquals(List.of("q", Integer.toString(i)), sessions.get(i).answer());
        }
        assertFalse(sessions.get(3).isAnswered());
        assertEquals(2, store.engine().blocking().blockedClients());
        store.run("RPUSH", "q", "3");
        assertEquals(List.of("q", "3"), sessions.get(3).answer());
    }

    @Test
    void aServedCommandMayServeAnother() {
        TestStore.Session last = waiting("BLPOP", "c", "0");
        TestStore.Session second = waiting("BLMOVE", "b", "c", "LEFT", "RIGHT", "0");
        TestStore.Session first = waiting("BLMOVE", "a", "b", "LEFT", "RIGHT", "0");
        store.run("RPUSH", "a", "x");
        assertEquals("x", first.answer());
        assertEquals("x", second.answer());
        assertEquals(List.of("c", "x"), last.answer());
        assertEquals(0L, store.run("EXISTS", "a", "b", "c"));
    }

    @Test
    void aTransactionServesWhenItIsOver() {
        TestStore.Session session = waiting("BLPOP", "q", "0");
        store.run("MULTI");
        store.run("RPUSH", "q", "x");
        store.run("DEL", "q");
        store.run("EXEC");
        assertFalse(session.isAnswered());
        store.run("MULTI");
        store.run("RPUSH", "q", "x");
        store.run("RPUSH", "q", "y");
        store.run("EXEC");
        assertEquals(List.of("q", "x"), session.answer());
    }

    @Test
    void otherTypesDoNotServe() {
        TestStore.Session session = waiting("BLPOP", "q", "0");
        store.run("SADD", "q", "x");
        assertFalse(session.isAnswered());
        store.run("DEL", "q");
        store.run("LPUSH", "q", "y");
        assertEquals(List.of("q", "y"), session.answer());
    }

    @Test
    void timesOut() {
        assertNull(waiting("BLPOP", "q", "0.01").answer());
        assertNull(waiting("BZPOPMIN", "q", "0.01").answer());
        assertEquals(0, store.engine().blocking().blockedClients());
    }

    @Test
    void isUnblockedByAnother() {
        TestStore.Session session = waiting("BLPOP", "q", "0");
        String id = Long.toString(session.client().id());
        assertEquals(1L, store.run("CLIENT", "UNBLOCK", id));
        assertNull(session.answer());
        assertEquals(0L, store.run("CLIENT", "UNBLOCK", id));
        session.block("BLPOP", "q", "0");
        assertEquals(1L, store.run("CLIENT", "UNBLOCK", id, "ERROR"));
        assertTrue(String.valueOf(session.answer()).contains("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
    }

    @Test
    void oneWhoLeavesTakesNothing() {
        TestStore.Session session = waiting("BLPOP", "q", "0");
        session.close();
        store.run("RPUSH", "q", "x");
        assertEquals(1L, store.run("LLEN", "q"));
    }

    @Test
    void aPauseKeepsWritesForLater() {
        TestStore.Session writer = store.connect();
        store.run("CLIENT", "PAUSE", "100000", "WRITE");
        writer.block("SET", "a", "1");
        assertNull(store.run("GET", "a"));
        store.run("CLIENT", "UNPAUSE");
        assertEquals("OK", writer.answer());
        assertEquals("1", store.run("GET", "a"));
    }

    @Test
    void aPauseOfWritesLetsScriptsRunThatSayTheyOnlyRead() {
        TestStore.Session other = store.connect();
        String reads = "#!lua flags=no-writes\nreturn 1";
        String sha = String.valueOf(other.run("SCRIPT", "LOAD", reads));
        other.run(
                "FUNCTION",
                "LOAD",
                "#!lua name=l\nserver.register_function{function_name='f', callback=function() return 2 end,"
                        + " flags={'no-writes'}}");
        store.run("CLIENT", "PAUSE", "100000", "WRITE");
        assertEquals(3L, other.run("EVAL", "#!lua flags=no-writes\nreturn 3", "0"));
        assertEquals(1L, other.run("EVALSHA", sha, "0"));
        assertEquals(2L, other.run("FCALL", "f", "0"));
        other.run("MULTI");
        other.run("EVALSHA", sha, "0");
        assertEquals(List.of(1L), other.run("EXEC"));
        other.block("EVAL", "#!lua\nreturn 4", "0");
        store.run("CLIENT", "UNPAUSE");
        assertEquals(4L, other.answer());
    }

    @Test
    void whoAsksForReplicasWritesNothing() {
        TestStore.Session other = store.connect();
        String refusal = "NOREPLICAS Not enough good replicas to write.";
        other.run("MULTI");
        other.run("SET", "a", "1");
        store.run("CONFIG", "SET", "min-replicas-to-write", "1");
        assertEquals("EXECABORT Transaction discarded because of: " + refusal, other.error("EXEC"));
        assertEquals(refusal, store.error("SET", "a", "1"));
        assertEquals(refusal, store.error("EVAL", "#!lua\nreturn 1", "0"));
        assertTrue(
                store.error("EVAL", "return redis.call('SET', 'a', '1')", "0").startsWith(refusal));
        assertNull(store.run("GET", "a"));
        assertEquals(1L, store.run("EVAL", "return 1", "0"));
        store.run("CONFIG", "SET", "min-replicas-max-lag", "0");
        assertEquals("OK", store.run("SET", "a", "1"));
    }
}
