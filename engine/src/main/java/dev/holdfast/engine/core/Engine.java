package dev.holdfast.engine.core;

import dev.holdfast.engine.acl.Acl;
import dev.holdfast.engine.acl.AclFile;
import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.RandomId;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.CommandTable;
import dev.holdfast.engine.change.KeyObservers;
import dev.holdfast.engine.change.KeyspaceEvents;
import dev.holdfast.engine.change.PubSub;
import dev.holdfast.engine.change.Tracking;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.ClientMemory;
import dev.holdfast.engine.client.Clients;
import dev.holdfast.engine.client.CommandLog;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.client.Monitors;
import dev.holdfast.engine.client.Permissions;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.NotificationFlags;
import dev.holdfast.engine.journal.ChangeLog;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.metrics.Latency;
import dev.holdfast.engine.metrics.Statistics;
import dev.holdfast.engine.metrics.ThreadStatistics;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.topology.ClusterNode;
import dev.holdfast.engine.topology.PeerCache;
import dev.holdfast.engine.upkeep.Eviction;
import dev.holdfast.engine.upkeep.Expiry;
import dev.holdfast.engine.upkeep.HeapBound;
import dev.holdfast.engine.upkeep.OwnKeys;
import dev.holdfast.engine.upkeep.Removals;
import java.util.Collection;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A store: the keyspace, the commands, and the clients that run them.
 *
 * <p>{@link #execute} is the life of a command: found by name, checked, queued if its client is inside MULTI, else run with the
 * shards of its keys locked. Any thread may run commands, each for a client of its own.
 */
public final class Engine implements AutoCloseable {
    private static final int SHARD_BITS = 5;

    private final Config config;
    private final Clock clock;
    private final Keyspace keyspace;
    private final Prefetcher prefetcher;
    private final CommandTable commands;

    private final Statistics statistics;
    private final PubSub pubSub = new PubSub();
    private final KeyspaceEvents events = new KeyspaceEvents(pubSub);
    private final Tracking tracking;
    private final Monitors monitors;
    private final KeyObservers observers;
    private final @Nullable ClusterNode cluster;
    private final Blocking blocking;
    private final Expiry expiry;
    private final OwnKeys ownKeys;
    private final Eviction eviction;
    private final HeapBound heap;
    private final ClientMemory clientMemory;
    private final Latency latency;
    private final CommandLog commandLog;
    private final PeerCache peers;
    private final Pause pause = new Pause(this);
    private final ChangeLog changes = new ChangeLog();
    private final ScriptRuns scriptRuns;
    private final Plan plan;
    private final Gate gate;
    private final Dispatcher dispatcher;
    private final Acl acl;
    private final AclFile aclFile;
    private final Permissions permissions;
    private final Clients clients = new Clients();
    private final Heartbeat heartbeat;
    private final long startMillis;

    private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
    private final DebugSettings debugSettings = new DebugSettings();
    private final String runId = RandomId.next();
    private volatile Persistence persistence = Persistence.NONE;
    private volatile Replication replication = Replication.NONE;
    private volatile Scripts scripts = Scripts.NONE;
    private volatile Host host = reason -> close();

    public Engine(Config config, Clock clock, Collection<CommandSpec> specs) {
        this.config = config;
        this.clock = clock;
        this.commands = new CommandTable(specs, config.renames());
        this.statistics = new Statistics(commands.idCount());
        this.monitors = new Monitors(config, clock);
        this.keyspace = new Keyspace(
                SHARD_BITS, (config.cluster.enabled.get() ? config.cluster.databases : config.databases).getInt());
        this.prefetcher = new Prefetcher(keyspace);
        this.tracking = new Tracking(keyspace, clients, config.memory.trackingTableMaxKeys);
        this.observers = tracking.observers();
        this.acl = new Acl(config, commands, keyspace.databases(), statistics, clock);
        this.aclFile = new AclFile(config, acl);
        aclFile.start();
        this.permissions = new Permissions(acl, clients, clock, keyspace.databases());
        this.cluster = config.cluster.enabled.get() ? new ClusterNode(config) : null;
        this.heartbeat = new Heartbeat(this);
        this.blocking = new Blocking(this, heartbeat.timer());
        this.heap = new HeapBound(config.memory.heapPercent, () -> host.heapPercent());
        this.clientMemory = new ClientMemory(
                config.memory, clients, clock, statistics, () -> heap.bytes() - Eviction.dataBytes(keyspace));
        this.latency = new Latency(config.monitoring.latencyMonitorThresholdMillis, clock);
        this.expiry = new Expiry(
                config,
                clock,
                keyspace,
                statistics,
                latency,
                events,
                newRemovals(),
                pause::isActive,
                () -> replication.isReplica());
        this.ownKeys = new OwnKeys(expiry);
        this.commandLog = new CommandLog(config, statistics, latency, clock);
        this.peers = new PeerCache(clock);
        this.eviction = new Eviction(
                config,
                clock,
                keyspace,
                clientMemory,
                heap,
                statistics,
                latency,
                events,
                newRemovals(),
                () -> pause.isActive() || replication.isReplica() && config.replication.ignoreMaxmemory.get(),
                this::random,
                heartbeat.timer());
        this.scriptRuns = new ScriptRuns(clients);
        this.plan = new Plan(this);
        this.gate = new Gate(this);
        this.dispatcher = new Dispatcher(this);
        this.startMillis = clock.millis();
        config.notifyKeyspaceEvents.onChange(
                () -> events.setFlags(NotificationFlags.parse(config.notifyKeyspaceEvents.get())));
        events.setFlags(NotificationFlags.parse(config.notifyKeyspaceEvents.get()));
        heartbeat.start();
    }

    private Removals newRemovals() {
        return new Removals(changes, observers, blocking::serve);
    }

    /** Keys that clients have written although this store follows another. */
    public OwnKeys ownKeys() {
        return ownKeys;
    }

    public Config config() {
        return config;
    }

    public Clock clock() {
        return clock;
    }

    public Keyspace keyspace() {
        return keyspace;
    }

    public Prefetcher prefetcher() {
        return prefetcher;
    }

    public CommandTable commands() {
        return commands;
    }

    public Statistics statistics() {
        return statistics;
    }

    public PubSub pubSub() {
        return pubSub;
    }

    /** What publishes changes of keys. */
    public KeyspaceEvents events() {
        return events;
    }

    /** Those that observe keys. */
    public KeyObservers observers() {
        return observers;
    }

    public Tracking tracking() {
        return tracking;
    }

    /** The cluster of which the store is a node, or null where {@code cluster-enabled} is off. */
    public @Nullable ClusterNode cluster() {
        return cluster;
    }

    public Monitors monitors() {
        return monitors;
    }

    public Blocking blocking() {
        return blocking;
    }

    public Expiry expiry() {
        return expiry;
    }

    /** The log of what has been changed. */
    public ChangeLog changes() {
        return changes;
    }

    public Eviction eviction() {
        return eviction;
    }

    public Pause pause() {
        return pause;
    }

    /** Connections to other servers. */
    public PeerCache peers() {
        return peers;
    }

    /** What took long. */
    public Latency latency() {
        return latency;
    }

    /** Commands that took long or were large. */
    public CommandLog commandLog() {
        return commandLog;
    }

    /** Which users there are, and what each may do. */
    public Acl acl() {
        return acl;
    }

    /** What clients may do. */
    public Permissions permissions() {
        return permissions;
    }

    /** Where the users are kept. */
    public AclFile aclFile() {
        return aclFile;
    }

    public DebugSettings debugSettings() {
        return debugSettings;
    }

    /** The engine's timer, for tasks that take no time. */
    public ScheduledThreadPoolExecutor timer() {
        return heartbeat.timer();
    }

    /** The dice of all commands that choose at random. */
    public RandomGenerator random() {
        return random;
    }

    /** Exchanges the dice, before any command runs; for tests that want the same throws each time. */
    public void setRandom(RandomGenerator random) {
        this.random = random;
    }

    /** When the store was opened, in milliseconds since 1970. */
    public long startMillis() {
        return startMillis;
    }

    /** Forty digits that stand for this run of the store. */
    public String runId() {
        return runId;
    }

    /** The scripts that run at the moment. */
    public ScriptRuns scriptRuns() {
        return scriptRuns;
    }

    /** The scripts and functions of the store, if it has any. */
    public Scripts scripts() {
        return scripts;
    }

    public void setScripts(Scripts scripts) {
        this.scripts = scripts;
    }

    /** The program around the store. */
    public Host host() {
        return host;
    }

    public void setHost(Host host) {
        this.host = host;
    }

    /** The files of the store, if it has any. */
    public Persistence persistence() {
        return persistence;
    }

    public void setPersistence(Persistence persistence) {
        this.persistence = persistence;
    }

    /** The servers that this store follows and that follow it. */
    public Replication replication() {
        return replication;
    }

    public void setReplication(Replication replication) {
        this.replication = replication;
    }

    // ---- clients ----

    /** A new client, which no other sees before it is {@linkplain #connect connected}: its link may be unfinished until then. */
    public Client newClient(Link link, ThreadStatistics lane) {
        return new Client(
                clients.nextId(),
                link,
                lane,
                acl.initialUser(),
                clock.millis(),
                clientMemory,
                owner -> new Call(this, owner));
    }

    /** Registers a client. */
    public void connect(Client client) {
        clients.add(client);
    }

    /** A new client that is registered at once. */
    public Client connect(Link link, ThreadStatistics lane) {
        Client client = newClient(link, lane);
        connect(client);
        return client;
    }

    /** What runs the commands of a client. */
    static Call callOf(Client client) {
        return (Call) client.runner();
    }

    /** Forgets a client: its subscriptions, watched keys and whatever it waits for. */
    public void disconnect(Client client) {
        clients.remove(client);
        replication.disconnected(client);
        blocking.abandon(client);
        pubSub.unsubscribeAll(client);
        observers.unwatch(client);
        tracking.forget(client);
        monitors.remove(client);
        clientMemory.gone(client);
    }

    /** Ends a client's transaction, if there is one: forgets what is queued and which keys it watches. */
    public void endTransaction(Client client) {
        client.setTransaction(null);
        observers.unwatch(client);
    }

    public Clients clients() {
        return clients;
    }

    // ---- commands ----

    /**
     * Runs a command.
     *
     * @return false if the client now waits: the answer will come through {@link Link#resume}
     */
    public boolean execute(Client client, Args args, Reply reply) {
        return dispatcher.enter(client, null, args, reply);
    }

    /** Runs a command whose declaration is known. */
    public boolean execute(Client client, CommandSpec known, Args args, Reply reply) {
        return dispatcher.enter(client, known, args, reply);
    }

    /**
     * Runs a command of a log. It needs no permission, for it has been run before; it never waits.
     *
     * @throws CommandException where there is no such command
     */
    public void replay(Client client, Args args, Reply reply) {
        dispatcher.replay(client, args, reply);
    }

    /**
     * What a command of a log stores under its only key, to be put there in place of running it. Null where it has to be {@linkplain
     * #replay run}: its effect may depend on what is there.
     */
    public @Nullable Object blindItem(Args args) {
        return dispatcher.blindItem(args);
    }

    /** Answers a command of which there is nothing left, because there was no memory for its words. */
    public void rejectUnread(Client client, Reply reply) {
        dispatcher.rejectUnread(client, reply);
    }

    /** What stands before commands. */
    Gate gate() {
        return gate;
    }

    /** What commands are about to do. */
    Plan plan() {
        return plan;
    }

    Dispatcher dispatcher() {
        return dispatcher;
    }

    /** What clients hold. */
    public ClientMemory clientMemory() {
        return clientMemory;
    }

    /** What data and clients may take of the heap. */
    HeapBound heap() {
        return heap;
    }

    /** An allocation has failed: data and clients take more than was thought. */
    public void heapIsFull() {
        heap.failedAt(usedBytes() + clientMemory.sum());
        eviction.look();
    }

    /** The memory of keys, values and what finds them, against which {@code maxmemory} is held. */
    public long usedBytes() {
        return eviction.usedBytes();
    }

    @Override
    public void close() {
        replication.close();
        heartbeat.stop();
        peers.closeAll();
        assert keyspace.validate();
    }
}
