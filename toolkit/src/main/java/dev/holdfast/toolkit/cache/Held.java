package dev.holdfast.toolkit.cache;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry as this process holds it. Times are the store's, in milliseconds.
 *
 * @param value the value, or null where it is known that there is none
 * @param freshUntil until when it is served without asking
 * @param staleUntil until when it may be served if loading fails
 * @param eagerAt from when on a read has it loaded anew
 * @param tags its tags with the versions that they had when the value was loaded; no versions where tags are kept as sets
 */
record Held<V>(@Nullable V value, long freshUntil, long staleUntil, long eagerAt, Map<String, Long> tags) {
    private static final Map<String, Long> NO_TAGS = Map.of();

    Held {
        tags = tags.isEmpty() ? NO_TAGS : tags;
    }

    /** Whether there are tags that may have been invalidated. Asked on every hit, so it does not look into the map. */
    boolean hasTags() {
        return tags != NO_TAGS;
    }

    boolean isFresh(long now) {
        return now < freshUntil;
    }

    boolean mayServeStale(long now) {
        return now < staleUntil;
    }

    /** The same, fresh for a while longer although it is stale. */
    Held<V> freshUntil(long time) {
        return new Held<>(value, Math.min(time, staleUntil), staleUntil, Long.MAX_VALUE, tags);
    }
}
