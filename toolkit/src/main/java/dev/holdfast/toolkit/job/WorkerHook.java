package dev.holdfast.toolkit.job;

import java.time.Duration;

/** Hears what a worker does, on the thread that does it. What it throws is logged and changes nothing. */
public interface WorkerHook {
    /** The worker begins; before its first job. What this throws keeps the worker from starting. */
    default void starting(Worker worker) {}

    /** The worker has ended, and all its jobs. */
    default void stopped(Worker worker) {}

    /** A job begins. */
    default void begins(Job<?> job) {}

    /** A job is done. */
    default void done(Job<?> job, Duration took) {}

    /**
     * An attempt has failed.
     *
     * @param isLast whether the job is dead now
     */
    default void failed(Job<?> job, Throwable failure, boolean isLast) {}

    /** The job was cancelled. */
    default void cancelled(Job<?> job) {}

    /** Another worker has taken the job over; this attempt does not count. */
    default void lost(Job<?> job) {}
}
