package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_ASYNC_LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.PROTECTED;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.protocol.Reply;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** MODULE, of a store that can load none: Valkey's modules are libraries for its own process. */
public final class ModuleCommands {
    private static final Logger LOG = LoggerFactory.getLogger(ModuleCommands.class);

    private ModuleCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(container("MODULE")
            .in(SERVER)
            .since("4.0.0")
            .arity(-2)
            .complexity("That of the subcommand")
            .summary("Extensions, of which none can be loaded")
            .subcommands(List.of(
                    Help.subcommand(SERVER, "5.0.0"),
                    command("LIST", "", ModuleCommands::list)
                            .in(SERVER)
                            .since("4.0.0")
                            .arity(2)
                            .flags(ADMIN, NOSCRIPT)
                            .tips("nondeterministic_output_order")
                            .complexity("O(1)")
                            .summary("The modules: the one for scripts, which is built in"),
                    change("LOAD", "path [arg [arg ...]]", "4.0.0", -3, ModuleCommands::load)
                            .summary("Fails to load a module"),
                    change(
                                    "LOADEX",
                                    "path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]",
                                    "7.0.0",
                                    -3,
                                    ModuleCommands::load)
                            .summary("Fails to load a module with parameters"),
                    change("UNLOAD", "name", "4.0.0", 3, ModuleCommands::unload).summary("Fails to unload a module"))));

    private static void list(Call call) {
        writeAll(call.reply());
    }

    /** Writes the modules: Valkey's scripts are one of its own, and clients look for it. */
    static void writeAll(Reply reply) {
        reply.array(1);
        reply.map(4);
        reply.bulk("name");
        reply.bulk("lua");
        reply.bulk("ver");
        reply.integer(1);
        reply.bulk("path");
        reply.bulk("lua");
        reply.bulk("args");
        reply.emptyArray();
    }

    private static CommandSpec change(String name, String syntax, String since, int arity, Handler handler) {
        return command(name, syntax, handler)
                .in(SERVER)
                .since(since)
                .arity(arity)
                .flags(NO_ASYNC_LOADING, ADMIN, NOSCRIPT, PROTECTED)
                .complexity("O(1)");
    }

    private static void load(Call call) {
        LOG.warn("Module {} failed to load: modules are not supported", call.arg(2));
        throw new CommandException("ERR Error loading the extension. Please check the server logs.");
    }

    private static void unload(Call call) {
        throw new CommandException("ERR Error unloading module: no such module with that name");
    }
}
