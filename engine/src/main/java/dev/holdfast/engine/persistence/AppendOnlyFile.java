package dev.holdfast.engine.persistence;

import dev.holdfast.engine.config.AofParameters;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Waits;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.persistence.AofManifest.Part;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The append-only file: a base, which is a snapshot, and the changes since. {@link AofWriter} writes the changes, {@link
 * AofRewrite} a new base, {@link AofLoader} reads both; this class knows which files there are and in which state they are.
 *
 * <h2>A rewrite</h2>
 *
 * <ol>
 *   <li>A new increment is made and entered into the manifest. It is empty.
 *   <li>At the moment of the snapshot, all shards locked, the writer goes on in the new increment.
 *   <li>The snapshot is written to a temporary file, which becomes the new base.
 *   <li>A manifest with the new base and the new increment takes the place of the old one. What the old one named besides
 *       becomes history and is deleted.
 * </ol>
 *
 * If that fails anywhere, the old base with the old and the new increment is as good as before. Whatever can be found on the disk
 * in between loads: the names are durable before the manifest that names them, and the writer puts no byte into an increment
 * before the one before it is durable.
 */
public final class AppendOnlyFile {
    private static final Logger LOG = LoggerFactory.getLogger(AppendOnlyFile.class);
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** Whether and how changes are written. */
    enum State {
        OFF,
        /** Switched on while the store runs: changes gather in a temporary increment until the first base is there. */
        WAITING_FOR_BASE,
        ON
    }

    private final Engine engine;
    private final AofDirectory directory;
    private final BackgroundGate gate;
    private final Supplier<List<byte[]>> functions;
    private final Waits waits;
    private final AofWriter writer;
    private final AofRewrite rewrite;

    /** Guarded by this object, and so is what follows. */
    private AofManifest manifest = AofManifest.EMPTY;

    private volatile State state = State.OFF;
    private @Nullable Thread thread;

    /** The bytes of the files before the one that is written to. */
    private volatile long olderBytes;

    /** The bytes of all files after the last rewrite, or at the start. */
    private volatile long rewrittenBytes;

    /**
     * @param parent where the directory of the files lies: {@code dir}
     * @param gate lets one snapshot run at a time
     * @param functions gives the code of each library of functions
     */
    public AppendOnlyFile(
            Engine engine, Disk disk, Supplier<Path> parent, BackgroundGate gate, Supplier<List<byte[]>> functions) {
        this.engine = engine;
        this.gate = gate;
        this.functions = functions;
        AofParameters parameters = engine.config().aof;
        this.directory = new AofDirectory(disk, parent, parameters.directoryName.get(), parameters.fileName.get());
        this.waits = new Waits(engine.blocking());
        this.writer = new AofWriter(engine, gate::isBusy, waits::answer);
        this.rewrite = new AofRewrite(this);
    }

    // ---- at the start ----

    /**
     * Reads which files there are, and adopts one of old style.
     *
     * @return how many bytes there are to load; -1 where there are no files
     */
    public synchronized long find() throws IOException {
        manifest = directory.adoptOldFile(directory.load());
        return manifest.isEmpty() ? -1 : AofLoader.totalBytes(directory, manifest);
    }

    /**
     * Loads what {@link #find} has found into the store, which is empty.
     *
     * @param functionLoader takes the code of each library of functions
     * @param loading learns how far it has come
     */
    public synchronized void load(Consumer<byte[]> functionLoader, Loading loading) throws IOException {
        new AofLoader(engine, directory, functionLoader, false, loading).load(manifest);
    }

    /**
     * Loads everything that was written until now. The caller holds all shards.
     *
     * @param emptier empties the store, once the files have been read to their end
     */
    public void reload(Runnable emptier, Consumer<byte[]> functionLoader, Loading loading) throws IOException {
        readManifest();
        boolean truncated = engine.config().aof.loadTruncated.get();
        AofLoader.check(directory, manifest, truncated, engine.clock().millis());
        emptier.run();
        loading.begin(AofLoader.totalBytes(directory, manifest));
        new AofLoader(engine, directory, functionLoader, true, loading).load(manifest);
    }

    /** Writes what has been appended until now, whatever else is under way. */
    public void flush() {
        writer.flush();
    }

    /** Begins to write, behind what {@link #load} has loaded. */
    public synchronized void open() throws IOException {
        directory.create();
        String fileName = directory.fileName();
        AofManifest next = manifest;
        if (next.isEmpty()) {
            String name = next.nextBaseName(fileName, usesRdb());
            rewrite.writeBase(directory.path(name), usesRdb(), () -> {});
            next = next.withBase(name, 0);
            LOG.info("Creating AOF base file {} on server start", name);
        }
        boolean continued = !next.increments().isEmpty();
        if (!continued) {
            next = next.withIncrement(fileName);
        }
        Part last = next.increments().getLast();
        DiskFile file = directory.disk().open(directory.path(last), Disk.Mode.APPEND);
        if (!next.equals(manifest)) {
            directory.syncNames();
            directory.store(next);
        }
        manifest = directory.deleteHistory(next);
        writer.open(file, file.size());
        olderBytes = AofLoader.totalBytes(directory, next) - file.size();
        rewrittenBytes = next.base() == null ? 0 : directory.size(next.base());
        begin(State.ON);
        LOG.info("{} AOF incr file {} on server start", continued ? "Opening" : "Creating", last.name());
    }

    /** Looks which files there are, unless it has looked before. */
    void readManifest() throws IOException {
        if (manifest.isEmpty()) {
            manifest = directory.load();
        }
    }

    private void begin(State next) {
        Keyspace keyspace = engine.keyspace();
        keyspace.lock(keyspace.allShards());
        try {
            subscribe(next);
        } finally {
            keyspace.unlock(keyspace.allShards());
        }
        startThread();
    }

    /** Lets the writer follow the log. All shards are locked. */
    void subscribe(State next) {
        engine.changes().subscribe(writer);
        state = next;
    }

    void startThread() {
        Thread ticker = new Thread(this::tickOn, "holdfast-aof");
        ticker.setDaemon(true);
        thread = ticker;
        ticker.start();
    }

    private void tickOn() {
        while (thread == Thread.currentThread()) {
            try {
                writer.tick();
            } catch (RuntimeException e) {
                LOG.error("The append-only file's thread failed", e);
            }
            LockSupport.parkNanos(TICK_NANOS);
        }
    }

    // ---- on and off while the store runs ----

    /** Begins to write while the store runs: the first step is a rewrite. Returns false where that cannot begin. */
    public synchronized boolean start() {
        if (state != State.OFF) {
            return true;
        }
        state = State.WAITING_FOR_BASE;
        return rewrite.startOrSchedule();
    }

    /** Ends writing, and a rewrite that is under way, because the store ends. */
    public void close() {
        stop();
        rewrite.await();
    }

    /** Ends writing. Everything that was acknowledged is on the disk then. */
    public void stop() {
        rewrite.cancel();
        synchronized (this) {
            if (state == State.OFF) {
                return;
            }
            unsubscribe();
            writer.close();
            stopThread();
        }
        // Those who wait for this file wait in vain.
        waits.answer();
    }

    /** The first base is there. */
    void becomeOn() {
        state = State.ON;
    }

    /** Gives up the changes that have gathered for a base that could not be written. */
    synchronized void dropTemporaryIncrement() {
        if (state == State.WAITING_FOR_BASE && thread != null) {
            unsubscribe();
            state = State.WAITING_FOR_BASE;
            writer.close();
            stopThread();
        }
        directory.delete(directory.path(directory.temporaryIncrement()));
    }

    /** Lets the writer follow the log no longer. */
    void unsubscribe() {
        Keyspace keyspace = engine.keyspace();
        keyspace.lock(keyspace.allShards());
        try {
            engine.changes().unsubscribe(writer);
            state = State.OFF;
        } finally {
            keyspace.unlock(keyspace.allShards());
        }
    }

    /** Writes nothing more, as if the process had been killed; for tests. */
    void abandon() {
        thread = null;
        unsubscribe();
    }

    private void stopThread() {
        Thread ticker = thread;
        thread = null;
        if (ticker != null) {
            LockSupport.unpark(ticker);
        }
        writer.closeDone();
    }

    // ---- for those around ----

    Engine engine() {
        return engine;
    }

    Config config() {
        return engine.config();
    }

    AofDirectory directory() {
        return directory;
    }

    /** Waits before each write, for tests. */
    public void sleepBeforeWrites(long micros) {
        writer.sleepBeforeWrites(micros);
    }

    List<byte[]> functions() {
        return functions.get();
    }

    /** Clients that wait until the log is durable; looked at after each sync. */
    public Waits waits() {
        return waits;
    }

    BackgroundGate gate() {
        return gate;
    }

    AofWriter writer() {
        return writer;
    }

    State state() {
        return state;
    }

    AofManifest manifest() {
        return manifest;
    }

    /** Takes another manifest for the present one; it is on the disk. */
    void setManifest(AofManifest next) {
        manifest = next;
    }

    void setSizes(long older, long rewritten) {
        olderBytes = older;
        rewrittenBytes = rewritten;
    }

    boolean usesRdb() {
        return engine.config().aof.rdbPreamble.get();
    }

    public boolean isOn() {
        return state != State.OFF;
    }

    /** How far the log of changes is durable, as an offset in it; -1 where it is not written. */
    public long syncedOffset() {
        return state == State.OFF ? -1 : writer.syncedOffset();
    }

    /** The rewriting of the file. */
    public AofRewrite rewrite() {
        return rewrite;
    }

    /** Whether there is an {@link #error}. */
    public boolean isFailing() {
        return writer.isFailing() && isOn();
    }

    /** Why commands that write are refused at present, or null. */
    public @Nullable String error() {
        return isOn() ? writer.error() : null;
    }

    /** The bytes of all files. */
    public long currentBytes() {
        return olderBytes + writer.size();
    }

    public long rewrittenBytes() {
        return rewrittenBytes;
    }

    public long bufferBytes() {
        return writer.bufferBytes();
    }

    public boolean isSyncing() {
        return writer.isSyncing();
    }

    public long delayedSyncs() {
        return writer.delayedSyncs();
    }

    public boolean lastWriteFailed() {
        return writer.lastWriteFailed();
    }
}
