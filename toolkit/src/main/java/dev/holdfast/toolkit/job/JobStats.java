package dev.holdfast.toolkit.job;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How many jobs there are, as of one moment.
 *
 * @param scheduled to run later, failed ones among them
 * @param active at work
 * @param dead given up
 * @param done kept with their results
 * @param keptCancelled cancelled and kept
 * @param awaiting to run after their children
 * @param held until fewer of their type or key are at work
 * @param added how many have been added in all
 * @param processed how many have been done in all
 * @param failed how many attempts have failed in all
 * @param retried how many of them were followed by another
 * @param recovered how often a job's worker was lost
 * @param died how many have been given up in all
 * @param cancelled how many were cancelled in all
 * @param unknown types that no worker has known so far, and how many jobs of each wait for one that does
 * @param queues each queue: those of this program, and all that jobs were ever added to
 */
public record JobStats(
        long scheduled,
        long active,
        long dead,
        long done,
        long keptCancelled,
        long awaiting,
        long held,
        long added,
        long processed,
        long failed,
        long retried,
        long recovered,
        long died,
        long cancelled,
        Map<String, Long> unknown,
        Map<String, Queue> queues) {
    /**
     * A queue.
     *
     * @param pending how many wait
     * @param oldest how long ago the next of them was added
     * @param paused whether workers leave it alone
     */
    public record Queue(long pending, Optional<Duration> oldest, boolean paused) {}

    /** @throws IllegalArgumentException if there is no such queue */
    public Queue queue(String name) {
        Queue queue = queues.get(name);
        if (queue == null) {
            throw new IllegalArgumentException("there is no queue " + name);
        }
        return queue;
    }
}
