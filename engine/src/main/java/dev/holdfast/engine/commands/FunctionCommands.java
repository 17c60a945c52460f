package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ALLOW_BUSY;
import static dev.holdfast.engine.catalog.CommandFlag.ALL_SHARDS;
import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.MAY_REPLICATE;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_MANDATORY_KEYS;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.SKIP_MONITOR;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.SCRIPTING;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.Glob;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.catalog.KeySpec.Flag;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.ScriptRun;
import dev.holdfast.engine.persistence.FunctionDump;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.scripting.FunctionLibraries;
import dev.holdfast.engine.scripting.FunctionLibraries.Library;
import dev.holdfast.engine.scripting.ScriptEngine.Registered;
import dev.holdfast.engine.scripting.ScriptFlag;
import dev.holdfast.engine.scripting.Scripting;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** FCALL, FCALL_RO and FUNCTION. */
public final class FunctionCommands {
    private FunctionCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("FCALL", "function numkeys [key [key ...]] [arg [arg ...]]", call -> callFunction(call, false))
                    .in(SCRIPTING)
                    .since("7.0.0")
                    .arity(-3)
                    .flags(NOSCRIPT, SKIP_MONITOR, MAY_REPLICATE, NO_MANDATORY_KEYS, STALE, ALL_SHARDS)
                    .keys(KeySpec.counted(2, Flag.RW, Flag.ACCESS, Flag.UPDATE))
                    .complexity("Depends on the function")
                    .summary("Calls a function"),
            command("FCALL_RO", "function numkeys [key [key ...]] [arg [arg ...]]", call -> callFunction(call, true))
                    .in(SCRIPTING)
                    .since("7.0.0")
                    .arity(-3)
                    .flags(NOSCRIPT, SKIP_MONITOR, NO_MANDATORY_KEYS, STALE, READONLY, ALL_SHARDS)
                    .keys(KeySpec.counted(2, Flag.RO, Flag.ACCESS))
                    .complexity("Depends on the function")
                    .summary("Calls a function that only reads"),
            container("FUNCTION")
                    .in(SCRIPTING)
                    .since("7.0.0")
                    .arity(-2)
                    .complexity("That of the subcommand")
                    .summary("Manages functions")
                    .subcommands(List.of(
                            command("DELETE", "library-name", FunctionCommands::delete)
                                    .in(SCRIPTING)
                                    .since("7.0.0")
                                    .arity(3)
                                    .flags(NOSCRIPT, WRITE, ALL_SHARDS)
                                    .acl("write")
                                    .tips("request_policy:all_shards", "response_policy:all_succeeded")
                                    .complexity("O(1)")
                                    .summary("Deletes a library and its functions"),
                            command("DUMP", "", FunctionCommands::dump)
                                    .in(SCRIPTING)
                                    .since("7.0.0")
                                    .arity(2)
                                    .flags(NOSCRIPT, ALL_SHARDS)
                                    .complexity("O(N) with the number of functions")
                                    .summary("All libraries, serialised"),
                            command("FLUSH", "[<ASYNC | SYNC>]", FunctionCommands::flush)
                                    .in(SCRIPTING)
                                    .since("7.0.0")
                                    .arity(-2)
                                    .flags(NOSCRIPT, WRITE, ALL_SHARDS)
                                    .acl("write")
                                    .tips("request_policy:all_shards", "response_policy:all_succeeded")
                                    .complexity("O(N) with the number of functions")
                                    .summary("Deletes all functions"),
                            Help.subcommand(SCRIPTING, "7.0.0"),
                            command("KILL", "", call -> ScriptCommands.kill(call, false))
                                    .in(SCRIPTING)
                                    .since("7.0.0")
                                    .arity(2)
                                    .flags(NOSCRIPT, ALLOW_BUSY)
                                    .tips("request_policy:all_shards", "response_policy:one_succeeded")
                                    .complexity("O(1)")
                                    .summary("Ends the function that is running"),
                            command("LIST", "[LIBRARYNAME library-name-pattern] [WITHCODE]", FunctionCommands::list)
                                    .in(SCRIPTING)
                                    .since("7.0.0")
                                    .arity(-2)
                                    .flags(NOSCRIPT, ALL_SHARDS)
                                    .tips("nondeterministic_output_order")
                                    .complexity("O(N) with the number of functions")
                                    .summary("Describes all libraries"),
                            command("LOAD", "[REPLACE] function-code", FunctionCommands::load)
                                    .in(SCRIPTING)
                                    .since("7.0.0")
                                    .arity(-3)
                                    .flags(NOSCRIPT, WRITE, DENYOOM, ALL_SHARDS)
                                    .acl("write")
                                    .tips("request_policy:all_shards", "response_policy:all_succeeded")
                                    .complexity("O(1) for what the library does not do itself")
                                    .summary("Loads a library"),
                            command(
                                            "RESTORE",
                                            "serialized-value [<FLUSH | APPEND | REPLACE>]",
                                            FunctionCommands::restore)
                                    .in(SCRIPTING)
                                    .since("7.0.0")
                                    .arity(-3)
                                    .flags(NOSCRIPT, WRITE, DENYOOM, ALL_SHARDS)
                                    .acl("write")
                                    .tips("request_policy:all_shards", "response_policy:all_succeeded")
                                    .complexity("O(N) with the number of functions")
                                    .summary("Loads what DUMP has serialised"),
                            command("STATS", "", FunctionCommands::stats)
                                    .in(SCRIPTING)
                                    .since("7.0.0")
                                    .arity(2)
                                    .flags(NOSCRIPT, ALLOW_BUSY)
                                    .tips(
                                            "nondeterministic_output",
                                            "request_policy:all_shards",
                                            "response_policy:special")
                                    .complexity("O(1)")
                                    .summary("What is running, and how many functions there are"))));

    private static FunctionLibraries libraries(Call call) {
        return Scripting.of(call.engine()).functions();
    }

    private static void callFunction(Call call, boolean readOnly) {
        Scripting.of(call.engine()).callFunction(call, readOnly);
    }

    private static void delete(Call call) {
        libraries(call).delete(call.arg(2).toString());
        call.addDirty(1);
        call.reply().ok();
    }

    private static void dump(Call call) {
        call.reply()
                .bulk(FunctionDump.write(libraries(call).list().stream()
                        .map(library -> library.code().toBytes())
                        .toList()));
    }

    private static void restore(Call call) {
        if (call.argCount() > 4) {
            throw Help.wrongWords(call);
        }
        FunctionLibraries.Policy policy = call.argCount() == 4 ? policy(call) : FunctionLibraries.Policy.APPEND;
        libraries(call).restore(FunctionDump.read(call.arg(2).toBytes()), policy);
        call.addDirty(1);
        call.reply().ok();
    }

    private static FunctionLibraries.Policy policy(Call call) {
        for (FunctionLibraries.Policy policy : FunctionLibraries.Policy.values()) {
            if (call.arg(3).isWord(policy.name())) {
                return policy;
            }
        }
        throw new CommandException("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
    }

    private static void flush(Call call) {
        if (call.argCount() > 3) {
            throw Help.wrongWords(call);
        }
        if (call.argCount() == 3 && !call.arg(2).isWord("ASYNC") && !call.arg(2).isWord("SYNC")) {
            throw new CommandException("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
        }
        Scripting.of(call.engine()).flushFunctions();
        call.addDirty(1);
        call.reply().ok();
    }

    private static void load(Call call) {
        int last = call.argCount() - 1;
        boolean replaces = false;
        for (int i = 2; i < last; i++) {
            if (!call.arg(i).isWord("REPLACE")) {
                throw new CommandException("ERR Unknown option given: " + call.arg(i));
            }
            replaces = true;
        }
        String name = libraries(call)
                .load(call.arg(last).toBytes(), replaces, call.client().isReplaying());
        call.addDirty(1);
        call.reply().bulk(name);
    }

    private static void list(Call call) {
        String pattern = null;
        boolean withCode = false;
        for (int i = 2; i < call.argCount(); i++) {
            if (!withCode && call.arg(i).isWord("WITHCODE")) {
                withCode = true;
            } else if (pattern == null && call.arg(i).isWord("LIBRARYNAME")) {
                if (i == call.argCount() - 1) {
                    throw new CommandException("ERR library name argument was not given");
                }
                pattern = call.arg(++i).toString();
            } else {
                throw new CommandException("ERR Unknown argument " + call.arg(i));
            }
        }
        Reply reply = call.reply();
        int mark = reply.beginArray();
        int count = 0;
        for (Library library : libraries(call).list()) {
            if (pattern == null || Glob.matches(pattern, library.name(), true)) {
                show(reply, library, withCode);
                count++;
            }
        }
        reply.endArray(mark, count);
    }

    private static void show(Reply reply, Library library, boolean withCode) {
        reply.map(withCode ? 4 : 3);
        reply.bulk("library_name");
        reply.bulk(library.name());
        reply.bulk("engine");
        reply.bulk("LUA");
        reply.bulk("functions");
        reply.array(library.functions().size());
        for (Registered function : library.functions().values()) {
            show(reply, function);
        }
        if (withCode) {
            reply.bulk("library_code");
            reply.bulk(library.code());
        }
    }

    private static void show(Reply reply, Registered function) {
        reply.map(3);
        reply.bulk("name");
        reply.bulk(function.name());
        reply.bulk("description");
        @Nullable String description = function.description();
        if (description == null) {
            reply.nil();
        } else {
            reply.bulk(description);
        }
        reply.bulk("flags");
        reply.set(function.flags().size());
        for (ScriptFlag flag : ScriptFlag.values()) {
            if (function.flags().contains(flag)) {
                reply.simple(flag.shown());
            }
        }
    }

    private static void stats(Call call) {
        ScriptRun run = call.engine().scriptRuns().toKill();
        if (run != null && run.isEval()) {
            throw run.busyError();
        }
        Reply reply = call.reply();
        reply.map(2);
        reply.bulk("running_script");
        if (run == null || !run.isBusy()) {
            reply.nil();
        } else {
            reply.map(3);
            reply.bulk("name");
            reply.bulk(run.name());
            reply.bulk("command");
            Args words = run.words();
            reply.array(words.count());
            for (int i = 0; i < words.count(); i++) {
                reply.bulk(words.get(i));
            }
            reply.bulk("duration_ms");
            reply.integer(run.elapsedMillis());
        }
        FunctionLibraries libraries = libraries(call);
        reply.bulk("engines");
        reply.map(1);
        reply.bulk(Scripting.of(call.engine()).language().name());
        reply.map(2);
        reply.bulk("libraries_count");
        reply.integer(libraries.libraryCount());
        reply.bulk("functions_count");
        reply.integer(libraries.functionCount());
    }
}
