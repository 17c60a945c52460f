package dev.holdfast.toolkit.store;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Makes connections: to one server, or to a cluster of them. */
interface Connector extends AutoCloseable {
    /**
     * A connection that carries commands to wherever their keys are.
     *
     * @throws StoreUnavailableException if there is none within five seconds
     */
    StatefulConnection<byte[], byte[]> connect();

    /** The same for subscriptions; {@code sharded} if these are to sharded channels. */
    StatefulRedisPubSubConnection<byte[], byte[]> connectPubSub(boolean sharded);

    /** Waits for a connection. One that comes too late for a thread that has given up is closed. */
    static <C extends StatefulConnection<byte[], byte[]>> C await(CompletionStage<C> connecting, String description) {
        CompletableFuture<C> made = connecting.toCompletableFuture();
        try {
            return made.get(LettuceOptions.CONNECT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw unreachable(description, e);
        } catch (TimeoutException e) {
            closeWhenMade(made);
            throw new StoreUnavailableException(
                    "could not connect to " + description + ": no answer within " + LettuceOptions.CONNECT.toMillis()
                            + " milliseconds",
                    e);
        } catch (InterruptedException e) {
            closeWhenMade(made);
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while connecting to " + description);
        }
    }

    private static void closeWhenMade(CompletableFuture<? extends StatefulConnection<byte[], byte[]>> made) {
        made.thenAccept(StatefulConnection::closeAsync);
    }

    /** What is thrown where no connection could be made, with the innermost reason. */
    static StoreUnavailableException unreachable(String description, Throwable thrown) {
        Throwable reason = thrown;
        while (reason.getCause() != null) {
            reason = reason.getCause();
        }
        return new StoreUnavailableException(
                "could not connect to " + description + ": " + reason.getMessage(), thrown);
    }

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
