package dev.holdfast.engine.change;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.client.BlockedCommand;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Tracker;
import dev.holdfast.engine.client.Watch;
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
 * Those that observe keys of one shard: clients that watch them, blocked clients in order of arrival, and clients that
 * may have cached them. Guarded by the shard's lock.
 */
public final class ShardObservers {
    private final Shard shard;
    private final Map<Slice, List<Watch.Key>>[] watchers;
    private final Map<Slice, List<BlockedCommand>>[] waiters;
    private final TrackingTable cached;
    private boolean broadcasts;
    private int count;

    ShardObservers(Shard shard, int databases, Tracking tracking) {
        this.shard = shard;
        cached = new TrackingTable(tracking);
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
    public boolean isEmpty() {
        return count == 0;
    }

    public void watch(Watch.Key watched) {
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

    public void await(int database, Slice key, BlockedCommand waiter) {
        waiters[database].computeIfAbsent(key, k -> new ArrayList<>()).add(waiter);
        count++;
    }

    public void stopAwaiting(int database, Slice key, BlockedCommand waiter) {
        if (remove(waiters[database], key, waiter)) {
            count--;
        }
    }

    /** Notes that a client may have cached a key. */
    void track(Slice key, Tracker reader) {
        count -= cached.size();
        cached.add(key, reader);
        count += cached.size();
    }

    /** Tells those who may have cached a key that it has been changed by a client, or by none. */
    public void invalidate(Slice key, @Nullable Client by) {
        count -= cached.size();
        cached.invalidate(key, by);
        count += cached.size();
    }

    /** Forgets who has cached the key that was read longest ago, and tells them. Returns false where there is none. */
    boolean evictCached() {
        if (cached.size() == 0) {
            return false;
        }
        cached.evict();
        count--;
        return true;
    }

    void forgetCached() {
        count -= cached.size();
        cached.clear();
    }

    /** Says whether there are clients that want to know of any key with a prefix. */
    void setBroadcasts(boolean broadcasts) {
        count += (broadcasts ? 1 : 0) - (this.broadcasts ? 1 : 0);
        this.broadcasts = broadcasts;
    }

    public boolean broadcasts() {
        return broadcasts;
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
    public void touch(int database, Slice key) {
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

    /** Calls {@code visitor} with each key of a database that a command waits for. */
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
        for (Map<Slice, List<BlockedCommand>> map : waiters) {
            for (List<BlockedCommand> list : map.values()) {
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
    public List<BlockedCommand> waiters(int database, Slice key) {
        return waiters[database].get(key);
    }
}
