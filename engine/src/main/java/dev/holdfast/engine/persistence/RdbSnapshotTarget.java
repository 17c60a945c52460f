package dev.holdfast.engine.persistence;

import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.keyspace.AccessClock;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.Keyspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Turns a snapshot into RDB. Chunks are encoded wherever their keys are, and join the output one after another. */
public final class RdbSnapshotTarget implements SnapshotTarget {
    /** Something to do at the very moment of the snapshot, while all shards are locked. */
    @FunctionalInterface
    public interface Moment {
        void reached() throws IOException;
    }

    /**
     * What of the store is written, and for which reader.
     *
     * @param data whether keys are
     * @param functions whether libraries of functions are
     * @param fieldsExpire whether the reader knows hashes with fields that expire; if not, there must be none
     */
    public record Scope(boolean data, boolean functions, boolean fieldsExpire) {
        static final Scope ALL = new Scope(true, true, true);
    }

    /** How much is written before it is synced, so that not all of it has to be at the end. */
    private static final long SYNC_BYTES = 4 << 20;

    private final Engine engine;
    private final RdbOutput.Sink sink;
    private final Scope scope;
    private final boolean aofBase;
    private final Supplier<List<byte[]>> functions;
    private final Moment moment;
    private final BooleanSupplier cancelled;
    private final boolean compress;
    private @Nullable RdbOutput out;
    private @Nullable RdbWriter writer;
    private final Usage usage;
    private final AccessClock clock;

    /**
     * Writes everything to a file.
     *
     * @param functions gives the code of each library of functions; asked at the moment
     * @param cancelled whether to give up, asked from time to time
     */
    public RdbSnapshotTarget(
            Engine engine,
            DiskFile file,
            boolean aofBase,
            Supplier<List<byte[]>> functions,
            Moment moment,
            BooleanSupplier cancelled) {
        this(engine, syncing(file, engine.config()), aofBase, functions, moment, cancelled, Scope.ALL);
    }

    /** Writes some to a sink; see {@link #RdbSnapshotTarget(Engine, DiskFile, boolean, Supplier, Moment, BooleanSupplier)}. */
    public RdbSnapshotTarget(
            Engine engine,
            RdbOutput.Sink sink,
            boolean aofBase,
            Supplier<List<byte[]>> functions,
            Moment moment,
            BooleanSupplier cancelled,
            Scope scope) {
        Config config = engine.config();
        this.engine = engine;
        this.sink = sink;
        this.scope = scope;
        this.aofBase = aofBase;
        this.functions = functions;
        this.moment = moment;
        this.cancelled = cancelled;
        this.compress = config.persistence.rdbcompression.get();
        this.usage = Usage.of(config);
        this.clock = engine.keyspace().clock();
    }

    /** A file that is synced now and then, if the configuration says so. */
    private static RdbOutput.Sink syncing(DiskFile file, Config config) {
        boolean syncs = config.persistence.rdbSaveIncrementalFsync.get();
        return new RdbOutput.Sink() {
            private long unsynced;

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                file.write(ByteBuffer.wrap(bytes, offset, length));
                unsynced += length;
                if (syncs && unsynced >= SYNC_BYTES) {
                    file.sync();
                    unsynced = 0;
                }
            }
        };
    }

    /** Begins the file. */
    @Override
    public void begin() throws IOException {
        Keyspace keyspace = engine.keyspace();
        if (!scope.fieldsExpire && scope.data) {
            for (int database = 0; database < keyspace.databases(); database++) {
                if (keyspace.keysWithExpiringParts(database) > 0) {
                    throw new RdbException(
                            "it cannot read hashes whose fields expire, and there are such in database " + database);
                }
            }
        }
        moment.reached();
        RdbOutput output = new RdbOutput(
                this::append, compress, engine.config().persistence.rdbchecksum.get());
        out = output;
        writer = new RdbWriter(output, usage, clock);
        writer.begin(RdbWriter.Contents.of(
                keyspace,
                engine.clock().millis(),
                aofBase,
                scope.functions ? functions.get() : List.of(),
                aofBase ? Map.of() : engine.replication().rdbFields()));
    }

    private void append(byte[] bytes, int offset, int length) throws IOException {
        if (cancelled.getAsBoolean()) {
            throw new CancellationException();
        }
        sink.write(bytes, offset, length);
    }

    private RdbOutput out() {
        if (out == null) {
            throw new IllegalStateException("the file has not begun");
        }
        return out;
    }

    private RdbWriter writer() {
        if (writer == null) {
            throw new IllegalStateException("the file has not begun");
        }
        return writer;
    }

    @Override
    public Chunk newChunk() {
        return new RdbChunk();
    }

    @Override
    public void writeLarge(int database, Entry frozen) throws IOException {
        if (scope.data) {
            writer().forgetDatabase();
            writer().item(database, frozen);
            delay(1);
        }
    }

    /** Ends the file. It is not durable yet. */
    public void end() throws IOException {
        writer().end();
    }

    /** Takes its time, for tests. The parameter may change meanwhile. */
    private void delay(int keys) {
        long start = System.nanoTime();
        long left = delayNanos(keys);
        while (left > 0 && !cancelled.getAsBoolean()) {
            LockSupport.parkNanos(Math.min(10_000_000, left));
            left = delayNanos(keys) - (System.nanoTime() - start);
        }
    }

    private long delayNanos(int keys) {
        int micros = engine.config().persistence.rdbKeySaveDelay.getInt();
        return micros >= 0 ? micros * 1000L * keys : 1000L * keys / -micros;
    }

    private final class RdbChunk implements Chunk {
        private final RdbOutput bytes = new RdbOutput(compress);
        private final RdbWriter encoder = new RdbWriter(bytes, usage, clock);
        private int keys;

        @Override
        public void add(int database, Object item) throws IOException {
            if (scope.data) {
                encoder.item(database, item);
                keys++;
            }
        }

        @Override
        public int sizeBytes() {
            return (int) bytes.written();
        }

        @Override
        public void writeOut() throws IOException {
            bytes.moveTo(out());
            encoder.forgetDatabase();
            delay(keys);
            keys = 0;
        }
    }
}
