package dev.holdfast.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event loops of the connections. New connections go to the first {@code io-threads} of them in turn. That number may change
 * at any time: a connection stays with the loop that it has, so a loop that gets no new ones serves on.
 */
final class EventLoops extends MultiThreadIoEventLoopGroup {
    private static final Logger LOG = LoggerFactory.getLogger(EventLoops.class);
    private static final String THREAD_NAME = "holdfast-io";

    private final Transport transport;
    private final List<EventLoop> all = new ArrayList<>();
    private final List<EventLoopGroup> added = new ArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();
    private volatile EventLoop[] taking;

    EventLoops(Transport transport, int count) {
        super(count, Transport.threads(THREAD_NAME), transport.handlers());
        this.transport = transport;
        forEach(loop -> all.add((EventLoop) loop));
        this.taking = all.toArray(EventLoop[]::new);
    }

    /** Lets so many event loops take new connections. */
    synchronized void setTaking(int count) {
        if (count > all.size()) {
            EventLoopGroup group = transport.newGroup(count - all.size(), THREAD_NAME);
            added.add(group);
            for (EventExecutor loop : group) {
                all.add((EventLoop) loop);
            }
        }
        taking = all.subList(0, count).toArray(EventLoop[]::new);
    }

    @Override
    public ChannelFuture register(Channel channel) {
        EventLoop[] loops = taking;
        return loops[Math.floorMod(turn.getAndIncrement(), loops.length)].register(channel);
    }

    /** Waits until each event loop, but the one that asks, has done what it has at hand; not for long, for one may be stuck. */
    void awaitTurn(long seconds) {
        List<EventLoop> others;
        synchronized (this) {
            others = all.stream()
                    .filter(loop -> !loop.inEventLoop() && !loop.isShuttingDown())
                    .toList();
        }
        CountDownLatch turns = new CountDownLatch(others.size());
        others.forEach(loop -> loop.execute(turns::countDown));
        try {
            if (!turns.await(seconds, TimeUnit.SECONDS)) {
                LOG.debug("An event loop has been busy for {} seconds", seconds);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends all event loops, and waits for that, though not for long. */
    synchronized void end(long seconds) {
        added.forEach(group -> group.shutdownGracefully(0, seconds, TimeUnit.SECONDS));
        shutdownGracefully(0, seconds, TimeUnit.SECONDS);
        added.forEach(group -> group.terminationFuture().awaitUninterruptibly(2 * seconds, TimeUnit.SECONDS));
        terminationFuture().awaitUninterruptibly(2 * seconds, TimeUnit.SECONDS);
    }
}
