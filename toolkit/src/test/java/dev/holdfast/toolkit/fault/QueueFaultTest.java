package dev.holdfast.toolkit.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.contract.Target;
import dev.holdfast.toolkit.queue.Delivery;
import dev.holdfast.toolkit.queue.QueueStats;
import dev.holdfast.toolkit.queue.ReliableQueue;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Queues whose consumers are killed, or stopped for longer than their leases. */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class QueueFaultTest {
    private static final Duration LEASE = Duration.ofSeconds(1);

    private static ReliableQueue<Integer> queue(Toolkit toolkit) {
        return toolkit.queue("faults", Integer.class)
                .priorities("high", "low")
                .lease(LEASE)
                .deliveries(1000)
                .build();
    }

    /** A process that notes how often it has done each message. */
    static final class NotingConsumer {
        public static void main(String[] arguments) throws Exception {
            try (Toolkit toolkit = Toolkit.open(arguments[0])) {
                queue(toolkit).consume(4, delivery -> note(toolkit.store(), delivery));
                Crew.awaitDismissal();
            }
        }

        private static void note(Store store, Delivery<Integer> delivery) throws InterruptedException {
            Thread.sleep(ThreadLocalRandom.current().nextInt(10));
            store.call("HINCRBY", "done", delivery.message(), 1);
            Thread.sleep(ThreadLocalRandom.current().nextInt(10));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.holdfast.toolkit.contract.Target#servers")
    void everyMessageIsWorkedOff(Target target) throws Exception {
        target.clear();
        try (Toolkit toolkit = Toolkit.open(target.uri());
                Crew crew = new Crew(NotingConsumer.class, target.uri())) {
            Store store = toolkit.store();
            ReliableQueue<Integer> queue = queue(toolkit);
            queue.putAll("high", IntStream.range(0, Scale.JOBS / 2).boxed().toList());
            queue.putAll(
                    "low", IntStream.range(Scale.JOBS / 2, Scale.JOBS).boxed().toList());
            crew.hire(3);
            crew.strikeUntilDone(
                    Scale.KILLS,
                    LEASE.multipliedBy(3).dividedBy(2),
                    Scale.JOBS,
                    () -> store.call("HLEN", "done").number());
            // What was done by somebody who then died is still to come again.
            Scale.await(() -> queue.stats().inFlight() == 0
                    && queue.stats().lengths().values().stream().allMatch(length -> length == 0));
            crew.dismiss();

            QueueStats figures = queue.stats();
            long repeated = Scale.repeated(store, "done");
            long lost = Scale.JOBS - store.call("HLEN", "done").number();
            Scale.report(
                    "queue",
                    target,
                    "messages",
                    Scale.JOBS,
                    "kills",
                    crew.kills(),
                    "stops",
                    crew.stops(),
                    "repeated",
                    repeated,
                    "lost",
                    lost);
            assertEquals(0, lost, () -> "messages were lost; " + Scale.replay(target) + "\n" + crew.errors());
            assertEquals(0, figures.dead(), () -> Scale.replay(target));
            assertEquals(1, store.call("HLEN", "faults:in-flight").number(), "all but the number of the last token");
            Scale.await(() -> Scale.keys(store, "faults:processing:*").isEmpty());
            assertTrue(
                    Set.of("faults:in-flight", "faults:wake").containsAll(Scale.keys(store, "faults:*")),
                    () -> "left behind: " + Scale.keys(store, "faults:*"));
        }
    }
}
