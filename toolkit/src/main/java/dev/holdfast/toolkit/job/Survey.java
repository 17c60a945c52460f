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
 * @param processed how many have been done in all
 * @param failed how many attempts have failed in all
 * @param retried how many of them were followed by another
 * @param recovered how often a job's worker was lost
 * @param died how many have been given up in all
 * @param cancelled how many were cancelled before they began
 * @param queues each queue
 */
public record Survey(
        long scheduled,
        long active,
        long dead,
        long done,
        long processed,
        long failed,
        long retried,
        long recovered,
        long died,
        long cancelled,
        Map<String, Queue> queues) {
    /**
     * A queue.
     *
     * @param pending how many wait
     * @param oldest how long ago the first of them was added
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
