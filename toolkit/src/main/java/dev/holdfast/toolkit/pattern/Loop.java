package dev.holdfast.toolkit.pattern;

import dev.holdfast.engine.base.Thrown;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does a step again and again, on a thread of its own, until it is stopped. It never ends by itself: a step that throws,
 * whatever it throws, is reported, and is done again after a pause, which doubles from one failure to the next.
 *
 * <p>Stopping interrupts the thread only while it is {@linkplain #idle idle}, so that what is being done comes to its end.
 */
public final class Loop {
    /** What is done. It may take its time, if it lets {@link #idle} do the waiting. */
    @FunctionalInterface
    public interface Step {
        void run() throws Exception;
    }

    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);
    private static final long FIRST_PAUSE_MILLIS = 50;

    private final Step step;
    private final Consumer<Throwable> onFailure;
    private final long longestPauseMillis;
    private final Runnable atEnd;
    private final Thread thread;
    private volatile boolean stopping;
    private volatile @Nullable String failure;
    /** Whether the thread only waits. Guarded by this. */
    private boolean idle;

    /**
     * @param name of the thread
     * @param longestPause the longest pause after a failure
     * @param onFailure receives what a step has thrown
     * @param atEnd is done on the thread after the last step
     */
    public Loop(String name, Duration longestPause, Step step, Consumer<Throwable> onFailure, Runnable atEnd) {
        this.step = step;
        this.onFailure = onFailure;
        this.longestPauseMillis = longestPause.toMillis();
        this.atEnd = atEnd;
        this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    private void run() {
        long[] pause = {FIRST_PAUSE_MILLIS};
        while (!stopping) {
            guarded(() -> once(pause));
        }
        Thread.interrupted();
        guarded(atEnd);
    }

    private void once(long[] pause) {
        // An interrupt that is left over from a step is not meant for the next one.
        Thread.interrupted();
        try {
            step.run();
            failure = null;
            pause[0] = FIRST_PAUSE_MILLIS;
        } catch (Throwable e) {
            if (!stopping) {
                failure = Thrown.text(e);
                guarded(() -> onFailure.accept(e));
                pause(ThreadLocalRandom.current().nextLong(pause[0] / 2, pause[0] + 1));
                pause[0] = Math.min(2 * pause[0], longestPauseMillis);
            }
        }
    }

    private static void guarded(Runnable told) {
        try {
            told.run();
        } catch (Throwable e) {
            LOG.error("A loop could not say what has become of it", Thrown.loggable(e));
        }
    }

    private void pause(long millis) {
        try {
            idle(() -> {
                Thread.sleep(millis);
                return true;
            });
        } catch (Exception e) {
            LOG.trace("A pause was interrupted", e);
        }
    }

    /** Waits for something, which {@link #stop} may interrupt. Returns null, without waiting, if the loop is stopping. */
    public <R> @Nullable R idle(Callable<R> wait) throws Exception {
        synchronized (this) {
            if (stopping) {
                return null;
            }
            idle = true;
        }
        try {
            return wait.call();
        } finally {
            synchronized (this) {
                idle = false;
                // The interrupt was meant for the wait, which is over; what follows is done to its end.
                Thread.interrupted();
            }
        }
    }

    public boolean isStopping() {
        return stopping;
    }

    /** What the last step has thrown, or null if it went well. */
    public @Nullable String failure() {
        return failure;
    }

    /** Begins no further step. Returns false if that had been said before. */
    public synchronized boolean stop() {
        if (stopping) {
            return false;
        }
        stopping = true;
        if (idle) {
            thread.interrupt();
        }
        return true;
    }

    /** Interrupts whatever the thread does. */
    public void interrupt() {
        thread.interrupt();
    }

    /** Waits for the end of the loop; not at all, if this is its own thread. */
    public void join() throws InterruptedException {
        if (Thread.currentThread() != thread) {
            thread.join();
        }
    }

    /** Waits for the end of the loop. Returns false if the time is over before; at once, if this is the loop's own thread. */
    public boolean join(Duration atMost) throws InterruptedException {
        return Thread.currentThread() == thread || thread.join(atMost);
    }
}
