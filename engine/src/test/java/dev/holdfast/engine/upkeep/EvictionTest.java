package dev.holdfast.engine.upkeep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EvictionTest {
    private static final String OOM = "OOM command not allowed when used memory > 'maxmemory'.";
    private static final String VALUE = "x".repeat(200);

    /** Sets {@code maxmemory} to what is used now and a little more. */
    private static long limit(TestStore store, long moreBytes) {
        long limit = store.engine().usedBytes() + moreBytes;
        store.run("CONFIG", "SET", "maxmemory", String.valueOf(limit));
        return limit;
    }

    private static long number(TestStore store, String... words) {
        return (Long) Objects.requireNonNull(store.run(words));
    }

    private static void fill(TestStore store, String prefix, int count, String... options) {
        for (int i = 0; i < count; i++) {
            String[] words = new String[3 + options.length];
            words[0] = "SET";
            words[1] = prefix + i;
            words[2] = VALUE;
            System.arraycopy(options, 0, words, 3, options.length);
            assertEquals("OK", store.run(words));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"allkeys-lru", "allkeys-lfu", "allkeys-random"})
    void anyKeyMayGo(String policy) {
        try (TestStore store = new TestStore("maxmemory-policy", policy)) {
            long limit = limit(store, 100_000);
            fill(store, "k", 3000);
            assertTrue(
                    store.engine().usedBytes() <= limit + 1000,
                    "used " + store.engine().usedBytes());
            long left = number(store, "DBSIZE");
            assertEquals(3000 - left, store.engine().statistics().evictedKeys.sum());
            assertTrue(left > 200, "left " + left);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"})
    void onlyKeysThatExpireGoAndThenCommandsAreRefused(String policy) {
        try (TestStore store = new TestStore("maxmemory-policy", policy)) {
            fill(store, "stays", 300);
            store.run("XADD", "stream", "*", "f", VALUE);
            store.run("HSETEX", "hash", "EX", "1000", "FIELDS", "1", "f", VALUE);
            fill(store, "goes", 300, "EX", "1000");
            limit(store, 0);
            fill(store, "more", 250);
            assertEquals(300L + 2 + 250, number(store, "DBSIZE") - keysLike(store, "goes"));
            assertEquals(1L, store.run("XLEN", "stream"));
            assertEquals(1L, store.run("HLEN", "hash"));
            assertRefusedInTheEnd(store);
            assertEquals(0, keysLike(store, "goes"));
            assertEquals(VALUE, store.run("GET", "stays1"));
            assertEquals(1L, store.run("DEL", "stays1"));
        }
    }

    /** Sets keys until that is refused. While the timer's thread is still evicting, commands are let through. */
    private static void assertRefusedInTheEnd(TestStore store) {
        for (int i = 0; i < 100_000; i++) {
            Object answer = store.run("SET", "other" + i, VALUE);
            if (answer instanceof ReplyError error) {
                assertEquals(OOM, error.message());
                return;
            }
        }
        fail("never refused");
    }

    private static int keysLike(TestStore store, String prefix) {
        return ((List<?>) Objects.requireNonNull(store.run("KEYS", prefix + "*"))).size();
    }

    @Test
    void whatExpiresSoonestGoesFirst() {
        try (TestStore store = new TestStore("maxmemory-policy", "volatile-ttl", "maxmemory-samples", "10")) {
            fill(store, "late", 500, "EX", "100000");
            fill(store, "soon", 500, "EX", "1000");
            limit(store, 0);
            fill(store, "new", 300);
            int late = keysLike(store, "late");
            assertTrue(late > 480, late + " of 500 that expire late are left");
        }
    }

    @Test
    void evictingIsToldToWatchersAndSubscribers() {
        try (TestStore store = new TestStore("maxmemory-policy", "allkeys-random", "notify-keyspace-events", "Ee")) {
            fill(store, "k", 20);
            TestStore.Session watcher = store.connect();
            TestStore.Session subscriber = store.connect();
            subscriber.run("SUBSCRIBE", "__keyevent@0__:evicted");
            watcher.run("WATCH", "k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9");
            store.run("CONFIG", "SET", "maxmemory", "1");
            assertRefusedInTheEnd(store);
            assertEquals(0, keysLike(store, "k"));
            assertNotNull(subscriber.push());
            store.run("CONFIG", "SET", "maxmemory", "0");
            watcher.run("MULTI");
            watcher.run("PING");
            assertNull(watcher.run("EXEC"));
        }
    }

    @Test
    void whatGrowsMoreThanItsWordsMakesTheNextCommandLook() {
        try (TestStore store = new TestStore("maxmemory-policy", "volatile-random")) {
            store.run("SET", "expires", "x", "EX", "1000");
            limit(store, 100_000);
            store.run("PING");
            store.run("SETBIT", "bits", "1600000", "1");
            store.run("GETBIT", "bits", "0");
            assertEquals(0L, store.run("EXISTS", "expires"));
        }
    }

    @Test
    void nothingGoesDuringAnImport() {
        try (TestStore store = new TestStore("maxmemory-policy", "allkeys-lru", "import-mode", "yes")) {
            fill(store, "k", 100);
            limit(store, -10_000);
            assertEquals(OOM, store.error("SET", "a", "b"));
            assertEquals(100L, store.run("DBSIZE"));
        }
    }

    @Test
    void objectTellsWhatThePolicyCounts() {
        try (TestStore store = new TestStore("maxmemory-policy", "allkeys-lfu")) {
            store.run("SET", "k", "v");
            assertEquals(5L, store.run("OBJECT", "FREQ", "k"));
            for (int i = 0; i < 100; i++) {
                store.run("GET", "k");
            }
            long count = number(store, "OBJECT", "FREQ", "k");
            assertTrue(count > 6 && count < 30, "counted " + count);
            store.run("SET", "k", "another value, which needs a record of its own");
            assertTrue(number(store, "OBJECT", "FREQ", "k") >= count);
            store.engine().keyspace().clock().setTime(store.clock().millis() + 3 * 60_000);
            long decayed = count - number(store, "OBJECT", "FREQ", "k");
            assertTrue(decayed >= 2 && decayed <= 4, "decayed by " + decayed);
            assertTrue(store.error("OBJECT", "IDLETIME", "k").startsWith("ERR An LFU maxmemory policy is selected"));
            store.run("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
            store.run("SET", "l", "v");
            assertEquals(0L, store.run("OBJECT", "IDLETIME", "l"));
            assertTrue(store.error("OBJECT", "FREQ", "l").startsWith("ERR An LFU maxmemory policy is not selected"));
        }
    }

    // ---- how good the choice is ----

    private static final int KEYS = 4000;
    private static final int CAPACITY = 800;
    private static final int ACCESSES = 30_000;

    /** Ranks drawn so that the rank {@code r} comes about {@code 1 / r} times as often as the first. */
    private static int zipf(Random random) {
        return (int) Math.min(KEYS - 1, Math.exp(random.nextDouble() * Math.log(KEYS)) - 1);
    }

    /** The share of accesses that find their key in the store, which holds about {@link #CAPACITY} of them. */
    private static double hitRatio(String policy, int millisApart, long seed, IntFunction<Integer> access) {
        try (TestStore store = new TestStore("maxmemory-policy", policy, "maxmemory-samples", "10")) {
            store.engine().setRandom(new Random(seed));
            fill(store, "key:", CAPACITY);
            limit(store, 0);
            store.run("FLUSHALL");
            int hits = 0;
            for (int i = 0; i < ACCESSES; i++) {
                store.engine().keyspace().clock().setTime(1_800_000_000_000L + i * (long) millisApart);
                String key = "key:" + access.apply(i);
                if (store.run("GET", key) != null) {
                    hits++;
                } else {
                    store.run("SET", key, VALUE);
                }
            }
            return (double) hits / ACCESSES;
        }
    }

    private static double exactLru(IntFunction<Integer> access) {
        Map<Integer, Boolean> cache = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Integer, Boolean> eldest) {
                return size() > CAPACITY;
            }
        };
        int hits = 0;
        for (int i = 0; i < ACCESSES; i++) {
            hits += cache.put(access.apply(i), true) != null ? 1 : 0;
        }
        return (double) hits / ACCESSES;
    }

    /** The best that counting can do: all counts are kept, also of keys that are not in the cache. */
    private static double exactLfu(IntFunction<Integer> access) {
        Map<Integer, Integer> counts = new HashMap<>();
        Map<Integer, Boolean> cache = new HashMap<>();
        int hits = 0;
        for (int i = 0; i < ACCESSES; i++) {
            int key = access.apply(i);
            counts.merge(key, 1, Integer::sum);
            if (cache.put(key, true) != null) {
                hits++;
            } else if (cache.size() > CAPACITY) {
                cache.remove(cache.keySet().stream()
                        .filter(each -> each != key)
                        .min(Comparator.comparing(counts::get))
                        .orElseThrow());
            }
        }
        return (double) hits / ACCESSES;
    }

    private static int[] accesses(long seed) {
        Random random = new Random(seed);
        int[] accesses = new int[ACCESSES];
        for (int i = 0; i < ACCESSES; i++) {
            accesses[i] = zipf(random);
        }
        return accesses;
    }

    @Test
    void samplingIsNearlyAsGoodAsExactLru() {
        long seed = 42;
        int[] accesses = accesses(seed);
        double exact = exactLru(i -> accesses[i]);
        double ours = hitRatio("allkeys-lru", 1000, seed, i -> accesses[i]);
        assertTrue(ours > exact - 0.03, "hits " + ours + ", exactly " + exact + ", seed " + seed);
    }

    @Test
    void countingIsBetterThanRecencyWhereSomeKeysAreAlwaysWanted() {
        long seed = 43;
        int[] accesses = accesses(seed);
        double exact = exactLfu(i -> accesses[i]);
        double recency = exactLru(i -> accesses[i]);
        double ours = hitRatio("allkeys-lfu", 10, seed, i -> accesses[i]);
        assertTrue(ours > exact - 0.06 && ours > recency, "hits " + ours + ", exactly " + exact + ", LRU " + recency);
    }
}
