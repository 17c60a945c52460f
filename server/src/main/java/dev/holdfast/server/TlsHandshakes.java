package dev.holdfast.server;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.server.tls.Tls;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encryption for new connections. The costly steps of a handshake run on threads of their own, one of a connection at a time, so that
 * no event loop is held up by strangers. A handshake that is not over after {@value #HANDSHAKE_SECONDS} seconds ends the connection.
 */
final class TlsHandshakes implements AutoCloseable {
    /** How much is read at once: a record of the longest kind and a bit, since a part of one has to be kept for its end. */
    static final int READ_BYTES = 17 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(TlsHandshakes.class);
    private static final int HANDSHAKE_SECONDS = 10;

    /** How long a peer's system may take to receive the last bytes, which say that there are no more. */
    private static final int FAREWELL_SECONDS = 1;

    private static final long IDLE_SECONDS = 30;

    private final Tls tls;
    private final AtomicInteger count = new AtomicInteger();
    private final ExecutorService executor;

    TlsHandshakes(Tls tls) {
        this.tls = tls;
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads,
                threads,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory("holdfast-tls", true));
        pool.allowCoreThreadTimeOut(true);
        this.executor = pool;
    }

    /** How many connections are not through with it. */
    int count() {
        return count.get();
    }

    /** Runs a piece of work that may take a while. */
    void execute(Runnable work) {
        executor.execute(work);
    }

    /** Puts encryption before what else a connection has; see {@link Tls#newEngine}. */
    SslHandler add(Channel channel, String clientCertificate) {
        SslHandler handler = new SslHandler(tls.newEngine(clientCertificate), false, executor);
        handler.setHandshakeTimeout(HANDSHAKE_SECONDS, TimeUnit.SECONDS);
        handler.setCloseNotifyFlushTimeout(FAREWELL_SECONDS, TimeUnit.SECONDS);
        handler.setCumulator(TlsHandshakes::keep);
        channel.pipeline().addLast(handler);
        return handler;
    }

    /**
     * Adds what has been read to what is left of a record. It goes into an array of its own: the buffer that it comes in is the
     * loop's, and the JDK works on arrays.
     */
    private static ByteBuf keep(ByteBufAllocator allocator, ByteBuf left, ByteBuf read) {
        try {
            if (!left.isReadable() && read.hasArray()) {
                return read.retain();
            }
            return Unpooled.buffer(left.readableBytes() + read.readableBytes())
                    .writeBytes(left)
                    .writeBytes(read);
        } finally {
            left.release();
            read.release();
        }
    }

    /**
     * Begins the handshake of a connection.
     *
     * @param then gets the connection, encrypted, when it is over; else it is closed
     */
    void begin(Channel channel, String clientCertificate, Consumer<SslHandler> then) {
        SslHandler handler = add(channel, clientCertificate);
        count.incrementAndGet();
        channel.pipeline().addLast(new Waiting(handler, then));
    }

    /** What stands in a client's place until it is one. */
    private final class Waiting extends ChannelInboundHandlerAdapter {
        private final SslHandler handler;
        private final Consumer<SslHandler> then;

        Waiting(SslHandler handler, Consumer<SslHandler> then) {
            this.handler = handler;
            this.then = then;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent completion) {
                if (completion.isSuccess()) {
                    context.pipeline().remove(this);
                    then.accept(handler);
                } else {
                    logFailure(context.channel(), completion.cause());
                }
            }
        }

        private static void logFailure(Channel channel, Throwable cause) {
            String format = "Error accepting a client connection: {} (addr={} laddr={})";
            String peer = Addresses.show(channel.remoteAddress(), null);
            String local = Addresses.show(channel.localAddress(), null);
            switch (cause) {
                case ClosedChannelException e -> LOG.debug(format, "it was closed", peer, local);
                // The exception shows what has come, which may be a command with a password in it.
                case NotSslRecordException e -> LOG.warn(format, "what it sends is not TLS", peer, local);
                default -> LOG.warn(format, Reason.of(cause), peer, local);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (!(cause.getCause() instanceof SSLException)) {
                LOG.error("Closing client after an unexpected failure of its handshake", cause);
            }
            context.close();
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            count.decrementAndGet();
        }
    }

    @Override
    public void close() {
        executor.shutdown();
    }
}
