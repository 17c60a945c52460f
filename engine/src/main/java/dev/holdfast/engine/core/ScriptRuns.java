package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.client.Clients;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The scripts that run at the moment, so far as they concern others: those that are busy, and the one that can be ended. */
public final class ScriptRuns {
    private final Clients clients;
    private final List<ScriptRun> busy = new CopyOnWriteArrayList<>();

    /** One for all commands: a thread that waits for a lock lets it escape, so each would allocate its own. */
    private final BooleanSupplier anyBusy = this::isAnyBusy;

    ScriptRuns(Clients clients) {
        this.clients = clients;
    }

    void add(ScriptRun run) {
        busy.add(run);
    }

    void remove(ScriptRun run) {
        busy.remove(run);
    }

    /** Whether a script has run for so long that others get BUSY instead of being kept waiting. */
    boolean isAnyBusy() {
        return !busy.isEmpty();
    }

    /** Asks {@link #isAnyBusy}. */
    BooleanSupplier anyBusy() {
        return anyBusy;
    }

    /** One of the busy scripts, or null. */
    public @Nullable ScriptRun busy() {
        // Only after a first look, and one more: it may be over by then.
        return isAnyBusy() ? busy.stream().findFirst().orElse(null) : null;
    }

    /** What a client gets that finds a script busy. */
    CommandException busyError() {
        ScriptRun run = busy();
        return run == null ? new CommandException("BUSY Valkey is busy running a script.") : run.busyError();
    }

    /** The script that SCRIPT KILL would end: one that keeps others waiting before one that has just begun. Null for none. */
    public @Nullable ScriptRun toKill() {
        ScriptRun run = busy();
        return run != null
                ? run
                : clients.stream()
                        .map(client -> Engine.callOf(client).script())
                        .filter(Objects::nonNull)
                        .findAny()
                        .orElse(null);
    }
}
