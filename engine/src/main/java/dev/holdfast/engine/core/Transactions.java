package dev.holdfast.engine.core;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.QueuedCommands;
import dev.holdfast.engine.client.Watch;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.topology.ClusterNode;

/**
 * How the commands between MULTI and EXEC are run.
 *
 * <p>EXEC takes the locks of all its commands' keys and of all watched keys at once, then looks whether a watched key was touched,
 * then runs the commands. Nothing can come between.
 */
public final class Transactions {
    private Transactions() {}

    /** Whether a command is run at once although its client is inside MULTI. */
    static boolean runsAtOnce(CommandSpec spec) {
        return spec.has(CommandRole.NOT_QUEUED);
    }

    /** Lets the call's client watch the keys that the call names. */
    public static void watch(Call call) {
        Client client = call.client();
        Watch watch = client.watch();
        if (watch == null) {
            watch = new Watch();
            client.setWatch(watch);
        }
        for (int i = 1; i < call.argCount(); i++) {
            Slice key = call.arg(i);
            if (watch.contains(client.database(), key)) {
                continue;
            }
            client.take(Watch.bytes(key));
            Slice copy = new Slice(key.toBytes());
            call.engine()
                    .observers()
                    .of(copy)
                    .watch(watch.add(client.database(), copy, isExpired(call, client.database(), copy)));
        }
    }

    /** Whether a key is there but its time is over. */
    private static boolean isExpired(Call call, int database, Slice key) {
        Object item = call.table(key, database).find(key);
        return item != null && call.isExpired(item);
    }

    /** Runs the queued commands of the call's client, unless a key that it watches has changed. */
    public static void execute(Call call) {
        Client client = call.client();
        QueuedCommands transaction = client.transaction();
        if (transaction == null) {
            throw new CommandException("ERR EXEC without MULTI");
        }
        try {
            execute(call, client, transaction);
        } finally {
            if (client.transaction() != transaction) {
                transaction.release();
            }
        }
    }

    private static void execute(Call call, Client client, QueuedCommands transaction) {
        if (transaction.hasFailed()) {
            call.engine().endTransaction(client);
            throw new CommandException("EXECABORT Transaction discarded because of previous errors.");
        }
        ClusterNode cluster = call.engine().cluster();
        if (cluster != null) {
            try {
                checkSlots(cluster, transaction);
            } catch (CommandException e) {
                call.engine().endTransaction(client);
                throw e;
            }
        }
        Watch watch = client.watch();
        try {
            call.setInTransaction(true);
            if (watch != null && isTouched(call, watch)) {
                call.engine().endTransaction(client);
                call.reply().nilArray();
                return;
            }
            call.engine().endTransaction(client);
            run(call, transaction);
        } finally {
            call.setInTransaction(false);
            call.endUnit();
        }
    }

    /** Fails where the commands of a transaction are about several slots. */
    private static void checkSlots(ClusterNode cluster, QueuedCommands transaction) {
        int slot = KeySpec.NO_SLOT;
        for (QueuedCommands.Queued queued : transaction.commands()) {
            slot = KeySpec.joinSlots(slot, cluster.slotOf(queued.spec(), queued.args()));
        }
    }

    private static boolean isTouched(Call call, Watch watch) {
        if (watch.isTouched()) {
            return true;
        }
        for (Watch.Key key : watch.keys()) {
            if (!key.wasExpired() && isExpired(call, key.database(), key.key())) {
                return true;
            }
        }
        return false;
    }

    private static void run(Call call, QueuedCommands transaction) {
        Reply reply = call.reply();
        CommandSpec spec = call.spec();
        var args = call.args();
        Origin origin = call.origin();
        reply.array(transaction.size());
        for (QueuedCommands.Queued queued : transaction.commands()) {
            call.engine().dispatcher().runLocked(Origin.QUEUE, call, queued.spec(), queued.args(), reply);
        }
        call.begin(origin, spec, args, reply);
    }
}
