package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HashCommandsTest {
    private static final String WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
    private static final String WRONG_COUNT =
            "ERR numfields should be greater than 0 and match the provided number of fields";

    private final TestStore store = new TestStore(
            "hash-max-listpack-entries", "4", "hash-max-listpack-value", "8", "notify-keyspace-events", "KEAn");

    @AfterEach
    void close() {
        store.close();
    }

    private @Nullable Object run(String command) {
        return store.run(command.split(" ", -1));
    }

    private String error(String command) {
        return store.error(command.split(" ", -1));
    }

    private String encoding(String key) {
        Slice slice = Slice.of(key);
        KeyTable table = store.engine().keyspace().shardOf(slice).table(0);
        return ((Entry) Objects.requireNonNull(table.find(slice))).encoding();
    }

    /** The events since the last call, in order. */
    private List<String> events(TestStore.Session subscriber) {
        List<String> events = new ArrayList<>();
        String push = subscriber.push();
        while (push != null) {
            String[] lines = push.split("\r\n");
            String channel = lines[lines.length - 3];
            if (channel.startsWith("__keyevent")) {
                events.add(channel.substring(channel.indexOf(':') + 1) + " " + lines[lines.length - 1]);
            }
            push = subscriber.push();
        }
        return events;
    }

    private TestStore.Session subscriber() {
        store.engine().expiry().setActive(false);
        TestStore.Session subscriber = store.connect();
        subscriber.run("PSUBSCRIBE", "__key*");
        events(subscriber);
        return subscriber;
    }

    private long expiredFields() {
        return store.engine().statistics().expiredFields.sum();
    }

    @Test
    void fieldsAreSetAndRead() {
        assertEquals(2L, run("HSET h a 1 b 2"));
        assertEquals(1L, run("HSET h a 3 c 4"));
        assertEquals("OK", run("HMSET h a 1"));
        assertEquals("1", run("HGET h a"));
        assertNull(run("HGET h nosuch"));
        assertNull(run("HGET nosuch a"));
        assertEquals(Arrays.asList("1", null, "2"), run("HMGET h a nosuch b"));
        assertEquals(Arrays.asList(null, null), run("HMGET nosuch a b"));
        assertEquals(Map.of("a", "1", "b", "2", "c", "4"), run("HGETALL h"));
        assertEquals(List.of("a", "b", "c"), run("HKEYS h"));
        assertEquals(List.of("1", "2", "4"), run("HVALS h"));
        assertEquals(3L, run("HLEN h"));
        assertEquals(1L, run("HSTRLEN h a"));
        assertEquals(0L, run("HSTRLEN h nosuch"));
        assertEquals(1L, run("HEXISTS h a"));
        assertEquals(0L, run("HEXISTS h nosuch"));
        assertEquals(0L, run("HSETNX h a 9"));
        assertEquals(1L, run("HSETNX h d 9"));
        assertEquals("*2\r\n$1\r\na\r\n$1\r\n1\r\n", store.resp2("HGETALL", one()));
        assertEquals("%1\r\n$1\r\na\r\n$1\r\n1\r\n", store.resp3("HGETALL", one()));
        assertEquals("%0\r\n", store.resp3("HGETALL", "nosuch"));
        assertEquals("*0\r\n", store.resp3("HKEYS", "nosuch"));
    }

    /** A hash of one field. */
    private String one() {
        run("HSET one a 1");
        return "one";
    }

    @Test
    void theSameWhereSomethingElseThanAHashIs() {
        run("SET s x");
        for (String command : List.of(
                "HSET s a 1",
                "HGET s a",
                "HGETALL s",
                "HDEL s a",
                "HLEN s",
                "HSCAN s 0",
                "HINCRBY s a 1",
                "HINCRBYFLOAT s a 1",
                "HRANDFIELD s",
                "HRANDFIELD s 2",
                "HEXPIRE s 10 FIELDS 1 a",
                "HTTL s FIELDS 1 a",
                "HPERSIST s FIELDS 1 a",
                "HGETEX s FIELDS 1 a",
                "HSETEX s FIELDS 1 a 1",
                "HGETDEL s FIELDS 1 a")) {
            assertEquals(WRONG_TYPE, error(command), command);
        }
        assertEquals("ERR wrong number of arguments for 'hset' command", error("HSET h a 1 b"));
        assertEquals("ERR wrong number of arguments for 'hmset' command", error("HMSET h a 1 b"));
    }

    @Test
    void aHashGrowsOutOfItsPackedForm() {
        run("HSET h a 1 b 2 c 3 d 4");
        assertEquals("listpack", encoding("h"));
        run("HSET h d 5");
        assertEquals("listpack", encoding("h"));
        run("HSET h e 5");
        assertEquals("hashtable", encoding("h"));
        run("HSET twice a 1 a 1 a 1 a 1 a 1");
        assertEquals("hashtable", encoding("twice"));
        run("HSETEX twiceex FIELDS 5 a 1 a 1 a 1 a 1 a 1");
        assertEquals("listpack", encoding("twiceex"));
        run("HSET value a 12345678");
        assertEquals("listpack", encoding("value"));
        run("HSET value a 123456789");
        assertEquals("hashtable", encoding("value"));
        run("HINCRBYFLOAT number a 1.00000001");
        assertEquals("hashtable", encoding("number"));
        run("HSET expiring a 1");
        run("HEXPIRE expiring 10 XX FIELDS 1 a");
        run("HEXPIRE expiring 10 FIELDS 1 nosuch");
        assertEquals("listpack", encoding("expiring"));
        run("HEXPIRE expiring 10 FIELDS 1 a");
        assertEquals("hashtable", encoding("expiring"));
    }

    @Test
    void aHashGoesWithItsLastField() {
        TestStore.Session subscriber = subscriber();
        run("HSET h a 1 b 2");
        assertEquals(1L, run("HDEL h a a"));
        assertEquals(1L, run("HDEL h b nosuch"));
        assertEquals(List.of("new h", "hset h", "hdel h", "hdel h", "del h"), events(subscriber));
        assertEquals(0L, run("HDEL h a"));
        run("HSET h a 1 b 2");
        assertEquals(Arrays.asList("1", "2", null), run("HGETDEL h FIELDS 3 a b a"));
        assertEquals(List.of("new h", "hset h", "hdel h", "del h"), events(subscriber));
        assertEquals(Arrays.asList((Object) null), run("HGETDEL h FIELDS 1 a"));
        assertEquals(WRONG_COUNT, error("HGETDEL h FIELDS 2 a"));
        assertEquals(WRONG_COUNT, error("HGETDEL h FIELDS 0 a"));
        assertEquals("ERR value is not an integer or out of range", error("HGETDEL h FIELDS x a"));
        assertEquals(0, store.engine().keyspace().size(0));
        assertEquals(0, usedByItems());
    }

    private long usedByItems() {
        long bytes = 0;
        for (int i = 0; i < store.engine().keyspace().shardCount(); i++) {
            KeyTable table = store.engine().keyspace().shard(i).existingTable(0);
            bytes += table == null ? 0 : table.usedBytes() - table.heapBytes();
        }
        return bytes;
    }

    @Test
    void numbersAreAdded() {
        assertEquals(5L, run("HINCRBY h a 5"));
        assertEquals(2L, run("HINCRBY h a -3"));
        run("HSET h max 9223372036854775807 text x spaced @1");
        assertEquals("ERR increment or decrement would overflow", error("HINCRBY h max 1"));
        assertEquals("ERR hash value is not an integer", error("HINCRBY h text 1"));
        assertEquals("ERR hash value is not an integer", error("HINCRBY h spaced 1"));
        assertEquals("ERR value is not an integer or out of range", error("HINCRBY h a x"));
        assertEquals("10.6", run("HINCRBYFLOAT h f 10.6"));
        assertEquals("10.7", run("HINCRBYFLOAT h f 0.1"));
        assertEquals("ERR hash value is not a float", error("HINCRBYFLOAT h text 1"));
        assertEquals("ERR value is not a valid float", error("HINCRBYFLOAT h f x"));
        assertEquals("ERR value is NaN or Infinity", error("HINCRBYFLOAT h f inf"));
        run("HSET h f inf");
        assertEquals("ERR increment would produce NaN or Infinity", error("HINCRBYFLOAT h f 1"));
    }

    @Test
    void randomFields() {
        run("HSET h a 1 b 2 c 3");
        for (int round = 0; round < 2; round++) {
            assertEquals(List.of("a", "b", "c"), sorted(run("HRANDFIELD h 9")));
            assertEquals(2, new HashSet<>((List<?>) store.run("HRANDFIELD", "h", "2")).size());
            assertEquals(9, sorted(run("HRANDFIELD h -9")).size());
            assertTrue(List.of("a", "b", "c").contains(run("HRANDFIELD h")));
            run("HEXPIRE h 100 FIELDS 1 a");
        }
        assertEquals("*2\r\n$1\r\na\r\n$1\r\n1\r\n", store.resp2("HRANDFIELD", one(), "2", "WITHVALUES"));
        assertEquals("*1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n", store.resp3("HRANDFIELD", one(), "2", "withvalues"));
        assertEquals("*1\r\n$1\r\na\r\n", store.resp3("HRANDFIELD", one(), "-1"));
        assertEquals(List.of(), run("HRANDFIELD h 0"));
        assertEquals(List.of(), run("HRANDFIELD nosuch 3"));
        assertNull(run("HRANDFIELD nosuch"));
        assertEquals("ERR syntax error", error("HRANDFIELD h 1 VALUES"));
        assertEquals("ERR syntax error", error("HRANDFIELD h 1 WITHVALUES x"));
        assertEquals("ERR value is out of range", error("HRANDFIELD h -9223372036854775807 WITHVALUES"));
        assertEquals(
                "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
                error("HRANDFIELD h -9223372036854775808"));
    }

    private static List<String> sorted(@Nullable Object answer) {
        return ((List<?>) Objects.requireNonNull(answer))
                .stream().map(String::valueOf).sorted().toList();
    }

    @Test
    void fieldsAreScanned() {
        run("HSET h a 1 b 2");
        assertEquals(List.of("0", List.of("a", "1", "b", "2")), run("HSCAN h 0"));
        assertEquals(List.of("0", List.of("b")), run("HSCAN h 0 MATCH b* NOVALUES COUNT 1"));
        assertEquals(List.of("0", List.of()), run("HSCAN nosuch 0 NONSENSE"));
        assertEquals("ERR syntax error", error("HSCAN h 0 NONSENSE"));
        assertEquals("ERR invalid cursor", error("HSCAN nosuch x"));
        for (int i = 0; i < 100; i++) {
            run("HSETEX big PX " + (i % 2 == 0 ? 1 : 1000) + " FIELDS 1 f" + i + " " + i);
        }
        store.clock().advance(2);
        HashSet<Object> seen = new HashSet<>();
        String cursor = "0";
        do {
            List<?> answer = (List<?>) Objects.requireNonNull(store.run("HSCAN", "big", cursor, "NOVALUES"));
            cursor = String.valueOf(answer.get(0));
            seen.addAll((List<?>) Objects.requireNonNull(answer.get(1)));
        } while (!cursor.equals("0"));
        assertEquals(50, seen.size());
    }

    @Test
    void anExpiredFieldIsCountedAndNotSeen() {
        TestStore.Session subscriber = subscriber();
        run("HSET h a 1 b 2 c 3");
        assertEquals(List.of(1L, -2L), run("HPEXPIRE h 10 FIELDS 2 a nosuch"));
        assertEquals(List.of("new h", "hset h", "hexpire h"), events(subscriber));
        assertEquals(List.of(10L, -1L, -2L), run("HPTTL h FIELDS 3 a b nosuch"));
        assertEquals(List.of(0L), run("HTTL h FIELDS 1 a"));
        assertEquals(List.of(store.clock().millis() + 10), run("HPEXPIRETIME h FIELDS 1 a"));
        store.clock().advance(11);
        assertEquals(3L, run("HLEN h"));
        assertNull(run("HGET h a"));
        assertEquals(Map.of("b", "2", "c", "3"), run("HGETALL h"));
        assertEquals("*2\r\n$1\r\n2\r\n$1\r\n3\r\n", sortedValues(store.resp2("HVALS", "h")));
        assertEquals(0L, run("HDEL h a"));
        assertEquals(0L, run("HEXISTS h a"));
        assertEquals(List.of(-2L), run("HTTL h FIELDS 1 a"));
        assertEquals(List.of(-2L), run("HPERSIST h FIELDS 1 a"));
        assertEquals(List.of("b", "c"), sorted(run("HRANDFIELD h 3")));
        assertEquals(List.of(), events(subscriber));
        assertEquals(1L, run("HSET h a new"));
        assertEquals(List.of("hexpired h", "hset h"), events(subscriber));
        assertEquals(1, expiredFields());
        assertEquals(List.of(-1L), run("HTTL h FIELDS 1 a"));
        assertEquals(0, store.engine().keyspace().keysWithExpiringParts(0));
    }

    /** Two values in the order of their bytes. */
    private static String sortedValues(String reply) {
        return reply.replace("$1\r\n3\r\n$1\r\n2\r\n", "$1\r\n2\r\n$1\r\n3\r\n");
    }

    @Test
    void anotherValueEndsTheExpiryUnlessItIsToBeKept() {
        run("HSETEX h EX 100 FIELDS 2 a 1 b 2");
        run("HSET h a 3");
        assertEquals(List.of(-1L, 100L), run("HTTL h FIELDS 2 a b"));
        run("HINCRBY h b 1");
        run("HINCRBYFLOAT h b 1");
        run("HSETEX h KEEPTTL FIELDS 1 b 7");
        assertEquals(List.of(-1L, 100L), run("HTTL h FIELDS 2 a b"));
        run("HSETEX h FIELDS 1 b 8");
        assertEquals(List.of(-1L), run("HTTL h FIELDS 1 b"));
    }

    @Test
    void theConditionsOfHexpire() {
        run("HSET h none 1 some 1");
        run("HEXPIRE h 100 FIELDS 1 some");
        assertEquals(List.of(0L, 0L), run("HEXPIRE h 100 GT FIELDS 2 none some"));
        assertEquals(List.of(0L, 1L), run("HEXPIRE h 101 XX GT FIELDS 2 none some"));
        assertEquals(List.of(0L, 1L), run("HEXPIRE h 101 XX FIELDS 2 none some"));
        assertEquals(List.of(1L, 0L), run("HEXPIRE h 101 LT FIELDS 2 none some"));
        assertEquals(List.of(0L, -2L), run("HEXPIRE h 101 NX FIELDS 2 none nosuch"));
        assertEquals(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
                error("HEXPIRE h 1 NX LT FIELDS 1 a"));
        assertEquals(
                "ERR GT and LT options at the same time are not compatible", error("HEXPIRE h 1 GT LT FIELDS 1 a"));
        assertEquals("ERR Unsupported option YY", error("HEXPIRE h 1 YY FIELDS 1 a"));
        assertEquals("ERR invalid expire time in 'hexpire' command", error("HEXPIRE h -1 FIELDS 1 a"));
        assertEquals("ERR invalid expire time in 'hexpire' command", error("HEXPIRE h 9223372036854775807 FIELDS 1 a"));
        assertEquals(WRONG_COUNT, error("HEXPIRE h 1 FIELDS 2 a"));
        assertEquals(WRONG_COUNT, error("HEXPIRE h 1 FIELD 1 a"));
        assertEquals("ERR syntax error", error("HTTL h FIELDS 2 a"));
    }

    @Test
    void whatExpiresAtOnceIsRemoved() {
        TestStore.Session subscriber = subscriber();
        run("HSET h a 1 b 2");
        events(subscriber);
        assertEquals(List.of(2L, -2L), run("HEXPIRE h 0 FIELDS 2 a a"));
        assertEquals(List.of("hexpired h"), events(subscriber));
        assertEquals("listpack", encoding("h"));
        assertEquals(List.of(2L), run("HPEXPIREAT h 1 FIELDS 1 b"));
        assertEquals(List.of("hexpired h", "del h"), events(subscriber));
        assertEquals(1L, run("HSETEX h PXAT 1 FIELDS 1 a 1"));
        assertEquals(List.of("new h", "hset h", "hexpire h", "hexpired h", "del h"), events(subscriber));
        run("HSET h a 1 b 2");
        assertEquals(List.of("1"), run("HGETEX h EX 0 FIELDS 1 a"));
        assertEquals(List.of("new h", "hset h", "hexpired h"), events(subscriber));
        assertEquals(List.of("2"), run("HGETEX h EXAT 1 FIELDS 1 b"));
        assertEquals(List.of("hexpired h", "del h"), events(subscriber));
        assertEquals(5, expiredFields());
        assertEquals(0, store.engine().keyspace().size(0));
        assertEquals(0, usedByItems());
    }

    @Test
    void hgetexChangesTheExpiry() {
        TestStore.Session subscriber = subscriber();
        run("HSET h a 1 b 2");
        events(subscriber);
        assertEquals(Arrays.asList("1", null), run("HGETEX h FIELDS 2 a nosuch"));
        assertEquals(List.of(), events(subscriber));
        assertEquals(Arrays.asList("1", null), run("HGETEX h PX 50 FIELDS 2 a nosuch"));
        assertEquals(List.of("hexpire h"), events(subscriber));
        assertEquals(List.of(50L), run("HPTTL h FIELDS 1 a"));
        assertEquals(1, store.engine().keyspace().keysWithExpiringParts(0));
        assertEquals(List.of("1", "2"), run("HGETEX h PERSIST FIELDS 2 a b"));
        assertEquals(List.of("hpersist h"), events(subscriber));
        assertEquals(List.of("1"), run("HGETEX h PERSIST FIELDS 1 a"));
        assertEquals(List.of(), events(subscriber));
        assertEquals(0, store.engine().keyspace().keysWithExpiringParts(0));
        assertEquals("ERR syntax error", error("HGETEX h PX 1 PERSIST FIELDS 1 a"));
        assertEquals("ERR syntax error", error("HGETEX h PX FIELDS 1 a"));
        assertEquals("ERR syntax error", error("HGETEX h KEEPTTL FIELDS 1 a"));
        assertEquals(WRONG_COUNT, error("HGETEX h EX 10 1 a"));
        assertEquals(WRONG_COUNT, error("HGETEX h FIELDS -1 a"));
        assertEquals("ERR invalid expire time in 'hgetex' command", error("HGETEX h EX -1 FIELDS 1 a"));
    }

    @Test
    void theConditionsOfHsetex() {
        assertEquals(0L, run("HSETEX h XX FIELDS 1 a 1"));
        assertEquals(0L, run("HSETEX h FXX FIELDS 1 a 1"));
        assertEquals(0, store.engine().keyspace().size(0));
        assertEquals(1L, run("HSETEX h NX FNX FIELDS 1 a 1"));
        assertEquals(0L, run("HSETEX h NX FIELDS 1 b 1"));
        assertEquals(0L, run("HSETEX h FNX FIELDS 2 b 1 a 2"));
        assertEquals(0L, run("HSETEX h FXX FIELDS 2 a 1 b 2"));
        assertEquals(1L, run("HSETEX h XX FXX EX 10 EX 20 FIELDS 1 a 2"));
        assertEquals(List.of(20L), run("HTTL h FIELDS 1 a"));
        assertEquals("ERR syntax error", error("HSETEX h NX XX FIELDS 1 a 1"));
        assertEquals("ERR syntax error", error("HSETEX h FNX FXX FIELDS 1 a 1"));
        assertEquals("ERR syntax error", error("HSETEX h EX 1 PX 1 FIELDS 1 a 1"));
        assertEquals("ERR syntax error", error("HSETEX h EX 1 KEEPTTL FIELDS 1 a 1"));
        assertEquals("ERR syntax error", error("HSETEX h PERSIST FIELDS 1 a 1"));
        assertEquals(WRONG_COUNT, error("HSETEX h FIELDS 1 a 1 b"));
        assertEquals(WRONG_COUNT, error("HSETEX h FIELDS 0 a 1"));
    }

    @Test
    void whileDataIsImportedNothingExpiresAtOnce() {
        store.config().importMode.set(true);
        TestStore.Session source = store.connect();
        assertEquals("OK", source.run("CLIENT", "IMPORT-SOURCE", "ON"));
        assertEquals(1L, source.run("HSETEX", "h", "EXAT", "0", "FIELDS", "2", "a", "1", "b", "2"));
        assertEquals(List.of(1L), source.run("HEXPIREAT", "h", "1", "FIELDS", "1", "b"));
        assertEquals("1", source.run("HGET", "h", "a"));
        assertEquals(0L, source.run("HSET", "h", "a", "3"));
        assertEquals(2L, run("HLEN h"));
        assertEquals("3", run("HGET h a"));
        assertNull(run("HGET h b"));
        assertEquals(0L, run("HSET h b 4"));
        assertEquals("4", run("HGET h b"));
    }

    @Test
    void expiredFieldsAreRemovedInTheBackground() {
        store.engine().expiry().setActive(false);
        run("HSET all a 1");
        run("HPEXPIRE all 5 FIELDS 1 a");
        run("HSET some a 1 b 2");
        run("HPEXPIRE some 5 FIELDS 1 a");
        for (int i = 0; i < 5000; i++) {
            store.run("HSETEX", "many", "PX", i % 2 == 0 ? "5" : "100000", "FIELDS", "1", "f" + i, "1");
        }
        store.clock().advance(6);
        TestStore.Session subscriber = subscriber();
        store.engine().expiry().setActive(true);
        long end = System.nanoTime() + 10_000_000_000L;
        while (expiredFields() < 2502 && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        List<String> events = new ArrayList<>();
        while (!events.contains("del all") && System.nanoTime() < end) {
            events.addAll(events(subscriber));
        }
        assertEquals(2502, expiredFields());
        assertTrue(events.contains("hexpired all"), events.toString());
        assertEquals(0L, run("HLEN all"));
        assertEquals(1L, run("HLEN some"));
        assertEquals(2500L, run("HLEN many"));
        assertEquals(1, store.engine().keyspace().keysWithExpiringParts(0));
    }
}
