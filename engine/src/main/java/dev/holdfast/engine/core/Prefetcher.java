package dev.holdfast.engine.core;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.metrics.ThreadStatistics;
import dev.holdfast.engine.protocol.Args;
import java.util.Arrays;

/**
 * Reads what several commands will read first, so that they find it in the processor's cache. The reads do not depend on
 * each other and so wait for memory together, where the commands would wait one after the other. Takes no lock and
 * changes nothing: whatever it sees of tables that others change meanwhile, it only looks at.
 */
public final class Prefetcher {
    private final Keyspace keyspace;

    Prefetcher(Keyspace keyspace) {
        this.keyspace = keyspace;
    }

    /** Looks at the places that the first commands of a batch of {@code count} will need. */
    public void look(Client client, Args[] batch, int count) {
        int database = client.database();
        ThreadStatistics lane = client.lane();
        int most = Math.min(count, ThreadStatistics.MOST_PREFETCHED);
        int seen = 0;
        for (int i = 0; i < most; i++) {
            Args args = batch[i];
            if (args.count() > 1) {
                seen += keyspace.prefetchPlace(database, args.get(1));
            }
        }
        boolean any = false;
        for (int i = 0; i < most; i++) {
            Args args = batch[i];
            Object item = args.count() > 1 ? keyspace.probableItem(database, args.get(1)) : null;
            seen += Keyspace.firstBytes(item);
            Entry collection = args.count() > 2 && item instanceof Entry entry ? entry : null;
            lane.collections[i] = collection;
            any |= collection != null;
        }
        if (any) {
            seen += prefetchMembers(lane, batch, most);
        }
        lane.seen = seen;
    }

    /** The same for the members that the commands of a batch are about. */
    private static int prefetchMembers(ThreadStatistics lane, Args[] batch, int count) {
        int seen = 0;
        for (int i = 0; i < count; i++) {
            Entry collection = lane.collections[i];
            seen += collection == null ? 0 : collection.prefetchPlace(member(collection, batch[i]));
        }
        for (int i = 0; i < count; i++) {
            Entry collection = lane.collections[i];
            seen += collection == null ? 0 : collection.prefetchMember(member(collection, batch[i]));
        }
        Arrays.fill(lane.collections, 0, count, null);
        return seen;
    }

    /** The first member that a command names: behind the key or, with a sorted set's score, one further. */
    private static Slice member(Entry collection, Args args) {
        return args.get(args.count() > 3 && collection.type() == ValueType.ZSET ? 3 : 2);
    }
}
