package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.Outbox;
import dev.holdfast.toolkit.store.StoreException;
import java.util.List;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages of one topic on their way to one client of a stream, in order, each once.
 *
 * <p>It begins with history and goes live when it has all of it. A client that reads slowly fills its outbox; then it is no longer
 * live, and reads history again at its own pace, from where it is. So it holds up nobody, takes no more memory than its outbox,
 * and misses nothing that the topic still has; of what the topic has dropped meanwhile it is told.
 */
final class Delivery implements Feed.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Delivery.class);
    private static final int PAGE = 100;
    private static final long WAIT_MILLIS = 10;

    private final Messages messages;
    private final Topic topic;
    private final Outbox out;
    private final Frames frames;
    private final Executor workers;
    private final Feed.Registration registration;

    /** The last position that the client has been sent. One thread at a time writes it: the topic's reader, or the one that catches up. */
    private volatile EntryId position;

    /** How messages are written for a client. */
    interface Frames {
        String message(Topic topic, Message message);

        /** That some messages are no longer there. */
        String gap(Topic topic, Messages.Recovery recovery);
    }

    Delivery(Messages messages, Feed feed, Topic topic, EntryId start, Outbox out, Frames frames, Executor workers) {
        this.messages = messages;
        this.topic = topic;
        this.position = start;
        this.out = out;
        this.frames = frames;
        this.workers = workers;
        this.registration = feed.register(topic, this);
    }

    Topic topic() {
        return topic;
    }

    EntryId position() {
        return position;
    }

    /** Begins to send. */
    void start() {
        workers.execute(() -> catchUp(false));
    }

    void close() {
        registration.close();
    }

    @Override
    public void arrived(List<Message> batch) {
        for (Message message : batch) {
            if (message.id().compareTo(position) <= 0) {
                continue;
            }
            switch (out.offer(frames.message(topic, message))) {
                case ACCEPTED -> position = message.id();
                case FULL -> {
                    registration.fallBehind();
                    workers.execute(() -> catchUp(true));
                    return;
                }
                case CLOSED -> {
                    registration.fallBehind();
                    return;
                }
            }
        }
    }

    private void catchUp(boolean again) {
        try {
            if (again) {
                tellOfGap();
            }
            while (out.isOpen()) {
                registration.beforeReading();
                Messages.Page page = messages.after(topic, position, PAGE);
                for (Message message : page.messages()) {
                    if (!send(frames.message(topic, message))) {
                        return;
                    }
                    position = message.id();
                }
                if (page.read() > 0) {
                    position = page.position();
                } else if (registration.goLive(position)) {
                    return;
                }
            }
        } catch (StoreException | IllegalStateException e) {
            LOG.debug("A client of {} cannot be served", topic, e);
            out.close(1011, "the store cannot be read; come back with the last position");
        }
    }

    private void tellOfGap() {
        Messages.Recovery recovery = messages.recovery(topic, position);
        if (!recovery.recovered()) {
            send(frames.gap(topic, recovery));
        }
    }

    /** Sends something when there is room for it. Returns false if the client has gone. */
    private boolean send(String frame) {
        while (true) {
            switch (out.offer(frame)) {
                case ACCEPTED -> {
                    return true;
                }
                case CLOSED -> {
                    return false;
                }
                case FULL -> {
                    try {
                        Thread.sleep(WAIT_MILLIS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        return false;
                    }
                }
            }
        }
    }
}
