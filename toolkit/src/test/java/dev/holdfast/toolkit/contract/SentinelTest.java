package dev.holdfast.toolkit.contract;

import static dev.holdfast.toolkit.contract.Contract.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.toolkit.store.Retry;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUri;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A store behind a real Sentinel, with a primary and a replica. */
class SentinelTest {
    private static final Retry PATIENT =
            new Retry(Duration.ofMillis(20), Duration.ofMillis(500), Duration.ofSeconds(90));

    @Test
    void aFailoverIsFollowed() throws Exception {
        try (RealServer primary = RealServer.start(false);
                RealServer replica = RealServer.start(false, "--replicaof", "127.0.0.1", "" + primary.port());
                Store direct = StoreUri.open("redis://127.0.0.1:" + replica.port())) {
            eventually(() -> direct.call("INFO", "replication").text().contains("master_link_status:up"));
            try (RealSentinel sentinel = RealSentinel.watching(primary);
                    Store watcher = StoreUri.open("redis://127.0.0.1:" + sentinel.port());
                    Store store = StoreUri.open(
                            "redis-sentinel://127.0.0.1:" + sentinel.port() + "#" + RealSentinel.PRIMARY)) {
                store.call("SET", "before", "1");
                eventually(() -> store.call("WAIT", 1, 1000).number() == 1);
                eventually(() -> !watcher.call("SENTINEL", "REPLICAS", RealSentinel.PRIMARY)
                        .list()
                        .isEmpty());
                primary.kill();
                PATIENT.idempotent(() -> store.call("SET", "after", "2"));
                assertEquals("1", store.call("GET", "before").text());
                assertEquals("2", direct.call("GET", "after").text(), "the replica is the primary now");
            }
        }
    }
}
