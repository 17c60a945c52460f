package dev.holdfast.relay.topic;

import dev.holdfast.relay.http.Outbox;
import dev.holdfast.toolkit.store.StoreException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages of one topic on their way to one client of a stream, in order, each once.
 *
 * <p>It begins with history and goes live when it has all of it. A client that reads slowly fills its outbox; then it is no longer
 * live, and the topic's {@link TopicSettings.SlowConsumers policy} says what follows. Unless it is disconnected it reads history
 * again, from where it is or from further on, whenever there is room. So no client waits for it, it takes no more memory than its
 * outbox, and it learns of what it has missed.
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
    private final TopicSettings.SlowConsumers policy;
    private final Feed.Registration registration;

    /** The last position that the client has been sent. One thread at a time writes it: the topic's reader, or the one that catches up. */
    private volatile EntryId position;

    /** How messages are written for a client. */
    interface Frames {
        byte[] message(Topic topic, Message message);

        /** That some messages are no longer there. */
        byte[] gap(Topic topic, Messages.Recovery recovery);
    }

    Delivery(Relay relay, Topic topic, EntryId start, Outbox out, Frames frames) {
        this.messages = relay.messages();
        this.topic = topic;
        this.position = start;
        this.out = out;
        this.frames = frames;
        this.workers = relay.workers();
        this.policy = relay.topics().settings(topic).slowConsumers();
        this.registration = relay.feed().register(topic, this);
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
            if (again && policy == TopicSettings.SlowConsumers.DISCONNECT) {
                out.close(1013, "too slow: go on behind " + position);
                return;
            }
            if (again) {
                awaitRoom();
                tellOfGap();
            }
            while (out.isOpen()) {
                if (again && policy == TopicSettings.SlowConsumers.DROP_OLDEST) {
                    awaitRoom();
                    skip();
                }
                registration.beforeReading();
                Messages.Page page = again && policy == TopicSettings.SlowConsumers.CONFLATE
                        ? conflated()
                        : messages.after(topic, position, PAGE);
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

    /** Goes on with the newest messages, and says that the client misses some if there are more. */
    private void skip() {
        Messages.Page newest = messages.before(topic, null, PAGE + 1);
        if (newest.read() > PAGE && newest.position().compareTo(position) > 0) {
            position = newest.position();
            send(frames.gap(
                    topic,
                    new Messages.Recovery(
                            false,
                            "the client reads too slowly: messages up to this one were dropped",
                            position.toString())));
        }
    }

    /** What follows, of messages with the same key only the last: as far as an outbox of messages reaches. */
    private Messages.Page conflated() {
        Map<String, Message> last = new LinkedHashMap<>();
        EntryId reached = position;
        int read = 0;
        long length = 0;
        Messages.Page page;
        do {
            page = messages.after(topic, reached, PAGE);
            for (Message message : page.messages()) {
                String key = message.key().isEmpty() ? message.id().toString() : "k" + message.key();
                Message before = last.remove(key);
                length += message.payload().length()
                        - (before == null ? 0 : before.payload().length());
                last.put(key, message);
            }
            reached = page.position();
            read += page.read();
        } while (page.read() == PAGE && length < out.limitBytes());
        return new Messages.Page(List.copyOf(last.values()), reached, read);
    }

    /** Waits until half of the outbox has been sent, or the client has gone. */
    private void awaitRoom() {
        while (out.isOpen() && !out.isHalfEmpty()) {
            if (!pause()) {
                return;
            }
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(WAIT_MILLIS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void tellOfGap() {
        Messages.Recovery recovery = messages.recovery(topic, position);
        if (!recovery.recovered()) {
            send(frames.gap(topic, recovery));
        }
    }

    /** Sends something when there is room for it. Returns false if the client has gone. */
    private boolean send(byte[] frame) {
        while (true) {
            switch (out.offer(frame)) {
                case ACCEPTED -> {
                    return true;
                }
                case CLOSED -> {
                    return false;
                }
                case FULL -> {
                    if (!pause()) {
                        return false;
                    }
                }
            }
        }
    }
}
