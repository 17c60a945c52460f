package dev.holdfast.engine.scripting;

import org.jspecify.annotations.Nullable;

/**
 * A script that is written in Java, in place of one in Lua that does the same; see {@link Scripting#replace}. It runs as that would:
 * under the same name and locks, with its commands checked, counted and logged one by one.
 *
 * <p>It must come to its end by itself, since it cannot be killed, and keep nothing of the call that it is given.
 */
@FunctionalInterface
public interface Step {
    /**
     * Does the step.
     *
     * @return {@code Long}, {@code Integer}, {@code Boolean} (as Lua's: 1 or null), {@code byte[]}, {@code String}, {@code List} of
     *     these, or null
     * @throws dev.holdfast.engine.catalog.CommandException to answer an error
     */
    @Nullable
    Object run(StepCall call);
}
