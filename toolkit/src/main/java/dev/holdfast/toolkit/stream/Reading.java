package dev.holdfast.toolkit.stream;

import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** How one consumer reads one stream. */
abstract class Reading<T> {
    /** How long a read waits at most. */
    static final Duration WAIT = Duration.ofSeconds(1);

    private static final Script CLAIM = Script.of(Reading.class, "claim");
    private static final Script HOLD = Script.of(Reading.class, "hold");

    final StreamTasks<T> tasks;
    final StreamConsumer<T> consumer;
    final StreamSettings settings;
    final String stream;
    private final Store store;

    Reading(StreamConsumer<T> consumer, String stream) {
        this.tasks = consumer.tasks();
        this.consumer = consumer;
        this.settings = tasks.settings();
        this.stream = stream;
        this.store = tasks.context().store();
    }

    /** An entry that has been handed out: its fields are still as they were read. */
    record Handed(String id, Reply fields, long deliveries) {}

    /** Does what there is to do, and returns after a while, so that the consumer can look around. */
    abstract void once() throws InterruptedException;

    /** Comes to an end: no more is read, what is at work is waited for. */
    abstract void close() throws InterruptedException;

    /** Reads entries that no consumer has had. Creates the group if it is not there, as after the loss of the stream. */
    List<Handed> read(int count, Duration wait) {
        Command command = Command.of(
                "XREADGROUP",
                "GROUP",
                settings.group(),
                consumer.name(),
                "COUNT",
                count,
                "BLOCK",
                Math.max(1, wait.toMillis()),
                "STREAMS",
                stream,
                ">");
        Reply answer;
        try {
            answer = store.await(wait, command);
        } catch (CommandFailedException e) {
            if (!e.code().equals("NOGROUP") && !e.code().equals("UNBLOCKED")) {
                throw e;
            }
            tasks.createGroup(stream);
            return List.of();
        }
        List<Handed> entries = new ArrayList<>();
        if (!answer.isNull()) {
            for (Reply entry : answer.map().values().iterator().next().list()) {
                List<Reply> parts = entry.list();
                entries.add(new Handed(parts.get(0).text(), parts.get(1), 1));
            }
        }
        return entries;
    }

    /** What {@link #claim} has found, and where to go on. */
    record Claimed(String cursor, List<Handed> entries) {}

    /** Claims entries that have lain idle for so long. */
    Claimed claim(Duration idle, String cursor) {
        try {
            List<Reply> answer = store.call(
                            CLAIM,
                            List.of(stream),
                            settings.group(),
                            consumer.name(),
                            idle.toMillis(),
                            cursor,
                            settings.batch())
                    .list();
            return new Claimed(answer.getFirst().text(), handed(answer.subList(1, answer.size())));
        } catch (CommandFailedException e) {
            if (!String.valueOf(e.getMessage()).contains("NOGROUP")) {
                throw e;
            }
            tasks.createGroup(stream);
            return new Claimed("0-0", List.of());
        }
    }

    private static List<Handed> handed(List<Reply> answer) {
        List<Handed> entries = new ArrayList<>();
        for (Reply entry : answer) {
            List<Reply> parts = entry.list();
            entries.add(
                    new Handed(parts.get(0).text(), parts.get(1), parts.get(2).number()));
        }
        return entries;
    }

    /** Takes entries in hand once more; those that another has claimed are left out. */
    List<Handed> again(List<String> ids) {
        return handed(hold("again", ids).list());
    }

    /** Says that entries are being worked on. */
    void keep(List<String> ids) {
        hold("keep", ids);
    }

    private Reply hold(String verb, List<String> ids) {
        List<Object> words = new ArrayList<>();
        words.add(settings.group());
        words.add(consumer.name());
        words.add(verb);
        words.addAll(ids);
        return store.call(HOLD, List.of(stream), words.toArray());
    }

    /** Says that entries are done. */
    void acknowledge(List<String> ids) {
        List<Object> words = new ArrayList<>();
        words.add(stream);
        words.add(settings.group());
        words.addAll(ids);
        Command command = Command.of("XACK", words.toArray());
        tasks.context().retry().idempotent(() -> store.call(command));
    }

    /** Gives an entry up. */
    void bury(Handed entry, String failure) {
        tasks.context()
                .retry()
                .idempotent(() -> store.call(
                        StreamTasks.BURY,
                        List.of(stream, StreamTasks.deadKey(stream)),
                        settings.group(),
                        entry.id(),
                        failure,
                        entry.deliveries(),
                        settings.keep()));
    }
}
