package dev.holdfast.engine;

import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.Shard;
import java.util.ArrayList;
import java.util.List;

/**
 * Some keys of a database, and where to go on.
 *
 * @param next the cursor of the next page; 0 behind the last
 */
public record KeyPage(long next, List<Key> keys) {
    /**
     * A key.
     *
     * @param type as TYPE names it
     * @param bytes of the key with its value
     * @param expiresAtMillis since 1970, or -1
     */
    @SuppressWarnings("ArrayRecordComponent") // They are not compared.
    public record Key(byte[] name, String type, long bytes, long expiresAtMillis) {}

    static KeyPage read(Engine engine, int database, long cursor, int most) {
        if (database < 0 || database >= engine.keyspace().databases()) {
            throw new IllegalArgumentException("there is no database " + database);
        }
        Keyspace keyspace = engine.keyspace();
        List<Key> keys = new ArrayList<>();
        int first = keyspace.shardAt(cursor);
        int number = keyspace.shardWithKeys(first, database);
        long position = cursor;
        while (number < keyspace.shardCount()) {
            if (number != first) {
                position = keyspace.cursorOf(number);
                if (keys.size() >= most) {
                    return new KeyPage(position, keys);
                }
            }
            position = read(
                    keyspace.shard(number),
                    database,
                    position,
                    most - keys.size(),
                    engine.clock().millis(),
                    keys);
            if (position != 0) {
                return new KeyPage(position, keys);
            }
            number = keyspace.shardWithKeys(number + 1, database);
        }
        return new KeyPage(0, keys);
    }

    private static long read(Shard shard, int database, long position, int most, long now, List<Key> keys) {
        shard.lock();
        try {
            return shard.table(database).scan(position, most, item -> {
                byte[] record = KeyTable.record(item);
                if (!KeyRecord.isExpired(record, now)) {
                    keys.add(new Key(
                            KeyRecord.keyBytes(record),
                            KeyRecord.type(record).typeName(),
                            KeyTable.sizeBytes(item),
                            KeyRecord.hasExpiry(record) ? KeyRecord.expireAt(record) : -1));
                }
            });
        } finally {
            shard.unlock();
        }
    }
}
