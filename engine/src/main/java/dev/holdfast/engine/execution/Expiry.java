package dev.holdfast.engine.execution;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.Shard;
import java.util.ArrayList;
import java.util.List;

/**
 * Removes what has expired: lazily, when a command finds it, and actively, because most of it nobody will ask for again.
 *
 * <p>The active cycle walks the tags of each table, where one bit says whether an item can expire, so that tables without
 * expiring keys cost nothing and others a bit test for each key that stays. It holds a shard's lock for a few hundred
 * items at a time and stops when its share of the period is used up; the next cycle goes on from there. While much of
 * what it finds has expired, it goes on at once.
 */
public final class Expiry {
    private static final int SLOTS_AT_A_TIME = 1024;
    private static final int FIELDS_AT_A_TIME = 256;

    private final Engine engine;
    private final Keyspace keyspace;
    private final List<Object> found = new ArrayList<>();
    private final Slice key = new Slice();

    private volatile boolean active = true;
    private int shard;
    private int database;
    private long cursor;

    Expiry(Engine engine) {
        this.engine = engine;
        this.keyspace = engine.keyspace();
    }

    /** Switches the active cycle on or off, for tests. */
    public void setActive(boolean active) {
        this.active = active;
    }

    /** Removes the key that {@code table} has just found and that has expired, and tells of it. */
    void expired(Call call, KeyTable table, Slice key, int database) {
        table.remove();
        engine.statistics().expiredKeys.increment();
        engine.touched(key, database);
        engine.notifier().event('x', "expired", database, key);
        call.propagateAs("DEL", key);
    }

    /**
     * Runs one active cycle.
     *
     * @param budgetNanos how long it may take
     */
    void cycle(long budgetNanos) {
        if (!active) {
            return;
        }
        long end = engine.clock().nanos() + budgetNanos;
        long now = engine.clock().millis();
        int tables = keyspace.shardCount() * keyspace.databases();
        int idle = 0;
        while (idle < tables) {
            boolean more = sweep(now);
            idle = more ? 0 : idle + 1;
            if (engine.clock().nanos() - end > 0) {
                return;
            }
        }
    }

    /** Sweeps a part of the table whose turn it is. Returns whether it found anything expired. */
    private boolean sweep(long now) {
        Shard current = keyspace.shard(shard);
        KeyTable existing = current.existingTable(database);
        if (existing == null || existing.volatileCount() == 0) {
            nextTable();
            return false;
        }
        boolean removed = false;
        current.lock();
        try {
            KeyTable table = current.table(database);
            found.clear();
            cursor = table.visitVolatile(cursor, SLOTS_AT_A_TIME, item -> collect(item, now));
            for (Object item : found) {
                removed = true;
                expire(table, item, now);
            }
        } finally {
            found.clear();
            current.unlock();
        }
        if (cursor == 0) {
            nextTable();
        }
        return removed;
    }

    private void nextTable() {
        cursor = 0;
        if (++shard == keyspace.shardCount()) {
            shard = 0;
            database = (database + 1) % keyspace.databases();
        }
    }

    private void collect(Object item, long now) {
        byte[] record = KeyTable.record(item);
        if (KeyRecord.hasExpiry(record) && KeyRecord.expireAt(record) <= now || KeyRecord.fieldsExpire(record)) {
            found.add(item);
        }
    }

    private void expire(KeyTable table, Object item, long now) {
        byte[] record = KeyTable.record(item);
        key.set(KeyRecord.keyBytes(record), 0, KeyRecord.keyLength(record));
        if (KeyRecord.hasExpiry(record) && KeyRecord.expireAt(record) <= now) {
            table.find(key);
            table.remove();
            engine.statistics().expiredKeys.increment();
            engine.touched(key, database);
            engine.notifier().event('x', "expired", database, key);
        } else if (item instanceof Entry entry) {
            expireFields(table, entry, now);
        }
    }

    private void expireFields(KeyTable table, Entry entry, long now) {
        long before = entry.sizeBytes();
        int dropped = entry.expireInside(now, FIELDS_AT_A_TIME);
        table.adjust(entry.sizeBytes() - before);
        if (dropped == 0) {
            return;
        }
        engine.statistics().expiredFields.add(dropped);
        engine.notifier().event('h', "hexpired", database, key);
        engine.touched(key, database);
        table.find(key);
        if (entry.isEmpty()) {
            table.remove();
            engine.notifier().event('g', "del", database, key);
        } else {
            table.refresh(entry);
        }
    }
}
