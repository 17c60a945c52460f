package dev.holdfast.toolkit.pattern;

import dev.holdfast.toolkit.store.Health;

/** A pattern at work under a name: one cache, one queue, one limiter. */
public interface Pattern extends AutoCloseable {
    /** What it is, such as {@code cache}. */
    String kind();

    /** Its name among those of its kind. */
    String name();

    /** Whether it works. Must not take long nor throw. */
    Health health();

    /** Whether the store has the only copy of what it keeps, so that a store which evicts any key would lose it. */
    default boolean isOnlyCopy() {
        return false;
    }

    /** Stops its threads and subscriptions. What is in the store stays. Closing again does nothing. */
    @Override
    void close();
}
