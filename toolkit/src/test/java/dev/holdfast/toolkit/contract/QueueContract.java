package dev.holdfast.toolkit.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.queue.Delivery;
import dev.holdfast.toolkit.queue.QueueConsumer;
import dev.holdfast.toolkit.queue.QueueFigures;
import dev.holdfast.toolkit.queue.ReliableQueue;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
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
        assertEquals(1, queue.figures().dead(), "what cannot be read is put aside");
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
        assertEquals(List.of(order(1)), queue.dead(0, 10));
        assertTrue(queue.figures().alarm());
        assertFalse(queue.health().up());
        assertEquals(1, queue.replayDead("low", 10));
        Delivery<Order> replayed = queue.take().orElseThrow();
        assertEquals("low", replayed.priority());
        assertEquals(1, replayed.deliveries());
        assertTrue(replayed.reject());
        queue.purgeDead();
        assertEquals(0, queue.figures().dead());
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
        QueueFigures figures = queue.figures();
        assertEquals(Map.of("high", 2L, "medium", 0L, "low", 1L), figures.lengths());
        assertTrue(figures.oldest()
                        .getOrDefault("high", Optional.empty())
                        .orElseThrow()
                        .toMillis()
                >= 60_000);
        assertEquals(0, figures.inFlight());
        queue.take();
        assertEquals(List.of(1L), List.copyOf(queue.figures().byWorker().values()));
        assertEquals(1, queue.figures().inFlight());
        assertFalse(queue.figures().alarm());
    }

    @Test
    void leasesAreRenewedWhileAMessageIsInHand() {
        ReliableQueue<Order> queue = builder().lease(Duration.ofMillis(150)).build();
        queue.put("high", order(1));
        List<Long> deliveries = new CopyOnWriteArrayList<>();
        closing(queue.consume(2, delivery -> {
            deliveries.add(delivery.deliveries());
            Thread.sleep(400);
        }));
        eventually(() -> deliveries.size() == 1 && queue.figures().inFlight() == 0);
        assertEquals(0, queue.figures().lengths().getOrDefault("high", 9L));
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
            int sum = 0;
            for (int i = 0; i < count; i++) {
                sum += done.get(i);
            }
            return sum >= count && queue.figures().inFlight() == 0;
        });
        for (int i = 0; i < count; i++) {
            assertEquals(1, done.get(i), "message " + i);
        }
        consumers.forEach(QueueConsumer::close);
    }

    @Test
    void badArgumentsAreRefused() {
        ReliableQueue<Order> queue = builder().build();
        assertThrows(IllegalArgumentException.class, () -> queue.put("urgent", order(1)));
        assertThrows(IllegalArgumentException.class, () -> builder().deliveries(0));
        assertThrows(IllegalArgumentException.class, () -> builder().priorities());
    }
}
