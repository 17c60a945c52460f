package dev.holdfast.toolkit.job;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before a job that has failed is tried again. */
@FunctionalInterface
public interface Backoff {
    /** @param failures how often it has failed so far; at least 1 */
    Duration after(int failures);

    /**
     * Pauses that double, each drawn at random between its half and its whole, so that jobs which failed together do not come back
     * together.
     */
    static Backoff exponential(Duration first, Duration longest) {
        return failures -> {
            long full = Math.min(longest.toMillis(), first.toMillis() * (1L << Math.min(failures - 1, 30)));
            return Duration.ofMillis(full / 2 + ThreadLocalRandom.current().nextLong(full / 2 + 1));
        };
    }

    /** The pauses of Sidekiq and asynq: half a minute at first, three weeks for 25 tries in all. */
    static Backoff polynomial() {
        return failures -> {
            long n = failures - 1L;
            long seconds = n * n * n * n + 15 + ThreadLocalRandom.current().nextLong(30) * (n + 1);
            return Duration.ofSeconds(seconds);
        };
    }

    /** Always the same pause. */
    static Backoff fixed(Duration pause) {
        return failures -> pause;
    }
}
