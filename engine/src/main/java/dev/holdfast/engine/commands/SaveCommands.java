package dev.holdfast.engine.commands;

import static dev.holdfast.engine.execution.CommandFlag.ADMIN;
import static dev.holdfast.engine.execution.CommandFlag.FAST;
import static dev.holdfast.engine.execution.CommandFlag.LOADING;
import static dev.holdfast.engine.execution.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.execution.CommandFlag.NO_ASYNC_LOADING;
import static dev.holdfast.engine.execution.CommandFlag.NO_MULTI;
import static dev.holdfast.engine.execution.CommandFlag.STALE;
import static dev.holdfast.engine.execution.CommandFlag.VISITS_SHARDS;
import static dev.holdfast.engine.execution.CommandGroup.SERVER;
import static dev.holdfast.engine.execution.CommandSpec.command;

import dev.holdfast.engine.execution.Call;
import dev.holdfast.engine.execution.CommandException;
import dev.holdfast.engine.execution.CommandSpec;
import dev.holdfast.engine.persistence.FilePersistence;
import dev.holdfast.engine.persistence.RdbSaves;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commands that write snapshots. */
public final class SaveCommands {
    private static final Logger LOG = LoggerFactory.getLogger(SaveCommands.class);

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

    private static void lastSave(Call call) {
        long seconds = call.engine().persistence() instanceof FilePersistence persistence
                ? persistence.saves().lastSaveSeconds()
                : call.engine().startMillis() / 1000;
        call.reply().integer(seconds);
    }
}
