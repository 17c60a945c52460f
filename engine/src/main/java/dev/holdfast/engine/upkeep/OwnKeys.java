package dev.holdfast.engine.upkeep;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.DatabaseKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Keys that clients have written to a store that follows another, as {@code replica-read-only no} lets them. The primary does not know
 * of them and will not say when they expire, so they expire here.
 */
public final class OwnKeys {
    /** More are not remembered; they expire when a client that writes comes upon them. */
    private static final int MOST = 100_000;

    private static final int MOST_PER_CYCLE = 2000;

    private final Expiry expiry;
    private final Set<DatabaseKey> keys = new LinkedHashSet<>();

    public OwnKeys(Expiry expiry) {
        this.expiry = expiry;
    }

    /** A client has written to a key; its shard is locked. */
    public synchronized void note(int database, Slice key) {
        if (keys.size() < MOST) {
            keys.add(new DatabaseKey(database, new Slice(key.toBytes())));
        }
    }

    /** One cycle of the timer's. */
    public void cycle() {
        for (DatabaseKey key : next()) {
            if (expiry.expireOwn(key.database(), key.key())) {
                synchronized (this) {
                    keys.add(key);
                }
            }
        }
    }

    /** Takes out those that are to be looked at. */
    private synchronized List<DatabaseKey> next() {
        List<DatabaseKey> some = new ArrayList<>();
        for (Iterator<DatabaseKey> all = keys.iterator(); all.hasNext() && some.size() < MOST_PER_CYCLE; ) {
            some.add(all.next());
            all.remove();
        }
        return some;
    }
}
