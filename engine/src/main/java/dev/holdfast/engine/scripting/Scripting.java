package dev.holdfast.engine.scripting;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.ScriptRun;
import dev.holdfast.engine.core.Scripts;
import dev.holdfast.engine.keyspace.Shard;
import dev.holdfast.engine.protocol.Args;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The scripts and functions of one store, and how they are run.
 *
 * <p>A script's commands are one step, like a transaction's. It holds the locks of all shards, since it may use keys that it has
 * not declared; but one that promises not to ({@link Promises}) holds those of its keys alone, and others run beside it. What a script
 * changes goes into the log as the commands that changed it.
 */
public final class Scripting implements Scripts {
    private final Engine engine;
    private final ScriptEngine language;
    private final Steps steps;
    private final ScriptCache scripts;
    private final FunctionLibraries functions;

    public Scripting(Engine engine) {
        this.engine = engine;
        this.language = new LuaEngine(engine);
        this.steps = new Steps(engine);
        this.scripts = new ScriptCache(language);
        this.functions = new FunctionLibraries(language);
    }

    /** Those of a store that has any. */
    public static Scripting of(Engine engine) {
        if (engine.scripts() instanceof Scripting scripting) {
            return scripting;
        }
        throw new IllegalStateException("the store was opened without scripts");
    }

    public ScriptCache scripts() {
        return scripts;
    }

    public FunctionLibraries functions() {
        return functions;
    }

    public ScriptEngine language() {
        return language;
    }

    /**
     * Has a script run in Java from now on.
     *
     * @param sha1 the digest of its source, whose first lines still say what it promises
     * @param step does what the script does
     */
    public void replace(String sha1, Step step) {
        scripts.replace(Slice.of(sha1), new Steps.Program(step));
    }

    /** Forgets all scripts. */
    public void flushScripts() {
        scripts.clear();
        language.reset(false);
    }

    /** Forgets all functions. */
    public void flushFunctions() {
        functions.clear();
        language.reset(true);
    }

    /** Runs the script of a call of EVAL or EVALSHA: its words are the command, the script or hash, and then as for a function. */
    public void eval(Call call, boolean byHash, boolean readOnly) {
        Slice named = call.arg(1);
        Script script = byHash ? scripts.find(named) : null;
        if (byHash && named.length() != 40) {
            throw new CommandException("NOSCRIPT No matching script.");
        }
        int keys = keyCount(call, "ERR value is not an integer or out of range");
        if (byHash && script == null) {
            throw new CommandException("NOSCRIPT No matching script.");
        }
        Script known = script == null ? scripts.forEval(named) : script;
        run(call, known.program(), known.name(), true, known.flags(), readOnly, known.isConfined(), keys);
        scripts.used(known);
    }

    /** Runs the function of a call of FCALL. */
    public void callFunction(Call call, boolean readOnly) {
        FunctionLibraries.Function function = functions.find(call.arg(1).toString());
        if (function == null) {
            throw new CommandException("ERR Function not found");
        }
        int keys = keyCount(call, "ERR Bad number of keys provided");
        ScriptEngine.Registered registered = function.registered();
        run(call, registered.program(), registered.name(), false, registered.flags(), readOnly, false, keys);
    }

    @Override
    public boolean isConfined(CommandSpec spec, Args words) {
        return switch (spec.name()) {
            case "eval", "eval_ro" -> scripts.isConfinedSource(words.get(1));
            case "evalsha", "evalsha_ro" -> scripts.isConfined(words.get(1));
            default -> false;
        };
    }

    @Override
    public boolean readsOnly(CommandSpec spec, Args words) {
        Set<ScriptFlag> flags = spec.is(CommandFlag.MAY_REPLICATE) ? flags(spec, words) : null;
        return flags != null && flags.contains(ScriptFlag.NO_WRITES);
    }

    @Override
    public boolean is(CommandSpec spec, Args words, CommandFlag flag) {
        Set<ScriptFlag> flags = flags(spec, words);
        if (flags == null) {
            return spec.is(flag);
        }
        boolean writes = !flags.contains(ScriptFlag.NO_WRITES);
        return switch (flag) {
            case WRITE -> writes;
            case DENYOOM -> writes && !flags.contains(ScriptFlag.ALLOW_OOM);
            case STALE -> flags.contains(ScriptFlag.ALLOW_STALE);
            default -> spec.is(flag);
        };
    }

    /** What a script or function says of itself that a command with these words would run; null where it says nothing or is not known. */
    private @Nullable Set<ScriptFlag> flags(CommandSpec spec, Args words) {
        return switch (spec.name()) {
            case "eval", "eval_ro" -> sourceFlags(words.get(1));
            case "evalsha", "evalsha_ro" -> {
                Script script = scripts.find(words.get(1));
                yield script == null ? null : script.flags();
            }
            case "fcall", "fcall_ro" -> {
                FunctionLibraries.Function function =
                        looking(() -> functions.find(words.get(1).toString()));
                yield function == null ? null : function.registered().flags();
            }
            default -> null;
        };
    }

    private static @Nullable Set<ScriptFlag> sourceFlags(Slice source) {
        try {
            return ScriptCache.flags(source);
        } catch (CommandException e) {
            return null;
        }
    }

    /** Functions change with all shards locked, so one is enough to look at them. */
    private <T> @Nullable T looking(Supplier<@Nullable T> look) {
        Shard shard = engine.keyspace().shard(0);
        shard.lock();
        try {
            return look.get();
        } finally {
            shard.unlock();
        }
    }

    private static int keyCount(Call call, String notANumber) {
        long keys = call.longArg(2, Long.MIN_VALUE, Long.MAX_VALUE, notANumber);
        if (keys > call.argCount() - 3) {
            throw new CommandException("ERR Number of keys can't be greater than number of args");
        }
        if (keys < 0) {
            throw new CommandException("ERR Number of keys can't be negative");
        }
        return (int) keys;
    }

    private void run(
            Call call,
            ScriptEngine.Program program,
            String name,
            boolean eval,
            @Nullable Set<ScriptFlag> flags,
            boolean readOnlyCommand,
            boolean confined,
            int keys) {
        if (flags == null || !flags.contains(ScriptFlag.ALLOW_STALE)) {
            call.admitStale();
        }
        if (flags != null) {
            check(call, flags, readOnlyCommand);
        }
        ScriptRun run = new ScriptRun(
                call,
                name,
                eval,
                readOnlyCommand || flags != null && flags.contains(ScriptFlag.NO_WRITES),
                flags != null && flags.contains(ScriptFlag.ALLOW_OOM),
                flags == null || flags.contains(ScriptFlag.ALLOW_CROSS_SLOT_KEYS),
                confined);
        boolean prepared = false;
        ScriptEngine.Execution execution;
        try {
            execution = program instanceof Steps.Program java
                    ? steps.prepare(call, run, java.step(), keys)
                    : language.prepare(
                            call, run, program, words(call, 3, 3 + keys), words(call, 3 + keys, call.argCount()));
            prepared = true;
        } finally {
            if (!prepared) {
                run.end();
            }
        }
        proceed(call, run, execution);
    }

    private void proceed(Call call, ScriptRun run, ScriptEngine.Execution execution) {
        boolean finished = true;
        run.goOn();
        try {
            finished = execution.proceed();
        } finally {
            run.stepOut();
            if (finished) {
                run.end();
            }
        }
        if (!finished) {
            call.suspend(again -> proceed(again, run, execution));
        }
    }

    private static List<Slice> words(Call call, int from, int to) {
        if (from == to) {
            return List.of();
        }
        List<Slice> words = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            words.add(call.arg(i));
        }
        return words;
    }

    /** Whether a script that says what it does may run now. */
    private void check(Call call, Set<ScriptFlag> flags, boolean readOnlyCommand) {
        if (flags.contains(ScriptFlag.NO_CLUSTER) && engine.cluster() != null) {
            throw new CommandException("ERR Can not run script on cluster, 'no-cluster' flag is set.");
        }
        if (flags.contains(ScriptFlag.NO_WRITES)) {
            return;
        }
        if (readOnlyCommand) {
            throw new CommandException("ERR Can not execute a script with write flag using *_ro command.");
        }
        call.admitWriting(flags.contains(ScriptFlag.ALLOW_OOM));
    }
}
