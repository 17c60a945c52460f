package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.queue.DeadMessage;
import dev.holdfast.toolkit.queue.Delivery;
import dev.holdfast.toolkit.queue.QueueConsumer;
import dev.holdfast.toolkit.queue.QueueStats;
import dev.holdfast.toolkit.queue.ReliableQueue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/** What reliable queues do. */
@ContractTest
class QueueContract extends Contract {
    record Order(int number, long madeMillis) {}

    private ReliableQueue.Builder<Order> builder() {
        return toolkit().queue("queue", Order.class);
    }

    private String key(String suffix) {
        return (store().isCluster() ? "{queue}:" : "queue:") + suffix;
    }

    private static Order order(int number) {
        return new Order(number, 0);
    }

    private void endLeases() {
        for (String token : store().call("ZRANGE", key("leases"), 0, -1).texts()) {
            store().call("ZADD", key("leases"), 1, token);
        }
    }

    @Test
    void theHighestComesFirstAndTheFirstIsFirst() {
        ReliableQueue<Order> queue = builder().build();
        queue.putAll("low", List.of(order(5), order(6)));
        queue.put("high", order(1));
        queue.put("medium", order(3));
        queue.put("high", order(2));
        queue.put("medium", order(4));
        for (int i = 1; i <= 6; i++) {
            Delivery<Order> delivery = queue.take().orElseThrow();
            assertEquals(i, delivery.message().number());
            assertTrue(delivery.done());
            assertFalse(delivery.done());
        }
        assertEquals(Optional.empty(), queue.take());
        assertEquals(0, store().call("HLEN", key("deliveries")).number());
    }

    @Test
    void whoWaitsIsWoken() throws Exception {
        ReliableQueue<Order> queue = builder().build();
        assertEquals(Optional.empty(), queue.take(Duration.ofMillis(20)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Optional<Delivery<Order>>> waiting = threads.submit(() -> queue.take(Duration.ofSeconds(20)));
            another().queue("queue", Order.class).build().put("low", order(1));
            assertEquals(
                    1, waiting.get(10, TimeUnit.SECONDS).orElseThrow().message().number());
        }
    }

    @Test
    void whatOthersPushByHandIsServed() {
        ReliableQueue<Order> queue = builder().build();
        store().call("LPUSH", key("high"), "{\"number\":7,\"madeMillis\":0}");
        store().call("LPUSH", key("medium"), "not an order");
        assertEquals(
                7, queue.take(Duration.ofSeconds(5)).orElseThrow().message().number());
        assertEquals(Optional.empty(), queue.take());
        eventually(() -> queue.stats().dead() == 1);
        DeadMessage<Order> unreadable = queue.dead(0, 1).getFirst();
        assertTrue(unreadable.message().isEmpty());
        assertTrue(unreadable.reason().orElseThrow().contains("cannot be read"));
    }

    @Test
    void aDeadWorkersMessageComesBackFirst() {
        ReliableQueue<Order> dead = another().queue("queue", Order.class).build();
        ReliableQueue<Order> queue = builder().build();
        queue.putAll("high", List.of(order(1), order(2)));
        Delivery<Order> lost = dead.take().orElseThrow();
        assertEquals(1, lost.message().number());
        endLeases();
        Delivery<Order> again = queue.take().orElseThrow();
        assertEquals(1, again.message().number());
        assertEquals(2, again.deliveries());
        assertFalse(lost.done(), "whoever was slow cannot say that it is done");
        assertFalse(lost.extend());
        assertTrue(again.done());
        assertEquals(1, queue.take().orElseThrow().deliveries());
    }

    @Test
    void whatFailsTooOftenIsPutAside() {
        ReliableQueue<Order> queue = builder().deliveries(3).keepDead(10, 0).build();
        queue.put("high", order(1));
        assertTrue(queue.take().orElseThrow().failed());
        queue.take().orElseThrow().close();
        assertTrue(queue.take().isPresent());
        endLeases();
        assertEquals(Optional.empty(), queue.take());
        DeadMessage<Order> dead = queue.dead(0, 10).getFirst();
        assertEquals(Optional.of(order(1)), dead.message());
        assertEquals(Optional.of("its worker was lost"), dead.reason());
        assertEquals(3, dead.deliveries());
        assertEquals(Optional.of("high"), dead.priority());
        assertTrue(queue.stats().alarm());
        assertFalse(queue.health().up());
        assertEquals(1, queue.replayDead("low", 10));
        Delivery<Order> replayed = queue.take().orElseThrow();
        assertEquals("low", replayed.priority());
        assertEquals(1, replayed.deliveries());
        assertTrue(replayed.reject());
        queue.purgeDead();
        assertEquals(0, queue.stats().dead());
        assertTrue(queue.health().up());
    }

    @Test
    void figuresAreShown() {
        ReliableQueue<Order> queue = builder()
                .created(order -> Instant.ofEpochMilli(order.madeMillis()))
                .build();
        long now = store().millis();
        queue.put("high", new Order(1, now - 60_000));
        queue.put("high", new Order(2, now));
        queue.put("low", new Order(3, now));
        QueueStats figures = queue.stats();
        assertEquals(Map.of("high", 2L, "medium", 0L, "low", 1L), figures.lengths());
        assertTrue(figures.oldest()
                        .getOrDefault("high", Optional.empty())
                        .orElseThrow()
                        .toMillis()
                >= 60_000);
        assertEquals(0, figures.inFlight());
        queue.take();
        assertEquals(List.of(1L), List.copyOf(queue.stats().byWorker().values()));
        assertEquals(1, queue.stats().inFlight());
        assertFalse(queue.stats().alarm());
    }

    @Test
    void leasesAreRenewedWhileAMessageIsInHand() {
        ReliableQueue<Order> queue = builder().lease(Duration.ofSeconds(1)).build();
        queue.put("high", order(1));
        List<Long> deliveries = new CopyOnWriteArrayList<>();
        closing(queue.consume(2, delivery -> {
            deliveries.add(delivery.deliveries());
            Thread.sleep(2500);
        }));
        eventually(() -> deliveries.size() == 1 && queue.stats().inFlight() == 0);
        assertEquals(0, queue.stats().lengths().getOrDefault("high", 9L));
        assertEquals(List.of(1L), deliveries);
    }

    @Test
    void consumersDoEachMessageOnce() {
        int count = 400;
        AtomicIntegerArray done = new AtomicIntegerArray(count);
        List<QueueConsumer<Order>> consumers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            ReliableQueue<Order> queue = another().queue("queue", Order.class).build();
            consumers.add(closing(queue.consume(8, delivery -> {
                if (delivery.message().number() % 50 == 7 && delivery.deliveries() == 1) {
                    throw new IllegalStateException("the first time never works");
                }
                done.incrementAndGet(delivery.message().number());
            })));
        }
        ReliableQueue<Order> queue = builder().build();
        for (int i = 0; i < count; i++) {
            queue.put(List.of("high", "medium", "low").get(i % 3), order(i));
        }
        eventually(() -> {
            pass(Duration.ofMillis(5));
            int sum = 0;
            for (int i = 0; i < count; i++) {
                sum += done.get(i);
            }
            return sum >= count && queue.stats().inFlight() == 0;
        });
        for (int i = 0; i < count; i++) {
            assertEquals(1, done.get(i), "message " + i);
        }
        consumers.forEach(QueueConsumer::close);
    }

    @Test
    void anOutageOfWhatAHandlerNeedsBuriesNoMessage() {
        ReliableQueue<Order> queue = builder().build();
        List<Order> all = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            all.add(order(i));
        }
        queue.putAll("high", all);
        AtomicInteger calls = new AtomicInteger();
        closing(queue.consume(5, delivery -> {
            calls.incrementAndGet();
            throw new IllegalStateException("the database is away");
        }));
        eventually(() -> queue.stats().delayed() >= 100);
        assertTrue(calls.get() < 600, "there are pauses: " + calls);
        assertEquals(0, queue.stats().dead());
    }

    @Test
    void whatHasFailedComesAgainAfterAPauseAndBeforeTheOthers() {
        ReliableQueue<Order> queue = builder().build();
        queue.putAll("high", List.of(order(1), order(2), order(3)));
        Duration pause = Duration.ofMillis(300);
        assertTrue(queue.take().orElseThrow().failed(new AssertionError("no"), pause));
        assertTrue(queue.take().orElseThrow().failed(new AssertionError("no"), pause));
        assertEquals(3, queue.take().orElseThrow().message().number());
        assertEquals(Optional.empty(), queue.take());
        assertEquals(2, queue.stats().delayed());
        queue.put("high", order(4));
        pass(Duration.ofMillis(310));
        for (int i : List.of(1, 2, 4)) {
            Delivery<Order> delivery = queue.take().orElseThrow();
            assertEquals(i, delivery.message().number());
            assertEquals(i == 4 ? 1 : 2, delivery.deliveries());
        }
    }

    @Test
    void aMessageMayComeLater() {
        ReliableQueue<Order> queue = builder().build();
        queue.put("low", order(1), Duration.ofMillis(200));
        queue.put("low", order(2), Duration.ofMillis(200));
        queue.put("low", order(3), Duration.ofSeconds(-1));
        queue.put("low", order(4), ChronoUnit.FOREVER.getDuration());
        assertEquals(3, queue.take().orElseThrow().message().number());
        assertEquals(3, queue.stats().delayed());
        pass(Duration.ofMillis(210));
        for (int i : List.of(1, 2)) {
            Delivery<Order> delivery = queue.take().orElseThrow();
            assertEquals(i, delivery.message().number());
            assertEquals(1, delivery.deliveries());
        }
        assertEquals(Optional.empty(), queue.take());
    }

    @Test
    void theDeadAreMovedOneByOne() {
        ReliableQueue<Order> queue = builder().build();
        queue.putAll("medium", List.of(order(1), order(2), order(3)));
        for (int i = 1; i <= 3; i++) {
            assertTrue(queue.take().orElseThrow().reject("reason " + i));
        }
        List<DeadMessage<Order>> dead = queue.dead(0, 10);
        assertEquals(
                List.of("reason 3", "reason 2", "reason 1"),
                dead.stream().map(each -> each.reason().orElseThrow()).toList());
        assertTrue(dead.getFirst().time().isPresent());
        assertTrue(queue.dropDead(dead.get(0)));
        assertFalse(queue.dropDead(dead.get(0)));
        assertTrue(queue.replayDead(dead.get(2)));
        assertFalse(queue.replayDead(dead.get(2)));
        Delivery<Order> again = queue.take().orElseThrow();
        assertEquals(1, again.message().number());
        assertEquals("medium", again.priority());
        assertEquals(1, again.deliveries());
        assertEquals(1, queue.purgeDead());
        assertEquals(0, store().call("EXISTS", key("dead-reasons")).number());
        ReliableQueue<Order> none =
                another().queue("queue", Order.class).keepDead(0, 0).build();
        none.put("high", order(9));
        assertTrue(none.take().orElseThrow().reject());
        assertEquals(0, none.stats().dead());
    }

    @Test
    void aStopGivesMessagesBack() throws Exception {
        ReliableQueue<Order> queue = builder().build();
        CountDownLatch begun = new CountDownLatch(2);
        CountDownLatch end = new CountDownLatch(1);
        QueueConsumer<Order> consumer = queue.consume(2, delivery -> {
            begun.countDown();
            if (delivery.message().number() == 1) {
                // One that returns early.
                try {
                    Thread.sleep(60_000);
                } catch (InterruptedException e) {
                    return;
                }
            }
            deafUntil(end);
        });
        queue.putAll("high", List.of(order(1), order(2)));
        assertTrue(begun.await(20, TimeUnit.SECONDS));
        Thread.currentThread().interrupt();
        consumer.close();
        assertTrue(Thread.interrupted());
        end.countDown();
        eventually(() -> queue.stats().inFlight() == 0);
        assertEquals(2L, queue.stats().lengths().getOrDefault("high", 9L));
        assertEquals(1, queue.take().orElseThrow().deliveries(), "nobody's failure");
    }

    @Test
    @SuppressWarnings("NullAway") // A program need not be checked.
    void whateverAHandlerThrowsPutsTheMessageBack() {
        ReliableQueue<Order> queue = builder().deliveries(2).build();
        closing(queue.consume(1, failures -> null, delivery -> {
            if (delivery.message().number() == 2) {
                throw new NoClassDefFoundError("missing");
            }
        }));
        queue.putAll("high", List.of(order(2), order(1)));
        eventually(() -> queue.stats().lengths().getOrDefault("high", 9L) == 0
                && queue.stats().delayed() == 1);
        assertFalse(queue.health().up(), "the backoff is wrong");
        eventually(() -> {
            pass(Duration.ofMillis(20));
            return queue.stats().dead() == 1;
        });
        assertTrue(queue.dead(0, 1).getFirst().reason().orElseThrow().contains("missing"));
    }

    @Test
    void aCodecThatThrowsAnythingHoldsUpNoOther() {
        Codec<String> codec = new Codec<>() {
            @Override
            public byte[] encode(String value) {
                return value.getBytes(StandardCharsets.UTF_8);
            }

            @Override
            public String decode(byte[] bytes) {
                String text = new String(bytes, StandardCharsets.UTF_8);
                if (text.equals("bad")) {
                    throw new IllegalStateException("bad");
                }
                return text;
            }
        };
        ReliableQueue<String> queue = toolkit().queue("queue", codec).build();
        List<String> done = new CopyOnWriteArrayList<>();
        queue.putAll("high", List.of("a", "bad", "b"));
        closing(queue.consume(10, delivery -> done.add(delivery.message())));
        eventually(() -> done.size() == 2 && queue.stats().dead() == 1);
        assertEquals(Optional.empty(), queue.dead(0, 10).getFirst().message());
    }

    @Test
    void aMessageOfAQueueThatWasGivenUpFindsBack() {
        ReliableQueue<Order> before = another().queue("queue", Order.class).build();
        before.put("low", order(1));
        before.take();
        endLeases();
        ReliableQueue<Order> after = builder().priorities("high").build();
        assertEquals(Optional.empty(), after.take());
        assertEquals(1, after.stats().delayed(), "left to a program that serves its queue");
        List<Delivery<Order>> found = new ArrayList<>();
        eventually(() -> {
            pass(Duration.ofMillis(50));
            after.take();
            before.take().ifPresent(found::add);
            return !found.isEmpty();
        });
        assertEquals("low", found.getFirst().priority());
        assertEquals(2, found.getFirst().deliveries());
    }

    @Test
    void whatADeadWorkerHadComesBackInItsOrder() {
        ReliableQueue<Order> dead = another().queue("queue", Order.class).build();
        List<Order> all = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            all.add(order(i));
        }
        dead.putAll("high", all);
        for (int i = 0; i < 12; i++) {
            dead.take();
        }
        endLeases();
        ReliableQueue<Order> queue = builder().build();
        for (int i = 0; i < 15; i++) {
            assertEquals(i, queue.take().orElseThrow().message().number());
        }
    }

    @Test
    void whatCannotBeReadHidesNoNeighbour() {
        ReliableQueue<Order> queue = builder().build();
        queue.putAll("high", List.of(order(1), order(2), order(3)));
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            assertTrue(queue.take().isPresent());
        }
        tokens.addAll(store().call("ZRANGE", key("leases"), 0, -1).texts());
        store().call("HSET", key("in-flight"), tokens.get(0), "\u0001\u0002 no map");
        store().call("HSET", key("in-flight"), tokens.get(1), new byte[] {(byte) 0x93, (byte) 0xc1});
        endLeases();
        Delivery<Order> third = queue.take().orElseThrow();
        assertEquals(3, third.message().number());
        assertTrue(third.done());
        List<DeadMessage<Order>> dead = queue.dead(0, 10);
        assertEquals(2, dead.size());
        for (DeadMessage<Order> message : dead) {
            assertTrue(message.reason().orElseThrow().contains("cannot be read"), message.toString());
            assertTrue(queue.dropDead(message));
        }
        // One in hand, too, and a reason why another is dead.
        queue.put("high", order(4));
        Delivery<Order> fourth = queue.take().orElseThrow();
        store().call(
                        "HSET",
                        key("in-flight"),
                        store().call("ZRANGE", key("leases"), 0, 0).texts().getFirst(),
                        "?");
        assertFalse(fourth.done());
        String digest = store().call("HKEYS", key("dead-reasons")).texts().getFirst();
        store().call("HSET", key("dead-reasons"), digest, new byte[] {(byte) 0xc1});
        assertEquals(1, queue.dead(0, 10).size());
        queue.put("low", order(5));
        assertEquals(5, queue.take().orElseThrow().message().number());
    }

    @Test
    void aHandlerThatDoesNotEndIsSeen() throws Exception {
        ReliableQueue<Order> queue = builder().alarmAfter(Duration.ofMillis(1)).build();
        CountDownLatch end = new CountDownLatch(1);
        closing(end::countDown);
        queue.put("high", order(1));
        QueueConsumer<Order> consumer = queue.consume(1, delivery -> end.await());
        eventually(() -> !queue.health().up());
        assertEquals(1, queue.health().details().get("inHand"));
        end.countDown();
        eventually(() -> queue.health().up());
        consumer.close();
        assertThrows(IllegalArgumentException.class, () -> builder().alarmAfter(Duration.ZERO));
    }

    @Test
    void badArgumentsAreRefused() {
        ReliableQueue<Order> queue = builder().build();
        assertThrows(IllegalArgumentException.class, () -> queue.put("urgent", order(1)));
        assertThrows(IllegalArgumentException.class, () -> builder().deliveries(0));
        assertThrows(IllegalArgumentException.class, () -> builder().priorities());
        assertThrows(IllegalArgumentException.class, () -> builder().priorities("a", "a"));
        for (String taken : List.of("", "dead-letter", "in-flight", "wake", "processing:x")) {
            assertThrows(IllegalArgumentException.class, () -> builder().priorities(taken));
        }
        assertThrows(IllegalArgumentException.class, () -> queue.put("urgent", order(1), Duration.ofSeconds(1)));
        assertThrows(IllegalArgumentException.class, () -> queue.replayDead("urgent", 1));
    }
}
