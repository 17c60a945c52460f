package dev.holdfast.engine.keyspace;

import dev.holdfast.engine.base.Slice;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * All keys of all databases, divided into at most 64 shards by the highest bits of the keys' hashes. Keys that share a hash tag
 * share a shard, as in a cluster they share a slot: what is made for one step on a cluster takes one lock here.
 *
 * <p>A set of shards is a {@code long} with one bit each. A thread that needs several locks asks for them as one set; they are taken
 * in ascending order, so that no two threads can wait for each other.
 */
public final class Keyspace {
    /** The bits of a scan cursor; see {@link dev.holdfast.engine.structures.HashIndex}. */
    private static final int CURSOR_BITS = 48;

    /** What the processor fetches from memory at a time. */
    private static final int LINE_BYTES = 64;

    private final Shard[] shards;
    private final int shift;
    private final int databases;
    private final long all;

    private final AccessClock clock = new AccessClock();

    private volatile boolean beingSaved;

    /**
     * @param shardBits the number of shards as a power of two, 0 to 6
     * @param databases how many databases there are
     */
    public Keyspace(int shardBits, int databases) {
        this.shards = new Shard[1 << shardBits];
        this.shift = 64 - shardBits;
        this.databases = databases;
        this.all = shards.length == 64 ? -1L : (1L << shards.length) - 1;
        for (int i = 0; i < shards.length; i++) {
            shards[i] = new Shard(shardBits, i, databases);
        }
    }

    public int databases() {
        return databases;
    }

    public int shardCount() {
        return shards.length;
    }

    public Shard shard(int number) {
        return shards[number];
    }

    public Shard shardOf(Slice key) {
        return shards[shardNumber(key)];
    }

    private int shardNumber(Slice key) {
        return shift == 64 ? 0 : (int) (key.placement() >>> shift);
    }

    /** The set that holds the shard of this key alone. */
    public long maskOf(Slice key) {
        return 1L << shardNumber(key);
    }

    /** Reads the place of a key in its table; see {@link KeyTable#prefetchPlace}. Needs no lock. */
    public int prefetchPlace(int database, Slice key) {
        KeyTable table = shardOf(key).existingTable(database);
        return table == null ? 0 : table.prefetchPlace(key);
    }

    /** Reads the beginning of the item that is probably the key's. Needs no lock. */
    public int prefetchItem(int database, Slice key) {
        return firstBytes(probableItem(database, key));
    }

    /** The item that is probably the key's, or null. Needs no lock, and so may be wrong. */
    public @Nullable Object probableItem(int database, Slice key) {
        KeyTable table = shardOf(key).existingTable(database);
        return table == null ? null : table.probable(key);
    }

    /** Reads the beginning of an item's record. Returns something of it, or 0 for none. */
    public static int firstBytes(@Nullable Object item) {
        if (item == null) {
            return 0;
        }
        byte[] record = KeyTable.record(item);
        return record[0] + (record.length > LINE_BYTES ? record[LINE_BYTES] : record[record.length - 1]);
    }

    /** The set of all shards. */
    public long allShards() {
        return all;
    }

    public void lock(long mask) {
        for (long rest = mask; rest != 0; rest &= rest - 1) {
            shards[Long.numberOfTrailingZeros(rest)].lock();
        }
    }

    /**
     * As {@link #lock(long)}, but gives up as soon as that is asked for while it waits. Returns whether the locks are held.
     */
    public boolean lock(long mask, BooleanSupplier givesUp) {
        for (long rest = mask; rest != 0; rest &= rest - 1) {
            if (!shards[Long.numberOfTrailingZeros(rest)].lock(givesUp)) {
                unlock(mask & ~rest);
                return false;
            }
        }
        return true;
    }

    public void unlock(long mask) {
        for (long rest = mask; rest != 0; rest &= rest - 1) {
            shards[Long.numberOfTrailingZeros(rest)].unlock();
        }
    }

    /** The number of keys of a database; exact only while all shards are locked. */
    public long size(int database) {
        long size = 0;
        for (Shard shard : shards) {
            KeyTable table = shard.existingTable(database);
            size += table == null ? 0 : table.size();
        }
        return size;
    }

    /** The number of keys of a database that expire. */
    public long expires(int database) {
        long expires = 0;
        for (Shard shard : shards) {
            KeyTable table = shard.existingTable(database);
            expires += table == null ? 0 : table.expires();
        }
        return expires;
    }

    /** The memory of all keys and values, in bytes. */
    public long usedBytes() {
        long bytes = 0;
        for (Shard shard : shards) {
            for (int database = 0; database < databases; database++) {
                KeyTable table = shard.existingTable(database);
                bytes += table == null ? 0 : table.usedBytes();
            }
        }
        return bytes;
    }

    /** Where keys of a database are: the first shard from {@code from} on that may have some, else the number of shards. */
    public int shardWithKeys(int from, int database) {
        int number = from;
        while (number < shards.length && !shards[number].mayHaveKeys(database)) {
            number++;
        }
        return number;
    }

    /**
     * The shard to which a scan cursor points, or the number of shards for one behind the last. The cursors of a table are
     * positions among the hashes, and each shard has its own range of them, so the cursors of all shards together are
     * those of one large table.
     */
    public int shardAt(long cursor) {
        return cursor >>> CURSOR_BITS != 0
                ? shards.length
                : (int) (cursor >>> (CURSOR_BITS - Integer.numberOfTrailingZeros(shards.length)));
    }

    /** The cursor at which a shard begins. */
    public long cursorOf(int shard) {
        return (long) shard << (CURSOR_BITS - Integer.numberOfTrailingZeros(shards.length));
    }

    /** Removes all keys of a database; all shards must be locked. Returns how many there were. */
    public long clear(int database) {
        long size = size(database);
        for (Shard shard : shards) {
            shard.dropTable(database);
        }
        return size;
    }

    /** The part of {@link #usedBytes} that is the tables' own. */
    public long tableBytes() {
        long bytes = 0;
        for (int database = 0; database < databases; database++) {
            bytes += tableBytes(database);
        }
        return bytes;
    }

    /** The bytes of the tables of a database. */
    public long tableBytes(int database) {
        long bytes = 0;
        for (Shard shard : shards) {
            KeyTable table = shard.existingTable(database);
            bytes += table == null ? 0 : table.heapBytes();
        }
        return bytes;
    }

    /** The number of keys of a database whose values have something inside that expires. */
    public long keysWithExpiringParts(int database) {
        long keys = 0;
        for (Shard shard : shards) {
            KeyTable table = shard.existingTable(database);
            keys += table == null ? 0 : table.withExpiringParts();
        }
        return keys;
    }

    /**
     * Makes all items of all databases unsaved; all shards must be locked. The tables are those of now: what becomes of the
     * databases later changes nothing for the snapshot.
     *
     * @param preserver what takes the items of a table that are about to change
     */
    public void beginSnapshot(PreserverOf preserver) {
        beingSaved = true;
        for (Shard shard : shards) {
            shard.turnMark();
            for (int database = 0; database < databases; database++) {
                KeyTable table = shard.existingTable(database);
                if (table != null) {
                    table.beginSnapshot(preserver.of(database, shard, table), shard.mark());
                }
            }
        }
    }

    /** Whether a snapshot runs; there may be one at a time. */
    public boolean isBeingSaved() {
        return beingSaved;
    }

    /** Says that all tables have been told of the snapshot's end. */
    public void endSnapshot() {
        beingSaved = false;
    }

    /** Says what takes the items of a table during a snapshot. */
    @FunctionalInterface
    public interface PreserverOf {
        KeyTable.Preserver of(int database, Shard shard, KeyTable table);
    }

    /** Exchanges the keys of two databases; all shards must be locked. */
    public void swap(int one, int other) {
        for (Shard shard : shards) {
            shard.swapTables(one, other);
        }
    }

    /** What the access clocks of records mean. */
    public AccessClock clock() {
        return clock;
    }

    /** The access clock of a key that comes now; see {@link KeyRecord#accessClock}. */
    public int accessClock() {
        return clock.fresh();
    }

    /** Fails unless everything is in order, so far as no other thread is changing it; for assertions. Always true. */
    public boolean validate() {
        for (Shard shard : shards) {
            if (shard.tryLock(false)) {
                try {
                    shard.validate();
                } finally {
                    shard.unlock();
                }
            }
        }
        return true;
    }
}
