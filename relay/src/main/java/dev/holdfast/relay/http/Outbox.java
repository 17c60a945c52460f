package dev.holdfast.relay.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What waits to be sent to one client of a stream. Any thread may offer, and none ever waits for the client.
 *
 * <p>The event loop sends: as much as the socket takes, with one flush for all that has gathered meanwhile. What it does not take
 * stays here, up to a limit in bytes. Its caller learns that the limit is reached and decides what becomes of a slow client.
 */
public final class Outbox {
    /** What {@link #offer} has done. */
    public enum Outcome {
        ACCEPTED,
        /** As much waits as may; the message was not taken. */
        FULL,
        /** The client has gone, or is about to; the message was not taken. */
        CLOSED
    }

    private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);
    private static final int OVERHEAD_BYTES = 64;
    private static final int WRITE_BYTES = 32 * 1024;
    private static final int TEXT = 1;

    private final HttpConnection connection;
    private final Channel channel;
    private final boolean webSocket;
    private final int limitBytes;
    private final ConcurrentLinkedQueue<byte[]> waiting = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private volatile boolean closing;
    private int closeCode;
    private String closeReason = "";

    Outbox(HttpConnection connection, Channel channel, boolean webSocket, int limitBytes) {
        this.connection = connection;
        this.channel = channel;
        this.webSocket = webSocket;
        this.limitBytes = limitBytes;
    }

    /** Hands over the text of a message: for a WebSocket one frame, for a stream of events what {@link Events} has written. */
    public Outcome offer(String text) {
        return offer(text.getBytes(StandardCharsets.UTF_8));
    }

    /** As {@link #offer(String)}, of text in UTF-8; the array is not changed afterwards. */
    public Outcome offer(byte[] text) {
        if (closing || !channel.isActive()) {
            return Outcome.CLOSED;
        }
        long size = (long) text.length + OVERHEAD_BYTES;
        if (waitingBytes.get() + size > limitBytes) {
            return Outcome.FULL;
        }
        waitingBytes.addAndGet(size);
        waiting.add(text);
        schedule();
        return Outcome.ACCEPTED;
    }

    /** How many bytes wait here, beside those that the system has taken. */
    public long waitingBytes() {
        return waitingBytes.get();
    }

    /** How many bytes may wait. */
    public int limitBytes() {
        return limitBytes;
    }

    /** Whether there is room for half of what may wait. */
    public boolean isHalfEmpty() {
        return waitingBytes.get() <= limitBytes / 2;
    }

    public boolean isOpen() {
        return !closing && channel.isActive();
    }

    /** Runs {@code action} once, when the client has gone; at once if that has happened already. */
    public void onClose(Runnable action) {
        connection.onClose(action);
    }

    /**
     * Sends what waits, then ends the stream.
     *
     * @param code a WebSocket's status, such as 1000; a stream of events has none
     */
    public void close(int code, String reason) {
        if (!closing) {
            closeCode = code;
            closeReason = reason;
            closing = true;
            schedule();
        }
    }

    private void schedule() {
        if (scheduled.compareAndSet(false, true)) {
            try {
                channel.eventLoop().execute(this::drain);
            } catch (RejectedExecutionException e) {
                LOG.debug("The event loop has ended, and with it the client", e);
            }
        }
    }

    /** Sends what the socket takes. On the event loop. */
    void drain() {
        scheduled.set(false);
        boolean written = false;
        while (channel.isWritable() && !waiting.isEmpty()) {
            ByteBuf some = gather();
            channel.write(webSocket ? some : new DefaultHttpContent(some));
            written = true;
        }
        if (written) {
            channel.flush();
        }
        connection.progressed(written, waiting.isEmpty());
        if (closing && waiting.isEmpty()) {
            end();
        }
    }

    /**
     * Some of what waits, one behind the other in one buffer: many buffers cost a system call more than their bytes do. Frames of a
     * WebSocket are not masked by a server, so that they are their text behind its length.
     */
    private ByteBuf gather() {
        ByteBuf some = channel.alloc().ioBuffer((int) Math.min(waitingBytes.get(), WRITE_BYTES));
        long taken = 0;
        while (some.readableBytes() < WRITE_BYTES) {
            byte[] text = waiting.poll();
            if (text == null) {
                break;
            }
            taken += text.length + OVERHEAD_BYTES;
            if (webSocket) {
                writeHeader(some, text.length);
            }
            some.writeBytes(text);
        }
        waitingBytes.addAndGet(-taken);
        return some;
    }

    /** The header of a whole text frame (RFC 6455, 5.2). */
    private static void writeHeader(ByteBuf to, int length) {
        to.writeByte(0x80 | TEXT);
        if (length < 126) {
            to.writeByte(length);
        } else if (length < 1 << 16) {
            to.writeByte(126).writeShort(length);
        } else {
            to.writeByte(127).writeLong(length);
        }
    }

    private void end() {
        Object last = webSocket
                ? new CloseWebSocketFrame(closeCode, shortened(closeReason))
                : LastHttpContent.EMPTY_LAST_CONTENT;
        connection.writeAndClose(last);
    }

    /** A close frame's reason has at most 123 bytes, of which a character takes three at most. */
    private static String shortened(String reason) {
        boolean ascii = reason.chars().allMatch(c -> c < 128);
        return reason.substring(0, Math.min(reason.length(), ascii ? 123 : 41));
    }
}
