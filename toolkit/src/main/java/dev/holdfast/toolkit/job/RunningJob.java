package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A job at work in this process, and the thread that does it. */
final class RunningJob<T> implements Job<T> {
    private static final Logger LOG = LoggerFactory.getLogger(RunningJob.class);

    /** Why a handler is interrupted, and what becomes of its job: the verbs are those of {@code finish.lua}. */
    enum Stop {
        CANCELLED("cancelled", "it was cancelled"),
        TIMED_OUT("retry", "it took longer than "),
        DEADLINE("dead", "its deadline has passed"),
        WORKER_ENDS("release", "its worker was stopped"),
        LEASE_LOST("release", "another worker may have taken it over");

        final String verb;
        final String text;

        Stop(String verb, String text) {
            this.verb = verb;
            this.text = text;
        }
    }

    private final Jobs jobs;
    private final TakenJob taken;
    private final Worker.Handling<T> handling;
    private @Nullable T payload;
    private @Nullable Thread thread;
    private @Nullable ScheduledFuture<?> alarm;
    private @Nullable Stop stop;
    private long stoppedNanos;
    private boolean ended;
    private volatile boolean stopped;
    private volatile long leaseEndsNanos;

    RunningJob(Jobs jobs, TakenJob taken, Worker.Handling<T> handling) {
        this.jobs = jobs;
        this.taken = taken;
        this.handling = handling;
        renewed(taken.sentNanos());
    }

    // ---- the worker's side ----

    /** Sets the alarm for the job's time, on the thread that will run it. */
    void begin() {
        long millis =
                taken.timeout().isZero() ? Long.MAX_VALUE : taken.timeout().toMillis();
        Stop reason = Stop.TIMED_OUT;
        if (taken.deadline() > 0) {
            long left = taken.deadline() - jobs.context().store().millis();
            if (left < millis) {
                millis = Math.max(left, 0);
                reason = Stop.DEADLINE;
            }
        }
        Stop why = reason;
        synchronized (this) {
            thread = Thread.currentThread();
            if (stopped) {
                thread.interrupt();
            } else if (millis != Long.MAX_VALUE) {
                alarm = jobs.context().timer().schedule(() -> stop(why), millis, TimeUnit.MILLISECONDS);
            }
        }
    }

    /** Runs the handler and returns its result as it is to be stored. */
    byte[] run() throws Exception {
        payload = handling.codec().decode(taken.payload());
        Object result = handling.handler().handle(this);
        return result == null ? new byte[0] : jobs.record().encode(result, null);
    }

    /**
     * Says that the attempt has ended: nothing interrupts the thread any more. Returns false if that had been said before, because the
     * worker did not wait for the handler any longer.
     */
    synchronized boolean end() {
        if (Thread.currentThread() == thread) {
            Thread.interrupted();
        }
        if (ended) {
            return false;
        }
        ended = true;
        if (alarm != null) {
            alarm.cancel(false);
        }
        return true;
    }

    /** Interrupts the handler. */
    synchronized void stop(Stop why) {
        if (ended || stopped) {
            return;
        }
        stopped = true;
        stop = why;
        stoppedNanos = System.nanoTime();
        if (thread != null) {
            thread.interrupt();
        }
    }

    /** Why it was stopped before its end, or null. */
    synchronized @Nullable Stop stopReason() {
        return stop;
    }

    /** Whether the handler was interrupted so long ago and has not ended. */
    synchronized boolean isStuck(Duration patience) {
        return stopped && !ended && System.nanoTime() - stoppedNanos > patience.toNanos();
    }

    void renewed(long sentNanos) {
        leaseEndsNanos = sentNanos + jobs.lease().toNanos();
    }

    /** Whether another worker may have it by now. */
    boolean isOverdue() {
        return leaseEndsNanos - System.nanoTime() <= 0;
    }

    int failures() {
        return taken.failures();
    }

    Duration timeout() {
        return taken.timeout();
    }

    // ---- the handler's side ----

    @Override
    public String id() {
        return taken.id();
    }

    @Override
    public String type() {
        return taken.type();
    }

    @Override
    public String queue() {
        return taken.queue();
    }

    @Override
    public T payload() {
        T decoded = payload;
        if (decoded == null) {
            throw new IllegalStateException("there is no payload, or it has not been read");
        }
        return decoded;
    }

    @Override
    public int attempt() {
        return taken.failures() + 1;
    }

    @Override
    public int attempts() {
        return taken.attempts();
    }

    @Override
    public int recoveries() {
        return taken.recoveries();
    }

    @Override
    public long fencingToken() {
        return taken.fencingToken();
    }

    @Override
    public Instant created() {
        return Instant.ofEpochMilli(taken.created());
    }

    @Override
    public Map<String, String> headers() {
        return taken.headers();
    }

    @Override
    public List<JobChild> children() {
        return jobs.children(taken.id());
    }

    @Override
    public void progress(double percent) {
        double shown = Double.isNaN(percent) ? 0 : Math.clamp(percent, 0.0, 100.0);
        try {
            jobs.run(JobScripts.PROGRESS, taken.id(), taken.fencingToken(), shown);
        } catch (StoreException e) {
            LOG.debug("How far {} is could not be said: {}", this, e.toString());
        }
    }

    @Override
    public boolean isCancelled() {
        if (!stopped && isOverdue()) {
            // A handler that is asked to stop has not done the job.
            stop(Stop.LEASE_LOST);
        }
        return stopped;
    }

    @Override
    public String toString() {
        return "job " + taken.id() + " of the type " + taken.type();
    }
}
