package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.execution.Call;
import dev.holdfast.engine.execution.CommandException;
import dev.holdfast.engine.execution.CommandSpec;
import dev.holdfast.engine.execution.Engine;
import dev.holdfast.engine.execution.ScriptRun;
import dev.holdfast.engine.lua.LuaError;
import dev.holdfast.engine.lua.LuaFunction;
import dev.holdfast.engine.lua.LuaString;
import dev.holdfast.engine.lua.LuaTable;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lua, with two interpreters that share nothing: one for scripts, one for functions.
 *
 * <p>While a script runs, the interpreter calls {@link #look} every few tens of thousands of steps. That is where it is
 * killed, where others begin to be told that the store is busy, and where it is suspended if its thread has others to serve.
 */
final class LuaEngine implements ScriptEngine {
    private static final Logger LOG = LoggerFactory.getLogger(LuaEngine.class);

    /** What scripts or functions may hold at most: a part of the heap, and never less than this. */
    private static final int HEAP_PARTS = 4;

    private static final long LEAST_MEMORY = 16 << 20;
    private static final LuaString KEYS = LuaString.of("KEYS");
    private static final LuaString ARGV = LuaString.of("ARGV");

    private final Engine engine;
    private @Nullable LuaState scripts;
    private @Nullable LuaState functions;

    LuaEngine(Engine engine) {
        this.engine = engine;
    }

    @Override
    public String name() {
        return "LUA";
    }

    private record LuaProgram(LuaFunction function) implements Program {}

    private LuaState scripts() {
        LuaState state = scripts;
        if (state == null) {
            state = new LuaState(engine, memoryLimit(), false);
            scripts = state;
        }
        return state;
    }

    private LuaState functions() {
        LuaState state = functions;
        if (state == null) {
            state = new LuaState(engine, memoryLimit(), true);
            functions = state;
        }
        return state;
    }

    private static long memoryLimit() {
        return Math.max(LEAST_MEMORY, Runtime.getRuntime().maxMemory() / HEAP_PARTS);
    }

    @Override
    public Program compile(byte[] source) {
        try {
            LuaFunction function = scripts().lua().load(source, "@user_script");
            scripts().keep(function);
            return new LuaProgram(function);
        } catch (LuaError e) {
            throw new CommandException("ERR Error compiling script (new function): " + e.getMessage());
        }
    }

    @Override
    public List<Registered> load(byte[] source, long timeoutMillis) {
        LuaState state = functions();
        LuaFunction code;
        try {
            code = state.lua().load(source, "@user_function");
        } catch (LuaError e) {
            throw new CommandException("ERR Error compiling function: " + e.getMessage());
        }
        List<Registered> registered = new ArrayList<>();
        long deadline = engine.clock().nanos() + timeoutMillis * 1_000_000;
        state.lua().setWatch(maySuspend -> {
            if (timeoutMillis > 0 && engine.clock().nanos() > deadline) {
                throw LuaError.end(state.error("ERR FUNCTION LOAD timeout"));
            }
            return false;
        });
        state.beginLoading((name, description, flags, callback) -> {
            state.keep(callback);
            registered.add(new Registered(name, description, flags, new LuaProgram(callback)));
        });
        try {
            state.lua().start(code);
        } catch (LuaError e) {
            throw new CommandException("ERR Error registering functions: " + LuaAnswer.message(e.value()));
        } finally {
            state.endLoading();
        }
        return registered;
    }

    @Override
    public boolean start(Call call, ScriptRun run, Program program, List<Slice> keys, List<Slice> arguments) {
        LuaState state = run.isEval() ? scripts() : functions();
        LuaFunction function = ((LuaProgram) program).function();
        state.lua().setWatch(maySuspend -> look(call, run, state, maySuspend));
        return attempt(call, state, () -> {
            LuaTable keyTable = table(state, keys);
            LuaTable argumentTable = table(state, arguments);
            state.begin(call, run);
            if (!run.isEval()) {
                return state.lua().start(function, keyTable, argumentTable);
            }
            state.lua().globals().set(KEYS, keyTable);
            state.lua().globals().set(ARGV, argumentTable);
            return state.lua().start(function);
        });
    }

    @Override
    public boolean proceed(Call call, ScriptRun run) {
        LuaState state = run.isEval() ? scripts() : functions();
        return attempt(call, state, () -> state.lua().proceed());
    }

    private static boolean attempt(Call call, LuaState state, BooleanSupplier work) {
        CommandSpec spec = call.spec();
        Args words = call.args();
        Reply reply = call.reply();
        try {
            if (!work.getAsBoolean()) {
                return false;
            }
            call.endInside(spec, words, reply);
            new LuaAnswer(call, state.isResp3()).write(state.lua().result());
        } catch (LuaError e) {
            call.endInside(spec, words, reply);
            fail(call, e);
        }
        state.end();
        return true;
    }

    private static LuaTable table(LuaState state, List<Slice> words) {
        LuaTable table = new LuaTable(state.lua().memory(), words.size(), 0);
        for (int i = 0; i < words.size(); i++) {
            table.set(i + 1, LuaString.of(words.get(i)));
        }
        return table;
    }

    /** Answers with an error that nothing has caught. One that a command has counted already is not counted again. */
    private static void fail(Call call, LuaError e) {
        Object value = e.value();
        String message = value instanceof LuaTable ? LuaAnswer.message(value) : "ERR " + LuaState.text(value);
        String source = e.source();
        if (source != null) {
            message += " script: on " + source + ":" + e.line() + ".";
        }
        call.fail(message, value instanceof LuaTable table && table.get(LuaReply.COUNTED) == Boolean.TRUE);
    }

    /** Looks at a running script. Returns whether it is to be suspended. */
    private boolean look(Call call, ScriptRun run, LuaState state, boolean maySuspend) {
        if (run.isKilled()) {
            String command = run.isEval() ? "SCRIPT KILL" : "FUNCTION KILL";
            LOG.info("Script killed by user with {}.", command);
            throw LuaError.end(state.error("ERR Script killed by user with " + command + "."));
        }
        if (!run.isBusy()) {
            long threshold = engine.config().busyReplyThreshold.get();
            if (threshold == 0 || run.elapsedMillis() < threshold) {
                return false;
            }
            LOG.warn(
                    "Slow script detected: still in execution after {} milliseconds. You can try killing the script using"
                            + " the {} command. Script name is: {}.",
                    run.elapsedMillis(),
                    run.isEval() ? "SCRIPT KILL" : "FUNCTION KILL",
                    run.name());
            run.setBusy();
        }
        if (!call.client().link().sharesItsThread() || call.isPartOfTransaction()) {
            return false;
        }
        if (!maySuspend && !run.hasWritten()) {
            // Inside a callback of sort or gsub, nothing can be suspended, and SCRIPT KILL may not even be read.
            throw LuaError.end(
                    state.error("ERR Script killed: it has been running for too long where it cannot be suspended"));
        }
        return maySuspend;
    }

    @Override
    public void reset(boolean ofFunctions) {
        if (ofFunctions) {
            functions = null;
        } else {
            scripts = null;
        }
    }

    @Override
    public long usedBytes(boolean ofFunctions) {
        LuaState state = ofFunctions ? functions : scripts;
        return state == null ? 0 : state.lua().memory().charged();
    }
}
