package dev.holdfast.benchmarks;

import picocli.CommandLine.Command;

/** What durability costs, for our server and for a real Valkey. Each part is a subcommand with options of its own. */
@Command(
        name = "persistence",
        mixinStandardHelpOptions = true,
        description = "Measures what durability costs, for our server and for a real Valkey.",
        synopsisSubcommandLabel = "save | collections | aof | load",
        subcommands = {Saves.class, LargeCollections.class, AppendedWrites.class, Loads.class})
public final class Persistence {
    private Persistence() {}

    public static void main(String[] arguments) {
        Tool.run(new Persistence(), arguments);
    }
}
