package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Varint;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.structures.HashIndex;
import dev.holdfast.engine.structures.Loan;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A hash: fields with a value each, and perhaps an expiry each.
 *
 * <p>While it is small it is packed into the body of its record, in the order in which the fields were added:
 *
 * <pre>
 *   +--------------+-------+--------------+-------+--------------+---
 *   | field length | field | value length | value | field length | ...
 *   | varint, 1..5 |       | varint, 1..5 |       |              |
 *   +--------------+-------+--------------+-------+--------------+---
 * </pre>
 *
 * <p>A hash with more fields than {@code hash-max-listpack-entries}, with a field or value longer than {@code
 * hash-max-listpack-value} bytes, or with a field that expires takes on its large form and keeps it; see {@link FieldIndex}.
 *
 * <p>An expired field is there until it is removed: it counts in {@link #size}, but nothing else sees it. As in Valkey a
 * field can still be read in the millisecond of its expiry, though one that is set to expire then is removed at once.
 */
public final class HashValue extends Entry {
    /** The expiry of a field that does not exist. */
    public static final long MISSING = -2;

    /** Given to {@link #set}: whatever expiry the field has stays. */
    public static final long KEEP = -3;

    /** A time at which nothing has expired yet. */
    public static final long BEFORE_ALL = -1;

    /** What {@link #set} has done. */
    public enum Change {
        ADDED,
        UPDATED,
        /** The field had expired; to everybody it is new. */
        REPLACED_EXPIRED
    }

    /** Sees a field and its value, which are in the same array. */
    @FunctionalInterface
    public interface Visitor {
        void visit(byte[] array, int fieldAt, int fieldLength, int valueAt, int valueLength);
    }

    /** Sees a field of the large form with its expiry, which may be over. */
    @FunctionalInterface
    public interface ExpiryVisitor<X extends Exception> {
        void visit(Slice field, Slice value, long expireAt) throws X;
    }

    /** A record is made with room for a first body of at most this length, so that its slack can tell the rest. */
    private static final int MOST_BYTES_AT_FIRST = 240;

    /** A packed form does not grow beyond this, whatever the configuration allows. */
    private static final int MOST_PACKED_BYTES = 1 << 30;

    private @Nullable FieldIndex large;

    /** The hash that a record holds in packed form. */
    public HashValue(byte[] record) {
        super(record);
    }

    private HashValue(byte[] record, FieldIndex large) {
        super(record);
        this.large = large;
    }

    /** An empty hash with room for a packed form of so many bytes. */
    public static HashValue create(Slice key, long packedBytes) {
        int room = packedBytes > MOST_BYTES_AT_FIRST ? 0 : (int) packedBytes;
        byte[] record = KeyRecord.create(ValueType.HASH, 0, key, KeyRecord.NEVER, room);
        KeyRecord.setBodyLength(record, 0);
        return new HashValue(record);
    }

    /** The bytes that a field and its value take in the packed form. */
    public static long packedBytes(Slice field, Slice value) {
        return (long) Varint.size(field.length()) + field.length() + Varint.size(value.length()) + value.length();
    }

    @Override
    public String encoding() {
        return large == null ? "listpack" : "hashtable";
    }

    @Override
    protected @Nullable HashIndex<byte[]> index() {
        return large;
    }

    @Override
    protected long formBytes() {
        FieldIndex large = this.large;
        return OBJECT_BYTES + (large == null ? 0 : large.sizeBytes());
    }

    @Override
    public Entry copyWith(byte[] record) {
        FieldIndex large = this.large;
        return large == null ? new HashValue(record) : new HashValue(record, large.copy());
    }

    @Override
    public Entry freeze(byte[] record, Loan loan) {
        FieldIndex large = this.large;
        return large == null ? new HashValue(record) : new HashValue(record, large.freeze(loan));
    }

    @Override
    public boolean isEmpty() {
        FieldIndex large = this.large;
        return large == null ? bodyOffset() == bodyEnd() : large.size() == 0;
    }

    public boolean isPacked() {
        return large == null;
    }

    /** Whether any field expires. */
    public boolean fieldsExpire() {
        return KeyRecord.fieldsExpire(record);
    }

    /** The number of fields, with those that have expired and are still there. */
    public long size() {
        FieldIndex large = this.large;
        if (large != null) {
            return large.size();
        }
        int size = 0;
        int end = bodyEnd();
        for (int at = bodyOffset(); at < end; at = behindPair(at)) {
            size++;
        }
        return size;
    }

    /** Whether the packed form holds more fields than it should. */
    public boolean isOverfull(long maxFields) {
        return large == null && bodyEnd() - bodyOffset() > 2 * maxFields && size() > maxFields;
    }

    // ---- reading ----

    /** Points {@code into} at the value of a field. Returns false where there is none or it has expired. */
    public boolean get(Slice field, long now, Slice into) {
        FieldIndex large = this.large;
        if (large != null) {
            byte[] item = large.findVisible(field, now);
            if (item == null) {
                return false;
            }
            FieldIndex.value(item, into);
            return true;
        }
        int at = find(field);
        if (at < 0) {
            return false;
        }
        int valueAt = behind(at);
        into.set(record, valueAt + Varint.sizeAt(record, valueAt), Varint.read(record, valueAt));
        return true;
    }

    public boolean contains(Slice field, long now) {
        FieldIndex large = this.large;
        return large == null ? find(field) >= 0 : large.findVisible(field, now) != null;
    }

    /** When a field expires, {@link KeyRecord#NEVER} or {@link #MISSING}. */
    public long expireAt(Slice field, long now) {
        FieldIndex large = this.large;
        if (large == null) {
            return find(field) < 0 ? MISSING : KeyRecord.NEVER;
        }
        byte[] item = large.findVisible(field, now);
        return item == null ? MISSING : FieldIndex.expireAt(item);
    }

    /** Visits all fields that have not expired. */
    public void forEach(long now, Visitor visitor) {
        FieldIndex large = this.large;
        if (large == null) {
            int end = bodyEnd();
            for (int at = bodyOffset(); at < end; at = behindPair(at)) {
                visit(at, visitor);
            }
            return;
        }
        large.forEach(item -> {
            if (FieldIndex.isVisible(item, now)) {
                FieldIndex.visit(item, visitor);
            }
        });
    }

    /** Visits all fields, with those that have expired and are still there. */
    public <X extends Exception> void forEachWithExpiry(ExpiryVisitor<X> visitor) throws X {
        Slice field = new Slice();
        Slice value = new Slice();
        FieldIndex large = this.large;
        if (large == null) {
            int end = bodyEnd();
            for (int at = bodyOffset(); at < end; at = behindPair(at)) {
                int valueAt = behind(at);
                read(at, field);
                read(valueAt, value);
                visitor.visit(field, value, KeyRecord.NEVER);
            }
            return;
        }
        for (byte[] item : large) {
            FieldIndex.field(item, field);
            FieldIndex.value(item, value);
            visitor.visit(field, value, FieldIndex.expireAt(item));
        }
    }

    private void read(int at, Slice into) {
        int length = Varint.read(record, at);
        into.set(record, at + Varint.size(length), length);
    }

    /**
     * Visits about {@code count} fields from a cursor on, leaving out those that have expired, and returns the cursor of the
     * rest, 0 if there is none. A packed hash is visited in one go.
     */
    public long scan(long cursor, int count, long now, Visitor visitor) {
        FieldIndex large = this.large;
        if (large == null) {
            forEach(now, visitor);
            return 0;
        }
        return large.scan(cursor, count, item -> {
            if (FieldIndex.isVisible(item, now)) {
                FieldIndex.visit(item, visitor);
            }
        });
    }

    // ---- chance ----

    /**
     * Visits {@code count} fields, each chosen from all that have not expired.
     *
     * @return how many: fewer where it was hard to find one that has not expired
     */
    public long draw(long count, RandomGenerator random, long now, Visitor visitor) {
        FieldIndex large = this.large;
        if (large == null) {
            drawPacked(count, random, visitor);
            return count;
        }
        for (long drawn = 0; drawn < count; drawn++) {
            byte[] item = large.randomVisible(random, now);
            if (item == null) {
                return drawn;
            }
            FieldIndex.visit(item, visitor);
        }
        return count;
    }

    private void drawPacked(long count, RandomGenerator random, Visitor visitor) {
        int[] starts = new int[(int) size()];
        int size = 0;
        int end = bodyEnd();
        for (int at = bodyOffset(); at < end; at = behindPair(at)) {
            starts[size++] = at;
        }
        for (long i = 0; i < count; i++) {
            visit(starts[random.nextInt(size)], visitor);
        }
    }

    /**
     * Visits {@code count} different fields that have not expired, every set of so many with the same probability; all of
     * them if there are no more.
     *
     * @return how many were visited
     */
    public long choose(long count, RandomGenerator random, long now, Visitor visitor) {
        FieldIndex large = this.large;
        if (large == null) {
            return choosePacked(count, random, visitor);
        }
        List<byte[]> chosen = count <= large.size() / 3 ? chooseFew(large, (int) count, random, now) : List.of();
        if (chosen.size() < count) {
            chosen = chooseMany(large, count, random, now);
        }
        for (byte[] item : chosen) {
            FieldIndex.visit(item, visitor);
        }
        return chosen.size();
    }

    private long choosePacked(long count, RandomGenerator random, Visitor visitor) {
        long left = size();
        long wanted = Math.min(count, left);
        long missing = wanted;
        for (int at = bodyOffset(); missing > 0; at = behindPair(at)) {
            if (random.nextLong(left--) < missing) {
                visit(at, visitor);
                missing--;
            }
        }
        return wanted;
    }

    /** Throws the dice until there are enough different fields. Gives up where too many have expired. */
    private static List<byte[]> chooseFew(FieldIndex large, int count, RandomGenerator random, long now) {
        List<byte[]> chosen = new ArrayList<>(count);
        FieldIndex seen = new FieldIndex();
        Slice field = new Slice();
        for (long tries = 10L * count + 100; chosen.size() < count && tries > 0; tries--) {
            byte[] item = large.randomVisible(random, now);
            if (item == null) {
                break;
            }
            if (seen.find(FieldIndex.field(item, field)) == null) {
                seen.insert(item);
                chosen.add(item);
            }
        }
        return chosen;
    }

    /** Collects all fields and leaves out random ones. */
    private static List<byte[]> chooseMany(FieldIndex large, long count, RandomGenerator random, long now) {
        List<byte[]> all = new ArrayList<>();
        large.forEach(item -> {
            if (FieldIndex.isVisible(item, now)) {
                all.add(item);
            }
        });
        while (all.size() > count) {
            byte[] last = all.removeLast();
            int index = random.nextInt(all.size() + 1);
            if (index < all.size()) {
                all.set(index, last);
            }
        }
        return all;
    }

    // ---- changing ----

    /**
     * Gives a field a value.
     *
     * @param expireAt when the field expires in milliseconds since 1970, {@link KeyRecord#NEVER} or {@link #KEEP}
     */
    public Change set(Slice field, Slice value, long expireAt, long now) {
        if (expireAt >= 0) {
            enlarge();
        }
        FieldIndex large = this.large;
        if (large != null) {
            Change change = large.set(field, value, expireAt, now);
            noteExpiries(large);
            return change;
        }
        int at = find(field);
        if (at < 0) {
            append(field, value);
            return Change.ADDED;
        }
        int valueAt = behind(at);
        int oldLength = Varint.read(record, valueAt);
        if (oldLength != value.length()) {
            int oldBytes = Varint.size(oldLength) + oldLength;
            splice(valueAt, oldBytes, Varint.size(value.length()) + value.length());
        }
        write(value, valueAt);
        return Change.UPDATED;
    }

    private void append(Slice field, Slice value) {
        int at = bodyEnd();
        long bytes = packedBytes(field, value);
        if (at + bytes > MOST_PACKED_BYTES) {
            toLarge().set(field, value, KeyRecord.NEVER, BEFORE_ALL);
            return;
        }
        splice(at, 0, (int) bytes);
        write(value, write(field, at));
    }

    /** Writes a length and the bytes; returns the position behind them. */
    private int write(Slice bytes, int position) {
        int at = Varint.write(bytes.length(), record, position);
        bytes.copyTo(record, at);
        return at + bytes.length();
    }

    /** Removes a field that has not expired. Returns whether there was one. */
    public boolean remove(Slice field, long now) {
        FieldIndex large = this.large;
        if (large != null) {
            if (large.findVisible(field, now) == null) {
                return false;
            }
            large.removeField();
            noteExpiries(large);
            return true;
        }
        int at = find(field);
        if (at < 0) {
            return false;
        }
        splice(at, behindPair(at) - at, 0);
        return true;
    }

    /** Gives a field that has not expired another expiry, or {@link KeyRecord#NEVER}. Returns whether there was one. */
    public boolean setExpiry(Slice field, long expireAt, long now) {
        if (large == null && find(field) < 0) {
            return false;
        }
        FieldIndex large = toLarge();
        byte[] item = large.findVisible(field, now);
        if (item == null) {
            return false;
        }
        large.setExpiry(item, expireAt);
        noteExpiries(large);
        return true;
    }

    /** Takes on the large form. */
    public void enlarge() {
        toLarge();
    }

    private FieldIndex toLarge() {
        FieldIndex present = this.large;
        if (present != null) {
            return present;
        }
        FieldIndex index = new FieldIndex();
        Slice field = new Slice();
        Slice value = new Slice();
        forEach(BEFORE_ALL, (array, fieldAt, fieldLength, valueAt, valueLength) -> {
            field.set(array, fieldAt, fieldLength);
            value.set(array, valueAt, valueLength);
            index.set(field, value, KeyRecord.NEVER, BEFORE_ALL);
        });
        large = index;
        clearBody();
        return index;
    }

    private void noteExpiries(FieldIndex large) {
        boolean expire = large.volatileCount() > 0;
        if (expire != fieldsExpire()) {
            setFieldsExpire(expire);
        }
    }

    @Override
    public int expireInside(long now, int limit, Consumer<Slice> dropped) {
        FieldIndex large = this.large;
        if (large == null) {
            return 0;
        }
        int removed = large.expire(now, limit, dropped);
        noteExpiries(large);
        return removed;
    }

    @Override
    public boolean isExpiringInside() {
        FieldIndex large = this.large;
        return large != null && large.isExpiring();
    }

    /** Checks everything that the value relies on, for tests. */
    void validate() {
        FieldIndex large = this.large;
        if (large == null) {
            int at = bodyOffset();
            while (at < bodyEnd()) {
                at = behindPair(at);
            }
            check(at == bodyEnd(), "the last pair has another end than the body");
            check(!fieldsExpire(), "a packed field expires");
            return;
        }
        check(bodyOffset() == bodyEnd(), "there is a packed form beside the large one");
        check(fieldsExpire() == large.volatileCount() > 0, "the record does not know of the fields' expiry");
        large.validateItems();
    }

    static void check(boolean condition, String failure) {
        if (!condition) {
            throw new IllegalStateException(failure);
        }
    }

    // ---- the packed form ----

    /** Where the pair of a field begins, or -1. */
    private int find(Slice field) {
        byte[] record = this.record;
        int length = field.length();
        int end = bodyEnd();
        int at = bodyOffset();
        // Most fields differ in their last byte already, since names often begin alike.
        byte last = length == 0 ? 0 : field.at(length - 1);
        while (at < end) {
            int fieldLength = Varint.read(record, at);
            int fieldAt = at + Varint.size(fieldLength);
            if (fieldLength == length
                    && (length == 0 || record[fieldAt + length - 1] == last)
                    && field.contentEquals(record, fieldAt, length)) {
                return at;
            }
            at = behind(fieldAt + fieldLength);
        }
        return -1;
    }

    /** The position behind the field or value whose length is at {@code at}. */
    private int behind(int at) {
        int length = Varint.read(record, at);
        return at + Varint.size(length) + length;
    }

    private int behindPair(int at) {
        return behind(behind(at));
    }

    private void visit(int at, Visitor visitor) {
        int length = Varint.read(record, at);
        int fieldAt = at + Varint.size(length);
        int valueLengthAt = fieldAt + length;
        int valueLength = Varint.read(record, valueLengthAt);
        visitor.visit(record, fieldAt, length, valueLengthAt + Varint.size(valueLength), valueLength);
    }
}
