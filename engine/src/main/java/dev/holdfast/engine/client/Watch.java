package dev.holdfast.engine.client;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.DatabaseKey;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** The keys that one client watches, and whether any has changed since. */
public final class Watch {
    /**
     * A watched key. Its state is guarded by the lock of the key's shard.
     *
     * <p>One whose time was over when it was watched, but which had not been removed yet, does not count as changed by its
     * removal: for everybody it was gone before.
     */
    public static final class Key {
        private final Watch watch;
        private final int database;
        private final Slice key;
        private boolean wasExpired;

        private Key(Watch watch, int database, Slice key, boolean wasExpired) {
            this.watch = watch;
            this.database = database;
            this.key = key;
            this.wasExpired = wasExpired;
        }

        public int database() {
            return database;
        }

        public Slice key() {
            return key;
        }

        public boolean wasExpired() {
            return wasExpired;
        }

        /** The key has changed; {@code exists} says whether it is there now. */
        public void changed(boolean exists) {
            if (wasExpired && !exists) {
                wasExpired = false;
            } else {
                watch.touched = true;
            }
        }

        /**
         * The database loses its keys and may get others.
         *
         * @param existed whether the key was there
         * @param exists whether the key is there then
         * @param expired whether its time is over then
         */
        public void replaced(boolean existed, boolean exists, boolean expired) {
            if (wasExpired && !exists) {
                wasExpired = false;
            } else if (!wasExpired && !existed && expired) {
                wasExpired = true;
            } else if ((existed || exists) && !(wasExpired && expired)) {
                watch.touched = true;
            }
        }
    }

    /** What a watched key takes beside its name. */
    private static final int KEY_BYTES = 200;

    private final Map<DatabaseKey, Key> keys = new LinkedHashMap<>();
    private volatile boolean touched;

    /** What watching a key takes. */
    public static long bytes(Slice key) {
        return (long) key.length() + KEY_BYTES;
    }

    /** What all keys take. */
    public long bytes() {
        long sum = 0;
        for (Key key : keys.values()) {
            sum += bytes(key.key);
        }
        return sum;
    }

    /** Adds a key, with bytes of its own. */
    public Key add(int database, Slice key, boolean wasExpired) {
        Key added = new Key(this, database, key, wasExpired);
        keys.put(new DatabaseKey(database, key), added);
        return added;
    }

    public Collection<Key> keys() {
        return keys.values();
    }

    public int size() {
        return keys.size();
    }

    public boolean contains(int database, Slice key) {
        return keys.containsKey(new DatabaseKey(database, key));
    }

    public boolean isTouched() {
        return touched;
    }
}
