package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.pattern.Context;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Invalidations that the store, or other processes, have not heard of because the store could not be reached. They are tried again
 * every half second. Until then there are old entries, which anybody may have read: so everybody forgets once more when it is done.
 */
final class Recovery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
    private static final long AGAIN_MILLIS = 500;

    private final Context context;
    private final SecondLevel far;
    private final Runnable forget;
    private final Map<String, BooleanSupplier> pending = new ConcurrentHashMap<>();
    private final ScheduledFuture<?> task;

    /** @param forget has all processes forget what they hold */
    Recovery(Context context, SecondLevel far, Runnable forget) {
        this.context = context;
        this.far = far;
        this.forget = forget;
        this.task = context.timer()
                .scheduleWithFixedDelay(this::tryAgain, AGAIN_MILLIS, AGAIN_MILLIS, TimeUnit.MILLISECONDS);
    }

    void removeLater(List<byte[]> entries) {
        for (byte[] entry : entries) {
            later("key " + new String(entry, StandardCharsets.ISO_8859_1), () -> far.remove(List.of(entry)));
        }
    }

    void clearLater(String pattern) {
        later(
                "pattern " + pattern,
                () -> far.guarded(
                        () -> {
                            context.store().scan(pattern, context.store()::unlink);
                            return true;
                        },
                        false));
    }

    /** Has all processes forget what they hold once the store is trusted again: nobody told them of changes. */
    void forgetLater() {
        later("whatever is held", () -> far.isThere() && far.isTrusted());
    }

    /** Has an invalidation done once the store can be reached; one of the same name takes its place. */
    void later(String invalidation, BooleanSupplier attempt) {
        pending.put(invalidation, attempt);
    }

    int size() {
        return pending.size();
    }

    private void tryAgain() {
        if (!pending.isEmpty()) {
            context.workers().execute(this::run);
        }
    }

    private void run() {
        Iterator<BooleanSupplier> attempts = pending.values().iterator();
        while (attempts.hasNext()) {
            if (!isDone(attempts.next())) {
                return;
            }
            attempts.remove();
        }
        forget.run();
    }

    private static boolean isDone(BooleanSupplier attempt) {
        try {
            return attempt.getAsBoolean();
        } catch (RuntimeException e) {
            LOG.debug("An invalidation could not be made up for yet", e);
            return false;
        }
    }

    @Override
    public void close() {
        task.cancel(false);
    }
}
