package dev.holdfast.engine.core;

import dev.holdfast.engine.config.Config;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the store does {@code hz} times a second, on the thread of its timer, whether commands come or not. */
final class Heartbeat {
    private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);

    /** How long an array that is not used may wait for a use. */
    private static final long NANOS_OF_SPARES = 1_000_000_000;

    private final Engine engine;
    private final Config config;
    private final ScheduledThreadPoolExecutor timer;
    private long spareNanos;

    Heartbeat(Engine engine) {
        this.engine = engine;
        this.config = engine.config();
        this.timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "holdfast-timer");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
    }

    ScheduledThreadPoolExecutor timer() {
        return timer;
    }

    /** Beats for the first time now, and from then on. */
    void start() {
        look();
        schedule();
    }

    void stop() {
        timer.shutdownNow();
    }

    private void schedule() {
        timer.schedule(
                () -> {
                    beat();
                    if (!timer.isShutdown()) {
                        schedule();
                    }
                },
                1000 / config.hz.get(),
                TimeUnit.MILLISECONDS);
    }

    private void beat() {
        if (engine.debugSettings().isTimerPaused()) {
            return;
        }
        try {
            look();
            if (engine.persistence().isLoading()) {
                // What is over is said when all is there.
            } else if (engine.replication().isReplica()) {
                engine.ownKeys().cycle();
            } else {
                engine.expiry().cycle();
            }
            engine.persistence().tick();
            engine.replication().tick();
        } catch (OutOfMemoryError e) {
            engine.heapIsFull();
        } catch (RuntimeException | StackOverflowError e) {
            LOG.error("The timer's work failed", e);
        }
    }

    /** Brings up to date what is only looked at now and then: the access clock, samples, the account of memory, idle connections. */
    private void look() {
        engine.keyspace().clock().setTime(engine.clock().millis());
        engine.statistics().sample(engine.clock().nanos());
        engine.statistics().notePeak(engine.keyspace().usedBytes());
        engine.tracking().limit();
        engine.heap().look(engine.usedBytes() + engine.clientMemory().sum());
        engine.clientMemory().look();
        engine.eviction().look();
        engine.peers().closeUnused();
        if (engine.clock().nanos() - spareNanos >= NANOS_OF_SPARES) {
            spareNanos = engine.clock().nanos();
            engine.statistics().letSparesGo();
            engine.pubSub().letSparesGo();
        }
    }
}
