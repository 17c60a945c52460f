package dev.holdfast.toolkit.store;

import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.ObjectReply;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import dev.holdfast.engine.protocol.Push;
import dev.holdfast.engine.protocol.Reply;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A client of the engine that tracks keys by a prefix. The engine tells it on the thread that changes a key, while the change is
 * being made; {@code ownChange} says whether that thread is making a change of the store's own, which is not told.
 */
final class EmbeddedTracking implements Link, Subscription {
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

    /** A push with the keys that have changed, or with null for all. */
    @Override
    public void push(byte[] message) {
        if (ownChange.getAsBoolean()) {
            return;
        }
        Push push = Push.of(message);
        if (push.kind().equals("invalidate")) {
            List<byte[]> keys = push.strings(1);
            if (keys == null) {
                listener.allInvalidated();
            } else {
                keys.forEach(listener::invalidated);
            }
        }
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
