package dev.holdfast.engine.replication;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.config.ReplicationParameters;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.persistence.FilePersistence;
import dev.holdfast.engine.persistence.Loading;
import dev.holdfast.engine.persistence.RdbReader;
import dev.holdfast.engine.persistence.RdbSource;
import dev.holdfast.engine.scripting.Scripting;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts what a primary has sent in the place of this store's data.
 *
 * <p>{@code repl-diskless-load} says how. As a rule all of it is received first, and the old data is served meanwhile and stays where the
 * new is unsound, unless there is no room for both. Or it is decoded while it arrives: with {@code swapdb} beside the old data, which
 * is served on if it is an earlier state of the same history; else in its place, which is empty before.
 */
final class SnapshotLoad {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotLoad.class);

    /** New data is put beside the old if its file is smaller than this part of the room in the heap. */
    private static final long KEPT_PART = 4;

    private final ReplicationNode node;
    private final Engine engine;
    private final ReplicationParameters parameters;
    private final Loading ownLoading;

    SnapshotLoad(ReplicationNode node, Engine engine) {
        this.node = node;
        this.engine = engine;
        this.parameters = engine.config().replication;
        this.ownLoading = new Loading(engine.clock());
    }

    private @Nullable FilePersistence files() {
        return engine.persistence() instanceof FilePersistence present ? present : null;
    }

    private Loading progress() {
        FilePersistence files = files();
        return files == null ? ownLoading : files.loading();
    }

    /** Whether a store without files is loading, so that most commands cannot be run; one with files says so itself. */
    boolean isLoading() {
        return ownLoading.isActive();
    }

    /** Whether the next snapshot is to be loaded while it arrives. */
    boolean isDirect() {
        return switch (parameters.disklessLoad.get()) {
            case "swapdb", "flush-before-load" -> true;
            case "on-empty-db" -> isEmpty();
            default -> false;
        };
    }

    private boolean isEmpty() {
        Keyspace keyspace = engine.keyspace();
        for (int database = 0; database < keyspace.databases(); database++) {
            if (keyspace.size(database) > 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Loads what has been received.
     *
     * @param id what the stream is called that goes on behind the snapshot
     * @param offset where it goes on
     * @return the database in which it goes on
     */
    int load(Upstream from, Spool spool, String id, long offset) throws IOException {
        boolean both = spool.size() < HeapRoom.leftBytes() / KEPT_PART;
        Runnable empty = () -> {
            progress().begin(spool.size());
            emptyFor(from);
        };
        long[] position = {0};
        RdbSource source = (bytes, at, length) -> {
            int count = spool.read(position[0], ByteBuffer.wrap(bytes, at, length));
            position[0] += Math.max(0, count);
            return count;
        };
        return load(source, spool.size(), both ? () -> {} : empty, both ? empty : () -> {}, id, offset);
    }

    /**
     * Loads from the connection.
     *
     * @param size how many bytes will come; {@code Long.MAX_VALUE} if unknown
     */
    int loadDirectly(Upstream from, RdbSource source, long size, String id, long offset) throws IOException {
        boolean beside = parameters.disklessLoad.get().equals("swapdb");
        long shown = size == Long.MAX_VALUE ? 0 : size;
        Runnable empty = () -> {
            progress().begin(shown);
            emptyFor(from);
        };
        if (beside && id.equals(node.id())) {
            progress().beginBeside(shown);
        } else {
            progress().begin(shown);
        }
        try {
            return load(source, size, beside ? () -> {} : empty, beside ? empty : () -> {}, id, offset);
        } catch (IOException e) {
            LOG.warn("Failed trying to load the PRIMARY synchronization DB from socket, check server logs.");
            throw e;
        }
    }

    private int load(RdbSource source, long size, Runnable first, Runnable whenSound, String id, long offset)
            throws IOException {
        LOG.info("PRIMARY <-> REPLICA sync: Loading DB in memory");
        Loading progress = progress();
        List<byte[]> libraries = new ArrayList<>();
        RdbReader reader = new RdbReader(
                engine.keyspace(),
                engine.config(),
                new RdbReader.Options(true, false, false, first, whenSound),
                progress,
                libraries::add,
                engine.clock().millis());
        long[] read = {0};
        try {
            reader.load(counting(source, read), size, 0);
            Scripting scripting = Scripting.of(engine);
            libraries.forEach(code -> scripting.functions().load(code, true, true));
            node.adopt(id, offset);
        } catch (IOException e) {
            LOG.warn("Internal error in RDB reading offset {}: {}", read[0], e.getMessage());
            throw e;
        } finally {
            progress.end();
        }
        FilePersistence files = files();
        if (files != null && engine.config().persistence.appendonly.get()) {
            files.aof().start();
        }
        String database = reader.fields().getOrDefault("repl-stream-db", "0");
        return database.matches("\\d{1,4}") ? Integer.parseInt(database) : 0;
    }

    private static RdbSource counting(RdbSource source, long[] read) {
        return new RdbSource() {
            @Override
            public int read(byte[] into, int at, int length) throws IOException {
                int count = source.read(into, at, length);
                read[0] += Math.max(0, count);
                return count;
            }

            @Override
            public boolean isLive() {
                return source.isLive();
            }
        };
    }

    /** The old data goes, and with it what stands in files and with replicas. */
    private void emptyFor(Upstream from) {
        FilePersistence files = files();
        if (files != null) {
            files.saves().cancel();
            files.aof().stop();
        }
        node.replicas().closeAll();
        Keyspace keyspace = engine.keyspace();
        keyspace.lock(keyspace.allShards());
        try {
            if (!node.follows(from)) {
                throw new IllegalStateException("another primary is followed now");
            }
            FilePersistence.empty(engine);
            node.beginAnew();
        } finally {
            keyspace.unlock(keyspace.allShards());
        }
    }
}
