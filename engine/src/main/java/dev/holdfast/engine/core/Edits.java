package dev.holdfast.engine.core;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyTable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The edits of a client's command. They are kept for the commands after it, so that a change allocates none. */
final class Edits {
    /** More are not kept. */
    private static final int MOST_KEPT = 32;

    private final Call call;

    /** Those that the command has begun come first; the others are from commands before. */
    private final List<Edit<?>> edits = new ArrayList<>();

    private int count;

    Edits(Call call) {
        this.call = call;
    }

    @SuppressWarnings("unchecked") // an edit keeps nothing of the command before
    <V extends Entry> Edit<V> begin(Slice key, int database, @Nullable Object item) {
        KeyTable table = call.table(key, database);
        if (count == edits.size()) {
            edits.add(new Edit<>(call, table));
        }
        Edit<V> edit = (Edit<V>) edits.get(count++);
        edit.begin(key, database, table, item);
        return edit;
    }

    /** Ends an edit that has been reported, so that many after each other need no more room than one. */
    void end(Edit<?> edit) {
        if (count > 0 && edits.get(count - 1) == edit) {
            edit.end();
            count--;
        }
    }

    /** Ends all edits: the command has run. */
    void end() {
        for (int i = 0; i < count; i++) {
            edits.get(i).end();
        }
        if (count > MOST_KEPT) {
            edits.subList(MOST_KEPT, edits.size()).clear();
        }
        count = 0;
    }

    /** Takes note that a change of a key was reported, by which edit of it ever; for assertions. */
    boolean noteReport(Slice key, int database) {
        for (int i = 0; i < count; i++) {
            edits.get(i).noteReport(key, database);
        }
        return true;
    }

    /** Whether every key that the command has changed was reported; for assertions. */
    boolean areReported() {
        for (int i = 0; i < count; i++) {
            if (!edits.get(i).isReported()) {
                return false;
            }
        }
        return true;
    }
}
