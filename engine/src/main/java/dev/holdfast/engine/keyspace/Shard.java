package dev.holdfast.engine.keyspace;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The part of the keyspace whose keys' hashes begin with the shard's number, in every database, under one lock.
 *
 * <p>The lock is reentrant: a transaction holds the locks of all its commands while each takes its own again.
 */
public final class Shard {
    private static final int SPINS = 200;

    private final ReentrantLock lock = new ReentrantLock();
    private final int bits;
    private final int number;
    private final @Nullable KeyTable[] tables;

    Shard(int bits, int number, int databases) {
        this.bits = bits;
        this.number = number;
        this.tables = new KeyTable[databases];
    }

    /** Waits for the lock, at first spinning: it is nearly always held for less time than going to sleep takes. */
    public void lock() {
        for (int i = 0; i < SPINS; i++) {
            if (lock.tryLock()) {
                return;
            }
            Thread.onSpinWait();
        }
        lock.lock();
    }

    public void unlock() {
        lock.unlock();
    }

    public boolean isLockedByMe() {
        return lock.isHeldByCurrentThread();
    }

    public int number() {
        return number;
    }

    /** The table of a database if anything was ever in it; may be called without the lock. */
    public @Nullable KeyTable existingTable(int database) {
        return tables[database];
    }

    /** The table of a database, made when it is first asked for; only with the lock. */
    public KeyTable table(int database) {
        KeyTable table = tables[database];
        return table != null ? table : create(database);
    }

    private KeyTable create(int database) {
        KeyTable table = new KeyTable(bits, number);
        tables[database] = table;
        return table;
    }

    /** Whether a database may have keys here; a guess if the lock is not held. */
    public boolean mayHaveKeys(int database) {
        KeyTable table = tables[database];
        return table != null && table.size() > 0;
    }

    /** Drops the table of a database with all its keys, in constant time. It is left to the garbage collector. */
    public void dropTable(int database) {
        tables[database] = null;
    }

    public void swapTables(int one, int other) {
        KeyTable table = tables[one];
        tables[one] = tables[other];
        tables[other] = table;
    }
}
