package dev.holdfast.conformance.random;

import dev.holdfast.engine.catalog.CommandSpec;
import java.util.Set;
import java.util.TreeSet;

/** The commands that are made at random. */
public final class GeneratedCommands {
    private GeneratedCommands() {}

    /** Their names in lower case, subcommands after a bar. */
    public static Set<String> names() {
        Set<String> names = new TreeSet<>();
        CommandGenerator.declared().stream().map(CommandSpec::fullName).forEach(names::add);
        return names;
    }
}
