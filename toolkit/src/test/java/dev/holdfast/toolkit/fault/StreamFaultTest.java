package dev.holdfast.toolkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.contract.Target;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.stream.StreamStatistics;
import dev.holdfast.toolkit.stream.StreamTasks;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Stream tasks whose consumers are killed, or stopped until others have claimed their entries, while old entries are trimmed hard. */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class StreamFaultTest {
    private static final Duration CLAIM_AFTER = Duration.ofSeconds(1);
    private static final Duration STOP = CLAIM_AFTER.multipliedBy(2);
    private static final int KEYS = 10;
    private static final int KEPT = 10;

    /**
     * Takes note of the n-th entry of a key. One that comes before its predecessor was done is counted as out of order.
     *
     * <p>KEYS: key -> the last one done; entry -> how often it was done; counters. ARGV: key, n.
     */
    private static final Script NOTE = Script.of("note", """
            local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or -1)
            local n = tonumber(ARGV[2])
            if n > last + 1 then
                redis.call('INCR', KEYS[3])
            end
            if n > last then
                redis.call('HSET', KEYS[1], ARGV[1], n)
            end
            return redis.call('HINCRBY', KEYS[2], ARGV[1] .. ':' .. n, 1)
            """);

    record Entry(String key, int number) {}

    private static StreamTasks<Entry> tasks(Toolkit toolkit, int partitions) {
        return toolkit.streamTasks("faults", Entry.class)
                .partitions(partitions)
                .claimAfter(CLAIM_AFTER)
                .batch(20)
                .workers(4)
                .deliveries(1000)
                .keep(KEPT)
                .trimEvery(Duration.ofMillis(200))
                .build();
    }

    /** A process that notes what it does; its arguments are the store and the number of partitions. */
    static final class NotingConsumer {
        public static void main(String[] arguments) throws Exception {
            int partitions = Integer.parseInt(arguments[1]);
            try (Toolkit toolkit = Toolkit.open(arguments[0])) {
                tasks(toolkit, partitions).consume(entry -> note(toolkit.store(), entry.value()));
                Crew.awaitDismissal();
            }
        }

        private static void note(Store store, Entry entry) throws InterruptedException {
            Thread.sleep(ThreadLocalRandom.current().nextInt(10));
            store.call(NOTE, List.of("{noted}:last", "{noted}:times", "{noted}:disorder"), entry.key, entry.number);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.holdfast.toolkit.contract.Target#servers")
    void everyEntryIsDone(Target target) throws Exception {
        run("stream", target, 1);
    }

    @ParameterizedTest
    @MethodSource("dev.holdfast.toolkit.contract.Target#servers")
    void entriesOfAKeyKeepTheirOrder(Target target) throws Exception {
        run("partitioned stream", target, 4);
        try (Store store = target.open()) {
            assertTrue(store.call("GET", "{noted}:disorder").isNull(), () -> "out of order; " + Scale.replay(target));
        }
    }

    private static void run(String name, Target target, int partitions) throws Exception {
        target.clear();
        try (Toolkit toolkit = Toolkit.open(target.uri());
                Crew crew = new Crew(NotingConsumer.class, target.uri(), partitions)) {
            Store store = toolkit.store();
            StreamTasks<Entry> tasks = tasks(toolkit, partitions);
            crew.hire(3);
            for (int i = 0; i < Scale.JOBS; i++) {
                String key = "k" + i % KEYS;
                Entry entry = new Entry(key, i / KEYS);
                if (partitions > 1) {
                    tasks.add(key, entry);
                } else {
                    tasks.add(entry);
                }
            }
            crew.strikeUntilDone(
                    Scale.KILLS,
                    STOP,
                    Scale.JOBS,
                    () -> store.call("HLEN", "{noted}:times").number());
            Scale.await(() ->
                    tasks.statistics().pending() == 0 && tasks.statistics().waiting() == 0);
            crew.dismiss();
            tasks.trim();

            StreamStatistics statistics = tasks.statistics();
            long lost = Scale.JOBS - store.call("HLEN", "{noted}:times").number();
            long repeated = Scale.repeated(store, "{noted}:times");
            Scale.report(
                    name,
                    target,
                    "entries",
                    Scale.JOBS,
                    "kills",
                    crew.kills(),
                    "stops",
                    crew.stops(),
                    "repeated",
                    repeated,
                    "lost",
                    lost);
            assertEquals(0, lost, () -> "entries were lost; " + Scale.replay(target) + "\n" + crew.errors());
            assertEquals(0, statistics.dead(), () -> Scale.replay(target));
            assertTrue(statistics.length() < Scale.JOBS, () -> "nothing was trimmed: " + statistics);
        }
    }
}
