package dev.holdfast.engine.change;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandGroup;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Clients;
import dev.holdfast.engine.client.Invalidation;
import dev.holdfast.engine.client.Tracker;
import dev.holdfast.engine.config.NumberParameter;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.RespReply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Client-side caching: tells clients that keys which they may have cached have changed.
 *
 * <p>A client gets invalidations of the keys that it has read ({@link TrackingTable}, one for each shard), or of all keys with certain
 * prefixes. What must never happen is that a client caches a value and is not told of a change that comes after it. So a read is
 * noted while the lock under which it was made is still held, and the reads without a lock ({@link CommandSpec.OptimisticRead}) are not
 * for tracking clients. A write, which needs the same lock, then either came before and is what was read, or finds the note. Its
 * message is queued at the client behind the answer, which the thread that made the read sends first.
 *
 * <p>The way back is safe too: a message about a change that the client has already seen costs it a cached value, no more.
 *
 * <p>The prefixes are changed with all shards locked, and read with any.
 */
public final class Tracking {
    /** What a client's prefix takes beside its bytes. */
    private static final int PREFIX_BYTES = 200;

    private final Keyspace keyspace;
    private final Clients allClients;
    private final NumberParameter limit;
    private final KeyObservers observers;
    private final Map<Slice, Set<Tracker>> prefixes = new TreeMap<>();
    private final AtomicInteger clients = new AtomicInteger();
    private final AtomicLong keys = new AtomicLong();
    private final AtomicLong items = new AtomicLong();
    private volatile int prefixCount;

    /**
     * @param limit of how many keys it is remembered who has read them; 0 for any number
     */
    public Tracking(Keyspace keyspace, Clients clients, NumberParameter limit) {
        this.keyspace = keyspace;
        this.allClients = clients;
        this.limit = limit;
        this.observers = new KeyObservers(keyspace, this);
        limit.onChange(this::limit);
    }

    /** Those that observe keys. */
    public KeyObservers observers() {
        return observers;
    }

    /** How many clients track keys. */
    public int clients() {
        return clients.get();
    }

    /** How many keys clients may have cached, those of broadcasts apart. */
    public long keys() {
        return keys.get();
    }

    /** The same, with a key counted for each client that may have cached it. */
    public long items() {
        return items.get();
    }

    /** How many prefixes are broadcast. */
    public int prefixes() {
        return prefixCount;
    }

    void counted(int moreKeys, int moreItems) {
        keys.addAndGet(moreKeys);
        items.addAndGet(moreItems);
    }

    // ---- beginning and ending ----

    /** Lets a client track keys. The prefixes, which only a broadcast has, come to those that it has already. */
    public void begin(Client client, Tracker.Mode mode, boolean noLoop, long redirection, List<Slice> newPrefixes) {
        Tracker tracker = client.tracker();
        if (tracker == null) {
            tracker = new Tracker(client);
            client.setTracker(tracker);
        }
        if (!tracker.isOn()) {
            clients.incrementAndGet();
        }
        if (mode != Tracker.Mode.BROADCAST) {
            tracker.begin(mode, noLoop, redirection);
            return;
        }
        keyspace.lock(keyspace.allShards());
        try {
            tracker.begin(mode, noLoop, redirection);
            for (Slice prefix : newPrefixes.isEmpty() ? List.of(new Slice()) : newPrefixes) {
                client.take(prefix.length() + PREFIX_BYTES);
                tracker.prefixes().add(prefix);
                prefixes.computeIfAbsent(prefix, p -> new HashSet<>()).add(tracker);
            }
            prefixesChanged();
        } finally {
            keyspace.unlock(keyspace.allShards());
        }
    }

    /** Ends a client's tracking. Keys that it has read stay noted until they change, but without invalidations. */
    public void end(Client client) {
        Tracker tracker = client.tracker();
        if (tracker == null || !tracker.isOn()) {
            return;
        }
        clients.decrementAndGet();
        if (!tracker.isBroadcast()) {
            tracker.end();
            return;
        }
        keyspace.lock(keyspace.allShards());
        try {
            for (Slice prefix : tracker.prefixes()) {
                client.give(prefix.length() + PREFIX_BYTES);
                prefixes.computeIfPresent(prefix, (p, trackers) -> {
                    trackers.remove(tracker);
                    return trackers.isEmpty() ? null : trackers;
                });
            }
            tracker.end();
            prefixesChanged();
        } finally {
            keyspace.unlock(keyspace.allShards());
        }
    }

    private void prefixesChanged() {
        prefixCount = prefixes.size();
        observers.forEach(interest -> interest.setBroadcasts(!prefixes.isEmpty()));
    }

    /** Ends the tracking of a client that has gone. */
    public void forget(Client client) {
        Tracker tracker = client.tracker();
        if (tracker != null) {
            end(client);
            tracker.clientHasGone();
        }
    }

    // ---- reading ----

    /** Notes the keys that a command has read. Their shards are locked. */
    public void remember(Tracker tracker, CommandSpec spec, Args args) {
        boolean reads =
                spec.is(CommandFlag.READONLY) && !spec.is(CommandFlag.PUBSUB) && spec.group() != CommandGroup.SCRIPTING;
        if (!reads || !tracker.wantsKeys()) {
            return;
        }
        for (int index : spec.keysOf(args)) {
            Slice key = args.get(index);
            ShardObservers interest = observers.of(key);
            interest.track(key, tracker);
            limit(interest);
        }
    }

    /** Makes room in the tables if {@code tracking-table-max-keys} has been lowered. */
    public void limit() {
        if (isOverLimit()) {
            observers.forEach(this::limit);
        }
    }

    private boolean isOverLimit() {
        long most = limit.get();
        return most > 0 && keys.get() > most;
    }

    /** Makes room in the table of one shard, which is locked. */
    private void limit(ShardObservers interest) {
        boolean more = true;
        while (more && isOverLimit()) {
            more = interest.evictCached();
        }
    }

    // ---- telling ----

    /**
     * Tells the clients that track by prefix of changed keys.
     *
     * @param changed in order, each once
     * @param by the client that has changed them
     */
    public void broadcast(Collection<Slice> changed, @Nullable Client by) {
        prefixes.forEach((prefix, trackers) -> {
            List<Slice> matching = new ArrayList<>();
            for (Slice key : changed) {
                if (startsWith(key, prefix)) {
                    matching.add(key);
                }
            }
            if (!matching.isEmpty()) {
                Invalidation invalidation = new Invalidation(matching);
                for (Tracker tracker : trackers) {
                    if (!tracker.noLoop() || by == null || by != tracker.client()) {
                        send(tracker, invalidation);
                    }
                }
            }
        });
    }

    /** Whether a word begins with another. */
    public static boolean startsWith(Slice word, Slice prefix) {
        return word.length() >= prefix.length() && prefix.contentEquals(word.array(), word.offset(), prefix.length());
    }

    /** Tells all clients that track keys that every key may have gone. All shards are locked. */
    public void flushed() {
        observers.forEach(ShardObservers::forgetCached);
        if (clients.get() > 0) {
            Invalidation everything = new Invalidation(null);
            for (Client client : allClients) {
                Tracker tracker = client.tracker();
                if (tracker != null && tracker.isOn()) {
                    send(tracker, everything);
                }
            }
        }
    }

    /**
     * Sends a message to a client, or to the one that it has named. RESP2 knows no messages between requests and replies other than
     * a subscriber's, so a RESP2 client gets it only in another's place.
     */
    void send(Tracker tracker, Invalidation invalidation) {
        Client client = tracker.client();
        if (client == null) {
            return;
        }
        long redirection = tracker.redirection();
        Client target = redirection == 0 ? client : allClients.find(redirection);
        if (target == null || target.isClosing()) {
            tracker.markBroken();
            if (client.resp3()) {
                client.link().push(redirectionBroken(redirection));
            }
        } else if (target.resp3()) {
            target.link().push(invalidation.push());
        } else if (redirection != 0 && target.isSubscriber()) {
            target.link().push(invalidation.message());
        }
    }

    private static byte[] redirectionBroken(long redirection) {
        RespReply reply = new RespReply(64);
        reply.setResp3(true);
        reply.push(2);
        reply.bulk("tracking-redir-broken");
        reply.integer(redirection);
        return reply.toBytes();
    }
}
