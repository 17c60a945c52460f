package dev.holdfast.benchmarks;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.cache.CacheHandler;
import dev.holdfast.toolkit.cache.MapCache;
import dev.holdfast.toolkit.job.GiveUpException;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.LeasedLock;
import dev.holdfast.toolkit.queue.ReliableQueue;
import dev.holdfast.toolkit.ranking.Ranking;
import dev.holdfast.toolkit.ranking.RankingWindows;
import dev.holdfast.toolkit.ranking.Window;
import dev.holdfast.toolkit.session.Session;
import dev.holdfast.toolkit.session.Sessions;
import dev.holdfast.toolkit.stream.StreamConsumer;
import dev.holdfast.toolkit.stream.StreamTasks;
import dev.holdfast.toolkit.topic.DurableTopic;
import dev.holdfast.toolkit.topic.Topic;
import dev.holdfast.toolkit.topic.TopicReader;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Every pattern at work in one store, each on a thread of its own, with names that come again and work in hand that has a limit: what is
 * live has a limit, too. Work is counted when it is added and when it is done.
 */
final class MixedPatterns implements AutoCloseable {
    private static final int NAMES = 500;
    private static final int MOST_IN_HAND = 500;
    private static final int MOST_FAULTS = 20;
    private static final long PAUSE_NANOS = 10_000_000;
    private static final Duration BRIEF = Duration.ofSeconds(5);
    private static final long END_NANOS = TimeUnit.MINUTES.toNanos(2);

    private interface Step {
        void run(int number) throws Exception;
    }

    /** Work that is added on one side and done on the other. */
    private static final class Flow {
        final String name;
        final AtomicLong added = new AtomicLong();
        final AtomicLong done = new AtomicLong();

        Flow(String name) {
            this.name = name;
        }

        boolean hasRoom() {
            return added.get() - done.get() < MOST_IN_HAND;
        }
    }

    private record Side(String name, AtomicLong steps, Thread thread) {}

    private final String store;
    private final Toolkit toolkit;
    private final List<Side> sides = new ArrayList<>();
    private final List<Flow> flows = new ArrayList<>();
    private final ConcurrentLinkedQueue<String> faults = new ConcurrentLinkedQueue<>();
    private final AtomicLong guarded = new AtomicLong();
    /** Changed under a lock of the toolkit alone. */
    private volatile long unguarded;

    /** Changed under the same lock. */
    private volatile long lastToken;

    private volatile boolean stopping;

    MixedPatterns(String store, Toolkit toolkit) {
        this.store = store;
        this.toolkit = toolkit;
        caches();
        sessions();
        limitsAndLocks();
        rankings();
        jobs();
        queues();
        streams();
        topics();
        sides.forEach(side -> side.thread().start());
    }

    private void side(String name, Step step) {
        AtomicLong steps = new AtomicLong();
        Thread thread = Thread.ofPlatform()
                .daemon()
                .name("soak-" + store + "-" + name)
                .unstarted(() -> {
                    for (int i = 0; !stopping; i = i + 1 & Integer.MAX_VALUE) {
                        try {
                            step.run(i);
                            steps.incrementAndGet();
                        } catch (Exception | Error e) {
                            fault(name + ": " + e);
                        }
                        LockSupport.parkNanos(PAUSE_NANOS);
                    }
                });
        sides.add(new Side(name, steps, thread));
    }

    private Flow flow(String name) {
        Flow flow = new Flow(name);
        flows.add(flow);
        return flow;
    }

    /** A side that adds to a flow as long as there is room. */
    private void adding(Flow flow, Step add) {
        side(flow.name, i -> {
            if (flow.hasRoom()) {
                flow.added.incrementAndGet();
                add.run(i);
            } else {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
        });
    }

    private void fault(String what) {
        if (faults.size() < MOST_FAULTS) {
            faults.add(store + ", " + what);
        }
    }

    private void check(boolean holds, String what) {
        if (!holds) {
            fault(what);
        }
    }

    private static String name(int number) {
        return "name-" + number % NAMES;
    }

    /** An attempt that fails now and then. */
    private static void stumble(int oneIn) {
        if (ThreadLocalRandom.current().nextInt(oneIn) == 0) {
            throw new IllegalStateException("as it happens");
        }
    }

    // ---- patterns ----

    private void caches() {
        Cache<String> cache = toolkit.cache("soak", String.class)
                .ttl(BRIEF)
                .nearSize(200)
                .options(options -> options.staleFor(BRIEF))
                .build();
        side("cache", i -> {
            String key = name(i * 7);
            String value = cache.get(key, each -> "of " + each);
            check(("of " + key).equals(value), "cache: " + key + " is " + value);
            switch (i % 50) {
                case 1 -> cache.put(key, "of " + key, cache.options().tags("even"));
                case 2 -> cache.invalidate(key);
                case 3 -> cache.invalidateTag("even");
                case 4 -> cache.getAll(List.of(key, name(i + 1)));
                default -> {}
            }
            if (i % 100_000 == 99_999) {
                cache.clear();
            }
        });
        MapCache maps = toolkit.mapCache("soak-maps:").ttl(BRIEF).nearSize(200).build();
        side("mapCache", i -> {
            Map<String, String> map = maps.get(name(i), key -> Map.of("key", key));
            check(name(i).equals(map.get("key")), "mapCache: " + map);
            if (i % 20 == 0) {
                maps.invalidate(name(i));
            }
        });
        CacheHandler handler = toolkit.cacheHandler("soak-handler:", BRIEF);
        side("cacheHandler", i -> handler.getOrSet(name(i), BRIEF, () -> "page"));
    }

    private void sessions() {
        Sessions sessions = toolkit.sessions("soak-session:")
                .ttl(Duration.ofMinutes(1))
                .mostPerPrincipal(3)
                .build();
        side("sessions", i -> {
            Session session = sessions.create().principal(name(i));
            session.set("number", i).save();
            Session found = sessions.find(session.id()).orElseThrow();
            check(found.get("number", Integer.class).orElseThrow() == i, "sessions: another's attribute");
            if (i % 3 == 0) {
                found.rotate();
            } else if (i % 5 == 0) {
                found.revoke();
            }
        });
    }

    private void limitsAndLocks() {
        RateLimiter limiter = toolkit.rateLimiter("soak-limit")
                .limit(Limit.tokenBucket(100, Duration.ofSeconds(1)))
                .limit(Limit.slidingLog(500, BRIEF))
                .build();
        side("limiter", i -> limiter.tryAcquire(name(i)));
        LeasedLock one = toolkit.locks().mutex("soak-one");
        for (int thread = 0; thread < 2; thread++) {
            side("lock " + thread, i -> {
                try (Lease lease = one.acquire()) {
                    long seen = unguarded;
                    check(lease.fencingToken() > lastToken, "lock: a token that does not grow");
                    lastToken = lease.fencingToken();
                    guarded.incrementAndGet();
                    unguarded = seen + 1;
                }
                toolkit.locks().semaphore("soak-" + name(i), 3).acquire().close();
                toolkit.locks().readWrite("soak-" + name(i)).read().acquire().close();
            });
        }
    }

    private void rankings() {
        Ranking ranking = toolkit.ranking("soak").tiesByTime().build();
        side("ranking", i -> {
            ranking.submit(name(i), i % 1000, Ranking.Submit.MAX);
            check(ranking.standing(name(i)).isPresent(), "ranking: a member is missing");
            ranking.top(10);
        });
        RankingWindows days = toolkit.ranking("soak-days").each(new Window(Window.Unit.DAY, ZoneOffset.UTC, 2));
        side("rankingWindows", i -> {
            days.now().add(name(i), 1);
            days.topOver(2, 10);
        });
    }

    private void jobs() {
        Flow flow = flow("jobs");
        Jobs jobs = toolkit.jobs("soak")
                .queue("high", 3)
                .queue("default", 1)
                .keepDead(100, Duration.ofMinutes(1))
                .build();
        jobs.worker()
                .concurrency(20)
                .backoff(failures -> Duration.ofMillis(10))
                .handleWithResult("work", Integer.class, job -> {
                    stumble(20);
                    flow.done.incrementAndGet();
                    return job.payload();
                })
                .handle("hopeless", String.class, job -> {
                    flow.done.incrementAndGet();
                    throw new GiveUpException("hopeless");
                })
                .start();
        adding(flow, i -> {
            NewJob job = i % 100 == 0 ? NewJob.of("hopeless", "x") : NewJob.of("work", i);
            jobs.add(
                    switch (i % 5) {
                        case 0 -> job.queue("high");
                        case 1 -> job.delay(Duration.ofMillis(20));
                        case 2 -> job.keepResult(Duration.ofSeconds(2));
                        case 3 -> job.priority(i % 10).key(name(i));
                        default -> job;
                    });
        });
        side("jobs seen", i -> {
            jobs.stats();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
        });
    }

    private void queues() {
        Flow flow = flow("queue");
        ReliableQueue<String> queue = toolkit.queue("soak-queue", String.class)
                .priorities("high", "low")
                .deliveries(100)
                .build();
        queue.consume(5, failures -> Duration.ofMillis(10), delivery -> {
            stumble(50);
            flow.done.incrementAndGet();
        });
        adding(flow, i -> {
            if (i % 10 == 0) {
                queue.put("high", name(i), Duration.ofMillis(20));
            } else {
                queue.put(i % 2 == 0 ? "high" : "low", name(i));
            }
        });
    }

    private void streams() {
        Flow shared = flow("stream");
        StreamTasks<String> tasks = toolkit.streamTasks("soak-stream", String.class)
                .trimEvery(Duration.ofSeconds(1))
                .build();
        StreamConsumer<String> consumer = tasks.consume(entry -> shared.done.incrementAndGet());
        check(consumer != null, "stream: no consumer");
        adding(shared, i -> tasks.add(name(i)));
        Flow ordered = flow("stream with partitions");
        StreamTasks<String> partitions = toolkit.streamTasks("soak-partitions", String.class)
                .partitions(4)
                .trimEvery(Duration.ofSeconds(1))
                .build();
        partitions.consume(entry -> ordered.done.incrementAndGet());
        adding(ordered, i -> partitions.add(name(i), name(i)));
    }

    private void topics() {
        Topic<String> topic = toolkit.topic("soak-topic", String.class);
        Flow heard = flow("topic");
        topic.subscribe((channel, message) -> heard.done.incrementAndGet());
        adding(heard, i -> topic.publish(name(i)));
        DurableTopic<String> durable =
                toolkit.durableTopic("soak-durable", String.class).keep(2000).build();
        Flow read = flow("durable topic");
        TopicReader<String> reader =
                durable.read("reader", DurableTopic.Start.NEW, (id, message) -> read.done.incrementAndGet());
        check(reader != null, "durable topic: no reader");
        adding(read, i -> durable.publish(name(i)));
    }

    // ---- the end ----

    long steps() {
        return sides.stream().mapToLong(side -> side.steps().get()).sum();
    }

    /** Stops adding, waits until what was added is done, and says what went wrong. */
    List<String> finish() throws InterruptedException {
        stopping = true;
        for (Side side : sides) {
            side.thread().join(TimeUnit.NANOSECONDS.toMillis(END_NANOS));
            check(!side.thread().isAlive(), side.name() + ": a call does not end");
        }
        long deadline = System.nanoTime() + END_NANOS;
        for (Flow flow : flows) {
            while (flow.done.get() < flow.added.get() && System.nanoTime() < deadline) {
                Thread.sleep(20);
            }
            check(
                    flow.done.get() >= flow.added.get(),
                    flow.name + ": " + flow.added + " added, " + flow.done + " done");
        }
        check(unguarded == guarded.get(), "lock: " + (guarded.get() - unguarded) + " updates are lost");
        toolkit.health().forEach((pattern, health) -> check(health.up(), pattern + ": " + health));
        return List.copyOf(faults);
    }

    /** What was done, and how much of it again because a lease was over. */
    String table() {
        StringBuilder table = new StringBuilder();
        sides.forEach(side -> table.append("| %s | %s | %,d steps |%n"
                .formatted(store, side.name(), side.steps().get())));
        flows.forEach(flow -> table.append(
                "| %s | %s | %,d added, %,d done |%n".formatted(store, flow.name, flow.added.get(), flow.done.get())));
        return table.toString();
    }

    @Override
    public void close() {
        stopping = true;
    }
}
