package dev.holdfast.engine.keyspace;

import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * The records of strings that have left a shard's tables since its lock was taken. Those who hold the lock may read them until it is
 * released, and not after that.
 *
 * <p>The garbage collector frees them, so nothing need be done. Under assertions, though, they are kept here and then overwritten with
 * what is no record, so that a test fails which reads one too late, puts it into a table again, or frees it twice. One that is read
 * without the lock at that moment is no fault: the reader finds the shard changed.
 */
final class Limbo {
    /** Every byte of a freed record. Its lowest three bits are the number of no type. */
    private static final byte FREE = (byte) 0xDF;

    private static final int TYPE_MASK = 0x07;

    private final Set<byte[]> records = Collections.newSetFromMap(new IdentityHashMap<>());

    /** Takes a record that has left its table. Returns whether it was not free already. */
    boolean add(byte[] record) {
        return !isFree(record) && records.add(record);
    }

    /** Whether a record has been freed, so that it belongs in no table. */
    boolean contains(byte[] record) {
        return isFree(record) || records.contains(record);
    }

    /** Overwrites all records that were taken, at the end of the time for which they may be read. Always true. */
    boolean empty() {
        if (!records.isEmpty()) {
            records.forEach(record -> Arrays.fill(record, FREE));
            records.clear();
        }
        return true;
    }

    static boolean isFree(byte[] record) {
        return (record[0] & TYPE_MASK) == (FREE & TYPE_MASK);
    }
}
