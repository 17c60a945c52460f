package dev.holdfast.toolkit.job;

/** What becomes of a schedule's times at which no process was there to add the job. */
public enum Misfire {
    /** The last one is made up for. */
    ONCE,
    /** All are made up for, the first first. */
    ALL,
    /** What is more than a minute ago is left out. */
    SKIP
}
