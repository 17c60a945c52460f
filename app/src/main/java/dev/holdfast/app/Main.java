package dev.holdfast.app;

import dev.holdfast.engine.base.Compatibility;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.server.ConfigFile;
import dev.holdfast.server.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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
                   ./holdfast relay --uri URI         serves HTTP and the relay over a store elsewhere; see ./holdfast relay --help
                   ./holdfast compare URI URI         whether two servers hold the same, key by key
                   ./holdfast handover --from URI --to URI   one server takes the place of another while clients write
                   ./holdfast cpe import FILE...      reads CPE names into database 8 of a server; see ./holdfast cpe --help
                   ./holdfast cpe search WORD...      says which products of those a name may mean
                   ./holdfast cli [WORD...]           a prompt for commands, or one command; on any Valkey, by --uri
                   ./holdfast ping | info | top      whether a server answers, what it says of itself, what it does
                   ./holdfast keys                    counts keys and bytes by what names begin with

            Every directive of the configuration file is also an option. The last one counts.

            Examples:
                   ./holdfast (run the server with the default configuration)
                   echo 'maxclients 100' | ./holdfast -
                   ./holdfast /etc/valkey/valkey.conf
                   ./holdfast --port 7777
                   ./holdfast /etc/valkey/valkey.conf --port 7777 --appendonly no

            The environment: HOLDFAST_JAVA_OPTS has options of the JVM, HOLDFAST_REQUIREPASS a value of requirepass.
            """;

    /** The program's arguments, one a line, where {@code ./holdfast} keeps them out of the process list. */
    private static final String HIDDEN_ARGUMENTS = "HOLDFAST_ARGUMENTS";

    /** The password of the default user, so that it stands in no file and no list of processes. */
    private static final String PASSWORD = "HOLDFAST_REQUIREPASS";

    private Main() {}

    public static void main(String[] words) {
        String hidden = System.getenv(HIDDEN_ARGUMENTS);
        String[] arguments = words.length == 0 && hidden != null ? hidden.split("\n", -1) : words;
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

    /** The arguments with those of the environment before the options: an option counts more, a file less. */
    private static List<String> withEnvironment(List<String> arguments) {
        String password = System.getenv(PASSWORD);
        if (password == null) {
            return arguments;
        }
        List<String> all = new ArrayList<>(arguments);
        boolean file = !arguments.isEmpty() && !arguments.getFirst().startsWith("--");
        all.addAll(file ? 1 : 0, List.of("--requirepass", password));
        return all;
    }

    private static void serve(List<String> arguments) {
        Config config = new Config();
        Path file;
        try {
            file = ConfigFile.apply(config, withEnvironment(arguments), System.in);
        } catch (ConfigException | IOException e) {
            System.err.println(e.getMessage());
            System.exit(1);
            return;
        }
        ServerProgram program;
        try {
            program = new ServerProgram(config, file, arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("Fatal error: " + e.getMessage());
            System.exit(1);
            return;
        }
        int status = program.run();
        if (status != 0) {
            System.exit(status);
        }
    }
}
