package dev.holdfast.engine.core;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.CommandTable;
import dev.holdfast.engine.change.Tracking;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.CommandLog;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.client.Monitors;
import dev.holdfast.engine.client.QueuedCommands;
import dev.holdfast.engine.client.Tracker;
import dev.holdfast.engine.journal.ChangeLog;
import dev.holdfast.engine.keyspace.DatabaseKey;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.Shard;
import dev.holdfast.engine.metrics.Statistics;
import dev.holdfast.engine.metrics.ThreadStatistics;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.MemoryRefusedException;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.ReplyTooLongException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one door: every command comes through here, whatever its {@link Origin}.
 *
 * <p>{@link #enter} is for clients: the declaration is found, the {@link Gate} lets the command pass, a pause postpones it, MULTI queues
 * it. {@link #replay} is for logs, before whose commands there is no check. Both end in {@link #perform}, which locks the shards that the
 * {@link Plan} names, looks once more for a pause and for another role of the store, and calls {@link #run}. {@link #runLocked} is for
 * those that hold the locks already: EXEC, and waiting commands that are run again; so do scripts.
 */
final class Dispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

    private final Engine engine;
    private final Keyspace keyspace;
    private final Gate gate;
    private final Plan plan;
    private final Monitors monitors;
    private final Tracking tracking;
    private final Statistics statistics;
    private final Pause pause;
    private final Clock clock;
    private final CommandTable commands;
    private final CommandLog commandLog;
    private final ChangeLog changes;
    private final HttpGuard httpGuard = new HttpGuard();

    /** What the commands do, by their numbers. */
    private final Handler[] handlers;

    Dispatcher(Engine engine) {
        this.engine = engine;
        this.keyspace = engine.keyspace();
        this.gate = engine.gate();
        this.plan = engine.plan();
        this.monitors = engine.monitors();
        this.tracking = engine.tracking();
        this.statistics = engine.statistics();
        this.pause = engine.pause();
        this.clock = engine.clock();
        this.commands = engine.commands();
        this.commandLog = engine.commandLog();
        this.changes = engine.changes();
        this.handlers = new Handler[commands.idCount()];
        Arrays.setAll(handlers, id -> (Handler) commands.byId(id).action());
    }

    /**
     * Runs a client's command.
     *
     * @param known the declaration, where the caller knows it
     * @return false if the client now waits: the answer will come through {@link Link#resume}
     */
    boolean enter(Client client, @Nullable CommandSpec known, Args args, Reply reply) {
        int mark = reply.mark();
        boolean answered = dispatch(client, known, args, reply);
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
        if (client.replyMode() == Client.ReplyMode.REPLICA) {
            endReplica(client, reply, mark);
            return;
        }
        if (!client.takePushing()) {
            reply.truncate(mark);
        }
        if (client.replyMode() == Client.ReplyMode.SKIP_NEXT) {
            client.setReplyMode(Client.ReplyMode.SKIP);
        } else if (client.replyMode() == Client.ReplyMode.SKIP) {
            client.setReplyMode(Client.ReplyMode.ON);
        }
    }

    private CommandSpec resolve(Client client, Args args) {
        CommandSpec spec = gate.resolve(client, args);
        client.used(spec);
        return spec;
    }

    /** A replica has sent a command that has a reply, which would stand in the middle of its stream. */
    private static void endReplica(Client client, Reply reply, int mark) {
        if (reply.mark() > mark) {
            reply.truncate(mark);
            CommandSpec last = client.lastCommand();
            LOG.warn(
                    "Replica generated a reply to command '{}', disconnecting it: {}",
                    last == null ? "<unknown>" : last.fullName(),
                    client.link().address());
            client.link().close(false);
        }
    }

    private boolean dispatch(Client client, @Nullable CommandSpec known, Args args, Reply reply) {
        CommandSpec spec;
        try {
            spec = known == null ? resolve(client, args) : known;
            gate.admit(Origin.CLIENT, Engine.callOf(client), spec, args);
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
        if (isQueued(client, spec, args)) {
            reply.simple("QUEUED");
            return true;
        }
        return perform(client, spec, args, reply);
    }

    /** Puts a command into its client's transaction, if there is one that takes it. */
    private static boolean isQueued(Client client, CommandSpec spec, Args args) {
        QueuedCommands transaction = client.transaction();
        if (transaction == null || Transactions.runsAtOnce(spec)) {
            return false;
        }
        transaction.add(spec, args, client);
        return true;
    }

    /**
     * Runs a command of a log. It needs no permission, for it has been run before, and it waits for nothing but the end of a pause.
     *
     * @throws CommandException where there is no such command
     */
    void replay(Client client, Args args, Reply reply) {
        CommandSpec spec = gate.resolve(client, args);
        if (!isQueued(client, spec, args) && !perform(client, spec, args, reply)) {
            engine.blocking().unblock(client, null);
        }
    }

    /** The item that a command of a log stores whatever is there, or null; nothing has been done then. */
    @Nullable
    Object blindItem(Args args) {
        CommandSpec spec = commands.find(args.get(0));
        CommandSpec.BlindWrite write = spec == null ? null : spec.blindWrite();
        Object item = write == null ? null : write.item(args);
        if (item != null) {
            KeyRecord.setAccessClock(KeyTable.record(item), keyspace.accessClock());
        }
        return item;
    }

    /** Runs a command that nothing forbids, with the shards of its keys locked. */
    private boolean perform(Client client, CommandSpec spec, Args args, Reply reply) {
        CommandSpec.OptimisticRead read = spec.optimisticRead();
        if (read != null
                && client.tracker() == null
                && !client.lane().timesEach()
                && !monitors.any()
                && optimisticRead(client, spec, read, args, reply)) {
            return true;
        }
        Call call = Engine.callOf(client);
        long mask = plan.shards(client, spec, args);
        if (spec.onlyKey(args) == 0) {
            client.lane().seen = spec.prefetch(args, keyspace, client.database());
        }
        boolean blocked;
        List<DatabaseKey> ready;
        while (true) {
            if (!gate.lock(client, keyspace, mask)) {
                reject(client, args, engine.scriptRuns().busyError(), reply);
                return true;
            }
            if (gate.isOutdated(client, spec)) {
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
            run(Origin.of(client), call, spec, args, reply);
        } finally {
            suspended = call.isSuspended();
            // Once the locks are released, another thread may serve a client that has blocked, and then uses its call.
            blocked = call.hasBlocked();
            ready = call.changed().takeAwaited();
            if (client.isPrimary()) {
                engine.replication().applied();
            }
            if (!suspended) {
                keyspace.unlock(mask);
            }
        }
        if (suspended) {
            call.begin(call.origin(), spec, args.copy(), client.link().resumeReply());
            client.link().later(() -> proceed(call, mask));
            return false;
        }
        if (!ready.isEmpty()) {
            engine.blocking().serve(ready);
        }
        return !blocked;
    }

    /**
     * Goes on with a command that has been suspended: a script that ran for long and has let its thread see to other clients.
     * The locks are held all the time, by this thread; other clients get BUSY.
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
        List<DatabaseKey> ready = call.changed().takeAwaited();
        keyspace.unlock(mask);
        if (!ready.isEmpty()) {
            engine.blocking().serve(ready);
        }
        resume(call.client(), reply, mark);
    }

    /**
     * Tries to run a command without a lock; see {@link Shard}. Returns false, with nothing done, where that fails. The access
     * is noted without the lock too: whatever else is being written to the record, it is other bytes, and a clock that two
     * threads set at once is as good as either's.
     */
    private boolean optimisticRead(
            Client client, CommandSpec spec, CommandSpec.OptimisticRead read, Args args, Reply reply) {
        Slice key = args.get(spec.onlyKey(args));
        Shard shard = keyspace.shardOf(key);
        long version = shard.version();
        KeyTable table = shard.existingTable(client.database());
        if ((version & 1) != 0 || table == null) {
            return false;
        }
        int mark = reply.mark();
        try {
            if (table.peek(key) instanceof byte[] record && !isOver(record)) {
                read.run(record, reply);
                if (shard.isUnchanged(version)) {
                    Engine.callOf(client).touch(record);
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

    /** Whether the time of a record that is being read without a lock is over. */
    private boolean isOver(byte[] record) {
        return KeyRecord.hasExpiry(record) && KeyRecord.isExpired(record, clock.millis());
    }

    /** Runs a command for something that holds its locks. If it may not run, that is its answer. */
    void runLocked(Origin origin, Call call, CommandSpec spec, Args args, Reply reply) {
        try {
            gate.admit(origin, call, spec, args);
        } catch (CommandException e) {
            reply.error(e.getMessage());
            statistics.countError(e.getMessage());
            return;
        }
        run(origin, call, spec, args, reply);
    }

    /** Runs a command's handler. Its shards are locked. A mistake becomes an error reply in place of whatever was written. */
    void run(Origin origin, Call call, CommandSpec spec, Args args, Reply reply) {
        Client client = call.client();
        ThreadStatistics lane = client.lane();
        int mark = reply.mark();
        long before = reply.length();
        boolean quick = spec.isConstantTime() && !lane.timesEach();
        long begin = quick ? 0 : lane.beginTimed(clock);
        call.begin(origin, spec, args, reply);
        boolean shown = monitors.any() && origin != Origin.WAIT;
        boolean runsOthers = shown && spec.is(CommandFlag.SKIP_MONITOR);
        if (runsOthers) {
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
            assert call.edits().areReported() : spec.fullName() + " has changed a key without saying so";
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
            engine.heapIsFull();
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
        } catch (Error e) {
            // The command ends here, and its locks with it: what it has changed is to be in the accounts.
            call.settle();
            throw e;
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

    void rejectUnread(Client client, Reply reply) {
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
                engine.endTransaction(client);
                if (monitors.any()) {
                    monitors.show(client, false, command, args);
                }
            }
            if (!message.startsWith("REDIRECT ")) {
                String reason = message.startsWith("ERR ") ? message.substring("ERR ".length()) : message;
                message = "EXECABORT Transaction discarded because of: " + reason;
            }
        } else if (transaction != null) {
            transaction.fail();
        }
        reply.error(message);
        statistics.countError(message);
    }
}
