package dev.holdfast.server;

import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Feed;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.client.QueuedCommands;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.MemoryRefusedException;
import dev.holdfast.engine.protocol.ProtocolException;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RequestDecoder;
import dev.holdfast.engine.protocol.RespReply;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's socket. Everything here runs on the connection's event loop, but for the methods of {@link Link}, which hand
 * over to it.
 *
 * <p>A read is copied once into the loop's array, all its commands are run from there, their replies gather in the loop's other
 * array, and that is sent with one write. A connection has arrays of its own only while a command is unfinished or while
 * messages from others wait to be sent.
 *
 * <p>Sending is the {@link Sender}'s. What others push waits in an outbox for the end of the batch, behind the replies before it.
 */
final class Connection extends ChannelInboundHandlerAdapter implements Link, Sender.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /** When a word lacks more than this, it is worth reading on at once. */
    private static final int MANY_BYTES = 32 * 1024;

    private final Server server;
    private final Engine engine;
    private final Channel channel;
    private final boolean encrypted;
    private final Loop loop;
    private final RequestDecoder decoder;
    private final Queue<SharedBytes> fromOtherThreads = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean drainScheduled = new AtomicBoolean();
    private final String address;
    private final String localAddress;

    private final Client client;

    /** What others have pushed and what does not follow the bytes in {@link #unsent} yet. */
    private final ByteQueue outbox;

    private final Sender sender;
    private boolean running;
    private boolean waiting;
    private final AtomicLong bytesIn = new AtomicLong();

    /** @param tls what encrypts, its handshake over; null for nothing */
    Connection(Server server, Channel channel, Loop loop, @Nullable SslHandler tls) {
        this.server = server;
        this.engine = server.engine();
        this.channel = channel;
        this.encrypted = tls != null;
        this.loop = loop;
        this.address = Addresses.show(channel.remoteAddress(), channel.localAddress());
        this.localAddress = Addresses.show(channel.localAddress(), channel.localAddress());
        this.client = engine.newClient(this, loop.lane);
        this.outbox = new ByteQueue(client);
        this.sender = new Sender(server, channel, tls, loop, client, this);
        this.decoder = new RequestDecoder(client, loop.lane.spareArrays);
    }

    /** Lets the server see the client. */
    void begin() {
        engine.connect(client);
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
                take(data, Math.min(Math.min(data.readableBytes(), Loop.READ_BYTES), decoder.most()));
                if (!waiting) {
                    run();
                }
                decoder.keep();
            }
            if (decoder.most() > MANY_BYTES && decoder.most() < Integer.MAX_VALUE) {
                LoopBuffers.readMore(channel);
            }
            if (decoder.pendingBytes()
                    > server.parameters().clientQueryBufferLimit.get()) {
                engine.statistics().queryBufferLimitDisconnections.increment();
                LOG.warn("Closing client that reached max query buffer length: {}", address);
                sender.closeChannel();
            }
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            endForMemory(e);
        } finally {
            data.release();
        }
    }

    /** Hands the decoder so many bytes: behind those of an unfinished command, or in the loop's array. */
    private void take(ByteBuf data, int part) {
        while (waiting || decoder.hasPending()) {
            try {
                byte[] space = decoder.space(part);
                if (space != null) {
                    data.readBytes(space, decoder.end(), part);
                    decoder.appended(part);
                    return;
                }
            } catch (OutOfMemoryError e) {
                engine.heapIsFull();
            }
            if (waiting || !decoder.skip()) {
                throw new OutOfMemoryError("no room for what a client sends");
            }
            LOG.warn("There is no room for a command of client {}, which is answered with an error", address);
        }
        data.readBytes(loop.input, 0, part);
        decoder.lend(loop.input, 0, part);
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

    /** Ends the connection, and it alone, because of what it has tried to hold. */
    @Override
    public void endForMemory(Throwable cause) {
        if (cause instanceof OutOfMemoryError) {
            engine.heapIsFull();
            LOG.error("Closing client that needs more memory than there is: {}", address);
        } else {
            LOG.warn("Closing client that holds more than clients may (maxmemory-clients): {}", address);
            engine.statistics().evictedClients.increment();
        }
        end();
    }

    @Override
    public void end() {
        client.closeAfterReply();
        sender.closeChannel();
        if (!running) {
            release();
        }
    }

    /** Lets go of what is held for the client. */
    private void release() {
        sender.clear();
        outbox.clear();
        decoder.close();
        for (SharedBytes message = fromOtherThreads.poll(); message != null; message = fromOtherThreads.poll()) {
            client.give(message);
        }
    }

    /** Runs the commands that have been read, until one has to wait. Whatever happens, no other client finds their replies. */
    private void run() {
        if (client.isClosing()) {
            return;
        }
        try {
            run(loop.output);
            sender.send(loop.output);
        } finally {
            loop.output.clear(Loop.KEPT_BYTES);
        }
    }

    private void run(RespReply output) {
        output.setAccount(client);
        output.setResp3(client.resp3());
        output.setMaxBytes(sender.hardLimit());
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
            if (client.replyMode() == Client.ReplyMode.ON) {
                output.error("ERR " + e.getMessage());
            }
            client.closeAfterReply();
        } finally {
            long slowNanos = loop.lane.endBatch(engine.clock().nanos());
            if (slowNanos > 0) {
                engine.commandLog().slowRead(client, run == 1 ? loop.batch[0] : null, slowNanos);
            }
            running = false;
        }
    }

    /**
     * Reads some commands ahead. While the client has not authenticated, one at a time: what it may send depends on the
     * answer.
     */
    private int readBatch() throws ProtocolException {
        boolean authenticated = client.isAuthenticated();
        decoder.setAuthenticated(authenticated);
        decoder.setMaxBulkBytes(engine.config().maxStringBytes());
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
                if (args.count() == 0) {
                    break;
                }
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
            if (loop.batch[i].count() == 0) {
                engine.rejectUnread(client, output);
            } else {
                waiting = !engine.execute(client, loop.batch[i], output);
            }
            // What a command sends to its own client follows its reply.
            putPushesBefore(output);
            if (waiting || client.isClosing()) {
                decoder.rewind(loop.batchEnds[i]);
                return;
            }
        }
        if (output.length() > Loop.WRITE_BYTES) {
            sender.send(output);
            loop.flushPending(this);
            loop.flush(this);
        }
    }

    /** Ends the connection with its last reply: a client that has read it finds the end behind it. */
    private void closeAfterSending() {
        try {
            sendPushes();
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            endForMemory(e);
            return;
        }
        if (engine.changes().isPending()) {
            engine.changes().commit();
        }
        server.holdBack(channel);
        sender.end();
    }

    // ---- writing ----

    /** Sends what others have pushed; the loop calls it at the end of a batch. */
    void flushPushes() {
        try {
            sendPushes();
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            endForMemory(e);
        }
        loop.flush(this);
    }

    private void sendPushes() {
        if (outbox.bytes() > 0) {
            sender.send(outbox);
            client.used(engine.clock().millis());
        }
    }

    /** Sends what has been handed over; the changes that it tells of are in the log. */
    void flush() {
        sender.flush();
    }

    @Override
    public void endUnread() {
        engine.statistics().outputBufferLimitDisconnections.increment();
        LOG.warn("Client {} closed for overcoming of output buffer limits.", address);
        end();
    }

    // ---- the engine's side ----

    @Override
    public boolean follow(Feed source) {
        sender.follow(source);
        return true;
    }

    @Override
    public void feed() {
        sender.feed();
    }

    @Override
    public void push(byte[] message) {
        push(new SharedBytes(message));
    }

    /** Whatever comes of it is this client's affair, and not that of the one who pushes. */
    @Override
    public void push(SharedBytes message) {
        if (loop.eventLoop.inEventLoop()) {
            append(message);
            return;
        }
        try {
            client.take(message);
            fromOtherThreads.add(message);
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            loop.eventLoop.execute(() -> endForMemory(e));
            return;
        }
        if (drainScheduled.compareAndSet(false, true)) {
            loop.eventLoop.execute(this::drain);
        }
    }

    private void append(SharedBytes message) {
        try {
            if (outbox.isEmpty() && !running) {
                loop.flushLater(this);
            }
            outbox.add(message);
            if (outbox.bytes() > Loop.WRITE_BYTES && !running) {
                sendPushes();
            }
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            endForMemory(e);
        }
    }

    private void drain() {
        drainScheduled.set(false);
        SharedBytes message = fromOtherThreads.poll();
        while (message != null) {
            append(message);
            client.give(message);
            message = fromOtherThreads.poll();
        }
        loop.flushPending(null);
    }

    @Override
    public void putPushesBefore(Reply answer) {
        if (!outbox.isEmpty()) {
            outbox.moveTo((RespReply) answer);
        }
    }

    @Override
    public Reply resumeReply() {
        RespReply reply = new RespReply(128);
        reply.setAccount(client);
        reply.setResp3(client.resp3());
        return reply;
    }

    /** Sends the answer at once where that is possible, so that it stands before what is pushed because of the same command. */
    @Override
    public void resume(Reply reply) {
        RespReply answer = (RespReply) reply;
        if (loop.eventLoop.inEventLoop()) {
            sendOrEnd(answer);
            loop.flushLater(this);
        }
        loop.eventLoop.execute(() -> {
            waiting = false;
            sendOrEnd(answer);
            if (channel.isActive()) {
                goOnReading();
                flushAfterOthers();
            }
        });
    }

    private void sendOrEnd(RespReply answer) {
        try {
            sender.send(answer);
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            endForMemory(e);
        }
    }

    /** Runs what the client has sent while it waited. */
    private void goOnReading() {
        try {
            run();
            decoder.keep();
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            endForMemory(e);
        }
    }

    @Override
    public boolean sharesItsThread() {
        return true;
    }

    @Override
    public void later(Runnable work) {
        loop.later(work);
    }

    @Override
    public void close(boolean afterReplies) {
        if (afterReplies) {
            client.closeAfterReply();
            loop.eventLoop.execute(this::flushAfterOthers);
        } else if (loop.eventLoop.inEventLoop()) {
            end();
        } else {
            loop.eventLoop.execute(this::end);
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
    public boolean isLimited() {
        return true;
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
    public boolean isEncrypted() {
        return encrypted;
    }

    @Override
    public long queryBytes() {
        return decoder.pendingBytes();
    }

    @Override
    public long outputBytes() {
        return sender.waitingBytes();
    }

    @Override
    public long bytesIn() {
        return bytesIn.getOpaque();
    }

    @Override
    public long bytesOut() {
        return sender.bytesOut();
    }

    // ---- the end ----

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        release();
        engine.disconnect(client);
        QueuedCommands transaction = client.transaction();
        if (transaction != null) {
            transaction.release();
        }
        server.forget(this);
    }

    /** The peer has said that it will send no more. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslCloseCompletionEvent) {
            channel.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof OutOfMemoryError) {
            engine.heapIsFull();
        }
        if (cause instanceof DecoderException && cause.getCause() instanceof SSLException) {
            LOG.debug("Closing client whose encryption is broken: {}", address);
        } else if (!(cause instanceof IOException)) {
            LOG.error("Closing client after an unexpected failure: {}", address, cause);
        }
        sender.closeChannel();
    }

    /** Closes the connection if what it has left unread is over a limit. */
    void closeIfUnread() {
        if (outputBytes() > 0) {
            loop.eventLoop.execute(sender::checkLimit);
        }
    }

    /** Closes the connection if nothing has come or gone for this long and nothing is awaited. */
    void closeIfIdle(long nowMillis, long timeoutMillis) {
        if (nowMillis - client.lastUsedMillis() > timeoutMillis
                && client.waiter() == null
                && !client.isPostponed()
                && !client.isSubscriber()
                && !client.isMonitor()
                && !client.isReplica()) {
            channel.close();
        }
    }
}
