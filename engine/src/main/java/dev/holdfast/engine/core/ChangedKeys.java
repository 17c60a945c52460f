package dev.holdfast.engine.core;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.change.ShardObservers;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.keyspace.DatabaseKey;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The keys that a client's command has changed, for those who observe them. Watchers and caches learn of a change at once, while its
 * shard is locked; commands that wait are served, and prefixes are broadcast, when the command or its transaction has ended.
 */
final class ChangedKeys {
    private final Engine engine;
    private final Client client;

    /** Those that a blocked client waits for. */
    private final List<DatabaseKey> awaited = new ArrayList<>();

    /** Those for clients that track by prefix. */
    private @Nullable SortedSet<Slice> broadcast;

    ChangedKeys(Engine engine, Client client) {
        this.engine = engine;
        this.client = client;
    }

    /** Tells those who watch a key, may have cached it or wait for it that it has changed. */
    void add(Slice key, int database) {
        ShardObservers observers = engine.observers().of(key);
        if (observers.isEmpty()) {
            return;
        }
        observers.touch(database, key);
        observers.invalidate(key, client);
        if (observers.broadcasts()) {
            if (broadcast == null) {
                broadcast = new TreeSet<>();
            }
            broadcast.add(new Slice(key.toBytes()));
        }
        wake(observers, key, database);
    }

    /** Lets those who wait for a key look at it again. */
    void wake(Slice key, int database) {
        ShardObservers observers = engine.observers().of(key);
        if (!observers.isEmpty()) {
            wake(observers, key, database);
        }
    }

    private void wake(ShardObservers observers, Slice key, int database) {
        if (observers.waiters(database, key) != null) {
            awaited.add(new DatabaseKey(database, new Slice(key.toBytes())));
        }
    }

    /** Lets all who wait for any key of a database look at it again. */
    void wakeAll(int database) {
        engine.observers().forEachAwaited(database, key -> awaited.add(new DatabaseKey(database, key)));
    }

    /** The keys whose waiters are to be served. They are handed over: the next command begins without. */
    List<DatabaseKey> takeAwaited() {
        if (awaited.isEmpty()) {
            return List.of();
        }
        List<DatabaseKey> taken = List.copyOf(awaited);
        awaited.clear();
        return taken;
    }

    void broadcast() {
        if (broadcast != null) {
            engine.tracking().broadcast(broadcast, client);
            broadcast = null;
        }
    }
}
