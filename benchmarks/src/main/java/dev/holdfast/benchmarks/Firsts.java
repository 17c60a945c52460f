package dev.holdfast.benchmarks;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What the first client waits for: commands of kinds that have not been run before, each on a server that has just said that it is
 * ready, for ours and for a real Valkey.
 */
@Command(
        name = "firsts",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Measures how long the first EVAL, INFO and so on of a fresh server take, beside a real Valkey.")
public final class Firsts implements Callable<Integer> {
    private static final List<List<String>> COMMANDS = List.of(
            List.of("GET", "a"),
            List.of("EVAL", "return redis.call('SET', KEYS[1], ARGV[1])", "1", "a", "1"),
            List.of("FUNCTION", "LOAD", "#!lua name=l\nserver.register_function('f', function() return 1 end)"),
            List.of("INFO"),
            List.of("CLIENT", "LIST"),
            List.of("XADD", "s", "*", "f", "v"),
            List.of("SORT", "l", "BY", "w*", "GET", "#"),
            List.of("GEOSEARCH", "g", "FROMLONLAT", "13", "38", "BYRADIUS", "1", "km"),
            List.of("ACL", "LIST"),
            List.of("COMMAND"),
            List.of("COMMAND", "DOCS"));

    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(
            names = "--starts",
            description = "How often each server is started for each command; ${DEFAULT-VALUE} by default.")
    private int starts = 5;

    public static void main(String[] arguments) {
        Tool.run(new Firsts(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        System.out.println("| the first ... of a fresh server, ms (median, most) | Holdfast | Valkey |");
        System.out.println("|---|--:|--:|");
        for (List<String> command : COMMANDS) {
            double[] ours = new double[starts];
            double[] theirs = new double[starts];
            for (int i = 0; i < starts; i++) {
                ours[i] = first(servers.holdfast(), command);
                theirs[i] = first(servers.valkeyCommand(), command);
            }
            String name = command.getFirst().equals("COMMAND") ? String.join(" ", command) : command.getFirst();
            System.out.printf("| %s | %s | %s |%n", name, show(ours), show(theirs));
        }
        return 0;
    }

    private double first(ServerCommand server, List<String> command) throws IOException, InterruptedException {
        try (ServerProcess process = ServerProcess.start(server, servers.port, Pinning.UNPINNED);
                RespConnection connection = process.connect()) {
            connection.call("PING");
            long begin = System.nanoTime();
            connection.call(command.toArray(String[]::new));
            return (System.nanoTime() - begin) / 1e6;
        }
    }

    private static String show(double[] millis) {
        Arrays.sort(millis);
        return "%.1f, %.1f".formatted(millis[millis.length / 2], millis[millis.length - 1]);
    }
}
