package dev.holdfast.toolkit.store;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.net.SocketAddress;
import java.util.List;

/** Makes connections: to one server, or to a cluster of them. */
interface Connector extends AutoCloseable {
    /** A connection that carries commands to wherever their keys are. */
    StatefulConnection<byte[], byte[]> connect();

    /** A connection for subscriptions; {@code sharded} if these are to sharded channels. */
    StatefulRedisPubSubConnection<byte[], byte[]> connectPubSub(boolean sharded);

    /** For each primary the connection under {@code connection} that carries commands to it. */
    List<StatefulRedisConnection<byte[], byte[]>> primaries(StatefulConnection<byte[], byte[]> connection);

    /** What makes the connections. */
    AbstractRedisClient client();

    /** Has {@code action} run whenever any connection is made, or made again. It runs on an event loop and must not wait. */
    default void onConnect(Runnable action) {
        client().addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisConnected(RedisChannelHandler<?, ?> connection, SocketAddress address) {
                action.run();
            }
        });
    }

    boolean isCluster();

    @Override
    default void close() {
        client().shutdown(LettuceOptions.QUIET, LettuceOptions.SHUTDOWN);
    }
}
