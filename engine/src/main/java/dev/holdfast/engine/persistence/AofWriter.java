package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.journal.ChangeReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the log of changes to a file.
 *
 * <h2>Who writes, and when</h2>
 *
 * Commands append to a buffer, under the locks of their keys, and go on. A thread that is about to send replies commits first: it takes
 * all that has gathered, from whichever thread, and writes it with one call. An event loop does so once for all the connections
 * that it has just read, an in-process caller only where it must. So a reply never leaves before the change is in the file, and a
 * killed process loses nothing that it has acknowledged.
 *
 * <ul>
 *   <li>{@code always}: the commit also syncs the file. A thread that comes while a sync is under way waits for the lock and then finds
 *       his change among those that the next sync covers: one sync for all that came meanwhile.
 *   <li>{@code everysec}: {@link #tick}, on a thread of its own, syncs once a second. While it does, writing to the same file may
 *       block; so commits leave the bytes in the buffer, for at most two seconds or 64 MB. What was acknowledged and is lost when
 *       the power fails is therefore at most two seconds old.
 *   <li>{@code no}: the system syncs when it likes.
 * </ul>
 *
 * <h2>Locks</h2>
 *
 * {@link #fileLock} guards the file, its size and what is being written. It is taken without shard locks, except by {@link
 * #switchTo}, which all shards are locked for; so no thread that holds it asks for a shard. The buffer has a lock of its own beneath.
 *
 * <h2>Failures</h2>
 *
 * A write that fails is cut off the file again and kept in the buffer; until it succeeds, commands that write are refused. Where
 * {@code always} has promised more than can be kept, the program ends without answering.
 *
 * <p>A sync that fails may have lost what it should have made durable, and the system says so only once: a later sync of the same
 * file succeeds without those bytes. So this file is not trusted again. Commands that write are refused, and nothing more counts as
 * durable, until a rewrite has put a new base in its place; {@link AofRewrite} begins one by itself.
 */
final class AofWriter implements ChangeReader {
    private static final Logger LOG = LoggerFactory.getLogger(AofWriter.class);
    private static final long BUFFER_LIMIT_BYTES = 64L << 20;
    private static final long CALLERS_LIMIT_BYTES = 1L << 20;
    private static final long SYNC_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long POSTPONE_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long ERROR_LOG_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** When the file is synced. */
    enum Policy {
        ALWAYS,
        EVERYSEC,
        NO
    }

    private final Engine engine;
    private final BooleanSupplier saving;
    private final AofBuffer buffer = new AofBuffer();
    private final ReentrantLock fileLock = new ReentrantLock();
    private final Runnable synced;
    private final Object oneSync = new Object();
    private volatile Policy policy = Policy.EVERYSEC;
    private volatile long syncNanos = SYNC_NANOS;
    private volatile long sleepMicros;
    private long timestamp;

    /** How far the log was written when {@link #tick} last looked. */
    private long seenOffset;

    // ---- guarded by the file lock ----

    private final ArrayDeque<ByteBuffer> writing = new ArrayDeque<>();
    private @Nullable DiskFile file;
    private long syncedSize;
    private long lastSyncNanos;
    private long postponedNanos;
    private long lastErrorNanos;

    /** How far the log went into the files before this one. */
    private long switchedOffset;

    /** The file before this one, until it has been synced: not a byte goes to this one before. */
    private @Nullable DiskFile retired;

    /** Files that {@link #tick} has to close. */
    private final List<DiskFile> done = new ArrayList<>();

    // ---- written under the file lock, read by any thread ----

    private volatile long size;
    private volatile long writtenOffset;
    private volatile long syncedOffset;
    private volatile boolean syncing;
    private final LongAdder delayedSyncs = new LongAdder();
    private volatile @Nullable String writeError;

    /** Why a sync has failed, until a rewrite has put it right. While there is an error, nothing counts as synced. */
    private volatile @Nullable String syncError;

    /** Whether the sync that failed was one of the present file. */
    private boolean distrusted;

    /** Whether a new base has taken the place of all files before the present one. */
    private boolean rewritten;

    /**
     * @param saving whether a snapshot is being written, for {@code no-appendfsync-on-rewrite}
     * @param synced called when more has become durable
     */
    AofWriter(Engine engine, BooleanSupplier saving, Runnable synced) {
        this.engine = engine;
        this.saving = saving;
        this.synced = synced;
        Config config = engine.config();
        config.persistence.appendfsync.onChange(this::readPolicy);
        readPolicy();
    }

    private void readPolicy() {
        policy = switch (engine.config().persistence.appendfsync.get()) {
            case "always" -> Policy.ALWAYS;
            case "no" -> Policy.NO;
            default -> Policy.EVERYSEC;
        };
    }

    // ---- the reader of the log ----

    @Override
    public void append(byte[] bytes, int offset, int length, boolean first) {
        if (first && engine.config().aof.timestamps.get()) {
            long now = engine.clock().millis() / 1000;
            if (now > timestamp) {
                timestamp = now;
                byte[] line = ("#TS:" + now + "\r\n").getBytes(StandardCharsets.US_ASCII);
                buffer.append(line, 0, line.length);
            }
        }
        buffer.append(bytes, offset, length);
    }

    @Override
    public boolean urgesCallers() {
        return policy == Policy.ALWAYS || buffer.size() > CALLERS_LIMIT_BYTES;
    }

    @Override
    public void commit() {
        long before = syncedOffset;
        fileLock.lock();
        try {
            write(false);
        } finally {
            fileLock.unlock();
        }
        if (syncedOffset != before) {
            synced.run();
        }
    }

    /** Writes all that has been appended. */
    void flush() {
        fileLock.lock();
        try {
            write(true);
        } finally {
            fileLock.unlock();
        }
    }

    private long now() {
        return engine.clock().nanos();
    }

    private void write(boolean force) {
        DiskFile target = file;
        if (target == null || !force && policy == Policy.EVERYSEC && isPostponed()) {
            return;
        }
        postponedNanos = 0;
        if (buffer.size() > 0) {
            syncRetired();
        }
        if (isGapped()) {
            return;
        }
        long upTo = engine.changes().offset();
        buffer.take(writing);
        if (!writing.isEmpty()) {
            if (sleepMicros > 0) {
                LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(sleepMicros));
            }
            String circumstance = syncing
                    ? "aof-write-pending-fsync"
                    : saving.getAsBoolean() ? "aof-write-active-child" : "aof-write-alone";
            long start = now();
            try {
                while (!writing.isEmpty()) {
                    ByteBuffer chunk = writing.element();
                    writeChunk(target, chunk);
                    buffer.recycle(writing.remove());
                }
            } catch (IOException e) {
                writeFailed(e);
                return;
            } finally {
                engine.latency().noteSince(circumstance, start);
                engine.latency().noteSince("aof-write", start);
            }
            if (writeError != null) {
                LOG.info("AOF write error looks solved. The server can write again.");
                writeError = null;
            }
        }
        writtenOffset = upTo;
        if (policy == Policy.ALWAYS && syncError == null && !maySkipSync()) {
            syncNow(target);
        }
    }

    /** Writes a chunk; if that fails, the file is as before, or what could not be taken back is taken out of the chunk. */
    private void writeChunk(DiskFile target, ByteBuffer chunk) throws IOException {
        int start = chunk.position();
        int length = chunk.remaining();
        try {
            target.write(chunk);
            grow(length);
        } catch (IOException e) {
            int stays = 0;
            try {
                target.truncate(size);
            } catch (IOException cut) {
                LOG.warn(
                        "Could not remove short write from the append-only file. The server may refuse to load the AOF the"
                                + " next time it starts. ftruncate: {}",
                        Reason.of(cut));
                stays = Math.clamp(target.size() - size, 0, length);
            }
            chunk.position(start + stays);
            grow(stays);
            throw e;
        }
    }

    private void grow(int bytes) {
        long grown = size + bytes;
        size = grown;
    }

    private void writeFailed(IOException e) {
        if (policy == Policy.ALWAYS) {
            LOG.warn("Error writing to the AOF file: {}", Reason.of(e));
            throw abort("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...");
        }
        long now = now();
        if (writeError == null || now - lastErrorNanos > ERROR_LOG_NANOS) {
            LOG.warn("Error writing to the AOF file: {}", Reason.of(e));
            lastErrorNanos = now;
        }
        writeError = message(e);
    }

    private static String message(IOException e) {
        return Reason.of(e);
    }

    private IllegalStateException abort(String reason) {
        LOG.warn(reason);
        engine.host().abort(reason);
        return new IllegalStateException(reason);
    }

    /** Whether writing is put off because of a sync that is under way. */
    private boolean isPostponed() {
        if (!syncing && retired == null || buffer.size() > BUFFER_LIMIT_BYTES) {
            return false;
        }
        long now = now();
        if (postponedNanos == 0) {
            postponedNanos = now;
            return true;
        }
        if (now - postponedNanos < POSTPONE_NANOS) {
            return true;
        }
        delayedSyncs.increment();
        LOG.info(
                "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync"
                        + " to complete, this may slow down the server.");
        return false;
    }

    private boolean maySkipSync() {
        return engine.config().aof.noFsyncOnRewrite.get() && saving.getAsBoolean();
    }

    private void syncNow(DiskFile target) {
        if (syncedSize != size) {
            long start = now();
            if (!sync(target)) {
                throw cannotSync();
            }
            engine.latency().noteSince("aof-fsync-always", start);
            lastSyncNanos = now();
        }
        noteSynced(size, writtenOffset);
    }

    private void noteSynced(long upToSize, long upToOffset) {
        if (syncError == null) {
            syncedSize = upToSize;
            syncedOffset = Math.max(syncedOffset, upToOffset);
        }
    }

    /** Whether an earlier file has lost something. Nothing may be written behind the gap until a rewrite has closed it. */
    private boolean isGapped() {
        return syncError != null && !distrusted;
    }

    private void syncRetired() {
        DiskFile old = retired;
        if (old != null) {
            boolean succeeded = sync(old);
            if (!succeeded && policy == Policy.ALWAYS) {
                throw cannotSync();
            }
            noteSynced(syncedSize, switchedOffset);
            retired = null;
            done.add(old);
        }
    }

    /** Syncs a file, one thread at a time: the system tells of a failure only once. */
    private boolean sync(DiskFile target) {
        synchronized (oneSync) {
            try {
                target.sync();
                return true;
            } catch (IOException e) {
                LOG.warn("Fail to fsync the AOF file: {}", Reason.of(e));
                syncError = message(e);
                return false;
            }
        }
    }

    private IllegalStateException cannotSync() {
        return abort("Can't persist AOF for fsync error when the AOF fsync policy is 'always': " + syncError
                + ". Exiting...");
    }

    // ---- the thread in the background ----

    /** Does what no command waits for: writes what callers in this JVM have left, syncs once a second, closes old files. */
    synchronized void tick() {
        if (writeError != null || isForgotten()) {
            engine.changes().commit();
        }
        DiskFile target;
        DiskFile old;
        List<DiskFile> finished;
        long upToSize;
        long upToOffset;
        fileLock.lock();
        try {
            finished = List.copyOf(done);
            done.clear();
            old = retired;
            boolean due = policy == Policy.EVERYSEC
                    && syncError == null
                    && size != syncedSize
                    && now() - lastSyncNanos >= syncNanos
                    && !maySkipSync();
            target = due ? file : null;
            upToSize = size;
            upToOffset = writtenOffset;
            syncing = target != null || old != null;
        } finally {
            fileLock.unlock();
        }
        finished.forEach(AofWriter::close);
        if (old == null && target == null) {
            return;
        }
        boolean succeeded = (old == null || sync(old)) && (target == null || sync(target));
        syncDone(old, target, succeeded, upToSize, upToOffset);
        synced.run();
    }

    /** Whether something has waited since the last look, and nothing has been written since. */
    private boolean isForgotten() {
        long written = writtenOffset;
        boolean forgotten = engine.changes().isPending() && written == seenOffset;
        seenOffset = written;
        return forgotten;
    }

    private void syncDone(
            @Nullable DiskFile old, @Nullable DiskFile target, boolean succeeded, long upToSize, long upToOffset) {
        fileLock.lock();
        try {
            syncing = false;
            distrusted |= !succeeded && target != null && target == file;
            trustAgain();
            if (old != null && retired == old) {
                retired = null;
                done.add(old);
                noteSynced(syncedSize, switchedOffset);
            }
            if (target != null) {
                lastSyncNanos = now();
                if (target == file) {
                    noteSynced(upToSize, upToOffset);
                }
            }
            if (postponedNanos != 0) {
                write(false);
            }
        } finally {
            fileLock.unlock();
        }
    }

    private static void close(DiskFile file) {
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("Could not close an old append-only file: {}", Reason.of(e));
        }
    }

    // ---- files ----

    /** Begins to write to a file. Nothing has been appended yet. */
    void open(DiskFile first, long firstSize) {
        fileLock.lock();
        try {
            file = first;
            size = firstSize;
            syncedSize = firstSize;
            lastSyncNanos = now();
            writtenOffset = engine.changes().offset();
            syncedOffset = writtenOffset;
            writeError = null;
            syncError = null;
            distrusted = false;
            rewritten = false;
        } finally {
            fileLock.unlock();
        }
    }

    /**
     * Goes on in another file: all that has been appended until now goes to the old one, whatever comes goes to the new one. All
     * shards are locked.
     */
    void switchTo(DiskFile next) throws IOException {
        fileLock.lock();
        try {
            write(true);
            syncRetired();
            if (isGapped()) {
                // The base will have what could not be written.
                writing.clear();
                buffer.clear();
                writtenOffset = engine.changes().offset();
            }
            if (!writing.isEmpty()) {
                throw new IOException(String.valueOf(writeError));
            }
            if (syncedSize == size && file != null) {
                done.add(file);
            } else {
                retired = file;
            }
            file = next;
            size = 0;
            syncedSize = 0;
            switchedOffset = writtenOffset;
            distrusted = false;
            rewritten = false;
            engine.changes().forgetDatabase();
        } finally {
            fileLock.unlock();
        }
    }

    /** A rewrite is over: what the files before the present one have lost is no longer needed. */
    void noteRewritten() {
        fileLock.lock();
        try {
            rewritten = true;
            trustAgain();
        } finally {
            fileLock.unlock();
        }
        synced.run();
    }

    /** Ends the state of error, if nothing is missing any more. A sync under way may yet fail, and asks again at its end. */
    private void trustAgain() {
        if (rewritten && isGapped() && !syncing) {
            LOG.info("The AOF has been rewritten after a failed fsync. The server can write again.");
            syncError = null;
            noteSynced(syncedSize, switchedOffset);
            write(false);
        }
    }

    /** Closes the files that are no longer used. */
    void closeDone() {
        List<DiskFile> finished;
        fileLock.lock();
        try {
            finished = List.copyOf(done);
            done.clear();
        } finally {
            fileLock.unlock();
        }
        finished.forEach(AofWriter::close);
    }

    /** Writes and syncs everything, and lets go of the file. Returns false where that fails. */
    boolean close() {
        fileLock.lock();
        try {
            write(true);
            DiskFile last = file;
            if (last == null) {
                return true;
            }
            syncRetired();
            sync(last);
            boolean complete = writing.isEmpty() && syncError == null;
            noteSynced(size, writtenOffset);
            done.add(last);
            file = null;
            size = 0;
            syncedSize = 0;
            buffer.clear();
            writing.clear();
            return complete;
        } finally {
            fileLock.unlock();
        }
    }

    /** Lets {@code everysec} mean something shorter, for tests. */
    void syncEvery(long nanos) {
        syncNanos = nanos;
    }

    /** Waits before each write, for tests. */
    void sleepBeforeWrites(long micros) {
        sleepMicros = micros;
    }

    // ---- figures ----

    /** The bytes of the present file. */
    long size() {
        return size;
    }

    /** Bytes that have been appended to the log but not been written. */
    long bufferBytes() {
        return buffer.size();
    }

    boolean isSyncing() {
        return syncing;
    }

    long delayedSyncs() {
        return delayedSyncs.sum();
    }

    /** How far the log of changes is durable. */
    long syncedOffset() {
        return syncedOffset;
    }

    /** Whether there is an {@link #error}. */
    boolean isFailing() {
        return writeError != null || syncError != null;
    }

    /** Why commands that write are refused, or null. */
    @Nullable
    String error() {
        String error = writeError;
        return error != null ? error : syncError;
    }

    boolean lastWriteFailed() {
        return writeError != null;
    }

    /** Whether a sync has failed, and only a rewrite can put it right. */
    boolean needsRewrite() {
        return syncError != null;
    }
}
