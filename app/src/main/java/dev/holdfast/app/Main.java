package dev.holdfast.app;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.execution.Engine;
import dev.holdfast.server.ConfigFile;
import dev.holdfast.server.Server;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** The program's entry: starts the server, or answers {@code --help} and {@code --version}. */
public final class Main {
    private static final String HELP = """
            Usage: ./holdfast [/path/to/valkey.conf] [options] [-]
                   ./holdfast - (read the configuration from standard input)
                   ./holdfast -v or --version
                   ./holdfast -h or --help

            Every directive of the configuration file is also an option:
                   ./holdfast --port 7777
                   ./holdfast /etc/valkey.conf --port 7777 --appendonly no

            JVM options go into the environment variable HOLDFAST_JAVA_OPTS.
            """;

    private Main() {}

    public static void main(String[] arguments) {
        String first = arguments.length == 0 ? "" : arguments[0];
        switch (first) {
            case "-v", "--version" -> System.out.println("Holdfast " + version());
            case "-h", "--help" -> System.out.print(HELP);
            default -> serve(List.of(arguments));
        }
    }

    private static void serve(List<String> arguments) {
        Config config = new Config();
        try {
            ConfigFile.apply(config, arguments);
        } catch (ConfigException | IOException e) {
            System.err.println("*** FATAL CONFIG FILE ERROR ***\n" + e.getMessage());
            System.exit(1);
        }
        Engine engine = new Engine(config, Clock.SYSTEM, AllCommands.list());
        Server server = new Server(engine);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.close();
            engine.close();
        }));
        try {
            server.start();
            new CountDownLatch(1).await();
        } catch (IOException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
