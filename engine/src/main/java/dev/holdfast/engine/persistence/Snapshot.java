package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.Shard;
import dev.holdfast.engine.structures.Loan;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Saves the whole keyspace as it was at one moment, while commands go on changing it.
 *
 * <h2>The idea</h2>
 *
 * Valkey forks: the child has the memory of the moment because the kernel copies each page that the parent writes to. Here the
 * same is done item by item, and nothing is copied that need not be. At the moment all shards are locked, for as long as it
 * takes to turn one mark in each table; see {@link KeyTable}. From then on the thread of the snapshot walks through the tables,
 * a few items at a time with the shard locked, and hands them to an encoder. A command that is about to change an item which
 * has not been saved yet saves it first: the table asks for that before every change. So each item is encoded once, as it was
 * at the moment, by the walk or by the first command that changes it, whichever comes first.
 *
 * <h2>Large values</h2>
 *
 * A value of more than {@link #LARGE_BYTES} is not encoded while its shard is locked. It is frozen instead, which takes no longer
 * than copying the list of its blocks; the thread of the snapshot writes the frozen one without a lock, and meanwhile commands
 * copy the blocks that they change. See {@link dev.holdfast.engine.structures.Lender}. Huge ones come last, when nothing else
 * can come in between.
 *
 * <h2>What it costs</h2>
 *
 * Time: a lock is held for one small batch, of some items or some kilobytes. Memory: what commands have saved waits in a
 * buffer until the thread writes it out; what they have replaced in frozen values is kept until those are written. Both are
 * counted against {@link #limit a limit each}, and a command that would exceed it waits until the thread has written. That
 * thread never waits for a lock: where it does not get one, it writes out what others have saved. So it always comes to free
 * the memory that a writer waits for.
 *
 * <h2>The end</h2>
 *
 * When the walk is over every item has the new mark, and the tables forget the snapshot. If the file cannot be written, or
 * the snapshot is cancelled, the walk still goes on to its end, writing nothing and only turning marks, which is fast; the
 * commands that waited go on at once.
 */
public final class Snapshot {
    /** Larger values are written without a lock. */
    static final int LARGE_BYTES = 16 * 1024;

    /** Values larger than this wait until everything else has been saved. */
    private static final int HUGE_BYTES = 32 << 20;

    /** So few that a thread that waits for the shard still spins when they are done. */
    private static final int ITEMS_AT_A_TIME = 16;

    private static final int BYTES_AT_A_TIME = 8 * 1024;
    private static final int ITEMS_TO_MARK_AT_A_TIME = 512;
    private static final int BYTES_TO_WRITE = 64 * 1024;

    /** What may wait in memory, and what may be kept in frozen values: this part of the data set each. */
    private static final int LIMIT_PART = 20;

    private static final long LEAST_LIMIT_BYTES = 8 << 20;

    private static final int POLITE_TRIES = 100;
    private static final int SPINS = 50;
    private static final long PAUSE_NANOS = 20_000;

    private final Keyspace keyspace;
    private final SnapshotTarget target;
    private final Sizes sizes;

    // What follows belongs to the thread that saves.
    private final List<List<Part>> databases = new ArrayList<>();
    private final List<Object> batch = new ArrayList<>();
    private final List<Huge> huge = new ArrayList<>();
    private final SnapshotTarget.Chunk walked;

    /** Guards what follows. Commands take it while they hold locks of shards; a thread that holds it takes no other. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition room = lock.newCondition();
    private final Deque<Held> frozen = new ArrayDeque<>();
    private final Deque<Held> frozenHuge = new ArrayDeque<>();
    private SnapshotTarget.Chunk preserved;
    private SnapshotTarget.Chunk spare;
    private long limit;
    private long beingWritten;
    private long retained;
    private long mostRetained;
    private long savedKeys;
    private @Nullable Throwable failure;

    /** Set with {@link #failure}: nothing is to be written any more. */
    private volatile boolean discarding;

    public Snapshot(Keyspace keyspace, SnapshotTarget target) {
        this(keyspace, target, new Sizes(LARGE_BYTES, HUGE_BYTES, ITEMS_AT_A_TIME, LEAST_LIMIT_BYTES));
    }

    /** With other sizes than usual, so that tests meet every case in a small keyspace. */
    Snapshot(Keyspace keyspace, SnapshotTarget target, Sizes sizes) {
        this.keyspace = keyspace;
        this.target = target;
        this.sizes = sizes;
        this.walked = target.newChunk();
        this.preserved = target.newChunk();
        this.spare = target.newChunk();
    }

    /** How many keys have been saved so far. */
    public long savedKeys() {
        lock.lock();
        try {
            return savedKeys;
        } finally {
            lock.unlock();
        }
    }

    /** The bytes that are kept for the snapshot alone just now. */
    public long retainedBytes() {
        lock.lock();
        try {
            return discarding ? 0 : waitingBytes() + retained;
        } finally {
            lock.unlock();
        }
    }

    /** The most bytes that were kept for the snapshot alone at a time. */
    public long mostRetainedBytes() {
        lock.lock();
        try {
            return mostRetained;
        } finally {
            lock.unlock();
        }
    }

    private void noteRetained() {
        mostRetained = Math.max(mostRetained, waitingBytes() + retained);
    }

    /** Gives the snapshot up. Nothing more is written; {@link #run} ends soon with a {@link CancellationException}. */
    public void cancel() {
        discard(new CancellationException("the snapshot was cancelled"));
    }

    /**
     * Takes the moment and saves everything. Returns when all has been handed to the target. The caller holds no lock of a
     * shard, or all of them.
     *
     * @throws CancellationException if it was {@link #cancel cancelled}
     * @throws IllegalStateException if another snapshot is running
     */
    public void run() throws IOException {
        begin();
        try {
            walk();
        } catch (RuntimeException | Error e) {
            discard(e);
            walk();
        }
        end();
        Throwable thrown;
        lock.lock();
        try {
            thrown = failure;
        } finally {
            lock.unlock();
        }
        switch (thrown) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(thrown);
        }
    }

    private void begin() throws IOException {
        long all = keyspace.allShards();
        keyspace.lock(all);
        try {
            if (keyspace.isBeingSaved()) {
                throw new IllegalStateException("another snapshot is running");
            }
            target.begin();
            limit = Math.max(sizes.leastLimit, keyspace.usedBytes() / LIMIT_PART);
            for (int database = 0; database < keyspace.databases(); database++) {
                databases.add(new ArrayList<>());
            }
            keyspace.beginSnapshot((database, shard, table) -> {
                Part part = new Part(database, shard, table);
                databases.get(database).add(part);
                return part;
            });
        } finally {
            keyspace.unlock(all);
        }
    }

    private void end() {
        for (List<Part> parts : databases) {
            for (Part part : parts) {
                part.shard.lock();
                part.table.endSnapshot();
                part.shard.unlock();
            }
        }
        keyspace.endSnapshot();
    }

    /** Ends all writing, and lets waiting threads go on. */
    private void discard(Throwable reason) {
        lock.lock();
        try {
            if (failure == null) {
                failure = reason;
                discarding = true;
                frozen.forEach(this::release);
                frozen.clear();
                frozenHuge.forEach(this::release);
                frozenHuge.clear();
                room.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    // ---- the walk ----

    /** Goes through all tables. The shards take turns, so that a thread that waits for one gets it in between. */
    private void walk() {
        for (List<Part> parts : databases) {
            Deque<Part> left = new ArrayDeque<>(parts);
            Part part;
            while ((part = left.poll()) != null) {
                lock(part.shard);
                boolean more;
                try {
                    more = step(part);
                } finally {
                    part.shard.unlock();
                }
                if (more) {
                    left.add(part);
                }
                write(false);
            }
        }
        for (Huge item : huge) {
            lock(item.part.shard);
            try {
                freezeHuge(item);
            } finally {
                item.part.shard.unlock();
            }
            write(true);
        }
        write(true);
    }

    /** Takes a shard's lock without ever waiting: others may have it who wait until this thread has written something. */
    private void lock(Shard shard) {
        for (int tries = 0; !shard.tryLock(tries < POLITE_TRIES); tries++) {
            write(false);
            if (tries < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    /** Saves some items of a table. Returns whether there are more. */
    private boolean step(Part part) {
        KeyTable table = part.table;
        int items = discarding ? ITEMS_TO_MARK_AT_A_TIME : sizes.itemsAtATime;
        long next = table.scan(part.cursor, items, item -> {
            if (table.isUnsaved(item)) {
                batch.add(item);
            }
        });
        int done = 0;
        int saved = 0;
        int end = walked.sizeBytes() + BYTES_AT_A_TIME;
        while (done < batch.size() && walked.sizeBytes() < end) {
            saved += save(part, batch.get(done++)) ? 1 : 0;
        }
        count(saved);
        boolean all = done == batch.size();
        batch.clear();
        if (all) {
            part.cursor = next;
        }
        return !all || next != 0;
    }

    private void count(int saved) {
        lock.lock();
        try {
            savedKeys += saved;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether the item has been saved, and is not left for later. */
    private boolean save(Part part, Object item) {
        Entry large = discarding ? null : largeEntry(item);
        if (large != null && large.sizeBytes() > sizes.huge) {
            huge.add(new Huge(part, large, new Slice(KeyRecord.keyBytes(large.record()))));
            return false;
        }
        part.table.setSaved(item);
        if (discarding) {
            return false;
        }
        try {
            if (large != null) {
                freeze(part.database, large);
            } else {
                walked.add(part.database, item);
            }
        } catch (IOException | RuntimeException | Error e) {
            discard(e);
        }
        return true;
    }

    private @Nullable Entry largeEntry(Object item) {
        return item instanceof Entry entry && entry.sizeBytes() > sizes.large ? entry : null;
    }

    private void freezeHuge(Huge item) {
        KeyTable table = item.part.table;
        if (table.find(item.key) != item.entry || !table.isUnsaved(item.entry)) {
            return;
        }
        table.setSaved(item.entry);
        try {
            freeze(item.part.database, item.entry);
            count(1);
        } catch (RuntimeException | Error e) {
            discard(e);
        }
    }

    // ---- the commands ----

    /** Saves what a command is about to change. The item's shard is locked. */
    private void preserve(int database, Object item, boolean goes) {
        Entry large = largeEntry(item);
        lock.lock();
        try {
            while (!discarding && (large == null ? waitingBytes() : goes ? retained : 0) >= limit) {
                room.awaitUninterruptibly();
            }
            if (discarding) {
                return;
            }
            if (large == null) {
                preserved.add(database, item);
            } else {
                Held held = freeze(database, large);
                held.bytes += goes ? large.sizeBytes() : 0;
                retained += held.bytes;
            }
            savedKeys++;
            noteRetained();
        } catch (IOException | RuntimeException | Error e) {
            discard(e);
        } finally {
            lock.unlock();
        }
    }

    private long waitingBytes() {
        return preserved.sizeBytes() + beingWritten;
    }

    private Held freeze(int database, Entry entry) {
        lock.lock();
        try {
            Held held = new Held(database, entry);
            if (discarding) {
                held.end();
            } else {
                (entry.sizeBytes() > sizes.huge ? frozenHuge : frozen).add(held);
            }
            return held;
        } finally {
            lock.unlock();
        }
    }

    // ---- writing ----

    /** Writes out what has gathered; with {@code all}, every bit of it. */
    private void write(boolean all) {
        if (discarding) {
            return;
        }
        try {
            if (walked.sizeBytes() >= (all ? 1 : BYTES_TO_WRITE)) {
                walked.writeOut();
            }
            writePreserved(all);
            Held held;
            while ((held = nextFrozen(all)) != null) {
                try {
                    target.writeLarge(held.database, held.frozen);
                } finally {
                    release(held);
                }
                writePreserved(all);
            }
        } catch (IOException | RuntimeException | Error e) {
            discard(e);
        }
    }

    private void writePreserved(boolean all) throws IOException {
        SnapshotTarget.Chunk full;
        lock.lock();
        try {
            if (preserved.sizeBytes() < (all ? 1 : BYTES_TO_WRITE)) {
                return;
            }
            full = preserved;
            preserved = spare;
            beingWritten = full.sizeBytes();
        } finally {
            lock.unlock();
        }
        full.writeOut();
        lock.lock();
        try {
            spare = full;
            beingWritten = 0;
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Held nextFrozen(boolean all) {
        lock.lock();
        try {
            Held held = frozen.poll();
            return held == null && (all || retained > limit / 2) ? frozenHuge.poll() : held;
        } finally {
            lock.unlock();
        }
    }

    private void release(Held held) {
        lock.lock();
        try {
            held.end();
            retained -= held.bytes;
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** From which size a value is large, and huge; how many items are saved at a time; and the least limit. */
    record Sizes(long large, long huge, int itemsAtATime, long leastLimit) {}

    /** A table that was there at the moment, whatever has become of its database. */
    private final class Part implements KeyTable.Preserver {
        final int database;
        final Shard shard;
        final KeyTable table;
        long cursor;

        Part(int database, Shard shard, KeyTable table) {
            this.database = database;
            this.shard = shard;
            this.table = table;
        }

        @Override
        public void preserve(Object item, boolean goes) {
            Snapshot.this.preserve(database, item, goes);
        }
    }

    /** A huge value that the walk has left for later. By then it may have been saved, or be another key's. */
    private record Huge(Part part, Entry entry, Slice key) {}

    /** A frozen value that is to be written, and the loan of its blocks. */
    private final class Held extends Loan {
        final int database;
        final Entry frozen;

        /** What has been replaced since. */
        long bytes;

        Held(int database, Entry entry) {
            this.database = database;
            this.frozen = entry.freeze(entry.record().clone(), this);
        }

        @Override
        public void retain(long more) {
            lock.lock();
            try {
                while (!isOver() && retained >= limit) {
                    room.awaitUninterruptibly();
                }
                if (!isOver()) {
                    bytes += more;
                    retained += more;
                    noteRetained();
                }
            } finally {
                lock.unlock();
            }
        }
    }
}
