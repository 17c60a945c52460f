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
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subscription on a connection of its own. Lettuce connects again after a loss and subscribes again before it says so; the
 * listener then hears of the gap. A PING every 15 seconds keeps the connection from going silent unnoticed. Messages wait in a
 * queue for the listener, which runs on a virtual thread.
 */
final class RemoteSubscription implements Subscription {
    private static final Logger LOG = LoggerFactory.getLogger(RemoteSubscription.class);
    private static final long PING_SECONDS = 15;

    private final StatefulRedisPubSubConnection<byte[], byte[]> connection;
    private final BlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
    private final Thread delivery;
    private final ScheduledFuture<?> ping;
    private final Consumer<Subscription> onClose;
    private volatile boolean connected = true;
    private volatile boolean closed;

    RemoteSubscription(
            Connector connector,
            Channels channels,
            MessageListener listener,
            Duration timeout,
            ScheduledExecutorService timer,
            Consumer<Subscription> onClose) {
        this.onClose = onClose;
        try {
            this.connection = connector.connectPubSub(channels.kind() == Channels.Kind.SHARDED);
        } catch (RuntimeException e) {
            throw new StoreUnavailableException("could not connect for a subscription", e);
        }
        connection.addListener(new Receiver(listener));
        connection.addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisConnected(RedisChannelHandler<?, ?> handler, SocketAddress address) {
                connected = true;
                events.add(listener::gap);
            }

            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
                connected = false;
            }
        });
        subscribe(channels, timeout);
        this.delivery = Thread.ofVirtual().name("holdfast-subscription").start(this::deliver);
        this.ping = timer.scheduleWithFixedDelay(this::ping, PING_SECONDS, PING_SECONDS, TimeUnit.SECONDS);
    }

    private final class Receiver extends RedisPubSubAdapter<byte[], byte[]> {
        private final MessageListener listener;

        Receiver(MessageListener listener) {
            this.listener = listener;
        }

        @Override
        public void message(byte[] channel, byte[] message) {
            String name = new String(channel, StandardCharsets.UTF_8);
            events.add(() -> listener.message(name, message));
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
            connection.closeAsync();
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("interrupted while subscribing", e);
        } catch (ExecutionException | TimeoutException e) {
            connection.closeAsync();
            throw new StoreUnavailableException("could not subscribe to " + channels.names(), e);
        }
    }

    private void ping() {
        AsyncCommand<byte[], byte[], Reply> ping = new AsyncCommand<>(new io.lettuce.core.protocol.Command<>(
                CommandType.PING,
                new ReplyOutput(),
                new io.lettuce.core.protocol.CommandArgs<>(ByteArrayCodec.INSTANCE)));
        try {
            connection.dispatch(ping);
        } catch (RuntimeException e) {
            LOG.debug("A subscription has no connection at present", e);
        }
    }

    private void deliver() {
        while (!closed) {
            try {
                events.take().run();
            } catch (InterruptedException e) {
                // Closed, as the loop will see.
            } catch (RuntimeException e) {
                LOG.error("A subscriber failed with a message", e);
            }
        }
    }

    @Override
    public boolean isActive() {
        return !closed && connected;
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
        if (Thread.currentThread() != delivery) {
            delivery.interrupt();
        }
    }
}
