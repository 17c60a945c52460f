package dev.holdfast.toolkit.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.job.GiveUpException;
import dev.holdfast.toolkit.job.Job;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.RetryLaterException;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.LeasedLock;
import dev.holdfast.toolkit.lock.Locks;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Scripts and the steps in Java that stand for them do the same: a toolkit at work on a store is watched, and every run of a script is
 * repeated on a second store, where it is Lua. Answers and data are the same all the time.
 */
class StepTest {
    private static final int STEPS = 3000;
    private static final int JOB_STEPS = 600;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** The time of both stores, which stands still but for the test. */
    private static final class StoppedClock implements InstantSource {
        private long micros = 1_790_000_000_000_000L;

        @Override
        public Instant instant() {
            return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
        }
    }

    /** A store that repeats what is called on another one. */
    private static final class Twins implements AutoCloseable {
        private final StoppedClock clock = new StoppedClock();
        private final Holdfast steps = Holdfast.open(new Config(), clock);
        private final Holdfast scripts = Holdfast.open(new Config(), clock);
        private final EmbeddedStore inJava = EmbeddedStore.over(steps, 0);
        private int runs;

        /** What differed first; the toolkit's own threads would only log it. */
        private @Nullable AssertionError difference;

        synchronized Reply call(Command command) {
            try {
                return compared(command);
            } catch (AssertionError e) {
                difference = difference == null ? e : difference;
                throw e;
            }
        }

        synchronized void check() {
            if (difference != null) {
                throw difference;
            }
        }

        private Reply compared(Command command) {
            Reply answer = null;
            CommandFailedException failure = null;
            try {
                answer = inJava.call(command);
            } catch (CommandFailedException e) {
                failure = e;
            }
            if (command.script() != null) {
                runs++;
            }
            Command inLua = command.script() == null ? command : command.withSource();
            try {
                Reply same = Reply.of(scripts.call(inLua.name(), inLua.words()));
                if (command.script() != null) {
                    assertEquals(String.valueOf(same), String.valueOf(answer), command.toString());
                }
            } catch (dev.holdfast.engine.ErrorReplyException e) {
                assertTrue(failure != null, () -> command + " has failed in Lua alone: " + e.getMessage());
                String message = String.valueOf(failure.getMessage());
                assertTrue(
                        String.valueOf(e.getMessage()).startsWith(message), () -> message + " and " + e.getMessage());
                throw failure;
            }
            if (failure != null) {
                throw failure;
            }
            assertEquals(data(scripts), data(steps), () -> "after " + command);
            return answer == null ? Reply.of(null) : answer;
        }

        synchronized void pass(long micros) {
            clock.micros += micros;
        }

        /** What a store holds, in an order of its own. */
        private static Map<String, String> data(Holdfast store) {
            Map<String, String> data = new TreeMap<>();
            for (String key : Reply.of(store.call("KEYS", "*")).texts()) {
                data.put(key, content(store, key) + " until " + store.call("PEXPIRETIME", key));
            }
            return data;
        }

        private static String content(Holdfast store, String key) {
            return switch (String.valueOf(store.call("TYPE", key))) {
                case "string" -> Reply.of(store.call("GET", key)).toString();
                case "list" -> Reply.of(store.call("LRANGE", key, 0, -1)).toString();
                case "zset" ->
                    Reply.of(store.call("ZRANGE", key, 0, -1, "WITHSCORES")).toString();
                case "set" ->
                    new TreeSet<>(Reply.of(store.call("SMEMBERS", key)).texts()).toString();
                default -> {
                    Map<String, String> fields = new TreeMap<>();
                    Reply.of(store.call("HGETALL", key))
                            .map()
                            .forEach((field, value) -> fields.put(field, field(store, key, value)));
                    yield fields.toString();
                }
            };
        }

        /** A value of a hash; unpacked, if it is packed. */
        private static String field(Holdfast store, String key, Reply value) {
            if (!key.contains("}:state") && !key.contains("}:failures") && !key.contains("}:children")) {
                return value.toString();
            }
            String json = Reply.of(
                            store.call("EVAL", "return cjson.encode(cmsgpack.unpack(ARGV[1]))", 0, value.bytes()))
                    .text();
            return JSON.readTree(json) instanceof ObjectNode node ? sorted(node) : json;
        }

        private static String sorted(ObjectNode node) {
            Map<String, Object> fields = new TreeMap<>();
            node.properties().forEach(field -> fields.put(field.getKey(), field.getValue()));
            return fields.toString();
        }

        @Override
        public void close() {
            inJava.close();
            steps.close();
            scripts.close();
        }
    }

    private static void compare(long seed, int steps, BiConsumer<Toolkit, Random> work) {
        try (Twins twins = new Twins();
                Toolkit toolkit = Toolkit.over(new MirroredStore(twins.inJava, twins::call))) {
            Random random = new Random(seed);
            for (int i = 0; i < steps; i++) {
                twins.check();
                work.accept(toolkit, random);
                twins.pass(random.nextInt(5) == 0 ? random.nextInt(400_000) : random.nextInt(2_000));
            }
            twins.check();
            assertTrue(twins.runs >= steps / 2, "the toolkit runs scripts");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void limitsDecideAlike(long seed) {
        List<List<Limit>> settings = new ArrayList<>();
        for (Limit.Algorithm algorithm : Limit.Algorithm.values()) {
            settings.add(List.of(new Limit(algorithm, 3, Duration.ofMillis(100), 3)));
            settings.add(List.of(new Limit(algorithm, 50, Duration.ofSeconds(1), 50)));
            settings.add(List.of(
                    new Limit(algorithm, 3, Duration.ofMillis(50), 3),
                    Limit.tokenBucket(20, Duration.ofSeconds(1), 7)));
        }
        Map<Toolkit, List<RateLimiter>> made = new HashMap<>();
        compare(seed, STEPS, (toolkit, random) -> {
            List<RateLimiter> limiters = made.computeIfAbsent(
                    toolkit,
                    key -> settings.stream()
                            .map(limits -> {
                                RateLimiter.Builder builder = key.rateLimiter("l");
                                limits.forEach(builder::limit);
                                return builder.build();
                            })
                            .toList());
            // Few subjects and one prefix: each meets what another algorithm has left, and sometimes what is foreign.
            String subject = "s" + random.nextInt(4);
            RateLimiter limiter = limiters.get(random.nextInt(limiters.size()));
            switch (random.nextInt(12)) {
                case 0 -> limiter.peek(subject, random.nextInt(5));
                case 1 -> {
                    if (random.nextInt(20) == 0) {
                        toolkit.store().call("DEL", "l:" + subject);
                        toolkit.store().call("RPUSH", "l:" + subject, "foreign");
                    }
                }
                case 2 -> {
                    if (random.nextInt(5) == 0) {
                        toolkit.store().call("SET", "l:" + subject, random.nextBoolean() ? "0x10" : "text");
                    }
                }
                case 3 -> toolkit.store().call("DEL", "l:" + subject);
                default -> limiter.tryAcquire(subject, random.nextInt(4));
            }
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void locksAreTakenAlike(long seed) {
        List<Lease> held = new ArrayList<>();
        Map<Toolkit, Locks> made = new HashMap<>();
        compare(seed, STEPS, (toolkit, random) -> {
            Locks locks = made.computeIfAbsent(toolkit, key -> key.locks(Duration.ofSeconds(5)));
            String name = "m" + random.nextInt(3);
            LeasedLock lock = switch (random.nextInt(4)) {
                case 0 -> locks.mutex(name);
                case 1 -> locks.readWrite(name).read();
                case 2 -> locks.readWrite(name).write();
                default -> locks.semaphore(name, 2);
            };
            if (random.nextInt(4) == 0) {
                lock = lock.atLeast(Duration.ofMillis(50));
            }
            if (random.nextBoolean() || held.isEmpty()) {
                lock.tryAcquire().ifPresent(held::add);
            } else {
                held.remove(random.nextInt(held.size())).close();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void jobsAreDoneAlike(long seed) {
        Map<Toolkit, Jobs> made = new HashMap<>();
        List<Worker> workers = new CopyOnWriteArrayList<>();
        AtomicInteger handled = new AtomicInteger();
        List<String> ids = new ArrayList<>();
        compare(seed, JOB_STEPS, (toolkit, random) -> {
            Jobs jobs = made.computeIfAbsent(toolkit, StepTest::jobs);
            if (workers.isEmpty()) {
                for (int i = 0; i < 2; i++) {
                    workers.add(worker(jobs, handled));
                }
            }
            switch (random.nextInt(14)) {
                case 0 -> {
                    NewJob then = job(random, "then");
                    List<NewJob> children = new ArrayList<>();
                    for (int i = random.nextInt(4); i >= 0; i--) {
                        children.add(job(random, "child"));
                    }
                    try {
                        ids.add(jobs.addBatch(children, then));
                    } catch (IllegalArgumentException e) {
                        // One of its key is in the way.
                    }
                }
                case 1 -> {
                    if (!ids.isEmpty()) {
                        jobs.cancel(ids.get(random.nextInt(ids.size())));
                    }
                }
                case 2 -> {
                    List<NewJob> several = new ArrayList<>();
                    for (int i = 0; i < 5; i++) {
                        several.add(job(random, "several"));
                    }
                    jobs.addAll(several);
                }
                case 3 -> jobs.replay(ids.isEmpty() ? "none" : ids.get(random.nextInt(ids.size())));
                case 4 -> {
                    if (random.nextInt(10) == 0) {
                        toolkit.store().call("HSET", "jobs:{j}:state", "broken", "?");
                        toolkit.store().call("LPUSH", "jobs:{j}:pending:default", "broken");
                    }
                }
                case 5 -> {
                    if (random.nextInt(4) == 0) {
                        // Workers are lost.
                        toolkit.store().call(Command.of(LOSE, List.of("jobs:{j}:active"), 1 + random.nextInt(2)));
                    }
                }
                default -> ids.add(jobs.add(job(random, "one")).id());
            }
            if (ids.size() > 50) {
                ids.removeFirst();
            }
        });
        assertTrue(handled.get() > JOB_STEPS / 10, () -> "only " + handled + " jobs were at work");
    }

    private static final Script LOSE = Script.of("lose", """
            for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1])) do
                redis.call('ZADD', KEYS[1], 1, id)
            end
            """);

    private static Jobs jobs(Toolkit toolkit) {
        return toolkit.jobs("j")
                .queue("default", 1)
                .queue("slow", 1)
                .rateLimit(20, Duration.ofSeconds(1))
                .typeConcurrency("one", 2)
                .keyConcurrency(1)
                .keyRate(50, Duration.ofSeconds(1))
                .keepDead(20, Duration.ofSeconds(20))
                .maxRecoveries(2)
                .build();
    }

    private static Worker worker(Jobs jobs, AtomicInteger handled) {
        return jobs.worker()
                .concurrency(8)
                .stopWithin(Duration.ofMillis(200))
                .grace(Duration.ofSeconds(2))
                .backoff(failures -> Duration.ofMillis(5))
                .handleWithResult("one", Integer.class, job -> handle(job, handled))
                .handleWithResult("several", Integer.class, job -> handle(job, handled))
                .handleWithResult("child", Integer.class, job -> handle(job, handled))
                .handleWithResult("then", Integer.class, job -> handle(job, handled))
                .start();
    }

    private static Object handle(Job<Integer> job, AtomicInteger handled) {
        handled.incrementAndGet();
        return switch (job.payload()) {
            case 0 -> throw new IllegalStateException("no luck");
            case 1 -> throw new GiveUpException("no use");
            case 2 -> throw new RetryLaterException(Duration.ofMillis(3), "later");
            default -> List.of(1, 2);
        };
    }

    private static NewJob job(Random random, String type) {
        NewJob job = NewJob.of(random.nextInt(30) == 0 ? "unknown" : type, random.nextInt(8))
                .attempts(1 + random.nextInt(3))
                .queue(random.nextInt(4) == 0 ? "slow" : "default");
        if (random.nextInt(4) == 0) {
            job = job.delay(Duration.ofMillis(random.nextInt(60)));
        }
        if (random.nextInt(5) == 0) {
            job = job.priority(random.nextInt(4));
        }
        if (random.nextInt(4) == 0) {
            job = job.keepResult(Duration.ofMillis(200));
        }
        if (random.nextInt(5) == 0) {
            job = job.key("k" + random.nextInt(2)).headers(Map.of("h", "\u00fc"));
        }
        if (random.nextInt(12) == 0) {
            job = job.deadline(Instant.EPOCH.plusSeconds(1));
        }
        return switch (random.nextInt(8)) {
            case 0 -> job.uniqueUntilDone("u" + random.nextInt(3));
            case 1 -> job.uniqueUntilStart("u" + random.nextInt(3));
            case 2 ->
                job.uniqueUntilDone("u" + random.nextInt(3), Duration.ofMillis(50))
                        .replacing();
            case 3 -> job.id("fixed" + random.nextInt(3)).replacing();
            default -> job;
        };
    }
}
