package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Entry;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SetCommandsTest {
    private static final String WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";

    private TestStore store = new TestStore();

    @BeforeEach
    void seed() {
        store.engine().setRandom(new Random(42));
        store.run("SET", "string", "s");
    }

    @AfterEach
    void close() {
        store.close();
    }

    private Set<Object> members(String key) {
        return new HashSet<>(list("SMEMBERS", key));
    }

    private List<Object> list(String... words) {
        return new ArrayList<>((List<?>) java.util.Objects.requireNonNull(store.run(words)));
    }

    private String encoding(String key) {
        Slice slice = Slice.of(key);
        Object item = store.engine().keyspace().shardOf(slice).table(0).find(slice);
        return ((Entry) java.util.Objects.requireNonNull(item)).encoding();
    }

    @Test
    void addsRemovesAndCounts() {
        assertEquals(3L, store.run("SADD", "s", "a", "b", "c", "a"));
        assertEquals(1L, store.run("SADD", "s", "a", "d"));
        assertEquals(4L, store.run("SCARD", "s"));
        assertEquals(1L, store.run("SISMEMBER", "s", "a"));
        assertEquals(List.of(1L, 0L), store.run("SMISMEMBER", "s", "a", "x"));
        assertEquals(List.of(0L), store.run("SMISMEMBER", "none", "a"));
        assertEquals(2L, store.run("SREM", "s", "a", "b", "x"));
        assertEquals(Set.of("c", "d"), members("s"));
        assertEquals(2L, store.run("SREM", "s", "c", "d", "c"));
        assertEquals(0L, store.run("SCARD", "s"));
        assertEquals(WRONG_TYPE, store.error("SADD", "string", "a"));
        assertEquals("ERR wrong number of arguments for 'sadd' command", store.error("SADD", "s"));
    }

    @Test
    void answersSetsInResp3AndArraysInResp2() {
        store.run("SADD", "s", "1");
        assertEquals("~1\r\n$1\r\n1\r\n", store.resp3("SMEMBERS", "s"));
        assertEquals("*1\r\n$1\r\n1\r\n", store.resp2("SMEMBERS", "s"));
        assertEquals("~1\r\n$1\r\n1\r\n", store.resp3("SINTER", "s", "s"));
        assertEquals("~1\r\n$1\r\n1\r\n", store.resp3("SDIFF", "s", "none"));
        assertEquals("*1\r\n$1\r\n1\r\n", store.resp3("SRANDMEMBER", "s", "1"));
        assertEquals("~1\r\n$1\r\n1\r\n", store.resp3("SPOP", "s", "1"));
        assertEquals("~0\r\n", store.resp3("SPOP", "s", "1"));
        assertEquals("_\r\n", store.resp3("SPOP", "s"));
        assertEquals("*2\r\n$1\r\n0\r\n*0\r\n", store.resp3("SSCAN", "s", "0", "nonsense"));
    }

    @Test
    void combines() {
        store.run("SADD", "a", "1", "2", "3", "x");
        store.run("SADD", "b", "2", "3", "4");
        assertEquals(Set.of("1", "2", "3", "4", "x"), new HashSet<>(list("SUNION", "a", "b", "none")));
        assertEquals(Set.of("2", "3"), new HashSet<>(list("SINTER", "a", "b")));
        assertEquals(Set.of("1", "x"), new HashSet<>(list("SDIFF", "a", "b", "none")));
        assertEquals(List.of(), store.run("SDIFF", "a", "a"));
        assertEquals(List.of(), store.run("SINTER", "a", "none"));
        assertEquals(WRONG_TYPE, store.error("SINTER", "none", "string"));
        assertEquals(WRONG_TYPE, store.error("SDIFF", "none", "string"));
        assertEquals(2L, store.run("SINTERCARD", "2", "a", "b"));
        assertEquals(1L, store.run("SINTERCARD", "2", "a", "b", "LIMIT", "1"));
        assertEquals("ERR LIMIT can't be negative", store.error("SINTERCARD", "1", "a", "LIMIT", "-1"));
        assertEquals("ERR numkeys should be greater than 0", store.error("SINTERCARD", "0", "a"));
        assertEquals("ERR syntax error", store.error("SINTERCARD", "1", "a", "b"));
    }

    @Test
    void storesInTheFormThatValkeyWouldTake() {
        store.run("SADD", "a", "1", "2", "x");
        store.run("SADD", "x", "x");
        store.run("SADD", "b", "1", "2", "3");
        assertEquals(2L, store.run("SINTERSTORE", "to", "a", "b"));
        assertEquals("intset", encoding("to"));
        assertEquals(2L, store.run("SDIFFSTORE", "to", "a", "x"));
        assertEquals("intset", encoding("to"));
        store.run("SADD", "long", "1", "2", "3", "4", "5", "x");
        assertEquals(5L, store.run("SDIFFSTORE", "to", "long", "x", "x"));
        assertEquals("listpack", encoding("to"), "the first set was copied, then the second taken out of it");
        assertEquals(4L, store.run("SUNIONSTORE", "string", "a", "b"));
        assertEquals("listpack", encoding("string"));
        assertEquals(0L, store.run("SINTERSTORE", "string", "a", "none"));
        assertEquals(0L, store.run("SCARD", "string"));
    }

    @Test
    void moves() {
        store.run("SADD", "a", "1", "x");
        assertEquals(1L, store.run("SMOVE", "a", "b", "1"));
        assertEquals(0L, store.run("SMOVE", "a", "b", "1"));
        assertEquals("intset", encoding("b"));
        assertEquals(1L, store.run("SMOVE", "a", "a", "x"));
        assertEquals(WRONG_TYPE, store.error("SMOVE", "a", "string", "x"));
        assertEquals(0L, store.run("SMOVE", "none", "string", "x"));
        assertEquals(1L, store.run("SMOVE", "a", "b", "x"));
        assertEquals(0L, store.run("SCARD", "a"));
        assertEquals(Set.of("1", "x"), members("b"));
    }

    @Test
    void popsEachMemberOnce() {
        for (String size : List.of("20", "600")) {
            for (String count : List.of("1", "7", "19")) {
                Set<Object> all = new HashSet<>();
                for (int i = 0; i < Integer.parseInt(size); i++) {
                    store.run("SADD", "s", "m" + i);
                    all.add("m" + i);
                }
                Set<Object> popped = new HashSet<>();
                while (popped.size() < all.size()) {
                    for (Object member : list("SPOP", "s", count)) {
                        assertTrue(popped.add(member));
                    }
                    assertEquals((long) all.size() - popped.size(), store.run("SCARD", "s"));
                }
                assertEquals(all, popped);
            }
        }
        store.run("SADD", "one", "a");
        assertEquals("a", store.run("SPOP", "one"));
        assertNull(store.run("SPOP", "one"));
        assertEquals("ERR value is out of range, must be positive", store.error("SPOP", "one", "-1"));
        assertEquals("ERR syntax error", store.error("SPOP", "one", "1", "2"));
        assertEquals(WRONG_TYPE, store.error("SPOP", "string"));
    }

    @Test
    void aSetOfWhichMostIsPoppedIsPackedAgain() {
        for (int i = 0; i < 600; i++) {
            store.run("SADD", "s", "m" + i);
        }
        store.run("SPOP", "s", "10");
        assertEquals("hashtable", encoding("s"));
        assertEquals(580, list("SPOP", "s", "580").size());
        assertEquals("listpack", encoding("s"));
        assertEquals(10, members("s").size());
    }

    @Test
    void showsRandomMembers() {
        store.run("SADD", "s", "1", "2", "3");
        assertTrue(members("s").contains(store.run("SRANDMEMBER", "s")));
        assertEquals(2, new HashSet<>(list("SRANDMEMBER", "s", "2")).size());
        assertEquals(3, list("SRANDMEMBER", "s", "9").size());
        assertEquals(9, list("SRANDMEMBER", "s", "-9").size());
        assertEquals(List.of(), store.run("SRANDMEMBER", "s", "0"));
        assertNull(store.run("SRANDMEMBER", "none"));
        assertEquals(List.of(), store.run("SRANDMEMBER", "none", "-9"));
        assertEquals(
                "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
                store.error("SRANDMEMBER", "s", "-9223372036854775808"));
    }

    @Test
    void tellsWhatHappens() {
        store.close();
        store = new TestStore("notify-keyspace-events", "KEA");
        TestStore.Session listener = store.connect();
        listener.resp(true, "PSUBSCRIBE", "__keyevent@0__:*");
        store.run("SADD", "a", "1", "2");
        store.run("SMOVE", "a", "b", "1");
        store.run("SMOVE", "a", "b", "2");
        store.run("SINTERSTORE", "c", "b", "b");
        store.run("SINTERSTORE", "c", "b", "none");
        store.run("SPOP", "b", "5");
        List<String> events = new ArrayList<>();
        String push;
        while ((push = listener.push()) != null) {
            String[] lines = push.split("\r\n");
            String channel = lines[lines.length - 3];
            events.add(channel.substring(channel.indexOf("__:") + 3) + " " + lines[lines.length - 1]);
        }
        assertEquals(
                List.of(
                        "sadd a",
                        "srem a",
                        "sadd b",
                        "srem a",
                        "del a",
                        "sadd b",
                        "sinterstore c",
                        "del c",
                        "spop b",
                        "del b"),
                events);
    }

    @Test
    void scans() {
        store.run("SADD", "s", "1", "2", "30");
        assertEquals(List.of("0", List.of("30")), store.run("SSCAN", "s", "0", "MATCH", "3*"));
        assertEquals("ERR invalid cursor", store.error("SSCAN", "s", "x"));
        assertEquals("ERR syntax error", store.error("SSCAN", "s", "0", "COUNT", "0"));
        assertEquals("ERR value is not an integer or out of range", store.error("SSCAN", "s", "0", "COUNT", "x"));
    }
}
