package dev.holdfast.engine.commands;

import static dev.holdfast.engine.execution.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.execution.CommandFlag.WRITE;
import static dev.holdfast.engine.execution.CommandGroup.SCRIPTING;
import static dev.holdfast.engine.execution.CommandSpec.command;
import static dev.holdfast.engine.execution.CommandSpec.container;

import dev.holdfast.engine.execution.Call;
import dev.holdfast.engine.execution.CommandException;
import dev.holdfast.engine.execution.CommandSpec;
import java.util.List;

/** FUNCTION, as far as a store without functions has it: there is nothing to flush. */
public final class FunctionCommands {
    private FunctionCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(container("FUNCTION")
            .in(SCRIPTING)
            .since("7.0.0")
            .arity(-2)
            .complexity("That of the subcommand")
            .summary("Manages functions")
            .subcommands(List.of(command("FLUSH", "[<ASYNC | SYNC>]", FunctionCommands::flush)
                    .in(SCRIPTING)
                    .since("7.0.0")
                    .arity(-2)
                    .flags(NOSCRIPT, WRITE)
                    .acl("write")
                    .tips("request_policy:all_shards", "response_policy:all_succeeded")
                    .complexity("O(N) with the number of functions")
                    .summary("Deletes all functions"))));

    private static void flush(Call call) {
        if (call.argCount() > 3
                || call.argCount() == 3
                        && !call.arg(2).isWord("ASYNC")
                        && !call.arg(2).isWord("SYNC")) {
            throw new CommandException("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
        }
        call.reply().ok();
    }
}
