package dev.holdfast.toolkit.jcache;

import java.util.function.LongSupplier;
import java.util.function.Supplier;
import javax.cache.expiry.Duration;
import javax.cache.expiry.ExpiryPolicy;
import org.jspecify.annotations.Nullable;

/** When entries expire, in the store's milliseconds. A policy that fails is taken to want no change. */
final class Expiries {
    static final long NEVER = Long.MAX_VALUE;

    private final ExpiryPolicy policy;
    private final LongSupplier clock;

    Expiries(ExpiryPolicy policy, LongSupplier clock) {
        this.policy = policy;
        this.clock = clock;
    }

    long onCreation() {
        return at(policy::getExpiryForCreation, NEVER);
    }

    long onUpdate(long before) {
        return at(policy::getExpiryForUpdate, before);
    }

    long onAccess(long before) {
        return at(policy::getExpiryForAccess, before);
    }

    private long at(Supplier<@Nullable Duration> choice, long otherwise) {
        Duration duration;
        try {
            duration = choice.get();
        } catch (RuntimeException e) {
            return otherwise;
        }
        if (duration == null) {
            return otherwise;
        }
        return duration.isEternal() ? NEVER : duration.getAdjustedTime(clock.getAsLong());
    }

    boolean isOver(long expiry) {
        return clock.getAsLong() >= expiry;
    }

    ExpiryPolicy policy() {
        return policy;
    }
}
