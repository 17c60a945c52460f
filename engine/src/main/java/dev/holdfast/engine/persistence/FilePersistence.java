package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Persistence;
import dev.holdfast.engine.scripting.Scripting;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a store, from its start to its end.
 *
 * <p>{@link #open} takes possession of the directory, and from then on commands are refused until {@link #load} has brought
 * back what was saved. {@link #close} saves what the configuration wants saved. In between the timer and the commands ask
 * {@link #saves}.
 */
public final class FilePersistence implements Persistence {
    private static final Logger LOG = LoggerFactory.getLogger(FilePersistence.class);

    /** Says which process has the directory. */
    private static final String LOCK_NAME = "holdfast.lock";

    /** How a store ends. */
    public enum FinalSave {
        /** With a save if there are save points. */
        AS_CONFIGURED,
        ALWAYS,
        NEVER
    }

    private final Engine engine;
    private final Config config;
    private final Disk disk;
    private final Loading loading;
    private final BackgroundGate gate = new BackgroundGate();
    private final RdbSaves saves;
    private final AppendOnlyFile aof;
    private @Nullable Closeable lock;
    private @Nullable Path lockedDirectory;
    private volatile boolean finished;
    private volatile boolean closed;

    private FilePersistence(Engine engine, Disk disk) {
        this.engine = engine;
        this.config = engine.config();
        this.disk = disk;
        this.loading = new Loading(engine.clock());
        this.saves = new RdbSaves(engine, disk, gate, this::functions);
        this.aof = new AppendOnlyFile(engine, disk, this::directory, gate, this::functions);
    }

    /**
     * Gives a store files, in the directory that its configuration names.
     *
     * @throws IOException if another process has the directory
     */
    public static FilePersistence open(Engine engine, Disk disk) throws IOException {
        FilePersistence persistence = new FilePersistence(engine, disk);
        if (persistence.writesByItself()) {
            persistence.lockDirectory();
        }
        persistence.loading.begin(0);
        engine.setPersistence(persistence);
        engine.config().program.dir.onChange(persistence::moveToDirectory);
        engine.config().persistence.appendonly.onChange(persistence::switchAppendOnly);
        return persistence;
    }

    /** The files of a store; a command that needs them fails where there are none. */
    public static FilePersistence of(Engine engine) {
        if (engine.persistence() instanceof FilePersistence persistence) {
            return persistence;
        }
        throw new CommandException("ERR this store is kept in memory only: it was opened without a directory");
    }

    /** The code of each library of functions. */
    private List<byte[]> functions() {
        return Scripting.of(engine).functions().list().stream()
                .map(library -> library.code().toBytes())
                .toList();
    }

    private void loadFunctions(byte[] code) {
        loadFunctions(code, true);
    }

    private void loadFunctions(byte[] code, boolean replaces) {
        Scripting.of(engine).functions().load(code, replaces, true);
    }

    // ---- the directory ----

    private Path directory() {
        return Path.of(config.program.dir.get());
    }

    /** Whether files are written without an order. */
    private boolean writesByItself() {
        return !config.persistence.save.points().isEmpty() || config.persistence.appendonly.get();
    }

    /** Makes the directory this process's own. One that shares a directory, and saves nothing by itself, locks it later. */
    private synchronized void lockDirectory() throws IOException {
        Path directory = directory();
        if (lock != null && directory.equals(lockedDirectory)) {
            return;
        }
        Path file = directory.resolve(LOCK_NAME);
        Closeable taken = disk.lock(file, ProcessHandle.current().pid() + "\n");
        if (taken == null) {
            throw new IOException("The directory %s is in use by %s: two stores cannot share their files"
                    .formatted(directory, holder(file)));
        }
        unlockDirectory();
        lock = taken;
        lockedDirectory = directory;
    }

    private String holder(Path file) {
        ByteBuffer text = ByteBuffer.allocate(32);
        try (DiskFile open = disk.open(file, Disk.Mode.READ)) {
            open.read(text);
        } catch (IOException e) {
            return "another process";
        }
        String process = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).strip();
        return process.isEmpty() ? "another process" : "process " + process;
    }

    private void unlockDirectory() throws IOException {
        if (lock != null) {
            lock.close();
            lock = null;
        }
    }

    private void moveToDirectory() throws ConfigException {
        try {
            if (lock != null) {
                lockDirectory();
            }
        } catch (IOException e) {
            throw new ConfigException(Reason.of(e));
        }
    }

    // ---- loading ----

    /**
     * Loads what was saved. Commands that may not run meanwhile are refused; and where this fails they are refused for ever, for
     * what is there is not what was saved.
     */
    public void load() throws IOException {
        try {
            loadFiles();
        } catch (OutOfMemoryError e) {
            throw loading.heapIsFull();
        } catch (IllegalStateException e) {
            if (e.getCause() instanceof OutOfMemoryError) {
                throw loading.heapIsFull();
            }
            throw e;
        }
        loading.end();
    }

    private void loadFiles() throws IOException {
        long start = engine.clock().nanos();
        boolean appendOnly = config.persistence.appendonly.get();
        if (appendOnly && loadAppendOnly()) {
            LOG.info("DB loaded from append only file: {} seconds", seconds(start));
        } else if (loadRdb(new RdbReader.Options(engine.replication().isReplica(), false, false, () -> {}))) {
            LOG.info("DB loaded from disk: {} seconds", seconds(start));
        }
        if (appendOnly) {
            aof.open();
        }
        saves.noteLoaded();
    }

    /** Returns false where there is no append-only file. */
    private boolean loadAppendOnly() throws IOException {
        long bytes = aof.find();
        if (bytes < 0) {
            return false;
        }
        loading.begin(bytes);
        aof.load(this::loadFunctions, loading);
        return true;
    }

    /**
     * Writes the append-only file to its end, empties the store and loads it again: DEBUG LOADAOF. All shards are held. A file that is
     * damaged changes nothing; where a command in it fails, the store is left empty, for half of the data would look like all.
     */
    public void reloadAppendOnly() throws IOException {
        aof.flush();
        boolean[] emptied = {false};
        try {
            aof.reload(
                    () -> {
                        emptyAll();
                        emptied[0] = true;
                    },
                    this::loadFunctions,
                    loading);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            if (emptied[0]) {
                emptyAll();
            }
            throw e;
        } finally {
            loading.end();
        }
        LOG.warn("Append Only File loaded by DEBUG LOADAOF");
    }

    private void switchAppendOnly() throws ConfigException {
        if (loading.isActive() || finished || closed) {
            return;
        }
        try {
            if (!config.persistence.appendonly.get()) {
                aof.stop();
                return;
            }
            lockDirectory();
        } catch (IOException e) {
            LOG.warn("{}", Reason.of(e));
            throw new ConfigException("Unable to turn on AOF. Check server logs.");
        }
        if (!aof.start()) {
            throw new ConfigException("Unable to turn on AOF. Check server logs.");
        }
    }

    private String seconds(long startNanos) {
        return "%.3f".formatted((engine.clock().nanos() - startNanos) / 1e9);
    }

    private boolean loadRdb(RdbReader.Options options) throws IOException {
        Path path = saves.file();
        if (!disk.exists(path)) {
            return false;
        }
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            long size = file.size();
            loading.begin(size);
            RdbReader reader = new RdbReader(
                    engine.keyspace(),
                    config,
                    options,
                    loading,
                    code -> loadFunctions(code, options.allowDuplicates()),
                    engine.clock().millis());
            ExpiredKeys expired = new ExpiredKeys(config.replication.backlogSize.get());
            reader.gatherExpired(expired);
            reader.load(file, size, 0);
            if (!options.alone() && expired.areTooMany()) {
                LOG.info("Too many keys have expired to tell replicas of them: they have to receive everything");
            } else if (!options.alone()) {
                engine.replication().loaded(reader.fields(), expired.keys());
            }
        }
        return true;
    }

    /**
     * Saves, empties the store and loads it again: DEBUG RELOAD. The caller holds all shards.
     *
     * @param flush whether to empty the store, once it has turned out that the file can be read
     * @param merge whether keys of the file take the place of those that are there
     */
    public void reload(boolean save, boolean flush, boolean merge) throws IOException {
        if (save && gate.isBusy()) {
            throw new IOException("another snapshot is being written");
        }
        if (save) {
            saves.save();
        }
        checkRdb();
        loading.begin(0);
        try {
            boolean keepExpired = engine.replication().isReplica();
            if (!loadRdb(new RdbReader.Options(keepExpired, merge, true, flush ? this::emptyAll : () -> {}))) {
                throw new IOException("there is no file " + saves.file());
            }
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            if (flush) {
                // Half of the data would look like all of it.
                emptyAll();
            }
            throw e;
        } finally {
            loading.end();
        }
        LOG.warn("DB reloaded by DEBUG RELOAD");
    }

    /** Reads all of the RDB file, if there is one, before anything is given up for it. */
    private void checkRdb() throws IOException {
        Path path = saves.file();
        if (disk.exists(path)) {
            try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
                new RdbCheck(file, file.size(), engine.clock().millis(), read -> {}).run();
            }
        }
    }

    private void emptyAll() {
        empty(engine);
    }

    /** Empties a store, functions included. All shards are held. */
    public static void empty(Engine engine) {
        Scripting.of(engine).flushFunctions();
        long now = engine.clock().millis();
        for (int database = 0; database < engine.keyspace().databases(); database++) {
            engine.observers().touchReplaced(database, -1, now);
            engine.keyspace().clear(database);
        }
        engine.tracking().flushed();
    }

    // ---- for the engine ----

    @Override
    public boolean isRestricting() {
        return loading.isActive() || loading.isBeside() || saves.lastFailed() || aof.isFailing();
    }

    @Override
    public @Nullable String refusal(CommandSpec spec, boolean writes) {
        String name = config.program.extendedRedisCompatibility.get() ? "Redis" : "Valkey";
        if (loading.isActive() && !spec.is(CommandFlag.LOADING)
                || loading.isBeside() && spec.is(CommandFlag.NO_ASYNC_LOADING)) {
            return "LOADING " + name + " is loading the dataset in memory";
        }
        if (saves.lastFailed()
                && config.persistence.stopWritesOnBgsaveError.get()
                && !config.persistence.save.points().isEmpty()
                && (writes || spec.has(CommandRole.SHOWS_HEALTH))) {
            return "MISCONF " + name + " is configured to save RDB snapshots, but it's currently unable to persist to"
                    + " disk. Commands that may modify the data set are disabled, because this instance is configured"
                    + " to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option)."
                    + " Please check the " + name + " logs for details about the RDB error.";
        }
        String error = aof.error();
        if (error != null && (writes || spec.has(CommandRole.SHOWS_HEALTH))) {
            return "MISCONF Errors writing to the AOF file: " + error;
        }
        return null;
    }

    @Override
    public boolean isLoading() {
        return loading.isActive();
    }

    @Override
    public void tick() {
        if (!loading.isActive() && !finished && !closed) {
            saves.tick();
            aof.rewrite().tick();
        }
    }

    /** Takes note that all databases were emptied: what is being saved is of no use any more. */
    public void emptied() {
        if (saves.isSaving()) {
            saves.cancel();
        }
        if (!config.persistence.save.points().isEmpty()) {
            saves.schedule();
        }
    }

    // ---- for commands ----

    /** The saving of RDB files. A store that has shared its directory so far takes it over now. */
    public RdbSaves saves() {
        return saves;
    }

    /** Makes sure that no other process writes the same files. */
    public void checkOwnership() {
        try {
            lockDirectory();
        } catch (IOException e) {
            LOG.warn("{}", Reason.of(e));
            throw new CommandException("ERR " + Reason.of(e));
        }
    }

    public AppendOnlyFile aof() {
        return aof;
    }

    public Loading loading() {
        return loading;
    }

    public BackgroundGate gate() {
        return gate;
    }

    // ---- the end ----

    /**
     * Saves for the last time, so that the process can end. No command that writes runs any more. Done once, it is done.
     *
     * @throws IOException if the data could not be saved
     */
    public void finish(FinalSave choice) throws IOException {
        if (finished) {
            return;
        }
        saves.cancelAndWait();
        if (aof.isOn()) {
            LOG.info("Calling fsync() on the AOF file.");
            aof.close();
        }
        boolean wanted = choice == FinalSave.ALWAYS
                || choice == FinalSave.AS_CONFIGURED
                        && !config.persistence.save.points().isEmpty();
        if (wanted && !loading.isActive()) {
            LOG.info("Saving the final RDB snapshot before exiting.");
            lockDirectory();
            saves.save();
        }
        finished = true;
    }

    /** Gives the directory back. Nothing is saved; {@link #finish} does that. */
    public void close() {
        closed = true;
        try {
            saves.cancelAndWait();
            aof.close();
            unlockDirectory();
        } catch (IOException e) {
            LOG.warn("Could not unlock the directory: {}", Reason.of(e));
        }
    }
}
