package dev.holdfast.toolkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.cache.MapCache;
import dev.holdfast.toolkit.job.JobStats;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.limit.RateLimiter.WhenUnavailable;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.Locks;
import dev.holdfast.toolkit.queue.Delivery;
import dev.holdfast.toolkit.queue.ReliableQueue;
import dev.holdfast.toolkit.ranking.Ranking;
import dev.holdfast.toolkit.session.Session;
import dev.holdfast.toolkit.session.Sessions;
import dev.holdfast.toolkit.stream.StreamConsumer;
import dev.holdfast.toolkit.stream.StreamTasks;
import dev.holdfast.toolkit.topic.DurableTopic;
import dev.holdfast.toolkit.topic.TopicReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The basic use of a pattern, under a name that nothing else uses. A connection is cut somewhere in it.
 *
 * <p>Each use is an object of its own: it keeps what it has seen, for the look at what must hold afterwards.
 */
@SuppressWarnings("try") // Consumers work by being there.
interface Scenario {
    /** How long leases last: somebody must take over what a cut has left behind. */
    Duration LEASE = Duration.ofMillis(300);

    /** Uses the pattern; a {@link dev.holdfast.toolkit.store.StoreException} ends it. */
    void run(Toolkit toolkit, String name) throws Exception;

    /**
     * Looks at what holds afterwards.
     *
     * @param other a toolkit whose connections are whole
     * @param succeeded whether the run came to its end
     */
    void check(Toolkit other, String name, boolean succeeded) throws Exception;

    /** A job is added and done. */
    final class AJob implements Scenario {
        private final Set<String> done = ConcurrentHashMap.newKeySet();

        private static Jobs jobs(Toolkit toolkit, String name) {
            return toolkit.jobs(name)
                    .queue("q", 1)
                    .lease(LEASE)
                    .maxRecoveries(100)
                    .build();
        }

        private Worker worker(Jobs jobs) {
            return jobs.worker()
                    .concurrency(2)
                    .handle("note", String.class, job -> done.add(job.payload()))
                    .start();
        }

        @Override
        public void run(Toolkit toolkit, String name) {
            try (Jobs jobs = jobs(toolkit, name);
                    Worker worker = worker(jobs)) {
                jobs.addAll(List.of(
                        NewJob.of("note", "a").queue("q"),
                        NewJob.of("note", "b").queue("q")));
                Scale.await(() -> done.size() == 2 && jobs.stats().processed() == 2);
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            try (Jobs jobs = jobs(other, name);
                    Worker worker = worker(jobs)) {
                Scale.await(() -> isOver(jobs.stats()));
                assertTrue(!succeeded || done.size() == 2, () -> "done: " + done);
                JobStats stats = jobs.stats();
                assertEquals(done.size(), stats.processed(), "each ends once");
                assertEquals(0, stats.dead() + stats.failed(), stats::toString);
            }
        }

        static boolean isOver(JobStats stats) {
            return stats.active() == 0
                    && stats.scheduled() == 0
                    && stats.queues().values().stream().allMatch(queue -> queue.pending() == 0);
        }
    }

    /** A batch of jobs is added, and one that follows them. */
    final class ABatch implements Scenario {
        private final List<String> done = new CopyOnWriteArrayList<>();

        private Worker worker(Jobs jobs) {
            return jobs.worker()
                    .handle("note", String.class, job -> {
                        done.add(job.payload());
                    })
                    .start();
        }

        @Override
        public void run(Toolkit toolkit, String name) {
            try (Jobs jobs = AJob.jobs(toolkit, name)) {
                jobs.addBatch(
                        List.of(
                                NewJob.of("note", "a").queue("q"),
                                NewJob.of("note", "b").queue("q")),
                        NewJob.of("note", "last").queue("q"));
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            try (Jobs jobs = AJob.jobs(other, name);
                    Worker worker = worker(jobs)) {
                Scale.await(() -> !succeeded || done.size() == 3);
                Scale.await(() -> AJob.isOver(jobs.stats()));
                int last = done.indexOf("last");
                assertTrue(last < 0 || last == 2, () -> "in the order " + done);
            }
        }
    }

    /** A message is put, taken and worked off. */
    final class AQueue implements Scenario {
        private final Set<String> taken = ConcurrentHashMap.newKeySet();
        private volatile boolean put;

        private static ReliableQueue<String> queue(Toolkit toolkit, String name) {
            return toolkit.queue(name, String.class)
                    .priorities("only")
                    .lease(LEASE)
                    .deliveries(100)
                    .build();
        }

        private void takeOne(ReliableQueue<String> queue) {
            Optional<Delivery<String>> delivery = queue.take(Duration.ofMillis(50));
            if (delivery.isPresent()) {
                try (Delivery<String> held = delivery.get()) {
                    taken.add(held.message());
                    held.done();
                }
            }
        }

        @Override
        public void run(Toolkit toolkit, String name) {
            try (ReliableQueue<String> queue = queue(toolkit, name)) {
                queue.put("only", "m");
                put = true;
                takeOne(queue);
                takeOne(queue);
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            try (ReliableQueue<String> queue = queue(other, name)) {
                Scale.await(() -> {
                    takeOne(queue);
                    return queue.stats().inFlight() == 0
                            && queue.stats().lengths().containsValue(0L);
                });
                assertTrue(!put || taken.contains("m"), "the message is lost");
                assertEquals(0, queue.stats().dead());
            }
        }
    }

    /** Entries are added to a stream and done; with partitions, in their order. */
    final class AStream implements Scenario {
        private final int partitions;
        private final List<Integer> done = new CopyOnWriteArrayList<>();
        private final AtomicInteger added = new AtomicInteger();

        AStream(int partitions) {
            this.partitions = partitions;
        }

        private StreamTasks<Integer> tasks(Toolkit toolkit, String name) {
            return toolkit.streamTasks(name, Integer.class)
                    .partitions(partitions)
                    .claimAfter(LEASE)
                    .deliveries(100)
                    .build();
        }

        private StreamConsumer<Integer> consume(StreamTasks<Integer> tasks) {
            return tasks.consume(entry -> {
                if (!done.contains(entry.value())) {
                    done.add(entry.value());
                }
            });
        }

        @Override
        public void run(Toolkit toolkit, String name) {
            try (StreamTasks<Integer> tasks = tasks(toolkit, name);
                    StreamConsumer<Integer> consumer = consume(tasks)) {
                for (int i = 0; i < 3; i++) {
                    tasks.add("key", i);
                    added.incrementAndGet();
                }
                Scale.await(() -> done.size() == 3);
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            try (StreamTasks<Integer> tasks = tasks(other, name);
                    StreamConsumer<Integer> consumer = consume(tasks)) {
                Scale.await(() -> done.size() >= added.get());
                Scale.await(() ->
                        tasks.statistics().pending() == 0 && tasks.statistics().waiting() == 0);
                assertEquals(0, tasks.statistics().dead());
                assertTrue(partitions == 1 || done.stream().sorted().toList().equals(done), () -> "order " + done);
            }
        }
    }

    /** A lock is taken, its fence passed, and it is given back. */
    final class ALock implements Scenario {
        private volatile long token;

        @Override
        public void run(Toolkit toolkit, String name) {
            try (Locks locks = toolkit.locks(LEASE);
                    Lease lease = locks.mutex(name).acquire()) {
                token = lease.fencingToken();
                assertTrue(locks.fence(name).admits(token));
                try (Lease permit = locks.semaphore(name + "-shared", 1).acquire()) {
                    assertTrue(permit.fencingToken() > 0);
                }
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            try (Locks locks = other.locks(LEASE);
                    Lease lease = locks.mutex(name).acquire();
                    Lease permit = locks.semaphore(name + "-shared", 1).acquire()) {
                assertTrue(lease.fencingToken() > token);
                assertTrue(locks.fence(name).admits(lease.fencingToken()));
                assertTrue(token == 0 || !locks.fence(name).admits(token), "an older token has passed");
            }
        }
    }

    /** Somebody waits for a lock that another has. */
    final class AWaitForALock implements Scenario {
        private final Toolkit holder;

        AWaitForALock(Toolkit holder) {
            this.holder = holder;
        }

        @Override
        public void run(Toolkit toolkit, String name) {
            try (Locks theirs = holder.locks(LEASE);
                    Locks locks = toolkit.locks(LEASE)) {
                Lease held = theirs.mutex(name).acquire();
                holder.context().workers().execute(() -> {
                    Scale.await(() -> holder.store()
                            .call("EXISTS", "{lock:" + name + "}:waiting")
                            .flag());
                    held.close();
                });
                locks.mutex(name).acquire().close();
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            try (Locks locks = other.locks(LEASE)) {
                locks.mutex(name).acquire().close();
            }
        }
    }

    /** Two of three are taken from each limit. */
    final class ALimit implements Scenario {
        private static final int AMOUNT = 3;
        private final AtomicInteger allowed = new AtomicInteger();

        private static RateLimiter limiter(Toolkit toolkit, String name) {
            return toolkit.rateLimiter(name)
                    .limit(Limit.fixedWindow(AMOUNT, Duration.ofDays(1)))
                    .limit(Limit.slidingLog(AMOUNT, Duration.ofDays(1)))
                    .whenUnavailable(WhenUnavailable.THROW)
                    .build();
        }

        private void take(RateLimiter limiter, int times) {
            for (int i = 0; i < times; i++) {
                allowed.addAndGet(limiter.tryAcquire("all").allowed() ? 1 : 0);
            }
        }

        @Override
        public void run(Toolkit toolkit, String name) {
            try (RateLimiter limiter = limiter(toolkit, name)) {
                take(limiter, 2);
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            try (RateLimiter limiter = limiter(other, name)) {
                take(limiter, AMOUNT);
                assertTrue(succeeded ? allowed.get() == AMOUNT : allowed.get() <= AMOUNT, () -> "allowed: " + allowed);
                assertEquals(0, limiter.peek("all", 1).remaining());
            }
        }
    }

    /** Scores are submitted to a board and added to. */
    final class ARanking implements Scenario {
        @Override
        public void run(Toolkit toolkit, String name) {
            Ranking board = toolkit.ranking(name).tiesByTime().denseRanks().build();
            board.submit("ada", 10, Ranking.Submit.MAX);
            board.add("ada", 5);
            assertEquals("ada", board.top(1).getFirst().member());
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            Ranking board = other.ranking(name).tiesByTime().denseRanks().build();
            List<Double> scores =
                    board.top(2).stream().map(Ranking.Scored::score).toList();
            assertTrue(
                    succeeded
                            ? scores.equals(List.of(15.0))
                            : Set.of(List.of(), List.of(10.0), List.of(15.0)).contains(scores),
                    () -> "" + scores);
        }
    }

    /** An entry that another process has is changed, dropped, and loaded. */
    final class ACache implements Scenario {
        private final Toolkit elsewhere;
        private final boolean tracking;
        private volatile boolean isBuilt;

        ACache(Toolkit elsewhere, boolean tracking) {
            this.elsewhere = elsewhere;
            this.tracking = tracking;
        }

        private Cache<String> cache(Toolkit toolkit, String name) {
            var builder = toolkit.cache(name, String.class).ttl(Duration.ofHours(1));
            return (tracking ? builder : builder.withoutTracking()).build();
        }

        @Override
        public void run(Toolkit toolkit, String name) {
            try (Cache<String> theirs = cache(elsewhere, name);
                    Cache<String> cache = cache(toolkit, name)) {
                isBuilt = true;
                theirs.put("k", "first");
                String read = cache.get("k", key -> "second");
                assertTrue(Set.of("first", "second").contains(read), () -> "read " + read);
                cache.put("k", "third");
                cache.invalidate("k");
                assertEquals("fourth", cache.get("k", key -> "fourth"), "what was dropped here");
                // The others may see what is there until they are told; which they are, once the connection is whole
                // again.
                Scale.await(() -> "fourth".equals(theirs.get("k", key -> "fourth")));
                Scale.await(() -> "fourth".equals(cache.get("k", key -> "fourth")));
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            assertTrue(succeeded || !isBuilt, "a cache never throws");
            try (Cache<String> cache = cache(other, name)) {
                Scale.await(() -> "fourth".equals(cache.get("k", key -> "fourth")));
            }
        }
    }

    /** A map is replaced that another process has. */
    final class AMapCache implements Scenario {
        private final Toolkit elsewhere;

        AMapCache(Toolkit elsewhere) {
            this.elsewhere = elsewhere;
        }

        @Override
        public void run(Toolkit toolkit, String name) {
            try (MapCache theirs = elsewhere.mapCache(name + ":").build()) {
                theirs.put("k", Map.of("n", "1"));
                replace(theirs, toolkit.mapCache(name + ":").build());
            }
        }

        private static void replace(MapCache theirs, MapCache own) {
            try (MapCache cache = own) {
                cache.put("k", Map.of("n", "2"));
                Scale.await(() -> Map.of("n", "2").equals(theirs.get("k", key -> Map.of())));
                Scale.await(() -> Map.of("n", "2").equals(cache.get("k", key -> Map.of())));
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            try (MapCache cache = other.mapCache(name + ":").build()) {
                Map<String, String> map = cache.get("k", key -> Map.of());
                assertTrue(
                        succeeded
                                ? map.equals(Map.of("n", "2"))
                                : Set.of(Map.of("n", "1"), Map.of("n", "2")).contains(map),
                        () -> "" + map);
            }
        }
    }

    /** A session begins, gets another id, and ends. */
    final class ASession implements Scenario {
        @Override
        public void run(Toolkit toolkit, String name) {
            Sessions sessions = toolkit.sessions(name + ":").build();
            Session session = sessions.create();
            session.set("cart", "full").principal("ada").save();
            Session found = sessions.find(session.id()).orElseThrow();
            found.rotate();
            found.set("cart", "empty").save();
            assertEquals(1, sessions.of("ada").size());
            assertEquals(1, sessions.revokeAll("ada"));
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            Sessions sessions = other.sessions(name + ":").build();
            List<String> ids = new CopyOnWriteArrayList<>();
            sessions.forEach(ids::add);
            assertTrue(ids.size() <= (succeeded ? 0 : 1), () -> "sessions: " + ids);
            for (String id : ids) {
                Session session = sessions.find(id).orElseThrow();
                assertEquals("ada", session.principal().orElseThrow(), "saved as a whole");
                assertEquals(1, sessions.revokeAll("ada"), "opening it has listed it");
            }
        }
    }

    /** Somebody listens to a topic. */
    final class ATopic implements Scenario {
        @Override
        public void run(Toolkit toolkit, String name) {
            Set<String> heard = ConcurrentHashMap.newKeySet();
            try (var subscription = toolkit.topic(name, String.class)
                    .subscribe(new dev.holdfast.toolkit.topic.Topic.Listener<>() {
                        @Override
                        public void message(String channel, String message) {
                            heard.add(message);
                        }

                        @Override
                        public void gap() {
                            heard.add("gap");
                        }
                    })) {
                toolkit.topic(name, String.class).publish("hello");
                Scale.await(() -> !heard.isEmpty());
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            // Nothing is kept.
        }
    }

    /** Messages are kept and read in their order. */
    final class ADurableTopic implements Scenario {
        private final List<Integer> read = new CopyOnWriteArrayList<>();
        private final AtomicInteger published = new AtomicInteger();

        @Override
        public void run(Toolkit toolkit, String name) {
            try (DurableTopic<Integer> topic =
                            toolkit.durableTopic(name, Integer.class).build();
                    TopicReader<Integer> reader = topic.read("r", DurableTopic.Start.OLDEST, this::note)) {
                for (int i = 0; i < 3; i++) {
                    topic.publish(i);
                    published.incrementAndGet();
                }
                Scale.await(() -> read.size() == 3);
            }
        }

        private void note(String id, int message) {
            if (!read.contains(message)) {
                read.add(message);
            }
        }

        @Override
        public void check(Toolkit other, String name, boolean succeeded) {
            try (DurableTopic<Integer> topic =
                            other.durableTopic(name, Integer.class).build();
                    TopicReader<Integer> reader = topic.read("r", DurableTopic.Start.OLDEST, this::note)) {
                Scale.await(() -> read.size() >= published.get());
                assertEquals(read.stream().sorted().toList(), read);
            }
        }
    }
}
