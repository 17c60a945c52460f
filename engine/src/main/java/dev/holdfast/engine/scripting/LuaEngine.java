package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.ScriptRun;
import dev.holdfast.engine.lua.Lua;
import dev.holdfast.engine.lua.LuaError;
import dev.holdfast.engine.lua.LuaFunction;
import dev.holdfast.engine.lua.LuaString;
import dev.holdfast.engine.lua.LuaTable;
import dev.holdfast.engine.lua.MemoryBudget;
import dev.holdfast.engine.lua.Prototype;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lua, in interpreters that share nothing: one for functions, and for scripts as many as run at the same time.
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
    private volatile LuaStates scripts;
    private @Nullable LuaState functions;

    LuaEngine(Engine engine) {
        this.engine = engine;
        this.scripts = newStates();
    }

    private LuaStates newStates() {
        MemoryBudget budget = new MemoryBudget(memoryLimit());
        return new LuaStates(() -> new LuaState(engine, budget, false));
    }

    @Override
    public String name() {
        return "LUA";
    }

    /** A script, which any interpreter can run. */
    private record LuaScript(Prototype code) implements Program {}

    /** A function, which belongs to the interpreter in which its library was loaded. */
    private record LuaCallback(LuaFunction function) implements Program {}

    private LuaState functions() {
        LuaState state = functions;
        if (state == null) {
            state = new LuaState(engine, new MemoryBudget(memoryLimit()), true);
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
            return new LuaScript(Lua.compile(source, "@user_script"));
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
            registered.add(new Registered(name, description, flags, new LuaCallback(callback)));
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
    public Execution prepare(Call call, ScriptRun run, Program program, List<Slice> keys, List<Slice> arguments) {
        return switch (program) {
            case LuaScript script -> {
                LuaStates states = scripts;
                yield new LuaExecution(call, run, states, states.take(), script, keys, arguments);
            }
            case LuaCallback callback -> new LuaExecution(call, run, null, functions(), callback, keys, arguments);
            default -> throw new IllegalArgumentException("not a program of Lua");
        };
    }

    private final class LuaExecution implements Execution {
        private final Call call;
        private final ScriptRun run;
        private final @Nullable LuaStates pool;
        private final LuaState state;
        private final Program program;
        private final List<Slice> keys;
        private final List<Slice> arguments;
        private boolean begun;

        /**
         * @param pool where the interpreter goes when the program has ended, or null if it stays where it is
         */
        LuaExecution(
                Call call,
                ScriptRun run,
                @Nullable LuaStates pool,
                LuaState state,
                Program program,
                List<Slice> keys,
                List<Slice> arguments) {
            this.call = call;
            this.run = run;
            this.pool = pool;
            this.state = state;
            this.program = program;
            this.keys = keys;
            this.arguments = arguments;
            state.lua().setWatch(maySuspend -> look(run, state, maySuspend));
            state.begin(call, run);
        }

        @Override
        public boolean proceed() {
            boolean usable = false;
            try {
                if (!step()) {
                    usable = true;
                    return false;
                }
                run.stepOut();
                new LuaAnswer(run, call.reply(), state.isResp3())
                        .write(state.lua().result());
                usable = true;
            } catch (LuaError e) {
                run.stepOut();
                fail(run, e);
                usable = true;
            } finally {
                if (!usable && pool != null) {
                    pool.drop(state);
                }
            }
            state.end();
            if (pool != null) {
                pool.give(state);
            }
            return true;
        }

        private boolean step() {
            Lua lua = state.lua();
            if (begun) {
                return lua.proceed();
            }
            begun = true;
            LuaTable keyTable = table(state, keys);
            LuaTable argumentTable = table(state, arguments);
            if (program instanceof LuaCallback callback) {
                return lua.start(callback.function(), keyTable, argumentTable);
            }
            lua.globals().set(KEYS, keyTable);
            lua.globals().set(ARGV, argumentTable);
            return lua.start(lua.closure(((LuaScript) program).code()));
        }
    }

    private static LuaTable table(LuaState state, List<Slice> words) {
        LuaTable table = new LuaTable(state.lua().memory(), words.size(), 0);
        for (int i = 0; i < words.size(); i++) {
            table.set(i + 1, LuaString.of(words.get(i)));
        }
        return table;
    }

    /** Answers with an error that nothing has caught. One that a command has counted already is not counted again. */
    private static void fail(ScriptRun run, LuaError e) {
        Object value = e.value();
        String message = value instanceof LuaTable ? LuaAnswer.message(value) : "ERR " + LuaState.text(value);
        String source = e.source();
        if (source != null) {
            message += " script: on " + source + ":" + e.line() + ".";
        }
        run.fail(message, value instanceof LuaTable table && table.get(LuaReply.COUNTED) == Boolean.TRUE);
    }

    /** Looks at a running script. Returns whether it is to be suspended. */
    private boolean look(ScriptRun run, LuaState state, boolean maySuspend) {
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
        if (!run.client().link().sharesItsThread() || run.isPartOfTransaction()) {
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
            scripts = newStates();
        }
    }

    @Override
    public long usedBytes(boolean ofFunctions) {
        if (!ofFunctions) {
            return scripts.usedBytes();
        }
        LuaState state = functions;
        return state == null ? 0 : state.lua().memory().charged();
    }
}
