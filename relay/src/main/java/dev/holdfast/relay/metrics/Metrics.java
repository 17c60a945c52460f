package dev.holdfast.relay.metrics;

import dev.holdfast.relay.http.Request;
import dev.holdfast.relay.http.Response;
import dev.holdfast.server.Program;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import io.micrometer.core.instrument.MeterRegistry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers scrapes: the store's figures, the sizes of chosen keys, the program's meters. Scrapes run one after the other, so that
 * many at once cost no more than one.
 */
public final class Metrics {
    private static final Logger LOG = LoggerFactory.getLogger(Metrics.class);
    private static final String GAUGE = "gauge";
    private static final String COUNTER = "counter";

    private final Store store;
    private final KeyMetrics keys;
    private final MeterRegistry meters;
    private long scrapes;
    private long failures;
    private double seconds;

    public Metrics(Store store, KeyMetrics keys, MeterRegistry meters) {
        this.store = store;
        this.keys = keys;
        this.meters = meters;
    }

    /** Answers {@code GET /metrics}. */
    public Response scrape(Request request) {
        return Response.text(200, Exposition.CONTENT_TYPE, scrape());
    }

    /** All metrics as text. */
    public synchronized String scrape() {
        long begin = System.nanoTime();
        scrapes++;
        Exposition out = new Exposition();
        String error = "";
        double ping = 0;
        try {
            store.call("PING");
            ping = since(begin);
        } catch (StoreException e) {
            LOG.debug("The store does not answer PING", e);
        }
        try {
            new StoreMetrics(store, out).write();
            out.single("redis_up", GAUGE, "Whether the store answered", 1);
            keys.write(out);
        } catch (StoreException | IllegalStateException e) {
            LOG.warn("The store could not be asked for its figures: {}", e.toString());
            failures++;
            error = e.getClass().getSimpleName();
            out.single("redis_up", GAUGE, "Whether the store answered", 0);
        }
        MeterMetrics.write(meters, out);
        double took = since(begin);
        seconds += took;
        self(out, error, ping, took);
        return out.toString();
    }

    private void self(Exposition out, String error, double ping, double took) {
        out.family("redis_exporter_last_scrape_error", GAUGE, "Whether this scrape failed, and why")
                .sample(error.isEmpty() ? 0 : 1, "err", error);
        out.single("redis_exporter_last_scrape_duration_seconds", GAUGE, "How long this scrape took", took);
        out.single(
                "redis_exporter_last_scrape_connect_time_seconds",
                GAUGE,
                "0 in the same process: there is no connection",
                0);
        out.single("redis_exporter_last_scrape_ping_time_seconds", GAUGE, "How long PING took", ping);
        out.single("redis_exporter_scrapes_total", COUNTER, "Scrapes", scrapes);
        out.single(
                "redis_target_scrape_request_errors_total",
                COUNTER,
                "Scrapes for which the store did not answer",
                failures);
        out.family("redis_exporter_scrape_duration_seconds", "summary", "How long scrapes took")
                .suffixed("_sum", seconds)
                .suffixed("_count", scrapes);
        out.family("redis_exporter_build_info", GAUGE, "What writes these metrics")
                .sample(1, "version", Program.version(), "commit_sha", "", "build_date", "", "golang_version", "");
    }

    private static double since(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }
}
