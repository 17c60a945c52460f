package dev.holdfast.engine.core;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.LargeString;
import dev.holdfast.engine.structures.StreamLog;
import dev.holdfast.engine.types.ConsumerGroup;
import dev.holdfast.engine.types.HashValue;
import dev.holdfast.engine.types.ListValue;
import dev.holdfast.engine.types.PendingEntry;
import dev.holdfast.engine.types.SetValue;
import dev.holdfast.engine.types.SortedSetValue;
import dev.holdfast.engine.types.StreamConsumer;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import org.jspecify.annotations.Nullable;

/**
 * A number for what a key holds, by which assertions see that it has changed. It does not depend on the form in which a value is kept,
 * nor on when it was used. Of a large value it is the size alone, so that looking costs little.
 */
final class Fingerprint {
    private static final int MOST_ELEMENTS = 1000;
    private static final int MOST_BYTES = 64 * 1024;

    private long sum;

    private Fingerprint() {}

    /** The fingerprint of an item, or of nothing. */
    static long of(@Nullable Object item) {
        if (item == null) {
            return 0;
        }
        Fingerprint fingerprint = new Fingerprint();
        fingerprint.chain(KeyRecord.expireAt(KeyTable.record(item)));
        fingerprint.value(item);
        return fingerprint.sum;
    }

    private void value(Object item) {
        switch (item) {
            case ListValue list -> list(list);
            case SetValue set -> set(set);
            case HashValue hash -> hash(hash);
            case SortedSetValue set -> sortedSet(set);
            case StreamValue stream -> stream(stream);
            case byte[] record -> string(KeyRecord.body(record, new Slice()));
            case LargeString string -> string(string.value(new Slice()));
            default -> throw new IllegalStateException("no fingerprint of " + item.getClass());
        }
    }

    private void string(Slice value) {
        chain(value.length() <= MOST_BYTES ? value.hash() : value.length());
    }

    private void list(ListValue list) {
        chain(list.size());
        if (list.size() <= MOST_ELEMENTS) {
            Slice element = new Slice();
            ListValue.Cursor cursor = list.cursor(0, true);
            while (cursor.next(element)) {
                chain(element.hash());
            }
        }
    }

    private void set(SetValue set) {
        chain(set.size());
        if (set.size() <= MOST_ELEMENTS) {
            set.forEach(member -> add(member.hash(), 0));
        }
    }

    private void hash(HashValue hash) {
        chain(hash.size());
        if (hash.size() <= MOST_ELEMENTS) {
            hash.forEachWithExpiry((field, value, expireAt) -> add(mix(field.hash(), value.hash()), expireAt));
        }
    }

    private void sortedSet(SortedSetValue set) {
        chain(set.size());
        if (set.size() > 0 && set.size() <= MOST_ELEMENTS) {
            SortedSetValue.Walk walk = set.walk();
            while (walk.next()) {
                add(walk.member().hash(), Double.doubleToLongBits(walk.score()));
            }
        }
    }

    private void stream(StreamValue stream) {
        chain(stream.length());
        chain(stream.entriesAdded());
        chain(stream.lastId());
        chain(stream.maxDeletedId());
        if (stream.length() <= MOST_ELEMENTS) {
            StreamLog.Walk walk = stream.walk(StreamId.MIN, StreamId.MAX, false);
            while (walk.next()) {
                chain(walk.ms());
                chain(walk.seq());
            }
        }
        stream.groups().forEach((name, group) -> add(name.hash(), ofGroup(group)));
    }

    private static long ofGroup(ConsumerGroup group) {
        Fingerprint fingerprint = new Fingerprint();
        fingerprint.chain(group.lastId());
        fingerprint.chain(group.entriesRead());
        for (StreamConsumer consumer : group.consumers()) {
            fingerprint.add(consumer.name().hash(), consumer.pending().size());
        }
        if (group.pending().size() <= MOST_ELEMENTS) {
            group.pending().forEach(fingerprint::pending);
        }
        return fingerprint.sum;
    }

    private void pending(PendingEntry entry) {
        chain(entry.id());
        chain(entry.consumer().name().hash());
        chain(entry.deliveryTime());
        chain(entry.deliveries());
    }

    /** Adds something that has no place in an order. */
    private void add(long one, long other) {
        sum += mix(one, other);
    }

    /** Adds something behind what is there. */
    private void chain(long number) {
        sum = mix(sum, number);
    }

    private void chain(StreamId id) {
        chain(id.ms());
        chain(id.seq());
    }

    private static long mix(long one, long other) {
        long mixed = (one ^ Long.rotateLeft(other, 32)) * 0x9E3779B97F4A7C15L + other;
        return mixed ^ mixed >>> 29;
    }
}
