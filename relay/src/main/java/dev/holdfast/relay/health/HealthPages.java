package dev.holdfast.relay.health;

import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.relay.metrics.InfoFields;
import dev.holdfast.server.Program;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code /health} for those who restart what is dead, {@code /ready} for those who send traffic.
 *
 * <p>A store that loads its data is alive and not ready; so is one that refuses writes because it cannot save them, or because its
 * cluster or its primary is not there.
 */
public final class HealthPages {
    private static final String OK = "ok";

    private final Store store;

    public HealthPages(Store store) {
        this.store = store;
    }

    /**
     * Answers {@code GET /health}: status 200, or 503 if the store does not answer; {@code status} is {@code healthy},
     * {@code loading}, {@code degraded} where writes are refused, or {@code unhealthy}; the answer to PING, keys by database (0 and 8 always, others if there are any), clients.
     */
    public Response health(Request request) {
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("status", "healthy");
        page.put("timestamp", Instant.ofEpochMilli(System.currentTimeMillis()).toString());
        page.put("version", Program.version());
        try {
            page.put("ping", store.call("PING").text());
        } catch (CommandFailedException e) {
            // It answers, if only to say that it loads, or cannot save: to start it again would mend nothing.
            page.put("status", e.code().equals("LOADING") ? "loading" : "degraded");
            page.put("ping", e.code());
        } catch (StoreException e) {
            page.put("status", "unhealthy");
            page.put("ping", "the store cannot be reached");
            return Response.json(503, page);
        }
        InfoFields info =
                new InfoFields(store.call("INFO", "keyspace", "clients").text());
        Map<String, Long> databases = new TreeMap<>(Map.of("0", 0L, "8", 0L));
        info.each("db", (number, figures) -> databases.put(number, Long.valueOf(figures.getOrDefault("keys", "0"))));
        page.put("databases", databases);
        page.put(
                "clients",
                Map.of(
                        "connected", (long) info.number("connected_clients"),
                        "blocked", (long) info.number("blocked_clients"),
                        "most", (long) info.number("maxclients")));
        return Response.json(page);
    }

    /** Answers {@code GET /ready}: {@code {"ready": …, "checks": {…}}}, with status 503 if not. */
    public Response ready(Request request) {
        Map<String, String> checks = checks();
        boolean ready = checks.values().stream().allMatch(OK::equals);
        return Response.json(ready ? 200 : 503, Map.of("ready", ready, "checks", checks));
    }

    /** What was looked at, each with {@code ok} or what is wrong. */
    public Map<String, String> checks() {
        Map<String, String> checks = new LinkedHashMap<>();
        try {
            check(checks);
        } catch (StoreException e) {
            checks.put("storage", "the store cannot be reached");
        }
        return checks;
    }

    private void check(Map<String, String> checks) {
        InfoFields info = new InfoFields(
                store.call("INFO", "persistence", "replication", "cluster").text());
        checks.put("storage", OK);
        checks.put("loading", info.get("loading", "0").equals("0") ? OK : "the data is being loaded");
        checks.put("disk", disk(info));
        if (info.get("role", "").equals("slave")) {
            checks.put(
                    "primary",
                    info.get("master_link_status", "").equals("up") ? OK : "the link to the primary is down");
        }
        if (info.get("cluster_enabled", "0").equals("1")) {
            checks.put("cluster", cluster());
        }
    }

    /** What makes the store refuse writes with MISCONF. */
    private String disk(InfoFields info) {
        if (info.get("aof_last_write_status", OK).equals("err")) {
            return "the append-only file cannot be written";
        }
        boolean lastSaveFailed = info.get("rdb_last_bgsave_status", OK).equals("err");
        boolean refusesThen = store.call("CONFIG", "GET", "stop-writes-on-bgsave-error")
                .field("stop-writes-on-bgsave-error")
                .text()
                .equals("yes");
        boolean saves =
                !store.call("CONFIG", "GET", "save").field("save").text().isEmpty();
        return lastSaveFailed && refusesThen && saves ? "the last snapshot could not be written" : OK;
    }

    private String cluster() {
        try {
            return new InfoFields(store.call("CLUSTER", "INFO").text())
                            .get("cluster_state", "")
                            .equals(OK)
                    ? OK
                    : "the cluster does not serve";
        } catch (CommandFailedException e) {
            return "the cluster does not say whether it serves";
        }
    }
}
