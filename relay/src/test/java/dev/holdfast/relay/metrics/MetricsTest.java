package dev.holdfast.relay.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.relay.HttpFace;
import dev.holdfast.server.Endpoint;
import dev.holdfast.toolkit.Toolkit;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every metric that dashboards and alerts for redis_exporter ask for is there, with its type and labels. */
class MetricsTest {
    /** Names of the default set that a store without replicas has not, and why. */
    private static final Set<String> ONLY_REPLICAS = Set.of(
            "redis_slave_info",
            "redis_master_link_up",
            "redis_master_last_io_seconds_ago",
            "redis_master_sync_in_progress",
            "redis_slave_repl_offset",
            "redis_slave_priority",
            "redis_connected_slave_offset_bytes",
            "redis_connected_slave_lag_seconds");

    /** KeyDB alone has such a figure; and the process counts its processor time, not that of each thread. */
    private static final Set<String> OTHERS =
            Set.of("redis_db_keys_cached", "redis_active_time_io_thread_seconds_total");

    private static final Set<String> ONLY_CLUSTERS =
            Set.of("redis_cluster_messages_sent_total", "redis_cluster_messages_received_total");

    private static final Path OPS = Path.of("..", "ops");

    @TempDir
    Path directory;

    private record Expected(String name, String type, Set<String> labels, String when) {}

    private static List<Expected> expected() throws IOException {
        try (InputStream table =
                Objects.requireNonNull(MetricsTest.class.getResourceAsStream("exporter-metrics.tsv"))) {
            return new String(table.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\t", -1))
                    .map(cells -> new Expected(
                            cells[0],
                            cells[1],
                            cells[2].isEmpty() ? Set.of() : new TreeSet<>(List.of(cells[2].split(","))),
                            cells[3]))
                    .toList();
        }
    }

    private static Config config(String... namesAndValues) throws Exception {
        Config config = new Config();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            config.set(namesAndValues[i], namesAndValues[i + 1]);
        }
        return config;
    }

    /** A scrape over HTTP of a store at which everything has happened that leaves a figure behind. */
    private static Scrape scrape(Holdfast store) throws Exception {
        store.call("SET", "a", "1");
        store.call("GET", "a");
        store.call("GET", "none");
        store.call("RPUSH", "queue:high", "1", "2", "3");
        store.call("XADD", "events", "*", "field", "value");
        store.call("XGROUP", "CREATE", "events", "group\"\\\nname", "0");
        store.call("XREADGROUP", "GROUP", "group\"\\\nname", "worker", "STREAMS", "events", ">");
        store.call("CONFIG", "SET", "latency-monitor-threshold", "1", "slowlog-log-slower-than", "0");
        store.call("DEBUG", "SLEEP", "0.02");
        assertThrows(Exception.class, () -> store.call("LPUSH", "a", "1"));
        try (Toolkit toolkit = Toolkit.over(store);
                HttpFace face = HttpFace.over(toolkit)
                        .metricsKeys(List.of("queue:high", "queue:dead-letter", "ev*"))
                        .build();
                HttpClient client = HttpClient.newHttpClient()) {
            toolkit.cache("users", String.class).build().get("x", key -> "y");
            int port = face.serveMetrics(
                    accept -> Endpoint.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), accept));
            URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
            client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            HttpResponse<String> answer =
                    client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            assertEquals(200, answer.statusCode());
            assertEquals(
                    "text/plain; version=0.0.4; charset=utf-8",
                    answer.headers().firstValue("content-type").orElseThrow());
            return new Scrape(answer.body());
        }
    }

    private void check(Scrape scrape, Set<String> absent, Set<String> kinds) throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Expected metric : expected()) {
            if (!kinds.contains(metric.when) || absent.contains(metric.name)) {
                continue;
            }
            if (!scrape.types.containsKey(metric.name)) {
                wrong.add("missing: " + metric.name);
            } else if (!metric.type.equals(scrape.types.get(metric.name))) {
                wrong.add(metric.name + " is a " + scrape.types.get(metric.name));
            } else if (!metric.labels.equals(scrape.labels.getOrDefault(metric.name, Set.of()))) {
                wrong.add(metric.name + " has the labels " + scrape.labels.get(metric.name) + ", not " + metric.labels);
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void everyDefaultNameIsThere() throws Exception {
        Config config = config("appendonly", "yes", "enable-debug-command", "yes", "maxmemory", "1gb");
        try (Holdfast store = Holdfast.open(directory, config)) {
            Scrape scrape = scrape(store);
            Set<String> absent = new TreeSet<>(ONLY_REPLICAS);
            absent.addAll(OTHERS);
            absent.addAll(ONLY_CLUSTERS);
            absent.addAll(Set.of("redis_key_value", "redis_key_value_as_string"));
            // Zero seconds until a certificate ends, where there is none, would ring alarms.
            absent.addAll(Set.of(
                    "redis_tls_server_cert_expires_in_seconds",
                    "redis_tls_client_cert_expires_in_seconds",
                    "redis_tls_ca_cert_expires_in_seconds"));
            check(
                    scrape,
                    absent,
                    Set.of(
                            "default",
                            "OURS",
                            "after v1.88",
                            "--include-system-metrics",
                            "--ping-on-connect",
                            "--check-streams",
                            "--check-keys / --check-single-keys"));
            assertEquals(3, scrape.value("redis_list_length{list=\"queue:high\"}"));
            assertEquals(0, scrape.value("redis_list_length{list=\"queue:dead-letter\"}"));
            assertEquals(3, scrape.value("redis_key_size{db=\"db0\",key=\"queue:high\"}"));
            assertEquals(1, scrape.value("redis_stream_length{db=\"db0\",stream=\"events\"}"));
            assertEquals(
                    1,
                    scrape.value("redis_stream_group_messages_pending{db=\"db0\",stream=\"events\","
                            + "group=\"group\\\"\\\\\\nname\"}"));
            assertEquals(1L << 30, scrape.value("redis_memory_max_bytes"));
            assertEquals(1, scrape.value("redis_up"));
            assertEquals(0, scrape.value("redis_db_keys{db=\"db15\"}"));
            assertEquals(1, scrape.value("redis_errors_total{err=\"WRONGTYPE\"}"));
            assertTrue(
                    scrape.has("holdfast_cache_gets_total"),
                    () -> scrape.types.keySet().toString());
            assertTrue(scrape.has("holdfast_http_requests_seconds_count"));
            checkOps(scrape);
        }
    }

    @Test
    void aClusterHasItsOwn() throws Exception {
        try (Holdfast store = Holdfast.open(config("cluster-enabled", "yes", "enable-debug-command", "yes"))) {
            Scrape scrape = scrape(store);
            check(scrape, Set.of(), Set.of("cluster mode"));
            assertEquals(1, scrape.value("redis_cluster_state"));
            assertTrue(scrape.has("redis_cluster_messages_sent_total"));
        }
    }

    @Test
    void aRatioIsLeftOutBeforeThereIsOne() {
        try (Holdfast store = Holdfast.open();
                Toolkit toolkit = Toolkit.over(store)) {
            Metrics metrics = new Metrics(
                    toolkit.store(),
                    new KeyMetrics(List.of(), database -> toolkit.store()),
                    toolkit.context().meters());
            assertFalse(new Scrape(metrics.scrape()).has("redis_hit_rate"));
            store.call("GET", "none");
            assertEquals(0, new Scrape(metrics.scrape()).value("redis_hit_rate"));
        }
    }

    /** A scrape with many keys shows a bounded number of them, and says that there are more. */
    @Test
    void keysHaveABudget() {
        try (Holdfast store = Holdfast.open();
                Toolkit toolkit = Toolkit.over(store)) {
            for (int i = 0; i < 5000; i++) {
                store.call("RPUSH", "list:" + i, "x");
            }
            Metrics metrics = new Metrics(
                    toolkit.store(),
                    new KeyMetrics(List.of("list:*"), database -> toolkit.store()),
                    toolkit.context().meters());
            Scrape scrape = new Scrape(metrics.scrape());
            while (!scrape.has("redis_list_length")) {
                scrape = new Scrape(metrics.scrape());
            }
            assertTrue(scrape.samples.keySet().stream()
                            .filter(name -> name.startsWith("redis_list_length"))
                            .count()
                    <= 1000);
            assertTrue(scrape.value("holdfast_metrics_keys_left_out") >= 1);
        }
    }

    @Test
    void aStoreThatIsClosedIsDown() {
        Holdfast store = Holdfast.open();
        try (Toolkit toolkit = Toolkit.over(store)) {
            Metrics metrics = new Metrics(
                    toolkit.store(),
                    new KeyMetrics(List.of(), database -> toolkit.store()),
                    toolkit.context().meters());
            store.close();
            assertEquals(0, new Scrape(metrics.scrape()).value("redis_up"));
        }
    }

    /** What the alerts and the dashboard ask for exists. */
    private static void checkOps(Scrape scrape) throws IOException {
        Pattern name = Pattern.compile("\\b(?:redis|holdfast)_[a-z0-9_]+");
        Set<String> asked = new TreeSet<>();
        String rules = Files.readString(OPS.resolve("prometheus/holdfast.rules.yml"));
        String dashboard = Files.readString(OPS.resolve("grafana/holdfast.json"));
        for (String text : List.of(rules, dashboard)) {
            Matcher matcher = name.matcher(text);
            while (matcher.find()) {
                asked.add(matcher.group());
            }
        }
        assertTrue(asked.size() > 40, asked::toString);
        Stream<String> missing = asked.stream()
                .filter(each -> !scrape.has(each))
                // A store that is no cluster has no state of one.
                .filter(each -> !each.equals("redis_cluster_state"));
        assertEquals(List.of(), missing.toList());
    }
}
