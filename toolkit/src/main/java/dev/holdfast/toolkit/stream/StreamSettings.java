package dev.holdfast.toolkit.stream;

import java.time.Duration;

/** What {@link StreamTasks.Builder} has collected. */
record StreamSettings(
        String group,
        int partitions,
        int workers,
        int batch,
        int deliveries,
        Duration claimAfter,
        Duration firstRetry,
        long keep,
        Duration keepFor,
        boolean dropsUnread,
        Duration trimEvery) {
    /** The pause before an entry is tried again that has been handed out so often. */
    Duration retryAfter(long deliveries) {
        long most = claimAfter.toMillis();
        return Duration.ofMillis(Math.min(Math.min(firstRetry.toMillis(), most) << Math.min(deliveries - 1, 20), most));
    }
}
