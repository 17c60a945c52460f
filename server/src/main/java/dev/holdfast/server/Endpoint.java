package dev.holdfast.server;

import dev.holdfast.engine.config.Config;
import dev.holdfast.server.tls.Tls;
import dev.holdfast.server.tls.TlsException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A port that serves something else than RESP, on the event loops of a {@link Server} or on one of its own. */
public final class Endpoint implements AutoCloseable {
    private static final long CLOSE_SECONDS = 2;
    private static final int BACKLOG = 511;

    private final Channel channel;
    private final List<EventLoopGroup> own;

    private Endpoint(Channel channel, List<EventLoopGroup> own) {
        this.channel = channel;
        this.own = own;
    }

    /**
     * Opens a port with event loops of its own.
     *
     * @param address port 0 lets the system choose
     * @param accept adds its handlers to each new connection
     * @throws IOException if the address is taken or cannot be bound
     */
    public static Endpoint open(InetSocketAddress address, Consumer<Channel> accept) throws IOException {
        Transport transport = Transport.choose("auto");
        EventLoopGroup loop = transport.newGroup(1, "holdfast-http-io");
        try {
            return open(address, accept, transport, loop, loop, List.of(loop));
        } catch (IOException e) {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw e;
        }
    }

    /**
     * As {@link #open}, with the encryption that a configuration names.
     *
     * @param authClients whether clients must show a certificate
     * @throws IOException also if TLS is not possible with what is configured for it
     */
    @SuppressWarnings("exports") // For Holdfast's own modules.
    public static Endpoint openTls(
            InetSocketAddress address, Config config, boolean authClients, Consumer<Channel> accept)
            throws IOException {
        Tls tls = new Tls(config);
        try {
            tls.prepare(true);
        } catch (TlsException e) {
            throw new IOException("Failed to configure TLS: " + e.getMessage(), e);
        }
        // Its threads end by themselves once they have nothing to do.
        @SuppressWarnings("resource")
        TlsHandshakes handshakes = new TlsHandshakes(tls);
        return open(address, channel -> {
            handshakes.add(channel, authClients ? "yes" : "no");
            accept.accept(channel);
        });
    }

    static Endpoint open(
            InetSocketAddress address,
            Consumer<Channel> accept,
            Transport transport,
            EventLoopGroup acceptor,
            EventLoopGroup loops,
            List<EventLoopGroup> own)
            throws IOException {
        var bound = new ServerBootstrap()
                .group(acceptor, loops)
                .channel(transport.socketChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept.accept(channel);
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("Could not listen on " + address.getHostString() + ":" + address.getPort() + ": "
                    + Server.reason(bound.cause()));
        }
        return new Endpoint(bound.channel(), own);
    }

    /** The port, also where the system has chosen it. */
    public int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    /** Accepts no more connections; those that are open stay. */
    public void stopListening() {
        channel.close().awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    }

    /** Stops listening, and ends event loops of its own with their connections. */
    @Override
    public void close() {
        stopListening();
        own.forEach(group -> group.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS));
        own.forEach(group -> group.terminationFuture().awaitUninterruptibly(2 * CLOSE_SECONDS, TimeUnit.SECONDS));
    }
}
