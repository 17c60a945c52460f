package dev.holdfast.relay.http;

import io.netty.channel.Channel;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The messages of a WebSocket, handed to its listener one after the other. While many wait, no more are read. */
final class WebSocketInbox implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(WebSocketInbox.class);
    private static final int MOST_MESSAGES = 32;

    private final HttpServer server;
    private final Channel channel;
    private final Outbox out;
    private final Response response;
    private final ArrayDeque<String> messages = new ArrayDeque<>();
    private @Nullable WebSocketListener listener;
    private boolean running = true;

    /** It counts as running until it is run for the first time, which makes the listener. */
    WebSocketInbox(HttpServer server, Channel channel, Outbox out, Response response) {
        this.server = server;
        this.channel = channel;
        this.out = out;
        this.response = response;
    }

    synchronized void add(String message) {
        messages.add(message);
        if (messages.size() >= MOST_MESSAGES) {
            channel.config().setAutoRead(false);
        }
        if (!running) {
            running = true;
            server.execute(this);
        }
    }

    private synchronized @Nullable String take() {
        String message = messages.poll();
        if (message == null) {
            running = false;
        } else if (messages.size() < MOST_MESSAGES) {
            channel.config().setAutoRead(true);
        }
        return message;
    }

    @Override
    public void run() {
        try {
            WebSocketListener known = listener;
            if (known == null) {
                known = Objects.requireNonNull(response.webSocket()).apply(out);
                listener = known;
            }
            for (String message = take(); message != null; message = take()) {
                known.message(message);
            }
        } catch (Throwable e) {
            LOG.error("A WebSocket failed", e);
            out.close(1011, "Internal Server Error");
        }
    }
}
