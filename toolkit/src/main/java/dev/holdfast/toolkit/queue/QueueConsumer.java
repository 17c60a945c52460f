package dev.holdfast.toolkit.queue;

import dev.holdfast.toolkit.pattern.Loop;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One who works messages off, until it is closed. When the store is away it waits and tries again. */
public final class QueueConsumer<T> implements AutoCloseable {
    /** Works a message off; what it throws puts the message back. */
    @FunctionalInterface
    public interface Handler<T> {
        void handle(Delivery<T> delivery) throws Exception;
    }

    private static final Logger LOG = LoggerFactory.getLogger(QueueConsumer.class);
    private static final Duration GRACE = Duration.ofSeconds(10);

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final ReliableQueue<T> queue;
    private final int concurrency;
    private final Handler<T> handler;
    private final Consumer<QueueConsumer<T>> onClose;
    private final Semaphore free;
    private final Set<Delivery<T>> inHand = ConcurrentHashMap.newKeySet();
    private final ScheduledFuture<?> renewal;
    private final Loop loop;

    QueueConsumer(ReliableQueue<T> queue, int concurrency, Handler<T> handler, Consumer<QueueConsumer<T>> onClose) {
        if (concurrency < 1) {
            throw new IllegalArgumentException("a consumer must do one message at a time: " + concurrency);
        }
        this.queue = queue;
        this.concurrency = concurrency;
        this.handler = handler;
        this.onClose = onClose;
        this.free = new Semaphore(concurrency);
        long third = queue.lease().dividedBy(3).toNanos();
        this.renewal = queue.context()
                .timer()
                .scheduleWithFixedDelay(
                        () -> queue.context().workers().execute(this::renew), third, third, TimeUnit.NANOSECONDS);
        this.loop = new Loop(
                "holdfast-queue-" + queue.name(),
                LONGEST_PAUSE,
                this::takeOnce,
                e -> LOG.warn("A consumer of {} tries again: {}", queue.name(), e.toString()),
                () -> {});
    }

    void start() {
        loop.start();
    }

    boolean isWell() {
        return loop.failure() == null;
    }

    private void takeOnce() throws InterruptedException {
        if (!free.tryAcquire(ReliableQueue.POLL.toMillis(), TimeUnit.MILLISECONDS)) {
            return;
        }
        int room = 1 + free.drainPermits();
        int used = 0;
        try {
            long[] untilLease = new long[1];
            List<Delivery<T>> taken = queue.take(room, untilLease);
            for (Delivery<T> delivery : taken) {
                used++;
                inHand.add(delivery);
                queue.context().workers().execute(() -> work(delivery));
            }
            if (taken.isEmpty()) {
                long millis = ReliableQueue.POLL.toMillis();
                queue.await(Duration.ofMillis(untilLease[0] < 0 ? millis : Math.min(millis, untilLease[0])));
            }
        } finally {
            free.release(room - used);
        }
    }

    private void work(Delivery<T> delivery) {
        try (delivery) {
            handler.handle(delivery);
            delivery.done();
        } catch (Exception e) {
            LOG.debug("A message of {} has failed", queue.name(), e);
        } finally {
            inHand.remove(delivery);
            free.release();
        }
    }

    private void renew() {
        for (Delivery<T> delivery : inHand) {
            try {
                delivery.extend();
            } catch (RuntimeException e) {
                LOG.warn("A lease of {} was not renewed: {}", queue.name(), e.toString());
            }
        }
    }

    /** Takes no more, and lets what is in hand come to its end. */
    @Override
    public void close() {
        if (!loop.stop()) {
            return;
        }
        try {
            loop.join();
            if (!free.tryAcquire(concurrency, GRACE.toNanos(), TimeUnit.NANOSECONDS)) {
                LOG.warn("A consumer of {} leaves {} messages behind; they come back", queue.name(), inHand.size());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        renewal.cancel(false);
        onClose.accept(this);
    }
}
