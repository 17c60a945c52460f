package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.ScriptRun;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Scripts that are written in Java. */
final class Steps {
    /** A step, ready to run. */
    record Program(Step step) implements ScriptEngine.Program {}

    /** A command, with its name as a word. */
    record Known(CommandSpec spec, Slice name) {}

    private final Engine engine;
    private final Map<String, Known> commands = new ConcurrentHashMap<>();
    /** What a thread runs steps with, one after another: a step runs no other, and is never suspended. */
    private final ThreadLocal<StepCall> calls = ThreadLocal.withInitial(() -> new StepCall(this));

    Steps(Engine engine) {
        this.engine = engine;
    }

    Known command(String name) {
        Known command = commands.get(name);
        return command == null ? commands.computeIfAbsent(name, this::find) : command;
    }

    private Known find(String name) {
        CommandSpec spec = engine.commands().declared(name);
        if (spec == null) {
            throw new IllegalArgumentException("there is no command " + name);
        }
        return new Known(spec, Slice.of(name));
    }

    ScriptEngine.Execution prepare(Call call, ScriptRun run, Step step, int keys) {
        return () -> {
            StepCall within = calls.get();
            within.begin(call, run, keys);
            try {
                proceed(call, run, step, within);
            } finally {
                within.end();
            }
            return true;
        };
    }

    private static void proceed(Call call, ScriptRun run, Step step, StepCall within) {
        CommandException error = null;
        @Nullable Object result = null;
        try {
            result = step.run(within);
        } catch (CommandException e) {
            error = e;
        }
        run.stepOut();
        if (error == null) {
            StepCall.write(call.reply(), result);
        } else {
            run.fail(error.getMessage(), within.isCounted(error));
        }
    }
}
