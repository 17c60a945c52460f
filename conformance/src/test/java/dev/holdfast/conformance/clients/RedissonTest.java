package dev.holdfast.conformance.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.conformance.access.OurServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.redisson.Redisson;
import org.redisson.api.RBlockingQueue;
import org.redisson.api.RBucket;
import org.redisson.api.RCountDownLatch;
import org.redisson.api.RLock;
import org.redisson.api.RMap;
import org.redisson.api.RMapCache;
import org.redisson.api.RRateLimiter;
import org.redisson.api.RReadWriteLock;
import org.redisson.api.RScoredSortedSet;
import org.redisson.api.RSemaphore;
import org.redisson.api.RTopic;
import org.redisson.api.RateType;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;

/** Redisson, most of which are scripts and messages, keeps its promises over a Holdfast. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RedissonTest {
    private final OurServer server = new OurServer();
    private final RedissonClient client = create();

    private RedissonClient create() {
        Config config = new Config();
        config.setCodec(StringCodec.INSTANCE);
        config.useSingleServer()
                .setAddress("redis://127.0.0.1:" + server.port())
                .setConnectionPoolSize(16)
                .setConnectionMinimumIdleSize(2);
        return Redisson.create(config);
    }

    @AfterAll
    void close() {
        client.shutdown(0, 5, TimeUnit.SECONDS);
        server.close();
    }

    @BeforeEach
    void empty() {
        client.getKeys().flushall();
    }

    @Test
    void aLockHasOneHolder() throws Exception {
        RLock lock = client.getLock("lock");
        RBucket<String> counter = client.getBucket("counter");
        counter.set("0");
        List<Future<?>> workers = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                workers.add(threads.submit(() -> {
                    for (int j = 0; j < 25; j++) {
                        lock.lock();
                        try {
                            counter.set(String.valueOf(Integer.parseInt(counter.get()) + 1));
                        } finally {
                            lock.unlock();
                        }
                    }
                }));
            }
            for (Future<?> worker : workers) {
                worker.get(60, TimeUnit.SECONDS);
            }
        }
        assertEquals("200", counter.get());
        assertFalse(lock.isLocked());
    }

    @Test
    void readersShareALockAndAWriterDoesNot() throws Exception {
        RReadWriteLock lock = client.getReadWriteLock("shared");
        lock.readLock().lock();
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            assertTrue(other.submit(() -> lock.readLock().tryLock()).get());
            assertFalse(other.submit(() -> lock.writeLock().tryLock()).get());
            other.submit(() -> lock.readLock().unlock()).get();
            lock.readLock().unlock();
            assertTrue(other.submit(() -> lock.writeLock().tryLock()).get());
        }
    }

    @Test
    void mapsBehaveAsMaps() {
        RMap<String, String> map = client.getMap("map");
        assertNull(map.put("a", "1"));
        assertEquals("1", map.put("a", "2"));
        assertEquals("2", map.putIfAbsent("a", "3"));
        assertTrue(map.replace("a", "2", "4"));
        map.putAll(Map.of("b", "5", "c", "6"));
        assertEquals(Map.of("a", "4", "b", "5", "c", "6"), map.readAllMap());
        assertEquals(2, map.fastRemove("a", "b"));
        RMapCache<String, String> cache = client.getMapCache("cache");
        cache.put("short", "x", 1, TimeUnit.HOURS);
        assertEquals("x", cache.get("short"));
        assertTrue(cache.remainTimeToLive("short") > 0);
    }

    @Test
    void aQueueWaitsForItsElements() throws Exception {
        RBlockingQueue<String> queue = client.getBlockingQueue("queue");
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            Future<String> taken = other.submit(() -> queue.poll(30, TimeUnit.SECONDS));
            queue.offer("first");
            assertEquals("first", taken.get(30, TimeUnit.SECONDS));
        }
        queue.addAll(List.of("a", "b", "c"));
        assertEquals(List.of("a", "b", "c"), queue.readAll());
    }

    @Test
    void permitsAndLatchesAreCounted() throws Exception {
        RSemaphore semaphore = client.getSemaphore("semaphore");
        assertTrue(semaphore.trySetPermits(2));
        assertTrue(semaphore.tryAcquire(2));
        assertFalse(semaphore.tryAcquire());
        semaphore.release();
        assertTrue(semaphore.tryAcquire(Duration.ofSeconds(10)));
        RCountDownLatch latch = client.getCountDownLatch("latch");
        assertTrue(latch.trySetCount(1));
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            Future<Boolean> waited = other.submit(() -> latch.await(30, TimeUnit.SECONDS));
            latch.countDown();
            assertTrue(waited.get(30, TimeUnit.SECONDS));
        }
        RRateLimiter limiter = client.getRateLimiter("limiter");
        assertTrue(limiter.trySetRate(RateType.OVERALL, 3, Duration.ofHours(1)));
        assertTrue(limiter.tryAcquire(3));
        assertFalse(limiter.tryAcquire());
    }

    @Test
    void messagesAndScoresArrive() throws Exception {
        RTopic topic = client.getTopic("topic");
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        topic.addListener(String.class, (channel, message) -> heard.add(message));
        assertEquals(1, topic.publish("hello"));
        assertEquals("hello", heard.poll(30, TimeUnit.SECONDS));
        RScoredSortedSet<String> ranking = client.getScoredSortedSet("ranking");
        ranking.addAll(Map.of("alice", 3.0, "bob", 1.0, "carol", 2.0));
        assertEquals(List.of("bob", "carol", "alice"), List.copyOf(ranking.readAll()));
        assertEquals(0, ranking.revRank("alice"));
        assertEquals(
                Set.of("ranking"), Set.copyOf(client.getKeys().getKeysStream().toList()));
    }
}
