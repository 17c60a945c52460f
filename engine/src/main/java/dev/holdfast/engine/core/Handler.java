package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import java.util.Locale;

/** What a command does. Its words, its client and its reply are the call's. */
@FunctionalInterface
public interface Handler extends CommandSpec.Action {
    void run(Call call);

    /**
     * Begins the declaration of a command.
     *
     * @param name in capitals
     * @param syntax the words after the name as the manual writes them: {@code key [NX | XX] [count]}; a lower-case word is an
     *     argument, a capital one stands for itself, brackets enclose what may be left out, angle brackets alternatives
     */
    static CommandSpec command(String name, String syntax, Handler handler) {
        return CommandSpec.of(name, syntax, handler);
    }

    /** Begins the declaration of a command that does nothing without a subcommand. */
    static CommandSpec container(String name) {
        return command(name, "", call -> {
            throw CommandException.arity(name.toLowerCase(Locale.ROOT));
        });
    }
}
