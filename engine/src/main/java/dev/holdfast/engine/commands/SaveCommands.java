package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.BLOCKING;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_ASYNC_LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NO_MULTI;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandFlag.VISITS_SHARDS;
import static dev.holdfast.engine.catalog.CommandGroup.GENERIC;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.persistence.AppendOnlyFile;
import dev.holdfast.engine.persistence.FilePersistence;
import dev.holdfast.engine.persistence.RdbSaves;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.replication.ReplicationNode;
import java.io.IOException;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commands that write snapshots. */
public final class SaveCommands {
    private static final Logger LOG = LoggerFactory.getLogger(SaveCommands.class);

    private static final String NO_LOCAL_FILE =
            "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";

    private SaveCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("SAVE", "", SaveCommands::save)
                    .in(SERVER)
                    .since("1.0.0")
                    .arity(1)
                    .flags(ADMIN, NOSCRIPT, NO_ASYNC_LOADING, NO_MULTI, VISITS_SHARDS)
                    .complexity("O(N) with the number of keys of all databases")
                    .summary("Saves all data, and answers when that is done"),
            command("BGSAVE", "[SCHEDULE | CANCEL]", SaveCommands::saveInBackground)
                    .in(SERVER)
                    .since("1.0.0")
                    .arity(-1)
                    .flags(ADMIN, NOSCRIPT, NO_ASYNC_LOADING)
                    .complexity("O(1)")
                    .summary("Saves all data in the background"),
            command("BGREWRITEAOF", "", SaveCommands::rewriteAppendOnly)
                    .in(SERVER)
                    .since("1.0.0")
                    .arity(1)
                    .flags(ADMIN, NOSCRIPT, NO_ASYNC_LOADING)
                    .complexity("O(1)")
                    .summary("Writes the append-only file anew in the background"),
            command("WAITAOF", "numlocal numreplicas timeout", SaveCommands::awaitAppendOnly)
                    .in(GENERIC)
                    .since("7.2.0")
                    .arity(4)
                    .flags(BLOCKING)
                    .aclInsteadOfGroup("connection")
                    .tips("request_policy:all_shards", "response_policy:agg_min")
                    .complexity("O(1)")
                    .summary("Waits until what this connection has written is durable in append-only files"),
            command("LASTSAVE", "", SaveCommands::lastSave)
                    .in(SERVER)
                    .since("1.0.0")
                    .arity(1)
                    .flags(LOADING, STALE, FAST)
                    .acl("admin", "dangerous")
                    .tips("nondeterministic_output")
                    .complexity("O(1)")
                    .summary("When the data was saved last"));

    private static void save(Call call) {
        FilePersistence persistence = FilePersistence.of(call.engine());
        RdbSaves saves = persistence.saves();
        if (saves.isSaving()) {
            throw new CommandException("ERR Background save already in progress");
        }
        persistence.checkOwnership();
        try {
            saves.save();
        } catch (IOException e) {
            LOG.debug("SAVE failed", e);
            throw new CommandException("ERR");
        }
        call.reply().ok();
    }

    private static void saveInBackground(Call call) {
        FilePersistence persistence = FilePersistence.of(call.engine());
        RdbSaves saves = persistence.saves();
        boolean schedule = call.argCount() == 2 && call.arg(1).isWord("SCHEDULE");
        if (call.argCount() == 2 && call.arg(1).isWord("CANCEL")) {
            cancel(call, saves);
            return;
        }
        if (call.argCount() > 1 && !schedule) {
            throw CommandException.syntax();
        }
        persistence.checkOwnership();
        if (call.inTransaction() && !saves.isSaving()) {
            saves.schedule();
            call.reply().simple("Background saving scheduled");
            return;
        }
        switch (saves.saveInBackground(schedule)) {
            case STARTED -> call.reply().simple("Background saving started");
            case SCHEDULED -> call.reply().simple("Background saving scheduled");
            case ALREADY_SAVING -> throw new CommandException("ERR Background save already in progress");
            case OTHER_WORK ->
                throw new CommandException("ERR Another child process is active (AOF?): can't BGSAVE right now. "
                        + "Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.");
        }
    }

    private static void cancel(Call call, RdbSaves saves) {
        switch (saves.cancel()) {
            case RUNNING -> call.reply().simple("Background saving cancelled");
            case SCHEDULED -> call.reply().simple("Scheduled background saving cancelled");
            case NOTHING ->
                throw new CommandException("ERR Background saving is currently not in progress or scheduled");
        }
    }

    private static void rewriteAppendOnly(Call call) {
        FilePersistence persistence = FilePersistence.of(call.engine());
        persistence.checkOwnership();
        switch (persistence.aof().rewrite().request(call.inTransaction())) {
            case STARTED -> call.reply().simple("Background append only file rewriting started");
            case SCHEDULED -> call.reply().simple("Background append only file rewriting scheduled");
            case UNDER_WAY ->
                throw new CommandException("ERR Background append only file rewriting already in progress");
            case FAILED ->
                throw new CommandException("ERR Can't execute an AOF background rewriting. "
                        + "Please check the server logs for more information.");
        }
    }

    private static void awaitAppendOnly(Call call) {
        long local = call.longArg(1);
        if (local < 0 || local > 1) {
            throw new CommandException("ERR value is out of range, value must between 0 and 1");
        }
        long replicas = call.positiveArg(2);
        long timeoutMillis = ReplicationCommands.timeout(call, 3);
        ReplicationNode node = ReplicationNode.of(call.engine());
        if (node.isReplica()) {
            throw new CommandException(
                    "ERR WAITAOF cannot be used with replica instances. Please also note that writes to"
                            + " replicas are just local and are not propagated.");
        }
        AppendOnlyFile aof =
                call.engine().persistence() instanceof FilePersistence persistence ? persistence.aof() : null;
        BooleanSupplier inVain = () -> local > 0 && (aof == null || !aof.isOn());
        if (inVain.getAsBoolean()) {
            throw new CommandException(NO_LOCAL_FILE);
        }
        long offset = call.client().writeOffset();
        long replicationOffset = call.client().replicationOffset();
        BooleanSupplier over = () -> inVain.getAsBoolean()
                || (local == 0 || isDurable(aof, offset))
                        && (replicas == 0 || node.replicas().countDurable(replicationOffset) >= replicas);
        Consumer<Reply> answer = reply -> {
            if (inVain.getAsBoolean()) {
                reply.error(NO_LOCAL_FILE);
                return;
            }
            reply.array(2);
            reply.integer(isDurable(aof, offset) ? 1 : 0);
            reply.integer(node.replicas().countDurable(replicationOffset));
        };
        if (over.getAsBoolean()) {
            answer.accept(call.reply());
            return;
        }
        call.blockForTime(timeoutMillis, answer);
        if (!call.inTransaction()) {
            if (aof != null) {
                aof.waits().add(call.client(), over);
            }
            node.replicas().waits().add(call.client(), over);
            node.replicas().requestAcknowledgements();
        }
    }

    private static boolean isDurable(@Nullable AppendOnlyFile aof, long offset) {
        return aof != null && aof.syncedOffset() >= offset;
    }

    private static void lastSave(Call call) {
        long seconds = call.engine().persistence() instanceof FilePersistence persistence
                ? persistence.saves().lastSaveSeconds()
                : call.engine().startMillis() / 1000;
        call.reply().integer(seconds);
    }
}
