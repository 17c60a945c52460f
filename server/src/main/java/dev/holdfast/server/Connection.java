package dev.holdfast.server;

import dev.holdfast.engine.base.SharedBytes;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Feed;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.MemoryRefusedException;
import dev.holdfast.engine.protocol.ProtocolException;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RequestDecoder;
import dev.holdfast.engine.protocol.RespReply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
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
 * <p>What is written goes past the pipeline to the socket, or with TLS through the handler that encrypts it. Encrypted bytes cannot be
 * taken back from the system. So that handler gets no more than {@value #OWN_BYTES} bytes before the system has taken what became of
 * them: what waits, waits unencrypted, where it is counted.
 */
final class Connection extends ChannelInboundHandlerAdapter implements Link {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /** How much is left with a system that takes no more, so that it says when it does. */
    private static final int FEW_BYTES = 512;

    /** How many buffers of what has waited are sent in one turn. */
    private static final int SPILLS = 4;

    /** When a word lacks more than this, it is worth reading on at once. */
    private static final int MANY_BYTES = 32 * 1024;

    /** The buffer of a transport that keeps what it is given until it is sent. */
    private static final int OWN_BYTES = 16 * 1024;

    private final Server server;
    private final Engine engine;
    private final Channel channel;
    private final @Nullable SslHandler tls;
    private final Loop loop;
    private final RequestDecoder decoder;
    private final Queue<SharedBytes> fromOtherThreads = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean drainScheduled = new AtomicBoolean();
    private final OutputLimit outputLimit;
    private final String address;
    private final String localAddress;

    private final Client client;

    /** What others have pushed and what does not follow the bytes in {@link #unsent} yet. */
    private final ByteQueue outbox;

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
    private boolean running;
    private boolean waiting;
    private final AtomicLong bytesIn = new AtomicLong();
    private final AtomicLong bytesOut = new AtomicLong();

    /** @param tls what encrypts, its handshake over; null for nothing */
    Connection(Server server, Channel channel, Loop loop, @Nullable SslHandler tls) {
        this.server = server;
        this.engine = server.engine();
        this.channel = channel;
        this.tls = tls;
        this.loop = loop;
        this.address = Addresses.show(channel.remoteAddress(), channel.localAddress());
        this.localAddress = Addresses.show(channel.localAddress(), channel.localAddress());
        this.outputLimit =
                new OutputLimit(server.parameters(), engine.config().replication.backlogSize::get, engine.clock());
        this.client = engine.newClient(this, loop.lane);
        this.outbox = new ByteQueue(client);
        this.unsent = new ByteQueue(client);
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
                closeChannel();
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
    private void endForMemory(Throwable cause) {
        if (cause instanceof OutOfMemoryError) {
            engine.heapIsFull();
            LOG.error("Closing client that needs more memory than there is: {}", address);
        } else {
            LOG.warn("Closing client that holds more than clients may (maxmemory-clients): {}", address);
            engine.statistics().evictedClients.increment();
        }
        close();
    }

    private void close() {
        client.closeAfterReply();
        closeChannel();
        if (!running) {
            release();
        }
    }

    /** Lets go of what is held for the client. */
    private void release() {
        unsent.clear();
        sendable = 0;
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
            send(loop.output);
        } finally {
            loop.output.clear(Loop.KEPT_BYTES);
        }
    }

    private void run(RespReply output) {
        output.setAccount(client);
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
            send(output);
            loop.flushPending(this);
            loop.flush(this);
        }
    }

    /** Sends what has been written; the changes that it tells of are in the log. */
    void flush() {
        try {
            sendable = unsent.bytes();
            flushChannel();
            spill();
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            endForMemory(e);
        }
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
                later(this::goOn);
                return;
            }
            ByteBuf buffer = takesBytesBack() ? LoopBuffers.forSpilling() : null;
            if (buffer == null) {
                buffer = own(OWN_BYTES);
                move(buffer);
                write(buffer, true);
            } else {
                offer(buffer);
            }
        }
        outputLimit.sent(client, outputBytes());
        sendFeed();
        if (closingWhenSent && unsent.isEmpty() && !stalled) {
            if (takesBytesBack()) {
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
            engine.statistics().netOutputBytes.add(count);
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
            ((DuplexChannel) channel).shutdownOutput().addListener(ended -> close());
        }
    }

    /** Closes the socket. A peer with TLS is informed before, but not if it does not read. */
    private void closeChannel() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        if (tls != null && outbound != null && !outbound.isEmpty()) {
            channel.unsafe().close(channel.voidPromise());
        } else {
            channel.close();
        }
    }

    /** Whether what the system has not taken of a write can be taken back. */
    private boolean takesBytesBack() {
        return tls == null && server.takesBytesBack();
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
        if (outbound.isEmpty() || !takesBytesBack()) {
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
            endForMemory(e);
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
        closingWhenSent = true;
        flush();
    }

    // ---- writing ----

    /** Hands over what has been written. Whatever comes of it, none of it is left for the next to write there. */
    private void send(RespReply output) {
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
        engine.statistics().netOutputBytes.add(bytes);
        checkOutputLimit();
    }

    private void checkOutputLimit() {
        if (channel.isOpen() && outputLimit.isExceeded(client, outputBytes())) {
            engine.statistics().outputBufferLimitDisconnections.increment();
            LOG.warn("Closing client that does not read its replies: {}", address);
            close();
        }
    }

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
        long length = outbox.bytes();
        if (length == 0 || channel.unsafe().outboundBuffer() == null) {
            outbox.clear();
            return;
        }
        ByteBuf buffer = length <= Loop.KEPT_BYTES ? atOnce((int) length) : null;
        if (buffer == null) {
            outbox.moveTo(unsent);
        } else {
            outbox.moveTo(buffer, (int) length);
            writeAtOnce(buffer);
        }
        written(length);
    }

    // ---- the engine's side ----

    @Override
    public boolean follow(Feed source) {
        feed = source;
        return true;
    }

    @Override
    public void feed() {
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
        checkOutputLimit();
        try {
            spill();
        } catch (MemoryRefusedException | OutOfMemoryError e) {
            endForMemory(e);
        }
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
            send(answer);
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
        // A task that is due now would be run before the sockets are looked at, for as long as there is one.
        loop.eventLoop.schedule(work, 1, TimeUnit.MICROSECONDS);
    }

    @Override
    public void close(boolean afterReplies) {
        if (afterReplies) {
            client.closeAfterReply();
            loop.eventLoop.execute(this::flushAfterOthers);
        } else if (loop.eventLoop.inEventLoop()) {
            close();
        } else {
            loop.eventLoop.execute(this::close);
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
        return tls != null;
    }

    @Override
    public long queryBytes() {
        return decoder.pendingBytes();
    }

    @Override
    public long outputBytes() {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        Feed source = feed;
        return unsent.bytes()
                + unencrypted
                + (outbound == null ? 0 : outbound.totalPendingWriteBytes())
                + (source == null ? 0 : source.pendingBytes());
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
        release();
        engine.disconnect(client);
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
        closeChannel();
    }

    /** Closes the connection if what it has left unread is over a limit. */
    void closeIfUnread() {
        if (outputBytes() > 0) {
            loop.eventLoop.execute(this::checkOutputLimit);
        }
    }

    /** Closes the connection if nothing has come for this long and nothing is awaited. */
    void closeIfIdle(long nowMillis, long timeoutMillis) {
        if (nowMillis - client.lastUsedMillis() > timeoutMillis
                && client.waiter() == null
                && !client.isSubscriber()
                && !client.isReplica()) {
            channel.close();
        }
    }
}
