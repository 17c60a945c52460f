package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.persistence.AppendOnlyFile.State;
import dev.holdfast.engine.persistence.BackgroundGate.Work;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes the append-only file anew, in a thread of its own; see {@link AppendOnlyFile} for the steps. */
public final class AofRewrite {
    private static final Logger LOG = LoggerFactory.getLogger(AofRewrite.class);

    /** After so many failures in a row, automatic rewrites wait, twice as long each time. */
    private static final int PATIENT_FAILURES = 3;

    private static final long LONGEST_DELAY_MINUTES = 60;

    /** What became of the wish for a rewrite. */
    public enum Start {
        STARTED,
        /** It will start when what is under way has ended. */
        SCHEDULED,
        UNDER_WAY,
        FAILED
    }

    private final AppendOnlyFile aof;
    private volatile boolean scheduled;
    private volatile boolean cancelled;
    private volatile @Nullable Snapshot snapshot;
    private volatile @Nullable Thread thread;
    private volatile long startedMillis = -1;
    private volatile long lastSeconds = -1;
    private volatile boolean lastSucceeded = true;
    private final AtomicLong rewrites = new AtomicLong();
    private final AtomicInteger failuresInARow = new AtomicInteger();
    private long delayMinutes;
    private long allowedFromMillis;

    AofRewrite(AppendOnlyFile aof) {
        this.aof = aof;
    }

    // ---- when ----

    /**
     * Begins a rewrite by order.
     *
     * @param later whether it must not begin now
     */
    public Start request(boolean later) {
        if (aof.gate().present() == Work.AOF_REWRITE) {
            if (!cancelled || later) {
                return Start.UNDER_WAY;
            }
            await();
        }
        if (later || aof.gate().isBusy()) {
            scheduled = true;
            failuresInARow.set(0);
            LOG.info("Background append only file rewriting scheduled.");
            return Start.SCHEDULED;
        }
        return begin() ? Start.STARTED : Start.FAILED;
    }

    /** Begins the first rewrite of a file that has just been switched on. Returns false where it fails at once. */
    boolean startOrSchedule() {
        if (aof.gate().isBusy()) {
            scheduled = true;
            LOG.info(
                    "AOF was enabled but there is already another background operation. An AOF background was scheduled to"
                            + " start when possible.");
            return true;
        }
        return begin();
    }

    /** Begins what is due: a scheduled rewrite, or one because the file has grown. The engine's timer calls it. */
    public void tick() {
        if (aof.gate().isBusy()) {
            return;
        }
        if (scheduled) {
            if (!isDelayed()) {
                begin();
            }
            return;
        }
        if (aof.state() == State.ON && aof.writer().needsRewrite()) {
            if (!isDelayed()) {
                LOG.info("Starting automatic rewriting of AOF, because an fsync of it has failed");
                begin();
            }
            return;
        }
        long percentage = aof.config().aof.rewritePercentage.get();
        long bytes = aof.currentBytes();
        if (aof.state() != State.ON
                || percentage == 0
                || bytes <= aof.config().aof.rewriteMinSize.get()) {
            return;
        }
        long base = Math.max(1, aof.rewrittenBytes());
        long growth = bytes * 100 / base - 100;
        if (growth >= percentage && !isDelayed()) {
            LOG.info("Starting automatic rewriting of AOF on {}% growth", growth);
            begin();
        }
    }

    private boolean isDelayed() {
        if (failuresInARow.get() < PATIENT_FAILURES) {
            delayMinutes = 0;
            allowedFromMillis = 0;
            return false;
        }
        long now = aof.engine().clock().millis();
        if (allowedFromMillis != 0) {
            if (now < allowedFromMillis) {
                return true;
            }
            allowedFromMillis = 0;
            return false;
        }
        delayMinutes = delayMinutes == 0 ? 1 : Math.min(delayMinutes * 2, LONGEST_DELAY_MINUTES);
        allowedFromMillis = now + TimeUnit.MINUTES.toMillis(delayMinutes);
        LOG.warn(
                "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in {} minutes",
                delayMinutes);
        return true;
    }

    /** Ends a rewrite that is under way, and forgets one that is scheduled. */
    void cancel() {
        if (scheduled) {
            scheduled = false;
            LOG.info("AOF was disabled but there is a scheduled AOF background, cancel it.");
        }
        Thread running = thread;
        if (running != null) {
            LOG.info("Killing AOF child: the rewrite that is under way ends");
            cancelled = true;
            Snapshot present = snapshot;
            if (present != null) {
                present.cancel();
            }
        }
    }

    /** Waits until the rewrite that is under way has ended. The caller holds no locks. */
    void await() {
        Thread running = thread;
        if (running != null) {
            join(running);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- how ----

    private boolean begin() {
        if (!aof.gate().enter(Work.AOF_REWRITE)) {
            return false;
        }
        cancelled = false;
        boolean rdb = aof.usesRdb();
        DiskFile increment;
        synchronized (aof) {
            try {
                increment = newIncrement();
            } catch (IOException e) {
                LOG.warn("Can't begin to rewrite the append only file: {}", Reason.of(e));
                lastSucceeded = false;
                aof.gate().leave();
                return false;
            }
        }
        scheduled = false;
        rewrites.incrementAndGet();
        startedMillis = aof.engine().clock().millis();
        State state = aof.state();
        Thread running = new Thread(() -> run(state, rdb, increment), "holdfast-aof-rewrite");
        running.setDaemon(true);
        thread = running;
        running.start();
        LOG.info("Background append only file rewriting started");
        return true;
    }

    /** The file in which the changes since the snapshot will gather; null where none are written. */
    private @Nullable DiskFile newIncrement() throws IOException {
        AofDirectory directory = aof.directory();
        directory.create();
        aof.readManifest();
        return switch (aof.state()) {
            case OFF -> null;
            case WAITING_FOR_BASE -> {
                LOG.info("Creating AOF incr file {} on background rewrite", directory.temporaryIncrement());
                yield directory.disk().open(directory.path(directory.temporaryIncrement()), Disk.Mode.CREATE);
            }
            case ON -> {
                AofManifest next = aof.manifest().withIncrement(directory.fileName());
                String name = next.increments().getLast().name();
                DiskFile file = directory.disk().open(directory.path(name), Disk.Mode.CREATE);
                directory.syncNames();
                directory.store(next);
                aof.setManifest(next);
                LOG.info("Creating AOF incr file {} on background rewrite", name);
                yield file;
            }
        };
    }

    private void run(State state, boolean rdb, @Nullable DiskFile increment) {
        Path temporary = aof.directory()
                .temporary("temp-rewriteaof-bg-" + ProcessHandle.current().pid() + ".aof");
        boolean succeeded = false;
        try {
            writeBase(temporary, rdb, () -> moment(state, increment));
            LOG.info("Successfully created the temporary AOF base file {}", temporary.getFileName());
            finish(state, rdb, temporary);
            succeeded = true;
            LOG.info("Background AOF rewrite finished successfully");
        } catch (CancellationException e) {
            LOG.info("The AOF rewrite has been stopped");
        } catch (IOException | RuntimeException e) {
            LOG.warn("Background AOF rewrite failed: {}", Reason.of(e), e instanceof IOException ? null : e);
        }
        if (!succeeded) {
            aof.directory().delete(temporary);
            failed(state);
        } else {
            failuresInARow.set(0);
        }
        lastSucceeded = succeeded || cancelled;
        lastSeconds = (aof.engine().clock().millis() - startedMillis) / 1000;
        startedMillis = -1;
        snapshot = null;
        thread = null;
        aof.gate().leave();
    }

    /** The moment of the snapshot: from here on, changes go to the new increment. All shards are locked. */
    private void moment(State state, @Nullable DiskFile increment) throws IOException {
        if (cancelled || aof.state() != state) {
            throw new CancellationException();
        }
        if (increment != null && state == State.ON) {
            long before = aof.currentBytes();
            aof.writer().switchTo(increment);
            aof.setSizes(Math.max(before, aof.currentBytes()), aof.rewrittenBytes());
        } else if (increment != null) {
            aof.writer().open(increment, 0);
            aof.subscribe(State.WAITING_FOR_BASE);
            aof.startThread();
        }
    }

    /** Puts the new base in the place of the old files. */
    private void finish(State state, boolean rdb, Path temporary) throws IOException {
        AofDirectory directory = aof.directory();
        synchronized (aof) {
            if (cancelled || aof.state() != state) {
                throw new CancellationException();
            }
            AofManifest next = aof.manifest();
            String name = next.nextBaseName(directory.fileName(), rdb);
            rename(temporary, directory.path(name));
            if (state == State.WAITING_FOR_BASE) {
                next = next.withIncrement(directory.fileName());
                rename(
                        directory.path(directory.temporaryIncrement()),
                        directory.path(next.increments().getLast()));
            }
            next = next.withBase(name, state == State.OFF ? 0 : 1);
            directory.syncNames();
            directory.store(next);
            aof.setManifest(next);
            if (state == State.WAITING_FOR_BASE) {
                aof.becomeOn();
            }
            long bytes = directory.size(next.parts().getFirst());
            aof.setSizes(bytes, bytes);
            if (state == State.ON) {
                aof.writer().noteRewritten();
            }
            if (!aof.config().aof.keepHistory.get()) {
                aof.setManifest(directory.deleteHistory(next));
            }
        }
    }

    private void rename(Path from, Path to) throws IOException {
        long start = aof.engine().clock().nanos();
        aof.directory().disk().rename(from, to);
        aof.engine().latency().noteSince("aof-rename", start);
    }

    private void failed(State state) {
        if (cancelled) {
            return;
        }
        failuresInARow.incrementAndGet();
        if (state == State.WAITING_FOR_BASE) {
            aof.dropTemporaryIncrement();
            scheduled = true;
        }
    }

    /**
     * Writes the whole store to a file, and makes that durable.
     *
     * @param moment runs at the moment of the snapshot, with all shards locked
     */
    void writeBase(Path path, boolean rdb, RdbSnapshotTarget.Moment moment) throws IOException {
        try (DiskFile file = aof.directory().disk().open(path, Disk.Mode.CREATE)) {
            SnapshotTarget target = rdb
                    ? new RdbSnapshotTarget(aof.engine(), file, true, aof::functions, moment, () -> cancelled)
                    : new CommandTarget(aof.engine(), file, aof::functions, moment);
            Snapshot present = new Snapshot(aof.engine().keyspace(), target);
            snapshot = present;
            if (cancelled) {
                throw new CancellationException();
            }
            present.run();
            if (target instanceof RdbSnapshotTarget whole) {
                whole.end();
            }
            file.sync();
        }
    }

    // ---- figures ----

    /** The bytes that are kept for the rewrite alone just now. */
    public long retainedBytes() {
        Snapshot present = snapshot;
        return present == null ? 0 : present.retainedBytes();
    }

    public boolean isScheduled() {
        return scheduled;
    }

    public boolean isUnderWay() {
        return aof.gate().present() == Work.AOF_REWRITE;
    }

    public boolean lastSucceeded() {
        return lastSucceeded;
    }

    /** How long the last one took; -1 where there was none. */
    public long lastSeconds() {
        return lastSeconds;
    }

    /** How long the present one has taken; -1 where there is none. */
    public long presentSeconds() {
        long started = startedMillis;
        return started < 0 ? -1 : (aof.engine().clock().millis() - started) / 1000;
    }

    public long rewrites() {
        return rewrites.get();
    }

    public int failuresInARow() {
        return failuresInARow.get();
    }
}
