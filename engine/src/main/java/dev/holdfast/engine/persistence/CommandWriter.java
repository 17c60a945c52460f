package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.journal.ChangeUnit;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.LargeString;
import dev.holdfast.engine.structures.StreamLog;
import dev.holdfast.engine.types.ConsumerGroup;
import dev.holdfast.engine.types.HashValue;
import dev.holdfast.engine.types.ListValue;
import dev.holdfast.engine.types.SetValue;
import dev.holdfast.engine.types.SortedSetValue;
import dev.holdfast.engine.types.StreamConsumer;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.io.IOException;
import java.util.Map;

/**
 * Writes items of the keyspace as the commands that make them, for a base of the append-only file that is not an RDB: RPUSH, SADD,
 * ZADD, HMSET with up to 64 elements each.
 */
final class CommandWriter {
    private static final int ELEMENTS_AT_A_TIME = 64;
    private static final int FULL_BYTES = 64 * 1024;

    /** Takes what has been encoded when it is much. */
    interface Full {
        void take(ChangeUnit unit) throws IOException;
    }

    private final ChangeUnit unit;
    private final Full full;
    private final Slice key = new Slice();
    private final Slice one = new Slice();
    private final Slice other = new Slice();
    private final byte[] digits = new byte[Doubles.MAX_LENGTH];
    private int database;

    /** How many elements the command that has been begun still takes. */
    private int room;

    /**
     * @param unit where the commands are put
     * @param full takes them from there now and then
     */
    CommandWriter(ChangeUnit unit, Full full) {
        this.unit = unit;
        this.full = full;
    }

    /** Writes a key with its value and its expiry. */
    void item(int itemDatabase, Object item) throws IOException {
        database = itemDatabase;
        byte[] record = KeyTable.record(item);
        KeyRecord.key(record, key);
        switch (item) {
            case byte[] string -> unit.add(database, "SET", key, KeyRecord.body(string, one));
            case LargeString string -> unit.add(database, "SET", key, string.value(one));
            case ListValue list -> list(list);
            case SetValue set -> set(set);
            case SortedSetValue set -> sortedSet(set);
            case HashValue hash -> hash(hash);
            case StreamValue stream -> stream(stream);
            default -> throw new IllegalStateException("no commands for " + item.getClass());
        }
        if (KeyRecord.hasExpiry(record)) {
            unit.add(database, "PEXPIREAT", key, KeyRecord.expireAt(record));
        }
        full.take(unit);
    }

    /**
     * Makes room for an element of a command with so many words, of which more may follow.
     *
     * @param left how many elements are still to come, this one included
     */
    private void element(String command, int left, int words) throws IOException {
        if (room == 0) {
            if (unit.size() > FULL_BYTES) {
                full.take(unit);
            }
            room = Math.min(left, ELEMENTS_AT_A_TIME);
            unit.begin(database, 2 + room * words);
            word(Slice.of(command));
            word(key);
        }
        room--;
    }

    private void word(Slice word) {
        unit.word(word.array(), word.offset(), word.length());
    }

    private void list(ListValue list) throws IOException {
        int left = Math.toIntExact(list.size());
        ListValue.Cursor cursor = list.cursor(0, true);
        while (cursor.next(one)) {
            element("RPUSH", left--, 1);
            word(one);
        }
    }

    private void set(SetValue set) throws IOException {
        int left = set.size();
        SetValue.Members members = set.members();
        while (members.next()) {
            element("SADD", left--, 1);
            word(members.member());
        }
    }

    private void sortedSet(SortedSetValue set) throws IOException {
        int left = set.size();
        SortedSetValue.Walk walk = set.walk();
        while (walk.next()) {
            element("ZADD", left--, 2);
            unit.word(digits, 0, Doubles.write(walk.score(), digits, 0));
            word(walk.member());
        }
    }

    private void hash(HashValue hash) throws IOException {
        int[] left = {0};
        hash.<IOException>forEachWithExpiry((field, value, expireAt) -> left[0] += expireAt == KeyRecord.NEVER ? 1 : 0);
        hash.<IOException>forEachWithExpiry((field, value, expireAt) -> {
            if (expireAt == KeyRecord.NEVER) {
                element("HMSET", left[0]--, 2);
                word(field);
                word(value);
            }
        });
        if (hash.fieldsExpire()) {
            hash.<IOException>forEachWithExpiry((field, value, expireAt) -> {
                if (expireAt != KeyRecord.NEVER) {
                    unit.add(database, "HSETEX", key, "PXAT", expireAt, "FIELDS", 1, field, value);
                    if (unit.size() > FULL_BYTES) {
                        full.take(unit);
                    }
                }
            });
        }
    }

    private void stream(StreamValue stream) throws IOException {
        StreamLog.Walk walk = stream.walk(StreamId.MIN, StreamId.MAX, false);
        boolean empty = true;
        while (walk.next()) {
            empty = false;
            if (unit.size() > FULL_BYTES) {
                full.take(unit);
            }
            int fields = walk.fields();
            unit.begin(database, 3 + 2 * fields);
            word(Slice.of("XADD"));
            word(key);
            word(new Slice(new StreamId(walk.ms(), walk.seq()).toBytes()));
            for (int i = 0; i < fields; i++) {
                walk.nextField(one, other);
                word(one);
                word(other);
            }
        }
        if (empty) {
            unit.add(database, "XADD", key, "MAXLEN", 0, "0-1", "x", "y");
        }
        unit.add(
                database,
                "XSETID",
                key,
                stream.lastId().toBytes(),
                "ENTRIESADDED",
                stream.entriesAdded(),
                "MAXDELETEDID",
                stream.maxDeletedId().toBytes());
        for (Map.Entry<Slice, ConsumerGroup> group : stream.groups().entrySet()) {
            group(group.getKey(), group.getValue());
        }
    }

    private void group(Slice name, ConsumerGroup group) throws IOException {
        unit.add(database, "XGROUP", "CREATE", key, name, group.lastId().toBytes(), "ENTRIESREAD", group.entriesRead());
        for (StreamConsumer consumer : group.consumers()) {
            if (consumer.pending().size() == 0) {
                unit.add(database, "XGROUP", "CREATECONSUMER", key, name, consumer.name());
            }
            consumer.pending().<IOException>forEach(entry -> {
                unit.add(
                        database,
                        "XCLAIM",
                        key,
                        name,
                        consumer.name(),
                        0,
                        entry.id().toBytes(),
                        "TIME",
                        entry.deliveryTime(),
                        "RETRYCOUNT",
                        entry.deliveries(),
                        "JUSTID",
                        "FORCE");
                if (unit.size() > FULL_BYTES) {
                    full.take(unit);
                }
            });
        }
    }
}
