package dev.holdfast.engine.change;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Watch;
import dev.holdfast.engine.keyspace.Keyspace;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/** Those that observe keys: an {@link ShardObservers} for each shard. */
public final class KeyObservers {
    private final Keyspace keyspace;
    private final Tracking tracking;
    private final ShardObservers[] observers;

    KeyObservers(Keyspace keyspace, Tracking tracking) {
        this.keyspace = keyspace;
        this.tracking = tracking;
        this.observers = new ShardObservers[keyspace.shardCount()];
        for (int i = 0; i < observers.length; i++) {
            observers[i] = new ShardObservers(keyspace.shard(i), keyspace.databases(), tracking);
        }
    }

    /** Those that observe the keys of a key's shard. */
    public ShardObservers of(Slice key) {
        return observers[keyspace.shardOf(key).number()];
    }

    /**
     * Tells those who watch a key and those who may have cached it that it has changed, without a client's doing. Its shard is
     * locked.
     */
    public void touched(Slice key, int database) {
        ShardObservers each = of(key);
        if (!each.isEmpty()) {
            each.touch(database, key);
            each.invalidate(key, null);
            if (each.broadcasts()) {
                tracking.broadcast(List.of(key), null);
            }
        }
    }

    /** Calls {@code visitor} with the observers of each shard, whose lock is held meanwhile. */
    void forEach(Consumer<ShardObservers> visitor) {
        for (int i = 0; i < observers.length; i++) {
            keyspace.lock(1L << i);
            try {
                visitor.accept(observers[i]);
            } finally {
                keyspace.unlock(1L << i);
            }
        }
    }

    /**
     * Tells those who watch keys of a database that it is about to lose them all. All shards are locked.
     *
     * @param replacement the database whose keys will take their place, or -1 for none
     */
    public void touchReplaced(int database, int replacement, long now) {
        for (ShardObservers each : observers) {
            each.touchReplaced(database, replacement, now);
        }
    }

    /** How many keys are watched. */
    public int watchedKeys() {
        return countInterests(ShardObservers::watchedKeys);
    }

    /** How many keys are waited for. */
    public int awaitedKeys() {
        return countInterests(ShardObservers::awaitedKeys);
    }

    /** How many keys are waited for by commands that also run again when a key goes. */
    public int keysAwaitedForLoss() {
        return countInterests(ShardObservers::keysAwaitedForLoss);
    }

    private int countInterests(ToIntFunction<ShardObservers> count) {
        int[] sum = new int[1];
        forEach(each -> sum[0] += count.applyAsInt(each));
        return sum[0];
    }

    public void forEachAwaited(int database, Consumer<Slice> visitor) {
        for (ShardObservers each : observers) {
            each.forEachAwaited(database, visitor);
        }
    }

    /** Ends a client's watching. */
    public void unwatch(Client client) {
        Watch watch = client.watch();
        if (watch == null) {
            return;
        }
        for (Watch.Key key : watch.keys()) {
            long mask = keyspace.maskOf(key.key());
            keyspace.lock(mask);
            of(key.key()).unwatch(key);
            keyspace.unlock(mask);
        }
        client.setWatch(null);
        client.give(watch.bytes());
    }
}
