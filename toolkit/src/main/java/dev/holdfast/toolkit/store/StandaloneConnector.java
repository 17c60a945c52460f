package dev.holdfast.toolkit.store;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One server; with Sentinel, whichever is the primary at the time a connection is made. */
final class StandaloneConnector implements Connector {
    private final RedisURI uri;
    private final String description;
    private final RedisClient client;

    StandaloneConnector(RedisURI uri, @Nullable Path ca, String description) {
        this.uri = uri;
        this.description = description;
        this.client = RedisClient.create(uri);
        client.setOptions(LettuceOptions.standalone(ca));
    }

    @Override
    public StatefulRedisConnection<byte[], byte[]> connect() {
        return Connector.await(client.connectAsync(ByteArrayCodec.INSTANCE, uri), description);
    }

    @Override
    public StatefulRedisPubSubConnection<byte[], byte[]> connectPubSub(boolean sharded) {
        return Connector.await(client.connectPubSubAsync(ByteArrayCodec.INSTANCE, uri), description);
    }

    @Override
    public List<StatefulRedisConnection<byte[], byte[]>> primaries(StatefulConnection<byte[], byte[]> connection) {
        return List.of((StatefulRedisConnection<byte[], byte[]>) connection);
    }

    @Override
    public RedisClient client() {
        return client;
    }

    @Override
    public boolean isCluster() {
        return false;
    }
}
