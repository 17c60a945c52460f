package dev.holdfast.engine.commands;

import static dev.holdfast.engine.execution.CommandFlag.ADMIN;
import static dev.holdfast.engine.execution.CommandFlag.LOADING;
import static dev.holdfast.engine.execution.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.execution.CommandFlag.PROTECTED;
import static dev.holdfast.engine.execution.CommandFlag.STALE;
import static dev.holdfast.engine.execution.CommandGroup.SERVER;
import static dev.holdfast.engine.execution.CommandSpec.command;

import dev.holdfast.engine.execution.Call;
import dev.holdfast.engine.execution.CommandException;
import dev.holdfast.engine.execution.CommandSpec;
import java.util.List;

/** DEBUG: what tests need to see and do inside the store. Refused unless {@code enable-debug-command} allows it. */
public final class DebugCommands {
    private DebugCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(command("DEBUG", "", DebugCommands::debug)
            .in(SERVER)
            .since("1.0.0")
            .arity(-2)
            .flags(ADMIN, NOSCRIPT, LOADING, STALE, PROTECTED)
            .complexity("That of the subcommand")
            .summary("A container for debugging commands"));

    private static void debug(Call call) {
        if (call.arg(1).isWord("SET-ACTIVE-EXPIRE") && call.argCount() == 3) {
            call.engine().expiry().setActive(call.longArg(2) != 0);
            call.reply().ok();
        } else {
            throw new CommandException(
                    "ERR unknown subcommand or wrong number of arguments for '" + call.arg(1) + "'. Try DEBUG HELP.");
        }
    }
}
