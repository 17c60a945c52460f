package dev.holdfast.engine.core;

import dev.holdfast.engine.acl.Acl;
import dev.holdfast.engine.acl.AclFile;
import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.RandomId;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandRole;
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
import dev.holdfast.engine.client.QueuedCommands;
import dev.holdfast.engine.client.Tracker;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.NotificationFlags;
import dev.holdfast.engine.journal.ChangeLog;
import dev.holdfast.engine.keyspace.DatabaseKey;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.Shard;
import dev.holdfast.engine.metrics.Latency;
import dev.holdfast.engine.metrics.Statistics;
import dev.holdfast.engine.metrics.ThreadStatistics;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.MemoryRefusedException;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.ReplyTooLongException;
import dev.holdfast.engine.topology.ClusterNode;
import dev.holdfast.engine.topology.PeerCache;
import dev.holdfast.engine.upkeep.Eviction;
import dev.holdfast.engine.upkeep.Expiry;
import dev.holdfast.engine.upkeep.HeapBound;
import dev.holdfast.engine.upkeep.Removals;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store: the keyspace, the commands, and the clients that run them.
 *
 * <p>{@link #execute} is the life of a command: found by name, checked, queued if its client is inside MULTI, else run with the
 * shards of its keys locked. Any thread may run commands, each for a client of its own.
 */
public final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final int SHARD_BITS = 5;

    private final Config config;
    private final Clock clock;
    private final Keyspace keyspace;
    private final Prefetcher prefetcher;
    private final CommandTable commands;

    /** What the commands do, by their numbers. */
    private final Handler[] handlers;

    private final Statistics statistics;
    private final PubSub pubSub = new PubSub();
    private final KeyspaceEvents notifier = new KeyspaceEvents(pubSub);
    private final Tracking tracking;
    private final Monitors monitors;
    private final KeyObservers interests;
    private final @Nullable ClusterNode cluster;
    private final Blocking blocking;
    private final Expiry expiry;
    private final Eviction eviction;
    private final HeapBound heap;
    private final ClientMemory clientMemory;
    private final Latency latency;
    private final CommandLog commandLog;
    private final PeerCache peers;
    private final Pause pause = new Pause(this);
    private final ChangeLog changes = new ChangeLog();
    private final Admission admission = new Admission(this);
    private final HttpGuard httpGuard = new HttpGuard();
    private final Acl acl;
    private final AclFile aclFile;
    private final Permissions permissions;
    private final Clients clients = new Clients();
    private final ScheduledThreadPoolExecutor timer;
    private final long startMillis;

    private RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
    private final DebugSettings debugSettings = new DebugSettings();
    private final String runId = RandomId.next();
    private final List<ScriptRun> busyScripts = new CopyOnWriteArrayList<>();

    /** One for all commands: who waits for a lock lets it escape, so each would allocate its own. */
    private final BooleanSupplier scriptIsBusy = this::isScriptBusy;

    private volatile long peakBytes;
    private volatile Persistence persistence = Persistence.NONE;
    private volatile Replication replication = Replication.NONE;
    private volatile Scripts scripts = Scripts.NONE;
    private volatile Host host = reason -> close();

    public Engine(Config config, Clock clock, Collection<CommandSpec> specs) {
        this.config = config;
        this.clock = clock;
        this.commands = new CommandTable(specs, config.renames());
        this.handlers = new Handler[commands.idCount()];
        Arrays.setAll(handlers, id -> (Handler) commands.byId(id).action());
        this.statistics = new Statistics(commands.idCount());
        this.monitors = new Monitors(config, clock);
        this.keyspace = new Keyspace(
                SHARD_BITS, (config.cluster.enabled.get() ? config.cluster.databases : config.databases).getInt());
        this.prefetcher = new Prefetcher(keyspace);
        this.tracking = new Tracking(keyspace, clients, config.memory.trackingTableMaxKeys);
        this.interests = tracking.interests();
        this.acl = new Acl(config, commands, keyspace.databases(), statistics, clock);
        this.aclFile = new AclFile(config, acl);
        aclFile.start();
        this.permissions = new Permissions(acl, clients, clock, keyspace.databases());
        this.cluster = config.cluster.enabled.get() ? new ClusterNode(config) : null;
        this.timer = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "holdfast-timer");
            thread.setDaemon(true);
            return thread;
        });
        timer.setRemoveOnCancelPolicy(true);
        this.blocking = new Blocking(this, timer);
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
                notifier,
                newRemovals(),
                pause::isActive,
                () -> replication.isReplica());
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
                notifier,
                newRemovals(),
                () -> pause.isActive() || replication.isReplica() && config.replication.ignoreMaxmemory.get(),
                this::random,
                timer);
        this.startMillis = clock.millis();
        config.notifyKeyspaceEvents.onChange(
                () -> notifier.setFlags(NotificationFlags.parse(config.notifyKeyspaceEvents.get())));
        notifier.setFlags(NotificationFlags.parse(config.notifyKeyspaceEvents.get()));
        tick();
        scheduleTick();
    }

    private Removals newRemovals() {
        return new Removals(changes, interests, blocking::serve);
    }

    private void scheduleTick() {
        timer.schedule(
                () -> {
                    try {
                        if (!debugSettings.isTimerPaused()) {
                            tick();
                            if (!persistence.isLoading() && !replication.isReplica()) {
                                expiry.cycle();
                            }
                            persistence.tick();
                            replication.tick();
                        }
                    } catch (OutOfMemoryError e) {
                        heapIsFull();
                    } catch (RuntimeException | StackOverflowError e) {
                        LOG.error("The timer's work failed", e);
                    }
                    if (!timer.isShutdown()) {
                        scheduleTick();
                    }
                },
                1000 / config.hz.get(),
                TimeUnit.MILLISECONDS);
    }

    private void tick() {
        keyspace.clock().setTime(clock.millis());
        statistics.sample(clock.nanos());
        notePeak(keyspace.usedBytes());
        tracking.limit();
        heap.look(usedBytes() + clientMemory.sum());
        clientMemory.look();
        eviction.look();
        peers.closeUnused();
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

    public KeyspaceEvents notifier() {
        return notifier;
    }

    /** Who wants to know when keys change. */
    public KeyObservers interests() {
        return interests;
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

    /** Where what has been changed is told. */
    public ChangeLog changes() {
        return changes;
    }

    public Eviction eviction() {
        return eviction;
    }

    /** Whether there may be a {@link #refusal}; asked before every command, since it costs less. */
    public boolean isRestricting() {
        return persistence.isRestricting() || replication.isRestricting();
    }

    /**
     * Why a command cannot run in the present state of the store, or null if it can: data is being loaded, or a write could not be
     * saved, or the store is a replica, or it asks for replicas, of which there are too few.
     *
     * @param writes whether it writes, or runs queued commands that do
     */
    public @Nullable String refusal(Client client, CommandSpec spec, boolean writes) {
        if (!isRestricting()) {
            return null;
        }
        String refusal = persistence.refusal(spec, writes);
        return refusal == null ? replication.refusal(client, spec, writes) : refusal;
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

    Admission admission() {
        return admission;
    }

    public DebugSettings debugSettings() {
        return debugSettings;
    }

    /** The engine's timer, for tasks that take no time. */
    public ScheduledThreadPoolExecutor timer() {
        return timer;
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

    /** The scripts that have run for so long that others are told so instead of being kept waiting. */
    List<ScriptRun> busyScripts() {
        return busyScripts;
    }

    private boolean isScriptBusy() {
        return !busyScripts.isEmpty();
    }

    /** One of those scripts, or null. */
    public @Nullable ScriptRun busyScript() {
        // Only who sees one looks again: it may be over by then.
        return isScriptBusy() ? busyScripts.stream().findFirst().orElse(null) : null;
    }

    /** The script that SCRIPT KILL would end: one that keeps others waiting before one that has just begun. Null for none. */
    public @Nullable ScriptRun scriptToKill() {
        ScriptRun busy = busyScript();
        return busy != null
                ? busy
                : clients.stream()
                        .map(client -> callOf(client).script())
                        .filter(Objects::nonNull)
                        .findAny()
                        .orElse(null);
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

    /** Takes note of how much memory is in use. */
    public void notePeak(long usedBytes) {
        if (usedBytes > peakBytes) {
            peakBytes = usedBytes;
        }
    }

    /** The most memory that was in use when somebody looked. */
    public long peakBytes() {
        return peakBytes;
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
        interests.unwatch(client);
        tracking.forget(client);
        monitors.remove(client);
        clientMemory.gone(client);
    }

    /** Ends a client's transaction, if there is one: forgets what is queued and which keys it watches. */
    public void endTransaction(Client client) {
        client.setTransaction(null);
        interests.unwatch(client);
    }

    public Clients clients() {
        return clients;
    }

    // ---- the life of a command ----

    /**
     * Runs a command.
     *
     * @return false if the client now waits: the answer will come through {@link Link#resume}
     */
    public boolean execute(Client client, Args args, Reply reply) {
        int mark = reply.mark();
        boolean answered = dispatch(client, args, reply);
        if (answered) {
            commandEnded(client, reply, mark);
        }
        return answered;
    }

    /**
     * Delivers the answer to a command that had to wait.
     *
     * @param mark where in the reply the answer begins
     */
    void resume(Client client, Reply reply, int mark) {
        commandEnded(client, reply, mark);
        client.link().resume(reply);
    }

    /** A command has been answered, at once or after a wait. Where the client wants no replies, the answer is taken back. */
    private static void commandEnded(Client client, Reply reply, int mark) {
        if (client.replyMode() != Client.ReplyMode.ON) {
            silence(client, reply, mark);
        }
        Tracker tracker = client.tracker();
        if (tracker != null) {
            tracker.commandEnded(client);
        }
    }

    private static void silence(Client client, Reply reply, int mark) {
        if (!client.takePushing()) {
            reply.truncate(mark);
        }
        if (client.replyMode() == Client.ReplyMode.SKIP_NEXT) {
            client.setReplyMode(Client.ReplyMode.SKIP);
        } else if (client.replyMode() == Client.ReplyMode.SKIP) {
            client.setReplyMode(Client.ReplyMode.ON);
        }
    }

    private boolean dispatch(Client client, Args args, Reply reply) {
        CommandSpec spec;
        try {
            spec = admission.resolve(client, args);
            admission.check(client, spec, args);
        } catch (CommandException e) {
            if (commands.find(args.get(0)) != null || !httpGuard.turnsAway(client, args)) {
                reject(client, args, e, reply);
            }
            return true;
        }
        if (client.tracker() != null) {
            // A key that was evicted to make room for the command was gone before it.
            client.link().putPushesBefore(reply);
        }
        if (pause.postpones(client, spec, args)) {
            return false;
        }
        QueuedCommands transaction = client.transaction();
        if (transaction != null && !Transactions.runsAtOnce(spec)) {
            transaction.add(spec, args, client);
            reply.simple("QUEUED");
            return true;
        }
        return execute(client, spec, args, reply);
    }

    /**
     * Runs a command of a log. It needs nobody's leave, for it has been run before; it never waits.
     *
     * @throws CommandException where there is no such command
     */
    public void replay(Client client, Args args, Reply reply) {
        CommandSpec spec = admission.resolve(client, args);
        QueuedCommands transaction = client.transaction();
        if (transaction != null && !Transactions.runsAtOnce(spec)) {
            transaction.add(spec, args, client);
        } else if (!execute(client, spec, args, reply)) {
            blocking.unblock(client, null);
        }
    }

    /** Runs a command whose declaration is known and which needs no checks. */
    public boolean execute(Client client, CommandSpec spec, Args args, Reply reply) {
        CommandSpec.Glance glance = spec.glance();
        if (glance != null
                && client.tracker() == null
                && !client.lane().timesEach()
                && !monitors.any()
                && glance(client, spec, glance, args, reply)) {
            return true;
        }
        Call call = callOf(client);
        int onlyKey = spec.onlyKey();
        long mask;
        if (onlyKey > 0 && onlyKey < args.count()) {
            mask = keyspace.maskOf(args.get(onlyKey));
        } else if (spec.has(CommandRole.RUNS_QUEUE)) {
            mask = Transactions.maskOf(this, client);
        } else {
            mask = maskOf(spec, args);
            client.lane().seen = spec.prefetch(args, keyspace, client.database());
        }
        boolean blocked;
        List<DatabaseKey> ready;
        while (true) {
            if (!keyspace.lock(mask, scriptIsBusy)) {
                reject(client, args, busyError(), reply);
                return true;
            }
            if (isOutdated(client, spec)) {
                // The role has changed while the command came here.
                keyspace.unlock(mask);
                if (!client.isPrimary()) {
                    reject(client, args, new CommandException(Replication.READ_ONLY), reply);
                }
                return true;
            }
            if (!pause.concerns(client, spec, args)) {
                break;
            }
            // The pause has begun while the command came here.
            keyspace.unlock(mask);
            if (pause.postpones(client, spec, args)) {
                return false;
            }
        }
        boolean suspended = false;
        call.setHeldShards(mask);
        try {
            run(call, spec, args, reply);
        } finally {
            suspended = call.isSuspended();
            // Once the locks are released, another thread may serve a client that has blocked, and then uses its call.
            blocked = call.hasBlocked();
            ready = call.takeReady();
            if (client.isPrimary()) {
                replication.applied();
            }
            if (!suspended) {
                keyspace.unlock(mask);
            }
        }
        if (suspended) {
            call.begin(spec, args.copy(), client.link().resumeReply());
            client.link().later(() -> proceed(call, mask));
            return false;
        }
        if (!ready.isEmpty()) {
            blocking.serve(ready);
        }
        return !blocked;
    }

    /** Whether a command may not run any more, now that its shards are locked, because the store has changed its role. */
    private boolean isOutdated(Client client, CommandSpec spec) {
        if (client.isPrimary()) {
            return client.isClosing();
        }
        if (replication.isWritable() || client.isReplaying()) {
            return false;
        }
        QueuedCommands transaction = client.transaction();
        return spec.is(CommandFlag.WRITE) || transaction != null && transaction.writes(spec);
    }

    /**
     * Goes on with a command that has been suspended: a script that ran for long and has let its thread see to other clients.
     * The locks are held all the time, by this thread; those others are told that the store is busy.
     */
    private void proceed(Call call, long mask) {
        Link link = call.client().link();
        Reply reply = call.reply();
        int mark = reply.mark();
        long before = reply.length();
        attempt(call, call.spec(), reply, mark, call.takeRest());
        if (call.isSuspended()) {
            link.later(() -> proceed(call, mask));
            return;
        }
        finish(call, call.spec(), call.args(), call.suspendedSince(), reply.length() - before);
        List<DatabaseKey> ready = call.takeReady();
        keyspace.unlock(mask);
        if (!ready.isEmpty()) {
            blocking.serve(ready);
        }
        resume(call.client(), reply, mark);
    }

    private CommandException busyError() {
        ScriptRun run = busyScript();
        return run == null ? new CommandException("BUSY Valkey is busy running a script.") : run.busyError();
    }

    /**
     * Tries to run a command without a lock; see {@link Shard}. Returns false, with nothing done, where that fails. The access
     * is noted without the lock too: whatever else is being written to the record, it is other bytes, and a clock that two
     * threads set at once is as good as either's.
     */
    private boolean glance(Client client, CommandSpec spec, CommandSpec.Glance glance, Args args, Reply reply) {
        Slice key = args.get(spec.onlyKey());
        Shard shard = keyspace.shardOf(key);
        long version = shard.version();
        KeyTable table = shard.existingTable(client.database());
        if ((version & 1) != 0 || table == null) {
            return false;
        }
        int mark = reply.mark();
        try {
            if (table.peek(key) instanceof byte[] record && !KeyRecord.hasExpiry(record)) {
                glance.run(record, reply);
                if (shard.isUnchanged(version)) {
                    callOf(client).touch(record);
                    ThreadStatistics lane = client.lane();
                    lane.hits++;
                    lane.count(spec.id());
                    return true;
                }
            }
        } catch (RuntimeException e) {
            LOG.trace("What was read was being changed", e);
        }
        reply.truncate(mark);
        return false;
    }

    /** The shards that a command needs. */
    long maskOf(CommandSpec spec, Args args) {
        if (spec.is(CommandFlag.ALL_SHARDS) && !scripts.isConfined(spec, args)) {
            return keyspace.allShards();
        }
        long mask = spec.maskOf(args, keyspace);
        return mask == 0 && spec.is(CommandFlag.ALL_SHARDS) ? keyspace.allShards() : mask;
    }

    /** Runs a command's handler. Its shards are locked. A mistake becomes an error reply in place of whatever was written. */
    void run(Call call, CommandSpec spec, Args args, Reply reply) {
        Client client = call.client();
        ThreadStatistics lane = client.lane();
        int mark = reply.mark();
        long before = reply.length();
        boolean quick = spec.isConstantTime() && !lane.timesEach();
        long begin = quick ? 0 : lane.beginTimed(clock);
        call.begin(spec, args, reply);
        boolean shown = monitors.any() && !call.isRetrying();
        boolean runsOthers = spec.is(CommandFlag.SKIP_MONITOR);
        if (shown && runsOthers) {
            monitors.show(client, call.script() != null, spec, args);
        }
        attempt(call, spec, reply, mark, handlers[spec.id()]);
        if (shown && !runsOthers) {
            monitors.show(client, call.script() != null, spec, args);
        }
        if (call.isSuspended()) {
            call.setSuspendedSince(begin);
        } else {
            finish(call, spec, args, begin, reply.length() - before);
        }
    }

    /** Runs a handler. A mistake becomes an error reply in place of whatever was written. */
    private void attempt(Call call, CommandSpec spec, Reply reply, int mark, Handler handler) {
        Client client = call.client();
        ThreadStatistics lane = client.lane();
        try {
            handler.run(call);
            assert call.reportsItsChanges() : spec.fullName() + " has changed a key without saying so";
        } catch (CommandException e) {
            reply.truncate(mark);
            reply.error(e.getMessage());
            lane.failed[spec.id()]++;
            statistics.countError(e.getMessage());
        } catch (ReplyTooLongException | MemoryRefusedException e) {
            LOG.warn(
                    "Closing client whose reply passes the limit of its output: {}",
                    client.link().address());
            reply.truncate(mark);
            reply.cutOff();
            client.closeAfterReply();
            call.doesNotBlock();
            statistics.outputBufferLimitDisconnections.increment();
        } catch (OutOfMemoryError e) {
            heapIsFull();
            LOG.error("{} needs more memory than there is", spec.fullName());
            reply.truncate(mark);
            reply.error("OOM command needs more memory than there is");
            if (client.isLimited()) {
                client.closeAfterReply();
            }
            call.doesNotBlock();
            lane.failed[spec.id()]++;
            statistics.countError("OOM");
        } catch (RuntimeException | StackOverflowError e) {
            LOG.error("{} failed", spec.fullName(), e);
            reply.truncate(mark);
            reply.error("ERR internal error: " + e.getClass().getSimpleName());
            lane.failed[spec.id()]++;
            statistics.countError("ERR");
        }
    }

    /** What is to be done after a handler has run. */
    private void finish(Call call, CommandSpec spec, Args args, long begin, long written) {
        Client client = call.client();
        ThreadStatistics lane = client.lane();
        Tracker tracker = client.tracker();
        if (tracker != null) {
            tracking.remember(tracker, spec, args);
        }
        call.settle();
        long dirty = call.takeDirty();
        if (dirty > 0) {
            statistics.changesSinceSave.add(dirty);
        }
        if (changes.isOn()) {
            call.endLogged(dirty > 0);
        }
        if (call.hasBlocked()) {
            return;
        }
        client.countCommand();
        if (begin != 0) {
            long end = clock.nanos();
            lane.endTimed(spec.id(), begin, end);
            if (commandLog.isSlow(end - begin)) {
                commandLog.slow(client, spec, args, end - begin);
            }
        } else {
            lane.count(spec.id());
        }
        commandLog.noteSizes(client, spec, args, written);
    }

    /** What clients hold. */
    public ClientMemory clientMemory() {
        return clientMemory;
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

    /** Answers a command of which there is nothing left, because there was no memory for its words. */
    public void rejectUnread(Client client, Reply reply) {
        int mark = reply.mark();
        QueuedCommands transaction = client.transaction();
        if (transaction != null) {
            transaction.fail();
        }
        String message = CommandException.outOfMemory().getMessage();
        reply.error(message);
        statistics.countError(message);
        commandEnded(client, reply, mark);
    }

    private void reject(Client client, Args args, CommandException e, Reply reply) {
        QueuedCommands transaction = client.transaction();
        String message = e.getMessage();
        CommandSpec command = commands.find(args.get(0));
        if (command != null && command.has(CommandRole.RUNS_QUEUE)) {
            if (transaction != null) {
                endTransaction(client);
                if (monitors.any()) {
                    monitors.show(client, false, command, args);
                }
            }
            String reason = message.startsWith("ERR ") ? message.substring("ERR ".length()) : message;
            message = "EXECABORT Transaction discarded because of: " + reason;
        } else if (transaction != null) {
            transaction.fail();
        }
        reply.error(message);
        statistics.countError(message);
    }

    @Override
    public void close() {
        replication.close();
        timer.shutdownNow();
        peers.closeAll();
    }
}
