package dev.holdfast.toolkit.queue;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How queues stand.
 *
 * @param lengths how many messages wait in each queue
 * @param oldest how old the next message of each queue is, where there is one and its age is known
 * @param inFlight how many messages are in hand
 * @param byWorker how many each worker of this process's kind has in hand
 * @param dead how many were given up
 * @param alarm whether there are more dead ones than there should be
 */
public record QueueFigures(
        Map<String, Long> lengths,
        Map<String, Optional<Duration>> oldest,
        long inFlight,
        Map<String, Long> byWorker,
        long dead,
        boolean alarm) {}
