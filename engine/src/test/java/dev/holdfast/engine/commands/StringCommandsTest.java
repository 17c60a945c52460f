package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.StringItem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** GET, SET and the other commands for whole strings. */
class StringCommandsTest {
    private static final String WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
    private static final String SYNTAX = "ERR syntax error";
    private static final String NOT_INTEGER = "ERR value is not an integer or out of range";

    private final TestStore store = new TestStore("notify-keyspace-events", "KEA");
    private final long now = store.clock().millis();

    @AfterEach
    void close() {
        store.close();
    }

    /** When a key expires, in milliseconds from the beginning of the test, -1 for never, -2 for no key. */
    private long ttl(String name) {
        Slice key = Slice.of(name);
        Object item = store.engine().keyspace().shardOf(key).table(0).find(key);
        if (item == null) {
            return -2;
        }
        long expireAt = KeyRecord.expireAt(KeyTable.record(item));
        return expireAt == KeyRecord.NEVER ? -1 : expireAt - now;
    }

    private String encoding(String name) {
        Slice key = Slice.of(name);
        Object item = store.engine().keyspace().shardOf(key).table(0).find(key);
        return item instanceof byte[] record ? StringItem.encodingName(record) : "raw";
    }

    private void assertWrongType(String... words) {
        store.run("RPUSH", "list", "x");
        assertEquals(WRONG_TYPE, store.error(words));
    }

    /** The events that a command causes, as {@code event key}. */
    private List<String> events(String... words) {
        TestStore.Session listener = store.connect();
        listener.run("PSUBSCRIBE", "__keyevent@0__:*");
        while (listener.push() != null) {}
        store.run(words);
        List<String> events = new ArrayList<>();
        String message = listener.push();
        while (message != null) {
            String[] lines = message.split("\r\n", -1);
            events.add(lines[6].substring(lines[6].indexOf(':') + 1) + " " + lines[8]);
            message = listener.push();
        }
        listener.close();
        return events;
    }

    @Test
    void getAndSet() {
        assertNull(store.run("GET", "a"));
        assertEquals("OK", store.run("SET", "a", "x"));
        assertEquals("x", store.run("GET", "a"));
        assertEquals("OK", store.run("SET", "a", ""));
        assertEquals("", store.run("GET", "a"));
        assertWrongType("GET", "list");
        assertEquals("OK", store.run("SET", "list", "now a string"));
        assertEquals("now a string", store.run("GET", "list"));
    }

    @Test
    void valuesOfAllLengthsReplaceEachOther() {
        for (int length : new int[] {0, 1, 20, 300, 1024, 1025, 1100, 5000, 3000, 1024, 2000, 10, 100_000, 1500, 0}) {
            String value = "v".repeat(length);
            store.run("SET", "a", value);
            assertEquals(value, store.run("GET", "a"));
            assertEquals((long) length, store.run("STRLEN", "a"));
            store.run("SET", "a", value, "PX", "5000");
            assertEquals(value, store.run("GET", "a"));
            assertEquals(5000, ttl("a"));
        }
    }

    @Test
    void encodings() {
        store.run("SET", "a", "12345");
        assertEquals("int", encoding("a"));
        store.run("SET", "a", "-9223372036854775808");
        assertEquals("int", encoding("a"));
        store.run("SET", "a", "9223372036854775808");
        assertEquals("embstr", encoding("a"));
        store.run("SET", "a", "012");
        assertEquals("embstr", encoding("a"));
        store.run("SET", "a", "x".repeat(112));
        assertEquals("embstr", encoding("a"));
        store.run("SET", "a", "x".repeat(113));
        assertEquals("raw", encoding("a"));
        store.run("SET", "a", "x".repeat(5000));
        assertEquals("raw", encoding("a"));
        store.run("SET", "a", "x".repeat(112));
        store.run("GETEX", "a", "EX", "100");
        assertEquals("raw", encoding("a"));
        store.run("GETEX", "a", "PERSIST");
        assertEquals("raw", encoding("a"));
        store.run("SET", "a", "1", "EX", "100");
        store.run("SET", "a", "x".repeat(112));
        assertEquals("raw", encoding("a"));
        store.run("SET", "a", "x".repeat(112));
        assertEquals("embstr", encoding("a"));
    }

    @Test
    void setWithConditions() {
        assertNull(store.run("SET", "a", "1", "XX"));
        assertEquals("OK", store.run("SET", "a", "1", "nx"));
        assertNull(store.run("SET", "a", "2", "NX"));
        assertEquals("OK", store.run("SET", "a", "2", "XX"));
        assertNull(store.run("SET", "a", "3", "IFEQ", "1"));
        assertEquals("OK", store.run("SET", "a", "3", "IFEQ", "2"));
        assertNull(store.run("SET", "b", "3", "IFEQ", "2"));
        assertEquals("3", store.run("SET", "a", "4", "IFEQ", "0", "GET"));
        assertEquals("3", store.run("SET", "a", "4", "IFEQ", "3", "GET"));
        assertEquals("4", store.run("GET", "a"));
        assertWrongType("SET", "list", "1", "IFEQ", "x");
        assertWrongType("SET", "list", "1", "GET");
    }

    @Test
    void setThatAnswersTheOldValue() {
        assertNull(store.run("SET", "a", "1", "GET"));
        assertEquals("1", store.run("SET", "a", "2", "GET"));
        assertEquals("2", store.run("SET", "a", "3", "NX", "GET"));
        assertEquals("2", store.run("GET", "a"));
        assertNull(store.run("SET", "b", "3", "XX", "GET"));
        assertNull(store.run("GET", "b"));
        assertEquals("$-1\r\n", store.resp2("SET", "c", "3", "GET"));
    }

    @Test
    void setWithExpiry() {
        store.run("SET", "a", "1", "EX", "10");
        assertEquals(10_000, ttl("a"));
        store.run("SET", "a", "1", "EX", "10", "EX", "20");
        assertEquals(20_000, ttl("a"));
        store.run("SET", "a", "2", "KEEPTTL");
        assertEquals(20_000, ttl("a"));
        store.run("SET", "a", "2");
        assertEquals(-1, ttl("a"));
        store.run("SET", "a", "1", "PXAT", Long.toString(now + 7));
        assertEquals(7, ttl("a"));
        store.run("SET", "a", "1", "EXAT", Long.toString(now / 1000 + 7));
        assertEquals(7000, ttl("a"));
        store.run("SET", "b", "1", "KEEPTTL");
        assertEquals(-1, ttl("b"));
        store.clock().advance(7001);
        assertNull(store.run("GET", "a"));
    }

    @Test
    void anExpiryThatIsOverDeletes() {
        assertEquals("OK", store.run("SET", "a", "1", "PXAT", "1"));
        assertEquals(-2, ttl("a"));
        store.run("SET", "a", "1");
        assertEquals("OK", store.run("SET", "a", "2", "EXAT", "1"));
        assertEquals(-2, ttl("a"));
        store.run("SET", "a", "1");
        assertEquals("1", store.run("SET", "a", "2", "EXAT", "1", "GET"));
        assertEquals(-2, ttl("a"));
        assertEquals(2, store.engine().statistics().expiredKeys.sum());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NX XX",
                "XX NX",
                "NX IFEQ 1",
                "IFEQ 1 IFEQ 1",
                "IFEQ",
                "EX",
                "PX",
                "EX 10 PX 10",
                "KEEPTTL EX 10",
                "EX 10 KEEPTTL",
                "PERSIST",
                "PXAT 1 EXAT 1",
                "FOO",
                "EX 10 FOO"
            })
    void wrongOptionsOfSet(String options) {
        String[] words = ("SET a 1 " + options).split(" ", -1);
        assertEquals(SYNTAX, store.error(words));
        assertEquals(-2, ttl("a"));
    }

    @Test
    void wrongExpiries() {
        String invalid = "ERR invalid expire time in 'set' command";
        assertEquals(invalid, store.error("SET", "a", "1", "EX", "0"));
        assertEquals(invalid, store.error("SET", "a", "1", "PX", "-5"));
        assertEquals(invalid, store.error("SET", "a", "1", "EX", "9223372036854775807"));
        assertEquals(invalid, store.error("SET", "a", "1", "PX", "9223372036854775807"));
        assertEquals(NOT_INTEGER, store.error("SET", "a", "1", "EX", "x"));
        assertEquals("ERR invalid expire time in 'setex' command", store.error("SETEX", "a", "0", "1"));
        assertEquals("ERR invalid expire time in 'psetex' command", store.error("PSETEX", "a", "-1", "1"));
        assertEquals("ERR invalid expire time in 'getex' command", store.error("GETEX", "a", "EX", "0"));
        assertEquals("ERR invalid expire time in 'msetex' command", store.error("MSETEX", "1", "a", "1", "EX", "0"));
    }

    @Test
    void setNxAndSetEx() {
        assertEquals(1L, store.run("SETNX", "a", "1"));
        assertEquals(0L, store.run("SETNX", "a", "2"));
        assertEquals("1", store.run("GET", "a"));
        store.run("SET", "b", "1", "PX", "10");
        store.clock().advance(11);
        assertEquals(1L, store.run("SETNX", "b", "2"));
        assertEquals("OK", store.run("SETEX", "c", "10", "x"));
        assertEquals(10_011, ttl("c"));
        assertEquals("OK", store.run("PSETEX", "c", "10", "y"));
        assertEquals(21, ttl("c"));
        assertEquals("y", store.run("GET", "c"));
    }

    @Test
    void getSetAndGetDel() {
        assertNull(store.run("GETSET", "a", "1"));
        assertEquals("1", store.run("GETSET", "a", "2"));
        assertEquals("2", store.run("GETDEL", "a"));
        assertNull(store.run("GETDEL", "a"));
        assertEquals(-2, ttl("a"));
        assertWrongType("GETSET", "list", "1");
        assertWrongType("GETDEL", "list");
        store.run("SET", "a", "1", "EX", "10");
        store.run("GETSET", "a", "2");
        assertEquals(-1, ttl("a"));
    }

    @Test
    void getEx() {
        assertNull(store.run("GETEX", "a", "EX", "10"));
        store.run("SET", "a", "1");
        assertEquals("1", store.run("GETEX", "a"));
        assertEquals(-1, ttl("a"));
        assertEquals("1", store.run("GETEX", "a", "EX", "10"));
        assertEquals(10_000, ttl("a"));
        assertEquals("1", store.run("GETEX", "a"));
        assertEquals(10_000, ttl("a"));
        assertEquals("1", store.run("GETEX", "a", "PERSIST"));
        assertEquals(-1, ttl("a"));
        assertEquals("1", store.run("GETEX", "a", "PXAT", "1"));
        assertEquals(-2, ttl("a"));
        assertEquals(SYNTAX, store.error("GETEX", "a", "KEEPTTL"));
        assertEquals(SYNTAX, store.error("GETEX", "a", "EX", "10", "PERSIST"));
        assertEquals(SYNTAX, store.error("GETEX", "a", "PERSIST", "EX", "10"));
        assertEquals(SYNTAX, store.error("GETEX", "a", "NX"));
        assertWrongType("GETEX", "list");
    }

    @Test
    void delIfEqual() {
        assertEquals(0L, store.run("DELIFEQ", "a", "1"));
        store.run("SET", "a", "1");
        assertEquals(0L, store.run("DELIFEQ", "a", "2"));
        assertEquals(1L, store.run("DELIFEQ", "a", "1"));
        assertEquals(-2, ttl("a"));
        assertWrongType("DELIFEQ", "list", "x");
    }

    @Test
    void severalAtOnce() {
        assertEquals("OK", store.run("MSET", "a", "1", "b", "2", "a", "3"));
        store.run("RPUSH", "list", "x");
        assertEquals(Arrays.asList("3", "2", null, null, "3"), store.run("MGET", "a", "b", "c", "list", "a"));
        assertEquals("ERR wrong number of arguments for 'mset' command", store.error("MSET", "a", "1", "b"));
        assertEquals("ERR wrong number of arguments for 'msetnx' command", store.error("MSETNX", "a", "1", "b"));
        assertEquals(0L, store.run("MSETNX", "c", "1", "a", "2"));
        assertEquals(-2, ttl("c"));
        assertEquals(1L, store.run("MSETNX", "c", "1", "d", "2", "c", "3"));
        assertEquals("3", store.run("GET", "c"));
    }

    @Test
    void msetEx() {
        assertEquals(1L, store.run("MSETEX", "2", "a", "1", "b", "2", "EX", "10"));
        assertEquals(10_000, ttl("a"));
        assertEquals(10_000, ttl("b"));
        assertEquals(0L, store.run("MSETEX", "2", "a", "9", "c", "9", "NX"));
        assertEquals(0L, store.run("MSETEX", "2", "a", "9", "c", "9", "XX"));
        assertEquals(1L, store.run("MSETEX", "2", "a", "3", "c", "3", "KEEPTTL"));
        assertEquals(10_000, ttl("a"));
        assertEquals(-1, ttl("c"));
        assertEquals(1L, store.run("MSETEX", "1", "a", "3"));
        assertEquals(-1, ttl("a"));
        String numkeys = "ERR invalid numkeys value or out of range";
        assertEquals(numkeys, store.error("MSETEX", "0", "a", "1"));
        assertEquals(numkeys, store.error("MSETEX", "2147483648", "a", "1"));
        assertEquals(SYNTAX, store.error("MSETEX", "2", "a", "1"));
        assertEquals(SYNTAX, store.error("MSETEX", "2147483647", "a", "1"));
        assertEquals(SYNTAX, store.error("MSETEX", "1", "a", "1", "IFEQ", "1"));
        assertEquals(SYNTAX, store.error("MSETEX", "1", "a", "1", "GET"));
    }

    @Test
    void eventsAreTold() {
        assertEquals(List.of("set a", "expire a"), events("SET", "a", "1", "EX", "100"));
        assertEquals(List.of("set a"), events("SET", "a", "1"));
        assertEquals(List.of("expire a"), events("GETEX", "a", "EX", "100"));
        assertEquals(List.of("persist a"), events("GETEX", "a", "PERSIST"));
        assertEquals(List.of(), events("GETEX", "a", "PERSIST"));
        assertEquals(List.of("expired a"), events("SET", "a", "1", "PXAT", "1"));
        assertEquals(List.of("set a", "set b"), events("MSET", "a", "1", "b", "1"));
        assertEquals(List.of("incrby a"), events("INCR", "a"));
        assertEquals(List.of("incrbyfloat a"), events("INCRBYFLOAT", "a", "1.5"));
        assertEquals(List.of("append a"), events("APPEND", "a", "5"));
        assertEquals(List.of("setrange a"), events("SETRANGE", "a", "1", "5"));
        assertEquals(List.of("del a"), events("GETDEL", "a"));
        assertEquals(List.of("del b"), events("DELIFEQ", "b", "1"));
        store.run("SET", "c", "1", "PX", "10");
        store.engine().expiry().setActive(false);
        store.clock().advance(11);
        assertEquals(List.of("expired c", "set c"), events("SET", "c", "2"));
    }

    @Test
    void memoryIsAccountedFor() {
        String long1 = "x".repeat(5000);
        for (String[] words : new String[][] {
            {"SET", "a", "1"},
            {"APPEND", "a", "2345"},
            {"APPEND", "a", long1},
            {"SETRANGE", "a", "20000", "x"},
            {"SET", "a", long1},
            {"SET", "a", long1 + long1 + long1 + long1},
            {"SET", "a", long1, "EX", "100"},
            {"GETEX", "a", "PERSIST"},
            {"SET", "a", "1", "EX", "100"},
            {"INCRBY", "a", "1000000000000000"},
            {"INCRBYFLOAT", "a", "0.123456789"},
            {"MSETEX", "2", "a", "1", "b", long1, "KEEPTTL"}
        }) {
            store.run(words);
            long bytes = 0;
            long tables = 0;
            for (String name : List.of("a", "b")) {
                Slice key = Slice.of(name);
                KeyTable table = store.engine().keyspace().shardOf(key).table(0);
                Object item = table.find(key);
                bytes += item == null ? 0 : KeyTable.sizeBytes(item);
                tables += table.usedBytes() - table.heapBytes();
            }
            Slice a = Slice.of("a");
            boolean sameShard = store.engine().keyspace().shardOf(a)
                    == store.engine().keyspace().shardOf(Slice.of("b"));
            assertEquals(sameShard ? bytes * 2 : bytes, tables, words[0]);
        }
        assertNotNull(store.run("GETDEL", "a"));
        assertNotNull(store.run("GETDEL", "b"));
        assertTrue(store.engine().keyspace().size(0) == 0);
    }
}
