package dev.holdfast.engine.commands;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandGroup;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The subcommand HELP of a container: one line for each of its subcommands, taken from their declarations. */
final class Help {
    private Help() {}

    /** The declaration for a container of this group. */
    static CommandSpec subcommand(CommandGroup group, String since) {
        return Handler.command("HELP", "", Help::show)
                .in(group)
                .since(since)
                .arity(2)
                .flags(CommandFlag.LOADING, CommandFlag.STALE)
                .complexity("O(1)")
                .summary("Lists the subcommands");
    }

    static void show(Call call) {
        CommandSpec container = call.spec().parent();
        if (container == null) {
            throw new IllegalStateException("HELP stands alone");
        }
        List<String> lines = new ArrayList<>();
        for (CommandSpec subcommand : container.subcommands().values()) {
            if (subcommand != call.spec()) {
                String name = subcommand.name().toUpperCase(Locale.ROOT);
                lines.add(subcommand.syntax().isEmpty() ? name : name + " " + subcommand.syntax());
                lines.add("    " + subcommand.summary() + ".");
            }
        }
        write(call, lines);
    }

    /** The error for words that do not make a subcommand. */
    static CommandException wrongWords(Call call) {
        return new CommandException("ERR unknown subcommand or wrong number of arguments for '"
                + call.arg(1).shown() + "'. Try " + name(call) + " HELP.");
    }

    /** The command as its client calls it. */
    private static String name(Call call) {
        return call.arg(0).shown().toUpperCase(Locale.ROOT);
    }

    /** Answers with these lines between the first and the last line of every HELP. */
    static void write(Call call, List<String> lines) {
        call.reply().array(lines.size() + 3);
        call.reply().simple(name(call) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
        lines.forEach(call.reply()::simple);
        call.reply().simple("HELP");
        call.reply().simple("    Print this help.");
    }
}
