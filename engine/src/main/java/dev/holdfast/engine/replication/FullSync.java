package dev.holdfast.engine.replication;

import dev.holdfast.engine.base.RandomId;
import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.core.DebugSettings;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.persistence.RdbException;
import dev.holdfast.engine.persistence.RdbSnapshotTarget;
import dev.holdfast.engine.persistence.Snapshot;
import dev.holdfast.engine.scripting.Scripting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One snapshot for one or several replicas. At its moment, with all shards locked, the offset in the stream is noted, the next change
 * made to begin with a SELECT, and each replica's cursor set; so the stream goes on exactly where the snapshot ends.
 */
final class FullSync implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(FullSync.class);

    /** How long a snapshot may take to be sent before the process is stopped for a test. */
    private static final int STOP_TRIES = 1000;

    private static final long STOP_NANOS = 1_000_000;

    private final Replicas all;
    private final Engine engine;
    private final List<Replica> replicas;
    private final Spool spool;
    private final boolean whileWritten;
    private final RdbSnapshotTarget.Scope scope;
    private boolean begun;

    /**
     * @param whileWritten whether replicas that can are sent the snapshot while it is being written
     */
    FullSync(Replicas all, Engine engine, List<Replica> replicas, Spool spool, boolean whileWritten) {
        this.all = all;
        this.engine = engine;
        this.whileWritten = whileWritten;
        this.replicas = replicas;
        this.spool = spool;
        Replica any = replicas.getFirst();
        int oldest = replicas.stream().mapToInt(all::version).min().orElse(0);
        boolean rdbOnly = replicas.stream().allMatch(replica -> replica.isRdbOnly() && !replica.isSnapshotChannel());
        this.scope = new RdbSnapshotTarget.Scope(
                !any.withoutData(), !any.withoutFunctions(), rdbOnly || oldest >= ReplicationNode.VERSION_9);
    }

    @Override
    public void run() {
        spool.retain();
        try {
            write();
            spool.complete();
            if (engine.debugSettings().isStoppingForSnapshots()) {
                stopWhenSent();
            }
            // Valkey's words, which scripts look for in logs; there is no pipe here.
            LOG.info(
                    "Diskless rdb transfer, done reading from pipe, {} replicas still up, {} bytes.",
                    replicas.stream().filter(replica -> replica.reads(spool)).count(),
                    spool.size());
        } catch (CancellationException e) {
            spool.fail();
            LOG.info("Diskless rdb transfer, last replica dropped, killing fork child: the snapshot is given up.");
            LOG.info("Background RDB transfer error");
        } catch (RdbException e) {
            spool.fail();
            LOG.warn("A replica is too old: {}", e.getMessage());
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            spool.fail();
            LOG.warn("Background RDB transfer error: {}", Reason.of(e), e);
        } finally {
            if (!begun) {
                replicas.forEach(replica -> replica.client().link().close(false));
            }
            spool.release();
            all.syncEnded();
            replicas.forEach(replica -> replica.client().link().feed());
        }
    }

    private void write() throws IOException {
        RdbSnapshotTarget target = new RdbSnapshotTarget(
                engine, this::append, false, this::functions, this::moment, () -> begun && !isWanted(), scope);
        new Snapshot(engine.keyspace(), target).run();
        target.end();
    }

    /** Stops the process, for tests, once everything has been handed to the connections. */
    private void stopWhenSent() throws IOException {
        replicas.forEach(replica -> replica.client().link().feed());
        for (int i = 0; i < STOP_TRIES && isWanted(); i++) {
            LockSupport.parkNanos(STOP_NANOS);
        }
        DebugSettings.stopProcess();
    }

    private List<byte[]> functions() {
        return Scripting.of(engine).functions().list().stream()
                .map(library -> library.code().toBytes())
                .toList();
    }

    /** Whether a replica still reads it. */
    private boolean isWanted() {
        return replicas.stream().anyMatch(replica -> replica.reads(spool));
    }

    private void append(byte[] bytes, int offset, int length) throws IOException {
        spool.write(bytes, offset, length);
        replicas.forEach(replica -> replica.client().link().feed());
    }

    /** All shards are locked. */
    private void moment() {
        byte[] mark = RandomId.next().getBytes(StandardCharsets.US_ASCII);
        all.beginSync(replicas, spool, mark, whileWritten);
        begun = true;
    }
}
