package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.HashSlot;
import dev.holdfast.engine.base.Slice;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ClusterCommandsTest {
    private static final String CROSS_SLOT = "CROSSSLOT Keys in request don't hash to the same slot";

    private final TestStore store = new TestStore("cluster-enabled", "yes");

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void everySlotHasAWord() {
        assertEquals("06S", HashSlot.tag(0));
        assertEquals("Qi", HashSlot.tag(1));
        assertEquals("5L5", HashSlot.tag(2));
        for (int slot = 0; slot < HashSlot.COUNT; slot++) {
            assertEquals(slot, HashSlot.of(Slice.of("{" + HashSlot.tag(slot) + "}")));
        }
    }

    @Test
    void patternsWithATagHaveOneSlot() {
        assertEquals(HashSlot.of(Slice.of("tag")), HashSlot.ofPattern(Slice.of("x{tag}*")));
        assertEquals(-1, HashSlot.ofPattern(Slice.of("x*{tag}")));
        assertEquals(-1, HashSlot.ofPattern(Slice.of("{t?g}")));
        assertEquals(HashSlot.of(Slice.of("exactly")), HashSlot.ofPattern(Slice.of("exactly")));
        assertEquals(-1, HashSlot.ofPattern(Slice.of("{}{tag}*")));
    }

    @Test
    void aCommandNamesKeysOfOneSlot() {
        assertEquals(CROSS_SLOT, store.error("MSET", "a", "1", "b", "2"));
        assertEquals("OK", store.run("MSET", "{t}a", "1", "{t}b", "2"));
        assertEquals(CROSS_SLOT, store.error("SSUBSCRIBE", "a", "b"));
        assertEquals("ERR SWAPDB is not allowed in cluster mode", store.error("SWAPDB", "0", "0"));
        assertEquals("ERR DB index is out of range", store.error("SELECT", "1"));
        assertEquals("ERR REPLICAOF not allowed in cluster mode.", store.error("REPLICAOF", "NO", "ONE"));
    }

    /** What SORT reads by a pattern is in the slot of what it sorts, whatever that is and if it is not there. */
    @Test
    void aPatternOfSortNamesKeysOfOneSlot() {
        String message =
                " option of SORT denied in Cluster mode when keys formed by the pattern may be in different slots.";
        store.run("SET", "{t}string", "1");
        for (String command : List.of("SORT", "SORT_RO")) {
            for (String key : List.of("{t}none", "{t}string")) {
                assertEquals("ERR BY" + message, store.error(command, key, "BY", "weight:*"));
                assertEquals("ERR GET" + message, store.error(command, key, "BY", "{t}*", "GET", "{u}*"));
                assertEquals("ERR GET" + message, store.error(command, key, "GET", "constant"));
            }
            assertEquals(List.of(), store.run(command, "{t}none", "BY", "{t}*", "GET", "#", "GET", "{t}*->f"));
            assertEquals(List.of(), store.run(command, "{t}none", "BY", "nosort"));
        }
    }

    @Test
    void aTransactionIsAboutOneSlot() {
        store.run("MULTI");
        assertEquals("QUEUED", store.run("SET", "a", "1"));
        assertEquals(CROSS_SLOT, store.error("MSET", "a", "1", "b", "2"));
        assertEquals("EXECABORT Transaction discarded because of previous errors.", store.error("EXEC"));
        store.run("MULTI");
        store.run("SET", "a", "1");
        store.run("SET", "b", "1");
        assertEquals(CROSS_SLOT, store.error("EXEC"));
        assertNull(store.run("GET", "a"));
        store.run("MULTI");
        store.run("SET", "{t}a", "1");
        store.run("PING");
        store.run("SET", "{t}b", "1");
        assertEquals(List.of("OK", "PONG", "OK"), store.run("EXEC"));
    }

    @Test
    void aScriptIsAboutOneSlotUnlessItSaysOtherwise() {
        String message = "ERR Script attempted to access keys that do not hash to the same slot";
        String two = "redis.call('set', 'foo', '1'); redis.call('set', 'bar', '1'); return 'done'";
        assertTrue(store.error("EVAL", "#!lua\n" + two, "0").startsWith(message));
        assertTrue(store.error("EVAL", "#!lua\nreturn redis.call('get', 'foo')", "1", "bar")
                .startsWith(message));
        assertEquals("done", store.run("EVAL", two, "0"));
        assertEquals("done", store.run("EVAL", "#!lua flags=allow-cross-slot-keys\n" + two, "0"));
        assertEquals(
                "ERR Can not run script on cluster, 'no-cluster' flag is set.",
                store.error("EVAL", "#!lua flags=no-cluster\nreturn 1", "0"));
        assertEquals(CROSS_SLOT, store.error("EVAL", "return 1", "2", "foo", "bar"));
    }

    @Test
    void tellsTheKeysOfASlot() {
        store.run("MSET", "{t}a", "1", "{t}b", "2");
        store.run("SET", "other", "1");
        String slot = String.valueOf(store.run("CLUSTER", "KEYSLOT", "{t}"));
        assertEquals(2L, store.run("CLUSTER", "COUNTKEYSINSLOT", slot));
        assertEquals(2, ((List<?>) answer("CLUSTER", "GETKEYSINSLOT", slot, "10")).size());
        assertEquals(1, ((List<?>) answer("CLUSTER", "GETKEYSINSLOT", slot, "1")).size());
        assertEquals(
                "*1\r\n*2\r\n:" + slot + "\r\n%1\r\n$9\r\nkey-count\r\n:2\r\n",
                store.resp3("CLUSTER", "SLOT-STATS", "ORDERBY", "KEY-COUNT", "LIMIT", "1"));
        assertEquals("OK", store.run("CLUSTER", "FLUSHSLOT", slot));
        assertEquals(1L, store.run("DBSIZE"));
        assertEquals("ERR Invalid or out of range slot", store.error("CLUSTER", "FLUSHSLOT", "16384"));
    }

    private Object answer(String... words) {
        Object answer = store.run(words);
        if (answer == null) {
            throw new AssertionError("no answer");
        }
        return answer;
    }

    @Test
    void scansTheWholeClusterAndOneSlot() {
        Set<String> all = new TreeSet<>();
        Set<String> tagged = new TreeSet<>();
        for (int i = 0; i < 500; i++) {
            store.run("SET", "key" + i, "1");
            store.run("SET", "{Qi}" + i, "1");
            all.add("key" + i);
            all.add("{Qi}" + i);
            tagged.add("{Qi}" + i);
        }
        assertEquals(all, scan("06S"));
        assertEquals(tagged, scan("Qi", "SLOT", "1"));
        assertEquals(tagged, scan("Qi", "MATCH", "{Qi}*"));
        assertEquals(List.of("0-{Qi}-0", List.of()), store.run("CLUSTERSCAN", "0-{06S}-0", "MATCH", "{Qi}*"));
        assertEquals(List.of("0", List.of()), store.run("CLUSTERSCAN", "0", "SLOT", "0", "MATCH", "{Qi}*"));
        assertEquals("ERR Invalid cursor", store.error("CLUSTERSCAN", "0-{0}"));
        assertEquals(
                "ERR Cursor slot mismatch with SLOT argument", store.error("CLUSTERSCAN", "0-{06S}-0", "SLOT", "1"));
    }

    private Set<String> scan(String tag, String... options) {
        Set<String> found = new TreeSet<>();
        String cursor = "0";
        int calls = 0;
        do {
            String[] words = new String[options.length + 2];
            words[0] = "CLUSTERSCAN";
            words[1] = cursor;
            System.arraycopy(options, 0, words, 2, options.length);
            List<?> answer = (List<?>) answer(words);
            cursor = String.valueOf(answer.getFirst());
            List<?> keys = (List<?>) answer.getLast();
            assertTrue(keys.size() < 50, "COUNT is 10");
            keys.forEach(key -> found.add(String.valueOf(key)));
            assertTrue(cursor.equals("0") || cursor.matches(".{6}-\\{" + tag + "}-\\d+|0-\\{" + tag + "}-0"), cursor);
            assertTrue(calls++ < 1000);
        } while (!cursor.equals("0"));
        return found;
    }

    @Test
    void tellsWhereItIs() {
        store.run("CONFIG", "SET", "cluster-announce-ip", "10.0.0.1", "cluster-announce-port", "7000");
        String id = String.valueOf(store.run("CLUSTER", "MYID"));
        assertEquals(40, id.length());
        assertEquals(
                id + " 10.0.0.1:7000@17000 myself,master - 0 0 0 connected 0-16383\n", store.run("CLUSTER", "NODES"));
        assertEquals(
                "*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n$8\r\n10.0.0.1\r\n:7000\r\n$40\r\n" + id + "\r\n*0\r\n",
                store.resp2("CLUSTER", "SLOTS"));
        store.run("CONFIG", "SET", "cluster-announce-hostname", "here", "cluster-preferred-endpoint-type", "hostname");
        assertEquals(
                "*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n$4\r\nhere\r\n:7000\r\n$40\r\n" + id
                        + "\r\n%1\r\n$2\r\nip\r\n$8\r\n10.0.0.1\r\n",
                store.resp3("CLUSTER", "SLOTS"));
        assertEquals("ERR Slot 1 is already busy", store.error("CLUSTER", "ADDSLOTS", "1"));
        assertEquals("ERR Unknown node x", store.error("CLUSTER", "REPLICAS", "x"));
        assertEquals(List.of(), store.run("CLUSTER", "REPLICAS", id));
        assertEquals("BUMPED 1", store.run("CLUSTER", "BUMPEPOCH"));
        assertEquals("STILL 1", store.run("CLUSTER", "BUMPEPOCH"));
    }

    @Test
    void waitsForReplicasThatAreNotThere() {
        TestStore.Session waiting = store.connect();
        waiting.block("WAIT", "1", "1");
        assertEquals(0L, waiting.answer());
        waiting.block("WAIT", "1", "0");
        assertEquals(
                1L,
                store.run("CLIENT", "UNBLOCK", String.valueOf(waiting.client().id())));
        assertEquals(0L, waiting.answer());
    }
}
