package dev.holdfast.toolkit.store;

import dev.holdfast.engine.execution.Client;
import dev.holdfast.engine.execution.Engine;
import dev.holdfast.engine.execution.Link;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.ObjectReply;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import dev.holdfast.engine.protocol.Reply;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * A client of the engine that tracks keys by a prefix. The engine tells it on the thread that changes a key, while the change is
 * being made; {@code ownChange} says whether that thread is making a change of the store's own, which is not told.
 */
final class EmbeddedTracking implements Link, Subscription {
    private static final byte[] INVALIDATE = "$10\r\ninvalidate\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Engine engine;
    private final String prefix;
    private final InvalidationListener listener;
    private final BooleanSupplier ownChange;
    private final Runnable onClose;
    private volatile Client client;
    private volatile boolean closed;

    EmbeddedTracking(
            Engine engine, String prefix, InvalidationListener listener, BooleanSupplier ownChange, Runnable onClose) {
        this.engine = engine;
        this.prefix = prefix;
        this.listener = listener;
        this.ownChange = ownChange;
        this.onClose = onClose;
        this.client = begin();
    }

    private Client begin() {
        Client begun = engine.connect(this, engine.statistics().newLane());
        begun.setResp3(true);
        begun.setUser(engine.acl().owner());
        ObjectReply reply = new ObjectReply();
        engine.execute(begun, Args.of("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", prefix), reply);
        if (reply.result() instanceof ReplyError error) {
            engine.disconnect(begun);
            throw new CommandFailedException(error.message());
        }
        return begun;
    }

    /** {@code >2 invalidate} and an array of keys, or null for all. */
    @Override
    public void push(byte[] message) {
        if (ownChange.getAsBoolean()) {
            return;
        }
        int at = 4;
        if (!Arrays.equals(message, at, at + INVALIDATE.length, INVALIDATE, 0, INVALIDATE.length)) {
            return;
        }
        at += INVALIDATE.length;
        if (message[at] != '*') {
            listener.allInvalidated();
            return;
        }
        int[] position = {at + 1};
        long keys = number(message, position);
        for (long i = 0; i < keys; i++) {
            position[0]++;
            int length = (int) number(message, position);
            listener.invalidated(Arrays.copyOfRange(message, position[0], position[0] + length));
            position[0] += length + 2;
        }
    }

    /** Reads digits and the line end after them. */
    private static long number(byte[] message, int[] position) {
        long value = 0;
        while (message[position[0]] != '\r') {
            value = value * 10 + message[position[0]++] - '0';
        }
        position[0] += 2;
        return value;
    }

    /** Somebody has killed the client: another takes its place. */
    @Override
    public void close(boolean afterReplies) {
        engine.timer().execute(() -> {
            engine.disconnect(client);
            if (!closed) {
                client = begin();
                listener.allInvalidated();
            }
        });
    }

    @Override
    public boolean isActive() {
        return !closed;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            onClose.run();
            engine.disconnect(client);
        }
    }

    @Override
    public Reply resumeReply() {
        return new ObjectReply();
    }

    @Override
    public void resume(Reply reply) {}
}
