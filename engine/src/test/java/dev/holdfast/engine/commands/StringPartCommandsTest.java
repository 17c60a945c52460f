package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.holdfast.engine.TestStore;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** APPEND, GETRANGE, SETRANGE, STRLEN, LCS, and the commands that count. */
class StringPartCommandsTest {
    private static final String WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
    private static final String NOT_INTEGER = "ERR value is not an integer or out of range";
    private static final String TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

    private final TestStore store = new TestStore("proto-max-bulk-len", "1048576");

    @AfterEach
    void close() {
        store.close();
    }

    private void assertWrongType(String... words) {
        store.run("RPUSH", "list", "x");
        assertEquals(WRONG_TYPE, store.error(words));
    }

    @Test
    void append() {
        assertEquals(1L, store.run("APPEND", "a", "1"));
        assertEquals(1L, store.run("APPEND", "a", ""));
        assertEquals(3L, store.run("APPEND", "a", "23"));
        assertEquals("123", store.run("GET", "a"));
        assertWrongType("APPEND", "list", "x");
        store.run("SET", "a", "x".repeat(1 << 20));
        assertEquals(TOO_LONG, store.error("APPEND", "a", "x"));
    }

    @Test
    void appendAndSetRangeLikeAStringBuilder() {
        long seed = 42;
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            StringBuilder model = new StringBuilder();

            store.run("GETDEL", "a");
            for (int i = 0; i < 50; i++) {
                String data = "abcdefghij".repeat(random.nextInt(1, 20)).substring(random.nextInt(10));
                if (random.nextInt(3) > 0) {
                    model.append(data);
                    assertEquals((long) model.length(), store.run("APPEND", "a", data), "seed " + seed);
                } else if (random.nextInt(10) == 0) {
                    model.setLength(0);
                    model.append(data);
                    store.run("SET", "a", data);
                } else {
                    int offset = random.nextInt(model.length() + 50);
                    while (model.length() < offset + data.length()) {
                        model.append('\0');
                    }
                    model.replace(offset, offset + data.length(), data);
                    assertEquals(
                            (long) model.length(),
                            store.run("SETRANGE", "a", Integer.toString(offset), data),
                            "seed " + seed);
                }
                assertEquals(model.toString(), store.run("GET", "a"), "seed " + seed);
            }
        }
    }

    @Test
    void setRange() {
        assertEquals(0L, store.run("SETRANGE", "a", "5", ""));
        assertNull(store.run("GET", "a"));
        assertEquals(7L, store.run("SETRANGE", "a", "5", "xy"));
        assertEquals("\0\0\0\0\0xy", store.run("GET", "a"));
        assertEquals(7L, store.run("SETRANGE", "a", "0", ""));
        assertEquals("ERR offset is out of range", store.error("SETRANGE", "a", "-1", "x"));
        assertEquals(NOT_INTEGER, store.error("SETRANGE", "a", "x", "x"));
        assertEquals(TOO_LONG, store.error("SETRANGE", "a", "1048576", "x"));
        assertEquals(TOO_LONG, store.error("SETRANGE", "b", "9223372036854775807", "x"));
        assertWrongType("SETRANGE", "list", "0", "x");
        assertWrongType("SETRANGE", "list", "0", "");
    }

    @Test
    void getRange() {
        store.run("SET", "a", "Hello World");
        assertEquals("Hell", store.run("GETRANGE", "a", "0", "3"));
        assertEquals("Hello World", store.run("GETRANGE", "a", "0", "-1"));
        assertEquals("rld", store.run("GETRANGE", "a", "-3", "-1"));
        assertEquals("", store.run("GETRANGE", "a", "5", "3"));
        assertEquals("", store.run("GETRANGE", "a", "-1", "-3"));
        assertEquals("Hello World", store.run("GETRANGE", "a", "-99", "99"));
        assertEquals("H", store.run("GETRANGE", "a", "0", "-99"));
        assertEquals("", store.run("GETRANGE", "a", "20", "30"));
        assertEquals(
                "Hello World",
                store.run("GETRANGE", "a", Long.toString(Long.MIN_VALUE), Long.toString(Long.MAX_VALUE)));
        assertEquals("", store.run("GETRANGE", "none", "0", "-1"));
        assertEquals(NOT_INTEGER, store.error("GETRANGE", "a", "0", "x"));
        assertEquals("Hell", store.run("SUBSTR", "a", "0", "3"));
        assertEquals("ERR wrong number of arguments for 'substr' command", store.error("SUBSTR", "a", "0"));
        assertWrongType("GETRANGE", "list", "0", "1");
    }

    @Test
    void strlen() {
        assertEquals(0L, store.run("STRLEN", "a"));
        store.run("SET", "a", "xyz");
        assertEquals(3L, store.run("STRLEN", "a"));
        assertWrongType("STRLEN", "list");
    }

    @Test
    void lcs() {
        store.run("MSET", "a", "ohmytext", "b", "mynewtext");
        assertEquals("mytext", store.run("LCS", "a", "b"));
        assertEquals(6L, store.run("LCS", "a", "b", "LEN"));
        assertEquals("", store.run("LCS", "a", "none"));
        assertEquals(
                Map.of(
                        "matches",
                        List.of(List.of(List.of(4L, 7L), List.of(5L, 8L)), List.of(List.of(2L, 3L), List.of(0L, 1L))),
                        "len",
                        6L),
                store.run("LCS", "a", "b", "IDX"));
        assertEquals(
                Map.of("matches", List.of(List.of(List.of(4L, 7L), List.of(5L, 8L), 4L)), "len", 6L),
                store.run("LCS", "a", "b", "IDX", "MINMATCHLEN", "4", "WITHMATCHLEN"));
        assertEquals("ERR syntax error", store.error("LCS", "a", "b", "FOO"));
        assertEquals(
                "ERR If you want both the length and indexes, please just use IDX.",
                store.error("LCS", "a", "b", "IDX", "LEN"));
        store.run("RPUSH", "list", "x");
        assertEquals("ERR The specified keys must contain string values", store.error("LCS", "a", "list"));
        store.run("MSET", "a", "x".repeat(1000), "b", "x".repeat(1000));
        assertEquals(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
                store.error("LCS", "a", "b"));
    }

    @Test
    void counting() {
        assertEquals(1L, store.run("INCR", "a"));
        assertEquals(2L, store.run("INCR", "a"));
        assertEquals(1L, store.run("DECR", "a"));
        assertEquals(-9L, store.run("DECRBY", "a", "10"));
        assertEquals(1_000_000_000_000L, store.run("INCRBY", "a", "1000000000009"));
        assertEquals("1000000000000", store.run("GET", "a"));
        assertEquals(9L, store.run("DECRBY", "a", "999999999991"));
        assertEquals("9", store.run("GET", "a"));
        store.run("SET", "a", Long.toString(Long.MAX_VALUE), "EX", "100");
        String overflow = "ERR increment or decrement would overflow";
        assertEquals(overflow, store.error("INCR", "a"));
        assertEquals(overflow, store.error("DECRBY", "a", "-1"));
        assertEquals(-1L, store.run("INCRBY", "a", Long.toString(Long.MIN_VALUE)));
        assertEquals("ERR decrement would overflow", store.error("DECRBY", "a", Long.toString(Long.MIN_VALUE)));
        store.clock().advance(100_000);
        assertEquals("-1", store.run("GET", "a"));
        store.clock().advance(1);
        assertNull(store.run("GET", "a"));
        for (String text : List.of("", " 1", "1 ", "01", "+1", "1.0", "x", "9223372036854775808", "y".repeat(2000))) {
            store.run("SET", "a", text);
            assertEquals(NOT_INTEGER, store.error("INCR", "a"), text);
        }
        assertEquals(NOT_INTEGER, store.error("INCRBY", "none", "x"));
        assertWrongType("INCR", "list");
    }

    @Test
    void countingWithFractions() {
        assertEquals("1.5", store.run("INCRBYFLOAT", "a", "1.5"));
        assertEquals("0", store.run("INCRBYFLOAT", "a", "-1.5"));
        store.run("SET", "a", "10.50");
        assertEquals("10.6", store.run("INCRBYFLOAT", "a", "0.1"));
        store.run("SET", "a", "5.0e3");
        assertEquals("5200", store.run("INCRBYFLOAT", "a", "2.0e2"));
        assertEquals("ERR value is not a valid float", store.error("INCRBYFLOAT", "a", "x"));
        store.run("SET", "a", " 1");
        assertEquals("ERR value is not a valid float", store.error("INCRBYFLOAT", "a", "1"));
        assertEquals("ERR increment would produce NaN or Infinity", store.error("INCRBYFLOAT", "b", "+inf"));
        assertWrongType("INCRBYFLOAT", "list", "1");
    }
}
