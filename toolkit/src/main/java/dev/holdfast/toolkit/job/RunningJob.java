package dev.holdfast.toolkit.job;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A job at work in this process, and the thread that does it. */
final class RunningJob<T> implements Job<T> {
    private final Jobs jobs;
    private final TakenJob taken;
    private final Worker.@Nullable Handling<T> handling;
    private @Nullable T payload;
    private @Nullable Thread thread;
    private @Nullable ScheduledFuture<?> alarm;
    private @Nullable String stopReason;
    private boolean givenUp;
    private boolean released;
    private boolean ended;
    private volatile boolean stopped;
    private volatile long leaseEndsNanos;

    private RunningJob(Jobs jobs, TakenJob taken, Worker.@Nullable Handling<T> handling) {
        this.jobs = jobs;
        this.taken = taken;
        this.handling = handling;
        renewed(taken.sentNanos());
    }

    static <T> RunningJob<T> of(Jobs jobs, TakenJob taken, Worker.@Nullable Handling<T> handling) {
        return new RunningJob<>(jobs, taken, handling);
    }

    // ---- the worker's side ----

    /** Sets the alarm for the job's time, on the thread that will run it. */
    synchronized void begin() {
        thread = Thread.currentThread();
        long millis =
                taken.timeout().isZero() ? Long.MAX_VALUE : taken.timeout().toMillis();
        String reason = "it took longer than " + taken.timeout();
        boolean last = false;
        if (taken.deadline() > 0) {
            long left = taken.deadline() - jobs.context().store().millis();
            if (left < millis) {
                millis = Math.max(left, 0);
                reason = "its deadline has passed";
                last = true;
            }
        }
        if (millis != Long.MAX_VALUE) {
            String why = reason;
            boolean giveUp = last;
            alarm = jobs.context().timer().schedule(() -> stop(why, giveUp), millis, TimeUnit.MILLISECONDS);
        }
    }

    /** Runs the handler and returns its result as it is to be stored. */
    byte[] run() throws Exception {
        if (handling == null) {
            throw new GiveUpException("no handler knows jobs of the type " + taken.type());
        }
        payload = handling.codec().decode(taken.payload());
        Object result = handling.handler().handle(this);
        return result == null ? new byte[0] : jobs.record().encode(result);
    }

    /** The handler has ended: nothing interrupts the thread any more. */
    synchronized void end() {
        ended = true;
        if (alarm != null) {
            alarm.cancel(false);
        }
        Thread.interrupted();
    }

    /** Interrupts the handler. */
    synchronized void stop(String why, boolean giveUp) {
        if (ended || stopped) {
            return;
        }
        stopped = true;
        stopReason = why;
        givenUp = giveUp;
        if (thread != null) {
            thread.interrupt();
        }
    }

    /** Interrupts the handler, whose job is to be given back. */
    synchronized void release() {
        released = !ended && !stopped;
        stop("its worker was stopped", false);
    }

    synchronized boolean isReleased() {
        return released;
    }

    synchronized boolean isGivenUp() {
        return givenUp;
    }

    /** Why it was stopped, or null. */
    synchronized @Nullable String stopReason() {
        return stopReason;
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
            throw new IllegalStateException("the payload has not been read");
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
    public int takeovers() {
        return taken.takeovers();
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
    public void progress(double percent) {
        jobs.run(JobScripts.PROGRESS, taken.id(), taken.fencingToken(), percent);
    }

    @Override
    public boolean isCancelled() {
        return stopped || isOverdue();
    }

    @Override
    public String toString() {
        return "job " + taken.id() + " of the type " + taken.type();
    }
}
