package dev.holdfast.toolkit.store;

import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.cluster.pubsub.StatefulRedisClusterPubSubConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A Valkey Cluster. Its topology is asked for every half minute, and whenever an answer says that it has changed. */
final class ClusterConnector implements Connector {
    private final String description;
    private final RedisClusterClient client;

    ClusterConnector(List<RedisURI> seeds, @Nullable Path ca, String description) {
        this.description = description;
        this.client = RedisClusterClient.create(seeds);
        client.setOptions(LettuceOptions.cluster(ca));
    }

    /** A connection that has reached every primary: commands are refused, not kept, while a node's connection is being made. */
    @Override
    public StatefulConnection<byte[], byte[]> connect() {
        learnTopology();
        StatefulRedisClusterConnection<byte[], byte[]> connection =
                Connector.await(client.connectAsync(ByteArrayCodec.INSTANCE), description);
        try {
            primaries(connection);
        } catch (RuntimeException e) {
            connection.closeAsync();
            throw Connector.unreachable(description, e);
        }
        return connection;
    }

    @Override
    public StatefulRedisPubSubConnection<byte[], byte[]> connectPubSub(boolean sharded) {
        learnTopology();
        StatefulRedisClusterPubSubConnection<byte[], byte[]> connection =
                Connector.await(client.connectPubSubAsync(ByteArrayCodec.INSTANCE), description);
        connection.setNodeMessagePropagation(true);
        if (sharded) {
            // Commands are refused, not kept, while a node's connection is being made.
            try {
                for (RedisClusterNode node : connection.getPartitions()) {
                    connection.getConnection(
                            node.getUri().getHost(), node.getUri().getPort());
                }
            } catch (RuntimeException e) {
                connection.closeAsync();
                throw Connector.unreachable(description, e);
            }
        }
        return connection;
    }

    /** Asks for the topology unless it is known. */
    private void learnTopology() {
        try {
            client.getPartitions();
        } catch (RuntimeException e) {
            throw Connector.unreachable(description, e);
        }
    }

    @Override
    public List<StatefulRedisConnection<byte[], byte[]>> primaries(StatefulConnection<byte[], byte[]> connection) {
        StatefulRedisClusterConnection<byte[], byte[]> cluster =
                (StatefulRedisClusterConnection<byte[], byte[]>) connection;
        List<StatefulRedisConnection<byte[], byte[]>> primaries = new ArrayList<>();
        for (RedisClusterNode node : cluster.getPartitions()) {
            if (node.getRole().isUpstream() && !node.getSlots().isEmpty()) {
                // Commands are sent over the connections that are known by host and port, not by the node's id.
                RedisURI uri = node.getUri();
                primaries.add(cluster.getConnection(uri.getHost(), uri.getPort()));
            }
        }
        return primaries;
    }

    @Override
    public RedisClusterClient client() {
        return client;
    }

    @Override
    public boolean isCluster() {
        return true;
    }
}
