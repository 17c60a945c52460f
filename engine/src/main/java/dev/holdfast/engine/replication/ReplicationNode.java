package dev.holdfast.engine.replication;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.RandomId;
import dev.holdfast.engine.base.Slice;
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
import dev.holdfast.engine.core.Waits;
import dev.holdfast.engine.journal.ChangeStream;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.persistence.BackgroundGate;
import dev.holdfast.engine.persistence.FilePersistence;
import dev.holdfast.engine.persistence.Loading;
import dev.holdfast.engine.persistence.RdbReader;
import dev.holdfast.engine.scripting.Scripting;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
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

    /** New data is put beside the old if its file is smaller than this part of the room in the heap. */
    private static final long KEPT_PART = 4;

    private static final byte[] PING = ascii("*1\r\n$4\r\nPING\r\n");
    private static final byte[] GETACK = ascii("*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n");

    private final Engine engine;
    private final ReplicationParameters parameters;
    private final ChangeStream stream;
    private final History history = new History();
    private final Map<Client, Replica> known = new ConcurrentHashMap<>();
    private final List<Replica> replicas = new CopyOnWriteArrayList<>();
    private final Waits waits;
    private final BackgroundGate ownGate = new BackgroundGate();

    /** How often everything was sent, a part, and a part was asked for and could not be sent. */
    public final LongAdder fullSyncs = new LongAdder();

    public final LongAdder partialSyncs = new LongAdder();
    public final LongAdder refusedPartialSyncs = new LongAdder();

    /** Commands of the primary that have failed here. */
    public final LongAdder unexpectedErrors = new LongAdder();

    private final Loading loading;
    private final Failover failover;
    private final Shutdown shutdown;
    private volatile @Nullable Upstream upstream;
    private volatile @Nullable Backlog backlog;

    /** The selected database of a stream that a file has brought back; -1 where none has. */
    private int restored = -1;

    private boolean syncing;
    private long lastSecond;
    private volatile long lastPingSecond;
    private long aloneSinceMillis;
    private long lastGetAck = -1;

    public ReplicationNode(Engine engine) {
        this.engine = engine;
        this.parameters = engine.config().replication;
        this.stream = engine.changes().replicas();
        this.waits = new Waits(engine.blocking());
        this.loading = new Loading(engine.clock());
        this.failover = new Failover(this, engine);
        this.shutdown = new Shutdown(this, engine);
        parameters.backlogSize.onChange(this::resizeBacklog);
    }

    /** What a store has to do with others. */
    public static ReplicationNode of(Engine engine) {
        return (ReplicationNode) engine.replication();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
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
        return upstream != null || parameters.minReplicasToWrite.get() > 0 || loading.isActive();
    }

    @Override
    public @Nullable String refusal(Client client, CommandSpec spec, boolean writes) {
        Upstream primary = upstream;
        if (client.isPrimary()) {
            return null;
        }
        if (loading.isActive() && !spec.is(CommandFlag.LOADING)) {
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
            if (!primary.isUp() && !parameters.serveStaleData.get() && !spec.is(CommandFlag.STALE)) {
                return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
            }
            return null;
        }
        if (writes
                && parameters.minReplicasToWrite.get() > 0
                && parameters.minReplicasMaxLagSeconds.get() > 0
                && goodReplicas() < parameters.minReplicasToWrite.get()) {
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
        Upstream primary = upstream;
        if (backlog == null) {
            return Map.of();
        }
        synchronized (stream) {
            int database = primary != null ? primary.database() : Math.max(0, stream.database());
            return Map.of(
                    "repl-stream-db",
                    Integer.toString(database),
                    "repl-id",
                    history.id(),
                    "repl-offset",
                    Long.toString(stream.offset()));
        }
    }

    /** After a start: a replica asks its primary to go on where the file was written; a primary lets its replicas. */
    @Override
    public synchronized void loaded(Map<String, String> fields) {
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
        aloneSinceMillis = now();
        parameters.replicaof.set("");
        closeReplicas();
        LOG.info("PRIMARY MODE enabled, my new replication IDs are '{}' and '{}'", id(), secondId());
    }

    /** Those who follow this store have to ask anew: they have to be told another identifier, or everything. */
    private void closeReplicas() {
        replicas.forEach(replica -> replica.client().link().close(false));
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
            closeReplicas();
        }
    }

    Spool newSpool() {
        return new Spool(directory());
    }

    /**
     * Takes what a primary has sent for the data of this store. Where it is unsound the old data stays, unless there is no room for both.
     *
     * @return the database in which the stream goes on
     */
    int load(Upstream from, Spool spool, String id, long offset) throws IOException {
        FilePersistence files = engine.persistence() instanceof FilePersistence present ? present : null;
        Loading progress = files == null ? loading : files.loading();
        boolean both =
                parameters.disklessLoad.get().equals("swapdb") || spool.size() < HeapRoom.leftBytes() / KEPT_PART;
        List<byte[]> libraries = new ArrayList<>();
        Runnable empty = () -> {
            progress.begin(spool.size());
            emptyFor(from, files);
        };
        RdbReader reader = new RdbReader(
                engine.keyspace(),
                engine.config(),
                new RdbReader.Options(true, false, false, both ? () -> {} : empty, both ? empty : () -> {}),
                progress,
                libraries::add,
                now());
        try {
            long[] position = {0};
            reader.load(
                    (bytes, at, length) -> {
                        int count = spool.read(position[0], ByteBuffer.wrap(bytes, at, length));
                        position[0] += Math.max(0, count);
                        return count;
                    },
                    spool.size(),
                    0);
            Scripting scripting = Scripting.of(engine);
            libraries.forEach(code -> scripting.functions().load(code, true, true));
            synchronized (stream) {
                history.adopt(id);
                stream.moveTo(offset);
                present().restartAt(offset);
            }
        } finally {
            progress.end();
        }
        if (files != null && engine.config().persistence.appendonly.get()) {
            files.aof().start();
        }
        String database = reader.fields().getOrDefault("repl-stream-db", "0");
        return database.matches("\\d{1,4}") ? Integer.parseInt(database) : 0;
    }

    /** The old data goes, and with it what stands in files and with replicas. */
    private void emptyFor(Upstream from, @Nullable FilePersistence files) {
        if (files != null) {
            files.saves().cancel();
            files.aof().stop();
        }
        closeReplicas();
        Keyspace keyspace = engine.keyspace();
        keyspace.lock(keyspace.allShards());
        try {
            if (upstream != from) {
                throw new IllegalStateException("another primary is followed now");
            }
            FilePersistence.empty(engine);
            synchronized (stream) {
                history.beginAnew();
            }
        } finally {
            keyspace.unlock(keyspace.allShards());
        }
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
        long now = now();
        for (Replica replica : replicas) {
            replica.keepAlive();
            if (replica.state() == Replica.State.ONLINE
                    && !replica.isSilent()
                    && replica.lagSeconds(now) > parameters.timeoutSeconds.get()) {
                LOG.warn("Disconnecting timedout replica (streaming sync): {}", replica.shown());
                replica.client().link().close(false);
            }
        }
        Upstream primary = upstream;
        if (primary != null) {
            primary.keepAlive();
        }
        if (primary == null
                && !failover.isActive()
                && !shutdown.isActive()
                && !replicas.isEmpty()
                && second - lastPingSecond >= parameters.pingPeriodSeconds.get()) {
            lastPingSecond = second;
            stream.append(PING, 0, PING.length);
        }
        startSync(now);
        forgetBacklog(now);
    }

    @Override
    public void disconnected(Client client) {
        Replica replica = known.remove(client);
        if (replica == null) {
            return;
        }
        synchronized (this) {
            if (replicas.remove(replica)) {
                LOG.info("Connection with replica {} lost.", replica.shown());
                aloneSinceMillis = now();
            }
            replica.end();
        }
        waits.answer();
    }

    // ---- replicas ----

    /** The client as a replica, which it may be about to become. */
    public Replica replica(Client client) {
        return known.computeIfAbsent(client, Replica::new);
    }

    /** Those that follow this store, whatever they have got yet. */
    public List<Replica> replicas() {
        return replicas;
    }

    /** How many are online and have answered lately. */
    public int goodReplicas() {
        long now = now();
        int good = 0;
        for (Replica replica : replicas) {
            if (replica.state() == Replica.State.ONLINE
                    && replica.lagSeconds(now) <= parameters.minReplicasMaxLagSeconds.get()) {
                good++;
            }
        }
        return good;
    }

    /** A client asks for everything. */
    public void synchronizeFully(Client client) {
        Replica replica = replica(client);
        replica.setSilent();
        join(replica, null, 0);
    }

    /**
     * A client asks for the stream from an offset on, or for everything where that cannot be.
     *
     * @param id which stream it has had
     * @param offset how much of it
     * @param failover whether it is this store's primary and asks it to take its place; all shards are locked
     */
    public void synchronize(Client client, Slice id, long offset, boolean failover) {
        if (failover) {
            takeOver(id.toString());
        }
        join(replica(client), id.toString(), offset);
    }

    private void takeOver(String id) {
        LOG.info("Failover request received for replid {}.", id);
        if (upstream == null) {
            throw new CommandException("ERR PSYNC FAILOVER can't be sent to a master.");
        }
        if (!id.equalsIgnoreCase(id())) {
            throw new CommandException("ERR PSYNC FAILOVER replid must match my replid.");
        }
        promote();
    }

    private synchronized void join(Replica replica, @Nullable String id, long offset) {
        Client client = replica.client();
        if (replicas.contains(replica)) {
            return;
        }
        if (replica.isFiltered() && !replica.readsMark()) {
            throw new CommandException("ERR Filtered replica requires EOF capability");
        }
        if (failover.isActive()) {
            throw new CommandException("NOMASTERLINK Can't SYNC while failing over");
        }
        if (upstream != null && !isLinkUp()) {
            throw new CommandException("NOMASTERLINK Can't SYNC while not connected with my master");
        }
        if (!client.link().follow(replica)) {
            throw new CommandException("ERR a caller in the same process cannot be a replica");
        }
        LOG.info("Replica {} asks for synchronization", replica.shown());
        client.setReplica();
        if (id != null && resume(replica, id, offset)) {
            replicas.add(replica);
            partialSyncs.increment();
            client.link().feed();
            return;
        }
        if (id != null && !id.equals("?")) {
            refusedPartialSyncs.increment();
        }
        fullSyncs.increment();
        makeBacklog();
        replica.await(now());
        replicas.add(replica);
        startSync(now());
    }

    /** Lets a replica go on from its offset, if that is still there. */
    private boolean resume(Replica replica, String id, long offset) {
        Backlog present = backlog;
        Backlog.Cursor cursor = null;
        String answer;
        synchronized (stream) {
            if (present != null && history.isShared(id, offset)) {
                cursor = present.cursorAt(offset, replica.client().link()::feed);
            }
            answer = replica.understandsPsync2() ? "+CONTINUE " + history.id() + "\r\n" : "+CONTINUE\r\n";
        }
        if (cursor == null) {
            LOG.info(
                    "Partial resynchronization of replica {} not possible: it has {} bytes of {}",
                    replica.shown(),
                    offset,
                    id);
            return false;
        }
        LOG.info(
                "Partial resynchronization request from {} accepted. Sending {} bytes of backlog starting from offset {}.",
                replica.shown(),
                cursor.behind(),
                offset + 1);
        replica.resume(answer, cursor, now());
        return true;
    }

    private void makeBacklog() {
        if (backlog == null) {
            Backlog made;
            synchronized (stream) {
                history.beginAnew();
                made = new Backlog(stream, parameters.backlogSize::get);
            }
            engine.changes().subscribeReplica(made);
            backlog = made;
            lastPingSecond = engine.clock().nanos() / 1_000_000_000L;
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
                && replicas.isEmpty()
                && ttl > 0
                && now - aloneSinceMillis > ttl * 1000) {
            engine.changes().unsubscribeReplica(present);
            synchronized (stream) {
                history.beginAnew();
            }
            backlog = null;
            LOG.info("Replication backlog freed after {} seconds without connected replicas.", ttl);
        }
    }

    // ---- snapshots for replicas ----

    /** Begins a snapshot for those who wait for one, unless more of them are worth waiting for. */
    private synchronized void startSync(long now) {
        if (syncing) {
            return;
        }
        List<Replica> waiting = replicas.stream()
                .filter(replica -> replica.state() == Replica.State.WAIT_SNAPSHOT)
                .toList();
        if (waiting.isEmpty()) {
            return;
        }
        List<Replica> together =
                waiting.stream().filter(waiting.getFirst()::sharesSnapshotWith).toList();
        long most = parameters.disklessSyncMaxReplicas.get();
        boolean delayed = parameters.disklessSync.get()
                && together.getFirst().readsMark()
                && (most == 0 || together.size() < most)
                && now - together.getFirst().waitingSinceMillis() < parameters.disklessSyncDelaySeconds.get() * 1000;
        if (delayed || !gate().enter(BackgroundGate.Work.REPLICATION)) {
            return;
        }
        syncing = true;
        FullSync sync = new FullSync(this, together, new Spool(directory()));
        Thread thread = new Thread(sync, "holdfast-sync");
        thread.setDaemon(true);
        thread.start();
    }

    private BackgroundGate gate() {
        return engine.persistence() instanceof FilePersistence files ? files.gate() : ownGate;
    }

    private Path directory() {
        return Path.of(
                engine.persistence() instanceof FilePersistence
                        ? engine.config().program.dir.get()
                        : System.getProperty("java.io.tmpdir"));
    }

    List<byte[]> functions() {
        return Scripting.of(engine).functions().list().stream()
                .map(library -> library.code().toBytes())
                .toList();
    }

    /** The moment of a snapshot. All shards are locked. */
    void beginSync(List<Replica> forThem, Spool spool, byte[] mark) {
        Backlog present = backlog;
        synchronized (stream) {
            if (upstream == null) {
                stream.forgetDatabase();
            }
            String answer = "+FULLRESYNC " + history.id() + " " + stream.offset() + "\r\n";
            for (Replica replica : forThem) {
                if (known.get(replica.client()) == replica) {
                    Backlog.Cursor cursor = present == null || replica.isRdbOnly()
                            ? null
                            : present.cursorAtEnd(replica.client().link()::feed);
                    spool.retain();
                    replica.begin(answer, spool, cursor, mark);
                }
            }
        }
    }

    synchronized void syncEnded() {
        syncing = false;
        gate().leave();
    }

    // ---- acknowledgements ----

    /**
     * A replica has applied the stream up to an offset.
     *
     * @param durable how far its append-only file is durable, or -1
     */
    public void acknowledged(Client client, long offset, long durable) {
        Replica replica = known.get(client);
        if (replica != null && client.isReplica()) {
            replica.acknowledge(offset, durable, now());
            waits.answer();
        }
    }

    /** How many replicas have applied the stream up to an offset. */
    public int countAcknowledged(long offset) {
        return (int) replicas.stream()
                .filter(replica -> replica.isOnline() && replica.ackOffset() >= offset)
                .count();
    }

    /** How many replicas have it in a durable file. */
    public int countDurable(long offset) {
        return (int) replicas.stream()
                .filter(replica -> replica.isOnline() && replica.fileOffset() >= offset)
                .count();
    }

    /** Asks all replicas how far they have come. One question serves all who ask meanwhile. */
    public void requestAcknowledgements() {
        if (replicas.isEmpty() || upstream != null) {
            return;
        }
        synchronized (stream) {
            if (lastGetAck != stream.offset()) {
                lastGetAck = stream.append(GETACK, 0, GETACK.length);
            }
        }
    }

    /** Clients that wait for replicas. */
    public Waits waits() {
        return waits;
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
