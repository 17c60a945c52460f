package dev.holdfast.relay.metrics;

import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The store's figures under the names that redis_exporter gives them, so that its dashboards and alerts work, and those of the
 * same figures that people write from memory. They are read from INFO, CONFIG, SLOWLOG, COMMANDLOG and LATENCY, as an exporter
 * outside would read them, so what is shown here and what an operator sees in a client are the same.
 */
final class StoreMetrics {
    private static final String GAUGE = "gauge";
    private static final String COUNTER = "counter";

    /** Metrics that are one field of INFO. */
    private static final List<InfoMetric> FROM_INFO = read();

    private record InfoMetric(String name, String type, String field, double factor) {}

    private static List<InfoMetric> read() {
        InputStream table = Objects.requireNonNull(StoreMetrics.class.getResourceAsStream("info-metrics.tsv"));
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(table, StandardCharsets.UTF_8))) {
            return reader.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\t"))
                    .map(cells -> new InfoMetric(cells[0], cells[1], cells[2], Double.parseDouble(cells[3])))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final Store store;
    private final Exposition out;

    StoreMetrics(Store store, Exposition out) {
        this.store = store;
        this.out = out;
    }

    /** Writes all of them, but for those of single keys. */
    void write() {
        InfoFields info = new InfoFields(store.call("INFO", "everything").text());
        for (InfoMetric metric : FROM_INFO) {
            double value = info.number(metric.field) * metric.factor;
            if (!Double.isNaN(value)) {
                out.single(metric.name, metric.type, "INFO: " + metric.field, value);
            }
        }
        derived(info);
        instance(info);
        replication(info);
        databases(info);
        commands(info);
        latencyHistograms();
        spikes();
        configuration();
        logs();
        if (info.get("cluster_enabled", "0").equals("1")) {
            cluster();
        }
    }

    // ---- from INFO ----

    private void derived(InfoFields info) {
        long now = store.millis() / 1000;
        out.single(
                "redis_start_time_seconds",
                GAUGE,
                "When the store was opened, in seconds since 1970",
                now - info.number("uptime_in_seconds"));
        double hits = info.number("keyspace_hits");
        double misses = info.number("keyspace_misses");
        if (hits + misses > 0) {
            out.single(
                    "redis_hit_rate",
                    GAUGE,
                    "keyspace_hits / (keyspace_hits + keyspace_misses)",
                    hits / (hits + misses));
        }
        out.single(
                "redis_client_longest_output_list",
                GAUGE,
                "Buffers of the client with the most to send",
                info.number("client_recent_max_output_buffer") > 0 ? 1 : 0);
        out.single("redis_aof_rewrite_buffer_length", GAUGE, "Always 0: a rewrite needs no buffer of its own", 0);
        info.each(
                "used_active_time_io_thread_",
                (thread, parts) -> out.family(
                                "redis_active_time_io_thread_seconds_total",
                                COUNTER,
                                "INFO: used_active_time_io_thread")
                        .sample(info.number("used_active_time_io_thread_" + thread), "thread", thread));
    }

    private void instance(InfoFields info) {
        out.family("redis_instance_info", GAUGE, "What the store is")
                .sample(
                        1,
                        "role",
                        info.get("role", ""),
                        "redis_version",
                        info.get("redis_version", ""),
                        "redis_build_id",
                        info.get("redis_build_id", ""),
                        "redis_mode",
                        info.get("redis_mode", info.get("server_mode", "")),
                        "os",
                        info.get("os", ""),
                        "maxmemory_policy",
                        info.get("maxmemory_policy", ""),
                        "tcp_port",
                        info.get("tcp_port", ""),
                        "run_id",
                        info.get("run_id", ""),
                        "process_id",
                        info.get("process_id", ""),
                        "master_replid",
                        info.get("master_replid", ""),
                        "valkey_version",
                        info.get("valkey_version", ""),
                        "valkey_release_stage",
                        info.get("valkey_release_stage", ""));
    }

    private void replication(InfoFields info) {
        if (info.get("role", "").equals("slave")) {
            String[] primary = {"master_host", info.get("master_host", ""), "master_port", info.get("master_port", "")};
            out.family("redis_slave_info", GAUGE, "That this is a replica, and whose")
                    .sample(
                            1,
                            primary[0],
                            primary[1],
                            primary[2],
                            primary[3],
                            "read_only",
                            info.get("slave_read_only", ""));
            out.family("redis_master_link_up", GAUGE, "INFO: master_link_status")
                    .sample(info.get("master_link_status", "").equals("up") ? 1 : 0, primary);
            for (String field : List.of("master_last_io_seconds_ago", "master_sync_in_progress", "slave_repl_offset")) {
                out.family("redis_" + field, GAUGE, "INFO: " + field).sample(info.number(field), primary);
            }
            out.single("redis_slave_priority", GAUGE, "INFO: slave_priority", info.number("slave_priority"));
        }
        info.each("slave", (number, replica) -> {
            if (replica.containsKey("ip")) {
                String[] labels = {
                    "slave_ip",
                    replica.getOrDefault("ip", ""),
                    "slave_port",
                    replica.getOrDefault("port", ""),
                    "slave_state",
                    replica.getOrDefault("state", "")
                };
                out.family("redis_connected_slave_offset_bytes", GAUGE, "How far the replica is")
                        .sample(part(replica, "offset"), labels);
                out.family("redis_connected_slave_lag_seconds", GAUGE, "Since when the replica has not been heard of")
                        .sample(part(replica, "lag"), labels);
            }
        });
    }

    private static double part(Map<String, String> parts, String name) {
        return InfoFields.number(name, parts.getOrDefault(name, "0"));
    }

    private void databases(InfoFields info) {
        int count = (int) config("databases").number();
        for (int i = 0; i < count; i++) {
            String name = "db" + i;
            Map<String, String> figures = InfoFields.parts(info.get(name, ""));
            out.family("redis_db_keys", GAUGE, "Keys of the database").sample(part(figures, "keys"), "db", name);
            out.family("redis_db_keys_expiring", GAUGE, "Keys with an expiry")
                    .sample(part(figures, "expires"), "db", name);
            out.family("redis_db_avg_ttl_seconds", GAUGE, "How long keys with an expiry have left, on average")
                    .sample(part(figures, "avg_ttl") / 1000, "db", name);
            out.family("redis_db_keys_with_expiring_items", GAUGE, "Keys of which parts have an expiry")
                    .sample(part(figures, "keys_with_volatile_items"), "db", name);
        }
    }

    private void commands(InfoFields info) {
        info.each("cmdstat_", (command, figures) -> {
            out.family("redis_commands_total", COUNTER, "Calls").sample(part(figures, "calls"), "cmd", command);
            out.family("redis_command_calls_total", COUNTER, "Calls: the same as redis_commands_total")
                    .sample(part(figures, "calls"), "cmd", command);
            out.family("redis_commands_duration_seconds_total", COUNTER, "Time spent in calls")
                    .sample(part(figures, "usec") / 1e6, "cmd", command);
            out.family("redis_commands_rejected_calls_total", COUNTER, "Calls that were refused")
                    .sample(part(figures, "rejected_calls"), "cmd", command);
            out.family("redis_commands_failed_calls_total", COUNTER, "Calls that failed")
                    .sample(part(figures, "failed_calls"), "cmd", command);
        });
        info.each("latency_percentiles_usec_", (command, percentiles) -> {
            Exposition.Family family =
                    out.family("redis_latency_percentiles_usec", "summary", "Microseconds that calls took");
            percentiles.forEach((percentile, micros) -> family.sample(
                    InfoFields.number(percentile, micros), "cmd", command, "quantile", percentile.substring(1)));
            Map<String, String> figures = InfoFields.parts(info.get("cmdstat_" + command, ""));
            family.suffixed("_sum", part(figures, "usec"), "cmd", command);
            family.suffixed("_count", part(figures, "calls"), "cmd", command);
        });
        info.each(
                "errorstat_",
                (error, figures) -> out.family("redis_errors_total", COUNTER, "Errors answered, by their code")
                        .sample(part(figures, "count"), "err", error));
    }

    // ---- from other commands ----

    private void latencyHistograms() {
        Exposition.Family family =
                out.family("redis_commands_latencies_usec", "histogram", "Microseconds that calls took");
        store.call("LATENCY", "HISTOGRAM").map().forEach((command, answer) -> {
            Map<String, Reply> figures = answer.map();
            long calls = Objects.requireNonNull(figures.get("calls")).number();
            long sum = 0;
            long last = 0;
            for (Map.Entry<String, Reply> bucket :
                    Objects.requireNonNull(figures.get("histogram_usec")).map().entrySet()) {
                long upTo = Long.parseLong(bucket.getKey());
                long count = bucket.getValue().number();
                family.suffixed("_bucket", count, "cmd", command, "le", Long.toString(upTo));
                sum += (count - last) * upTo;
                last = count;
            }
            family.suffixed("_bucket", calls, "cmd", command, "le", "+Inf");
            family.suffixed("_sum", sum, "cmd", command);
            family.suffixed("_count", calls, "cmd", command);
        });
    }

    private void spikes() {
        Exposition.Family last =
                out.family("redis_latency_spike_last", GAUGE, "When an event was last slow, in seconds since 1970");
        Exposition.Family duration =
                out.family("redis_latency_spike_duration_seconds", GAUGE, "How long the event took then");
        for (Reply event : store.call("LATENCY", "LATEST").list()) {
            List<Reply> figures = event.list();
            last.sample(figures.get(1).number(), "event_name", figures.get(0).text());
            duration.sample(
                    figures.get(2).number() / 1e3, "event_name", figures.get(0).text());
        }
    }

    private Reply config(String name) {
        return store.call("CONFIG", "GET", name).field(name);
    }

    private void configuration() {
        for (String name : List.of("io-threads", "maxclients", "maxmemory", "repl-backlog-size")) {
            out.single(
                    "redis_config_" + name.replace('-', '_'),
                    GAUGE,
                    "CONFIG GET " + name,
                    config(name).number());
        }
        for (String name : List.of(
                "execution-slower-than",
                "slow-execution-max-len",
                "request-larger-than",
                "large-request-max-len",
                "reply-larger-than",
                "large-reply-max-len")) {
            out.single(
                    "redis_commandlog_" + name.replace('-', '_'),
                    GAUGE,
                    "CONFIG GET commandlog-" + name,
                    config("commandlog-" + name).number());
        }
        String[] limits = config("client-output-buffer-limit").text().split(" ");
        Exposition.Family bytes =
                out.family("redis_config_client_output_buffer_limit_bytes", GAUGE, "Bytes that may wait for a client");
        Exposition.Family seconds = out.family(
                "redis_config_client_output_buffer_limit_overcome_seconds",
                GAUGE,
                "How long the soft limit may be passed");
        for (int i = 0; i + 3 < limits.length; i += 4) {
            bytes.sample(InfoFields.number("hard", limits[i + 1]), "class", limits[i], "limit", "hard");
            bytes.sample(InfoFields.number("soft", limits[i + 2]), "class", limits[i], "limit", "soft");
            seconds.sample(InfoFields.number("soft", limits[i + 3]), "class", limits[i], "limit", "soft");
        }
    }

    private void logs() {
        out.single(
                "redis_slowlog_length",
                GAUGE,
                "SLOWLOG LEN",
                store.call("SLOWLOG", "LEN").number());
        List<Reply> slowest = store.call("SLOWLOG", "GET", 1).list();
        List<Reply> latest = slowest.isEmpty() ? List.of() : slowest.getFirst().list();
        out.single(
                "redis_slowlog_last_id",
                GAUGE,
                "The number of the last slow command",
                latest.isEmpty() ? 0 : latest.get(0).number());
        out.single(
                "redis_last_slow_execution_duration_seconds",
                GAUGE,
                "How long the last slow command took",
                latest.isEmpty() ? 0 : latest.get(2).number() / 1e6);
        for (String kind : List.of("slow", "large-request", "large-reply")) {
            out.single(
                    "redis_commandlog_" + kind.replace('-', '_') + "_length",
                    GAUGE,
                    "COMMANDLOG LEN " + kind,
                    store.call("COMMANDLOG", "LEN", kind).number());
        }
    }

    private void cluster() {
        try {
            InfoFields cluster = new InfoFields(store.call("CLUSTER", "INFO").text());
            out.single("redis_cluster_state", GAUGE, "Whether the cluster serves", cluster.number("cluster_state"));
            for (String field : List.of(
                    "cluster_slots_assigned",
                    "cluster_slots_ok",
                    "cluster_slots_pfail",
                    "cluster_slots_fail",
                    "cluster_known_nodes",
                    "cluster_size",
                    "cluster_current_epoch",
                    "cluster_my_epoch")) {
                out.single("redis_" + field, GAUGE, "CLUSTER INFO: " + field, cluster.number(field));
            }
            for (String direction : List.of("sent", "received")) {
                out.single(
                        "redis_cluster_messages_" + direction + "_total",
                        GAUGE,
                        "CLUSTER INFO: cluster_stats_messages_" + direction,
                        InfoFields.number("", cluster.get("cluster_stats_messages_" + direction, "0")));
            }
        } catch (CommandFailedException e) {
            out.single("redis_cluster_state", GAUGE, "Whether the cluster serves", 0);
        }
    }
}
