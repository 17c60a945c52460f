package dev.holdfast.engine.execution;

import dev.holdfast.engine.base.Slice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who wants to know when keys of one shard change: clients that watch them, and blocked clients in order of arrival. Guarded
 * by the shard's lock.
 */
final class Interest {
    /** A key of a database, with bytes of its own. */
    record DatabaseKey(int database, Slice key) {}

    private final Map<Slice, List<Client>>[] watchers;
    private final Map<Slice, List<Waiter>>[] waiters;
    private int count;

    Interest(int databases) {
        watchers = maps(databases);
        waiters = maps(databases);
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of maps has no other creation
    private static <V> Map<Slice, V>[] maps(int databases) {
        Map<Slice, V>[] maps = new Map[databases];
        for (int i = 0; i < databases; i++) {
            maps[i] = new HashMap<>(0);
        }
        return maps;
    }

    /** Whether anyone wants to know of anything here. */
    boolean isEmpty() {
        return count == 0;
    }

    void watch(int database, Slice key, Client client) {
        watchers[database].computeIfAbsent(key, k -> new ArrayList<>()).add(client);
        count++;
    }

    void unwatch(int database, Slice key, Client client) {
        if (remove(watchers[database], key, client)) {
            count--;
        }
    }

    void await(int database, Slice key, Waiter waiter) {
        waiters[database].computeIfAbsent(key, k -> new ArrayList<>()).add(waiter);
        count++;
    }

    void stopAwaiting(int database, Slice key, Waiter waiter) {
        if (remove(waiters[database], key, waiter)) {
            count--;
        }
    }

    private static <V> boolean remove(Map<Slice, List<V>> map, Slice key, V value) {
        List<V> values = map.get(key);
        if (values == null || !values.remove(value)) {
            return false;
        }
        if (values.isEmpty()) {
            map.remove(key);
        }
        return true;
    }

    /** Tells the watchers of a key that it has changed. */
    void touch(int database, Slice key) {
        List<Client> clients = watchers[database].get(key);
        if (clients != null) {
            clients.forEach(Interest::touch);
        }
    }

    private static void touch(Client client) {
        Watch watch = client.watch();
        if (watch != null) {
            watch.touch();
        }
    }

    /** Calls {@code visitor} with each watched key of a database. */
    void forEachWatched(int database, Consumer<Slice> visitor) {
        watchers[database].keySet().forEach(visitor);
    }

    /** Calls {@code visitor} with each key of a database that somebody waits for. */
    void forEachAwaited(int database, Consumer<Slice> visitor) {
        watchedOrEmpty(waiters[database]).forEach(visitor);
    }

    private static List<Slice> watchedOrEmpty(Map<Slice, List<Waiter>> map) {
        return List.copyOf(map.keySet());
    }

    /** The waiters of a key in order of arrival, or null. */
    @Nullable
    List<Waiter> waiters(int database, Slice key) {
        return waiters[database].get(key);
    }
}
