package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.structures.StreamLog;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;

/** How the commands for streams write ids and entries. */
final class StreamReplies {
    private static final int MAX_ID_LENGTH = 2 * Numbers.MAX_DIGITS + 1;

    private StreamReplies() {}

    static void id(Reply reply, StreamId id) {
        id(reply, id.ms(), id.seq());
    }

    static void id(Reply reply, long ms, long seq) {
        if (ms < 0 || seq < 0) {
            reply.bulk(new StreamId(ms, seq).toBytes());
            return;
        }
        byte[] digits = new byte[MAX_ID_LENGTH];
        int at = Numbers.write(ms, digits, 0);
        digits[at++] = '-';
        reply.bulk(digits, 0, Numbers.write(seq, digits, at));
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
        Slice field = new Slice();
        Slice value = new Slice();
        int mark = reply.beginArray();
        long written = 0;
        while ((count == 0 || written < count) && walk.next()) {
            entry(reply, walk, field, value);
            written++;
        }
        reply.endArray(mark, written);
    }
}
