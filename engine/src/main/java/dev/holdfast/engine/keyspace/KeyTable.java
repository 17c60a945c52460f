package dev.holdfast.engine.keyspace;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.structures.HashIndex;
import org.jspecify.annotations.Nullable;

/**
 * The keys of one database that belong to one shard. An item is a string's record, a {@code byte[]}, or an {@link Entry}.
 *
 * <p>Beside finding keys, the table counts those that expire and accounts for the memory of its items.
 *
 * <h2>Snapshots</h2>
 *
 * While a snapshot is being saved, whatever it has not saved yet must be preserved before it changes. Everything that changes
 * an item passes through a method of this class: items are inserted, replaced, removed, given an expiry or written in place
 * here, and {@link #open} is where the size of a collection is taken before it changes. So there is no change that could
 * forget to ask.
 *
 * <p>The mark of a record says whether the snapshot has saved it. Outside of a snapshot all records of the keyspace have the
 * same mark. A snapshot begins by turning the mark of the tables, which costs nothing per key: now every item has the wrong
 * one. An item gets the right one when it is saved, and new items are born with it. When the last has been saved, all are
 * equal again.
 *
 * <h2>The end of a record</h2>
 *
 * A string's record leaves the table in {@link #replace}, {@link #remove} and {@link #setExpiry}, and with the whole table in {@link
 * Shard#dropTable}. In the first three {@link #free} takes note of it: it may be read until the shard's lock is released; see {@link
 * Limbo}.
 */
public final class KeyTable extends HashIndex<Object> {
    /** Most keys end before this place of a record. */
    private static final int KEY_IS_OVER = 32;

    private long expires;
    private long withExpiringParts;
    private long itemBytes;

    /** The mark of items that are new or saved; all have it while there is no snapshot. */
    private int mark;

    /** Takes what is about to change before it has been saved; null while there is no snapshot. */
    private @Nullable Preserver preserver;

    private final Limbo limbo;

    KeyTable(int shardBits, long shard, int mark, Limbo limbo) {
        super(shardBits, shard);
        this.mark = mark;
        this.limbo = limbo;
    }

    /** The record of an item of a table. */
    public static byte[] record(Object item) {
        return item instanceof byte[] record ? record : ((Entry) item).record();
    }

    /** The bytes that an item takes in memory. */
    public static long sizeBytes(Object item) {
        return item instanceof byte[] record ? KeyRecord.sizeBytes(record) : ((Entry) item).sizeBytes();
    }

    /** A deep copy of an item under another key. */
    public static Object copyOf(Object item, Slice key) {
        byte[] record = record(item);
        byte[] copy = KeyRecord.withKey(record, key, KeyRecord.expireAt(record));
        return item instanceof Entry entry ? entry.copyWith(copy) : copy;
    }

    /** The item itself under another key: a collection is not copied. It must not be in a table. */
    public static Object renamed(Object item, Slice key) {
        byte[] record = record(item);
        byte[] renamed = KeyRecord.withKey(record, key, KeyRecord.expireAt(record));
        if (item instanceof Entry entry) {
            entry.setRecord(renamed);
            return entry;
        }
        return renamed;
    }

    @Override
    protected long hashOf(Object item) {
        return KeyRecord.keyHash(record(item));
    }

    @Override
    protected int prefetch(Object item) {
        byte[] record = record(item);
        return record[0] + record[Math.min(KEY_IS_OVER, record.length - 1)];
    }

    @Override
    protected boolean matches(Object item, Slice key) {
        return KeyRecord.keyEquals(record(item), key);
    }

    @Override
    protected boolean isVolatile(Object item) {
        return KeyRecord.isVolatile(record(item));
    }

    // ---- snapshots ----

    /** Takes an item that is about to be changed or removed. The shard is locked. */
    @FunctionalInterface
    public interface Preserver {
        /**
         * @param goes whether it is about to leave the table rather than to change
         */
        void preserve(Object item, boolean goes);
    }

    /** Makes all items unsaved. */
    void beginSnapshot(Preserver preserver, int mark) {
        this.preserver = preserver;
        this.mark = mark;
    }

    /** Says that all items have been saved. */
    public void endSnapshot() {
        preserver = null;
    }

    /** Whether a snapshot runs that has not saved this item. */
    public boolean isUnsaved(Object item) {
        return KeyRecord.mark(record(item)) != mark;
    }

    /** Takes note that the snapshot has the item. */
    public void setSaved(Object item) {
        KeyRecord.setMark(record(item), mark);
    }

    /** What has to happen before an item changes in any way but its access clock. */
    private void beforeChange(Object item) {
        beforeChange(item, false);
    }

    private void beforeChange(Object item, boolean goes) {
        Preserver preserver = this.preserver;
        if (preserver != null && isUnsaved(item)) {
            setSaved(item);
            preserver.preserve(item, goes);
        }
    }

    // ---- changes ----

    /** Adds an item after {@link #find} has missed its key. */
    public void insert(Object item) {
        assert isAlive(item);
        setSaved(item);
        insertMissing(item);
        count(item, 1);
    }

    /** Puts {@code item} in the place of {@code old}, which {@link #find} has just returned. */
    public void replace(Object old, Object item) {
        assert isAlive(item);
        beforeChange(old, true);
        setSaved(item);
        count(old, -1);
        replaceFound(item);
        count(item, 1);
        free(old);
    }

    /** Removes the item that {@link #find} has just returned. It may be read until the shard's lock is released. */
    public Object remove() {
        beforeChange(found(), true);
        Object item = removeFound();
        count(item, -1);
        free(item);
        return item;
    }

    /** Takes note that an item is in the table no more. The record of a collection is the collection's. */
    private void free(Object item) {
        assert !(item instanceof byte[] record) || limbo.add(record) : "a record is freed twice";
    }

    private boolean isAlive(Object item) {
        return !limbo.contains(record(item));
    }

    /** Takes note that the item just found has begun, or has ceased, to have something inside that expires. */
    public void refresh(Object item) {
        replaceFound(item);
        withExpiringParts += KeyRecord.fieldsExpire(record(item)) ? 1 : -1;
    }

    /** Gives the item just found an expiry, or none. Returns what it is then. */
    public Object setExpiry(Object item, long expireAt) {
        beforeChange(item);
        count(item, -1);
        byte[] record = KeyRecord.withExpiry(record(item), expireAt);
        Object changed = record;
        if (KeyRecord.isString(record)) {
            StringItem.noteExpiry(record);
        }
        if (item instanceof Entry entry) {
            entry.setRecord(record);
            changed = entry;
        }
        replaceFound(changed);
        count(changed, 1);
        if (changed != item) {
            free(item);
        }
        return changed;
    }

    /** As {@link StringItem#setInPlace(byte[], Slice, int, long)}. */
    public boolean setInPlace(byte[] record, Slice value, int encoding, long expireAt) {
        beforeChange(record);
        return StringItem.setInPlace(record, value, encoding, expireAt);
    }

    /** As {@link StringItem#setInPlace(byte[], long)}. */
    public boolean setInPlace(byte[] record, long value) {
        beforeChange(record);
        return StringItem.setInPlace(record, value);
    }

    /** Overwrites a part of the string just found; see {@link StringItem#write}. Returns the item that holds it then. */
    public Object write(byte[] record, int offset, Slice data) {
        beforeChange(record);
        Object item = StringItem.write(record, offset, data);
        if (item != record) {
            replace(record, item);
        }
        return item;
    }

    /** Must be called before a value changes; returns its size, for {@link #adjust} when it has changed. */
    public long open(Entry value) {
        beforeChange(value);
        return value.sizeBytes();
    }

    /** Adds to the account what a value has grown by since it was opened. */
    public void adjust(long bytes) {
        itemBytes += bytes;
    }

    private void count(Object item, int sign) {
        itemBytes += sign * sizeBytes(item);
        if (KeyRecord.hasExpiry(record(item))) {
            expires += sign;
        }
        if (KeyRecord.fieldsExpire(record(item))) {
            withExpiringParts += sign;
        }
    }

    /** How many keys have an expiry. */
    public long expires() {
        return expires;
    }

    /** How many keys have something inside that expires. */
    public long withExpiringParts() {
        return withExpiringParts;
    }

    /** The bytes of all items and of the table itself. */
    public long usedBytes() {
        return itemBytes + heapBytes();
    }

    /** Fails unless the table is in order and its accounts are those of its items; for tests. The shard is locked. */
    void validateItems() {
        validate();
        long[] found = new long[3];
        forEach(item -> {
            byte[] record = record(item);
            check(!limbo.contains(record), "a freed record", 0, 1);
            found[0] += sizeBytes(item);
            found[1] += KeyRecord.hasExpiry(record) ? 1 : 0;
            found[2] += KeyRecord.fieldsExpire(record) ? 1 : 0;
        });
        check(found[0] == itemBytes, "bytes of items", itemBytes, found[0]);
        check(found[1] == expires, "keys that expire", expires, found[1]);
        check(found[2] == withExpiringParts, "keys with parts that expire", withExpiringParts, found[2]);
    }

    private static void check(boolean holds, String what, long counted, long found) {
        if (!holds) {
            throw new IllegalStateException(what + ": counted " + counted + ", found " + found);
        }
    }
}
