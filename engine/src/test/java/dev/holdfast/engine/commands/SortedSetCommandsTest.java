package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SortedSetCommandsTest {
    private static final String WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";

    private TestStore store = new TestStore();

    @AfterEach
    void close() {
        store.close();
    }

    private List<Object> list(String... words) {
        return new ArrayList<>((List<?>) Objects.requireNonNull(store.run(words)));
    }

    private void fill(String key, int members) {
        for (int i = 0; i < members; i++) {
            store.run("ZADD", key, Integer.toString(i), "m" + i);
        }
    }

    @Test
    void addsUnderConditions() {
        assertEquals(2L, store.run("ZADD", "z", "1", "a", "2", "b"));
        assertEquals(0L, store.run("ZADD", "z", "3", "a"));
        assertEquals(2L, store.run("ZADD", "z", "CH", "4", "a", "5", "c"));
        assertEquals(0L, store.run("ZADD", "z", "NX", "9", "a"));
        assertEquals(0L, store.run("ZADD", "z", "XX", "9", "d"));
        assertEquals(0L, store.run("ZADD", "z", "GT", "CH", "3", "a"));
        assertEquals(1L, store.run("ZADD", "z", "LT", "CH", "3", "a"));
        assertEquals(3.5, store.run("ZADD", "z", "INCR", "0.5", "a"));
        assertNull(store.run("ZADD", "z", "INCR", "NX", "0.5", "a"));
        assertNull(store.run("ZADD", "none", "INCR", "XX", "0.5", "a"));
        assertEquals(1.5, store.run("ZINCRBY", "z", "-2", "a"));
        assertEquals(List.of("a", 1.5, "b", 2.0, "c", 5.0), flat("ZRANGE", "z", "0", "-1", "WITHSCORES"));
    }

    private List<Object> flat(String... words) {
        List<Object> flat = new ArrayList<>();
        for (Object pair : list(words)) {
            flat.addAll((List<?>) pair);
        }
        return flat;
    }

    @Test
    void refusesWhatValkeyRefuses() {
        store.run("SET", "string", "s");
        store.run("ZADD", "z", "inf", "a");
        assertEquals("ERR syntax error", store.error("ZADD", "z", "1", "a", "2"));
        assertEquals("ERR value is not a valid float", store.error("ZADD", "string", "x", "a"));
        assertEquals(WRONG_TYPE, store.error("ZADD", "string", "1", "a"));
        assertEquals(
                "ERR XX and NX options at the same time are not compatible",
                store.error("ZADD", "z", "NX", "XX", "1", "a"));
        assertEquals(
                "ERR GT, LT, and/or NX options at the same time are not compatible",
                store.error("ZADD", "z", "GT", "LT", "1", "a"));
        assertEquals(
                "ERR INCR option supports a single increment-element pair",
                store.error("ZADD", "z", "INCR", "1", "a", "2", "b"));
        assertEquals("ERR resulting score is not a number (NaN)", store.error("ZINCRBY", "z", "-inf", "a"));
        assertEquals("ERR min or max is not a float", store.error("ZRANGEBYSCORE", "z", "x", "1"));
        assertEquals("ERR min or max not valid string range item", store.error("ZRANGEBYLEX", "z", "a", "+"));
        assertEquals(
                "ERR at least 1 input key is needed for 'zunionstore' command",
                store.error("ZUNIONSTORE", "d", "0", "z"));
        assertEquals("ERR weight value is not a float", store.error("ZUNION", "1", "z", "WEIGHTS", "x"));
        assertEquals("ERR LIMIT can't be negative", store.error("ZINTERCARD", "1", "z", "LIMIT", "-1"));
        assertEquals("ERR numkeys should be greater than 0", store.error("ZMPOP", "0", "z", "MIN"));
        assertEquals("ERR value is out of range, must be positive", store.error("ZPOPMIN", "z", "-1"));
        assertEquals("ERR timeout is negative", store.error("BZPOPMIN", "z", "-1"));
        assertEquals("ERR invalid cursor", store.error("ZSCAN", "z", "x"));
    }

    @Test
    void scoresHaveTheirFormInEachProtocol() {
        store.run("ZADD", "z", "3.5", "a", "1e20", "b", "-inf", "c");
        assertEquals("$3\r\n3.5\r\n", store.resp2("ZSCORE", "z", "a"));
        assertEquals(",3.5\r\n", store.resp3("ZSCORE", "z", "a"));
        assertEquals(",1e+20\r\n", store.resp3("ZSCORE", "z", "b"));
        assertEquals("$-1\r\n", store.resp2("ZSCORE", "z", "none"));
        assertEquals("*2\r\n,-inf\r\n_\r\n", store.resp3("ZMSCORE", "z", "c", "none"));
        assertEquals("*2\r\n$1\r\nc\r\n$4\r\n-inf\r\n", store.resp2("ZRANGE", "z", "0", "0", "WITHSCORES"));
        assertEquals("*1\r\n*2\r\n$1\r\nc\r\n,-inf\r\n", store.resp3("ZRANGE", "z", "0", "0", "WITHSCORES"));
        assertEquals("*2\r\n:1\r\n,3.5\r\n", store.resp3("ZRANK", "z", "a", "WITHSCORE"));
        assertEquals("*-1\r\n", store.resp2("ZRANK", "z", "none", "WITHSCORE"));
        assertEquals("*2\r\n$1\r\nc\r\n,-inf\r\n", store.resp3("ZPOPMIN", "z"));
        assertEquals("*1\r\n*2\r\n$1\r\nb\r\n,1e+20\r\n", store.resp3("ZPOPMAX", "z", "1"));
        assertEquals("*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\na\r\n$3\r\n3.5\r\n", store.resp2("ZMPOP", "1", "z", "MIN"));
    }

    @Test
    void rangesInBothForms() {
        for (int size : new int[] {20, 500}) {
            String key = "z" + size;
            fill(key, size);
            String last = "m" + (size - 1);
            assertEquals(List.of("m0", "m1"), store.run("ZRANGE", key, "0", "1"));
            assertEquals(List.of(last), store.run("ZREVRANGE", key, "0", "0"));
            assertEquals(List.of("m4", "m5"), store.run("ZRANGEBYSCORE", key, "(3", "5"));
            assertEquals(List.of("m5", "m4"), store.run("ZREVRANGEBYSCORE", key, "5", "(3"));
            assertEquals(List.of("m3", "m4"), store.run("ZRANGE", key, "1", "+inf", "BYSCORE", "LIMIT", "2", "2"));
            assertEquals(List.of("m7"), store.run("ZRANGE", key, "8", "1", "BYSCORE", "REV", "LIMIT", "1", "1"));
            assertEquals(3L, store.run("ZCOUNT", key, "2", "4"));
            assertEquals(2L, store.run("ZRANGESTORE", "copy", key, "0", "1"));
            assertEquals(List.of("m0", "m1"), store.run("ZRANGE", "copy", "0", "-1"));
            assertEquals(2L, store.run("ZREMRANGEBYRANK", key, "0", "1"));
            assertEquals(2L, store.run("ZREMRANGEBYSCORE", key, "-inf", "3"));
            assertEquals((long) size - 4, store.run("ZCARD", key));
            assertEquals(0L, store.run("ZRANK", key, "m4"));
            assertEquals((long) size - 5, store.run("ZREVRANK", key, "m4"));
        }
    }

    @Test
    void rangesOfStrings() {
        store.run("ZADD", "z", "0", "a", "0", "b", "0", "c", "0", "d");
        assertEquals(List.of("b", "c"), store.run("ZRANGEBYLEX", "z", "(a", "[c"));
        assertEquals(List.of("c", "b"), store.run("ZREVRANGEBYLEX", "z", "[c", "(a"));
        assertEquals(List.of("b"), store.run("ZRANGE", "z", "-", "+", "BYLEX", "LIMIT", "1", "1"));
        assertEquals(4L, store.run("ZLEXCOUNT", "z", "-", "+"));
        assertEquals(2L, store.run("ZREMRANGEBYLEX", "z", "-", "(c"));
        assertEquals(List.of("c", "d"), store.run("ZRANGE", "z", "0", "-1"));
    }

    @Test
    void combinesSortedAndPlainSets() {
        store.run("ZADD", "x", "1", "a", "2", "b", "3", "c");
        store.run("ZADD", "y", "10", "b", "20", "c", "30", "d");
        store.run("SADD", "s", "a", "c");
        assertEquals(List.of("a", 1.0, "b", 12.0, "c", 23.0, "d", 30.0), flat("ZUNION", "2", "x", "y", "WITHSCORES"));
        assertEquals(List.of("b", 12.0, "c", 23.0), flat("ZINTER", "2", "x", "y", "WEIGHTS", "1", "1", "WITHSCORES"));
        assertEquals(List.of("a", 2.0, "c", 4.0), flat("ZINTER", "2", "x", "s", "AGGREGATE", "SUM", "WITHSCORES"));
        assertEquals(List.of("b", 2.0, "c", 3.0), flat("ZINTER", "2", "x", "y", "AGGREGATE", "MIN", "WITHSCORES"));
        assertEquals(List.of("b"), store.run("ZDIFF", "2", "x", "s"));
        assertEquals(1L, store.run("ZINTERCARD", "2", "x", "y", "LIMIT", "1"));
        assertEquals(2L, store.run("ZINTERSTORE", "d", "2", "x", "y"));
        assertEquals(0L, store.run("ZDIFFSTORE", "d", "2", "x", "x"));
        assertEquals(0L, store.run("ZCARD", "d"));
    }

    @Test
    void randomMembersAreMembersAndDiffer() {
        store.engine().setRandom(new Random(42));
        for (int size : new int[] {20, 500}) {
            String key = "z" + size;
            fill(key, size);
            HashSet<Object> all = new HashSet<>(list("ZRANGE", key, "0", "-1"));
            for (int count : new int[] {1, 5, 15, size - 1, size, size + 5}) {
                List<Object> drawn = list("ZRANDMEMBER", key, Integer.toString(count));
                assertEquals(Math.min(count, size), new HashSet<>(drawn).size());
                assertEquals(Math.min(count, size), drawn.size());
                assertTrue(all.containsAll(drawn));
            }
            assertEquals(1000, list("ZRANDMEMBER", key, "-1000").size());
            HashSet<Object> seen = new HashSet<>();
            for (int i = 0; i < size * 20; i++) {
                seen.add(store.run("ZRANDMEMBER", key));
            }
            assertEquals(all, seen);
        }
    }

    @Test
    void scansEverything() {
        for (int size : new int[] {20, 500}) {
            String key = "z" + size;
            fill(key, size);
            HashSet<Object> seen = new HashSet<>();
            String cursor = "0";
            do {
                List<Object> answer = list("ZSCAN", key, cursor, "COUNT", "7", "NOSCORES");
                cursor = (String) answer.get(0);
                seen.addAll((List<?>) answer.get(1));
            } while (!cursor.equals("0"));
            assertEquals(size, seen.size());
        }
    }

    @Test
    void waitingClientsAreServedInOrder() {
        try (TestStore.Session first = store.connect();
                TestStore.Session second = store.connect();
                TestStore.Session third = store.connect()) {
            first.block("BZPOPMIN", "none", "z", "0");
            second.block("BZPOPMAX", "z", "0");
            third.block("BZMPOP", "0", "2", "z", "none", "MIN", "COUNT", "2");
            store.run("ZADD", "z", "1", "a", "2", "b", "3", "c");
            assertEquals(List.of("z", "a", 1.0), first.answer());
            assertEquals(List.of("z", "c", 3.0), second.answer());
            assertEquals(List.of("z", List.of(List.of("b", 2.0))), third.answer());
            assertEquals(0L, store.run("ZCARD", "z"));
        }
    }
}
