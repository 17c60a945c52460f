package dev.holdfast.toolkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.Cache;
import dev.holdfast.toolkit.contract.Target;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.Locks;
import dev.holdfast.toolkit.pattern.Backoff;
import dev.holdfast.toolkit.queue.ReliableQueue;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import dev.holdfast.toolkit.stream.StreamTasks;
import dev.holdfast.toolkit.topic.DurableTopic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The store goes away, and comes back as it was or empty. */
@SuppressWarnings("try") // Consumers work by being there.
@Timeout(value = 1, unit = TimeUnit.HOURS)
class RestartTest {
    /** Pays once for each job; KEYS: job -> token of the attempt that has paid, balance. ARGV: job, token, amount. */
    private static final Script PAY = Script.of("pay", """
            if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then
                redis.call('INCRBY', KEYS[2], ARGV[3])
            end
            return 1
            """);

    @TempDir
    Path directory;

    @ParameterizedTest
    @MethodSource("dev.holdfast.toolkit.contract.Target#servers")
    void jobsGoOnWhenTheStoreIsKilledAndStartedAgain(Target target) throws Exception {
        int total = Scale.JOBS / 2;
        Random random = Scale.random();
        long[] moments = random.longs(Scale.KILLS, 1, total).sorted().toArray();
        try (StoreProcess process = StoreProcess.start(target, directory);
                Toolkit toolkit = Toolkit.open(process.uri())) {
            Store store = toolkit.store();
            Jobs jobs = toolkit.jobs("app")
                    .queue("q", 1)
                    .lease(Duration.ofSeconds(1))
                    .maxRecoveries(1000)
                    .build();
            Set<Integer> done = ConcurrentHashMap.newKeySet();
            try (Worker worker = jobs.worker()
                    .concurrency(4)
                    .backoff(Backoff.fixed(Duration.ofMillis(20)))
                    .handle("pay", Integer.class, job -> {
                        Thread.sleep(5);
                        store.call(
                                PAY, List.of("{a}:paid", "{a}:balance"), job.id(), job.fencingToken(), job.payload());
                        done.add(job.payload());
                    })
                    .start()) {
                Future<?> adding = toolkit.context().workers().submit(() -> {
                    for (int i = 1; i <= total; i++) {
                        addSurely(
                                jobs,
                                NewJob.of("pay", i)
                                        .id("job-" + i)
                                        .attempts(1000)
                                        .queue("q"));
                    }
                });
                for (long moment : moments) {
                    Scale.await(() -> done.size() >= moment);
                    process.restart();
                }
                adding.get(Scale.PATIENCE.toSeconds(), TimeUnit.SECONDS);
                Scale.await(() -> isOver(jobs));
            }
            long paid = store.call("HLEN", "{a}:paid").number();
            long balance = store.call("GET", "{a}:balance").number();
            long expected = total * (total + 1L) / 2;
            Scale.report(
                    "restarts",
                    target,
                    "jobs",
                    total,
                    "restarts",
                    moments.length,
                    "recovered",
                    jobs.stats().recovered(),
                    "lost",
                    total - paid,
                    "doubled",
                    balance - expected);
            assertEquals(total, paid, () -> "jobs were lost; " + Scale.replay(target));
            assertEquals(expected, balance, () -> "something was paid twice; " + Scale.replay(target));
            assertEquals(0, jobs.stats().dead());
        }
    }

    /** Adds a job that has an id, so that it may be tried again. */
    private static void addSurely(Jobs jobs, NewJob job) {
        while (true) {
            try {
                jobs.add(job);
                return;
            } catch (StoreException e) {
                // The store is away for longer than a call is repeated.
            }
        }
    }

    private static boolean isOver(Jobs jobs) {
        try {
            return Scenario.AJob.isOver(jobs.stats());
        } catch (StoreException e) {
            return false;
        }
    }

    @ParameterizedTest
    @MethodSource("dev.holdfast.toolkit.contract.Target#servers")
    void allGoesOnWhenTheStoreIsEmptied(Target target) throws Exception {
        target.clear();
        try (Toolkit toolkit = Toolkit.open(target.uri());
                Toolkit other = Toolkit.open(target.uri())) {
            Set<String> done = ConcurrentHashMap.newKeySet();
            Jobs jobs = toolkit.jobs("app").queue("q", 1).build();
            jobs.worker()
                    .handle("note", String.class, job -> done.add("job " + job.payload()))
                    .start();
            ReliableQueue<String> queue = toolkit.queue("queue", String.class).build();
            queue.consume(2, delivery -> done.add("queue " + delivery.message()));
            StreamTasks<String> shared =
                    toolkit.streamTasks("shared", String.class).build();
            StreamTasks<String> ordered =
                    toolkit.streamTasks("ordered", String.class).partitions(2).build();
            shared.consume(entry -> done.add("shared " + entry.value()));
            ordered.consume(entry -> done.add("ordered " + entry.value()));
            DurableTopic<String> topic =
                    toolkit.durableTopic("topic", String.class).build();
            topic.read("r", DurableTopic.Start.OLDEST, (id, message) -> done.add("topic " + message));
            Cache<String> cache = toolkit.cache("cache", String.class).build();
            Cache<String> theirs = other.cache("cache", String.class).build();
            Locks locks = toolkit.locks(Duration.ofMillis(600));
            Lease lease = locks.mutex("lock").acquire();
            long token = lease.fencingToken();

            for (String round : List.of("before", "after", "at the end")) {
                jobs.add(NewJob.of("note", round).queue("q"));
                queue.put("high", round);
                shared.add(round);
                ordered.add("key", round);
                topic.publish(round);
                Scale.await(() -> done.containsAll(List.of(
                        "job " + round, "queue " + round, "shared " + round, "ordered " + round, "topic " + round)));
                Scale.await(() ->
                        round.equals(cache.get("k", key -> round)) && round.equals(theirs.get("k", key -> round)));
                other.store().call("FLUSHALL");
                other.store().call("SCRIPT", "FLUSH");
            }
            Scale.await(() -> !lease.isHeld());
            try (Lease next = locks.mutex("lock").acquire()) {
                assertTrue(next.fencingToken() > token);
            }
            assertFalse(lease.isHeld());
        }
    }
}
