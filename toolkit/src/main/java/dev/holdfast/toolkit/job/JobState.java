package dev.holdfast.toolkit.job;

/** What a job is. */
public enum JobState {
    /** It is to run after its children. */
    AWAITING,
    /** It waits for a worker. */
    PENDING,
    /** It waits until fewer jobs of its type or key are at work. */
    HELD,
    /** It is to run later. */
    SCHEDULED,
    /** It has failed, or no worker has known its type, and is to run again later. */
    RETRY,
    /** A worker has it. */
    ACTIVE,
    /** It was done, and is kept with its result. */
    DONE,
    /** It has failed too often, or was given up, and waits for somebody to look at it. */
    DEAD,
    /** Somebody has cancelled it, and it is kept as long as its result would have been. */
    CANCELLED;

    /** Whether nothing more comes of it by itself. */
    public boolean isEnd() {
        return this == DONE || this == DEAD || this == CANCELLED;
    }
}
