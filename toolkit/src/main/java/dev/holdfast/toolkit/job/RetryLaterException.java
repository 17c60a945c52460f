package dev.holdfast.toolkit.job;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Thrown by a handler that knows when another try makes sense. It counts as a failure all the same. */
public class RetryLaterException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final @Nullable Duration delay;

    /** @param delay until the next try; at once if it is not positive, and as the worker's backoff says if it is null */
    public RetryLaterException(@Nullable Duration delay, String message) {
        super(message);
        this.delay = delay;
    }

    public @Nullable Duration delay() {
        return delay;
    }
}
