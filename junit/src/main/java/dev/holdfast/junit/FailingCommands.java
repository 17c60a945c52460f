package dev.holdfast.junit;

import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.CommandTable;
import dev.holdfast.engine.core.Persistence;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Errors that commands get on demand. To the engine it is the state of files that do not exist, for which it asks before every command. */
final class FailingCommands implements Persistence {
    private final CommandTable commands;
    private final Map<CommandSpec, String> errors = new ConcurrentHashMap<>();

    FailingCommands(CommandTable commands) {
        this.commands = commands;
    }

    void put(String command, String error) {
        CommandSpec spec = commands.find(command);
        if (spec == null) {
            throw new IllegalArgumentException("there is no command " + command);
        }
        if (error.isBlank() || error.contains("\n") || error.contains("\r")) {
            throw new IllegalArgumentException("an error is one line, such as LOADING the data");
        }
        errors.put(spec, error);
    }

    void clear() {
        errors.clear();
    }

    @Override
    public boolean isRestricting() {
        return !errors.isEmpty();
    }

    @Override
    public @Nullable String refusal(CommandSpec spec, boolean writes) {
        return errors.get(spec);
    }
}
