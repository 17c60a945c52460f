package dev.holdfast.toolkit.pattern;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before something that has failed is tried again. */
@FunctionalInterface
public interface Backoff {
    /** @param failures how often it has failed so far; at least 1 */
    Duration after(int failures);

    /**
     * Pauses that double, each drawn at random between its half and its whole, so that what failed together does not come back
     * together.
     */
    static Backoff exponential(Duration first, Duration longest) {
        long start = Math.max(1, Durations.millis(first));
        long end = Math.max(start, Durations.millis(longest));
        return failures -> {
            int doublings = Math.min(failures - 1, Long.numberOfLeadingZeros(start) - 2);
            long full = Math.min(end, start << Math.max(0, doublings));
            return Duration.ofMillis(full / 2 + ThreadLocalRandom.current().nextLong(full / 2 + 1));
        };
    }

    /** The pauses of Sidekiq and asynq: half a minute at first, three weeks for 25 tries in all. */
    static Backoff polynomial() {
        return failures -> {
            // From the hundredth failure on, three years.
            long n = Math.min(failures, 100) - 1L;
            long seconds = n * n * n * n + 15 + ThreadLocalRandom.current().nextLong(30) * (n + 1);
            return Duration.ofSeconds(seconds);
        };
    }

    /** Always the same pause. */
    static Backoff fixed(Duration pause) {
        return failures -> pause;
    }
}
