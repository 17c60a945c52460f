package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.structures.StreamLog;
import dev.holdfast.engine.types.ConsumerGroup;
import dev.holdfast.engine.types.StreamConsumer;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.io.IOException;
import java.util.Arrays;

/** Reads one stream, in any of the three forms in which RDB has had them. */
final class RdbStreamReader {
    private final RdbInput in;
    private final PackedElements elements;
    private final Slice packed = new Slice();
    private Slice[] words = new Slice[0];
    private Slice[] fieldNames = new Slice[0];

    RdbStreamReader(RdbInput in, PackedElements elements) {
        this.in = in;
        this.elements = elements;
    }

    private static RdbException corrupt(String message) {
        return new RdbException(message);
    }

    StreamValue read(int type, byte[] record) throws IOException {
        StreamValue stream = new StreamValue(record);
        StreamId previous = null;
        for (long left = in.readCount(2); left > 0; left--) {
            Slice node = in.readString(packed);
            if (node.length() != 2 * Long.BYTES) {
                throw corrupt("Stream node key entry is not the size of a stream ID");
            }
            StreamId first = new StreamId(bigEndian(node, 0), bigEndian(node, Long.BYTES));
            if (previous != null && first.compareTo(previous) <= 0) {
                throw corrupt("Listpack re-added with existing key");
            }
            previous = block(stream.restoring(), first);
        }
        // The number of entries. Early versions of Redis miscounted when they trimmed; those that are there count.
        in.readLength();
        StreamId last = id();
        if (previous != null && last.compareTo(previous) < 0) {
            throw corrupt("Stream last ID smaller than that of an entry");
        }
        if (type == RdbFormat.STREAM_LISTPACKS) {
            stream.restore(last, StreamId.MIN, stream.length());
        } else {
            id();
            StreamId maxDeleted = id();
            stream.restore(last, maxDeleted, in.readLength());
        }
        for (long left = in.readCount(5); left > 0; left--) {
            group(stream, type);
        }
        return stream;
    }

    private static long bigEndian(Slice bytes, int at) {
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value = value << 8 | bytes.at(at + i) & 0xFF;
        }
        return value;
    }

    private StreamId id() throws IOException {
        long ms = in.readLength();
        return new StreamId(ms, in.readLength());
    }

    // ---- entries ----

    /** Reads a listpack of entries, as {@link RdbWriter} shows it; returns the id of its last one, tombstones included. */
    private StreamId block(StreamLog log, StreamId first) throws IOException {
        PackedElements source = elements.of(PackedElements.Layout.LISTPACK, "Stream", in.readString(packed));
        long live = source.requireInteger();
        long deleted = source.requireInteger();
        int commonFields = count(source.requireInteger());
        if (live < 0 || deleted < 0 || live + deleted < 1) {
            throw corrupt("Empty listpack inside stream");
        }
        fieldNames = slices(fieldNames, commonFields);
        for (int i = 0; i < commonFields; i++) {
            next(source, fieldNames[i]);
        }
        check(source.requireInteger() == 0);
        StreamId last = null;
        long foundLive = 0;
        for (long left = live + deleted; left > 0; left--) {
            long flags = source.requireInteger();
            check(flags >= 0 && flags <= 3);
            StreamId id = new StreamId(first.ms() + source.requireInteger(), first.seq() + source.requireInteger());
            check(last == null ? id.compareTo(first) >= 0 : id.compareTo(last) > 0);
            boolean sameFields = (flags & RdbFormat.STREAM_SAME_FIELDS) != 0;
            int fields = sameFields ? commonFields : count(source.requireInteger());
            words = slices(words, 2 * fields);
            for (int i = 0; i < fields; i++) {
                if (sameFields) {
                    Slice name = fieldNames[i];
                    words[2 * i].set(name.array(), name.offset(), name.length());
                } else {
                    next(source, words[2 * i]);
                }
                next(source, words[2 * i + 1]);
            }
            check(source.requireInteger() == (sameFields ? fields + 3L : 2L * fields + 4));
            boolean isDeleted = (flags & RdbFormat.STREAM_DELETED) != 0;
            log.restore(id.ms(), id.seq(), fields, i -> words[i], last == null, isDeleted);
            foundLive += isDeleted ? 0 : 1;
            last = id;
        }
        check(!source.next() && foundLive == live && last != null);
        log.restoredBlock();
        return last == null ? first : last;
    }

    private static void check(boolean condition) throws RdbException {
        if (!condition) {
            throw corrupt("Stream listpack integrity check failed.");
        }
    }

    /** A number of fields. There cannot be more of them than bytes in the listpack. */
    private int count(long fields) throws RdbException {
        check(fields >= 0 && fields <= packed.length());
        return (int) fields;
    }

    private static Slice[] slices(Slice[] present, int count) {
        if (present.length >= count) {
            return present;
        }
        Slice[] slices = Arrays.copyOf(present, count);
        for (int i = present.length; i < count; i++) {
            slices[i] = new Slice();
        }
        return slices;
    }

    /** The next word; an integer is copied, since its digits are written over by the one after it. */
    private static void next(PackedElements source, Slice into) throws RdbException {
        source.require(into);
        if (source.isInteger()) {
            byte[] digits = into.toBytes();
            into.set(digits, 0, digits.length);
        }
    }

    // ---- groups ----

    private void group(StreamValue stream, int type) throws IOException {
        Slice name = new Slice(in.readString(packed).toBytes());
        StreamId lastId = id();
        long read = type == RdbFormat.STREAM_LISTPACKS ? stream.countUpTo(lastId) : in.readLength();
        if (!stream.createGroup(name, lastId, read)) {
            throw corrupt("Duplicated consumer group name " + name);
        }
        ConsumerGroup group = stream.group(name);
        if (group == null) {
            throw new IllegalStateException("the group just made is missing");
        }
        Pending pending = pending();
        for (long left = in.readCount(10); left > 0; left--) {
            consumer(group, pending, type);
        }
        if (pending.owned < pending.size) {
            throw corrupt("Stream CG PEL entry without consumer");
        }
    }

    /** A group's pending entries before their consumers are known, in the order of their ids. */
    private static final class Pending {
        private StreamId[] ids = new StreamId[16];
        private long[] times = new long[16];
        private long[] deliveries = new long[16];
        private int size;
        private int owned;

        void add(StreamId id, long time, long count) throws RdbException {
            if (size > 0 && id.compareTo(ids[size - 1]) <= 0) {
                throw corrupt("Duplicated global PEL entry loading stream consumer group");
            }
            if (size == ids.length) {
                ids = Arrays.copyOf(ids, 2 * size);
                times = Arrays.copyOf(times, 2 * size);
                deliveries = Arrays.copyOf(deliveries, 2 * size);
            }
            ids[size] = id;
            times[size] = time;
            deliveries[size++] = count;
        }
    }

    private StreamId rawId() throws IOException {
        long ms = in.readLongBigEndian();
        return new StreamId(ms, in.readLongBigEndian());
    }

    private Pending pending() throws IOException {
        Pending pending = new Pending();
        for (long left = in.readCount(25); left > 0; left--) {
            StreamId id = rawId();
            long time = in.readLong();
            pending.add(id, time, in.readLength());
        }
        return pending;
    }

    private void consumer(ConsumerGroup group, Pending pending, int type) throws IOException {
        Slice name = new Slice(in.readString(packed).toBytes());
        if (group.consumer(name) != null) {
            throw corrupt("Duplicate stream consumer detected.");
        }
        long seen = in.readLong();
        StreamConsumer consumer = group.addConsumer(name, seen);
        consumer.active(type == RdbFormat.STREAM_LISTPACKS_3 ? in.readLong() : seen);
        for (long left = in.readCount(16); left > 0; left--) {
            StreamId id = rawId();
            int at = Arrays.binarySearch(pending.ids, 0, pending.size, id);
            if (at < 0) {
                throw corrupt("Consumer entry not found in group global PEL");
            }
            if (group.pending(id) != null) {
                throw corrupt("Duplicated consumer PEL entry loading a stream consumer group");
            }
            group.add(id, consumer, pending.times[at], pending.deliveries[at]);
            pending.owned++;
        }
    }
}
