package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.CommandLog;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import java.util.List;

/** COMMANDLOG, and SLOWLOG, which is the part of it that Redis had. */
public final class LogCommands {
    private static final String KIND = "<SLOW | LARGE-REQUEST | LARGE-REPLY>";

    private LogCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            container("COMMANDLOG")
                    .in(SERVER)
                    .since("8.1.0")
                    .arity(-2)
                    .complexity("That of the subcommand")
                    .summary("Commands that took long or were large")
                    .subcommands(List.of(
                            about("GET", "count " + KIND, 4, "8.1.0", call -> get(call, kind(call, 3), count(call)))
                                    .tips("request_policy:all_nodes", "nondeterministic_output")
                                    .complexity("O(N) with the number of entries shown")
                                    .summary("The latest entries of a log; -1 for all"),
                            Help.subcommand(SERVER, "8.1.0"),
                            about("LEN", KIND, 3, "8.1.0", call -> length(call, kind(call, 2)))
                                    .tips(
                                            "request_policy:all_nodes",
                                            "response_policy:agg_sum",
                                            "nondeterministic_output")
                                    .complexity("O(1)")
                                    .summary("The number of entries of a log"),
                            about("RESET", KIND, 3, "8.1.0", call -> reset(call, kind(call, 2)))
                                    .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                                    .complexity("O(N) with the number of entries")
                                    .summary("Empties a log"))),
            container("SLOWLOG")
                    .in(SERVER)
                    .since("2.2.12")
                    .arity(-2)
                    .complexity("That of the subcommand")
                    .summary("Commands that took long")
                    .subcommands(List.of(
                            about("GET", "[count]", -2, "2.2.12", LogCommands::getSlow)
                                    .tips("request_policy:all_nodes", "nondeterministic_output")
                                    .complexity("O(N) with the number of entries shown")
                                    .summary("The latest entries, ten if not said otherwise; -1 for all"),
                            Help.subcommand(SERVER, "6.2.0"),
                            about("LEN", "", 2, "2.2.12", call -> length(call, CommandLog.Kind.SLOW))
                                    .tips(
                                            "request_policy:all_nodes",
                                            "response_policy:agg_sum",
                                            "nondeterministic_output")
                                    .complexity("O(1)")
                                    .summary("The number of entries"),
                            about("RESET", "", 2, "2.2.12", call -> reset(call, CommandLog.Kind.SLOW))
                                    .tips("request_policy:all_nodes", "response_policy:all_succeeded")
                                    .complexity("O(N) with the number of entries")
                                    .summary("Empties the log"))));

    private static CommandSpec about(String name, String syntax, int arity, String since, Handler handler) {
        return command(name, syntax, handler)
                .in(SERVER)
                .since(since)
                .arity(arity)
                .flags(ADMIN, LOADING, STALE);
    }

    private static CommandLog.Kind kind(Call call, int index) {
        String word = call.arg(index).toString();
        for (CommandLog.Kind kind : CommandLog.Kind.values()) {
            if (kind.shown().equalsIgnoreCase(word)) {
                return kind;
            }
        }
        throw new CommandException("ERR type should be one of the following: slow, large-request, large-reply");
    }

    /** The number of entries wanted: the word at index 2. */
    private static long count(Call call) {
        return call.longArg(2, -1, Long.MAX_VALUE, "ERR count should be greater than or equal to -1");
    }

    private static void getSlow(Call call) {
        if (call.argCount() > 3) {
            throw Help.wrongWords(call);
        }
        get(call, CommandLog.Kind.SLOW, call.argCount() == 2 ? 10 : count(call));
    }

    private static void get(Call call, CommandLog.Kind kind, long count) {
        List<CommandLog.Entry> entries = call.engine().commandLog().latest(kind, count < 0 ? Long.MAX_VALUE : count);
        call.reply().array(entries.size());
        for (CommandLog.Entry entry : entries) {
            call.reply().array(6);
            call.reply().integer(entry.id());
            call.reply().integer(entry.second());
            call.reply().integer(entry.value());
            call.reply().array(entry.words().size());
            for (Slice word : entry.words()) {
                call.reply().bulk(word);
            }
            call.reply().bulk(entry.address());
            call.reply().bulk(entry.name());
        }
    }

    private static void length(Call call, CommandLog.Kind kind) {
        call.reply().integer(call.engine().commandLog().size(kind));
    }

    private static void reset(Call call, CommandLog.Kind kind) {
        call.engine().commandLog().clear(kind);
        call.reply().ok();
    }
}
