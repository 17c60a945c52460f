package dev.holdfast.toolkit.queue;

import dev.holdfast.toolkit.pattern.Backoff;
import dev.holdfast.toolkit.pattern.Durations;
import dev.holdfast.toolkit.pattern.Loop;
import dev.holdfast.toolkit.pattern.Throwables;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One who works messages off, until it is closed. When the store is away it waits and tries again.
 *
 * <p>What a handler throws, be it an {@link Error}, puts its message back after a pause. One that the end of the consumer has interrupted
 * has not worked its message off, whatever it returns or throws: the message is given back.
 */
public final class QueueConsumer<T> implements AutoCloseable {
    /** Works a message off; what it throws puts the message back. */
    @FunctionalInterface
    public interface Handler<T> {
        void handle(Delivery<T> delivery) throws Exception;
    }

    private static final Logger LOG = LoggerFactory.getLogger(QueueConsumer.class);
    private static final long FIRST_PAUSE_MILLIS = 50;
    private static final int BATCH = 100;

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    /** A message and the thread that works it off. */
    private static final class Work<T> {
        final Delivery<T> delivery;
        private @Nullable Thread thread;
        private boolean isStopped;
        private boolean hasEnded;
        private final long startNanos = System.nanoTime();

        Work(Delivery<T> delivery) {
            this.delivery = delivery;
        }

        synchronized void begin() {
            thread = Thread.currentThread();
            if (isStopped) {
                thread.interrupt();
            }
        }

        /** Nothing interrupts the thread any more. Returns whether the handler came to its end undisturbed. */
        synchronized boolean end() {
            hasEnded = true;
            Thread.interrupted();
            return !isStopped;
        }

        synchronized void stop() {
            if (!hasEnded) {
                isStopped = true;
                if (thread != null) {
                    thread.interrupt();
                }
            }
        }
    }

    private final ReliableQueue<T> queue;
    private final int concurrency;
    private final Backoff backoff;
    private final Handler<T> handler;
    private final Consumer<QueueConsumer<T>> onClose;
    private final Semaphore free;
    /** What is in hand, by its token. */
    private final Map<String, Work<T>> inHand = new ConcurrentHashMap<>();
    /** What became of messages and could not be said so far: why. */
    private final Map<String, String> untold = new ConcurrentHashMap<>();

    private final ScheduledFuture<?> renewal;
    private final Loop loop;
    private volatile @Nullable String backoffFailure;
    private volatile boolean givenUp;

    QueueConsumer(
            ReliableQueue<T> queue,
            int concurrency,
            Backoff backoff,
            Handler<T> handler,
            Consumer<QueueConsumer<T>> onClose) {
        if (concurrency < 1) {
            throw new IllegalArgumentException("a consumer must do one message at a time: " + concurrency);
        }
        this.queue = queue;
        this.concurrency = concurrency;
        this.backoff = Objects.requireNonNull(backoff);
        this.handler = Objects.requireNonNull(handler);
        this.onClose = onClose;
        this.free = new Semaphore(concurrency);
        long third = queue.lease().dividedBy(3).toNanos();
        this.renewal = queue.context()
                .timer()
                .scheduleWithFixedDelay(
                        () -> queue.context().errands().execute(this::renew), third, third, TimeUnit.NANOSECONDS);
        this.loop = new Loop(
                "holdfast-queue-" + queue.name(),
                LONGEST_PAUSE,
                this::takeOnce,
                e -> LOG.warn("A consumer of {} tries again: {}", queue.name(), Throwables.describe(e)),
                () -> {});
    }

    void start() {
        loop.start();
    }

    /** What is wrong with it, or null. */
    @Nullable
    String failure() {
        for (String why : untold.values()) {
            return "what became of messages cannot be said: " + why;
        }
        return backoffFailure != null ? backoffFailure : loop.failure();
    }

    /** How many messages are in hand. */
    int inHand() {
        return inHand.size();
    }

    /** For how long the one is in hand that has been there longest; zero if there is none. */
    Duration longestInHand() {
        long now = System.nanoTime();
        long longest = 0;
        for (Work<T> work : inHand.values()) {
            longest = Math.max(longest, now - work.startNanos);
        }
        return Duration.ofNanos(longest);
    }

    private void takeOnce() throws InterruptedException {
        if (!free.tryAcquire(ReliableQueue.POLL.toMillis(), TimeUnit.MILLISECONDS)) {
            return;
        }
        int room = 1;
        while (room < BATCH && free.tryAcquire()) {
            room++;
        }
        int used = 0;
        try {
            if (loop.isStopping()) {
                return;
            }
            long[] untilNext = new long[1];
            List<Delivery<T>> taken = queue.take(room, untilNext);
            for (Delivery<T> delivery : taken) {
                Work<T> work = new Work<>(delivery);
                inHand.put(delivery.token(), work);
                used++;
                queue.context().workers().execute(() -> run(work));
            }
            if (taken.isEmpty()) {
                long millis = ReliableQueue.POLL.toMillis();
                queue.await(Duration.ofMillis(untilNext[0] < 0 ? millis : Math.min(millis, untilNext[0])));
            }
        } finally {
            free.release(room - used);
        }
    }

    private void run(Work<T> work) {
        Delivery<T> delivery = work.delivery;
        try {
            Throwable thrown = null;
            try {
                work.begin();
                handler.handle(delivery);
            } catch (Throwable e) {
                thrown = e;
            }
            boolean isUndisturbed = work.end();
            Throwable failure = thrown;
            if (!isUndisturbed) {
                settleSurely(delivery, delivery::giveBack);
            } else if (failure == null) {
                settleSurely(delivery, delivery::done);
            } else {
                LOG.debug("A message of {} has failed: {}", queue.name(), Throwables.trace(failure));
                Duration pause = pause(delivery);
                settleSurely(delivery, () -> delivery.failed(failure, pause));
            }
        } finally {
            inHand.remove(delivery.token());
            free.release();
        }
    }

    /** How long a message that has failed is left alone; as usual, if the program's own backoff fails. */
    private Duration pause(Delivery<T> delivery) {
        int failures = (int) Math.min(delivery.deliveries(), Integer.MAX_VALUE);
        try {
            Duration pause = Objects.requireNonNull(backoff.after(failures), "the backoff has no pause");
            backoffFailure = null;
            return pause;
        } catch (Throwable e) {
            String why = Throwables.describe(e);
            backoffFailure = why;
            LOG.warn("The backoff of a consumer of {} has failed: {}", queue.name(), why);
            return ReliableQueue.BACKOFF.after(failures);
        }
    }

    /** Says what became of a message until the store has heard, or the consumer was closed and is not waited for any more. */
    private void settleSurely(Delivery<T> delivery, Runnable settle) {
        long pause = FIRST_PAUSE_MILLIS;
        try {
            while (true) {
                try {
                    settle.run();
                    return;
                } catch (RuntimeException e) {
                    String why = Throwables.describe(e);
                    untold.put(delivery.token(), why);
                    LOG.warn("What became of a message of {} cannot be said so far: {}", queue.name(), why);
                    if (givenUp) {
                        return;
                    }
                }
                Thread.sleep(ThreadLocalRandom.current().nextLong(pause / 2, pause + 1));
                pause = Math.min(2 * pause, LONGEST_PAUSE.toMillis());
            }
        } catch (InterruptedException e) {
            LOG.debug("The toolkit is being closed; a message comes back by itself");
        } finally {
            untold.remove(delivery.token());
        }
    }

    private void renew() {
        List<String> tokens = List.copyOf(inHand.keySet());
        if (tokens.isEmpty()) {
            return;
        }
        try {
            queue.extendAll(tokens);
        } catch (RuntimeException e) {
            LOG.warn("The leases of {} were not renewed: {}", queue.name(), Throwables.describe(e));
        }
    }

    /**
     * Takes no more, lets what is in hand come to its end for a while, ten seconds unless the toolkit was told otherwise, then interrupts the handlers and gives their messages back,
     * even of those that do not stop. An interrupt ends the wait.
     */
    @Override
    public void close() {
        close(queue.context().patience().grace());
    }

    /** The same, with another time to wait before that. */
    public void close(Duration grace) {
        if (!loop.stop()) {
            return;
        }
        boolean interrupted = Thread.interrupted();
        try {
            loop.join();
            if (interrupted || !free.tryAcquire(concurrency, Durations.nanos(grace), TimeUnit.NANOSECONDS)) {
                inHand.values().forEach(Work::stop);
                givenUp = interrupted
                        || !free.tryAcquire(
                                concurrency,
                                Durations.nanos(queue.context().patience().stopWithin()),
                                TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            interrupted = true;
            givenUp = true;
            inHand.values().forEach(Work::stop);
        }
        if (givenUp) {
            LOG.warn("A consumer of {} leaves {} handlers behind that do not stop", queue.name(), inHand.size());
            inHand.values().forEach(work -> settleSurely(work.delivery, work.delivery::giveBack));
        }
        renewal.cancel(false);
        onClose.accept(this);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
