package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.cache.CacheLoadException;
import dev.holdfast.toolkit.cache.CacheOptions;
import dev.holdfast.toolkit.cache.Invalidation;
import dev.holdfast.toolkit.cache.TagStyle;
import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.job.GiveUpException;
import dev.holdfast.toolkit.job.JobState;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.lock.LeasedLock;
import dev.holdfast.toolkit.queue.ReliableQueue;
import dev.holdfast.toolkit.ranking.Ranking;
import dev.holdfast.toolkit.session.Session;
import dev.holdfast.toolkit.session.Sessions;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.stream.StreamTasks;
import dev.holdfast.toolkit.topic.DurableTopic;
import dev.holdfast.toolkit.topic.TopicReader;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What applications do that they should not, in every pattern: it harms nothing else, and it shows. */
@ContractTest
class HostileContract extends Contract {
    private static final Duration FOR_EVER = ChronoUnit.FOREVER.getDuration();

    /** Writes text; what it reads, it throws an error for. */
    private static Codec<String> throwing(Error error) {
        return new Codec<>() {
            @Override
            public byte[] encode(String value) {
                return Codecs.text().encode(value);
            }

            @Override
            public String decode(byte[] bytes) {
                throw error;
            }
        };
    }

    // ---- code that throws ----

    @Test
    void anErrorOfACodecIsThatOfOneValue() {
        Cache<String> cache = toolkit()
                .cache("c", throwing(new AssertionError("x")))
                .nearSize(0)
                .build();
        cache.put("k", "v");
        assertNull(cache.get("k"), "it cannot be read, and is a miss");

        ReliableQueue<String> queue =
                toolkit().queue("q", throwing(new AssertionError("x"))).build();
        queue.put("high", "v");
        assertTrue(queue.take().isEmpty());
        eventually(() -> queue.dead(0, 10).size() == 1);
        assertTrue(queue.dead(0, 10).getFirst().message().isEmpty());
    }

    @Test
    void aPatternWhoseHealthThrowsHidesNoOther() {
        ReliableQueue<String> queue = toolkit()
                .queue("q", String.class)
                .created(message -> {
                    throw new AssertionError("no time");
                })
                .build();
        queue.put("high", "v");
        assertTrue(toolkit().health().containsKey("store"));
        assertEquals(1, queue.stats().lengths().get("high"));
    }

    @Test
    void threadsThatCannotBeMadeHoldUpNoJob() {
        ThreadFactory none = runnable -> null;
        ThreadFactory broken = runnable -> {
            throw new OutOfMemoryError("unable to create native thread");
        };
        ThreadFactory started = runnable -> {
            Thread thread = new Thread(runnable);
            thread.start();
            return thread;
        };
        for (ThreadFactory factory : List.of(none, broken, started)) {
            Jobs jobs = toolkit().jobs("threads").build();
            Set<Integer> done = ConcurrentHashMap.newKeySet();
            AtomicInteger runs = new AtomicInteger();
            Worker worker = jobs.worker()
                    .threads(factory)
                    .handle("x", Integer.class, job -> {
                        runs.incrementAndGet();
                        done.add(job.payload());
                    })
                    .start();
            jobs.addAll(IntStream.range(0, 30).mapToObj(i -> NewJob.of("x", i)).toList());
            eventually(() -> jobs.stats().processed() >= 30);
            assertFalse(jobs.health().up(), "the factory has failed");
            worker.close();
            assertEquals(30, done.size());
            assertEquals(30, runs.get());
            jobs.close();
            store().call("UNLINK", "jobs:{threads}:count");
        }
    }

    // ---- code that never comes back ----

    @Test
    void aLoaderThatNeverReturnsKeepsItsKeyForALeaseAtMost() {
        CountDownLatch never = new CountDownLatch(1);
        Cache<String> cache = toolkit().cache("c", String.class).build();
        CacheOptions options =
                cache.options().timeouts(Duration.ZERO, Duration.ofMillis(20)).lease(Duration.ofMillis(100));
        closing(never::countDown);
        assertThrows(
                CacheLoadException.class,
                () -> cache.get(
                        "k",
                        key -> {
                            deafUntil(never);
                            return "late";
                        },
                        options));
        eventually(() -> "v".equals(quick(cache, options)));
    }

    private String quick(Cache<String> cache, CacheOptions options) {
        pass(Duration.ofMillis(20));
        try {
            return String.valueOf(cache.get("k", key -> "v", options));
        } catch (CacheLoadException e) {
            return "";
        }
    }

    @Test
    void whatIsClosedKeepsNobodyWaiting() {
        Toolkit closed = another();
        Cache<String> cache = closed.cache("c", String.class).build();
        closed.close();
        CacheOptions options = cache.options().timeouts(Duration.ZERO, Duration.ofSeconds(20));
        for (int i = 0; i < 2; i++) {
            assertThrows(RuntimeException.class, () -> cache.get("k", key -> "v", options));
        }
    }

    // ---- threads that end ----

    @Test
    void aThreadThatEndsWithoutUnlockingHoldsNothingForEver() throws InterruptedException {
        LeasedLock lock = toolkit().locks(Duration.ofMillis(300)).mutex("m");
        Thread careless = Thread.ofPlatform().start(() -> lock.asLock().lock());
        careless.join();
        LeasedLock there = another().locks(Duration.ofMillis(300)).mutex("m");
        eventually(() -> {
            pass(Duration.ofMillis(10));
            return there.tryAcquire().isPresent();
        });
    }

    // ---- what piles up ----

    private int timers() {
        return ((ScheduledThreadPoolExecutor) toolkit().context().timer())
                .getQueue()
                .size();
    }

    @Test
    void leasesOfManyLengthsHaveOneTimer() {
        int before = timers();
        for (int i = 0; i < 40; i++) {
            // The later one is due sooner.
            toolkit().locks(Duration.ofMillis(600 - 10 * i)).mutex("m" + i).acquire();
        }
        long end = System.nanoTime() + Duration.ofSeconds(1).toNanos();
        eventually(() -> {
            assertTrue(timers() <= before + 1, () -> timers() + " timers, before " + before);
            return System.nanoTime() > end;
        });
    }

    @Test
    void aJobThatIsDoneLeavesNoTimer() {
        Jobs jobs = toolkit().jobs("j").build();
        closing(jobs.worker().handle("x", Integer.class, job -> {}).start());
        int before = timers();
        jobs.addAll(IntStream.range(0, 100)
                .mapToObj(i -> NewJob.of("x", i).timeout(Duration.ofHours(1)))
                .toList());
        eventually(() -> jobs.stats().processed() == 100);
        eventually(() -> timers() <= before + 1);
    }

    // ---- all or nothing ----

    @Test
    void aBatchOfWhichOneCannotBeWrittenAddsNothing() {
        Codec<String> fussy = Codecs.of(
                text -> {
                    if (text.equals("bad")) {
                        throw new IllegalArgumentException("bad");
                    }
                    return Codecs.text().encode(text);
                },
                bytes -> Codecs.text().decode(bytes));
        List<String> many =
                new ArrayList<>(IntStream.range(0, 2500).mapToObj(i -> "v" + i).toList());
        many.add("bad");
        StreamTasks<String> stream = toolkit().streamTasks("s", fussy).build();
        assertThrows(IllegalArgumentException.class, () -> stream.addAll(many));
        assertEquals(0, stream.statistics().length());
        ReliableQueue<String> queue = toolkit().queue("q", fussy).build();
        assertThrows(IllegalArgumentException.class, () -> queue.putAll("high", many));
        assertEquals(0, queue.stats().lengths().get("high"));
        Jobs jobs = toolkit().jobs("j").build();
        assertThrows(
                IllegalArgumentException.class,
                () -> jobs.addAll(
                        many.stream().map(text -> NewJob.of("x", text, fussy)).toList()));
        assertEquals(
                0,
                jobs.stats().queues().values().stream()
                        .mapToLong(each -> each.pending())
                        .sum());
        Ranking ranking = toolkit().ranking("r").build();
        Map<String, Double> scores =
                many.stream().collect(Collectors.toMap(each -> each, each -> each.equals("bad") ? Double.NaN : 1.0));
        assertThrows(IllegalArgumentException.class, () -> ranking.submit(scores, Ranking.Submit.ADD));
        assertEquals(0, ranking.size());
    }

    @Test
    void bulkWritesReachWhatProcessesHold() {
        Cache<String> here =
                toolkit().cache("c", String.class).withoutTracking().build();
        Cache<String> there =
                another().cache("c", String.class).withoutTracking().build();
        here.put("k", "old");
        assertEquals("old", here.get("k"));
        assertEquals("old", there.get("k"));
        here.warm(Map.of("k", "new").entrySet().stream());
        assertEquals("new", here.get("k"));
        eventually(() -> "new".equals(there.get("k")));
    }

    // ---- what is invalid stays invalid ----

    @Test
    void whatCannotJoinItsTagIsNotCached() {
        store().call("SET", "cache:tags:t", "no set");
        Cache<String> cache = toolkit()
                .cache("c", String.class)
                .tagStyle(TagStyle.SETS)
                .nearSize(0)
                .build();
        CacheOptions tagged = cache.options().tags("t");
        cache.put("put", "v", tagged);
        assertEquals("v", cache.get("loaded", key -> "v", tagged));
        assertEquals(Map.of("all", "v"), cache.getAll(List.of("all"), keys -> Map.of("all", "v"), tagged));
        cache.putAll(Map.of("bulk", "v"), tagged);
        eventually(() -> cache.getAll(List.of("put", "loaded", "all", "bulk")).isEmpty());
    }

    @Test
    void aMessageThatWasMissedMayHaveNamedAnything() {
        if (store().isCluster()) {
            return; // The command below cuts the connections of one node of three.
        }
        Cache<String> cache = toolkit().cache("c", String.class).build();
        cache.invalidateOn("changes", Invalidation::key);
        cache.put("k", "old");
        store().call("CLIENT", "KILL", "TYPE", "pubsub");
        eventually(() -> cache.get("k") == null);
    }

    // ---- what is there, and no one understands ----

    @Test
    void whatCannotBeReadHidesNoNeighbour() {
        Sessions sessions = toolkit().sessions("session:").mostPerPrincipal(3).build();
        Session first = sessions.create().principal("ada");
        first.save();
        Session second = sessions.create().principal("ada");
        second.save();
        store().scan("*" + first.id().substring(33) + "*", keys -> store().call("SET", keys.getFirst(), "no hash"));
        assertEquals(
                List.of(second.id()),
                sessions.of("ada").stream().map(Session::id).toList());
        assertEquals(2, sessions.revokeAll("ada"));
        assertTrue(sessions.find(second.id()).isEmpty());

        Ranking ranking = toolkit().ranking("r").tiesByTime().build();
        ranking.add("ada", 1);
        store().call("ZADD", ranking.key(), 5, "by hand");
        assertEquals(
                List.of("by hand", "ada"),
                ranking.top(10).stream().map(Ranking.Scored::member).toList());

        Jobs jobs = toolkit().jobs("j").lease(Duration.ofMillis(300)).build();
        List<String> ids = jobs.addAll(List.of(NewJob.of("x", "1"), NewJob.of("x", "2"))).stream()
                .map(added -> added.id())
                .toList();
        store().call("HSET", "jobs:{j}:failures", ids.getFirst(), "\u00c1nothing");
        closing(jobs.worker()
                .handle("x", String.class, job -> {
                    throw new GiveUpException("no");
                })
                .start());
        eventually(() -> jobs.stats().dead() == 2);
        assertEquals(2, jobs.list(JobState.DEAD, 0, 10).size());
        assertEquals(1, jobs.find(ids.getFirst()).orElseThrow().history().size());
    }

    @Test
    void aForeignKeyIsAnErrorAndNoOutage() {
        store().call("SET", "jobs:{f}:state", "text");
        assertThrows(
                CommandFailedException.class, () -> toolkit().jobs("f").build().add(NewJob.of("x", "y")));
        store().call("SET", "stream:f", "text");
        assertThrows(
                CommandFailedException.class,
                () -> toolkit().streamTasks("f", String.class).build().add("x"));
        store().call("SET", store().isCluster() ? "{queue}:high" : "queue:high", "text");
        assertThrows(
                CommandFailedException.class,
                () -> toolkit().queue("queue", String.class).build().put("high", "x"));
        store().call("RPUSH", "lock:f", "list");
        assertThrows(
                CommandFailedException.class, () -> toolkit().locks().mutex("f").tryAcquire());
        store().call("RPUSH", "limit:f", "list");
        assertFalse(toolkit()
                .rateLimiter("limit")
                .limit(Limit.fixedWindow(5, Duration.ofMinutes(1)))
                .build()
                .tryAcquire("f")
                .allowed());
    }

    // ---- times ----

    @Test
    void timesThatMakeNoSenseAreRefused() {
        CacheOptions options = CacheOptions.DEFAULT;
        Duration negative = Duration.ofSeconds(-1);
        for (Runnable call : List.<Runnable>of(
                () -> options.ttl(FOR_EVER),
                () -> options.ttl(Duration.ZERO),
                () -> options.staleFor(negative),
                () -> options.negativeTtl(FOR_EVER),
                () -> options.lease(Duration.ZERO),
                () -> options.timeouts(negative, Duration.ZERO),
                () -> toolkit().cache("c", String.class).nearTtl(FOR_EVER),
                () -> toolkit().cache("c", String.class).nearSize(-1),
                () -> toolkit().mapCache("m").ttl(Duration.ZERO),
                () -> toolkit().mapCache("m").ttl(FOR_EVER),
                () -> toolkit().queue("q", String.class).lease(FOR_EVER),
                () -> toolkit().jobs("j").lease(FOR_EVER),
                () -> toolkit().jobs("j").keepDead(5, negative),
                () -> toolkit().jobs("j").unknownTypes(FOR_EVER),
                () -> toolkit().streamTasks("s", String.class).claimAfter(FOR_EVER),
                () -> toolkit().streamTasks("s", String.class).firstRetry(Duration.ZERO),
                () -> toolkit().streamTasks("s", String.class).keepFor(negative),
                () -> toolkit().streamTasks("s", String.class).keep(-1),
                () -> toolkit().streamTasks("s", String.class).trimEvery(Duration.ZERO),
                () -> toolkit().durableTopic("t", String.class).keepFor(negative),
                () -> toolkit().locks(FOR_EVER),
                () -> toolkit().locks().mutex("m").fixed(FOR_EVER),
                () -> toolkit().sessions("s:").ttl(Duration.ZERO),
                () -> toolkit().ranking("r").build().around("m", -1),
                () -> Limit.tokenBucket(1, FOR_EVER),
                () -> Limit.slidingLog(1, Duration.ofNanos(1)))) {
            assertThrows(IllegalArgumentException.class, call::run);
        }
        options.tags("a", "a");
    }

    @Test
    void timesThatAreVeryLongAreLong() {
        toolkit().cache("c", String.class).ttlOf(value -> FOR_EVER).build().put("k", "v");
        assertEquals("v", toolkit().cache("c", String.class).build().get("k"));
        Jobs jobs = toolkit().jobs("j").build();
        String id = jobs.add(NewJob.of("x", "y").delay(FOR_EVER).keepResult(FOR_EVER))
                .id();
        assertEquals(JobState.SCHEDULED, jobs.find(id).orElseThrow().state());
        toolkit().queue("q", String.class).build().put("high", "later", FOR_EVER);
        assertEquals(1, toolkit().queue("q", String.class).build().stats().delayed());
        assertTrue(toolkit().locks().mutex("m").tryAcquire(FOR_EVER).isPresent());
    }

    // ---- order ----

    @Test
    void aReaderBeginsBeforeItIsReturned() {
        DurableTopic<Integer> topic = toolkit().durableTopic("t", Integer.class).build();
        List<Integer> heard = new CopyOnWriteArrayList<>();
        TopicReader<Integer> reader = topic.read("r", DurableTopic.Start.NEW, (id, number) -> heard.add(number));
        assertFalse(reader.cursor().isEmpty());
        IntStream.range(0, 50).forEach(topic::publish);
        eventually(() -> heard.size() == 50);
    }
}
