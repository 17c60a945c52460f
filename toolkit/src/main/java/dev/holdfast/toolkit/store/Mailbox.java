package dev.holdfast.toolkit.store;

import dev.holdfast.engine.base.Thrown;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What waits for a listener, who is called on one thread, with one thing after the other. So the thread that brings a message is never
 * held up by the listener.
 *
 * <p>At most 32 MiB wait. If more comes, all that waits is dropped, and the listener gets a gap in its place. Whatever the
 * listener throws is logged, and the next message reaches it.
 */
final class Mailbox implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);
    private static final long MOST_BYTES = 32L << 20;

    /** What a message takes beside its payload. */
    private static final int OVERHEAD = 128;

    /** Something that waits; without a payload, a gap. */
    private static final class Event {
        private static final Event GAP = new Event("", null);

        private final String channel;
        private final byte @Nullable [] payload;

        Event(String channel, byte @Nullable [] payload) {
            this.channel = channel;
            this.payload = payload;
        }

        long bytes() {
            return OVERHEAD + (payload == null ? 0L : payload.length);
        }
    }

    private final MessageListener listener;
    private final Deque<Event> waiting = new ArrayDeque<>();
    private final Thread delivery;
    private long waitingBytes;
    private boolean closed;

    Mailbox(MessageListener listener) {
        this.listener = listener;
        this.delivery =
                Thread.ofPlatform().daemon().name("holdfast-subscription").start(this::deliver);
    }

    synchronized void message(String channel, byte[] payload) {
        Event event = new Event(channel, payload);
        if (waitingBytes + event.bytes() > MOST_BYTES && !waiting.isEmpty()) {
            LOG.warn("A subscriber is too slow: {} messages from {} are dropped", waiting.size(), channel);
            waiting.clear();
            waitingBytes = 0;
            add(Event.GAP);
        }
        add(event);
    }

    /** Messages may have been missed between the last and the next. */
    synchronized void gap() {
        if (waiting.peekLast() != Event.GAP) {
            add(Event.GAP);
        }
    }

    private void add(Event event) {
        if (!closed) {
            waiting.add(event);
            waitingBytes += event.bytes();
            notifyAll();
        }
    }

    /** The next thing, or null at the end. */
    private synchronized @Nullable Event next() {
        while (waiting.isEmpty() && !closed) {
            try {
                wait();
            } catch (InterruptedException e) {
                // Left over from the listener, or from closing.
            }
        }
        Event event = closed ? null : waiting.remove();
        waitingBytes -= event == null ? 0 : event.bytes();
        return event;
    }

    private void deliver() {
        Event event = next();
        while (event != null) {
            try {
                if (event.payload == null) {
                    listener.gap();
                } else {
                    listener.message(event.channel, event.payload);
                }
            } catch (Throwable e) {
                LOG.error("A subscriber failed with a message from {}", event.channel, Thrown.loggable(e));
            }
            event = next();
        }
    }

    /** Drops what waits, and interrupts the listener unless it is the one that closes. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            waiting.clear();
            notifyAll();
        }
        if (Thread.currentThread() != delivery) {
            delivery.interrupt();
        }
    }
}
