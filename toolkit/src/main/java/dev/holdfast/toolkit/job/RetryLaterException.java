package dev.holdfast.toolkit.job;

import java.time.Duration;

/** Thrown by a handler that knows when another try makes sense. It counts as a failure all the same. */
public class RetryLaterException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Duration delay;

    public RetryLaterException(Duration delay, String message) {
        super(message);
        this.delay = delay;
    }

    public Duration delay() {
        return delay;
    }
}
