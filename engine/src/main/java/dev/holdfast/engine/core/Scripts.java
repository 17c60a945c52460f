package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.protocol.Args;

/** What running commands need to know of scripts and functions. */
public interface Scripts {
    /** A store without scripts. */
    Scripts NONE = new Scripts() {};

    /** Whether what a command runs, a script or a function, says of itself that it does not write. The caller holds no lock. */
    default boolean readsOnly(CommandSpec spec, Args args) {
        return false;
    }

    /** Whether what a command runs has promised to keep to the keys that the command names, so that their shards are enough. */
    default boolean isConfined(CommandSpec spec, Args args) {
        return false;
    }
}
