package dev.holdfast.relay.console;

import dev.holdfast.relay.http.HttpError;
import dev.holdfast.relay.http.Response;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * The work that one request may cause: some time, and one of a few places. Steps under it are short, so that no other client waits
 * long for one; what is left is done by the next request, from a cursor.
 */
final class Budget implements AutoCloseable {
    private static final Semaphore PLACES = new Semaphore(2);
    private static final long WAIT_SECONDS = 5;

    private final long endNanos;

    private Budget(Duration time) {
        this.endNanos = System.nanoTime() + time.toNanos();
    }

    /** @throws HttpError 503 if others use all places up */
    static Budget take(Duration time) throws InterruptedException {
        if (!PLACES.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS)) {
            throw new HttpError(Response.error(503, "the console is busy with other requests")
                    .header("retry-after", "2"));
        }
        return new Budget(time);
    }

    boolean isSpent() {
        return System.nanoTime() - endNanos >= 0;
    }

    @Override
    public void close() {
        PLACES.release();
    }
}
