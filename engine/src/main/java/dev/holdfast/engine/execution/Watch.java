package dev.holdfast.engine.execution;

import dev.holdfast.engine.base.Slice;
import java.util.ArrayList;
import java.util.List;

/** The keys that one client watches, and whether any has changed since. Others set that with the key's shard locked. */
public final class Watch {
    /** A watched key. One that had already expired, but not yet been removed, does not count as changed by its removal. */
    record Key(int database, Slice key, boolean expired) {}

    private final List<Key> keys = new ArrayList<>();
    private volatile boolean touched;

    void add(Key key) {
        keys.add(key);
    }

    List<Key> keys() {
        return keys;
    }

    public int size() {
        return keys.size();
    }

    boolean contains(int database, Slice key) {
        for (Key watched : keys) {
            if (watched.database == database && watched.key.equals(key)) {
                return true;
            }
        }
        return false;
    }

    void touch() {
        touched = true;
    }

    public boolean isTouched() {
        return touched;
    }
}
