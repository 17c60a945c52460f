package dev.holdfast.relay.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

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

    private static final int OVERHEAD_BYTES = 64;

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
            channel.eventLoop().execute(this::drain);
        }
    }

    /** Sends what the socket takes. On the event loop. */
    void drain() {
        scheduled.set(false);
        boolean written = false;
        while (channel.isWritable()) {
            byte[] text = waiting.poll();
            if (text == null) {
                break;
            }
            waitingBytes.addAndGet(-text.length - OVERHEAD_BYTES);
            ByteBuf content = Unpooled.wrappedBuffer(text);
            channel.write(webSocket ? new TextWebSocketFrame(content) : new DefaultHttpContent(content));
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
