package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ALLOW_BUSY;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_MULTI;
import static dev.holdfast.engine.catalog.CommandFlag.SKIP_COMMANDLOG;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.TRANSACTIONS;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.client.QueuedCommands;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Transactions;
import java.util.List;

/** MULTI, EXEC, DISCARD, WATCH and UNWATCH; how a transaction is run: {@link Transactions}. */
public final class TransactionCommands {
    private TransactionCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("MULTI", "", TransactionCommands::multi)
                    .in(TRANSACTIONS)
                    .since("1.2.0")
                    .arity(1)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, NO_MULTI, ALLOW_BUSY)
                    .roles(CommandRole.NOT_QUEUED)
                    .complexity("O(1)")
                    .summary("Begins a transaction: commands are queued until EXEC"),
            command("EXEC", "", TransactionCommands::exec)
                    .in(TRANSACTIONS)
                    .since("1.2.0")
                    .arity(1)
                    .flags(NOSCRIPT, LOADING, STALE, SKIP_COMMANDLOG)
                    .roles(CommandRole.RUNS_QUEUE, CommandRole.NOT_QUEUED)
                    .complexity("That of the queued commands")
                    .summary("Runs the queued commands as one step"),
            command("DISCARD", "", TransactionCommands::discard)
                    .in(TRANSACTIONS)
                    .since("2.0.0")
                    .arity(1)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY)
                    .roles(CommandRole.NOT_QUEUED)
                    .complexity("O(N) with the number of queued commands")
                    .summary("Drops the queued commands and ends the transaction"),
            command("WATCH", "key [key ...]", TransactionCommands::watch)
                    .in(TRANSACTIONS)
                    .since("2.2.0")
                    .arity(-2)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, NO_MULTI, ALLOW_BUSY)
                    .keys(KeySpec.range(1, -1, 1, KeySpec.Flag.RO))
                    .roles(CommandRole.NOT_QUEUED)
                    .complexity("O(1) for each key")
                    .summary("Lets EXEC run only if these keys have not changed until then"),
            command("UNWATCH", "", TransactionCommands::unwatch)
                    .in(TRANSACTIONS)
                    .since("2.2.0")
                    .arity(1)
                    .flags(NOSCRIPT, LOADING, STALE, FAST, ALLOW_BUSY)
                    .complexity("O(N) with the number of watched keys")
                    .summary("Forgets all watched keys"));

    private static void multi(Call call) {
        call.client().setTransaction(new QueuedCommands(call.client().lane().spareArrays));
        call.reply().ok();
    }

    private static void discard(Call call) {
        QueuedCommands transaction = call.client().transaction();
        if (transaction == null) {
            throw new CommandException("ERR DISCARD without MULTI");
        }
        call.engine().endTransaction(call.client());
        transaction.release();
        call.reply().ok();
    }

    private static void exec(Call call) {
        Transactions.execute(call);
    }

    private static void watch(Call call) {
        Transactions.watch(call);
        call.reply().ok();
    }

    private static void unwatch(Call call) {
        call.engine().observers().unwatch(call.client());
        call.reply().ok();
    }
}
