package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.HashSlot;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.Shard;
import dev.holdfast.engine.protocol.Reply;
import java.util.ArrayList;
import java.util.List;

/**
 * One call of SCAN or CLUSTERSCAN.
 *
 * <p>It holds the lock of one shard at a time, while it visits keys there, and answers with none: in a record that has
 * been found the key's bytes never change, whatever becomes of it meanwhile.
 */
final class KeyScan {
    private final Call call;
    private final ScanOptions options;
    private final List<byte[]> found = new ArrayList<>();
    private final List<byte[]> expired = new ArrayList<>();
    private final Slice key = new Slice();
    private int firstSlot;
    private int lastSlot = HashSlot.COUNT;
    private int left;

    KeyScan(Call call, ScanOptions options) {
        this.call = call;
        this.options = options;
        this.left = options.count();
    }

    /** Restricts the scan to keys of these slots. So many keys are visited for each that is asked for. */
    void restrictTo(int first, int last, int effort) {
        firstSlot = first;
        lastSlot = last;
        left = (int) Math.min((long) left * effort, Integer.MAX_VALUE);
    }

    /** Visits keys from a cursor on. Returns where to go on, 0 if there is nothing more. */
    long from(long cursor) {
        Keyspace keyspace = call.engine().keyspace();
        int database = call.database();
        long position = cursor;
        int first = keyspace.shardAt(cursor);
        int number = keyspace.shardWithKeys(first, database);
        while (number < keyspace.shardCount()) {
            if (number != first) {
                position = keyspace.cursorOf(number);
                if (isEnough()) {
                    return position;
                }
            }
            position = visit(keyspace.shard(number), database, position);
            if (position != 0) {
                return position;
            }
            number = keyspace.shardWithKeys(number + 1, database);
        }
        return 0;
    }

    private boolean isEnough() {
        return left <= 0 || found.size() >= options.count();
    }

    private long visit(Shard shard, int database, long position) {
        shard.lock();
        try {
            long next = position;
            do {
                next = shard.table(database).scan(next, Math.min(left, options.count()), this::visit);
            } while (next != 0 && !isEnough());
            for (byte[] record : expired) {
                call.find(KeyRecord.key(record, key), database);
            }
            expired.clear();
            return next;
        } finally {
            shard.unlock();
        }
    }

    /** A key that is not wanted counts as visited, but does not expire, as in Valkey. */
    private void visit(Object item) {
        left--;
        byte[] record = KeyTable.record(item);
        KeyRecord.key(record, key);
        if (options.type() != null && options.type() != KeyRecord.type(record)
                || !options.matches(key)
                || !isInSlots()) {
            return;
        }
        (call.isExpired(item) ? expired : found).add(record);
    }

    private boolean isInSlots() {
        if (firstSlot == 0 && lastSlot == HashSlot.COUNT) {
            return true;
        }
        int slot = HashSlot.of(key);
        return slot >= firstSlot && slot <= lastSlot;
    }

    /** Answers with a cursor and what has been found. */
    void reply(String cursor) {
        Reply reply = call.reply();
        reply.array(2);
        reply.bulk(cursor);
        reply.array(found.size());
        for (byte[] record : found) {
            reply.bulk(KeyRecord.key(record, key));
        }
    }
}
