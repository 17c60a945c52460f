package dev.holdfast.relay.topic;

import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * New messages for all who wait for them in this process: each topic with listeners is read by one thread, once for all of them,
 * wherever they were published: here, in another process, or straight into the stream.
 *
 * <p><b>Nothing falls between history and news.</b> A listener registers first and reads history then. When it finds no more, it
 * asks to go live ({@link Registration#goLive}); that succeeds only if it has everything that the topic's reader has handed out,
 * decided under the same lock under which the reader hands out. Otherwise it reads on.
 */
final class Feed implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Feed.class);
    private static final int BATCH = 256;
    private static final Duration BLOCK = Duration.ofSeconds(5);

    private final Messages messages;
    private final Executor workers;
    private final Map<String, Tail> tails = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** Gets new messages of one topic, under the topic's lock: it must not wait. */
    @FunctionalInterface
    interface Listener {
        void arrived(List<Message> batch);
    }

    Feed(Messages messages, Executor workers) {
        this.messages = messages;
        this.workers = workers;
    }

    /** Registers a listener, which hears of nothing until it goes live. */
    Registration register(Topic topic, Listener listener) {
        AtomicReference<Registration> made = new AtomicReference<>();
        tails.compute(messages.streamKey(topic), (key, present) -> {
            Tail tail = present == null ? new Tail(key, messages.last(topic)) : present;
            made.set(tail.add(listener));
            if (present == null) {
                workers.execute(tail);
            }
            return tail;
        });
        return Objects.requireNonNull(made.get());
    }

    /** How many topics are being read, and for how many listeners. */
    int topics() {
        return tails.size();
    }

    Map<String, Integer> listeners() {
        Map<String, Integer> counts = new ConcurrentHashMap<>();
        tails.forEach((key, tail) ->
                counts.put(key.substring(key.indexOf(':', key.indexOf(':') + 1) + 1), tail.size()));
        return counts;
    }

    @Override
    public void close() {
        closed = true;
    }

    /** One listener of one topic. */
    static final class Registration implements AutoCloseable {
        private final Tail tail;
        private final Listener listener;
        private boolean live;

        /** Where the topic's reader was before the listener last read history. */
        private EntryId covered = EntryId.ZERO;

        private Registration(Tail tail, Listener listener) {
            this.tail = tail;
            this.listener = listener;
        }

        /** Says that history is going to be read. */
        void beforeReading() {
            synchronized (tail) {
                covered = tail.position;
            }
        }

        /**
         * Asks to hear of new messages from now on, having everything up to {@code position}, behind which history had nothing more. So
         * what the topic's reader had seen before is there no more, as in a topic that was deleted. Returns whether that is so.
         */
        boolean goLive(EntryId position) {
            synchronized (tail) {
                live = tail.position.compareTo(position) <= 0 || tail.position.equals(covered);
                return live;
            }
        }

        /** Hears of new messages from now on, of which those are enough that come: a listener that only wants to be woken. */
        void hear() {
            synchronized (tail) {
                live = true;
            }
        }

        /** Stops hearing of new messages, until it goes live again. Also from inside {@link Listener#arrived}. */
        void fallBehind() {
            synchronized (tail) {
                live = false;
            }
        }

        @Override
        public void close() {
            synchronized (tail) {
                tail.registrations.remove(this);
            }
        }
    }

    /** The reader of one topic. Its monitor guards all fields. */
    private final class Tail implements Runnable {
        private final String key;
        private final Set<Registration> registrations = new LinkedHashSet<>();
        private EntryId position;

        Tail(String key, EntryId position) {
            this.key = key;
            this.position = position;
        }

        synchronized Registration add(Listener listener) {
            Registration registration = new Registration(this, listener);
            registrations.add(registration);
            return registration;
        }

        synchronized int size() {
            return registrations.size();
        }

        private synchronized boolean isUnused() {
            return registrations.isEmpty();
        }

        @Override
        public void run() {
            boolean failed = false;
            while (!closed) {
                // No listener can come between this look and leaving.
                if (tails.computeIfPresent(key, (same, tail) -> isUnused() ? null : tail) != this) {
                    return;
                }
                try {
                    read();
                    failed = false;
                } catch (CancellationException e) {
                    return;
                } catch (StoreException | IllegalStateException e) {
                    if (!failed && !closed) {
                        LOG.warn("The topic {} cannot be read: {}", key, e.toString());
                    }
                    failed = true;
                    pause();
                }
            }
        }

        private void pause() {
            try {
                Thread.sleep(200);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void read() {
            EntryId from;
            synchronized (this) {
                from = position;
            }
            Reply answer = messages.store()
                    .await(
                            BLOCK,
                            Command.of(
                                    "XREAD",
                                    "COUNT",
                                    BATCH,
                                    "BLOCK",
                                    BLOCK.toMillis(),
                                    "STREAMS",
                                    key,
                                    from.toString()));
            if (answer.isNull()) {
                return;
            }
            for (Reply entries : answer.map().values()) {
                Messages.Page page = messages.page(entries.list(), from);
                synchronized (this) {
                    position = page.position();
                    for (Registration registration : new ArrayList<>(registrations)) {
                        if (registration.live && !page.messages().isEmpty()) {
                            registration.listener.arrived(page.messages());
                        }
                    }
                }
            }
        }
    }
}
