package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandFlag;
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

    /**
     * Whether a command with these words has a flag: where it runs a script or a function that says what it does, by what that says. The
     * caller holds no lock.
     */
    default boolean is(CommandSpec spec, Args args, CommandFlag flag) {
        return spec.is(flag);
    }

    /** Whether what a command runs has promised to keep to the keys that the command names, so that their shards are enough. */
    default boolean isConfined(CommandSpec spec, Args args) {
        return false;
    }
}
