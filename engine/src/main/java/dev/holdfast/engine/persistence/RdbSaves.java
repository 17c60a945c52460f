package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.SavePoints;
import dev.holdfast.engine.core.Engine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves the data as an RDB file: at once, in the background, or when enough has changed.
 *
 * <p>A save writes to a temporary file, makes it durable and gives it the name of the old one in one step. So at any moment there
 * is one whole file.
 */
public final class RdbSaves {
    private static final Logger LOG = LoggerFactory.getLogger(RdbSaves.class);

    /** After a save that has failed, the next one is not tried before so many seconds. */
    private static final long RETRY_SECONDS = 5;

    private static final long GATE_PAUSE_NANOS = 1_000_000;

    /** What BGSAVE has done. */
    public enum Begun {
        STARTED,
        SCHEDULED,
        ALREADY_SAVING,
        OTHER_WORK
    }

    /** What BGSAVE CANCEL has done. */
    public enum Cancelled {
        RUNNING,
        SCHEDULED,
        NOTHING
    }

    private final Engine engine;
    private final Config config;
    private final Disk disk;
    private final BackgroundGate gate;
    private final Supplier<List<byte[]>> functions;

    private volatile boolean lastFailed;
    private volatile long lastMostRetainedBytes;
    private volatile long lastSaveMillis;
    private volatile long lastTrySeconds;
    private volatile long lastDurationSeconds = -1;
    private volatile long startSeconds = -1;
    private final LongAdder saves = new LongAdder();
    private volatile boolean scheduled;
    private volatile long keysToSave;
    private volatile @Nullable Save running;
    private volatile @Nullable Thread thread;

    RdbSaves(Engine engine, Disk disk, BackgroundGate gate, Supplier<List<byte[]>> functions) {
        this.engine = engine;
        this.config = engine.config();
        this.disk = disk;
        this.gate = gate;
        this.functions = functions;
        this.lastSaveMillis = engine.clock().millis();
    }

    private long nowSeconds() {
        return engine.clock().millis() / 1000;
    }

    /** Where the file is, or will be. */
    public Path file() {
        return directory().resolve(config.persistence.dbfilename.get());
    }

    private static Path directoryOf(Path file) {
        Path parent = file.getParent();
        return parent == null ? Path.of("") : parent;
    }

    private Path directory() {
        return Path.of(config.program.dir.get());
    }

    // ---- saving ----

    /** One writing of the file. */
    private final class Save {
        private final Path temporary;
        private final Path destination;
        private volatile boolean cancelled;
        private volatile @Nullable Snapshot present;
        private long changes;

        Save(Path destination) {
            this.destination = destination;
            this.temporary =
                    destination.resolveSibling("temp-" + ProcessHandle.current().pid() + ".rdb");
        }

        void run() throws IOException {
            try {
                write();
                rename();
            } catch (CancellationException e) {
                deleteTemporary();
                throw e;
            } catch (IOException e) {
                LOG.warn("Write error while saving DB to the disk: {}", Reason.of(e));
                deleteTemporary();
                throw e;
            }
            LOG.info("DB saved on disk");
            engine.statistics().changesSinceSave.add(-changes);
            lastSaveMillis = engine.clock().millis();
            lastFailed = false;
        }

        private void write() throws IOException {
            try (DiskFile target = disk.open(temporary, Disk.Mode.CREATE)) {
                RdbSnapshotTarget snapshot =
                        new RdbSnapshotTarget(engine, target, false, functions, this::noteMoment, () -> cancelled);
                Snapshot walk = new Snapshot(engine.keyspace(), snapshot);
                present = walk;
                if (cancelled) {
                    throw new CancellationException();
                }
                try {
                    walk.run();
                } finally {
                    lastMostRetainedBytes = walk.mostRetainedBytes();
                }
                snapshot.end();
                target.sync();
            }
        }

        void cancel() {
            cancelled = true;
            Snapshot walk = present;
            if (walk != null) {
                walk.cancel();
            }
        }

        private void noteMoment() {
            changes = engine.statistics().changesSinceSave.sum();
            countKeys();
        }

        private void rename() throws IOException {
            try {
                disk.rename(temporary, destination);
            } catch (IOException e) {
                LOG.warn(
                        "Error moving temp DB file {} on the final destination {}: {}",
                        temporary,
                        destination,
                        Reason.of(e));
                throw e;
            }
            disk.syncDirectory(directoryOf(destination));
        }

        private void deleteTemporary() {
            long start = engine.clock().nanos();
            try {
                disk.delete(temporary);
                engine.latency().noteSince("rdb-unlink-temp-file", start);
            } catch (IOException e) {
                LOG.warn("Could not delete {}: {}", temporary, Reason.of(e));
            }
        }
    }

    /** Exact only while all shards are locked. */
    private void countKeys() {
        long keys = 0;
        for (int database = 0; database < engine.keyspace().databases(); database++) {
            keys += engine.keyspace().size(database);
        }
        keysToSave = keys;
    }

    /** Saves, and returns when the file is there. Waits until nothing else is being written. */
    public void save() throws IOException {
        saveTo(file());
    }

    /** Saves to another file than usual. The caller gets the failure; it does not stop writes, as one in the background does. */
    public synchronized void saveTo(Path destination) throws IOException {
        while (!gate.enter(BackgroundGate.Work.RDB_SAVE)) {
            LockSupport.parkNanos(GATE_PAUSE_NANOS);
        }
        saves.increment();
        try {
            new Save(destination).run();
        } finally {
            gate.leave();
        }
    }

    /**
     * Begins to save in the background.
     *
     * @param schedule whether to do it later where something else is being written
     */
    public Begun saveInBackground(boolean schedule) {
        if (isSaving()) {
            return Begun.ALREADY_SAVING;
        }
        if (gate.enter(BackgroundGate.Work.RDB_SAVE)) {
            start();
            return Begun.STARTED;
        }
        if (schedule) {
            scheduled = true;
            LOG.info("Background saving scheduled due to user request");
            return Begun.SCHEDULED;
        }
        return isSaving() ? Begun.ALREADY_SAVING : Begun.OTHER_WORK;
    }

    /** Lets a save begin as soon as possible. */
    public void schedule() {
        scheduled = true;
    }

    /** Begins; the gate has been entered. */
    private void start() {
        Save save = new Save(file());
        saves.increment();
        scheduled = false;
        lastTrySeconds = nowSeconds();
        startSeconds = lastTrySeconds;
        countKeys();
        running = save;
        Thread worker = new Thread(() -> runInBackground(save), "holdfast-save");
        worker.setDaemon(true);
        thread = worker;
        LOG.info("Background saving started");
        worker.start();
    }

    private void runInBackground(Save save) {
        try {
            save.run();
            LOG.info("Background saving terminated with success");
        } catch (CancellationException e) {
            LOG.warn("Background saving terminated by a command");
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            lastFailed = true;
            LOG.warn("Background saving error", e);
        } finally {
            lastDurationSeconds = nowSeconds() - startSeconds;
            startSeconds = -1;
            running = null;
            gate.leave();
        }
    }

    /** Gives up the save that runs or is to run. */
    public Cancelled cancel() {
        Save save = running;
        if (save != null) {
            LOG.info("Background saving will be aborted due to user request");
            save.cancel();
            return Cancelled.RUNNING;
        }
        if (scheduled) {
            LOG.info("Scheduled background saving will be cancelled due to user request");
            scheduled = false;
            return Cancelled.SCHEDULED;
        }
        return Cancelled.NOTHING;
    }

    /** Gives up a save that runs, and waits until it has ended. */
    void cancelAndWait() {
        Save save = running;
        Thread worker = thread;
        if (save == null || worker == null) {
            return;
        }
        LOG.warn("There is a background save of an .rdb. Ending it!");
        save.cancel();
        try {
            worker.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits until the save that is running in the background has ended. */
    void awaitIdle() throws InterruptedException {
        Thread worker = thread;
        if (worker != null) {
            worker.join();
        }
    }

    /** Begins a save that is scheduled or that a save point demands. */
    void tick() {
        if (gate.isBusy()) {
            return;
        }
        boolean mayTry = !lastFailed || nowSeconds() - lastTrySeconds > RETRY_SECONDS;
        if (!mayTry) {
            return;
        }
        if (scheduled) {
            startIfFree();
            return;
        }
        long changes = engine.statistics().changesSinceSave.sum();
        for (SavePoints.Point point : config.persistence.save.points()) {
            if (changes >= point.changes() && nowSeconds() - lastSaveMillis / 1000 > point.seconds()) {
                LOG.info("{} changes in {} seconds. Saving...", point.changes(), point.seconds());
                startIfFree();
                return;
            }
        }
    }

    private void startIfFree() {
        if (gate.enter(BackgroundGate.Work.RDB_SAVE)) {
            start();
        }
    }

    // ---- figures ----

    /** Whether a save is running in the background. */
    public boolean isSaving() {
        return running != null;
    }

    /** Whether the last save in the background has failed, and none has succeeded since. */
    public boolean lastFailed() {
        return lastFailed;
    }

    /** When the data was saved last or, before that, when the store was opened; in seconds since 1970. */
    public long lastSaveSeconds() {
        return lastSaveMillis / 1000;
    }

    /** How long the last background save took, or -1. */
    public long lastDurationSeconds() {
        return lastDurationSeconds;
    }

    /** How long the present background save has taken, or -1. */
    public long presentDurationSeconds() {
        long start = startSeconds;
        return start < 0 ? -1 : nowSeconds() - start;
    }

    /** How many saves were begun. */
    public long saves() {
        return saves.sum();
    }

    /** How many keys the present background save has to save. */
    public long keysToSave() {
        return isSaving() ? keysToSave : 0;
    }

    /** How many keys it has saved. */
    public long keysSaved() {
        Save save = running;
        Snapshot walk = save == null ? null : save.present;
        return walk == null ? 0 : walk.savedKeys();
    }

    /** The memory that the present background save takes for itself. */
    public long retainedBytes() {
        Save save = running;
        Snapshot walk = save == null ? null : save.present;
        return walk == null ? 0 : walk.retainedBytes();
    }

    /** The most memory that the present background save has taken for itself at a time. */
    public long mostRetainedBytes() {
        Save save = running;
        Snapshot walk = save == null ? null : save.present;
        return walk == null ? 0 : walk.mostRetainedBytes();
    }

    /** The same of the last save. */
    public long lastMostRetainedBytes() {
        return lastMostRetainedBytes;
    }

    void noteLoaded() {
        lastSaveMillis = engine.clock().millis();
    }
}
