package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The commands about whole databases: scanning while they change, emptying and exchanging them. */
class ScanCommandsTest {
    private final TestStore store = new TestStore();

    @BeforeEach
    void stopTheTimer() {
        store.engine().expiry().setActive(false);
    }

    @AfterEach
    void close() {
        store.close();
    }

    /** All keys that a whole scan with these options finds, in order; runs {@code between} after each call. */
    private List<String> scan(Runnable between, String... options) {
        List<String> found = new ArrayList<>();
        String cursor = "0";
        do {
            List<String> command = new ArrayList<>(List.of("SCAN", cursor));
            command.addAll(Arrays.asList(options));
            List<?> answer = list(command.toArray(String[]::new));
            cursor = String.valueOf(answer.get(0));
            ((List<?>) answer.get(1)).forEach(key -> found.add(String.valueOf(key)));
            between.run();
        } while (!cursor.equals("0"));
        return found;
    }

    private List<?> list(String... words) {
        return assertInstanceOf(List.class, store.run(words));
    }

    private void fill(int keys) {
        for (int i = 0; i < keys; i++) {
            store.run("SET", "key:" + i, "x");
        }
    }

    @Test
    void visitsEveryKeyOnce() {
        assertEquals(List.of("0", List.of()), store.run("SCAN", "0"));
        fill(1000);
        List<String> found = scan(() -> {});
        assertEquals(1000, found.size());
        assertEquals(1000, new HashSet<>(found).size());
        assertEquals(1000, scan(() -> {}, "COUNT", "1").size());
        assertEquals("0", list("SCAN", "0", "COUNT", "1000").get(0));
        assertEquals(100, scan(() -> {}, "MATCH", "key:1??").size());
    }

    @Test
    void fillsAnAnswerFromManyShards() {
        fill(20);
        List<?> answer = list("SCAN", "0");
        assertEquals(10, ((List<?>) answer.get(1)).size());
        List<?> rest = list("SCAN", (String) answer.get(0));
        assertEquals("0", rest.get(0));
        assertEquals(10, ((List<?>) rest.get(1)).size());
    }

    @Test
    void choosesTypes() {
        fill(100);
        store.run("RPUSH", "l", "x");
        assertEquals(List.of("l"), scan(() -> {}, "TYPE", "LIST"));
        assertEquals(
                100,
                scan(() -> {}, "type", "string", "MATCH", "key*", "COUNT", "7").size());
        assertEquals("ERR unknown type name 'foo'", store.error("SCAN", "0", "TYPE", "foo"));
        assertEquals("ERR syntax error", store.error("SCAN", "0", "COUNT", "0"));
        assertEquals("ERR value is not an integer or out of range", store.error("SCAN", "0", "COUNT", "x"));
        assertEquals("ERR syntax error", store.error("SCAN", "0", "MATCH"));
        assertEquals("ERR invalid cursor", store.error("SCAN", "x", "MATCH"));
        assertEquals("ERR invalid cursor", store.error("SCAN", "-1"));
        assertEquals("ERR invalid cursor", store.error("SCAN", "18446744073709551616"));
        assertEquals(List.of("0", List.of()), store.run("SCAN", "18446744073709551615"));
        assertEquals("ERR NOVALUES option can only be used in HSCAN", store.error("SCAN", "0", "NOVALUES"));
    }

    @Test
    void whatStaysIsSeenWhileTheDatabaseGrowsAndShrinks() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 10; round++) {
            store.run("FLUSHALL");
            Set<String> staying = new HashSet<>();
            for (int i = 0; i < 300; i++) {
                staying.add("stay:" + i);
                store.run("SET", "stay:" + i, "x");
            }
            boolean growing = random.nextBoolean();
            int others = growing ? 0 : 20000;
            for (int i = 0; i < others; i++) {
                store.run("SET", "other:" + i, "x");
            }
            Set<String> found = new HashSet<>(scan(
                    () -> {
                        for (int i = 0; i < 200; i++) {
                            store.run(
                                    growing ? "SET" : "DEL", "other:" + random.nextInt(20000), growing ? "x" : "none");
                        }
                    },
                    "COUNT",
                    "20"));
            assertTrue(found.containsAll(staying), () -> "seed " + seed);
        }
    }

    @Test
    void expiredKeysAreSkippedAndRemovedIfTheyMatch() {
        fill(100);
        for (int i = 0; i < 50; i++) {
            store.run("PEXPIRE", "key:" + i, "10");
        }
        store.run("RPUSH", "l", "x");
        store.run("PEXPIRE", "l", "10");
        store.clock().advance(11);
        assertEquals(50, scan(() -> {}, "TYPE", "string").size());
        assertEquals(51L, store.run("DBSIZE"));
        assertEquals(50, list("KEYS", "*").size());
        assertEquals(51L, store.run("DBSIZE"));
        scan(() -> {});
        assertEquals(50L, store.run("DBSIZE"));
    }

    @Test
    void listsKeys() {
        for (String key : List.of("foo", "far", "bar", "")) {
            store.run("SET", key, "x");
        }
        assertEquals(Set.of("foo", "far"), new HashSet<>(list("KEYS", "f*")));
        assertEquals(Set.of("foo", "far", "bar", ""), new HashSet<>(list("KEYS", "*")));
        assertEquals(List.of("bar"), store.run("KEYS", "[^f]*"));
        assertEquals(List.of(), store.run("KEYS", "x"));
    }

    @Test
    void patternsWithTooManyStarsMatchNothing() {
        store.run("SET", "a".repeat(50000), "x");
        assertEquals(List.of(), store.run("KEYS", "*?".repeat(50000)));
        assertEquals(1, list("KEYS", "*?".repeat(1000)).size());
    }

    @Test
    void randomKeysAreEquallyLikely() {
        assertNull(store.run("RANDOMKEY"));
        fill(50);
        store.run("SET", "gone", "x", "PX", "1");
        store.clock().advance(2);
        Random random = new Random(42);
        store.engine().setRandom(random);
        Map<String, Integer> counts = new HashMap<>();
        int draws = 20000;
        for (int i = 0; i < draws; i++) {
            counts.merge(String.valueOf(store.run("RANDOMKEY")), 1, Integer::sum);
        }
        assertFalse(counts.containsKey("gone"));
        assertEquals(50, counts.size());
        double expected = draws / 50.0;
        double chiSquare = counts.values().stream()
                .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                .sum();
        assertTrue(chiSquare < 110, () -> "chi square of 49 degrees: " + chiSquare);
    }

    @Test
    void flushesOneOrAll() {
        fill(100);
        store.run("SELECT", "1");
        fill(10);
        assertEquals("ERR syntax error", store.error("FLUSHDB", "FOO"));
        assertEquals("ERR syntax error", store.error("FLUSHDB", "SYNC", "ASYNC"));
        long before = store.engine().statistics().changesSinceSave.sum();
        assertEquals("OK", store.run("FLUSHDB", "async"));
        assertEquals(10, store.engine().statistics().changesSinceSave.sum() - before);
        assertEquals(0L, store.run("DBSIZE"));
        store.run("SELECT", "0");
        assertEquals(100L, store.run("DBSIZE"));
        assertEquals("OK", store.run("FLUSHALL", "SYNC"));
        assertEquals(0L, store.run("DBSIZE"));
        assertEquals(0, store.engine().keyspace().usedBytes());
    }

    @Test
    void exchangesDatabases() {
        store.run("SET", "a", "1");
        assertEquals("OK", store.run("SWAPDB", "0", "1"));
        assertNull(store.run("GET", "a"));
        assertEquals("OK", store.run("SWAPDB", "1", "0"));
        assertEquals("1", store.run("GET", "a"));
        assertEquals("OK", store.run("SWAPDB", "5", "5"));
        assertEquals("ERR invalid first DB index", store.error("SWAPDB", "x", "y"));
        assertEquals("ERR invalid second DB index", store.error("SWAPDB", "44", "y"));
        assertEquals("ERR DB index is out of range", store.error("SWAPDB", "0", "44"));
    }

    @Test
    void anExchangeServesWhoWaits() {
        store.run("RPUSH", "l", "x");
        TestStore.Session waiting = store.connect();
        waiting.run("SELECT", "1");
        waiting.block("BLPOP", "l", "0");
        store.run("SWAPDB", "0", "1");
        assertEquals(List.of("l", "x"), waiting.answer());
    }

    /** Whether EXEC runs after a client has watched a key, and {@code meanwhile} another has run commands. */
    private boolean runs(String key, String... meanwhile) {
        TestStore.Session watching = store.connect();
        watching.run("WATCH", key);
        for (String command : meanwhile) {
            store.run(command.split(" "));
        }
        watching.run("MULTI");
        watching.run("PING");
        boolean ran = watching.run("EXEC") != null;
        watching.close();
        return ran;
    }

    @Test
    void flushingAndExchangingTouchesWatchedKeys() {
        store.run("SET", "a", "1");
        assertFalse(runs("a", "FLUSHDB"));
        assertTrue(runs("a", "FLUSHDB"));
        assertTrue(runs("a", "FLUSHALL"));
        store.run("SET", "a", "1");
        assertFalse(runs("a", "FLUSHALL"));
        store.run("SET", "a", "1");
        assertFalse(runs("a", "SWAPDB 0 1"));
        assertFalse(runs("a", "SWAPDB 1 0"));
        assertTrue(runs("b", "SWAPDB 1 0"));
        store.run("FLUSHALL");
    }

    @Test
    void anExpiredWatchedKeyDoesNotChangeByItsRemoval() {
        for (String removal : List.of("DEL a", "GET a", "FLUSHDB", "SWAPDB 0 1")) {
            store.run("SET", "a", "1", "PX", "10");
            store.clock().advance(11);
            assertTrue(runs("a", removal), removal);
            assertTrue(runs("a", removal), removal);
            store.run("FLUSHALL");
        }
        store.run("SET", "a", "1", "PX", "10");
        store.clock().advance(11);
        assertFalse(runs("a", "GET a", "SET a 2"));
        store.run("SET", "a", "1", "PX", "10");
        store.clock().advance(11);
        assertFalse(runs("a", "SET a 2"));
    }

    @Test
    void insideATransaction() {
        fill(100);
        store.run("MULTI");
        store.run("SCAN", "0", "COUNT", "1000");
        store.run("KEYS", "key:1");
        store.run("DBSIZE");
        store.run("FLUSHALL");
        store.run("RANDOMKEY");
        List<?> answers = list("EXEC");
        assertEquals(100, ((List<?>) ((List<?>) answers.get(0)).get(1)).size());
        assertEquals(List.of("key:1"), answers.get(1));
        assertEquals(100L, answers.get(2));
        assertEquals("OK", answers.get(3));
        assertNull(answers.get(4));
    }
}
