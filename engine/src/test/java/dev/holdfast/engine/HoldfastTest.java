package dev.holdfast.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.config.Config;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** A store in this JVM, as programs use it. */
@Timeout(30)
class HoldfastTest {
    private final Holdfast store = Holdfast.open();

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void aStoreDoesNotFillTheHeapOfItsProgram() throws Exception {
        Config config = new Config();
        config.set("heap-percent", "1");
        try (Holdfast store = Holdfast.open(config)) {
            String value = "x".repeat(1000);
            ErrorReplyException refused = assertThrows(ErrorReplyException.class, () -> {
                for (int i = 0; i < 10_000_000; i++) {
                    store.set("key " + i, value);
                }
            });
            assertEquals("OOM command not allowed when used memory > 'maxmemory'.", refused.getMessage());
            assertEquals(value, store.get("key 0"));
            store.call("FLUSHALL");
            store.set("key", value);
        }
    }

    @Test
    void stringsAndKeys() {
        assertNull(store.get("a"));
        store.set("a", "ä");
        assertEquals("ä", store.get("a"));
        assertArrayEquals(new byte[] {(byte) 0xC3, (byte) 0xA4}, store.get(new byte[] {'a'}));
        assertTrue(store.set("a", "2", SetOption.IF_PRESENT, SetOption.expireIn(Duration.ofSeconds(100))));
        assertFalse(store.set("a", "3", SetOption.IF_ABSENT));
        assertTrue(store.set("a", "3", SetOption.ifEqual("2"), SetOption.KEEP_TTL));
        assertTrue(Objects.requireNonNull(store.pttl("a")).isPositive());
        assertNull(store.pttl("nothing"));
        assertEquals(4, store.incr("a"));
        assertEquals(14, store.incrBy("a", 10));
        assertEquals(13, store.decr("a"));
        assertEquals(13.5, store.incrByFloat("a", 0.5));
        assertEquals(5, store.append("a", "!"));
        assertEquals("13.5!", store.getDel("a"));
        store.mset(Map.of("a", "1", "b", "2"));
        assertEquals(Arrays.asList("1", null, "2"), store.mget("a", "none", "b"));
        assertTrue(store.exists("a"));
        assertTrue(store.expire("a", Duration.ofSeconds(5)));
        assertTrue(store.persist("a"));
        assertTrue(store.expireAt("b", Instant.now().minusSeconds(1)));
        assertFalse(store.exists("b"));
        assertEquals(1, store.del("a", "b"));
        assertEquals(0, store.dbSize());
        assertEquals("none", store.type("a"));
    }

    @Test
    void aFullStoreRefusesToGrow() {
        store.call("CONFIG", "SET", "maxmemory", 1);
        assertEquals(
                "OOM",
                assertThrows(ErrorReplyException.class, () -> store.set("a", "1"))
                        .code());
        assertNull(store.get("a"));
        store.call("CONFIG", "SET", "maxmemory", 0);
        store.call("CONFIG", "SET", "min-replicas-to-write", 1);
        assertEquals(
                "NOREPLICAS",
                assertThrows(ErrorReplyException.class, () -> store.set("a", "1"))
                        .code());
        assertNull(store.get("a"));
        store.call("CONFIG", "SET", "min-replicas-to-write", 0);
        store.set("a", "1");
    }

    @Test
    void collections() {
        assertTrue(store.hset("h", "f", "1"));
        assertEquals(1, store.hset("h", Map.of("f", "2", "g", "3")));
        assertEquals("2", store.hget("h", "f"));
        assertEquals(Map.of("f", "2", "g", "3"), store.hgetAll("h"));
        assertEquals(Arrays.asList("2", null), store.hmget("h", "f", "none"));
        assertEquals(12, store.hincrBy("h", "f", 10));
        assertEquals(1, store.hdel("h", "g", "none"));
        assertEquals(3, store.rpush("l", "a", "b", "c"));
        assertEquals(List.of("a", "b", "c"), store.lrange("l", 0, -1));
        assertEquals("a", store.lpop("l"));
        assertEquals("c", store.rpop("l"));
        assertEquals(Map.entry("l", "b"), store.blpop(Duration.ofSeconds(1), "none", "l"));
        assertNull(store.lpop("l"));
        assertEquals(2, store.sadd("s", "x", "y"));
        assertTrue(store.sismember("s", "x"));
        assertEquals(1, store.srem("s", "x"));
        assertEquals(List.of("y"), store.smembers("s"));
        assertTrue(store.zadd("z", 1.5, "m"));
        assertEquals(1, store.zadd("z", Map.of("m", 2.5, "n", 1.0)));
        assertEquals(2.5, store.zscore("z", "m"));
        assertNull(store.zscore("z", "none"));
        assertEquals(1L, store.zrank("z", "m"));
        assertEquals(3.5, store.zincrBy("z", 1, "m"));
        assertEquals(List.of("n", "m"), store.zrange("z", 0, -1));
        assertEquals(List.of(new ScoredMember("n", 1), new ScoredMember("m", 3.5)), store.zrangeWithScores("z", 0, -1));
        assertEquals(List.of(new ScoredMember("m", 3.5)), store.zrangeByScore("z", 2, Double.POSITIVE_INFINITY));
        assertEquals(List.of(new ScoredMember("n", 1)), store.zpopMin("z", 1));
    }

    @Test
    void anyCommandByName() {
        assertEquals("OK", store.call("set", "a", 17));
        assertArrayEquals(new byte[] {'1', '7'}, (byte[]) store.call("GET", "a"));
        assertEquals(18L, store.call("Incr", "a".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        assertNull(store.call("GET", "none"));
        assertEquals(List.of(), store.call("LRANGE", "none", 0, -1));
        assertThrows(IllegalArgumentException.class, () -> store.call("SET", "a", new Object()));
        for (String command : List.of("SELECT", "multi", "WATCH", "Subscribe", "QUIT")) {
            assertThrows(IllegalArgumentException.class, () -> store.call(command, 1), command);
        }
        assertThrows(IllegalArgumentException.class, () -> store.call("CLIENT", "REPLY", "OFF"));
    }

    @Test
    void errorsAreThrown() {
        store.rpush("l", "x");
        ErrorReplyException wrongType = assertThrows(ErrorReplyException.class, () -> store.get("l"));
        assertEquals("WRONGTYPE Operation against a key holding the wrong kind of value", wrongType.getMessage());
        assertEquals("WRONGTYPE", wrongType.code());
        ErrorReplyException unknown = assertThrows(ErrorReplyException.class, () -> store.call("NOSUCH"));
        assertEquals("ERR", unknown.code());
        assertNull(store.get("after"));
    }

    @Test
    void manyKeysAtOnce() {
        byte[][] pairs = new byte[80][];
        byte[][] keys = new byte[41][];
        for (int i = 0; i < 40; i++) {
            keys[i] = ("key " + i).getBytes(StandardCharsets.US_ASCII);
            pairs[2 * i] = keys[i];
            pairs[2 * i + 1] = "x".repeat(i * 50).getBytes(StandardCharsets.US_ASCII);
        }
        keys[40] = "none".getBytes(StandardCharsets.US_ASCII);
        store.setAll(pairs);
        List<byte[]> values = store.getAll(keys);
        assertEquals(41, values.size());
        for (int i = 0; i < 40; i++) {
            assertArrayEquals(pairs[2 * i + 1], values.get(i));
        }
        assertNull(values.get(40));
        assertEquals(List.of(), store.getAll(new byte[0][]));
        store.setAll(Map.of("a", "ä", "b", "2"));
        assertEquals(Arrays.asList("2", null, "ä"), store.getAll("b", "none", "a"));
        assertThrows(IllegalArgumentException.class, () -> store.setAll(pairs[0], pairs[1], keys[2]));
        store.rpush("list", "x");
        assertEquals(
                "WRONGTYPE",
                assertThrows(ErrorReplyException.class, () -> store.getAll("a", "list", "b"))
                        .code());
        assertEquals(List.of("2"), store.getAll("b"));
    }

    @Test
    void aPipelineAnswersEachCommand() {
        List<Object> answers = store.pipeline(pipeline -> {
            for (int i = 0; i < 100; i++) {
                pipeline.call("INCR", "n").call("RPUSH", "l", i).call("INCR", "l");
            }
            pipeline.call("BLPOP", "none", 0.01).call("NOSUCH").call("GET", "n");
        });
        assertEquals(303, answers.size());
        for (int i = 0; i < 100; i++) {
            assertEquals(i + 1L, answers.get(3 * i));
            assertEquals(i + 1L, answers.get(3 * i + 1));
            assertEquals("WRONGTYPE", ((ErrorReplyException) answers.get(3 * i + 2)).code());
        }
        assertNull(answers.get(300));
        assertEquals("ERR", ((ErrorReplyException) answers.get(301)).code());
        assertArrayEquals(new byte[] {'1', '0', '0'}, (byte[]) answers.get(302));
    }

    @Test
    void aPipelineThatFailsLeavesNothingBehind() {
        assertThrows(
                IllegalArgumentException.class,
                () -> store.pipeline(pipeline -> pipeline.call("SET", "a", "1").call("SELECT", 1)));
        assertThrows(
                IllegalArgumentException.class,
                () -> store.pipeline(pipeline -> pipeline.call("SET", "a", new Object())));
        assertEquals(List.of(), store.pipeline(pipeline -> {}));
        assertEquals(List.of("OK"), store.pipeline(pipeline -> pipeline.call("SET", "b", "2")));
        assertFalse(store.exists("a"));
        AtomicReference<Pipeline> kept = new AtomicReference<>();
        store.pipeline(kept::set);
        assertThrows(
                IllegalStateException.class,
                () -> Objects.requireNonNull(kept.get()).call("SET", "a", "1"));
        // The store may be used meanwhile, and a connection keeps what it has selected.
        assertEquals(List.of(1L), store.pipeline(pipeline -> {
            store.set("c", "3");
            pipeline.call("EXISTS", "c");
        }));
        try (Connection connection = store.connect()) {
            connection.pipeline(pipeline -> pipeline.call("SELECT", 1).call("SET", "d", "4"));
            assertEquals(Arrays.asList("4", null), connection.getAll("d", "c"));
        }
    }

    @Test
    void sessionsHaveState() {
        try (Connection session = store.connect()) {
            session.select(3);
            session.set("a", "3");
            assertNull(store.get("a"));
            session.watch("a");
            assertEquals(
                    Arrays.asList("OK", 5L),
                    session.transaction(t -> t.call("SET", "a", 4).call("INCR", "a")));
            session.watch("a");
            try (Connection other = store.connect()) {
                other.select(3);
                other.set("a", "6");
            }
            assertNull(session.transaction(t -> t.call("SET", "a", 7)));
            assertEquals("6", session.get("a"));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> session.transaction(t -> {
                        throw new IllegalArgumentException("changed my mind");
                    }));
            assertEquals("6", session.get("a"));
            assertThrows(ErrorReplyException.class, () -> session.transaction(t -> t.call("NOSUCH")));
            assertEquals("6", session.get("a"));
        }
        List<?> answers = store.transaction(t -> t.call("SET", "a", "x").call("INCR", "a"));
        assertEquals("OK", answers.get(0));
        assertEquals(
                "ERR value is not an integer or out of range", ((ErrorReplyException) answers.get(1)).getMessage());
    }

    @Test
    void aWaitingCallIsServed() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Map.Entry<String, String>> popped = threads.submit(() -> store.blpop(Duration.ZERO, "queue"));
            awaitBlocked(1);
            store.rpush("queue", "job");
            assertEquals(Map.entry("queue", "job"), popped.get());
            assertNull(store.blpop(Duration.ofMillis(1), "queue"));
        }
    }

    private void awaitBlocked(int clients) {
        while (store.engine().blocking().blockedClients() != clients) {
            Thread.onSpinWait();
        }
    }

    @Test
    void anInterruptGivesTheWaitUp() throws Exception {
        AtomicReference<Object> outcome = new AtomicReference<>();
        Thread thread = Thread.ofVirtual().start(() -> {
            try {
                store.blpop(Duration.ZERO, "queue");
            } catch (CallInterruptedException e) {
                outcome.set(Thread.currentThread().isInterrupted());
            }
        });
        awaitBlocked(1);
        thread.interrupt();
        thread.join();
        assertEquals(true, outcome.get());
        awaitBlocked(0);
        store.rpush("queue", "job");
        assertEquals(1, store.llen("queue"));
    }

    @Test
    void closingEndsAllWaiting() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> failure = threads.submit(
                    () -> assertThrows(IllegalStateException.class, () -> store.blpop(Duration.ZERO, "queue")));
            awaitBlocked(1);
            store.close();
            failure.get();
        }
        assertThrows(IllegalStateException.class, () -> store.get("a"));
        assertThrows(IllegalStateException.class, () -> store.call("PING"));
        assertThrows(IllegalStateException.class, store::connect);
        store.close();
    }

    @Test
    void manyVirtualThreadsAtOnce() throws Exception {
        int workers = 500;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < workers; i++) {
                threads.submit(() -> {
                    String job = Objects.requireNonNull(store.blpop(Duration.ZERO, "jobs"))
                            .getValue();
                    for (int j = 0; j < 20; j++) {
                        store.incr("count");
                        store.hincrBy("counts", job, 1);
                    }
                    store.rpush("done", job);
                });
            }
            for (int i = 0; i < workers; i++) {
                store.rpush("jobs", "job" + i);
            }
        }
        assertEquals(Integer.toString(workers * 20), store.get("count"));
        assertEquals(workers, store.llen("done"));
        assertEquals(workers, store.hlen("counts"));
    }

    @Test
    void messages() throws Exception {
        BlockingQueue<Message> received = new LinkedBlockingQueue<>();
        try (Subscriber subscription = store.subscribe(received::add, "news")) {
            subscription.subscribeToPatterns("w*");
            assertEquals(1, store.publish("news", "one"));
            assertEquals(1, store.publish("weather", "rain"));
            assertEquals(0, store.publish("other", "x"));
            Message first = received.take();
            assertEquals("news", first.channel());
            assertEquals("one", first.text());
            assertNull(first.pattern());
            Message second = received.take();
            assertEquals("weather", second.channel());
            assertEquals("w*", second.pattern());
            subscription.unsubscribe("news");
            assertEquals(0, store.publish("news", "two"));
        }
        assertEquals(0, store.publish("weather", "sun"));
        assertTrue(received.isEmpty());
    }

    @Test
    void aListenerMayUseTheStore() throws Exception {
        CompletableFuture<String> answer = new CompletableFuture<>();
        store.subscribe(message -> answer.complete(store.get(message.text())), "keys");
        store.set("a", "1");
        store.publish("keys", "a");
        assertEquals("1", answer.get(10, TimeUnit.SECONDS));
    }

    @Test
    void storesKnowNothingOfEachOther() {
        try (Holdfast other = Holdfast.open()) {
            store.set("a", "1");
            other.set("a", "2");
            assertEquals("1", store.get("a"));
            assertEquals("2", other.get("a"));
        }
        assertEquals("1", store.get("a"));
    }

    @Test
    void closingEndsTheThreads() throws Exception {
        Subscriber subscription = store.subscribe(message -> {}, "news");
        store.close();
        assertTrue(subscription.isClosed());
        assertTrue(store.engine().timer().awaitTermination(10, TimeUnit.SECONDS));
        assertThrows(IllegalStateException.class, () -> subscription.subscribe("more"));
        assertNotNull(store.engine());
    }

    /** A key or a value need not be text. Maps are left out: bytes know no equality, and so are no keys of a map. */
    @Test
    void callsOfTextExistForBytesToo() {
        Set<String> textOnly = Set.of(
                "call",
                "callText",
                "getBytes",
                "hgetAll",
                "zrangeWithScores",
                "zrangeByScore",
                "zpopMin",
                "subscribe",
                "subscribeToPatterns",
                "subscribeToSharded");
        Set<String> missing = new TreeSet<>();
        for (Method method : Connection.class.getMethods()) {
            if (method.getDeclaringClass() == StreamCalls.class
                    || textOnly.contains(method.getName())
                    || Modifier.isStatic(method.getModifiers())
                    || method.getDeclaringClass() == Object.class
                    || List.of(method.getParameterTypes()).contains(Map.class)
                    || List.of(method.getParameterTypes()).contains(byte[].class)) {
                continue;
            }
            Class<?>[] types = method.getParameterTypes();
            boolean hasText = false;
            for (int i = 0; i < types.length; i++) {
                hasText |= types[i] == String.class || types[i] == String[].class;
                types[i] = types[i] == String.class
                        ? byte[].class
                        : types[i] == String[].class ? byte[][].class : types[i];
            }
            try {
                assertNotNull(hasText ? Connection.class.getMethod(method.getName(), types) : method);
            } catch (NoSuchMethodException e) {
                missing.add(method.toString());
            }
        }
        assertEquals(Set.of(), missing);
    }

    @Test
    void bytesGoThroughUnchanged() {
        byte[] key = {0, (byte) 0xff, 13, 10};
        byte[] value = {(byte) 0x80, 0};
        store.set(key, value);
        assertArrayEquals(value, store.getEx(key, Duration.ofMinutes(1)));
        assertTrue(Objects.requireNonNull(store.pttl(key)).compareTo(Duration.ofMinutes(1)) <= 0);
        assertTrue(store.persist(key));
        assertNull(store.pttl(key));
        assertEquals(2, store.strlen(key));
        assertEquals("string", store.type(key));
        assertEquals(1, store.del(key, value));
        store.hset(key, value, value);
        assertTrue(store.hexists(key, value));
        assertArrayEquals(value, store.hmget(key, value).getFirst());
        assertEquals(1, store.hdel(key, value));
        store.zadd(key, 1.5, value);
        assertEquals(1.5, store.zscore(key, value));
        assertEquals(2.0, store.zincrBy(key, 0.5, value));
        assertEquals(0, store.zrank(key, value));
        assertArrayEquals(value, store.zrange(key, 0, -1).getFirst());
        assertEquals(1, store.zremRangeByScore(key, 0, 3));
        store.rpush(key, value, value);
        assertArrayEquals(value, store.lindex(key, 1));
        assertArrayEquals(
                value,
                Objects.requireNonNull(store.blpop(Duration.ofSeconds(1), key)).getValue());
        assertArrayEquals(
                key,
                Objects.requireNonNull(store.brpop(Duration.ofSeconds(1), key)).getKey());
        assertNull(store.blpop(Duration.ofMillis(1), key));
    }

    @Test
    void streams() {
        String first = store.xadd("s", Map.of("what", "one"));
        String second = store.xadd("s", Map.of("what", "two"), 1000);
        assertEquals(2, store.xlen("s"));
        assertEquals(
                List.of(new StreamEntry(first, Map.of("what", "one")), new StreamEntry(second, Map.of("what", "two"))),
                store.xrange("s", "-", "+"));
        assertEquals(store.xrange("s", first, "+", 1), store.xread("s", "0", 1));
        assertEquals(second, store.xrevrange("s", "+", "-", 1).getFirst().id());
        assertEquals(List.of(), store.xread("s", second, 10));
        assertEquals(List.of(), store.xread("s", "$", 10, Duration.ofMillis(1)));
        store.xgroupCreate("s", "g", "0");
        assertEquals(
                "BUSYGROUP",
                assertThrows(ErrorReplyException.class, () -> store.xgroupCreate("s", "g", "0"))
                        .code());
        assertEquals(List.of(first, second), ids(store.xreadGroup("s", "g", "c", 10)));
        assertEquals(List.of(), store.xreadGroup("s", "g", "c", 10, Duration.ofMillis(1)));
        assertEquals(2, store.xack("s", "g", first, second));
        assertEquals(1, store.xdel("s", first));
        store.xadd("s", Map.of("what", "three"));
        assertEquals(1, store.xtrim("s", 1));
    }

    private static List<String> ids(List<StreamEntry> entries) {
        return entries.stream().map(StreamEntry::id).toList();
    }

    @Test
    void answersAreReadAsText() {
        store.hset("h", "f", "v");
        assertEquals(Map.of("f", "v"), store.callText("HGETALL", "h"));
        assertEquals("v", store.callText("HGET", "h", "f"));
        assertEquals(Arrays.asList("v", null), store.callText("HMGET", "h", "f", "g"));
        assertEquals(1L, store.callText("HLEN", "h"));
        assertNull(store.callText("GET", "nothing"));
    }

    @Test
    void aConfigurationIsWrittenInOneLine() {
        try (Holdfast other =
                Holdfast.open(new Config().set("maxmemory", "100mb").set("databases", "4"))) {
            assertEquals(Map.of("databases", "4"), other.callText("CONFIG", "GET", "databases"));
        }
        assertThrows(IllegalArgumentException.class, () -> new Config().set("maxmemory", "much"));
    }

    @Test
    @SuppressWarnings("NullAway")
    void mistakesAreNamed() {
        Duration forEver = ChronoUnit.FOREVER.getDuration();
        String word = "a word of a command is null";
        assertEquals(word, message(NullPointerException.class, () -> store.set("a", (String) null)));
        assertEquals(word, message(NullPointerException.class, () -> store.call("SET", "a", null)));
        assertEquals(word, message(NullPointerException.class, () -> store.lpush("a", "b", null)));
        assertTrue(message(IllegalArgumentException.class, () -> store.expire("a", forEver))
                .startsWith("a key cannot expire as late as in "));
        assertTrue(message(IllegalArgumentException.class, () -> SetOption.expireIn(forEver))
                .startsWith("a key cannot expire as late as in "));
        assertEquals(
                "a command cannot wait for PT-1S",
                message(IllegalArgumentException.class, () -> store.blpop(Duration.ofSeconds(-1), "a")));
        assertEquals(
                "a word of a command is a byte array, a string or a number, not a java.lang.Object",
                message(IllegalArgumentException.class, () -> store.call("GET", new Object())));
        store.rpush("l", "x");
        assertEquals(Map.entry("l", "x"), store.blpop(forEver, "l"));
        assertNull(store.blpop(Duration.ofNanos(1), "l"));
    }

    private static String message(Class<? extends Throwable> type, Executable call) {
        return String.valueOf(assertThrows(type, call).getMessage());
    }
}
