package dev.holdfast.server;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Feed;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.metrics.Statistics;
import dev.holdfast.engine.protocol.MemoryRefusedException;
import dev.holdfast.engine.protocol.RespReply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a connection's bytes as its system takes them. Everything here runs on the connection's event loop, but for {@link #feed} and the
 * counts.
 *
 * <p>What is written goes past the pipeline to the socket, or with TLS through the handler that encrypts it. Encrypted bytes cannot be
 * taken back from the system. So that handler gets no more than {@value #OWN_BYTES} bytes before the system has taken what became of
 * them: what waits, waits unencrypted, where it is counted.
 */
final class Sender {
    /** The connection, to its sender. */
    interface Owner {
        /** Ends the connection: there is no memory for what is to be sent. */
        void endForMemory(Throwable cause);

        /** Ends the connection: the client leaves too much unread. */
        void endUnread();

        /** Ends the connection: everything has been sent. */
        void end();
    }

    private static final Logger LOG = LoggerFactory.getLogger(Sender.class);

    /** How much is left with a system that takes no more, so that it says when it does. */
    private static final int FEW_BYTES = 512;

    /** How many buffers of what has waited are sent in one turn. */
    private static final int SPILLS = 4;

    /** The buffer of a transport that keeps what it is given until it is sent. */
    private static final int OWN_BYTES = 16 * 1024;

    private final Channel channel;
    private final @Nullable SslHandler tls;
    private final Loop loop;
    private final Client client;
    private final Clock clock;
    private final Statistics statistics;
    private final OutputLimit limit;
    private final boolean takesBytesBack;
    private final Owner owner;
    private final AtomicLong bytesOut = new AtomicLong();

    /** What is to be sent when the system takes more. */
    private final ByteQueue unsent;

    /** How much of that may be sent: what was caused by changes that are in the log. */
    private long sendable;

    /** With TLS, how much has been written since the last flush. */
    private int unencrypted;

    /** Whether the system has a few bytes that it has not sent; when it has, it takes more. */
    private boolean stalled;

    /** What is sent when there is nothing else, or null. */
    private volatile @Nullable Feed feed;

    private final AtomicBoolean feedScheduled = new AtomicBoolean();
    private boolean closingWhenSent;

    /**
     * @param tls what encrypts; null for nothing
     */
    Sender(Server server, Channel channel, @Nullable SslHandler tls, Loop loop, Client client, Owner owner) {
        Engine engine = server.engine();
        this.channel = channel;
        this.tls = tls;
        this.loop = loop;
        this.client = client;
        this.clock = engine.clock();
        this.statistics = engine.statistics();
        this.limit = new OutputLimit(server.parameters(), engine.config().replication.backlogSize::get, engine.clock());
        this.takesBytesBack = tls == null && server.takesBytesBack();
        this.unsent = new ByteQueue(client);
        this.owner = owner;
    }

    // ---- handing over ----

    /** Hands over what has been written. Whatever comes of it, none of it is left for the next to write there. */
    void send(RespReply output) {
        try {
            long length = output.length();
            if (length > 0 && channel.unsafe().outboundBuffer() != null) {
                ByteBuf buffer = output.sharedCount() == 0 ? atOnce(output.size()) : null;
                if (buffer == null) {
                    unsent.add(output);
                } else {
                    buffer.writeBytes(output.array(), 0, output.size());
                    writeAtOnce(buffer);
                }
                written(length);
            }
        } finally {
            output.clear(Loop.KEPT_BYTES);
        }
    }

    /** Hands over what others have pushed. */
    void send(ByteQueue pushes) {
        long length = pushes.bytes();
        if (channel.unsafe().outboundBuffer() == null) {
            pushes.clear();
            return;
        }
        ByteBuf buffer = length <= Loop.KEPT_BYTES ? atOnce((int) length) : null;
        if (buffer == null) {
            pushes.moveTo(unsent);
        } else {
            pushes.moveTo(buffer, (int) length);
            writeAtOnce(buffer);
        }
        written(length);
    }

    /** A buffer for bytes that the system is given with the next flush, or null if they have to wait. */
    private @Nullable ByteBuf atOnce(int bytes) {
        if (stalled || !unsent.isEmpty() || tls != null && !mayEncrypt(bytes)) {
            return null;
        }
        return LoopBuffers.forWriting(bytes);
    }

    private boolean mayEncrypt(int bytes) {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return unencrypted + bytes <= OWN_BYTES && outbound != null && outbound.isEmpty();
    }

    /** Writes a part of the loop's buffer, of which the handler that encrypts is to see no more than that. */
    private void writeAtOnce(ByteBuf part) {
        writeChannel(tls == null ? part : part.slice(), channel.voidPromise());
    }

    private void written(long bytes) {
        bytesOut.setOpaque(bytesOut.getPlain() + bytes);
        statistics.netOutputBytes.add(bytes);
        checkLimit();
    }

    /** Looks whether the client has left too much unread. */
    void checkLimit() {
        if (channel.isOpen() && limit.isExceeded(client, waitingBytes())) {
            owner.endUnread();
        }
    }

    /** Lets go of what waits. */
    void clear() {
        unsent.clear();
        sendable = 0;
    }

    // ---- sending ----

    /** Sends what has been written; the changes that it tells of are in the log. */
    void flush() {
        try {
            sendable = unsent.bytes();
            flushChannel();
            spill();
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            owner.endForMemory(e);
        }
    }

    /** Ends the connection when what has been handed over is sent. */
    void end() {
        closingWhenSent = true;
        flush();
    }

    /**
     * Sends a few buffers of what has waited; the next when others have had their turn, until the system takes no more. What it does not
     * take stays, but for a few bytes: when these are sent, it goes on. So a client that does not read holds next to nothing
     * outside the heap.
     */
    private void spill() {
        for (int sent = 0; takeBack() && sendable > 0; sent++) {
            if (sent == SPILLS) {
                stalled = true;
                loop.later(this::goOn);
                return;
            }
            ByteBuf buffer = takesBytesBack ? LoopBuffers.forSpilling() : null;
            if (buffer == null) {
                buffer = own(OWN_BYTES);
                move(buffer);
                write(buffer, true);
            } else {
                offer(buffer);
            }
        }
        limit.sent(client, waitingBytes());
        sendFeed();
        if (closingWhenSent && unsent.isEmpty() && !stalled) {
            if (takesBytesBack) {
                endOutput();
            } else {
                channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> endOutput());
            }
        }
    }

    /** Sends the next part of the feed, if everything before has left; when that part has left, the one after it. */
    private void sendFeed() {
        Feed source = feed;
        if (source == null || stalled || closingWhenSent || !unsent.isEmpty() || !channel.isActive()) {
            return;
        }
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        if (outbound == null || !outbound.isEmpty()) {
            return;
        }
        ByteBuf buffer = own(Loop.TURN_BYTES);
        int count = source.read(buffer.nioBuffer(0, Loop.TURN_BYTES));
        if (count > 0) {
            buffer.writerIndex(count);
            bytesOut.setOpaque(bytesOut.getPlain() + count);
            statistics.netOutputBytes.add(count);
            statistics.replicationOutputBytes.add(count);
            write(buffer, true);
            return;
        }
        client.give(Loop.TURN_BYTES);
        buffer.release();
        if (count == Feed.END) {
            endOutput();
        }
    }

    /**
     * Ends the connection when all has been sent. Its output first: at a close with input that has not been read, the system would
     * throw the last reply away.
     */
    private void endOutput() {
        if (tls != null && channel.isActive() && !tls.engine().isOutboundDone()) {
            tls.closeOutbound().addListener(said -> shutDownOutput());
        } else {
            shutDownOutput();
        }
    }

    private void shutDownOutput() {
        if (channel.isActive()) {
            ((DuplexChannel) channel).shutdownOutput().addListener(ended -> owner.end());
        }
    }

    /** Closes the socket. A peer with TLS is informed before, but not if it does not read. */
    void closeChannel() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        if (tls != null && outbound != null && !outbound.isEmpty()) {
            channel.unsafe().close(channel.voidPromise());
        } else {
            channel.close();
        }
    }

    private void writeChannel(ByteBuf buffer, ChannelPromise promise) {
        if (tls == null) {
            channel.unsafe().write(buffer, promise);
        } else {
            unencrypted += buffer.readableBytes();
            channel.write(buffer, promise);
        }
    }

    private void flushChannel() {
        if (tls == null) {
            channel.unsafe().flush();
        } else {
            unencrypted = 0;
            channel.flush();
        }
    }

    /** Moves what may be sent into a buffer until that is full. */
    private void move(ByteBuf buffer) {
        int size = (int) Math.min(sendable, buffer.writableBytes());
        unsent.moveTo(buffer, size);
        sendable -= size;
    }

    /** Offers the system a copy of what comes first, which leaves the queue as far as it is taken. */
    private void offer(ByteBuf buffer) {
        int size = unsent.copyTo(buffer, (int) Math.min(sendable, buffer.writableBytes()));
        write(buffer, false);
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        int left = 0;
        while (outbound != null && outbound.current() instanceof ByteBuf rest) {
            left += rest.readableBytes();
            outbound.remove();
        }
        unsent.skip(size - left);
        sendable -= size - left;
        if (left < size) {
            client.used(clock.millis());
        }
        if (left > 0) {
            leaveFew(left);
        }
    }

    /** Leaves a few bytes with the system, which takes no more at present. */
    private void leaveFew(int left) {
        ByteBuf few = own(Math.min(left, FEW_BYTES));
        move(few);
        write(few, true);
    }

    /** A buffer outside the heap for this connection alone, of which it has one at a time. */
    private ByteBuf own(int bytes) {
        client.take(bytes);
        try {
            return LoopBuffers.own(bytes);
        } catch (OutOfMemoryError e) {
            client.give(bytes);
            throw e;
        }
    }

    /** Gives bytes to the system. If these are the connection's own, nothing more is given until they are sent. */
    private void write(ByteBuf buffer, boolean own) {
        if (own) {
            int counted = buffer.capacity();
            stalled = true;
            writeChannel(buffer, channel.newPromise().addListener(sent -> {
                client.give(counted);
                if (sent.isSuccess()) {
                    loop.eventLoop.execute(this::goOn);
                }
            }));
        } else {
            writeChannel(buffer, channel.voidPromise());
        }
        flushChannel();
    }

    /**
     * Takes back what the system has not taken.
     *
     * @return whether more can be given to it
     */
    private boolean takeBack() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        if (stalled || outbound == null) {
            return false;
        }
        if (outbound.isEmpty() || !takesBytesBack) {
            return true;
        }
        int[] left = {0};
        try {
            outbound.forEachFlushedMessage(message -> {
                left[0] += ((ByteBuf) message).readableBytes();
                return true;
            });
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        byte[] kept = unsent.addFirst(left[0]);
        int at = 0;
        while (outbound.current() instanceof ByteBuf buffer) {
            int part = buffer.readableBytes();
            buffer.readBytes(kept, at, part);
            at += part;
            outbound.remove();
        }
        sendable += at;
        leaveFew(at);
        return false;
    }

    private void goOn() {
        stalled = false;
        try {
            spill();
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            owner.endForMemory(e);
        }
    }

    // ---- a source ----

    /** Sends what a source has, whenever there is nothing else. */
    void follow(Feed source) {
        feed = source;
    }

    /** The source has something; called by any thread. */
    void feed() {
        if (feedScheduled.compareAndSet(false, true)) {
            try {
                loop.eventLoop.execute(this::goOnFeeding);
            } catch (RejectedExecutionException e) {
                LOG.trace("The server is closing", e);
            }
        }
    }

    private void goOnFeeding() {
        feedScheduled.set(false);
        checkLimit();
        try {
            spill();
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            owner.endForMemory(e);
        }
    }

    // ---- counts ----

    /** How many bytes the client may leave unread; see {@link OutputLimit}. */
    long hardLimit() {
        return limit.hardBytes(client);
    }

    /** How much waits to be sent, or to be encrypted, or is left in the source. */
    long waitingBytes() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        Feed source = feed;
        return unsent.bytes()
                + unencrypted
                + (outbound == null ? 0 : outbound.totalPendingWriteBytes())
                + (source == null ? 0 : source.pendingBytes());
    }

    long bytesOut() {
        return bytesOut.getOpaque();
    }
}
