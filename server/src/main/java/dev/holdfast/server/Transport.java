package dev.holdfast.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.Locale;
import java.util.concurrent.ThreadFactory;

/** The operating system's ways to wait for many sockets, the best that is available first. */
enum Transport {
    IO_URING,
    EPOLL,
    NIO;

    /** How often an idle peer is asked in vain before the connection counts as broken. */
    private static final int KEEPALIVE_PROBES = 3;

    /**
     * The transport of this name, or the best available one for {@code auto}.
     *
     * @throws IllegalArgumentException if it is not available here
     */
    static Transport choose(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "auto" -> Epoll.isAvailable() ? EPOLL : NIO;
            case "io_uring" -> {
                if (!isAvailable("io_uring")) {
                    throw new IllegalArgumentException("io_uring is not available here");
                }
                yield IO_URING;
            }
            case "epoll" -> {
                if (!isAvailable("epoll")) {
                    throw new IllegalArgumentException("epoll is not available here");
                }
                yield EPOLL;
            }
            case "nio" -> NIO;
            default -> throw new IllegalArgumentException("no such transport: " + name);
        };
    }

    /** Whether a transport of this name can be used here. */
    static boolean isAvailable(String name) {
        return switch (name) {
            case "io_uring" -> IoUring.isAvailable();
            case "epoll" -> Epoll.isAvailable();
            default -> true;
        };
    }

    EventLoopGroup newGroup(int threads, String threadName) {
        return new MultiThreadIoEventLoopGroup(threads, threads(threadName), handlers());
    }

    static ThreadFactory threads(String name) {
        return new DefaultThreadFactory(name, true);
    }

    IoHandlerFactory handlers() {
        return switch (this) {
            case IO_URING -> IoUringIoHandler.newFactory();
            case EPOLL -> EpollIoHandler.newFactory();
            case NIO -> NioIoHandler.newFactory();
        };
    }

    /**
     * Lets the system ask whether the peer of an idle connection is still there.
     *
     * @param seconds how long a connection may be idle before that, or 0 for never
     */
    void keepAlive(Channel channel, int seconds) {
        if (!(channel.remoteAddress() instanceof InetSocketAddress)) {
            return;
        }
        channel.config().setOption(ChannelOption.SO_KEEPALIVE, seconds > 0);
        if (seconds > 0 && this != NIO) {
            boolean epoll = this == EPOLL;
            int interval = Math.max(1, seconds / 3);
            channel.config()
                    .setOption(epoll ? EpollChannelOption.TCP_KEEPIDLE : IoUringChannelOption.TCP_KEEPIDLE, seconds);
            channel.config()
                    .setOption(epoll ? EpollChannelOption.TCP_KEEPINTVL : IoUringChannelOption.TCP_KEEPINTVL, interval);
            channel.config()
                    .setOption(
                            epoll ? EpollChannelOption.TCP_KEEPCNT : IoUringChannelOption.TCP_KEEPCNT,
                            KEEPALIVE_PROBES);
        }
    }

    /** Lets the system send a part of a packet only when more follows or the connection is closed. */
    void cork(Channel channel) {
        if (channel.remoteAddress() instanceof InetSocketAddress && this != NIO) {
            channel.config()
                    .setOption(this == EPOLL ? EpollChannelOption.TCP_CORK : IoUringChannelOption.TCP_CORK, true);
        }
    }

    Class<? extends ServerChannel> socketChannel() {
        return switch (this) {
            case IO_URING -> IoUringServerSocketChannel.class;
            case EPOLL -> EpollServerSocketChannel.class;
            case NIO -> NioServerSocketChannel.class;
        };
    }

    /** Whether a read fills its buffer before the event loop does anything else. */
    boolean fillsBuffersAtOnce() {
        return this != IO_URING;
    }

    /** Whether Unix sockets can be served by the same event loops. */
    boolean hasUnixSockets() {
        return this != IO_URING;
    }

    Class<? extends ServerChannel> unixSocketChannel() {
        return this == EPOLL ? EpollServerDomainSocketChannel.class : NioServerDomainSocketChannel.class;
    }

    SocketAddress unixAddress(String path) {
        return this == EPOLL ? new DomainSocketAddress(path) : UnixDomainSocketAddress.of(path);
    }
}
