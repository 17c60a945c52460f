package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.QueuedCommands;
import dev.holdfast.engine.keyspace.DatabaseKey;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code CLIENT PAUSE}: commands, or those that write, wait until the pause is over and are then run as if they had just
 * arrived.
 *
 * <p>A pause is a fence: once it is answered, nothing that it concerns happens. It begins with all shards locked, when none who
 * writes is under way; and a thread that locks a shard to write, later, looks whether there is a pause. Those are commands, which are
 * then postponed; blocked clients, who are served when it is over; expiry and eviction, which leave their keys.
 */
public final class Pause {
    private record Postponed(Client client, Args args) {}

    private final Engine engine;
    private final List<Postponed> postponed = new ArrayList<>();
    private final List<DatabaseKey> unserved = new ArrayList<>();

    private volatile boolean active;
    private volatile boolean onlyWrites;
    private long endMillis;
    private @Nullable Future<?> end;

    Pause(Engine engine) {
        this.engine = engine;
    }

    /** Whether clients are paused. */
    public boolean isActive() {
        return active;
    }

    /** How long the pause will last, in milliseconds. */
    public synchronized long millisLeft() {
        return active ? Math.max(0, endMillis - engine.clock().millis()) : 0;
    }

    /** How many clients wait for the end of the pause. */
    public synchronized int postponedClients() {
        return postponed.size();
    }

    /** Whether the pause concerns only commands that write. */
    public boolean isOnlyWrites() {
        return onlyWrites;
    }

    /**
     * Pauses clients. A pause that is already on is never shortened, and one of all clients stays one of all. All shards are
     * locked.
     *
     * @param untilMillis milliseconds since 1970
     */
    public synchronized void start(long untilMillis, boolean writesOnly) {
        onlyWrites = active ? onlyWrites && writesOnly : writesOnly;
        endMillis = active ? Math.max(endMillis, untilMillis) : untilMillis;
        active = true;
        if (end != null) {
            end.cancel(false);
        }
        long delay = Math.max(0, endMillis - engine.clock().millis());
        end = engine.timer().schedule(this::stop, delay, TimeUnit.MILLISECONDS);
    }

    /** Ends the pause and runs what has waited for that, in order of arrival. */
    public void stop() {
        List<Postponed> waiting;
        List<DatabaseKey> ready;
        synchronized (this) {
            active = false;
            waiting = List.copyOf(postponed);
            postponed.clear();
            ready = List.copyOf(unserved);
            unserved.clear();
        }
        engine.blocking().serve(ready);
        for (Postponed each : waiting) {
            resume(each.client, each.args);
        }
    }

    private void resume(Client client, Args args) {
        client.setPostponed(false);
        client.give(args.copyBytes());
        if (engine.clients().hasGone(client)) {
            return;
        }
        Reply reply = client.link().resumeReply();
        if (engine.execute(client, args, reply)) {
            client.link().resume(reply);
        }
    }

    /** Whether there is a pause in which the command may not run. */
    boolean concerns(Client client, CommandSpec spec, Args args) {
        return active && (!onlyWrites || mayWrite(client, spec, args));
    }

    /** Leaves a key for the end of the pause, which keeps a client from being served that waits for it. Its shard is locked. */
    boolean keepsUnserved(Client client, CommandSpec spec, Args args, DatabaseKey key) {
        if (!concerns(client, spec, args)) {
            return false;
        }
        synchronized (this) {
            if (!active) {
                return false;
            }
            unserved.add(key);
            return true;
        }
    }

    /** Keeps a command for later if the pause concerns it. */
    boolean postpones(Client client, CommandSpec spec, Args args) {
        if (!concerns(client, spec, args)) {
            return false;
        }
        synchronized (this) {
            if (!active) {
                return false;
            }
            client.take(args.copyBytes());
            client.setPostponed(true);
            postponed.add(new Postponed(client, args.copy()));
            return true;
        }
    }

    private boolean mayWrite(Client client, CommandSpec spec, Args args) {
        QueuedCommands transaction = client.transaction();
        return mayWrite(spec, args)
                || spec.has(CommandRole.RUNS_QUEUE)
                        && transaction != null
                        && transaction.commands().stream().anyMatch(queued -> mayWrite(queued.spec(), queued.args()));
    }

    /** Whether a command, with these words, may write or do something else that is sent to replicas. */
    private boolean mayWrite(CommandSpec spec, Args args) {
        return spec.is(CommandFlag.WRITE)
                || spec.is(CommandFlag.MAY_REPLICATE) && !engine.scripts().readsOnly(spec, args);
    }
}
