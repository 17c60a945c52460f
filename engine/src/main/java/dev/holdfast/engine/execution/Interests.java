package dev.holdfast.engine.execution;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.Keyspace;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/** Who wants to know when keys change: an {@link Interest} for each shard. */
public final class Interests {
    private final Keyspace keyspace;
    private final Tracking tracking;
    private final Interest[] interests;

    Interests(Keyspace keyspace, Tracking tracking) {
        this.keyspace = keyspace;
        this.tracking = tracking;
        this.interests = new Interest[keyspace.shardCount()];
        for (int i = 0; i < interests.length; i++) {
            interests[i] = new Interest(keyspace.shard(i), keyspace.databases(), tracking);
        }
    }

    /** The interest in the keys of a key's shard. */
    Interest of(Slice key) {
        return interests[keyspace.shardOf(key).number()];
    }

    /**
     * Tells those who watch a key and those who may have cached it that it has changed, without a client's doing. Its shard is
     * locked.
     */
    void touched(Slice key, int database) {
        Interest interest = of(key);
        if (!interest.isEmpty()) {
            interest.touch(database, key);
            interest.invalidate(key, null);
            if (interest.broadcasts()) {
                tracking.broadcast(List.of(key), null);
            }
        }
    }

    /** Calls {@code visitor} with the interest in each shard's keys, whose lock is held meanwhile. */
    void forEach(Consumer<Interest> visitor) {
        for (int i = 0; i < interests.length; i++) {
            keyspace.lock(1L << i);
            try {
                visitor.accept(interests[i]);
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
        for (Interest interest : interests) {
            interest.touchReplaced(database, replacement, now);
        }
    }

    /** How many keys are watched. */
    public int watchedKeys() {
        return countInterests(Interest::watchedKeys);
    }

    /** How many keys somebody waits for. */
    public int awaitedKeys() {
        return countInterests(Interest::awaitedKeys);
    }

    /** How many keys somebody waits for who wants to know when they go. */
    public int keysAwaitedForLoss() {
        return countInterests(Interest::keysAwaitedForLoss);
    }

    private int countInterests(ToIntFunction<Interest> count) {
        int[] sum = new int[1];
        forEach(interest -> sum[0] += count.applyAsInt(interest));
        return sum[0];
    }

    void forEachAwaited(int database, Consumer<Slice> visitor) {
        for (Interest interest : interests) {
            interest.forEachAwaited(database, visitor);
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
