package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.structures.StreamLog;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;

/** How the commands for streams write ids and entries. */
final class StreamReplies {
    private StreamReplies() {}

    static void id(Reply reply, StreamId id) {
        id(reply, id.ms(), id.seq());
    }

    static void id(Reply reply, long ms, long seq) {
        if (ms < 0 || seq < 0) {
            reply.bulk(new StreamId(ms, seq).toBytes());
            return;
        }
        reply.bulk(ms, '-', seq);
    }

    /** The entry that a walk has come to: its id, and its fields and values in an array. */
    static void entry(Reply reply, StreamLog.Walk walk, Slice field, Slice value) {
        reply.array(2);
        id(reply, walk.ms(), walk.seq());
        int fields = walk.fields();
        reply.array(2L * fields);
        for (int i = 0; i < fields; i++) {
            walk.nextField(field, value);
            reply.bulk(field);
            reply.bulk(value);
        }
    }

    /** The entry with this id. Returns false, and has written nothing, if there is none. */
    static boolean entry(Reply reply, StreamValue stream, StreamId id) {
        StreamLog.Walk walk = stream.walk(id, id, false);
        if (!walk.next()) {
            return false;
        }
        entry(reply, walk, new Slice(), new Slice());
        return true;
    }

    /**
     * An array of entries.
     *
     * @param count the most entries; 0 for no limit
     */
    static void entries(Reply reply, StreamLog.Walk walk, long count) {
        if (walk.next()) {
            entriesFrom(reply, walk, count);
        } else {
            reply.emptyArray();
        }
    }

    /** The same from the entry on at which the walk stands. */
    static void entriesFrom(Reply reply, StreamLog.Walk walk, long count) {
        Slice field = new Slice();
        Slice value = new Slice();
        int mark = reply.beginArray();
        long written = 0;
        do {
            entry(reply, walk, field, value);
            written++;
        } while ((count == 0 || written < count) && walk.next());
        reply.endArray(mark, written);
    }
}
