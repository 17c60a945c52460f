package dev.holdfast.engine.execution;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Shard;
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

    private final Shard shard;
    private final Map<Slice, List<Watch.Key>>[] watchers;
    private final Map<Slice, List<Waiter>>[] waiters;
    private int count;

    Interest(Shard shard, int databases) {
        this.shard = shard;
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

    void watch(Watch.Key watched) {
        watchers[watched.database()]
                .computeIfAbsent(watched.key(), k -> new ArrayList<>())
                .add(watched);
        count++;
    }

    void unwatch(Watch.Key watched) {
        if (remove(watchers[watched.database()], watched.key(), watched)) {
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
        List<Watch.Key> watched = watchers[database].get(key);
        if (watched != null) {
            for (Watch.Key each : watched) {
                each.changed(!each.wasExpired() || item(database, key) != null);
            }
        }
    }

    /**
     * Tells the watchers of a database's keys that it is about to lose them all.
     *
     * @param replacement the database whose keys will take their place, or -1 for none
     */
    void touchReplaced(int database, int replacement, long now) {
        watchers[database].forEach((key, watched) -> {
            boolean existed = item(database, key) != null;
            Object item = replacement < 0 ? null : item(replacement, key);
            boolean expired = item != null && KeyRecord.isExpired(KeyTable.record(item), now);
            for (Watch.Key each : watched) {
                each.replaced(existed, item != null, expired);
            }
        });
    }

    private @Nullable Object item(int database, Slice key) {
        KeyTable table = shard.existingTable(database);
        return table == null ? null : table.find(key);
    }

    /** Calls {@code visitor} with each key of a database that somebody waits for. */
    void forEachAwaited(int database, Consumer<Slice> visitor) {
        waiters[database].keySet().forEach(visitor);
    }

    int watchedKeys() {
        return sizes(watchers);
    }

    int awaitedKeys() {
        return sizes(waiters);
    }

    /** How many keys have a waiter that wants to know when they go. */
    int keysAwaitedForLoss() {
        int keys = 0;
        for (Map<Slice, List<Waiter>> map : waiters) {
            for (List<Waiter> list : map.values()) {
                keys += list.stream().anyMatch(waiter -> waiter.wakesOnLoss) ? 1 : 0;
            }
        }
        return keys;
    }

    private static <V> int sizes(Map<Slice, V>[] maps) {
        int size = 0;
        for (Map<Slice, V> map : maps) {
            size += map.size();
        }
        return size;
    }

    /** The waiters of a key in order of arrival, or null. */
    @Nullable
    List<Waiter> waiters(int database, Slice key) {
        return waiters[database].get(key);
    }
}
