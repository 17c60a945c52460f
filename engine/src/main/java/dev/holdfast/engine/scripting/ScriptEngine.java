package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.ScriptRun;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A language in which scripts are written. Several threads may compile and run scripts at the same time. What concerns functions is
 * called with the locks of all shards held, and so by one thread at a time.
 */
public interface ScriptEngine {
    /** A script or function, ready to run. */
    interface Program {}

    /**
     * A function that a library has registered.
     *
     * @param description what the library says of it, or null
     */
    record Registered(String name, @Nullable String description, Set<ScriptFlag> flags, Program program) {}

    /** The name by which a script's first line asks for it. */
    String name();

    /**
     * Compiles a script.
     *
     * @throws dev.holdfast.engine.catalog.CommandException if it is not well-formed
     */
    Program compile(byte[] source);

    /**
     * Runs a library's code, which registers functions.
     *
     * @param timeoutMillis after which that is given up, or 0 for never
     * @throws dev.holdfast.engine.catalog.CommandException if it is not well-formed or fails
     */
    List<Registered> load(byte[] source, long timeoutMillis);

    /** A program that is being run. */
    interface Execution {
        /**
         * Begins, or goes on where it was suspended; at the end, what the program returns is written to the call's reply.
         *
         * @return false if it has been suspended
         */
        boolean proceed();
    }

    /** Makes everything ready for a run of a program. */
    Execution prepare(Call call, ScriptRun run, Program program, List<Slice> keys, List<Slice> arguments);

    /** Forgets all scripts' state, or all functions'. */
    void reset(boolean functions);

    /** The memory in use by scripts, or by functions. */
    long usedBytes(boolean functions);
}
