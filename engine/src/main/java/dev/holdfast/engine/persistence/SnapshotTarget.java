package dev.holdfast.engine.persistence;

import dev.holdfast.engine.keyspace.Entry;
import java.io.IOException;

/** What a {@link Snapshot} is written to: an encoder for items, and a file behind it. */
public interface SnapshotTarget {
    /**
     * The moment. All shards are locked, so there is time only to take note of things: the position of a log, the sizes of
     * the databases.
     */
    void begin() throws IOException;

    /** A new piece of the output, empty. A snapshot makes a few and uses them again and again. */
    Chunk newChunk();

    /**
     * Writes a large value to the file, between two chunks. Called by the snapshot's thread without a lock; nothing changes
     * the value any more. Of a sorted set only {@link dev.holdfast.engine.types.SortedSetValue#walk} works.
     */
    void writeLarge(int database, Entry value) throws IOException;

    /** A piece of the output, gathered in memory. It must be readable wherever in the file it comes to stand. */
    interface Chunk {
        /**
         * Adds an item. Called by any thread, one at a time, while the item's shard is locked; so this must not touch a file
         * or wait for anything.
         */
        void add(int database, Object item) throws IOException;

        /** How many bytes have been gathered. */
        int sizeBytes();

        /** Appends what was gathered to the file and becomes empty again. Called by the snapshot's thread without a lock. */
        void writeOut() throws IOException;
    }
}
