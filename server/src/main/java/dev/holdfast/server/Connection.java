package dev.holdfast.server;

import dev.holdfast.engine.execution.Client;
import dev.holdfast.engine.execution.Engine;
import dev.holdfast.engine.execution.Link;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.ProtocolException;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RequestDecoder;
import dev.holdfast.engine.protocol.RespReply;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's socket. Everything here runs on the connection's event loop, but for the methods of {@link Link}, which hand
 * over to it.
 *
 * <p>A read is copied once into the loop's array, all its commands are run from there, their replies gather in the loop's other
 * array, and that is sent with one write. A connection has arrays of its own only while a command is unfinished or while
 * messages from others wait to be sent.
 */
final class Connection extends ChannelInboundHandlerAdapter implements Link {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    private final Server server;
    private final Engine engine;
    private final Channel channel;
    private final Loop loop;
    private final RequestDecoder decoder = new RequestDecoder();
    private final Queue<byte[]> fromOtherThreads = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean drainScheduled = new AtomicBoolean();
    private final OutputLimit outputLimit;
    private final String address;
    private final String localAddress;

    private final Client client;
    private final Outbox outbox = new Outbox();
    private boolean running;
    private boolean waiting;
    private final AtomicLong bytesIn = new AtomicLong();
    private final AtomicLong bytesOut = new AtomicLong();

    Connection(Server server, Channel channel, Loop loop) {
        this.server = server;
        this.engine = server.engine();
        this.channel = channel;
        this.loop = loop;
        this.address = Addresses.show(channel.remoteAddress(), channel.localAddress());
        this.localAddress = Addresses.show(channel.localAddress(), channel.localAddress());
        this.outputLimit = new OutputLimit(server.parameters(), engine.clock());
        this.client = engine.connect(this, loop.lane);
        decoder.setMaxBulkBytes(engine.config().protoMaxBulkLen.get());
    }

    Client client() {
        return client;
    }

    // ---- reading ----

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf data = (ByteBuf) message;
        try {
            int length = data.readableBytes();
            bytesIn.setOpaque(bytesIn.getPlain() + length);
            engine.statistics().netInputBytes.add(length);
            while (data.isReadable()) {
                int part = Math.min(data.readableBytes(), Loop.READ_BYTES);
                if (waiting || decoder.hasPending()) {
                    data.readBytes(decoder.space(part), decoder.end(), part);
                    decoder.appended(part);
                } else {
                    data.readBytes(loop.input, 0, part);
                    decoder.lend(loop.input, 0, part);
                }
                if (!waiting) {
                    run();
                }
                decoder.keep();
            }
            if (decoder.pendingBytes()
                    > server.parameters().clientQueryBufferLimit.get()) {
                engine.statistics().queryBufferLimitDisconnections.increment();
                LOG.warn("Closing client that reached max query buffer length: {}", address);
                channel.close();
            }
        } catch (OutOfMemoryError e) {
            LOG.error("Closing client that needs more memory than there is: {}", address);
            channel.close();
        } finally {
            data.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        flushAfterOthers();
    }

    /** Sends what has been written: first what the commands have caused for others, then the replies to them. */
    private void flushAfterOthers() {
        loop.flushPending(this);
        if (client.isClosing() && channel.isActive()) {
            closeAfterSending();
        } else {
            flushPushes();
        }
    }

    /** Runs the commands that have been read, until one has to wait. */
    private void run() {
        if (client.isClosing()) {
            return;
        }
        RespReply output = loop.output;
        output.setResp3(client.resp3());
        output.setMaxBytes(outputLimit.hardBytes(client));
        running = true;
        int run = 0;
        loop.lane.beginBatch(engine.clock().nanos());
        client.used(engine.clock().millis());
        try {
            int commands = readBatch();
            while (commands > 0) {
                runBatch(commands, output);
                run += commands;
                commands = waiting || client.isClosing() ? 0 : readBatch();
            }
        } catch (ProtocolException e) {
            LOG.debug("Protocol error from client {}: {}", address, e.getMessage());
            output.error("ERR " + e.getMessage());
            client.closeAfterReply();
        } finally {
            long slowNanos = loop.lane.endBatch(engine.clock().nanos());
            if (slowNanos > 0) {
                engine.commandLog().slowRead(client, run == 1 ? loop.batch[0] : null, slowNanos);
            }
            running = false;
        }
        send(output);
    }

    /**
     * Reads some commands ahead. While the client has not authenticated, one at a time: what it may send depends on the
     * answer.
     */
    private int readBatch() throws ProtocolException {
        boolean authenticated = client.isAuthenticated();
        decoder.setAuthenticated(authenticated);
        int most = authenticated ? Loop.BATCH : 1;
        int count = 0;
        try {
            while (count < most) {
                Args spare = loop.batch[count];
                Args args = decoder.next(spare);
                if (args == null) {
                    if (decoder.hasKept(spare)) {
                        loop.batch[count] = new Args();
                    }
                    break;
                }
                loop.batch[count] = args;
                loop.batchEnds[count] = decoder.position();
                count++;
            }
        } catch (ProtocolException e) {
            if (count == 0) {
                throw e;
            }
            // The commands before the mistake are run first; reading on from there will find it again.
            decoder.rewind(loop.batchEnds[count - 1]);
        }
        return count;
    }

    private void runBatch(int count, RespReply output) {
        if (count > 1) {
            engine.prefetcher().look(client, loop.batch, count);
        }
        for (int i = 0; i < count; i++) {
            waiting = !engine.execute(client, loop.batch[i], output);
            // What a command sends to its own client follows its reply.
            putPushesBefore(output);
            if (waiting || client.isClosing()) {
                decoder.rewind(loop.batchEnds[i]);
                return;
            }
        }
        if (output.size() > Loop.WRITE_BYTES) {
            send(output);
        }
    }

    /** Sends what has been written. */
    void flush() {
        channel.unsafe().flush();
    }

    /** Ends the connection with its last reply: whoever has read that finds the end behind it. */
    private void closeAfterSending() {
        if (!outbox.isEmpty()) {
            sendPushes();
        }
        if (engine.changes().isPending()) {
            engine.changes().commit();
        }
        server.holdBack(channel);
        channel.writeAndFlush(channel.alloc().buffer(0)).addListener(ChannelFutureListener.CLOSE);
    }

    // ---- writing ----

    private void send(RespReply output) {
        if (output.size() > 0) {
            send(output.array(), output.size());
            output.clear(Loop.KEPT_BYTES);
        }
    }

    private void send(byte[] bytes, int size) {
        ByteBuf buffer = LoopBuffers.forWriting(size);
        buffer.writeBytes(bytes, 0, size);
        bytesOut.setOpaque(bytesOut.getPlain() + size);
        engine.statistics().netOutputBytes.add(size);
        channel.unsafe().write(buffer, channel.voidPromise());
        checkOutputLimit();
    }

    private void checkOutputLimit() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        if (outbound != null && outputLimit.isExceeded(client, outbound.totalPendingWriteBytes())) {
            engine.statistics().outputBufferLimitDisconnections.increment();
            LOG.warn("Closing client that does not read its replies: {}", address);
            channel.close();
        }
    }

    /** Sends what others have pushed; the loop calls it at the end of a batch. */
    void flushPushes() {
        if (!outbox.isEmpty()) {
            sendPushes();
        }
        loop.flush(this);
    }

    private void sendPushes() {
        send(outbox.array(), outbox.size());
        outbox.clear();
    }

    // ---- the engine's side ----

    @Override
    public void push(byte[] message) {
        if (loop.eventLoop.inEventLoop()) {
            append(message);
            return;
        }
        fromOtherThreads.add(message);
        if (drainScheduled.compareAndSet(false, true)) {
            loop.eventLoop.execute(this::drain);
        }
    }

    private void append(byte[] message) {
        if (outbox.isEmpty() && !running) {
            loop.flushLater(this);
        }
        outbox.add(message);
        if (outbox.size() > Loop.WRITE_BYTES && !running) {
            sendPushes();
        }
    }

    private void drain() {
        drainScheduled.set(false);
        byte[] message = fromOtherThreads.poll();
        while (message != null) {
            append(message);
            message = fromOtherThreads.poll();
        }
        loop.flushPending(null);
    }

    @Override
    public void putPushesBefore(Reply answer) {
        if (!outbox.isEmpty()) {
            ((RespReply) answer).raw(outbox.array(), 0, outbox.size());
            outbox.clear();
        }
    }

    @Override
    public Reply resumeReply() {
        RespReply reply = new RespReply(128);
        reply.setResp3(client.resp3());
        return reply;
    }

    /** Sends the answer at once where that is possible, so that it stands before what is pushed because of the same command. */
    @Override
    public void resume(Reply reply) {
        RespReply answer = (RespReply) reply;
        if (loop.eventLoop.inEventLoop()) {
            send(answer);
            loop.flushLater(this);
        }
        loop.eventLoop.execute(() -> {
            waiting = false;
            if (channel.isActive()) {
                send(answer);
                run();
                decoder.keep();
                flushAfterOthers();
            }
        });
    }

    @Override
    public boolean sharesItsThread() {
        return true;
    }

    @Override
    public void later(Runnable work) {
        // A task that is due now would be run before the sockets are looked at, for as long as there is one.
        loop.eventLoop.schedule(work, 1, TimeUnit.MICROSECONDS);
    }

    @Override
    public void close(boolean afterReplies) {
        if (afterReplies) {
            client.closeAfterReply();
            loop.eventLoop.execute(this::flushAfterOthers);
        } else {
            channel.close();
        }
    }

    @Override
    public boolean hasEnded() {
        // Asked once more at the end: the descriptor of a channel that has just been closed may be another's.
        return !channel.isActive() || Descriptors.hasHungUp(Descriptors.of(channel)) || !channel.isActive();
    }

    @Override
    public long descriptor() {
        return Descriptors.of(channel);
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public boolean isLocal() {
        return Addresses.isLoopback(channel.remoteAddress());
    }

    @Override
    public String localAddress() {
        return localAddress;
    }

    @Override
    public long queryBytes() {
        return decoder.pendingBytes();
    }

    @Override
    public long heldBytes() {
        return decoder.ownBytes() + outputBytes();
    }

    @Override
    public long outputBytes() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        return outbound == null ? 0 : outbound.totalPendingWriteBytes();
    }

    @Override
    public long bytesIn() {
        return bytesIn.getOpaque();
    }

    @Override
    public long bytesOut() {
        return bytesOut.getOpaque();
    }

    // ---- the end ----

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        engine.disconnect(client);
        server.forget(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof IOException)) {
            LOG.error("Closing client after an unexpected failure: {}", address, cause);
        }
        channel.close();
    }

    /** Closes the connection if what it has left unread is over a limit. */
    void closeIfUnread() {
        if (outputBytes() > 0) {
            loop.eventLoop.execute(this::checkOutputLimit);
        }
    }

    /** Closes the connection if nothing has come for this long and nothing is awaited. */
    void closeIfIdle(long nowMillis, long timeoutMillis) {
        if (nowMillis - client.lastUsedMillis() > timeoutMillis && client.waiter() == null && !client.isSubscriber()) {
            channel.close();
        }
    }
}
