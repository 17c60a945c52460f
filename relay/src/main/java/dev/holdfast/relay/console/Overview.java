package dev.holdfast.relay.console;

import dev.holdfast.relay.health.HealthPages;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Store;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Figures of the store: what changes by the second, and what it is and does as a whole. */
final class Overview {
    private static final int MOST_COMMANDS = 8;

    private final Store store;
    private final Databases databases;
    private final Findings findings;

    /** What was read at one moment. */
    record Moment(ServerLook look, Latencies latencies, long millis) {}

    Overview(Store store, Databases databases, HealthPages health) {
        this.store = store;
        this.databases = databases;
        this.findings = new Findings(store, health);
    }

    Moment look() {
        Latencies latencies;
        try {
            latencies = Latencies.of(store.call("LATENCY", "HISTOGRAM"));
        } catch (CommandFailedException e) {
            latencies = new Latencies(new TreeMap<>());
        }
        return new Moment(
                new ServerLook(InfoText.parse(store.call("INFO", "everything").text()), System.nanoTime()),
                latencies,
                System.currentTimeMillis());
    }

    /** The figures of the time between two moments; rates are per second, latencies in microseconds. */
    Map<String, @Nullable Object> sample(Moment before, Moment now) {
        ServerLook look = now.look();
        Latencies latencies = now.latencies().since(before.latencies());
        double hitRate = look.hitRate(before.look());
        Map<String, @Nullable Object> sample = new LinkedHashMap<>();
        sample.put("millis", now.millis());
        sample.put("commands", rounded(look.rate(before.look(), "total_commands_processed")));
        sample.put("hit_rate", Double.isNaN(hitRate) ? null : hitRate);
        sample.put("p50", latencies.percentile(0.5));
        sample.put("p99", latencies.percentile(0.99));
        sample.put("p999", latencies.percentile(0.999));
        sample.put("memory", look.whole("memory", "used_memory"));
        sample.put("resident", look.whole("memory", "used_memory_rss"));
        sample.put("clients", look.whole("clients", "connected_clients"));
        sample.put("blocked", look.whole("clients", "blocked_clients"));
        sample.put("in", rounded(look.rate(before.look(), "total_net_input_bytes")));
        sample.put("out", rounded(look.rate(before.look(), "total_net_output_bytes")));
        sample.put("expired", rounded(look.rate(before.look(), "expired_keys")));
        sample.put("evicted", rounded(look.rate(before.look(), "evicted_keys")));
        return sample;
    }

    private static long rounded(double rate) {
        return Math.max(0, Math.round(rate));
    }

    /** The commands that took the most time between two moments. */
    List<Map<String, Object>> commands(Moment before, Moment now) {
        List<ServerLook.Use> uses = now.look().uses(before.look());
        long all = Math.max(1, uses.stream().mapToLong(ServerLook.Use::micros).sum());
        double seconds = now.look().seconds(before.look());
        List<Map<String, Object>> commands = new ArrayList<>();
        for (ServerLook.Use use : uses.subList(0, Math.min(MOST_COMMANDS, uses.size()))) {
            commands.add(Map.of(
                    "command", use.command(),
                    "calls", use.calls() / seconds,
                    "micros", (double) use.micros() / use.calls(),
                    "share", (double) use.micros() / all));
        }
        return commands;
    }

    /** What the store is, and what needs attention. */
    Map<String, Object> page(Moment now) {
        ServerLook look = now.look();
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("findings", findings.of(look));
        boolean holdfast = look.text("server", "redis_build_id").equals("holdfast");
        page.put(
                "product",
                holdfast
                        ? "Holdfast"
                        : look.info().getOrDefault("server", Map.of()).containsKey("valkey_version")
                                ? "Valkey"
                                : "Redis");
        page.put("version", look.text("server", "redis_version"));
        page.put("uptime_seconds", look.whole("server", "uptime_in_seconds"));
        page.put("role", look.text("replication", "role").equals("slave") ? "replica" : "primary");
        page.put("replicas", look.whole("replication", "connected_slaves"));
        page.put("memory", look.whole("memory", "used_memory"));
        page.put("memory_peak", look.whole("memory", "used_memory_peak"));
        page.put("memory_limit", look.whole("memory", "maxmemory"));
        page.put("memory_policy", look.text("memory", "maxmemory_policy"));
        page.put("clients_limit", look.whole("clients", "maxclients"));
        page.put("clients", look.whole("clients", "connected_clients"));
        page.put("total_hits", look.whole("stats", "keyspace_hits"));
        page.put("total_misses", look.whole("stats", "keyspace_misses"));
        page.put("persistence", persistence(look));
        page.put("databases", databases(look));
        return page;
    }

    private static Map<String, Object> persistence(ServerLook look) {
        Map<String, Object> persistence = new LinkedHashMap<>();
        persistence.put("append_only_file", look.whole("persistence", "aof_enabled") == 1);
        persistence.put("last_snapshot_seconds", look.whole("persistence", "rdb_last_save_time"));
        persistence.put("changes_since_snapshot", look.whole("persistence", "rdb_changes_since_last_save"));
        persistence.put("loading", look.whole("persistence", "loading") == 1);
        return persistence;
    }

    private List<Map<String, Object>> databases(ServerLook look) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (int number : databases.used(look)) {
            Object figures = look.info().getOrDefault("keyspace", Map.of()).get("db" + number);
            Map<?, ?> known = figures instanceof Map<?, ?> map ? map : Map.of();
            all.add(Map.of("db", number, "keys", number(known, "keys"), "expiring", number(known, "expires")));
        }
        return all;
    }

    private static Object number(Map<?, ?> figures, String field) {
        return figures.get(field) instanceof Long number ? number : 0L;
    }
}
