package dev.holdfast.engine.replication;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.config.OutputLimits;
import dev.holdfast.engine.config.ReplicationParameters;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Waits;
import dev.holdfast.engine.journal.ChangeStream;
import dev.holdfast.engine.persistence.BackgroundGate;
import dev.holdfast.engine.persistence.FilePersistence;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The servers that follow this store: how they join, what each is sent, and how far they have come.
 *
 * <p>A replica that can ({@code capa dual-channel}) receives everything by two connections. The one that asks by SYNC gets the snapshot and,
 * before it, {@code $ENDOFF}: the offset at which the stream goes on and the number of the connection. With these the main one asks for
 * the stream at once, and keeps what comes until it has loaded the snapshot. Between the moment of the snapshot and that request the
 * snapshot's connection holds the place in the backlog, also for a while after it has ended.
 *
 * <p>Guarded by the node, whose locks' order holds here.
 */
public final class Replicas {
    private static final Logger LOG = LoggerFactory.getLogger(Replicas.class);
    private static final byte[] GETACK =
            "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PING = "*1\r\n$4\r\nPING\r\n".getBytes(StandardCharsets.US_ASCII);

    /** What a replica's main connection is sent when it is to get everything by another one. */
    private static final String DUAL_CHANNEL = "DUALCHANNELSYNC";

    private final ReplicationNode node;
    private final Engine engine;
    private final ReplicationParameters parameters;
    private final ChangeStream stream;
    private final Map<Client, Replica> known = new ConcurrentHashMap<>();
    private final List<Replica> replicas = new CopyOnWriteArrayList<>();

    /** Connections for snapshots, by their number, that hold a place until the main connection has come to it. */
    private final Map<Long, Replica> waitingForMain = new HashMap<>();

    private final Waits waits;
    private final BackgroundGate ownGate = new BackgroundGate();

    private boolean syncing;
    private volatile long lastPingSecond;
    private long aloneSinceMillis;
    private long lastGetAck = -1;

    Replicas(ReplicationNode node) {
        this.node = node;
        this.engine = node.engine();
        this.parameters = engine.config().replication;
        this.stream = engine.changes().replicas();
        this.waits = new Waits(engine.blocking());
    }

    private long now() {
        return engine.clock().millis();
    }

    // ---- who they are ----

    /** The client as a replica, which it may be about to become. */
    public Replica of(Client client) {
        return known.computeIfAbsent(client, Replica::new);
    }

    /** Those that follow this store, whatever they have got yet. */
    public List<Replica> all() {
        return replicas;
    }

    /** How many are online and have answered lately. */
    public int good() {
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

    /** How many hold a place in the backlog for a main connection that has not asked for the stream yet. */
    public int waitingForMain() {
        synchronized (node) {
            return waitingForMain.size();
        }
    }

    /** Whether a snapshot for replicas is being written. */
    public boolean isSnapshotRunning() {
        synchronized (node) {
            return syncing;
        }
    }

    // ---- how they join ----

    /** A client asks for everything. */
    public void synchronizeFully(Client client) {
        Replica replica = of(client);
        replica.setSilent();
        synchronized (node) {
            if (mayJoin(replica)) {
                logRequest(replica);
                sendEverything(replica);
            }
        }
    }

    /**
     * A client asks for the stream from an offset on, or for everything where that cannot be.
     *
     * @param id which stream it has had
     * @param offset how much of it
     * @return what it is to be answered at once; null if it is a replica now
     */
    public @Nullable String synchronize(Client client, String id, long offset) {
        Replica replica = of(client);
        synchronized (node) {
            if (!mayJoin(replica)) {
                return null;
            }
            logRequest(replica);
            if (resume(replica, id, offset)) {
                return null;
            }
            if (!id.equals("?")) {
                engine.statistics().refusedPartialSyncs.increment();
            }
            if (replica.usesTwoChannels()) {
                LOG.info(
                        "Dual channel replication: Replica {} is capable of dual channel synchronization, and partial sync isn't"
                                + " possible. Full sync will continue with dedicated RDB channel.",
                        replica.shown());
                return DUAL_CHANNEL;
            }
            sendEverything(replica);
            return null;
        }
    }

    private static void logRequest(Replica replica) {
        LOG.info("Replica {} asks for synchronization", replica.shown());
    }

    private boolean mayJoin(Replica replica) {
        if (replicas.contains(replica)) {
            return false;
        }
        if (replica.isFiltered() && !replica.readsMark()) {
            throw new CommandException("ERR Filtered replica requires EOF capability");
        }
        if (node.failover().isActive()) {
            throw new CommandException("NOMASTERLINK Can't SYNC while failing over");
        }
        if (node.isReplica() && !node.isLinkUp()) {
            throw new CommandException("NOMASTERLINK Can't SYNC while not connected with my master");
        }
        return true;
    }

    private void join(Replica replica) {
        Client client = replica.client();
        if (!client.link().follow(replica)) {
            throw new CommandException("ERR a caller in the same process cannot be a replica");
        }
        client.setReplica();
        replicas.add(replica);
    }

    private void sendEverything(Replica replica) {
        join(replica);
        engine.statistics().fullSyncs.increment();
        node.makeBacklog();
        replica.await(now());
        if (syncing) {
            LOG.info("Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC");
        }
        startSync(now());
    }

    /** Lets a replica go on from its offset, if that is still there. */
    private boolean resume(Replica replica, String id, long offset) {
        Backlog present = node.backlog();
        Backlog.Cursor cursor = null;
        String answer;
        long from;
        long to;
        synchronized (stream) {
            if (present != null && node.history().isShared(id, offset)) {
                cursor = present.cursorAt(offset, replica.client().link()::feed);
            }
            from = present == null ? 0 : present.start() + 1;
            to = present == null ? 0 : present.end() + 1;
            answer = replica.understandsPsync2() ? "+CONTINUE " + node.history().id() + "\r\n" : "+CONTINUE\r\n";
        }
        if (cursor == null) {
            logRefusal(replica, id, offset + 1, present != null, from, to);
            return false;
        }
        LOG.info(
                "Partial resynchronization request from {} accepted. Sending {} bytes of backlog starting from offset {}.",
                replica.shown(),
                cursor.behind(),
                offset + 1);
        join(replica);
        Replica snapshot = waitingForMain.remove(replica.snapshotClient());
        replica.resume(answer, cursor, snapshot != null, now());
        if (snapshot != null) {
            snapshot.letGo();
        }
        engine.statistics().partialSyncs.increment();
        replica.client().link().feed();
        return true;
    }

    private void logRefusal(Replica replica, String id, long offset, boolean hasBacklog, long from, long to) {
        if (id.equals("?")) {
            LOG.info("Full resync requested by replica {}", replica.shown());
        } else if (!hasBacklog) {
            LOG.info(
                    "Unable to partial resync with replica {} for lack of backlog (Replica request was: {}:{}).",
                    replica.shown(),
                    id,
                    offset);
        } else if (node.isShared(id, offset - 1)) {
            LOG.info(
                    "Unable to partial resync with replica {} for lack of backlog (Replica request was {}:{}, and I can only"
                            + " reply with the range [{}, {}]).",
                    replica.shown(),
                    id,
                    offset,
                    from,
                    to);
        } else {
            LOG.info(
                    "Partial resynchronization not accepted: Replica {} asked for {} of '{}', my replication IDs are '{}' and '{}',"
                            + " the second up to {}",
                    replica.shown(),
                    offset,
                    id,
                    node.id(),
                    node.secondId(),
                    node.secondEnd());
        }
    }

    /** Those who follow this store have to ask anew: they have to be told another identifier, or everything. */
    void closeAll() {
        synchronized (node) {
            replicas.forEach(replica -> replica.client().link().close(false));
            waitingForMain.values().forEach(Replica::end);
            waitingForMain.clear();
        }
    }

    void disconnected(Client client) {
        Replica replica = known.remove(client);
        if (replica == null) {
            return;
        }
        synchronized (node) {
            if (replicas.remove(replica)) {
                LOG.info("Connection with replica {} lost.", replica.shown());
                aloneSinceMillis = now();
            }
            if (replica.hasWholeSnapshot() && waitingForMain.containsKey(client.id())) {
                replica.leave(now());
            } else {
                waitingForMain.remove(client.id());
                replica.end();
            }
        }
        waits.answer();
    }

    /** The connection by which a snapshot was sent, of which a main connection speaks. */
    public void setSnapshotClient(Client main, long number) {
        synchronized (node) {
            if (!waitingForMain.containsKey(number)) {
                throw new CommandException("ERR Unrecognized RDB client id " + number);
            }
            of(main).setSnapshotClient(number);
        }
    }

    /** The most that a place may keep in the backlog: what a replica may leave unread. */
    private long mostHeldBytes() {
        long most = engine.config()
                .network
                .clientOutputBufferLimit
                .limit(OutputLimits.REPLICA)
                .hardBytes();
        return most == 0 ? Long.MAX_VALUE : Math.max(most, parameters.backlogSize.get());
    }

    /** Lets go of places in the backlog for which no main connection has come in time, or which keep too much. */
    private void forgetPlaces(long now) {
        long grace = engine.debugSettings().snapshotGraceSeconds();
        waitingForMain.values().removeIf(replica -> {
            long since = replica.leftMillis();
            if (since != 0 && replica.pendingBytes() > mostHeldBytes()) {
                LOG.warn(
                        "Client id={} of replica {} closed for overcoming of output buffer limits.",
                        replica.client().id(),
                        replica.shown());
                engine.statistics().outputBufferLimitDisconnections.increment();
                replica.end();
                return true;
            }
            if (since == 0 || now - since <= grace * 1000) {
                return false;
            }
            LOG.info(
                    "Dual channel replication: Replica main channel failed to establish PSYNC within the grace period ({} seconds)."
                            + " Freeing RDB client {}.",
                    (now - since) / 1000,
                    replica.client().id());
            replica.end();
            return true;
        });
    }

    // ---- time ----

    /** Once a second. */
    void tick(long second, boolean pings) {
        long now = now();
        for (Replica replica : replicas) {
            replica.keepAlive();
            closeIfSilent(replica, now);
        }
        if (pings && !replicas.isEmpty() && second - lastPingSecond >= parameters.pingPeriodSeconds.get()) {
            lastPingSecond = second;
            stream.append(PING, 0, PING.length);
        }
        synchronized (node) {
            forgetPlaces(now);
            startSync(now);
        }
    }

    private void closeIfSilent(Replica replica, long now) {
        long timeoutSeconds = parameters.timeoutSeconds.get();
        if (replica.state() == Replica.State.ONLINE
                && !replica.isSilent()
                && replica.lagSeconds(now) > timeoutSeconds) {
            LOG.warn("Disconnecting timedout replica (streaming sync): {}", replica.shown());
            replica.client().link().close(false);
        } else if (replica.isStuck(now, timeoutSeconds * 1000)) {
            LOG.warn("Disconnecting timedout replica (full sync): {}", replica.shown());
            replica.client().link().close(false);
        }
    }

    /** Since when there has been none. */
    long aloneSinceMillis() {
        return aloneSinceMillis;
    }

    void setAloneSince(long millis) {
        aloneSinceMillis = millis;
    }

    /** The backlog has just been made: from now on pings are due, and it is kept for a while without readers. */
    void backlogMade() {
        aloneSinceMillis = now();
        lastPingSecond = engine.clock().nanos() / 1_000_000_000L;
    }

    // ---- snapshots ----

    /** Begins a snapshot for those who wait for one, unless more of them are worth waiting for. */
    private void startSync(long now) {
        if (syncing) {
            return;
        }
        List<Replica> waiting = replicas.stream()
                .filter(replica -> replica.state() == Replica.State.WAIT_SNAPSHOT)
                .toList();
        if (waiting.isEmpty()) {
            return;
        }
        Replica first = waiting.getFirst();
        List<Replica> together =
                waiting.stream().filter(first::sharesSnapshotWith).toList();
        long most = parameters.disklessSyncMaxReplicas.get();
        boolean whileWritten = parameters.disklessSync.get() || first.isFiltered() || first.isSnapshotChannel();
        boolean delayed = whileWritten
                && first.readsMark()
                && (most == 0 || together.size() < most)
                && now - first.waitingSinceMillis() < parameters.disklessSyncDelaySeconds.get() * 1000;
        if (delayed || !gate().enter(BackgroundGate.Work.REPLICATION)) {
            return;
        }
        syncing = true;
        LOG.info(
                "Starting BGSAVE for SYNC with target: {} using: {}",
                whileWritten ? "replicas sockets" : "disk",
                first.isSnapshotChannel() ? "dual-channel" : "normal sync");
        FullSync sync = new FullSync(this, engine, together, node.newSpool(), whileWritten);
        Thread thread = new Thread(sync, "holdfast-sync");
        thread.setDaemon(true);
        thread.start();
    }

    /** Lets one snapshot be written at a time. */
    public BackgroundGate gate() {
        return engine.persistence() instanceof FilePersistence files ? files.gate() : ownGate;
    }

    /** The version of the server behind a replica; a connection for snapshots does not say it, but the main one does. */
    int version(Replica replica) {
        if (!replica.isSnapshotChannel() || replica.version() > 0) {
            return replica.version();
        }
        return known.values().stream()
                .filter(other -> other.version() > 0
                        && other.port() == replica.port()
                        && other.ip().equals(replica.ip()))
                .mapToInt(Replica::version)
                .min()
                .orElse(0);
    }

    /** The moment of a snapshot. All shards are locked. */
    void beginSync(List<Replica> forThem, Spool spool, byte[] mark, boolean whileWritten) {
        Backlog present = node.backlog();
        synchronized (node) {
            synchronized (stream) {
                if (!node.isReplica()) {
                    stream.forgetDatabase();
                }
                for (Replica replica : forThem) {
                    if (known.get(replica.client()) == replica) {
                        spool.retain();
                        replica.begin(
                                announcement(replica),
                                spool,
                                place(present, replica),
                                replica.readsMark() && whileWritten ? mark : new byte[0],
                                now());
                    }
                }
            }
        }
    }

    private String announcement(Replica replica) {
        if (replica.isSnapshotChannel()) {
            return "$ENDOFF:" + stream.offset() + " " + node.history().id() + " " + node.streamDatabase() + " "
                    + replica.client().id() + "\r\n";
        }
        return replica.isSilent() ? "" : "+FULLRESYNC " + node.history().id() + " " + stream.offset() + "\r\n";
    }

    private Backlog.@Nullable Cursor place(@Nullable Backlog present, Replica replica) {
        if (present == null || replica.isRdbOnly() && !replica.isSnapshotChannel()) {
            return null;
        }
        if (replica.isSnapshotChannel()) {
            waitingForMain.put(replica.client().id(), replica);
            LOG.debug(
                    "Dual channel replication: Add rdb replica {} to waiting psync, with cid {}, {}",
                    replica.shown(),
                    replica.client().id(),
                    present.isEmpty() ? "no repl-backlog to track" : "tracking repl-backlog tail");
            if (present.isEmpty()) {
                replica.holdEmptyPlace();
            }
            return present.cursorAtEnd(replica::streamed);
        }
        return present.cursorAtEnd(replica.client().link()::feed);
    }

    void syncEnded() {
        synchronized (node) {
            syncing = false;
            gate().leave();
        }
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
        if (replicas.isEmpty() || node.isReplica()) {
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
}
