package dev.holdfast.engine.replication;

import dev.holdfast.engine.base.RandomId;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.BlockedCommand;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.QueuedCommands;
import dev.holdfast.engine.config.ReplicationParameters;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Replication;
import dev.holdfast.engine.journal.ChangeStream;
import dev.holdfast.engine.journal.ChangeUnit;
import dev.holdfast.engine.keyspace.DatabaseKey;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.persistence.FilePersistence;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This store among others: the primary that it follows, the replicas that follow it, and the stream of changes between them.
 *
 * <p>As long as there has never been a replica nothing is kept for one. The first makes the {@link Backlog}, which from then on reads the
 * stream, and begins a new {@link History}: what happened before is in no stream.
 *
 * <p>Locks, from the outer to the inner: the shards', this object's, a replica's, the stream's.
 */
public final class ReplicationNode implements Replication {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicationNode.class);

    /** Replicas of this version read hashes whose fields expire. */
    static final int VERSION_9 = 0x090000;

    private final Engine engine;
    private final ReplicationParameters parameters;
    private final ChangeStream stream;
    private final History history = new History();
    private final Replicas replicas;
    private final SnapshotLoad snapshotLoad;
    private final Failover failover;
    private final Shutdown shutdown;
    private volatile @Nullable Upstream upstream;
    private volatile @Nullable Backlog backlog;

    /** The selected database of a stream that a file has brought back; -1 where none has. */
    private int restored = -1;

    private long lastSecond;

    public ReplicationNode(Engine engine) {
        this.engine = engine;
        this.parameters = engine.config().replication;
        this.stream = engine.changes().replicas();
        this.replicas = new Replicas(this);
        this.snapshotLoad = new SnapshotLoad(this, engine);
        this.failover = new Failover(this, engine);
        this.shutdown = new Shutdown(this, engine);
        parameters.backlogSize.onChange(this::resizeBacklog);
    }

    /** What a store has to do with others. */
    public static ReplicationNode of(Engine engine) {
        return (ReplicationNode) engine.replication();
    }

    Engine engine() {
        return engine;
    }

    /** The planned exchange of roles with a replica. */
    public Failover failover() {
        return failover;
    }

    /** The end of the store, which waits for replicas. */
    public Shutdown shutdown() {
        return shutdown;
    }

    private long now() {
        return engine.clock().millis();
    }

    // ---- for the engine ----

    @Override
    public boolean isRestricting() {
        return upstream != null || parameters.minReplicasToWrite.get() > 0 || snapshotLoad.isLoading();
    }

    @Override
    public @Nullable String refusal(Client client, CommandSpec spec, boolean writes, boolean stale) {
        Upstream primary = upstream;
        if (client.isPrimary()) {
            return null;
        }
        if (snapshotLoad.isLoading() && !spec.is(CommandFlag.LOADING)) {
            return "LOADING Valkey is loading the dataset in memory";
        }
        if (primary != null) {
            if (client.isRedirectCapable() && engine.cluster() == null && concernsData(client, spec, writes)) {
                // While roles are exchanged the other one is not a primary yet: it would send the client back here.
                return failover.isUnderWay() ? null : "REDIRECT " + primary.host() + ":" + primary.port();
            }
            if (writes && parameters.readOnly.get()) {
                return READ_ONLY;
            }
            if (!primary.isUp() && !parameters.serveStaleData.get() && !stale) {
                return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
            }
            return null;
        }
        if (writes
                && parameters.minReplicasToWrite.get() > 0
                && parameters.minReplicasMaxLagSeconds.get() > 0
                && replicas.good() < parameters.minReplicasToWrite.get()) {
            return "NOREPLICAS Not enough good replicas to write.";
        }
        return null;
    }

    @Override
    public boolean holdsBack(Client client, CommandSpec spec) {
        return failover.isUnderWay() && client.isRedirectCapable() && concernsData(client, spec, false);
    }

    private static boolean concernsData(Client client, CommandSpec spec, boolean writes) {
        if (writes || client.isReadOnly()) {
            return writes;
        }
        QueuedCommands transaction = client.transaction();
        return spec.is(CommandFlag.READONLY)
                || spec.has(CommandRole.RUNS_QUEUE)
                        && transaction != null
                        && transaction.commands().stream()
                                .anyMatch(queued -> queued.spec().is(CommandFlag.READONLY));
    }

    @Override
    public boolean isReplica() {
        return upstream != null;
    }

    @Override
    public boolean isWritable() {
        return upstream == null || !parameters.readOnly.get();
    }

    @Override
    public void applied() {
        Upstream primary = upstream;
        if (primary != null) {
            primary.applied();
        }
    }

    @Override
    public Map<String, String> rdbFields() {
        if (backlog == null) {
            return Map.of();
        }
        synchronized (stream) {
            return Map.of(
                    "repl-stream-db",
                    Integer.toString(streamDatabase()),
                    "repl-id",
                    history.id(),
                    "repl-offset",
                    Long.toString(stream.offset()));
        }
    }

    /** After a start: a replica asks its primary to go on where the file was written; a primary lets its replicas. */
    @Override
    public synchronized void loaded(Map<String, String> fields, List<DatabaseKey> expired) {
        String id = fields.get("repl-id");
        String offset = fields.get("repl-offset");
        if (id == null || offset == null || id.length() != History.NONE.length() || !offset.matches("\\d{1,18}")) {
            return;
        }
        long position = Long.parseLong(offset);
        restored = fields.getOrDefault("repl-stream-db", "0").matches("\\d{1,4}")
                ? Integer.parseInt(fields.getOrDefault("repl-stream-db", "0"))
                : 0;
        makeBacklog();
        synchronized (stream) {
            history.adopt(id);
            if (parameters.replicaof.get().isEmpty()) {
                history.branch(RandomId.next(), position);
            }
            stream.moveTo(position);
            present().restartAt(position);
        }
        ChangeUnit removal = new ChangeUnit();
        for (DatabaseKey key : expired) {
            removal.add(key.database(), engine.expiry().removalWord(), key.key());
            engine.changes().append(removal, false);
            removal.clear();
        }
    }

    private Backlog present() {
        return Objects.requireNonNull(backlog);
    }

    /** Follows the primary that the configuration names, if it names one. The data has been loaded. */
    public void start() {
        String address = parameters.replicaof.get();
        if (!address.isEmpty()) {
            String[] words = address.split(" ");
            Keyspace keyspace = engine.keyspace();
            keyspace.lock(keyspace.allShards());
            try {
                follow(words[0], Integer.parseInt(words[1]));
            } finally {
                keyspace.unlock(keyspace.allShards());
            }
        }
    }

    @Override
    public void close() {
        Upstream primary = upstream;
        if (primary != null) {
            primary.stop();
        }
    }

    // ---- a primary ----

    /**
     * Makes this store a replica. All shards are locked.
     *
     * @return false if it follows that one already
     */
    public synchronized boolean follow(String host, int port) {
        Upstream before = upstream;
        if (before != null && before.isAt(host, port)) {
            return false;
        }
        makeBacklog();
        Upstream next = new Upstream(this, host, port);
        if (before != null) {
            next.startIn(before.database());
            before.stop();
        } else {
            next.startIn(Math.max(0, restored >= 0 ? restored : stream.database()));
        }
        restored = -1;
        upstream = next;
        engine.changes().setFollowing(true);
        if (!failover.isUnderWay()) {
            unblockClients();
        }
        parameters.replicaof.set(host + " " + port);
        LOG.info("REPLICAOF {}:{} enabled", host, port);
        next.start();
        return true;
    }

    /** Clients that wait for keys would wait for the primary's. One that only reads, and has said that it may read here, may wait on. */
    void unblockClients() {
        for (Client client : engine.clients()) {
            BlockedCommand waiter = client.waiter();
            if (waiter == null || client.isReadOnly() && !waiter.spec.is(CommandFlag.WRITE)) {
                continue;
            }
            if (client.isRedirectCapable() && !waiter.keys.isEmpty()) {
                engine.blocking().unblock(client, "REDIRECT " + primaryHost() + ":" + primaryPort());
            } else {
                client.closeAfterReply();
                engine.blocking()
                        .unblock(
                                client,
                                "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)");
            }
        }
    }

    /** Makes this store a primary. All shards are locked. */
    public synchronized void promote() {
        Upstream before = upstream;
        if (before == null) {
            return;
        }
        before.stop();
        upstream = null;
        engine.changes().setFollowing(false);
        synchronized (stream) {
            history.branch(RandomId.next(), stream.offset());
            stream.forgetDatabase();
        }
        replicas.setAloneSince(now());
        parameters.replicaof.set("");
        replicas.closeAll();
        LOG.info("PRIMARY MODE enabled, my new replication IDs are '{}' and '{}'", id(), secondId());
    }

    /** The primary lets this store go on; it may have got another identifier meanwhile. */
    synchronized void resumed(String id) {
        boolean other;
        synchronized (stream) {
            other = !id.equals(history.id());
            if (other) {
                history.branch(id, stream.offset());
            }
        }
        if (other) {
            LOG.info("Primary replication ID changed to {}", id);
            replicas.closeAll();
        }
    }

    Spool newSpool() {
        return new Spool(directory());
    }

    /** The data that the primary sends, on its way into the store. */
    SnapshotLoad snapshotLoad() {
        return snapshotLoad;
    }

    /** The stream of another server has taken the place of this store's own, up to an offset. */
    void adopt(String id, long offset) {
        synchronized (stream) {
            history.adopt(id);
            stream.moveTo(offset);
            present().restartAt(offset);
        }
    }

    /** The data is gone: what the stream was about is no more. */
    void beginAnew() {
        synchronized (stream) {
            history.beginAnew();
        }
    }

    /** Whether this is still the primary of this store. */
    boolean follows(Upstream primary) {
        return upstream == primary;
    }

    /** How far the append-only file is durable; -1 where there is none. */
    long fileOffset() {
        return engine.persistence() instanceof FilePersistence files
                ? files.aof().syncedOffset()
                : -1;
    }

    /** The primary asks how far this store has come. */
    public void acknowledgementWanted(Client client) {
        Upstream primary = upstream;
        if (primary != null && client.isPrimary()) {
            primary.wantAck();
        }
    }

    /** The primary's host, or null where there is none. */
    public @Nullable String primaryHost() {
        Upstream primary = upstream;
        return primary == null ? null : primary.host();
    }

    public int primaryPort() {
        Upstream primary = upstream;
        return primary == null ? 0 : primary.port();
    }

    /** How far the link to the primary has come, as ROLE shows it. */
    public String linkText() {
        Upstream primary = upstream;
        return primary == null ? "none" : primary.stateText();
    }

    public boolean isLinkUp() {
        Upstream primary = upstream;
        return primary != null && primary.isUp();
    }

    public boolean isSynchronizing() {
        Upstream primary = upstream;
        return primary != null && primary.isSynchronizing();
    }

    /** How many bytes of the present synchronization have come, and how many there will be; 0 if unknown. */
    public long[] transferBytes() {
        Upstream primary = upstream;
        return primary == null ? new long[2] : new long[] {primary.transferredBytes(), primary.transferBytes()};
    }

    /** What has come of the stream and waits for the snapshot to be loaded, in bytes. */
    public long pendingBytes() {
        Upstream primary = upstream;
        return primary == null ? 0 : primary.pendingBytes();
    }

    /** The most that has waited so since this primary is followed. */
    public long mostPendingBytes() {
        Upstream primary = upstream;
        return primary == null ? 0 : primary.mostPendingBytes();
    }

    /** For how many seconds nothing has come from the primary; -1 while the link is down. */
    public long secondsSinceRead() {
        Upstream primary = upstream;
        return primary == null || !primary.isUp() ? -1 : (now() - primary.lastReadMillis()) / 1000;
    }

    public long secondsDown() {
        Upstream primary = upstream;
        return primary == null ? 0 : (now() - primary.downSinceMillis()) / 1000;
    }

    // ---- time ----

    @Override
    public void tick() {
        failover.look();
        long second = engine.clock().nanos() / 1_000_000_000L;
        if (second == lastSecond) {
            return;
        }
        lastSecond = second;
        Upstream primary = upstream;
        if (primary != null) {
            primary.keepAlive();
        }
        replicas.tick(second, primary == null && !failover.isActive() && !shutdown.isActive());
        forgetBacklog(now());
    }

    @Override
    public void disconnected(Client client) {
        replicas.disconnected(client);
    }

    // ---- replicas ----

    /** Those that follow this store. */
    public Replicas replicas() {
        return replicas;
    }

    /** The primary of this store asks it to take its place. All shards are locked. */
    public void takeOver(String id) {
        LOG.info("Failover request received for replid {}.", id);
        if (upstream == null) {
            throw new CommandException("ERR PSYNC FAILOVER can't be sent to a master.");
        }
        if (!id.equalsIgnoreCase(id())) {
            throw new CommandException("ERR PSYNC FAILOVER replid must match my replid.");
        }
        promote();
    }

    void makeBacklog() {
        if (backlog == null) {
            Backlog made;
            synchronized (stream) {
                history.beginAnew();
                made = new Backlog(stream, parameters.backlogSize::get);
            }
            engine.changes().subscribeReplica(made);
            backlog = made;
            replicas.backlogMade();
            LOG.info("Replication backlog created, my new replication IDs are '{}' and '{}'", id(), secondId());
        }
    }

    private void resizeBacklog() {
        Backlog present = backlog;
        if (present != null) {
            present.resize();
        }
    }

    /** Lets go of the backlog when there have been no replicas for long. */
    private synchronized void forgetBacklog(long now) {
        Backlog present = backlog;
        long ttl = parameters.backlogTtlSeconds.get();
        if (present != null
                && upstream == null
                && replicas.all().isEmpty()
                && ttl > 0
                && now - replicas.aloneSinceMillis() > ttl * 1000) {
            engine.changes().unsubscribeReplica(present);
            synchronized (stream) {
                history.beginAnew();
            }
            backlog = null;
            LOG.info("Replication backlog freed after {} seconds without connected replicas.", ttl);
        }
    }

    private Path directory() {
        return Path.of(
                engine.persistence() instanceof FilePersistence
                        ? engine.config().program.dir.get()
                        : System.getProperty("java.io.tmpdir"));
    }

    /** The database that is selected in the stream at present. */
    int streamDatabase() {
        Upstream primary = upstream;
        return primary != null ? primary.database() : Math.max(0, stream.database());
    }

    @Nullable
    Backlog backlog() {
        return backlog;
    }

    /** Guarded by the stream. */
    History history() {
        return history;
    }

    boolean isShared(String id, long offset) {
        synchronized (stream) {
            return history.isShared(id, offset);
        }
    }

    // ---- figures ----

    /** Forty digits that stand for the stream of changes. */
    public String id() {
        synchronized (stream) {
            return history.id();
        }
    }

    /** Forty digits that stand for the same stream up to {@link #secondEnd}. */
    public String secondId() {
        synchronized (stream) {
            return history.secondId();
        }
    }

    public long secondEnd() {
        synchronized (stream) {
            return history.secondEnd();
        }
    }

    /** Begins a new history, for tests. */
    public void changeId() {
        synchronized (stream) {
            history.beginAnew();
        }
    }

    /** How many bytes of the stream there have been. */
    public long offset() {
        return stream.offset();
    }

    public boolean hasBacklog() {
        return backlog != null;
    }

    /** The offset before the first byte in the backlog. */
    public long backlogStart() {
        Backlog present = backlog;
        return present == null ? 0 : present.start();
    }

    /** The memory of the backlog, with what replicas have not read. */
    public long backlogMemory() {
        Backlog present = backlog;
        return present == null ? 0 : present.memoryBytes();
    }
}
