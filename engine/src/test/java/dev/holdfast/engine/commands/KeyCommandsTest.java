package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.Keyspace;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The commands for keys of any type: answers, mistakes, events, and clients that wait or watch. */
class KeyCommandsTest {
    private static final String SAME = "ERR source and destination objects are the same";

    private final TestStore store = new TestStore("notify-keyspace-events", "KEAn");

    @AfterEach
    void close() {
        store.close();
    }

    /** What has been published on key events' channels since the last call, as {@code event key}. */
    private static List<String> events(TestStore.Session listener) {
        List<String> events = new ArrayList<>();
        for (String push = listener.push(); push != null; push = listener.push()) {
            String[] lines = push.split("\r\n");
            if (push.contains("pmessage")) {
                events.add(lines[6].substring(lines[6].indexOf(':') + 1) + " " + lines[8]);
            }
        }
        return events;
    }

    private TestStore.Session listener() {
        TestStore.Session listener = store.connect();
        listener.run("PSUBSCRIBE", "__keyevent@0__:*");
        return listener;
    }

    @Test
    void removesAndCountsKeys() {
        store.run("SET", "a", "1");
        store.run("RPUSH", "l", "x");
        assertEquals(3L, store.run("EXISTS", "a", "l", "a", "none"));
        assertEquals(2L, store.run("TOUCH", "a", "l", "none"));
        assertEquals("+string\r\n", store.resp2("TYPE", "a"));
        assertEquals("+list\r\n", store.resp2("TYPE", "l"));
        assertEquals("+none\r\n", store.resp2("TYPE", "none"));
        assertEquals(1L, store.run("DEL", "a", "a", "none"));
        assertEquals(1L, store.run("UNLINK", "l"));
        assertEquals(0L, store.run("DBSIZE"));
        assertEquals("ERR wrong number of arguments for 'del' command", store.error("DEL"));
    }

    @Test
    void aKeyWhoseTimeIsOverIsNotDeleted() {
        store.run("SET", "a", "1", "PX", "10");
        store.clock().advance(11);
        assertEquals(0L, store.run("DEL", "a"));
        assertEquals(0L, store.run("DBSIZE"));
    }

    @Test
    void renames() {
        store.run("SET", "a", "1", "EX", "100");
        store.run("SET", "b", "2", "EX", "7");
        assertEquals("OK", store.run("RENAME", "a", "b"));
        assertEquals("1", store.run("GET", "b"));
        assertEquals(100L, store.run("TTL", "b"));
        assertEquals(0L, store.run("EXISTS", "a"));
        assertEquals("OK", store.run("RENAME", "b", "b"));
        assertEquals(0L, store.run("RENAMENX", "b", "b"));
        assertEquals("ERR no such key", store.error("RENAME", "none", "b"));
        assertEquals("ERR no such key", store.error("RENAMENX", "none", "none"));
        store.run("RPUSH", "l", "x", "y");
        assertEquals(0L, store.run("RENAMENX", "l", "b"));
        assertEquals(1L, store.run("RENAMENX", "l", "a key with a longer name"));
        assertEquals(List.of("x", "y"), store.run("LRANGE", "a key with a longer name", "0", "-1"));
        assertEquals(2L, store.run("DBSIZE"));
    }

    @Test
    void copies() {
        store.run("RPUSH", "l", "x", "y");
        store.run("PEXPIRE", "l", "5000");
        assertEquals(1L, store.run("COPY", "l", "m"));
        store.run("RPUSH", "l", "z");
        assertEquals(List.of("x", "y"), store.run("LRANGE", "m", "0", "-1"));
        assertEquals(5000L, store.run("PTTL", "m"));
        assertEquals(0L, store.run("COPY", "l", "m"));
        assertEquals(0L, store.run("COPY", "none", "m", "REPLACE"));
        assertEquals(1L, store.run("COPY", "l", "m", "REPLACE"));
        assertEquals(3L, store.run("LLEN", "m"));
        assertEquals(1L, store.run("COPY", "l", "l", "DB", "1"));
        assertEquals(SAME, store.error("COPY", "l", "l"));
        assertEquals(SAME, store.error("COPY", "none", "none", "DB", "0"));
        assertEquals("ERR DB index is out of range", store.error("COPY", "l", "m", "DB", "16"));
        assertEquals("ERR value is not an integer or out of range", store.error("COPY", "l", "m", "DB", "x"));
        assertEquals("ERR syntax error", store.error("COPY", "l", "m", "DB"));
        store.run("SET", "s", "x".repeat(5000));
        assertEquals(1L, store.run("COPY", "s", "t"));
        store.run("SETRANGE", "s", "0", "y");
        assertEquals("x".repeat(5000), store.run("GET", "t"));
    }

    @Test
    void movesToOtherDatabases() {
        store.run("SET", "a", "1", "EX", "100");
        assertEquals(1L, store.run("MOVE", "a", "3"));
        assertEquals(0L, store.run("MOVE", "a", "3"));
        assertEquals(0L, store.run("EXISTS", "a"));
        store.run("SET", "a", "2");
        assertEquals(0L, store.run("MOVE", "a", "3"));
        assertEquals(SAME, store.error("MOVE", "a", "0"));
        assertEquals("ERR DB index is out of range", store.error("MOVE", "a", "-1"));
        assertEquals("ERR value is not an integer or out of range", store.error("MOVE", "a", "x"));
        store.run("SELECT", "3");
        assertEquals("1", store.run("GET", "a"));
        assertEquals(100L, store.run("TTL", "a"));
    }

    @Test
    void tellsOfWhatHappens() {
        TestStore.Session listener = listener();
        store.run("SET", "a", "1");
        store.run("SET", "b", "1");
        events(listener);
        store.run("RENAME", "a", "b");
        assertEquals(List.of("new b", "rename_from a", "rename_to b"), events(listener));
        store.run("COPY", "b", "c");
        assertEquals(List.of("new c", "copy_to c"), events(listener));
        store.run("MOVE", "c", "1");
        assertEquals(List.of("move_from c"), events(listener));
        store.run("UNLINK", "b");
        assertEquals(List.of("del b"), events(listener));
    }

    @Test
    void countsEachChangeOnce() {
        store.run("SET", "a", "1");
        store.run("SET", "b", "1");
        long before = store.engine().statistics().changesSinceSave.sum();
        store.run("RENAME", "a", "c");
        store.run("MOVE", "c", "1");
        store.run("COPY", "b", "c");
        store.run("DEL", "b", "c");
        assertEquals(5, store.engine().statistics().changesSinceSave.sum() - before);
    }

    @Test
    void accountsForTheMemoryOfWhatIsMoved() {
        long empty = store.engine().keyspace().usedBytes();
        store.run("RPUSH", "l", "x".repeat(3000), "y");
        store.run("SET", "s", "z".repeat(3000));
        store.run("RENAME", "l", "l:with-a-longer-name");
        store.run("COPY", "l:with-a-longer-name", "l");
        store.run("COPY", "s", "l", "REPLACE");
        store.run("MOVE", "s", "1");
        store.run("DEL", "l", "l:with-a-longer-name");
        store.run("SELECT", "1");
        store.run("DEL", "s");
        long tables = 2L * 32 * 100;
        assertTrue(store.engine().keyspace().usedBytes() - empty <= tables);
    }

    @Test
    void aListUnderAnAwaitedNameServesWhoWaits() {
        store.run("RPUSH", "l", "x", "y", "z");
        for (List<String> command : List.of(List.of("COPY", "l", "awaited"), List.of("RENAME", "l", "awaited"))) {
            TestStore.Session waiting = store.connect();
            waiting.block("BLPOP", "awaited", "0");
            store.run(command.toArray(String[]::new));
            assertEquals(List.of("awaited", "x"), waiting.answer());
            store.run("DEL", "awaited");
        }
        TestStore.Session waiting = store.connect();
        waiting.run("SELECT", "2");
        waiting.block("BLPOP", "l", "0");
        store.run("RPUSH", "l", "a", "b");
        assertFalse(waiting.isAnswered());
        store.run("MOVE", "l", "2");
        assertEquals(List.of("l", "a"), waiting.answer());
    }

    @Test
    void saysHowValuesAreKept() {
        store.run("SET", "number", "12345");
        store.run("SET", "short", "hello");
        store.run("SET", "long", "x".repeat(500));
        store.run("SET", "large", "x".repeat(5000));
        store.run("RPUSH", "l", "x");
        assertEquals("int", store.run("OBJECT", "ENCODING", "number"));
        assertEquals("embstr", store.run("OBJECT", "encoding", "short"));
        assertEquals("raw", store.run("OBJECT", "ENCODING", "long"));
        assertEquals("raw", store.run("OBJECT", "ENCODING", "large"));
        assertEquals("listpack", store.run("OBJECT", "ENCODING", "l"));
        assertNull(store.run("OBJECT", "ENCODING", "none"));
        assertEquals(1L, store.run("OBJECT", "REFCOUNT", "number"));
        assertEquals(
                "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when"
                        + " switching between policies at runtime LRU and LFU data will take some time to adjust.",
                store.error("OBJECT", "FREQ", "number"));
        assertNull(store.run("OBJECT", "FREQ", "none"));
        assertEquals("ERR unknown subcommand 'X'. Try OBJECT HELP.", store.error("OBJECT", "X", "number"));
        assertTrue(String.valueOf(store.run("OBJECT", "HELP")).contains("OBJECT <subcommand> "));
    }

    private long idle() {
        return assertInstanceOf(Long.class, store.run("OBJECT", "IDLETIME", "a"));
    }

    /** Makes it so long ago, in seconds, that a string's key was used. */
    private void age(String key, int seconds) {
        Keyspace keyspace = store.engine().keyspace();
        Slice name = Slice.of(key);
        Object item = keyspace.shardOf(name).table(0).find(name);
        KeyRecord.setAccessClock(assertInstanceOf(byte[].class, item), keyspace.accessClock() - seconds & 0xFFFFFF);
    }

    @Test
    void notesAccesses() {
        store.run("SET", "a", "1");
        age("a", 100);
        store.run("EXISTS", "a");
        store.run("TYPE", "a");
        store.run("TTL", "a");
        store.run("CLIENT", "NO-TOUCH", "ON");
        store.run("GET", "a");
        assertEquals(100, idle());
        store.run("TOUCH", "a");
        assertEquals(0, idle());
        age("a", 100);
        store.run("CLIENT", "NO-TOUCH", "OFF");
        store.run("GET", "a");
        assertEquals(0, idle());
    }
}
