package dev.holdfast.engine.execution;

import static dev.holdfast.engine.execution.CommandFlag.ALLOW_BUSY;
import static dev.holdfast.engine.execution.CommandFlag.FAST;
import static dev.holdfast.engine.execution.CommandFlag.LOADING;
import static dev.holdfast.engine.execution.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.execution.CommandFlag.NO_MULTI;
import static dev.holdfast.engine.execution.CommandFlag.SKIP_COMMANDLOG;
import static dev.holdfast.engine.execution.CommandFlag.STALE;
import static dev.holdfast.engine.execution.CommandGroup.TRANSACTIONS;
import static dev.holdfast.engine.execution.CommandSpec.command;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.protocol.Reply;
import java.util.List;

/**
 * MULTI, EXEC, DISCARD, WATCH and UNWATCH. They stand here rather than with the other commands because they are part of how
 * commands are run.
 *
 * <p>EXEC takes the locks of all its commands' keys and of all watched keys at once, then looks whether a watched key was touched,
 * then runs the commands. Nobody can come between.
 */
public final class Transactions {
    private Transactions() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("MULTI", "", Transactions::multi)
                    .in(TRANSACTIONS)
                    .since("1.2.0")
                    .arity(1)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, NO_MULTI, ALLOW_BUSY)
                    .roles(CommandRole.NOT_QUEUED)
                    .complexity("O(1)")
                    .summary("Begins a transaction: commands are queued until EXEC"),
            command("EXEC", "", Transactions::exec)
                    .in(TRANSACTIONS)
                    .since("1.2.0")
                    .arity(1)
                    .flags(NOSCRIPT, LOADING, STALE, SKIP_COMMANDLOG)
                    .roles(CommandRole.RUNS_QUEUE, CommandRole.NOT_QUEUED)
                    .complexity("That of the queued commands")
                    .summary("Runs the queued commands as one step"),
            command("DISCARD", "", Transactions::discard)
                    .in(TRANSACTIONS)
                    .since("2.0.0")
                    .arity(1)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY)
                    .roles(CommandRole.NOT_QUEUED)
                    .complexity("O(N) with the number of queued commands")
                    .summary("Drops the queued commands and ends the transaction"),
            command("WATCH", "key [key ...]", Transactions::watch)
                    .in(TRANSACTIONS)
                    .since("2.2.0")
                    .arity(-2)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, NO_MULTI, ALLOW_BUSY)
                    .keys(KeySpec.range(1, -1, 1, KeySpec.Flag.RO))
                    .roles(CommandRole.NOT_QUEUED)
                    .complexity("O(1) for each key")
                    .summary("Lets EXEC run only if these keys have not changed until then"),
            command("UNWATCH", "", Transactions::unwatch)
                    .in(TRANSACTIONS)
                    .since("2.2.0")
                    .arity(1)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY)
                    .complexity("O(N) with the number of watched keys")
                    .summary("Forgets all watched keys"));

    /** Whether a command is run at once although its client is inside MULTI. */
    static boolean runsAtOnce(CommandSpec spec) {
        return spec.has(CommandRole.NOT_QUEUED);
    }

    private static void multi(Call call) {
        call.client().setTransaction(new Transaction());
        call.reply().ok();
    }

    private static void discard(Call call) {
        if (call.client().transaction() == null) {
            throw new CommandException("ERR DISCARD without MULTI");
        }
        end(call.client());
        call.reply().ok();
    }

    /** Leaves the transaction and forgets the watched keys. */
    public static void end(Client client) {
        client.setTransaction(null);
        client.engine().interests().unwatch(client);
    }

    private static void unwatch(Call call) {
        call.engine().interests().unwatch(call.client());
        call.reply().ok();
    }

    private static void watch(Call call) {
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
                    .interests()
                    .of(copy)
                    .watch(watch.add(client.database(), copy, isExpired(call, client.database(), copy)));
        }
        call.reply().ok();
    }

    /** Whether a key is there but its time is over. */
    private static boolean isExpired(Call call, int database, Slice key) {
        Object item = call.table(key, database).find(key);
        return item != null && call.isExpired(item);
    }

    private static void exec(Call call) {
        Client client = call.client();
        Transaction transaction = client.transaction();
        if (transaction == null) {
            throw new CommandException("ERR EXEC without MULTI");
        }
        if (transaction.hasFailed()) {
            end(client);
            throw new CommandException("EXECABORT Transaction discarded because of previous errors.");
        }
        Cluster cluster = call.engine().cluster();
        if (cluster != null) {
            try {
                checkSlots(cluster, transaction);
            } catch (CommandException e) {
                end(client);
                throw e;
            }
        }
        Watch watch = client.watch();
        try {
            call.setInTransaction(true);
            if (watch != null && isTouched(call, watch)) {
                end(client);
                call.reply().nilArray();
                return;
            }
            end(client);
            run(call, transaction);
        } finally {
            call.setInTransaction(false);
            call.endUnit();
        }
    }

    /** The shards that EXEC needs: those of all queued commands and of all watched keys. */
    static long maskOf(Engine engine, Client client) {
        Keyspace keyspace = engine.keyspace();
        Transaction transaction = client.transaction();
        Watch watch = client.watch();
        long mask = 0;
        if (transaction != null) {
            for (Transaction.Queued queued : transaction.commands()) {
                mask |= queued.spec().is(CommandFlag.VISITS_SHARDS)
                        ? keyspace.allShards()
                        : engine.maskOf(queued.spec(), queued.args());
            }
        }
        if (watch != null) {
            for (Watch.Key key : watch.keys()) {
                mask |= keyspace.maskOf(key.key());
            }
        }
        return mask;
    }

    /** Fails where the commands of a transaction are about several slots. */
    private static void checkSlots(Cluster cluster, Transaction transaction) {
        int slot = KeySpec.NO_SLOT;
        for (Transaction.Queued queued : transaction.commands()) {
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

    private static void run(Call call, Transaction transaction) {
        Reply reply = call.reply();
        CommandSpec spec = call.spec();
        var args = call.args();
        reply.array(transaction.size());
        for (Transaction.Queued queued : transaction.commands()) {
            String refusal = call.client().user().isUnrestricted()
                    ? null
                    : call.engine().permissions().refusalInTransaction(call.client(), queued.spec(), queued.args());
            if (refusal == null) {
                call.engine().run(call, queued.spec(), queued.args(), reply);
            } else {
                reply.error(refusal);
                call.engine().statistics().countError(refusal);
            }
        }
        call.begin(spec, args, reply);
    }
}
