package dev.holdfast.toolkit.topic;

import dev.holdfast.engine.base.Thrown;
import dev.holdfast.toolkit.codec.CodecException;
import dev.holdfast.toolkit.pattern.Instruments;
import dev.holdfast.toolkit.pattern.Instruments.Counter;
import dev.holdfast.toolkit.pattern.Loop;
import dev.holdfast.toolkit.pattern.Patience;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import dev.holdfast.toolkit.store.Subscription;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One who reads a {@link DurableTopic}: message after message, in order. A message whose handler throws is handed to it again,
 * after a pause that doubles up to half a minute, and those behind it wait: nothing is left out. So a reader never stops by
 * itself; while it fails the topic's health says so.
 *
 * <p>The cursor is saved after each batch, so after a crash up to a batch of messages is handled once more.
 */
public final class TopicReader<T> implements Subscription {
    /** Handles messages. */
    @FunctionalInterface
    public interface Handler<T> {
        /**
         * Handles a message; what is thrown has it come again.
         *
         * @param id the message's id
         */
        void message(String id, T message) throws Exception;

        /** Messages were dropped before this reader came to them. If this throws it is called again. */
        default void gap() {}

        /** A message cannot be decoded. It is left out unless this throws. */
        default void unreadable(String id, CodecException reason) {}
    }

    private static final Script BEGIN = Script.of(TopicReader.class, "begin");
    private static final Script READ = Script.of(TopicReader.class, "read");
    private static final Logger LOG = LoggerFactory.getLogger(TopicReader.class);
    private static final int BATCH = 100;
    private static final Duration WAIT = Duration.ofSeconds(5);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final DurableTopic<T> topic;
    private final Store store;
    private final String name;
    private final DurableTopic.Start start;
    private final Handler<T> handler;
    private final Consumer<TopicReader<T>> onClose;
    private final Counter handled;
    private final Counter failed;
    private final Counter gaps;
    private final Loop loop;
    private volatile String cursor = "";
    /** How many messages had been added up to the cursor; -1 if that is not known. */
    private long position = -1;

    private String saved = "";
    /** Whether it was closed while its handler went on, so that another may read under its name by now. */
    private volatile boolean abandoned;

    TopicReader(
            DurableTopic<T> topic,
            String name,
            DurableTopic.Start start,
            Handler<T> handler,
            Consumer<TopicReader<T>> onClose) {
        this.topic = topic;
        this.store = topic.context().store();
        this.name = name;
        this.start = start;
        this.handler = handler;
        this.onClose = onClose;
        Instruments instruments = topic.instruments();
        this.handled = instruments.counter("handled", "reader", name, "result", "done");
        this.failed = instruments.counter("handled", "reader", name, "result", "failed");
        this.gaps = instruments.counter("gaps", "reader", name);
        this.loop = new Loop(
                "holdfast-topic-" + topic.name() + "-" + name,
                LONGEST_PAUSE,
                this::step,
                this::tellOf,
                this::saveAtTheEnd);
    }

    /** Finds its place and begins to read. Where the store is away, it finds its place later. */
    void start() {
        try {
            findCursor();
        } catch (StoreException | CancellationException e) {
            LOG.warn("The reader {} of {} does not know its place yet: {}", name, topic.name(), e.toString());
        }
        loop.start();
    }

    /** The name of its cursor. */
    public String name() {
        return name;
    }

    /** The id of the last message that was handled; empty before it is known. */
    public String cursor() {
        return cursor;
    }

    /** Whether the last thing that it tried has failed. */
    boolean isFailing() {
        return loop.failure() != null;
    }

    /** What to show of it. */
    String state() {
        String why = loop.failure();
        return why == null ? "at " + cursor : "at " + cursor + ", failing: " + why;
    }

    private void step() throws Exception {
        if (cursor.isEmpty()) {
            findCursor();
        }
        readOnce();
    }

    private void tellOf(Throwable failure) {
        failed.increment();
        LOG.warn("The reader {} of {} tries again behind {}: {}", name, topic.name(), cursor, Thrown.text(failure));
    }

    private void findCursor() {
        String found = store.call(BEGIN, List.of(topic.key(), topic.cursorsKey()), name, start.name())
                .text();
        int blank = found.indexOf(' ');
        saved = found;
        position = blank < 0 ? -1 : Long.parseLong(found.substring(blank + 1));
        cursor = blank < 0 ? found : found.substring(0, blank);
    }

    private void readOnce() throws Exception {
        List<Reply> answer =
                store.call(READ, List.of(topic.key()), cursor, position, BATCH).list();
        if (answer.get(0).flag()) {
            gaps.increment();
            handler.gap();
        }
        cursor = answer.get(1).text();
        position = answer.get(2).number();
        List<Reply> entries = answer.subList(3, answer.size());
        try {
            for (Reply entry : entries) {
                if (loop.isStopping()) {
                    return;
                }
                handle(entry.list());
            }
        } finally {
            save();
        }
        if (entries.isEmpty()) {
            Command wait = Command.of("XREAD", "COUNT", 1, "BLOCK", WAIT.toMillis(), "STREAMS", topic.key(), cursor);
            loop.idle(() -> store.await(WAIT, wait));
        }
    }

    private void handle(List<Reply> entry) throws Exception {
        String id = entry.get(0).text();
        T message;
        try {
            message = topic.decode(entry.get(1));
        } catch (CodecException e) {
            LOG.warn("The message {} of {} cannot be read: {}", id, topic.name(), Thrown.text(e));
            handler.unreadable(id, e);
            failed.increment();
            passed(id);
            return;
        }
        handler.message(id, message);
        handled.increment();
        passed(id);
    }

    private void passed(String id) {
        cursor = id;
        position += position < 0 ? 0 : 1;
    }

    private void save() {
        String now = position < 0 ? cursor : cursor + " " + position;
        if (!now.equals(saved) && !abandoned) {
            store.call("HSET", topic.cursorsKey(), name, now);
            saved = now;
        }
    }

    private void saveAtTheEnd() {
        try {
            save();
        } catch (StoreException | CancellationException e) {
            LOG.warn("The cursor {} of {} was not saved: {}", name, topic.name(), e.toString());
        }
    }

    @Override
    public boolean isActive() {
        return !loop.isStopping() && loop.failure() == null;
    }

    /** Stops reading, after the message that is being handled. A handler that takes too long is interrupted, and then left behind. */
    @Override
    public void close() {
        if (!loop.stop()) {
            return;
        }
        onClose.accept(this);
        try {
            Patience patience = topic.context().patience();
            if (!loop.join(patience.grace())) {
                loop.interrupt();
                abandoned = !loop.join(patience.stopWithin());
            }
        } catch (InterruptedException e) {
            abandoned = true;
            Thread.currentThread().interrupt();
        }
    }
}
