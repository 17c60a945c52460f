package dev.holdfast.toolkit.queue;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How queues stand.
 *
 * @param lengths how many messages wait in each queue
 * @param oldest how old the next message of each queue is, where there is one and its age is known
 * @param delayed how many come to their queues later: new ones with a delay, those that have failed, and those of queues that
 *     are served elsewhere
 * @param inFlight how many messages are in hand
 * @param byWorker how many each worker has in hand
 * @param dead how many were given up
 * @param alarm whether there are more dead ones than there should be
 */
public record QueueStats(
        Map<String, Long> lengths,
        Map<String, Optional<Duration>> oldest,
        long delayed,
        long inFlight,
        Map<String, Long> byWorker,
        long dead,
        boolean alarm) {}
