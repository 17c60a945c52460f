package dev.holdfast.toolkit.job;

/** What a job is. */
public enum JobState {
    /** It is to run after the jobs of its batch. */
    AWAITING,
    /** It waits for a worker. */
    PENDING,
    /** It is to run later. */
    SCHEDULED,
    /** It has failed and is to run again later. */
    RETRY,
    /** A worker has it. */
    ACTIVE,
    /** It was done, and is kept with its result. */
    DONE,
    /** It has failed too often, or was given up, and waits for somebody to look at it. */
    DEAD
}
