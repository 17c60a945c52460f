package dev.holdfast.toolkit.store;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subscription on a connection of its own. Lettuce connects again after a loss and subscribes again before it says so; the
 * listener then hears of the gap. A PING every 15 seconds keeps the connection from going silent unnoticed: while one is not answered
 * the subscription is not active.
 */
final class RemoteSubscription implements Subscription {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteSubscription.class);
    private static final long PING_SECONDS = 15;

    private final StatefulRedisPubSubConnection<byte[], byte[]> connection;
    private final Mailbox mailbox;
    private final ScheduledFuture<?> ping;
    private final Consumer<Subscription> onClose;
    private volatile boolean connected = true;
    private volatile boolean silent;
    private @Nullable AsyncCommand<byte[], byte[], Reply> lastPing;
    private volatile boolean closed;

    RemoteSubscription(
            Connector connector,
            Channels channels,
            MessageListener listener,
            Duration timeout,
            ScheduledExecutorService timer,
            Consumer<Subscription> onClose) {
        this.onClose = onClose;
        this.connection = connector.connectPubSub(channels.kind() == Channels.Kind.SHARDED);
        this.mailbox = new Mailbox(listener);
        connection.addListener(new Receiver());
        connection.addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisConnected(RedisChannelHandler<?, ?> handler, SocketAddress address) {
                connected = true;
                mailbox.gap();
            }

            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
                connected = false;
            }
        });
        try {
            subscribe(channels, timeout);
        } catch (RuntimeException e) {
            mailbox.close();
            connection.closeAsync();
            throw e;
        }
        this.ping = timer.scheduleWithFixedDelay(this::ping, PING_SECONDS, PING_SECONDS, TimeUnit.SECONDS);
    }

    private final class Receiver extends RedisPubSubAdapter<byte[], byte[]> {
        @Override
        public void message(byte[] channel, byte[] message) {
            mailbox.message(new String(channel, StandardCharsets.UTF_8), message);
        }

        @Override
        public void message(byte[] pattern, byte[] channel, byte[] message) {
            message(channel, message);
        }

        @Override
        public void smessage(byte[] channel, byte[] message) {
            message(channel, message);
        }
    }

    private void subscribe(Channels channels, Duration timeout) {
        byte[][] names = channels.names().stream()
                .map(name -> name.getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
        if (names.length == 0) {
            return;
        }
        try {
            (switch (channels.kind()) {
                        case NAMED -> connection.async().subscribe(names);
                        case MATCHING -> connection.async().psubscribe(names);
                        case SHARDED -> connection.async().ssubscribe(names);
                    })
                    .get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while subscribing");
        } catch (ExecutionException | TimeoutException e) {
            throw new StoreUnavailableException("could not subscribe to " + channels.names(), e);
        }
    }

    private void ping() {
        silent = lastPing != null && !lastPing.isDone();
        if (silent) {
            return;
        }
        AsyncCommand<byte[], byte[], Reply> ping = new AsyncCommand<>(new io.lettuce.core.protocol.Command<>(
                CommandType.PING,
                new ReplyOutput(),
                new io.lettuce.core.protocol.CommandArgs<>(ByteArrayCodec.INSTANCE)));
        try {
            connection.dispatch(ping);
            lastPing = ping;
        } catch (RuntimeException e) {
            LOG.debug("A subscription has no connection at present", e);
        }
    }

    @Override
    public boolean isActive() {
        return !closed && connected && !silent;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        ping.cancel(false);
        onClose.accept(this);
        connection.closeAsync();
        mailbox.close();
    }
}
