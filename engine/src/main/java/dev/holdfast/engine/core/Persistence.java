package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandSpec;
import org.jspecify.annotations.Nullable;

/** What running commands need to know of the files in which the store outlives its process. */
public interface Persistence {
    /** A store without files. */
    Persistence NONE = new Persistence() {};

    /** Whether there may be a {@link #refusal}; asked before every command. */
    default boolean isRestricting() {
        return false;
    }

    /**
     * Why this command cannot be run now, in the words of the error; null if it can.
     *
     * @param writes whether it writes, or runs queued commands that do
     */
    default @Nullable String refusal(CommandSpec spec, boolean writes) {
        return null;
    }

    /** Whether the data is being loaded, so that nothing expires yet. */
    default boolean isLoading() {
        return false;
    }

    /** Called by the engine's timer. Must take no time. */
    default void tick() {}
}
