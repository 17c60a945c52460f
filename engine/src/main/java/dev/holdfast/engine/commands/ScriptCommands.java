package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ALLOW_BUSY;
import static dev.holdfast.engine.catalog.CommandFlag.ALL_SHARDS;
import static dev.holdfast.engine.catalog.CommandFlag.MAY_REPLICATE;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_MANDATORY_KEYS;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.SKIP_MONITOR;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.SCRIPTING;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.catalog.KeySpec.Flag;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.ScriptRun;
import dev.holdfast.engine.scripting.Script;
import dev.holdfast.engine.scripting.Scripting;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** EVAL and its kin, and SCRIPT. */
public final class ScriptCommands {
    private static final String EVAL_COMPLEXITY = "Depends on the script";

    private ScriptCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("EVAL", "script numkeys [key [key ...]] [arg [arg ...]]", call -> eval(call, false, false))
                    .in(SCRIPTING)
                    .since("2.6.0")
                    .arity(-3)
                    .flags(NOSCRIPT, SKIP_MONITOR, MAY_REPLICATE, NO_MANDATORY_KEYS, STALE, ALL_SHARDS)
                    .keys(KeySpec.counted(2, Flag.RW, Flag.ACCESS, Flag.UPDATE))
                    .complexity(EVAL_COMPLEXITY)
                    .summary("Runs a script of Lua"),
            command("EVALSHA", "sha1 numkeys [key [key ...]] [arg [arg ...]]", call -> eval(call, true, false))
                    .in(SCRIPTING)
                    .since("2.6.0")
                    .arity(-3)
                    .flags(NOSCRIPT, SKIP_MONITOR, MAY_REPLICATE, NO_MANDATORY_KEYS, STALE, ALL_SHARDS)
                    .keys(KeySpec.counted(2, Flag.RW, Flag.ACCESS, Flag.UPDATE))
                    .complexity(EVAL_COMPLEXITY)
                    .summary("Runs a script of Lua that the store knows, by its hash"),
            command("EVAL_RO", "script numkeys [key [key ...]] [arg [arg ...]]", call -> eval(call, false, true))
                    .in(SCRIPTING)
                    .since("7.0.0")
                    .arity(-3)
                    .flags(NOSCRIPT, SKIP_MONITOR, NO_MANDATORY_KEYS, STALE, READONLY, ALL_SHARDS)
                    .keys(KeySpec.counted(2, Flag.RO, Flag.ACCESS))
                    .complexity(EVAL_COMPLEXITY)
                    .summary("Runs a script of Lua that only reads"),
            command("EVALSHA_RO", "sha1 numkeys [key [key ...]] [arg [arg ...]]", call -> eval(call, true, true))
                    .in(SCRIPTING)
                    .since("7.0.0")
                    .arity(-3)
                    .flags(NOSCRIPT, SKIP_MONITOR, NO_MANDATORY_KEYS, STALE, READONLY, ALL_SHARDS)
                    .keys(KeySpec.counted(2, Flag.RO, Flag.ACCESS))
                    .complexity(EVAL_COMPLEXITY)
                    .summary("Runs a script of Lua that only reads, by its hash"),
            container("SCRIPT")
                    .in(SCRIPTING)
                    .since("2.6.0")
                    .arity(-2)
                    .complexity("That of the subcommand")
                    .summary("Manages scripts")
                    .subcommands(List.of(
                            command("DEBUG", "<YES | SYNC | NO> [engine]", ScriptCommands::debug)
                                    .in(SCRIPTING)
                                    .since("3.2.0")
                                    .arity(-3)
                                    .flags(NOSCRIPT)
                                    .complexity("O(1)")
                                    .summary("Chooses whether scripts run in the debugger, which is not there"),
                            command("EXISTS", "sha1 [sha1 ...]", ScriptCommands::exists)
                                    .in(SCRIPTING)
                                    .since("2.6.0")
                                    .arity(-3)
                                    .flags(NOSCRIPT, STALE, ALL_SHARDS)
                                    .tips("request_policy:all_shards", "response_policy:agg_logical_and")
                                    .complexity("O(N) with the number of hashes")
                                    .summary("Says which scripts are known"),
                            command("FLUSH", "[<ASYNC | SYNC>]", ScriptCommands::flush)
                                    .in(SCRIPTING)
                                    .since("2.6.0")
                                    .arity(-2)
                                    .flags(NOSCRIPT, STALE, ALL_SHARDS)
                                    .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                                    .complexity("O(N) with the number of scripts")
                                    .summary("Forgets all scripts"),
                            Help.subcommand(SCRIPTING, "5.0.0"),
                            command("KILL", "", ScriptCommands::kill)
                                    .in(SCRIPTING)
                                    .since("2.6.0")
                                    .arity(2)
                                    .flags(NOSCRIPT, ALLOW_BUSY)
                                    .tips("request_policy:all_shards", "response_policy:one_succeeded")
                                    .complexity("O(1)")
                                    .summary("Ends the script that is running"),
                            command("LOAD", "script", ScriptCommands::load)
                                    .in(SCRIPTING)
                                    .since("2.6.0")
                                    .arity(3)
                                    .flags(NOSCRIPT, STALE, ALL_SHARDS)
                                    .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                                    .complexity("O(N) with the script's length")
                                    .summary("Makes a script known"),
                            command("SHOW", "sha1", ScriptCommands::show)
                                    .in(SCRIPTING)
                                    .since("8.0.0")
                                    .arity(3)
                                    .flags(NOSCRIPT, STALE, ALL_SHARDS)
                                    .complexity("O(1)")
                                    .summary("Shows the source of a script"))));

    private static void eval(Call call, boolean byHash, boolean readOnly) {
        Scripting.of(call.engine()).eval(call, byHash, readOnly);
    }

    private static void debug(Call call) {
        if (call.argCount() > 4) {
            throw CommandException.arity("script|debug");
        }
        if (call.argCount() == 4 && !call.arg(3).isWord("LUA")) {
            throw new CommandException("ERR No scripting engine found with name '" + call.arg(3) + "' to enable debug");
        }
        if (call.arg(2).isWord("NO")) {
            call.reply().ok();
        } else if (call.arg(2).isWord("YES") || call.arg(2).isWord("SYNC")) {
            throw new CommandException("ERR The script debugger is not available");
        } else {
            throw new CommandException("ERR Use SCRIPT DEBUG YES/SYNC/NO");
        }
    }

    private static void exists(Call call) {
        Scripting scripting = Scripting.of(call.engine());
        call.reply().array(call.argCount() - 2L);
        for (int i = 2; i < call.argCount(); i++) {
            call.reply().integer(scripting.scripts().find(call.arg(i)) != null);
        }
    }

    private static void flush(Call call) {
        if (call.argCount() > 3
                || call.argCount() == 3
                        && !call.arg(2).isWord("ASYNC")
                        && !call.arg(2).isWord("SYNC")) {
            throw new CommandException("ERR SCRIPT FLUSH only support SYNC|ASYNC option");
        }
        Scripting.of(call.engine()).flushScripts();
        call.reply().ok();
    }

    private static void kill(Call call) {
        kill(call, true);
    }

    static void kill(Call call, boolean eval) {
        ScriptRun run = call.engine().scriptRuns().toKill();
        if (run == null) {
            throw new CommandException("NOTBUSY No scripts in execution right now.");
        }
        run.kill(eval);
        call.reply().ok();
    }

    private static void load(Call call) {
        Script script = Scripting.of(call.engine()).scripts().load(call.arg(2));
        call.reply().bulk(script.hash());
    }

    private static void show(Call call) {
        @Nullable Script script = Scripting.of(call.engine()).scripts().find(call.arg(2));
        if (script == null) {
            throw new CommandException("NOSCRIPT No matching script.");
        }
        call.reply().bulk(script.body());
    }
}
