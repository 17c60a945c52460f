package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The list commands through the engine: answers, mistakes, events, and clients that wait. */
class ListCommandsTest {
    private final TestStore store = new TestStore("notify-keyspace-events", "KEA");

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void pushesAtBothEnds() {
        assertEquals(2L, store.run("RPUSH", "l", "b", "c"));
        assertEquals(4L, store.run("LPUSH", "l", "a", "z"));
        assertEquals(List.of("z", "a", "b", "c"), store.run("LRANGE", "l", "0", "-1"));
        assertEquals(0L, store.run("LPUSHX", "none", "a"));
        assertEquals(5L, store.run("RPUSHX", "l", "d"));
        assertEquals(5L, store.run("LLEN", "l"));
        store.run("SET", "s", "x");
        assertEquals(
                "WRONGTYPE Operation against a key holding the wrong kind of value", store.error("RPUSH", "s", "a"));
    }

    @Test
    void popsOneOrSeveral() {
        store.run("RPUSH", "l", "a", "b", "c", "d", "e");
        assertEquals("a", store.run("LPOP", "l"));
        assertEquals(List.of("e", "d"), store.run("RPOP", "l", "2"));
        assertEquals(List.of(), store.run("LPOP", "l", "0"));
        assertEquals(List.of("b", "c"), store.run("LPOP", "l", "100"));
        assertEquals("$-1\r\n", store.resp2("LPOP", "l"));
        assertEquals("*-1\r\n", store.resp2("LPOP", "l", "1"));
        assertEquals("ERR value is out of range, must be positive", store.error("LPOP", "l", "-1"));
        assertEquals("ERR wrong number of arguments for 'lpop' command", store.error("LPOP", "l", "1", "2"));
    }

    @Test
    void findsPositions() {
        store.run("RPUSH", "l", "a", "b", "c", "b", "d", "b");
        assertEquals(1L, store.run("LPOS", "l", "b"));
        assertEquals(5L, store.run("LPOS", "l", "b", "RANK", "-1"));
        assertEquals(List.of(3L, 1L), store.run("LPOS", "l", "b", "RANK", "-2", "COUNT", "0"));
        assertEquals(List.of(1L), store.run("LPOS", "l", "b", "COUNT", "0", "MAXLEN", "3"));
        assertNull(store.run("LPOS", "l", "x"));
        assertEquals(List.of(), store.run("LPOS", "none", "x", "COUNT", "1"));
        assertEquals(
                "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
                store.error("LPOS", "l", "b", "RANK", "-9223372036854775808"));
    }

    @Test
    void changesTheMiddle() {
        store.run("RPUSH", "l", "a", "b", "c", "b");
        assertEquals(5L, store.run("LINSERT", "l", "AFTER", "b", "x"));
        assertEquals(6L, store.run("LINSERT", "l", "before", "a", "y"));
        assertEquals(-1L, store.run("LINSERT", "l", "before", "nothing", "y"));
        assertEquals("OK", store.run("LSET", "l", "-1", "last"));
        assertEquals(List.of("y", "a", "b", "x", "c", "last"), store.run("LRANGE", "l", "0", "-1"));
        assertEquals("ERR index out of range", store.error("LSET", "l", "6", "q"));
        assertEquals("ERR no such key", store.error("LSET", "none", "x", "q"));
        assertEquals(1L, store.run("LREM", "l", "-1", "x"));
        assertEquals("OK", store.run("LTRIM", "l", "1", "-2"));
        assertEquals(List.of("a", "b", "c"), store.run("LRANGE", "l", "-100", "100"));
    }

    @Test
    void movesBetweenLists() {
        store.run("RPUSH", "l", "a", "b", "c");
        assertEquals("c", store.run("RPOPLPUSH", "l", "l"));
        assertEquals("c", store.run("LMOVE", "l", "m", "LEFT", "RIGHT"));
        assertEquals("b", store.run("LMOVE", "l", "m", "RIGHT", "LEFT"));
        assertEquals("a", store.run("LMOVE", "l", "m", "LEFT", "LEFT"));
        assertEquals(0L, store.run("LLEN", "l"));
        assertEquals(List.of("m", List.of("a", "b")), store.run("LMPOP", "2", "l", "m", "LEFT", "COUNT", "2"));
        assertEquals("ERR numkeys should be greater than 0", store.error("LMPOP", "0", "l", "LEFT"));
        assertEquals("ERR syntax error", store.error("LMPOP", "9223372036854775807", "l", "LEFT"));
    }

    @Test
    void anElementMovedWithinAFullListStaysWhatItWas() {
        for (int i = 0; i < 3000; i++) {
            store.run("RPUSH", "l", "element:" + i);
        }
        for (int i = 2999; i >= 0; i--) {
            assertEquals("element:" + i, store.run("RPOPLPUSH", "l", "l"));
        }
        assertEquals("element:0", store.run("LINDEX", "l", "0"));
        assertEquals("element:2999", store.run("LINDEX", "l", "-1"));
    }

    @Test
    void reportsEvents() {
        TestStore.Session listener = store.connect();
        listener.run("SUBSCRIBE", "__keyspace@0__:l");
        store.run("RPUSH", "l", "a", "b", "a");
        store.run("LREM", "l", "0", "a");
        store.run("LTRIM", "l", "0", "-1");
        store.run("RPOP", "l");
        for (String event : List.of("rpush", "lrem", "ltrim", "rpop", "del")) {
            String push = String.valueOf(listener.push());
            assertTrue(push.endsWith("\r\n" + event + "\r\n"), event + " expected, not " + push);
        }
        assertNull(listener.push());
    }

    @Test
    void servesThoseWhoWaitInTheOrderOfTheirArrival() {
        TestStore.Session first = store.connect();
        TestStore.Session second = store.connect();
        first.block("BLPOP", "other", "l", "0");
        second.block("BLMPOP", "0", "1", "l", "RIGHT", "COUNT", "5");
        store.run("RPUSH", "l", "a", "b", "c");
        assertEquals(List.of("l", "a"), first.answer());
        assertEquals(List.of("l", List.of("c", "b")), second.answer());
        assertEquals(0L, store.run("LLEN", "l"));
    }

    @Test
    void passesAnElementOnThroughThoseWhoWait() {
        TestStore.Session mover = store.connect();
        TestStore.Session taker = store.connect();
        taker.block("BRPOP", "target", "0");
        mover.block("BLMOVE", "source", "target", "LEFT", "RIGHT", "0");
        store.run("RPUSH", "source", "x");
        assertEquals("x", mover.answer());
        assertEquals(List.of("target", "x"), taker.answer());
    }

    @Test
    void ignoresValuesOfOtherTypesWhileWaiting() {
        TestStore.Session waiting = store.connect();
        waiting.block("BLPOP", "l", "0");
        store.run("SET", "l", "string");
        assertFalse(waiting.isAnswered());
        assertEquals(
                "WRONGTYPE Operation against a key holding the wrong kind of value", store.error("BLPOP", "l", "0"));
    }

    @Test
    void neverWaitsInATransaction() {
        store.run("MULTI");
        store.run("BLPOP", "l", "0");
        store.run("BLMOVE", "l", "m", "LEFT", "LEFT", "0");
        store.run("BLMPOP", "0", "1", "l", "LEFT");
        assertEquals("*3\r\n*-1\r\n$-1\r\n*-1\r\n", store.resp2("EXEC"));
    }

    @Test
    void refusesTimeoutsThatAreNone() {
        assertEquals("ERR timeout is not a float or out of range", store.error("BLPOP", "l", "x"));
        assertEquals("ERR timeout is negative", store.error("BLPOP", "l", "-1"));
        assertEquals("ERR timeout is out of range", store.error("BLPOP", "l", "1e400"));
    }
}
