package dev.holdfast.app.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
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
    /** How many prefixes are counted separately at most; keys with further ones are counted together. */
    private static final int MOST_PREFIXES = 100_000;

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

    /** What is known of the keys that begin alike. */
    static final class Share {
        final Map<String, Long> types = new TreeMap<>();
        long keys;
        long bytes;
        long expiring;

        void add(String type, long size, boolean expires) {
            types.merge(type, 1L, Long::sum);
            keys++;
            bytes += size;
            expiring += expires ? 1 : 0;
        }
    }

    private final Map<String, Share> shares = new TreeMap<>();
    private final Share all = new Share();

    @Override
    public Integer call() throws IOException {
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
                visit(session, page.getLast().asList());
                if (!json && System.nanoTime() - last > EVERY_NANOS) {
                    last = System.nanoTime();
                    System.err.printf("%,d keys so far%n", all.keys);
                }
            } while (!cursor.equals("0"));
        }
        if (json) {
            System.out.println(AnswerPrinter.json(asMap()));
        } else {
            show();
        }
        return 0;
    }

    private void visit(ServerSession session, List<Answer> keys) throws IOException {
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
                share(keys.get(i).asText()).add(type, bytes, expires);
                all.add(type, bytes, expires);
            }
        }
    }

    private static List<byte[]> about(byte[] key, String... words) {
        List<byte[]> command = new ArrayList<>(ServerSession.words(words));
        command.add(key);
        return command;
    }

    private Share share(String key) {
        String prefix = prefix(key);
        boolean counted = shares.containsKey(prefix) || shares.size() < MOST_PREFIXES;
        return shares.computeIfAbsent(counted ? prefix : "(others)", name -> new Share());
    }

    /** The first parts of a name, with a star for what follows; a name of one part as a whole. */
    String prefix(String key) {
        String[] parts = key.split(Pattern.quote(separator), depth + 1);
        int rest = parts[parts.length - 1].length();
        return parts.length == 1 && depth > 0 ? key : key.substring(0, key.length() - rest) + "*";
    }

    private void show() {
        System.out.printf("%12s %14s %9s  %-24s %s%n", "keys", "bytes", "expiring", "types", "prefix");
        shares.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, Share> share) -> -share.getValue().bytes))
                .limit(limit)
                .forEach(share -> line(share.getKey(), share.getValue()));
        if (shares.size() > limit) {
            System.out.printf("%,d more prefixes; --limit shows them%n", shares.size() - limit);
        }
        line("(all)", all);
    }

    private static void line(String prefix, Share share) {
        System.out.printf(
                Locale.ROOT,
                "%,12d %,14d %8.0f%%  %-24s %s%n",
                share.keys,
                share.bytes,
                share.keys == 0 ? 0 : 100.0 * share.expiring / share.keys,
                String.join(" ", share.types.keySet()),
                AnswerPrinter.quoted(prefix.getBytes(StandardCharsets.UTF_8)));
    }

    private Map<String, Object> asMap() {
        Map<String, Object> map = new TreeMap<>();
        shares.forEach((prefix, share) -> map.put(prefix, asMap(share)));
        return Map.of("prefixes", map, "all", asMap(all));
    }

    private static Map<String, Object> asMap(Share share) {
        return Map.of("keys", share.keys, "bytes", share.bytes, "expiring", share.expiring, "types", share.types);
    }
}
