package dev.holdfast.app.cli;

import dev.holdfast.relay.console.InfoText;
import dev.holdfast.relay.console.ServerLook;
import java.io.IOException;
import java.time.Duration;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code holdfast top}: what a server does, anew every second. */
@Command(
        name = "top",
        description =
                "Shows what a server does, anew every second: rates, memory, clients, and the commands that take the most time.",
        mixinStandardHelpOptions = true)
public final class TopCommand implements Callable<Integer> {
    private static final String HOME_AND_CLEAR = "\u001b[H\u001b[2J";
    private static final int MOST_COMMANDS = 12;

    @Mixin
    private StoreOption store = new StoreOption();

    @Option(names = "--interval", description = "seconds between two looks (${DEFAULT-VALUE})")
    private double seconds = 1;

    @Option(names = "--count", description = "how many looks to take; without end unless given")
    private int count = Integer.MAX_VALUE;

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (ServerSession session = store.connect()) {
            ServerLook before = look(session);
            for (int i = 0; i < count; i++) {
                Thread.sleep(Duration.ofNanos((long) (seconds * 1e9)));
                ServerLook now = look(session);
                System.out.print((Terminals.isOne() ? HOME_AND_CLEAR : "") + page(session.prompt(), before, now));
                System.out.flush();
                before = now;
            }
            return 0;
        }
    }

    private static ServerLook look(ServerSession session) throws IOException {
        Answer answer = session.call("INFO", "everything");
        if (answer instanceof Answer.Failure(String message)) {
            throw new IOException("the server answered: " + message);
        }
        return new ServerLook(InfoText.parse(answer.asText()), System.nanoTime());
    }

    private static String page(String server, ServerLook before, ServerLook now) {
        Formatter page = new Formatter(Locale.ROOT);
        double hitRate = now.hitRate(before);
        page.format(
                "%s  %s, up %s%n",
                server,
                now.text("replication", "role"),
                Peek.readable(Duration.ofSeconds(now.whole("server", "uptime_in_seconds"))));
        page.format(
                "commands %,.0f/s   hit rate %s   expired %,.0f/s   evicted %,.0f/s   net in %s/s out %s/s%n",
                now.rate(before, "total_commands_processed"),
                Double.isNaN(hitRate) ? "-" : "%.1f %%".formatted(100 * hitRate),
                now.rate(before, "expired_keys"),
                now.rate(before, "evicted_keys"),
                size(now.rate(before, "total_net_input_bytes")),
                size(now.rate(before, "total_net_output_bytes")));
        page.format(
                "memory %s, resident %s, peak %s, limit %s   clients %d, waiting %d   replicas %d%n",
                size((double) now.whole("memory", "used_memory")),
                size((double) now.whole("memory", "used_memory_rss")),
                size((double) now.whole("memory", "used_memory_peak")),
                now.whole("memory", "maxmemory") == 0 ? "none" : size((double) now.whole("memory", "maxmemory")),
                now.whole("clients", "connected_clients"),
                now.whole("clients", "blocked_clients"),
                now.whole("replication", "connected_slaves"));
        page.format("%n");
        page.format("%-24s %12s %12s %8s%n", "command", "calls/s", "us a call", "time");
        double interval = now.seconds(before);
        List<ServerLook.Use> uses = now.uses(before);
        long all = Math.max(1, uses.stream().mapToLong(ServerLook.Use::micros).sum());
        uses.stream()
                .limit(MOST_COMMANDS)
                .forEach(use -> page.format(
                        "%-24s %,12.0f %,12.2f %7.0f%%%n",
                        use.command(),
                        use.calls() / interval,
                        (double) use.micros() / use.calls(),
                        100.0 * use.micros() / all));
        return page.toString();
    }

    private static String size(double bytes) {
        return bytes < 1 << 20
                ? "%.0f KB".formatted(bytes / (1 << 10))
                : bytes < 1 << 30 ? "%.1f MB".formatted(bytes / (1 << 20)) : "%.2f GB".formatted(bytes / (1 << 30));
    }
}
