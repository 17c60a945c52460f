package dev.holdfast.toolkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.contract.Target;
import dev.holdfast.toolkit.job.Job;
import dev.holdfast.toolkit.job.JobStats;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.pattern.Backoff;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Jobs whose workers are killed, or stopped for longer than their leases. */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class JobFaultTest {
    private static final Duration LEASE = Duration.ofSeconds(1);
    private static final int WORKERS = 3;

    /**
     * Pays an amount once for each job, whichever of its attempts comes first; one that is older than another it has seen is refused.
     *
     * <p>KEYS: job -> largest token seen; job -> token of the attempt that has paid; the balance; counters. ARGV: job, token, amount.
     */
    private static final Script PAY = Script.of("pay", """
            local seen = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0)
            if tonumber(ARGV[2]) < seen then
                redis.call('HINCRBY', KEYS[4], 'refused', 1)
                return 0
            end
            redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
            if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) == 0 then
                redis.call('HINCRBY', KEYS[4], 'repeated', 1)
                return 0
            end
            redis.call('INCRBY', KEYS[3], ARGV[3])
            return 1
            """);

    private static final List<String> ACCOUNT =
            List.of("{account}:seen", "{account}:paid", "{account}:balance", "{account}:counters");

    private static Jobs jobs(Toolkit toolkit) {
        return toolkit.jobs("faults")
                .queue("payments", 1)
                .lease(LEASE)
                .maxRecoveries(1000)
                .build();
    }

    /** A process that pays. */
    static final class PayingWorker {
        public static void main(String[] arguments) throws Exception {
            try (Toolkit toolkit = Toolkit.open(arguments[0])) {
                jobs(toolkit)
                        .worker()
                        .concurrency(4)
                        .backoff(Backoff.fixed(Duration.ofMillis(10)))
                        .handle("pay", Integer.class, job -> pay(toolkit.store(), job))
                        .start();
                Crew.awaitDismissal();
            }
        }

        private static void pay(Store store, Job<Integer> job) throws InterruptedException {
            Thread.sleep(ThreadLocalRandom.current().nextInt(10));
            store.call(PAY, ACCOUNT, job.id(), job.fencingToken(), job.payload());
            Thread.sleep(ThreadLocalRandom.current().nextInt(10));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.holdfast.toolkit.contract.Target#servers")
    void everyJobIsDoneAndItsEffectIsThereOnce(Target target) throws Exception {
        target.clear();
        try (Toolkit toolkit = Toolkit.open(target.uri());
                Crew crew = new Crew(PayingWorker.class, target.uri())) {
            Jobs jobs = jobs(toolkit);
            jobs.addAll(IntStream.rangeClosed(1, Scale.JOBS)
                    .mapToObj(amount -> NewJob.of("pay", amount).queue("payments"))
                    .toList());
            crew.hire(WORKERS);
            crew.strikeUntilDone(
                    Scale.KILLS,
                    LEASE.multipliedBy(3).dividedBy(2),
                    Scale.JOBS,
                    () -> jobs.stats().processed());
            crew.dismiss();

            Store store = toolkit.store();
            JobStats stats = jobs.stats();
            long paid = store.call("HLEN", "{account}:paid").number();
            long balance = store.call("GET", "{account}:balance").number();
            long refused = counter(store, "refused");
            long repeated = counter(store, "repeated");
            long expected = Scale.JOBS * (Scale.JOBS + 1L) / 2;
            Scale.report(
                    "jobs",
                    target,
                    "jobs",
                    Scale.JOBS,
                    "kills",
                    crew.kills(),
                    "stops",
                    crew.stops(),
                    "recovered",
                    stats.recovered(),
                    "repeated",
                    repeated,
                    "refused",
                    refused,
                    "lost",
                    Scale.JOBS - paid,
                    "doubled",
                    balance - expected);
            assertEquals(Scale.JOBS, paid, () -> "jobs were lost; " + Scale.replay(target) + "\n" + crew.errors());
            assertEquals(expected, balance, () -> "something was paid twice; " + Scale.replay(target));
            assertEquals(Scale.JOBS, stats.processed(), () -> "each ends once; " + Scale.replay(target));
            assertEquals(0, stats.dead(), () -> Scale.replay(target));
            assertTrue(
                    Set.of("count", "lease", "wake", "queues", "version").stream()
                            .map(key -> "jobs:{faults}:" + key)
                            .collect(Collectors.toSet())
                            .containsAll(Scale.keys(store, "jobs:*").stream()
                                    .filter(key -> !key.startsWith("jobs:{faults}:minutes:"))
                                    .toList()),
                    () -> "left behind: " + Scale.keys(store, "jobs:*"));
        }
    }

    private static long counter(Store store, String name) {
        String count = store.call("HGET", "{account}:counters", name).textOrNull();
        return count == null ? 0 : Long.parseLong(count);
    }
}
