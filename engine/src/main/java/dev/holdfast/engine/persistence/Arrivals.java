package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.Shard;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Items that have come from a file and are not in the keyspace yet.
 *
 * <p>A file has its keys in any order. Inserted one by one they would fall on places all over the tables, none of which is in the
 * processor's cache, and be moved again whenever a table grows. So they only gather, four bytes each, in a pile for each shard.
 * When all have come, {@link #settle()} fills one table after the other: its size is known, so nothing moves, and it is small
 * enough for the cache. A thread that needs to see a shard before has its pile settled by {@link Gatherer#settle}.
 */
final class Arrivals {
    private static final int CHUNK = 512;

    private final Keyspace keyspace;

    /** Whether an item takes the place of one that has its key; else that is an error. */
    private final boolean replacing;

    /** By the number of the shard. */
    private final List<Queue<Chunk>> piles = new ArrayList<>();

    private final LongAdder count = new LongAdder();
    private final AtomicInteger settled = new AtomicInteger();

    /** Items of one shard and one database. */
    private static final class Chunk {
        final int database;
        final Object[] items = new Object[CHUNK];
        int count;

        Chunk(int database) {
            this.database = database;
        }
    }

    Arrivals(Keyspace keyspace, boolean replacing) {
        this.keyspace = keyspace;
        this.replacing = replacing;
        for (int i = 0; i < keyspace.shardCount(); i++) {
            piles.add(new ConcurrentLinkedQueue<>());
        }
    }

    /** How many items have been handed over. */
    long count() {
        return count.sum();
    }

    /** Takes the items that one thread brings. */
    final class Gatherer {
        private final Chunk[] chunks = new Chunk[keyspace.shardCount()];
        private int database;

        Gatherer() {
            begin();
        }

        private void begin() {
            Arrays.setAll(chunks, shard -> new Chunk(database));
        }

        /** The database of the items that follow. */
        void select(int database) {
            if (database != this.database) {
                handOver();
                this.database = database;
                begin();
            }
        }

        void add(Slice key, Object item) {
            int shard = keyspace.shardOf(key).number();
            Chunk chunk = chunks[shard];
            chunk.items[chunk.count++] = item;
            if (chunk.count == CHUNK) {
                pile(shard);
            }
        }

        /** Must be called when the thread has brought its last item. */
        void handOver() {
            for (int shard = 0; shard < chunks.length; shard++) {
                pile(shard);
            }
        }

        /**
         * Inserts what has gathered for a shard. Only where no other thread brings any for it; the shard is locked.
         */
        void settle(int shard) throws RdbException {
            Chunk chunk = chunks[shard];
            Queue<Chunk> pile = piles.get(shard);
            if (!pile.isEmpty()) {
                pile(shard);
                Arrivals.this.settle(keyspace.shard(shard), pile);
            } else if (chunk.count > 0) {
                insert(keyspace.shard(shard).table(database), chunk);
                Arrays.fill(chunk.items, 0, chunk.count, null);
                chunk.count = 0;
            }
        }

        private void pile(int shard) {
            Chunk chunk = chunks[shard];
            if (chunk.count > 0) {
                piles.get(shard).add(chunk);
                count.add(chunk.count);
                chunks[shard] = new Chunk(database);
            }
        }
    }

    /** Inserts what has been handed over. Several threads may do this together; each takes shards that no other has taken. */
    void settle() throws RdbException {
        int number;
        while ((number = settled.getAndIncrement()) < piles.size()) {
            Shard shard = keyspace.shard(number);
            shard.lock();
            try {
                settle(shard, piles.get(number));
            } finally {
                shard.unlock();
            }
        }
    }

    private void settle(Shard shard, Queue<Chunk> pile) throws RdbException {
        long[] counts = new long[keyspace.databases()];
        for (Chunk chunk : pile) {
            counts[chunk.database] += chunk.count;
        }
        for (int database = 0; database < counts.length; database++) {
            if (counts[database] > 0) {
                shard.table(database).reserve(counts[database]);
            }
        }
        Chunk chunk;
        while ((chunk = pile.poll()) != null) {
            insert(shard.table(chunk.database), chunk);
        }
    }

    private void insert(KeyTable table, Chunk chunk) throws RdbException {
        table.prefetch(chunk.items, chunk.count);
        Slice key = new Slice();
        for (int i = 0; i < chunk.count; i++) {
            Object item = chunk.items[i];
            Object present = table.find(KeyRecord.key(KeyTable.record(item), key));
            if (present == null) {
                table.insert(item);
            } else if (replacing) {
                table.replace(present, item);
            } else {
                throw new RdbException("RDB has duplicated key '%s' in DB %d".formatted(key, chunk.database));
            }
        }
    }
}
