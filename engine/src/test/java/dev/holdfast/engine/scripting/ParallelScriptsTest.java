package dev.holdfast.engine.scripting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scripts that promise to keep to their keys run beside each other and beside all else, and each is one step all the same. */
class ParallelScriptsTest {
    private static final String PROMISE = "--!holdfast flags=declared-keys\n";

    private static final int TAGS = 6;
    private static final int ACCOUNTS = 4;
    private static final int BALANCE = 1000;
    private static final int STEPS = 1500;

    /** Moves money between accounts with the tags of its keys, of which only the first account of each is declared. */
    private static final String TRANSFER = PROMISE + """
            local from, to = KEYS[1] .. ':' .. ARGV[1], KEYS[2] .. ':' .. ARGV[2]
            redis.call('DECRBY', from, ARGV[3])
            local sum = 0
            for i = 1, 20 do sum = sum + i end
            redis.call('INCRBY', to, ARGV[3])
            return redis.call('GET', from)
            """;

    private static final String WILD_TRANSFER = """
            redis.call('DECRBY', ARGV[1], ARGV[3])
            redis.call('INCRBY', ARGV[2], ARGV[3])
            return redis.call('GET', ARGV[1])
            """;

    private static final String FUNCTIONS = """
            #!lua name=bank
            server.register_function('transfer', function(keys, args)
                server.call('DECRBY', keys[1], args[1])
                server.call('INCRBY', keys[2], args[1])
                return server.call('GET', keys[1])
            end)
            """;

    /** Uses a key that it has not declared before it has changed anything. */
    private static final String STRAYING = PROMISE + """
            redis.call('DECRBY', ARGV[1], ARGV[2])
            redis.call('INCRBY', KEYS[1], ARGV[2])
            """;

    /** Runs until it is killed, in some of its shards or in all. */
    private static final String ENDLESS = "redis.call('GET', KEYS[1]) while true do end";

    private static final String AUDIT = """
            local sum = 0
            for _, name in ipairs(ARGV) do sum = sum + redis.call('GET', name) end
            return sum
            """;

    private final TestStore store = new TestStore();

    @AfterEach
    void close() {
        store.close();
    }

    private static String tag(int number) {
        return "{bank" + number + "}";
    }

    private static String account(int tag, int number) {
        return tag(tag) + ":" + number;
    }

    private static List<String> accounts() {
        return IntStream.range(0, TAGS * ACCOUNTS)
                .mapToObj(i -> account(i / ACCOUNTS, i % ACCOUNTS))
                .toList();
    }

    private static String[] command(List<String> more, String... words) {
        List<String> all = new ArrayList<>(List.of(words));
        all.addAll(more);
        return all.toArray(String[]::new);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 8})
    @Timeout(120)
    void noMoneyIsMadeOrLost(int threads) throws Exception {
        long seed = Long.getLong("holdfast.seed", System.nanoTime());
        for (String account : accounts()) {
            store.run("SET", account, Integer.toString(BALANCE));
        }
        String transfer = String.valueOf(store.run("SCRIPT", "LOAD", TRANSFER));
        assertEquals("bank", store.run("FUNCTION", "LOAD", FUNCTIONS));
        AtomicBoolean ended = new AtomicBoolean();
        try (ExecutorService workers = Executors.newThreadPerTaskExecutor(Executors.defaultThreadFactory())) {
            List<Future<?>> runs = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                long mine = seed + i;
                runs.add(workers.submit(() -> work(new Random(mine), transfer)));
            }
            Future<?> killer = workers.submit(() -> killScripts(ended));
            for (Future<?> run : runs) {
                run.get();
            }
            ended.set(true);
            killer.get();
        } catch (Exception | AssertionError e) {
            throw new AssertionError("with -Dholdfast.seed=" + seed + " and " + threads + " threads", e);
        }
        assertEquals((long) TAGS * ACCOUNTS * BALANCE, store.run(command(accounts(), "EVAL", AUDIT, "0")));
        assertTrue(store.engine().keyspace().usedBytes() > 0);
    }

    private void work(Random random, String transfer) {
        try (TestStore.Session session = store.connect()) {
            for (int step = 0; step < STEPS; step++) {
                int from = random.nextInt(TAGS);
                int to = random.nextInt(TAGS);
                String fromAccount = Integer.toString(random.nextInt(ACCOUNTS));
                String toAccount = Integer.toString(random.nextInt(ACCOUNTS));
                String amount = Integer.toString(random.nextInt(50));
                String fromName = tag(from) + ":" + fromAccount;
                String toName = tag(to) + ":" + toAccount;
                switch (random.nextInt(12)) {
                    case 0 -> audit(session.run(command(accounts(), "EVAL", AUDIT, "0")));
                    case 1 -> {
                        session.run("MULTI");
                        session.run(command(accounts(), "MGET"));
                        List<?> answers = (List<?>) session.run("EXEC");
                        audit(((List<?>) Objects.requireNonNull(answers).getFirst())
                                .stream()
                                        .mapToLong(each -> Long.parseLong((String) each))
                                        .sum());
                    }
                    case 2 ->
                        succeed(session.run(
                                "EVAL",
                                WILD_TRANSFER,
                                "0",
                                tag(from) + ":" + fromAccount,
                                tag(to) + ":" + toAccount,
                                amount));
                    case 3 -> {
                        session.run("MULTI");
                        session.run("DECRBY", tag(from) + ":" + fromAccount, amount);
                        session.run("EVALSHA", transfer, "2", tag(to), tag(from), toAccount, fromAccount, "7");
                        session.run("INCRBY", tag(to) + ":" + toAccount, amount);
                        succeed(session.run("EXEC"));
                    }
                    case 4 -> succeed(session.run("FCALL", "transfer", "2", fromName, toName, amount));
                    case 5 -> {
                        session.run("WATCH", fromName, toName);
                        long before = Long.parseLong(String.valueOf(session.run("GET", fromName)));
                        session.run("MULTI");
                        session.run("SET", fromName, Long.toString(before - 3));
                        session.run("INCRBY", toName, "3");
                        if (fromName.equals(toName)) {
                            session.run("DISCARD");
                        } else {
                            // Null where another has been quicker.
                            succeed(session.run("EXEC"));
                        }
                    }
                    case 6 -> {
                        Object answer = session.run("EVAL", STRAYING, "1", fromName, toName, "5");
                        assertTrue(
                                wasKilled(answer) || answer instanceof ReplyError != haveOneShard(fromName, toName),
                                () -> "a broken promise was answered with " + answer);
                    }
                    case 7 -> {
                        if (random.nextInt(20) == 0) {
                            Object answer =
                                    session.run("EVAL", (random.nextBoolean() ? PROMISE : "") + ENDLESS, "1", fromName);
                            assertTrue(wasKilled(answer), () -> "" + answer);
                        }
                    }
                    default ->
                        succeed(session.run(
                                "EVALSHA", transfer, "2", tag(from), tag(to), fromAccount, toAccount, amount));
                }
            }
        }
    }

    private boolean haveOneShard(String one, String other) {
        var keyspace = store.engine().keyspace();
        return keyspace.maskOf(Slice.of(one)) == keyspace.maskOf(Slice.of(other));
    }

    /** Ends scripts that have not written, now and then; one that has cannot be ended. */
    private void killScripts(AtomicBoolean ended) {
        try (TestStore.Session session = store.connect()) {
            while (!ended.get()) {
                Object answer = session.run("SCRIPT", "KILL");
                assertFalse(
                        answer instanceof ReplyError error && error.message().startsWith("ERR"), () -> "" + answer);
                Thread.onSpinWait();
            }
        }
    }

    private static void audit(@Nullable Object sum) {
        if (!wasKilled(sum)) {
            assertEquals((long) TAGS * ACCOUNTS * BALANCE, sum);
        }
    }

    private static void succeed(@Nullable Object answer) {
        if (answer instanceof List<?> several) {
            several.forEach(ParallelScriptsTest::succeed);
        } else if (!wasKilled(answer)) {
            assertFalse(answer instanceof ReplyError, () -> "" + answer);
        }
    }

    private static boolean wasKilled(@Nullable Object answer) {
        return answer instanceof ReplyError error && error.message().contains("killed by user");
    }

    @Test
    @Timeout(60)
    void othersAreServedWhileAScriptRuns() throws Exception {
        store.run("CONFIG", "SET", "busy-reply-threshold", "0");
        TestStore.Session running = store.connect();
        store.run("SET", "elsewhere", "served");
        String near = keyBeside("elsewhere");
        String endless = PROMISE + "redis.call('GET', KEYS[1]) while true do end";
        CompletableFuture<String> script =
                CompletableFuture.supplyAsync(() -> running.error("EVAL", endless, "1", near));
        while (store.engine().scriptRuns().toKill() == null) {
            Thread.onSpinWait();
        }
        assertEquals("served", store.run("GET", "elsewhere"));
        assertEquals("OK", store.run("SET", "elsewhere", "again"));
        assertEquals("again", store.run("EVAL", PROMISE + "return redis.call('GET', KEYS[1])", "1", "elsewhere"));
        assertEquals("OK", store.run("SCRIPT", "KILL"));
        assertEquals(
                "ERR Script killed by user with SCRIPT KILL. script: on @user_script:2.",
                script.get(30, TimeUnit.SECONDS));
    }

    /** A key of another shard. */
    private String keyBeside(String key) {
        long mask = store.engine().keyspace().maskOf(Slice.of(key));
        for (int i = 0; ; i++) {
            if (store.engine().keyspace().maskOf(Slice.of("near" + i)) != mask) {
                return "near" + i;
            }
        }
    }

    @Test
    void aPromiseIsKept() {
        String reads = PROMISE + "return redis.call('GET', ARGV[1])";
        store.run("SET", "{a}1", "x");
        assertEquals("x", store.run("EVAL", reads, "1", "{a}2", "{a}1"));
        assertTrue(store.error("EVAL", reads, "1", "{a}2", keyBeside("{a}2"))
                .startsWith("ERR Script attempted to access keys that it has not declared"));
        String everywhere = PROMISE + "return redis.call('DBSIZE')";
        assertTrue(store.error("EVAL", everywhere, "1", "{a}")
                .startsWith("ERR Script attempted to access keys that it has not declared"));
        assertEquals("x", store.run("EVAL", reads, "0", "{a}1"));
    }

    @Test
    void aPromiseMayFollowTheFirstLine() {
        String script = "#!lua flags=no-writes\n" + PROMISE + "return redis.call('GET', KEYS[1])";
        store.run("SET", "a", "1");
        assertEquals("1", store.run("EVAL", script, "1", "a"));
        assertEquals("1", store.run("EVAL", script, "1", "a"));
        assertEquals(
                "ERR Unknown flag in the line --!holdfast of a script: quick",
                store.error("EVAL", "--!holdfast flags=quick\nreturn 1", "0"));
        assertEquals(
                "ERR Unknown option in the line --!holdfast of a script: now",
                store.error("EVAL", "--!holdfast now\nreturn 1", "0"));
    }

    @Test
    void keysOfOneTagShareAShard() {
        long mask = store.engine().keyspace().maskOf(Slice.of("{user:17}"));
        for (String key : List.of("{user:17}", "a{user:17}", "session:of:{user:17}:x", "{user:17}}", "{user:17}{b}")) {
            assertEquals(mask, store.engine().keyspace().maskOf(Slice.of(key)), key);
        }
        long whole = Slice.of("{}user").placement();
        assertEquals(Slice.of("{}user").hash(), whole);
        assertEquals(Slice.of("a{user").hash(), Slice.of("a{user").placement());
    }

    @Test
    void whateverItsShardAKeyIsScanned() {
        for (int i = 0; i < 1000; i++) {
            store.run("SET", "{t" + i % 7 + "}" + i, "x");
            store.run("SET", "plain" + i, "x");
        }
        List<String> seen = new ArrayList<>();
        String cursor = "0";
        do {
            List<?> answer = (List<?>) Objects.requireNonNull(store.run("SCAN", cursor, "COUNT", "50"));
            cursor = (String) answer.get(0);
            ((List<?>) answer.get(1)).forEach(key -> seen.add((String) key));
        } while (!cursor.equals("0"));
        assertEquals(2000, seen.stream().distinct().count());
        assertEquals(2000L, store.run("DBSIZE"));
    }
}
