package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.DatabaseKey;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys that a file had and that were not loaded, since their time was over. Replicas that have them are to be told; where these are
 * more than a replica could be told without everything being sent anew, it is enough to know that.
 */
public final class ExpiredKeys {
    /** What it takes to tell of one, beside its name. */
    private static final int COMMAND_BYTES = 24;

    private final long mostBytes;
    private final List<DatabaseKey> keys = new ArrayList<>();
    private long bytes;

    /** @param mostBytes how long the commands that remove them may be */
    public ExpiredKeys(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    synchronized void add(int database, Slice key) {
        bytes += COMMAND_BYTES + key.length();
        if (bytes <= mostBytes) {
            keys.add(new DatabaseKey(database, new Slice(key.toBytes())));
        } else {
            keys.clear();
        }
    }

    /** Whether there are so many that they are not named. */
    public synchronized boolean areTooMany() {
        return bytes > mostBytes;
    }

    public synchronized List<DatabaseKey> keys() {
        return List.copyOf(keys);
    }
}
