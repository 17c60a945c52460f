package dev.holdfast.spring;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails.Node;
import org.springframework.boot.ssl.SslBundle;

/**
 * Where Spring Data has its store, as the toolkit's URI.
 *
 * @param uri see {@link dev.holdfast.toolkit.store.StoreUri}
 */
record StoreAddress(String uri) {
    /** @throws IllegalStateException if the URI could not say it */
    static StoreAddress of(DataRedisConnectionDetails details) {
        String tls = isEncrypted(details.getSslBundle()) ? "s" : "";
        String user = user(details.getUsername(), details.getPassword());
        DataRedisConnectionDetails.Sentinel sentinel = details.getSentinel();
        if (sentinel != null) {
            return new StoreAddress("redis%s-sentinel://%s%s/%d#%s"
                    .formatted(tls, user, hosts(sentinel.getNodes()), sentinel.getDatabase(), sentinel.getMaster()));
        }
        DataRedisConnectionDetails.Cluster cluster = details.getCluster();
        if (cluster != null) {
            return new StoreAddress("redis" + tls + "-cluster://" + user + hosts(cluster.getNodes()));
        }
        DataRedisConnectionDetails.Standalone server = details.getStandalone();
        if (server == null || details.getMasterReplica() != null) {
            throw new IllegalStateException("Holdfast finds no single server in spring.data.redis: set holdfast.uri");
        }
        return new StoreAddress("redis%s://%s%s/%d"
                .formatted(tls, user, host(server.getHost(), server.getPort()), server.getDatabase()));
    }

    private static boolean isEncrypted(@Nullable SslBundle bundle) {
        if (bundle != null
                && (bundle.getStores().getTrustStore() != null
                        || bundle.getStores().getKeyStore() != null)) {
            throw new IllegalStateException("Holdfast cannot use the certificates of spring.data.redis.ssl.bundle:"
                    + " set holdfast.uri to rediss://HOST:PORT?ca=FILE");
        }
        return bundle != null;
    }

    private static String user(@Nullable String name, @Nullable String password) {
        if (password == null || password.isEmpty()) {
            return "";
        }
        return encoded(name == null ? "" : name) + ":" + encoded(password) + "@";
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static String hosts(List<Node> nodes) {
        return nodes.stream().map(node -> host(node.host(), node.port())).collect(Collectors.joining(","));
    }

    private static String host(String name, int port) {
        return (name.contains(":") && !name.startsWith("[") ? "[" + name + "]" : name) + ":" + port;
    }
}
