package dev.holdfast.engine.keyspace;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The part of the keyspace whose keys have the shard's number in their {@link Slice#placement}, in every database, under one lock.
 *
 * <p>The lock is reentrant: a transaction holds the locks of all its commands while each takes its own again.
 *
 * <h2>Reading without the lock</h2>
 *
 * Taking a lock writes to it, and then the processor's cores pass its cache line to and fro, which costs more than most reads.
 * So a shard counts how often its lock was taken and released: the version is odd while the lock is held. Who only wants to
 * look notes the version, which must be even, looks, copies what it needs, and then asks whether the version is still the
 * same. If not, everything it saw is worthless, and exceptions on the way mean as little; it does it again with the lock.
 */
public final class Shard {
    private static final int SPINS = 200;

    /** How often a waiting thread looks whether to give up. */
    private static final int PATIENCE_MILLIS = 50;

    private static final VarHandle VERSION;

    static {
        try {
            VERSION = MethodHandles.lookup().findVarHandle(Shard.class, "version", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final int bits;
    private final int number;
    private final @Nullable KeyTable[] tables;
    private final Limbo limbo = new Limbo();
    private long version;

    /** The mark for the items of new tables; see {@link KeyTable}. */
    private int mark;

    Shard(int bits, int number, int databases) {
        this.bits = bits;
        this.number = number;
        this.tables = new KeyTable[databases];
    }

    /** Waits for the lock, at first spinning: it is nearly always held for less time than going to sleep takes. */
    public void lock() {
        if (!lock.tryLock()) {
            waitForLock();
        }
        open();
    }

    /** As {@link #lock()}, but gives up as soon as that is asked for. */
    boolean lock(BooleanSupplier givesUp) {
        if (!lock.tryLock() && !waitForLock(givesUp)) {
            return false;
        }
        open();
        return true;
    }

    /**
     * Takes the lock if it is free.
     *
     * @param politely whether to leave it to others who wait for it
     */
    public boolean tryLock(boolean politely) {
        if (politely && lock.hasQueuedThreads() || !lock.tryLock()) {
            return false;
        }
        open();
        return true;
    }

    private void open() {
        if ((version & 1) == 0) {
            VERSION.setOpaque(this, version + 1);
            VarHandle.storeStoreFence();
        }
    }

    private boolean waitForLock(BooleanSupplier givesUp) {
        for (int i = 0; i < SPINS; i++) {
            Thread.onSpinWait();
            if (lock.tryLock()) {
                return true;
            }
        }
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    if (lock.tryLock(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                        return true;
                    }
                    if (givesUp.getAsBoolean()) {
                        return false;
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void waitForLock() {
        for (int i = 0; i < SPINS; i++) {
            Thread.onSpinWait();
            if (lock.tryLock()) {
                return;
            }
        }
        lock.lock();
    }

    public void unlock() {
        if (lock.getHoldCount() == 1) {
            assert limbo.empty();
            VERSION.setRelease(this, version + 1);
        }
        lock.unlock();
    }

    /** The version for {@link #isUnchanged}; odd while the lock is held. */
    public long version() {
        return (long) VERSION.getAcquire(this);
    }

    /** Whether no thread has held the lock since {@link #version} gave this even number. */
    public boolean isUnchanged(long version) {
        VarHandle.loadLoadFence();
        return (long) VERSION.getOpaque(this) == version;
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
        KeyTable table = new KeyTable(bits, number, mark, limbo);
        tables[database] = table;
        return table;
    }

    /** Turns the mark of this shard's tables and of those to come. */
    void turnMark() {
        mark ^= KeyRecord.MARK;
    }

    int mark() {
        return mark;
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

    /** Fails unless all tables are in order; for tests. The shard is locked. */
    void validate() {
        for (KeyTable table : tables) {
            if (table != null) {
                table.validateItems();
            }
        }
    }
}
