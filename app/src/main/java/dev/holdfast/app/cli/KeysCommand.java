package dev.holdfast.app.cli;

import dev.holdfast.relay.console.KeyShares;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code holdfast keys}: where the keys and the memory of a store are, by what names begin with. */
@Command(
        name = "keys",
        description =
                "Counts keys and their bytes by what their names begin with. It visits every key with SCAN, a batch at a"
                        + " time, so other clients go on; on a cluster it visits the node that the URI names.",
        mixinStandardHelpOptions = true)
public final class KeysCommand implements Callable<Integer> {
    private static final long EVERY_NANOS = 1_000_000_000L;

    @Mixin
    private StoreOption store = new StoreOption();

    @Option(names = "--match", description = "only keys that match this glob pattern")
    private String pattern = "*";

    @Option(names = "--separator", description = "what parts of a name are joined by (${DEFAULT-VALUE})")
    private String separator = ":";

    @Option(names = "--depth", description = "how many parts of a name make a prefix (${DEFAULT-VALUE})")
    private int depth = 2;

    @Option(
            names = "--limit",
            description = "how many prefixes are shown, those with the most bytes first (${DEFAULT-VALUE})")
    private int limit = 30;

    @Option(names = "--batch", description = "how many keys are visited at once (${DEFAULT-VALUE})")
    private int batch = 500;

    @Option(names = "--json", description = "as JSON, all prefixes")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        KeyShares shares = new KeyShares(separator, depth);
        try (ServerSession session = store.connect()) {
            long last = System.nanoTime();
            String cursor = "0";
            do {
                List<Answer> page = session.call("SCAN", cursor, "MATCH", pattern, "COUNT", Integer.toString(batch))
                        .asList();
                if (page.size() != 2) {
                    throw new IOException("the server does not answer SCAN");
                }
                cursor = page.getFirst().asText();
                visit(session, page.getLast().asList(), shares);
                if (!json && System.nanoTime() - last > EVERY_NANOS) {
                    last = System.nanoTime();
                    System.err.printf("%,d keys so far%n", shares.all().keys());
                }
            } while (!cursor.equals("0"));
        }
        if (json) {
            System.out.println(AnswerPrinter.json(asMap(shares)));
        } else {
            show(shares);
        }
        return 0;
    }

    private void visit(ServerSession session, List<Answer> keys, KeyShares shares) throws IOException {
        List<List<byte[]>> questions = new ArrayList<>();
        for (Answer key : keys) {
            byte[] name = key instanceof Answer.Bulk bulk ? bulk.bytes() : new byte[0];
            questions.add(about(name, "TYPE"));
            questions.add(about(name, "MEMORY", "USAGE"));
            questions.add(about(name, "PTTL"));
        }
        List<Answer> answers = session.callAll(questions);
        for (int i = 0; i < keys.size(); i++) {
            String type = answers.get(3 * i).asText();
            long bytes = answers.get(3 * i + 1) instanceof Answer.Whole(long size) ? size : 0;
            boolean expires = answers.get(3 * i + 2) instanceof Answer.Whole(long millis) && millis >= 0;
            if (!type.equals("none")) {
                shares.add(keys.get(i).asText(), type, bytes, expires);
            }
        }
    }

    private static List<byte[]> about(byte[] key, String... words) {
        List<byte[]> command = new ArrayList<>(ServerSession.words(words));
        command.add(key);
        return command;
    }

    private void show(KeyShares shares) {
        System.out.printf("%12s %14s %9s  %-24s %s%n", "keys", "bytes", "expiring", "types", "prefix");
        shares.shares().entrySet().stream()
                .sorted(Comparator.comparingLong(share -> -share.getValue().bytes()))
                .limit(limit)
                .forEach(share -> line(share.getKey(), share.getValue()));
        if (shares.shares().size() > limit) {
            System.out.printf(
                    "%,d more prefixes; --limit shows them%n", shares.shares().size() - limit);
        }
        line("(all)", shares.all());
    }

    private static void line(String prefix, KeyShares.Share share) {
        System.out.printf(
                Locale.ROOT,
                "%,12d %,14d %8.0f%%  %-24s %s%n",
                share.keys(),
                share.bytes(),
                share.keys() == 0 ? 0 : 100.0 * share.expiring() / share.keys(),
                String.join(" ", share.types().keySet()),
                AnswerPrinter.quoted(prefix.getBytes(StandardCharsets.UTF_8)));
    }

    private static Map<String, Object> asMap(KeyShares shares) {
        Map<String, Object> map = new TreeMap<>();
        shares.shares().forEach((prefix, share) -> map.put(prefix, share.asMap()));
        return Map.of("prefixes", map, "all", shares.all().asMap());
    }
}
