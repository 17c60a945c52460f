package dev.holdfast.toolkit.contract;

import dev.holdfast.toolkit.store.HashTag;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUri;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;

/** A real cluster of three primaries without replicas. */
final class RealCluster implements AutoCloseable {
    private static final int NODES = 3;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<RealServer> servers = new ArrayList<>();

    private RealCluster() {}

    static RealCluster start() {
        RealCluster cluster = new RealCluster();
        for (int i = 0; i < NODES; i++) {
            cluster.servers.add(RealServer.start(true));
        }
        cluster.join();
        return cluster;
    }

    private void join() {
        List<Store> nodes =
                servers.stream().map(server -> StoreUri.open(uri(server))).toList();
        try {
            for (int i = 0; i < NODES; i++) {
                Store node = nodes.get(i);
                int first = HashTag.SLOTS * i / NODES;
                int last = HashTag.SLOTS * (i + 1) / NODES - 1;
                node.call("CLUSTER", "ADDSLOTSRANGE", first, last);
                node.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1);
                RealServer met = servers.getFirst();
                node.call("CLUSTER", "MEET", "127.0.0.1", met.port(), met.busPort());
            }
            Awaitility.await()
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> nodes.stream().allMatch(RealCluster::isComplete));
        } finally {
            nodes.forEach(Store::close);
        }
    }

    private static boolean isComplete(Store node) {
        String info = node.call("CLUSTER", "INFO").text();
        return info.contains("cluster_state:ok")
                && info.contains("cluster_known_nodes:" + NODES)
                && info.contains("cluster_size:" + NODES);
    }

    private static String uri(RealServer server) {
        return "redis://127.0.0.1:" + server.port();
    }

    /** The URI of the cluster. */
    String uri() {
        return servers.stream()
                .map(server -> "127.0.0.1:" + server.port())
                .collect(Collectors.joining(",", "redis-cluster://", ""));
    }

    @Override
    public void close() {
        servers.forEach(RealServer::close);
    }
}
