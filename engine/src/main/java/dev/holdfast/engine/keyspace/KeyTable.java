package dev.holdfast.engine.keyspace;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.structures.HashIndex;

/**
 * The keys of one database that belong to one shard. An item is a string's record, a {@code byte[]}, or an {@link Entry}.
 *
 * <p>Beside finding keys, the table counts those that expire and accounts for the memory of its items.
 */
public final class KeyTable extends HashIndex<Object> {
    private long expires;
    private long withExpiringParts;
    private long itemBytes;

    KeyTable(int shardBits, long shard) {
        super(shardBits, shard);
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
    protected boolean matches(Object item, Slice key) {
        return KeyRecord.keyEquals(record(item), key);
    }

    @Override
    protected boolean isVolatile(Object item) {
        return KeyRecord.isVolatile(record(item));
    }

    /** Adds an item after {@link #find} has missed its key. */
    public void insert(Object item) {
        insertMissing(item);
        count(item, 1);
    }

    /** Puts {@code item} in the place of {@code old}, which {@link #find} has just returned. */
    public void replace(Object old, Object item) {
        count(old, -1);
        replaceFound(item);
        count(item, 1);
    }

    /** Removes the item that {@link #find} has just returned. */
    public Object remove() {
        Object item = removeFound();
        count(item, -1);
        return item;
    }

    /** Takes note that the item just found has begun, or has ceased, to have something inside that expires. */
    public void refresh(Object item) {
        replaceFound(item);
        withExpiringParts += KeyRecord.fieldsExpire(record(item)) ? 1 : -1;
    }

    /** Gives the item just found an expiry, or none. */
    public void setExpiry(Object item, long expireAt) {
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
    }

    /** Adds to the account what a value has grown by since it was last counted. */
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
}
