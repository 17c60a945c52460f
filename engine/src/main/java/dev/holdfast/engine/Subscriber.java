package dev.holdfast.engine;

import dev.holdfast.engine.base.Thrown;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.config.OutputLimits;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.ObjectReply;
import dev.holdfast.engine.protocol.Push;
import dev.holdfast.engine.protocol.Reply;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A subscriber in this JVM. Messages wait in a queue and reach the listener one after the other on a virtual thread, so that it
 * may take its time and use the store. A listener that falls too far behind is cut off, as a slow connection would be; the
 * limit is that of {@code client-output-buffer-limit} for subscribers.
 */
public final class Subscriber implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Subscriber.class);

    private final Engine engine;
    private final Client client;
    private final Consumer<Message> listener;
    private final LinkedBlockingQueue<byte[]> queue = new LinkedBlockingQueue<>();
    private final AtomicLong queuedBytes = new AtomicLong();
    private final AtomicLong bytesOut = new AtomicLong();
    private final Thread thread;
    private volatile boolean closed;

    Subscriber(Engine engine, Consumer<Message> listener) {
        this.engine = engine;
        this.listener = listener;
        this.client = engine.newClient(new Receiver(), engine.statistics().newLane());
        client.setResp3(true);
        client.setUser(engine.acl().owner());
        this.thread = Thread.ofVirtual().name("holdfast-subscription").unstarted(this::deliver);
        engine.connect(client);
    }

    Subscriber start() {
        thread.start();
        return this;
    }

    /** Subscribes to channels too. Whatever is published after this returns will be delivered. */
    public Subscriber subscribe(String... channels) {
        return run("SUBSCRIBE", channels);
    }

    /** Subscribes to all channels that match one of these glob patterns. */
    public Subscriber subscribeToPatterns(String... patterns) {
        return run("PSUBSCRIBE", patterns);
    }

    /** Subscribes to sharded channels, which SPUBLISH publishes to. */
    public Subscriber subscribeToSharded(String... channels) {
        return run("SSUBSCRIBE", channels);
    }

    /** Ends the subscription to some channels. */
    public Subscriber unsubscribe(String... channels) {
        return run("UNSUBSCRIBE", channels);
    }

    /** Ends the subscription to some patterns. */
    public Subscriber unsubscribeFromPatterns(String... patterns) {
        return run("PUNSUBSCRIBE", patterns);
    }

    private synchronized Subscriber run(String command, String... names) {
        if (closed) {
            throw new IllegalStateException("the subscription is closed");
        }
        Args args = new Args();
        args.add(Words.utf8(command));
        for (String name : names) {
            args.add(Words.utf8(name));
        }
        ObjectReply reply = new ObjectReply();
        engine.execute(client, args, reply);
        if (reply.result() instanceof ObjectReply.ReplyError error) {
            throw new ErrorReplyException(error.message());
        }
        return this;
    }

    /** Whether the subscription has ended: closed, cut off for being slow, or because the store was closed. */
    public boolean isClosed() {
        return closed;
    }

    /** Ends all subscriptions. Messages that have not been delivered are dropped. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            engine.disconnect(client);
            if (Thread.currentThread() != thread) {
                thread.interrupt();
            }
        }
    }

    private void deliver() {
        while (!closed) {
            byte[] push;
            try {
                push = queue.take();
            } catch (InterruptedException e) {
                continue;
            }
            queuedBytes.addAndGet(-push.length);
            bytesOut.addAndGet(push.length);
            Message message = message(Push.of(push));
            if (message != null && !closed) {
                try {
                    listener.accept(message);
                } catch (Throwable e) {
                    // Whatever a listener throws, it hears of the next message.
                    LOG.error("A subscriber failed with a message from {}", message.channel(), Thrown.loggable(e));
                }
            }
        }
    }

    /** The message that a push is; null for other pushes. */
    private static @Nullable Message message(Push push) {
        return switch (push.kind()) {
            case "message", "smessage" -> new Message(Words.text(push.string(1)), push.string(2), null);
            case "pmessage" -> new Message(Words.text(push.string(2)), push.string(3), Words.text(push.string(1)));
            default -> null;
        };
    }

    /** The engine's side. */
    final class Receiver implements Link {
        Subscriber subscription() {
            return Subscriber.this;
        }

        @Override
        public void push(byte[] message) {
            long limit = engine.config()
                    .network
                    .clientOutputBufferLimit
                    .limit(OutputLimits.PUBSUB)
                    .hardBytes();
            queue.add(message);
            if (queuedBytes.addAndGet(message.length) > limit && limit > 0 && !closed) {
                LOG.warn("Ending a subscription whose listener is too slow: {} bytes wait", queuedBytes.get());
                closed = true;
                thread.interrupt();
                engine.timer().execute(() -> engine.disconnect(client));
            }
        }

        @Override
        public Reply resumeReply() {
            return new ObjectReply();
        }

        @Override
        public void resume(Reply reply) {}

        @Override
        public void close(boolean afterReplies) {
            engine.timer().execute(Subscriber.this::close);
        }

        @Override
        public long outputBytes() {
            return queuedBytes.get();
        }

        @Override
        public long bytesOut() {
            return bytesOut.get();
        }
    }
}
