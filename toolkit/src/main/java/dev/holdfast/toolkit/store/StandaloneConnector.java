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
    private final RedisClient client;

    StandaloneConnector(RedisURI uri, @Nullable Path ca) {
        this.client = RedisClient.create(uri);
        client.setOptions(LettuceOptions.standalone(ca));
    }

    @Override
    public StatefulRedisConnection<byte[], byte[]> connect() {
        return client.connect(ByteArrayCodec.INSTANCE);
    }

    @Override
    public StatefulRedisPubSubConnection<byte[], byte[]> connectPubSub(boolean sharded) {
        return client.connectPubSub(ByteArrayCodec.INSTANCE);
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
