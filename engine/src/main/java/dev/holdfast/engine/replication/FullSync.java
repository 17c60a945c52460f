package dev.holdfast.engine.replication;

import dev.holdfast.engine.base.RandomId;
import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.persistence.RdbException;
import dev.holdfast.engine.persistence.RdbSnapshotTarget;
import dev.holdfast.engine.persistence.Snapshot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One snapshot for one or several replicas. At its moment, with all shards locked, the offset in the stream is noted, the next change
 * made to begin with a SELECT, and each replica's cursor set; so the stream goes on exactly where the snapshot ends.
 */
final class FullSync implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(FullSync.class);

    private final ReplicationNode node;
    private final Engine engine;
    private final List<Replica> replicas;
    private final Spool spool;
    private final RdbSnapshotTarget.Scope scope;
    private boolean begun;

    FullSync(ReplicationNode node, List<Replica> replicas, Spool spool) {
        this.node = node;
        this.engine = node.engine();
        this.replicas = replicas;
        this.spool = spool;
        Replica any = replicas.getFirst();
        int oldest = replicas.stream().mapToInt(Replica::version).min().orElse(0);
        boolean rdbOnly = replicas.stream().allMatch(Replica::isRdbOnly);
        this.scope = new RdbSnapshotTarget.Scope(
                !any.withoutData(), !any.withoutFunctions(), rdbOnly || oldest >= ReplicationNode.VERSION_9);
    }

    @Override
    public void run() {
        spool.retain();
        try {
            write();
            spool.complete();
            LOG.info("The snapshot for replicas has been written: {} bytes", spool.size());
        } catch (CancellationException e) {
            spool.fail();
            LOG.info("The snapshot for replicas was given up: no replica waits for it");
        } catch (RdbException e) {
            spool.fail();
            LOG.warn("A replica is too old: {}", e.getMessage());
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            spool.fail();
            LOG.warn("The snapshot for replicas failed: {}", Reason.of(e), e);
        } finally {
            if (!begun) {
                replicas.forEach(replica -> replica.client().link().close(false));
            }
            spool.release();
            node.syncEnded();
            replicas.forEach(replica -> replica.client().link().feed());
        }
    }

    private void write() throws IOException {
        RdbSnapshotTarget target = new RdbSnapshotTarget(
                engine, this::append, false, node::functions, this::moment, () -> begun && !isWanted(), scope);
        new Snapshot(engine.keyspace(), target).run();
        target.end();
    }

    /** Whether another thread holds the spool. */
    private boolean isWanted() {
        return replicas.stream().anyMatch(replica -> replica.reads(spool));
    }

    private void append(byte[] bytes, int offset, int length) throws IOException {
        spool.write(bytes, offset, length);
        for (Replica replica : replicas) {
            replica.client().link().feed();
        }
    }

    /** All shards are locked. */
    private void moment() {
        byte[] mark = RandomId.next().getBytes(StandardCharsets.US_ASCII);
        node.beginSync(replicas, spool, mark);
        begun = true;
    }
}
