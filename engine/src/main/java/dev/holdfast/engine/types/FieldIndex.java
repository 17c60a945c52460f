package dev.holdfast.engine.types;

import dev.holdfast.engine.base.Hash;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Varint;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.structures.HashIndex;
import dev.holdfast.engine.structures.Loan;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The large form of a {@link HashValue}: a table of fields, each with its value in one array.
 *
 * <pre>
 *   0              1..5         [+8]
 *  +--------------+------------+---------+---------+
 *  | field length | [expiry]   | field   | value   |
 *  | and a bit    | 0 or 8     |         |         |
 *  +--------------+------------+---------+---------+
 *
 *  field length and a bit   varint: the length times two, plus one where the expiry is there
 *  expiry                   milliseconds since 1970, little endian
 *  value                    up to the end of the array
 * </pre>
 *
 * <p>A value of the same length is written over the old one; otherwise the array is replaced.
 *
 * <h2>Expiry</h2>
 *
 * A field stays in the table after its time until something removes it, and readers pass over it. {@link #expire} removes
 * such fields in passes over the table: each call looks at some slots, and a cursor keeps the place. What a pass has seen
 * tells when the next one can be of use, so a table whose fields all have time left costs one comparison.
 */
final class FieldIndex extends HashIndex<byte[]> {
    /** The bytes of the fields of this class. */
    private static final int OWN_BYTES = 32;

    private static final int EXPIRES = 1;
    private static final int RANDOM_TRIES = 100;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private long itemBytes;

    /** Where the present pass goes on, or 0 between passes. */
    private long cursor;

    /** No field expires before this time. */
    private long soonest = Long.MAX_VALUE;

    /** The soonest time among what the present pass has left behind it and what was set since it began. */
    private long soonestBehind = Long.MAX_VALUE;

    // ---- items ----

    private static byte[] item(Slice field, Slice value, long expireAt) {
        boolean expires = expireAt != KeyRecord.NEVER;
        int head = field.length() << 1 | (expires ? EXPIRES : 0);
        int fieldAt = Varint.size(head) + (expires ? 8 : 0);
        int valueAt = fieldAt + field.length();
        byte[] item = new byte[Math.addExact(valueAt, value.length())];
        int at = Varint.write(head, item, 0);
        if (expires) {
            LONGS.set(item, at, expireAt);
        }
        field.copyTo(item, fieldAt);
        value.copyTo(item, valueAt);
        return item;
    }

    private static boolean hasExpiry(byte[] item) {
        return (item[0] & EXPIRES) != 0;
    }

    /** When the field expires, or {@link KeyRecord#NEVER}. */
    static long expireAt(byte[] item) {
        return hasExpiry(item) ? (long) LONGS.get(item, Varint.sizeAt(item, 0)) : KeyRecord.NEVER;
    }

    static boolean isVisible(byte[] item, long now) {
        return !hasExpiry(item) || now <= expireAt(item);
    }

    static int fieldOffset(byte[] item) {
        return Varint.sizeAt(item, 0) + (hasExpiry(item) ? 8 : 0);
    }

    static int fieldLength(byte[] item) {
        return Varint.read(item, 0) >>> 1;
    }

    static Slice field(byte[] item, Slice into) {
        return into.set(item, fieldOffset(item), fieldLength(item));
    }

    static Slice value(byte[] item, Slice into) {
        int at = fieldOffset(item) + fieldLength(item);
        return into.set(item, at, item.length - at);
    }

    static void visit(byte[] item, HashValue.Visitor visitor) {
        int fieldAt = fieldOffset(item);
        int length = fieldLength(item);
        int valueAt = fieldAt + length;
        visitor.visit(item, fieldAt, length, valueAt, item.length - valueAt);
    }

    private static long sizeBytes(byte[] item) {
        return KeyRecord.sizeBytes(item);
    }

    @Override
    protected long hashOf(byte[] item) {
        return Hash.of(item, fieldOffset(item), fieldLength(item));
    }

    @Override
    protected boolean matches(byte[] item, Slice field) {
        return field.contentEquals(item, fieldOffset(item), fieldLength(item));
    }

    @Override
    protected boolean isVolatile(byte[] item) {
        return hasExpiry(item);
    }

    // ---- fields ----

    /** The item of a field that has not expired, or null. Its place is remembered for {@link #removeField} and the like. */
    byte @Nullable [] findVisible(Slice field, long now) {
        byte[] item = find(field);
        return item != null && isVisible(item, now) ? item : null;
    }

    /** As {@link HashValue#set}. */
    HashValue.Change set(Slice field, Slice value, long expireAt, long now) {
        byte[] old = find(field);
        if (old == null) {
            insert(item(field, value, expireAt == HashValue.KEEP ? KeyRecord.NEVER : expireAt));
            return HashValue.Change.ADDED;
        }
        long oldExpiry = expireAt(old);
        boolean expired = oldExpiry != KeyRecord.NEVER && oldExpiry <= now;
        long newExpiry = expireAt;
        if (expireAt == HashValue.KEEP) {
            newExpiry = expired ? KeyRecord.NEVER : oldExpiry;
        }
        int valueAt = fieldOffset(old) + fieldLength(old);
        if (value.length() == old.length - valueAt
                && hasExpiry(old) == (newExpiry != KeyRecord.NEVER)
                && !isLending()) {
            value.copyTo(old, valueAt);
            if (newExpiry != oldExpiry) {
                writeExpiry(old, newExpiry);
            }
        } else {
            replace(old, item(field, value, newExpiry));
        }
        return expired ? HashValue.Change.REPLACED_EXPIRED : HashValue.Change.UPDATED;
    }

    /** Adds an item whose field {@link #find} has just missed. */
    void insert(byte[] item) {
        insertMissing(item);
        itemBytes += sizeBytes(item);
        note(expireAt(item));
    }

    private void replace(byte[] old, byte[] item) {
        replaceFound(item);
        itemBytes += sizeBytes(item) - sizeBytes(old);
        retain(sizeBytes(old));
        note(expireAt(item));
    }

    private void writeExpiry(byte[] item, long expireAt) {
        LONGS.set(item, Varint.sizeAt(item, 0), expireAt);
        note(expireAt);
    }

    private void note(long expireAt) {
        if (expireAt != KeyRecord.NEVER) {
            soonest = Math.min(soonest, expireAt);
            soonestBehind = Math.min(soonestBehind, expireAt);
        }
    }

    /** Gives the field just found another expiry, or {@link KeyRecord#NEVER}. */
    void setExpiry(byte[] found, long expireAt) {
        if (hasExpiry(found) && expireAt != KeyRecord.NEVER && !isLending()) {
            writeExpiry(found, expireAt);
        } else if (hasExpiry(found) || expireAt != KeyRecord.NEVER) {
            replace(found, item(field(found, new Slice()), value(found, new Slice()), expireAt));
        }
    }

    /** Removes the field just found. */
    void removeField() {
        itemBytes -= sizeBytes(removeFound());
    }

    /** The bytes of the table and its items. */
    long sizeBytes() {
        return heapBytes() + OWN_BYTES + itemBytes;
    }

    FieldIndex freeze(Loan loan) {
        FieldIndex frozen = new FieldIndex();
        freezeInto(frozen, loan);
        frozen.itemBytes = itemBytes;
        return frozen;
    }

    FieldIndex copy() {
        FieldIndex copy = new FieldIndex();
        Slice field = new Slice();
        forEach(item -> {
            if (copy.find(field(item, field)) == null) {
                copy.insert(item.clone());
            }
        });
        return copy;
    }

    /** Any field that has not expired; null where a hundred tries have found none. */
    byte @Nullable [] randomVisible(RandomGenerator random, long now) {
        for (int i = 0; i < RANDOM_TRIES; i++) {
            byte[] item = random(random);
            if (item == null || isVisible(item, now)) {
                return item;
            }
        }
        return null;
    }

    // ---- active expiry ----

    /**
     * Goes on with the pass over the table, or begins one if something may have expired.
     *
     * @param slots about how many slots to look at
     * @param removed gets the name of each field that is removed
     * @return how many fields were removed
     */
    int expire(long now, int slots, Consumer<Slice> removed) {
        if (cursor == 0) {
            if (now < soonest) {
                return 0;
            }
            soonestBehind = Long.MAX_VALUE;
        }
        List<byte[]> expired = new ArrayList<>();
        cursor = visitVolatile(cursor, slots, item -> {
            long at = expireAt(item);
            if (at <= now) {
                expired.add(item);
            } else {
                soonestBehind = Math.min(soonestBehind, at);
            }
        });
        Slice field = new Slice();
        for (byte[] item : expired) {
            find(field(item, field));
            removeField();
            removed.accept(field(item, field));
        }
        if (cursor == 0) {
            soonest = soonestBehind;
        }
        return expired.size();
    }

    /** Whether a pass has begun and not come to its end. */
    boolean isExpiring() {
        return cursor != 0;
    }

    /** Checks the table, the account and the times, for tests. */
    void validateItems() {
        validate();
        long bytes = 0;
        for (byte[] item : this) {
            bytes += sizeBytes(item);
            HashValue.check(!hasExpiry(item) || expireAt(item) >= soonest, "a field expires sooner than the soonest");
        }
        HashValue.check(bytes == itemBytes, "the items have another size than the account says");
    }
}
