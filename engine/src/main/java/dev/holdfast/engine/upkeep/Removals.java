package dev.holdfast.engine.upkeep;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.change.KeyObservers;
import dev.holdfast.engine.journal.ChangeLog;
import dev.holdfast.engine.journal.ChangeUnit;
import dev.holdfast.engine.keyspace.DatabaseKey;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What follows when the store takes something away by itself: the log of changes gets the command that repeats it, watchers and
 * caches of the key are invalidated, and blocked clients look at the key once no lock is held. Guarded by its owner's lock; the key's shard
 * is locked too.
 */
public final class Removals {
    private final ChangeLog log;
    private final KeyObservers observers;
    private final Consumer<List<DatabaseKey>> blocked;
    private final ChangeUnit unit = new ChangeUnit();
    private final List<DatabaseKey> lost = new ArrayList<>();

    /**
     * @param blocked runs the commands that wait for some keys
     */
    public Removals(ChangeLog log, KeyObservers observers, Consumer<List<DatabaseKey>> blocked) {
        this.log = log;
        this.observers = observers;
        this.blocked = blocked;
    }

    /** Whether the log has readers, so that it is worth while to say what has gone. */
    boolean isLogged() {
        return log.isOn();
    }

    /**
     * A key has gone.
     *
     * @param word the command that repeats the removal, {@code DEL} or {@code UNLINK}
     */
    void removed(String word, int database, Slice key) {
        changed(database, key, word, key);
        if (observers.of(key).waiters(database, key) != null) {
            lost.add(new DatabaseKey(database, new Slice(key.toBytes())));
        }
    }

    /** Something inside a key has gone; the words are the command that repeats that. */
    void changed(int database, Slice key, Object... words) {
        if (isLogged()) {
            unit.add(database, words);
            log.append(unit, false);
            unit.clear();
        }
        observers.touched(key, database);
    }

    /** The keys that blocked clients wait for. They are handed over. */
    List<DatabaseKey> takeLost() {
        if (lost.isEmpty()) {
            return List.of();
        }
        List<DatabaseKey> taken = List.copyOf(lost);
        lost.clear();
        return taken;
    }

    /** Lets blocked clients look at keys that were taken. The caller holds no lock of the store. */
    void serve(List<DatabaseKey> taken) {
        if (!taken.isEmpty()) {
            blocked.accept(taken);
        }
    }
}
