package dev.holdfast.app;

import dev.holdfast.engine.base.Compatibility;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.server.ConfigFile;
import dev.holdfast.server.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The program's entry: starts the server, works on files, or answers {@code --help} and {@code --version}. */
public final class Main {
    private static final String HELP = """
            Usage: ./holdfast [/path/to/valkey.conf] [options] [-]
                   ./holdfast - (read the configuration from standard input)
                   ./holdfast -v or --version
                   ./holdfast -h or --help
                   ./holdfast check FILE...           reads files and says what is in them, or where they are damaged
                   ./holdfast backup [options] TARGET writes all data into one file; see ./holdfast backup --help
                   ./holdfast restore BACKUP DIR      puts a backup where the server will load it

            Every directive of the configuration file is also an option. The last one counts.

            Examples:
                   ./holdfast (run the server with the default configuration)
                   echo 'maxclients 100' | ./holdfast -
                   ./holdfast /etc/valkey/valkey.conf
                   ./holdfast --port 7777
                   ./holdfast /etc/valkey/valkey.conf --port 7777 --appendonly no

            Options of the JVM go into the environment variable HOLDFAST_JAVA_OPTS.
            """;

    private Main() {}

    public static void main(String[] arguments) {
        if (FileCommands.areMeant(List.of(arguments))) {
            System.exit(FileCommands.run(List.of(arguments)));
        }
        String only = arguments.length == 1 ? arguments[0] : "";
        switch (only) {
            case "-v", "--version" ->
                System.out.println("Holdfast server v=" + Program.version() + " bits=64 jvm=" + Runtime.version()
                        + " (as Valkey " + Compatibility.VALKEY_VERSION + ")");
            case "-h", "--help" -> System.out.print(HELP);
            default -> serve(List.of(arguments));
        }
    }

    private static void serve(List<String> arguments) {
        Config config = new Config();
        Path file;
        try {
            file = ConfigFile.apply(config, arguments, System.in);
        } catch (ConfigException | IOException e) {
            System.err.println(e.getMessage());
            System.exit(1);
            return;
        }
        ServerProgram program;
        try {
            program = new ServerProgram(config, file, arguments);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(1);
            return;
        }
        int status = program.run();
        if (status != 0) {
            System.exit(status);
        }
    }
}
