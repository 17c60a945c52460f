package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.store.Retry;
import dev.holdfast.toolkit.store.StoreException;
import dev.holdfast.toolkit.store.StoreUnavailableException;
import java.nio.charset.StandardCharsets;
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
 *
 * <p>10,000 are remembered; if there are more, the whole cache is cleared instead. Tags are on entries of other caches too: of them no more
 * than that are taken, and one too many throws.
 */
final class Recovery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
    private static final long AGAIN_MILLIS = 500;
    private static final int MOST = 10_000;
    private static final String ALL = "all keys";
    private static final String TAG = "tag ";
    private static final String KEY = "key ";

    private final Context context;
    private final SecondLevel far;
    private final Runnable forget;
    private final BooleanSupplier clear;
    private final Map<String, BooleanSupplier> pending = new ConcurrentHashMap<>();
    private final ScheduledFuture<?> task;

    /**
     * @param clear removes all entries of the cache from the store, and says whether it has
     * @param forget has all processes forget what they hold
     */
    Recovery(Context context, SecondLevel far, BooleanSupplier clear, Runnable forget) {
        this.context = context;
        this.far = far;
        this.clear = clear;
        this.forget = forget;
        this.task = context.timer()
                .scheduleWithFixedDelay(this::tryAgain, AGAIN_MILLIS, AGAIN_MILLIS, TimeUnit.MILLISECONDS);
    }

    void removeLater(List<byte[]> entries) {
        for (byte[] entry : entries) {
            later(KEY + new String(entry, StandardCharsets.ISO_8859_1), () -> far.remove(List.of(entry)));
        }
    }

    /** Has all processes forget what they hold once the store is trusted again: they may have missed changes. */
    void forgetLater() {
        later("whatever is held", () -> far.isThere() && far.isTrusted());
    }

    /** Has an invalidation done once the store can be reached; one of the same name takes its place. */
    void later(String invalidation, BooleanSupplier attempt) {
        if (pending.size() >= MOST && !pending.containsKey(invalidation)) {
            // Clearing the cache, and having all forget what they hold, does as much as all of these.
            pending.keySet().removeIf(Recovery::isOfThisCache);
            pending.put(ALL, clear);
            if (isOfThisCache(invalidation)) {
                return;
            }
            if (pending.size() >= MOST) {
                throw new StoreUnavailableException("too many invalidations wait for the store; this one is not kept");
            }
        }
        pending.put(invalidation, attempt);
    }

    /** Whether an invalidation concerns entries of this cache alone: all but those of tags. */
    private static boolean isOfThisCache(String invalidation) {
        return !invalidation.startsWith(TAG);
    }

    int size() {
        return pending.size();
    }

    private void tryAgain() {
        if (!pending.isEmpty()) {
            context.errands().execute(this::run);
        }
    }

    private void run() {
        boolean any = false;
        for (Map.Entry<String, BooleanSupplier> invalidation : List.copyOf(pending.entrySet())) {
            if (isDone(invalidation.getKey(), invalidation.getValue())) {
                any |= pending.remove(invalidation.getKey(), invalidation.getValue());
            }
        }
        if (any) {
            forget.run();
        }
    }

    /** Whether it is done, or never will be. One that fails holds up no other. */
    private static boolean isDone(String name, BooleanSupplier attempt) {
        try {
            return attempt.getAsBoolean();
        } catch (StoreException e) {
            if (Retry.isOutage(e)) {
                return false;
            }
            LOG.error("The store refuses to invalidate {}, which stays until it expires: {}", name, e.toString());
            return true;
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
