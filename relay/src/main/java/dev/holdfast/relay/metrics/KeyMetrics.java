package dev.holdfast.relay.metrics;

import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The sizes of chosen keys: of lists, hashes, sets and so on, and for streams their groups and consumers too.
 *
 * <p>A key is chosen by name or by a pattern. However many keys the store has, a scrape costs what its budget allows: a search for
 * a pattern goes on where the scrape before had to stop, and what was found last is shown meanwhile; of more than
 * {@value #MOST_KEYS} keys of one pattern the rest is left out, and a scrape that has no time left for a key leaves it out too.
 * {@code holdfast_metrics_keys_left_out} counts both.
 */
public final class KeyMetrics {
    private static final int MOST_KEYS = 1000;
    private static final int MOST_GROUPS = 100;
    private static final int PAGE = 1000;
    private static final long SEARCH_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long READ_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final String GAUGE = "gauge";

    private final List<Choice> choices = new ArrayList<>();

    /** A database and a name or pattern, with what a search for it has found. */
    private static final class Choice {
        private final int database;
        private final Store store;
        private final String pattern;
        private final boolean single;
        private String cursor = "0";
        private Set<String> finding = new LinkedHashSet<>();
        private Set<String> found = Set.of();
        private boolean over;

        Choice(int database, Store store, String pattern) {
            this.database = database;
            this.store = store;
            this.pattern = pattern;
            this.single = pattern.chars().noneMatch(c -> "*?[\\".indexOf(c) >= 0);
            if (single) {
                found = Set.of(pattern);
            }
        }

        void search(long deadline) {
            if (single) {
                return;
            }
            do {
                List<Reply> page = store.call("SCAN", cursor, "MATCH", pattern, "COUNT", PAGE)
                        .list();
                cursor = page.getFirst().text();
                for (Reply key : page.getLast().list()) {
                    if (finding.size() >= MOST_KEYS) {
                        over = true;
                        break;
                    }
                    finding.add(key.text());
                }
                if (cursor.equals("0")) {
                    found = new TreeSet<>(finding);
                    finding = new LinkedHashSet<>();
                    return;
                }
            } while (System.nanoTime() - deadline < 0);
        }
    }

    /**
     * Chooses keys.
     *
     * @param words each a name or a glob pattern, of database 0 unless {@code dbN=} comes before it
     * @param databases the store of each database
     */
    public KeyMetrics(List<String> words, IntFunction<Store> databases) {
        for (String word : words) {
            int database = 0;
            String pattern = word;
            int equals = word.indexOf('=');
            if (word.startsWith("db") && equals > 2 && word.substring(2, equals).matches("[0-9]{1,4}")) {
                database = Integer.parseInt(word.substring(2, equals));
                pattern = word.substring(equals + 1);
            }
            choices.add(new Choice(database, databases.apply(database), pattern));
        }
    }

    /** Writes what the budget allows. */
    synchronized void write(Exposition out) {
        if (choices.isEmpty()) {
            return;
        }
        long searchEnd = System.nanoTime() + SEARCH_NANOS;
        for (Choice choice : choices) {
            choice.search(searchEnd);
        }
        long leftOut = 0;
        long readEnd = System.nanoTime() + READ_NANOS;
        Set<String> seen = new LinkedHashSet<>();
        for (Choice choice : choices) {
            leftOut += choice.over ? 1 : 0;
            for (String key : choice.found) {
                if (!seen.add(choice.database + "=" + key)) {
                    continue;
                }
                if (System.nanoTime() - readEnd > 0) {
                    leftOut++;
                    continue;
                }
                write(out, choice, key);
            }
        }
        out.single(
                "holdfast_metrics_keys_left_out",
                GAUGE,
                "Keys, or patterns with too many, that this scrape had no room for",
                leftOut);
    }

    private static void write(Exposition out, Choice choice, String key) {
        Store store = choice.store;
        try {
            String type = store.call("TYPE", key).text();
            @Nullable
            String measure = switch (type) {
                case "list" -> "LLEN";
                case "hash" -> "HLEN";
                case "set" -> "SCARD";
                case "zset" -> "ZCARD";
                case "stream" -> "XLEN";
                case "string" -> "STRLEN";
                default -> null;
            };
            if (measure == null) {
                // A queue that is empty has no key; its alert needs the zero.
                if (choice.single) {
                    size(out, choice, key, 0);
                    out.family("redis_list_length", GAUGE, "Elements of a list").sample(0, "list", key);
                }
                return;
            }
            long size = store.call(measure, key).number();
            size(out, choice, key, size);
            Reply memory = store.call("MEMORY", "USAGE", key);
            if (!memory.isNull()) {
                out.family("redis_key_memory_usage_bytes", GAUGE, "Bytes that a key takes")
                        .sample(memory.number(), "db", "db" + choice.database, "key", key);
            }
            switch (type) {
                case "list" ->
                    out.family("redis_list_length", GAUGE, "Elements of a list").sample(size, "list", key);
                case "stream" -> stream(out, choice, key);
                default -> {}
            }
        } catch (CommandFailedException e) {
            // The key has become another, or has gone, between two commands: the next scrape sees it as it is.
        }
    }

    private static void size(Exposition out, Choice choice, String key, long size) {
        out.family("redis_key_size", GAUGE, "Elements or bytes of a key")
                .sample(size, "db", "db" + choice.database, "key", key);
    }

    private static void stream(Exposition out, Choice choice, String key) {
        String[] labels = {"db", "db" + choice.database, "stream", key};
        Map<String, Reply> stream = choice.store.call("XINFO", "STREAM", key).map();
        number(out, "redis_stream_length", stream, "length", labels);
        number(out, "redis_stream_radix_tree_keys", stream, "radix-tree-keys", labels);
        number(out, "redis_stream_radix_tree_nodes", stream, "radix-tree-nodes", labels);
        number(out, "redis_stream_groups", stream, "groups", labels);
        Reply added = stream.get("entries-added");
        if (added != null) {
            out.family("redis_stream_entries_added_total", "counter", "XINFO: entries-added")
                    .sample(added.number(), labels);
        }
        moment(out, "redis_stream_last_generated_id", stream.get("last-generated-id"), labels);
        moment(out, "redis_stream_max_deleted_entry_id", stream.get("max-deleted-entry-id"), labels);
        moment(out, "redis_stream_first_entry_id", first(stream.get("first-entry")), labels);
        moment(out, "redis_stream_last_entry_id", first(stream.get("last-entry")), labels);
        choice.store.call("XINFO", "GROUPS", key).list().stream()
                .limit(MOST_GROUPS)
                .forEach(group -> {
                    group(out, choice, key, group.map());
                });
    }

    private static @Nullable Reply first(@Nullable Reply entry) {
        return entry == null || entry.isNull() ? null : entry.list().getFirst();
    }

    private static void group(Exposition out, Choice choice, String key, Map<String, Reply> group) {
        Reply name = group.get("name");
        if (name == null) {
            return;
        }
        String[] labels = {"db", "db" + choice.database, "stream", key, "group", name.text()};
        number(out, "redis_stream_group_consumers", group, "consumers", labels);
        number(out, "redis_stream_group_messages_pending", group, "pending", labels);
        number(out, "redis_stream_group_entries_read", group, "entries-read", labels);
        number(out, "redis_stream_group_lag", group, "lag", labels);
        moment(out, "redis_stream_group_last_delivered_id", group.get("last-delivered-id"), labels);
        choice.store.call("XINFO", "CONSUMERS", key, name.bytes()).list().stream()
                .limit(MOST_GROUPS)
                .map(Reply::map)
                .forEach(consumer -> {
                    Reply consumerName = consumer.get("name");
                    Reply pending = consumer.get("pending");
                    Reply idle = consumer.get("idle");
                    if (consumerName == null || pending == null || idle == null) {
                        return;
                    }
                    String[] more = {
                        labels[0],
                        labels[1],
                        labels[2],
                        labels[3],
                        labels[4],
                        labels[5],
                        "consumer",
                        consumerName.text()
                    };
                    out.family("redis_stream_group_consumer_messages_pending", GAUGE, "XINFO: pending")
                            .sample(pending.number(), more);
                    out.family("redis_stream_group_consumer_idle_seconds", GAUGE, "XINFO: idle")
                            .sample(idle.number() / 1e3, more);
                });
    }

    private static void number(Exposition out, String name, Map<String, Reply> from, String field, String... labels) {
        Reply value = from.get(field);
        if (value != null && !value.isNull()) {
            out.family(name, GAUGE, "XINFO: " + field).sample(value.number(), labels);
        }
    }

    /** The milliseconds of an entry's id. */
    private static void moment(Exposition out, String name, @Nullable Reply id, String... labels) {
        if (id != null && !id.isNull()) {
            String text = new String(id.bytes(), StandardCharsets.UTF_8).toLowerCase(Locale.ROOT);
            int dash = text.indexOf('-');
            out.family(name, GAUGE, "XINFO: the milliseconds of an entry's id")
                    .sample(Double.parseDouble(dash < 0 ? text : text.substring(0, dash)), labels);
        }
    }
}
