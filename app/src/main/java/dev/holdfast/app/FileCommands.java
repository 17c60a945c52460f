package dev.holdfast.app;

import dev.holdfast.app.cli.CliCommand;
import dev.holdfast.app.cli.InfoCommand;
import dev.holdfast.app.cli.KeysCommand;
import dev.holdfast.app.cli.PingCommand;
import dev.holdfast.app.cli.TopCommand;
import dev.holdfast.engine.base.Reason;
import java.util.List;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The commands of the program that do something else than serve. */
@Command(
        name = "holdfast",
        description =
                "Checks, saves and restores the files of a store; fills and searches a dictionary of CPE names; relays messages;"
                        + " compares two servers and lets one take the place of the other.",
        subcommands = {
            CheckCommand.class,
            BackupCommand.class,
            RestoreCommand.class,
            CpeCommand.class,
            RelayCommand.class,
            CompareCommand.class,
            HandoverCommand.class,
            CliCommand.class,
            PingCommand.class,
            InfoCommand.class,
            KeysCommand.class,
            TopCommand.class
        })
final class FileCommands {
    private static final Set<String> NAMES = Set.of(
            "check", "backup", "restore", "cpe", "relay", "compare", "handover", "cli", "ping", "info", "keys", "top");

    /** The status to end with: what was asked for has been found damaged, or could not be done. */
    static final int FAILED = 1;

    /** Whether these words are one of the commands; a server's words begin with an option or a file. */
    static boolean areMeant(List<String> arguments) {
        return !arguments.isEmpty() && NAMES.contains(arguments.getFirst());
    }

    /** Runs a command; gives the status to end with. */
    static int run(List<String> arguments) {
        // Else Lettuce warns for each connection that there are two native transports.
        System.setProperty("io.lettuce.core.iouring", "false");
        return new CommandLine(new FileCommands())
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println("holdfast: " + Reason.of(failure));
                    return FAILED;
                })
                .execute(arguments.toArray(String[]::new));
    }
}
