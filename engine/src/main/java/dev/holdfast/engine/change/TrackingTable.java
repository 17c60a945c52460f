package dev.holdfast.engine.change;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Invalidation;
import dev.holdfast.engine.client.Tracker;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The clients that have read keys of one shard and may have cached them. A key is here from the first such read until it changes; of
 * which database it was does not matter. Guarded by the shard's lock.
 *
 * <p>Most keys have one reader, so that stands in the map itself; several stand in a set.
 */
final class TrackingTable {
    private final Tracking tracking;

    /** A {@link Tracker}, or a set of them, for each key; the key read longest ago first. */
    private final Map<Slice, Object> readers = new LinkedHashMap<>(0);

    TrackingTable(Tracking tracking) {
        this.tracking = tracking;
    }

    int size() {
        return readers.size();
    }

    /** Notes that a client has read a key. */
    void add(Slice key, Tracker reader) {
        Object present = readers.get(key);
        if (present == null) {
            readers.put(new Slice(key.toBytes()), reader);
            tracking.counted(1, 1);
        } else if (present instanceof Tracker other) {
            if (other != reader) {
                Set<Tracker> set = new HashSet<>();
                set.add(other);
                set.add(reader);
                readers.put(key, set);
                tracking.counted(0, 1);
            }
        } else if (set(present).add(reader)) {
            tracking.counted(0, 1);
        }
    }

    /** Forgets the readers of a key and tells them that it has changed; see {@link Tracker#wants}. */
    void invalidate(Slice key, @Nullable Client by) {
        Object present = readers.remove(key);
        if (present != null) {
            tell(key, present, by);
        }
    }

    /** Makes room: forgets the key read longest ago and tells its readers, as if it had changed. */
    void evict() {
        Iterator<Map.Entry<Slice, Object>> eldest = readers.entrySet().iterator();
        if (eldest.hasNext()) {
            Map.Entry<Slice, Object> entry = eldest.next();
            eldest.remove();
            tell(entry.getKey(), entry.getValue(), null);
        }
    }

    private void tell(Slice key, Object present, @Nullable Client by) {
        Set<Tracker> all = present instanceof Tracker reader ? Set.of(reader) : set(present);
        tracking.counted(-1, -all.size());
        Invalidation invalidation = new Invalidation(List.of(key));
        for (Tracker reader : all) {
            if (reader.wants(by)) {
                tracking.send(reader, invalidation);
            }
        }
    }

    @SuppressWarnings("unchecked") // what is no Tracker is a set of them
    private static Set<Tracker> set(Object present) {
        return (Set<Tracker>) present;
    }

    /** Forgets everything; the clients have learnt of it otherwise. */
    void clear() {
        for (Object present : readers.values()) {
            tracking.counted(-1, present instanceof Tracker ? -1 : -set(present).size());
        }
        readers.clear();
    }
}
