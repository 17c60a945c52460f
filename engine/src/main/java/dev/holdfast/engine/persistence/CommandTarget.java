package dev.holdfast.engine.persistence;

import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.journal.ChangeUnit;
import dev.holdfast.engine.keyspace.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;

/** A base of the append-only file that consists of commands, {@code aof-use-rdb-preamble no}. */
final class CommandTarget implements SnapshotTarget {
    /** With {@code aof-rewrite-incremental-fsync}, so much is synced at a time. */
    private static final long SYNC_BYTES = 4 << 20;

    private final Engine engine;
    private final DiskFile file;
    private final Supplier<List<byte[]>> functions;
    private final RdbSnapshotTarget.Moment moment;
    private final ChangeUnit select = new ChangeUnit();
    private long unsynced;

    /**
     * @param functions gives the code of each library of functions; asked at the moment
     * @param moment runs at the moment of the snapshot
     */
    CommandTarget(Engine engine, DiskFile file, Supplier<List<byte[]>> functions, RdbSnapshotTarget.Moment moment) {
        this.engine = engine;
        this.file = file;
        this.functions = functions;
        this.moment = moment;
    }

    @Override
    public void begin() throws IOException {
        moment.reached();
        if (engine.config().aof.timestamps.get()) {
            String line = "#TS:" + engine.clock().millis() / 1000 + "\r\n";
            file.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII)));
        }
        for (byte[] code : functions.get()) {
            ChangeUnit unit = new ChangeUnit();
            unit.add(0, "FUNCTION", "LOAD", code);
            write(unit);
        }
    }

    @Override
    public Chunk newChunk() {
        return new CommandChunk();
    }

    @Override
    public void writeLarge(int database, Entry value) throws IOException {
        ChangeUnit unit = new ChangeUnit();
        new CommandWriter(unit, this::write).item(database, value);
        write(unit);
    }

    /** Writes commands, behind a SELECT. */
    private void write(ChangeUnit unit) throws IOException {
        if (unit.isEmpty()) {
            return;
        }
        select.clear();
        select.add(unit.firstDatabase(), "SELECT", unit.firstDatabase());
        file.write(ByteBuffer.wrap(select.bytes(), 0, select.size()));
        file.write(ByteBuffer.wrap(unit.bytes(), 0, unit.size()));
        unsynced += unit.size();
        unit.clear();
        if (unsynced > SYNC_BYTES && engine.config().aof.incrementalFsync.get()) {
            file.sync();
            unsynced = 0;
        }
    }

    /** Commands that gather in memory. */
    private final class CommandChunk implements Chunk {
        private final ChangeUnit unit = new ChangeUnit();
        private final CommandWriter writer = new CommandWriter(unit, full -> {});

        @Override
        public void add(int database, Object item) throws IOException {
            writer.item(database, item);
        }

        @Override
        public int sizeBytes() {
            return unit.size();
        }

        @Override
        public void writeOut() throws IOException {
            write(unit);
        }
    }
}
