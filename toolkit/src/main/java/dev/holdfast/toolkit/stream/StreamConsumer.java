package dev.holdfast.toolkit.stream;

import dev.holdfast.engine.base.Thrown;
import dev.holdfast.toolkit.lock.Locks;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Instruments.Counter;
import dev.holdfast.toolkit.pattern.Loop;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One who does the entries of a stream. Runs until it is closed. */
public final class StreamConsumer<T> implements AutoCloseable {
    /** Does an entry; what it throws has the entry come again. */
    @FunctionalInterface
    public interface Handler<T> {
        void handle(StreamEntry<T> entry) throws Exception;
    }

    private static final Logger LOG = LoggerFactory.getLogger(StreamConsumer.class);
    private static final AtomicLong NUMBERS = new AtomicLong();
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final StreamTasks<T> tasks;
    private final Handler<T> handler;
    private final String name;
    private final List<Reading<T>> readings = new ArrayList<>();
    private final List<Loop> loops;
    private final @Nullable Partitions<T> partitions;
    private final @Nullable Locks locks;
    private final AtomicLong processed = new AtomicLong();
    private final AtomicLong errors = new AtomicLong();
    private final Counter done;
    private final Counter failed;
    private final Counter dead;
    private volatile boolean closing;

    StreamConsumer(StreamTasks<T> tasks, Handler<T> handler) {
        this.tasks = tasks;
        this.handler = handler;
        this.name = tasks.context().instance() + "-" + NUMBERS.incrementAndGet();
        Instruments instruments = tasks.instruments();
        this.done = instruments.counter("entries", "result", "done");
        this.failed = instruments.counter("entries", "result", "failed");
        this.dead = instruments.counter("entries", "result", "dead");
        if (tasks.keys().size() == 1) {
            partitions = null;
            locks = null;
            readings.add(new SharedReading<>(this, tasks.keys().getFirst()));
        } else {
            Partitions<T> shares = new Partitions<>(this);
            Locks owners =
                    new Locks(tasks.context(), tasks.settings().claimAfter().plusMillis(100));
            partitions = shares;
            locks = owners;
            for (String stream : tasks.keys()) {
                String owner = stream + ":" + tasks.settings().group();
                readings.add(new OrderedReading<>(this, stream, owners.mutex(owner), shares));
            }
        }
        this.loops = readings.stream().map(this::loop).toList();
    }

    void start() {
        loops.forEach(Loop::start);
    }

    private Loop loop(Reading<T> reading) {
        return new Loop(
                "holdfast-stream-" + tasks.name(),
                LONGEST_PAUSE,
                reading::once,
                e -> failed("reading " + reading.stream, e),
                () -> {});
    }

    /** What the group knows it by. */
    public String name() {
        return name;
    }

    StreamTasks<T> tasks() {
        return tasks;
    }

    /** Does nothing for a while, or until the consumer is closed. */
    void pause(Duration time) throws InterruptedException {
        if (!closing) {
            Thread.sleep(time);
        }
    }

    /** Has the handler do an entry. Returns null, or why it failed. */
    @Nullable
    String handle(String id, Reply fields, long deliveries) {
        try {
            handler.handle(new StreamEntry<>(id, tasks.decode(fields), deliveries));
            return null;
        } catch (Throwable e) {
            errors.incrementAndGet();
            failed.increment();
            LOG.debug("Entry {} of {} has failed", id, tasks.name(), Thrown.loggable(e));
            return Thrown.text(e);
        } finally {
            // An interrupt of the handler's is not meant for what is done with the outcome.
            Thread.interrupted();
        }
    }

    void countProcessed() {
        processed.incrementAndGet();
        done.increment();
    }

    void countDead() {
        dead.increment();
    }

    void failed(String what, Throwable why) {
        LOG.warn("Consumer {} of {}: {}: {}", name, tasks.name(), what, Thrown.text(why));
    }

    /** How many entries it has done. */
    public long processed() {
        return processed.get();
    }

    /** How many times its handler has failed. */
    public long errors() {
        return errors.get();
    }

    private List<String> failures() {
        return loops.stream().map(Loop::failure).filter(Objects::nonNull).toList();
    }

    boolean isWell() {
        return failures().isEmpty();
    }

    /** What to show of it. */
    String state() {
        return processed + " done, " + errors + " failed" + (isWell() ? "" : ", failing: " + failures());
    }

    boolean isClosing() {
        return closing;
    }

    /** Reads no more, lets entries at work come to their ends, and leaves the group if nothing of it is left pending. */
    @Override
    public void close() {
        synchronized (this) {
            if (closing) {
                return;
            }
            closing = true;
        }
        try {
            loops.forEach(Loop::stop);
            for (Loop loop : loops) {
                if (!loop.join(tasks.context().patience().grace())) {
                    loop.interrupt();
                }
            }
            for (Reading<T> reading : readings) {
                reading.close();
                leave(reading.stream);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (partitions != null) {
            try {
                partitions.signOut();
            } catch (StoreException e) {
                failed("signing out", e);
            }
        }
        if (locks != null) {
            locks.close();
        }
        tasks.closed(this);
    }

    /** A consumer that is deleted takes its pending entries along, so one that has some stays until they are claimed. */
    private void leave(String stream) {
        try {
            String group = tasks.settings().group();
            boolean hasNone = tasks.context()
                    .store()
                    .call("XPENDING", stream, group, "-", "+", 1, name)
                    .list()
                    .isEmpty();
            if (hasNone) {
                tasks.context().store().call("XGROUP", "DELCONSUMER", stream, group, name);
            }
        } catch (CommandFailedException e) {
            LOG.debug("{} had no group to leave: {}", stream, e.toString());
        } catch (StoreException e) {
            failed("leaving the group", e);
        }
    }
}
