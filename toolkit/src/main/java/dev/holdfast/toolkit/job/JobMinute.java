package dev.holdfast.toolkit.job;

import java.time.Instant;

/**
 * What has happened within a minute.
 *
 * @param minute its beginning
 * @param added how many jobs were added
 * @param processed how many were done
 * @param failed how many attempts have failed
 * @param retried how many of them are followed by another
 * @param recovered how often a job's worker was lost
 * @param died how many were given up
 * @param cancelled how many were cancelled
 */
public record JobMinute(
        Instant minute,
        long added,
        long processed,
        long failed,
        long retried,
        long recovered,
        long died,
        long cancelled) {}
