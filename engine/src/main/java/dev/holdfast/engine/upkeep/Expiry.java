package dev.holdfast.engine.upkeep;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.change.KeyspaceEvents;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.Shard;
import dev.holdfast.engine.metrics.Latency;
import dev.holdfast.engine.metrics.Statistics;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Removes what has expired: lazily, when a command finds it, and actively, because most of it is never asked for again.
 *
 * <h2>The active cycle</h2>
 *
 * The timer runs one cycle after the other. A cycle makes a pass over each database: it visits, in every shard, the next
 * few hundred slots of the table, and removes what has expired there. In the table one bit beside each slot says whether its
 * item can expire, so keys that cannot are passed over without a look at them, and a table without expiring keys costs
 * nothing. Where a pass finds much that has expired, more than a tenth of what it looked at, there is another one at once;
 * so the share of dead keys stays small, while a keyspace whose keys expire late costs next to nothing.
 *
 * <p>A cycle ends when its share of the timer's period is used up; the next one goes on from there, in the shard and, so
 * that none is left out for ever, in the database after it. A shard's lock is held for one small step at a time.
 *
 * <p>Fields of hashes expire in the same passes, so many at a time; a hash that has not been seen to its end is visited again.
 */
public final class Expiry {
    /** What becomes of a key whose time is over when a command comes upon it. */
    public enum Policy {
        /** It is removed, and that is reported. */
        REMOVE,
        /** The command does not see it, but it stays: removing it is a write, and nothing may be written now. */
        HIDE,
        /** It counts as alive. */
        IGNORE
    }

    private static final int SLOTS_AT_A_TIME = 256;
    private static final int FIELDS_AT_A_TIME = 512;
    private static final int FIELDS_PER_SWEEP = 4096;
    private static final int DATABASES_PER_CYCLE = 16;

    private final Config config;
    private final Clock clock;
    private final Keyspace keyspace;
    private final Statistics statistics;
    private final Latency latency;
    private final KeyspaceEvents events;
    private final Removals removals;
    private final BooleanSupplier paused;
    private final BooleanSupplier following;
    private final List<Object> found = new ArrayList<>();
    private final Slice key = new Slice();

    /** The names of fields that have gone, gathered for the log of changes. */
    private final List<byte[]> lostFields = new ArrayList<>();

    /** Where the sweep of each shard goes on, by database and shard; null for a database that was never swept. */
    private final long[][] cursors;

    private final long[] averageTtls;

    private volatile boolean active = true;
    private boolean capped;
    private int nextDatabase;
    private int nextShard;

    // What the present pass has seen.
    private long sampledKeys;
    private long expiredKeys;
    private long sampledHashes;
    private long expiredHashes;
    private long ttlSum;
    private long ttlSamples;
    private boolean unfinished;

    /**
     * @param paused whether nothing may be written now
     * @param following whether the store is a replica, whose primary says what expires
     */
    public Expiry(
            Config config,
            Clock clock,
            Keyspace keyspace,
            Statistics statistics,
            Latency latency,
            KeyspaceEvents events,
            Removals removals,
            BooleanSupplier paused,
            BooleanSupplier following) {
        this.config = config;
        this.clock = clock;
        this.keyspace = keyspace;
        this.statistics = statistics;
        this.latency = latency;
        this.events = events;
        this.removals = removals;
        this.paused = paused;
        this.following = following;
        this.cursors = new long[keyspace.databases()][];
        this.averageTtls = new long[keyspace.databases()];
    }

    /** Switches the active cycle on or off, for tests. */
    public void setActive(boolean active) {
        this.active = active;
    }

    /** An estimate of how long the expiring keys of a database have still to live, in milliseconds. */
    public long averageTtl(int database) {
        return averageTtls[database];
    }

    // ---- lazily ----

    /**
     * What to do with a key whose time is over.
     *
     * <p>While data is imported from elsewhere, the source says what expires: its own connection sees everything, and others
     * do not remove what they find. The same holds of a replica, whose primary is the source; a writable one removes what its own clients
     * write over.
     */
    public Policy policy(Client client, CommandSpec command) {
        if (client.isReplaying()) {
            return Policy.IGNORE;
        }
        if (following.getAsBoolean()) {
            boolean own = command.is(CommandFlag.WRITE) && !config.replication.readOnly.get();
            return own ? Policy.REMOVE : Policy.HIDE;
        }
        if (config.importMode.get()) {
            if (client.isImportSource()) {
                return Policy.IGNORE;
            }
            if (!command.is(CommandFlag.WRITE)) {
                return Policy.HIDE;
            }
        }
        return paused.getAsBoolean() && !command.is(CommandFlag.WRITE) ? Policy.HIDE : Policy.REMOVE;
    }

    /** The command that repeats the removal of an expired key. */
    public String removalWord() {
        return config.lazyfreeLazyExpire.get() ? "UNLINK" : "DEL";
    }

    /** Removes the key that {@code table} has just found and that has expired. The rest of the change is the caller's to report. */
    public void remove(KeyTable table, Slice key, int database) {
        table.remove();
        statistics.expiredKeys.increment();
        events.event(Event.EXPIRED, database, key);
    }

    // ---- actively ----

    /**
     * Removes a key that clients of this replica have written, if its time is over.
     *
     * @return whether its time is still to come
     */
    boolean expireOwn(int database, Slice own) {
        if (!active || paused.getAsBoolean()) {
            return true;
        }
        Shard shard = keyspace.shardOf(own);
        shard.lock();
        try {
            KeyTable table = shard.table(database);
            Object item = table.find(own);
            if (item == null) {
                return false;
            }
            byte[] record = KeyTable.record(item);
            if (!KeyRecord.isExpired(record, clock.millis())) {
                return KeyRecord.hasExpiry(record);
            }
            remove(table, own, database);
            removals.removed(removalWord(), database, own);
        } finally {
            shard.unlock();
        }
        removals.serve(removals.takeLost());
        return false;
    }

    /** One cycle of the timer's. */
    public void cycle() {
        if (active && !config.importMode.get() && !paused.getAsBoolean()) {
            double share = 0.25 + 0.02 * (effort() - 1);
            run((long) (share * 1e9 / config.hz.get()));
        }
    }

    private int effort() {
        return config.activeExpireEffort.getInt();
    }

    /**
     * Runs one active cycle, whether or not the timer may.
     *
     * @param budgetNanos how long it may take
     */
    public synchronized void run(long budgetNanos) {
        long start = clock.nanos();
        long end = start + budgetNanos;
        int databases = keyspace.databases();
        int wanted = capped ? databases : Math.min(DATABASES_PER_CYCLE, databases);
        long allSampledKeys = 0;
        long allExpiredKeys = 0;
        long allSampledHashes = 0;
        long allExpiredHashes = 0;
        capped = false;
        for (int i = 0; i < databases && wanted > 0 && !capped; i++) {
            int database = nextDatabase;
            nextDatabase = (nextDatabase + 1) % databases;
            boolean again = true;
            boolean visited = false;
            while (again && !capped) {
                capped = pass(database, end);
                visited |= sampledKeys + sampledHashes > 0;
                allSampledKeys += sampledKeys;
                allExpiredKeys += expiredKeys;
                allSampledHashes += sampledHashes;
                allExpiredHashes += expiredHashes;
                again = unfinished || isStale(expiredKeys, sampledKeys) || isStale(expiredHashes, sampledHashes);
            }
            wanted -= visited ? 1 : 0;
        }
        if (capped) {
            statistics.expiryTimeCaps.increment();
        }
        statistics.expiryNanos.add(clock.nanos() - start);
        latency.noteSince("expire-cycle", start);
        statistics.staleKeys = average(statistics.staleKeys, allExpiredKeys, allSampledKeys);
        statistics.staleHashes = average(statistics.staleHashes, allExpiredHashes, allSampledHashes);
    }

    private boolean isStale(long expired, long sampled) {
        return expired * 100 > sampled * (11 - effort());
    }

    private static double average(double before, long expired, long sampled) {
        double share = sampled == 0 ? 0 : (double) expired / sampled;
        return before * 0.95 + share * 0.05;
    }

    /** Sweeps a part of each shard's table of a database. Returns whether the time was over before the end. */
    private boolean pass(int database, long end) {
        sampledKeys = 0;
        expiredKeys = 0;
        sampledHashes = 0;
        expiredHashes = 0;
        ttlSum = 0;
        ttlSamples = 0;
        unfinished = false;
        boolean timeOver = false;
        for (int i = 0; i < keyspace.shardCount() && !timeOver; i++) {
            Shard shard = keyspace.shard(nextShard);
            nextShard = (nextShard + 1) % keyspace.shardCount();
            KeyTable table = shard.existingTable(database);
            if (table != null && table.volatileCount() > 0) {
                sweep(shard, database);
                timeOver = clock.nanos() - end > 0;
            }
        }
        if (ttlSamples > 0) {
            long ttl = ttlSum / ttlSamples;
            long before = averageTtls[database];
            averageTtls[database] = before == 0 ? ttl : before + (ttl - before) / 50;
        } else if (sampledKeys == 0) {
            averageTtls[database] = 0;
        }
        return timeOver;
    }

    private void sweep(Shard shard, int database) {
        long[] positions = cursors[database];
        if (positions == null) {
            positions = new long[keyspace.shardCount()];
            cursors[database] = positions;
        }
        shard.lock();
        try {
            if (paused.getAsBoolean()) {
                return;
            }
            KeyTable table = shard.table(database);
            long now = clock.millis();
            int slots = SLOTS_AT_A_TIME + SLOTS_AT_A_TIME / 4 * (effort() - 1);
            long next = table.visitVolatile(positions[shard.number()], slots, item -> sample(item, now));
            if (expireFound(table, database, now)) {
                positions[shard.number()] = next;
            } else {
                unfinished = true;
            }
        } finally {
            found.clear();
            shard.unlock();
        }
        removals.serve(removals.takeLost());
    }

    private void sample(Object item, long now) {
        byte[] record = KeyTable.record(item);
        boolean expired = KeyRecord.isExpired(record, now);
        if (KeyRecord.hasExpiry(record)) {
            sampledKeys++;
            if (!expired) {
                ttlSum += KeyRecord.expireAt(record) - now;
                ttlSamples++;
            }
        }
        boolean fields = KeyRecord.fieldsExpire(record);
        if (fields) {
            sampledHashes++;
        }
        if (expired || fields) {
            found.add(item);
        }
    }

    /** Removes what was found. Returns false if there was more than can be done at a time. */
    private boolean expireFound(KeyTable table, int database, long now) {
        int fields = FIELDS_PER_SWEEP;
        boolean all = true;
        for (Object item : found) {
            byte[] record = KeyTable.record(item);
            KeyRecord.key(record, key);
            if (KeyRecord.isExpired(record, now)) {
                table.find(key);
                remove(table, key, database);
                removals.removed(removalWord(), database, key);
                expiredKeys++;
            } else if (fields <= 0) {
                return false;
            } else if (item instanceof Entry entry) {
                boolean dropped = expireFields(table, entry, database, now);
                boolean more = entry.isExpiringInside();
                fields -= dropped || more ? FIELDS_AT_A_TIME : 0;
                all &= !more;
            }
        }
        return all;
    }

    private boolean expireFields(KeyTable table, Entry entry, int database, long now) {
        long before = table.open(entry);
        boolean told = removals.isLogged();
        lostFields.clear();
        int dropped = entry.expireInside(now, FIELDS_AT_A_TIME, field -> {
            if (told) {
                lostFields.add(field.toBytes());
            }
        });
        table.adjust(entry.sizeBytes() - before);
        if (dropped == 0) {
            return false;
        }
        expiredHashes++;
        statistics.expiredFields.add(dropped);
        events.event(Event.FIELDS_EXPIRED, database, key);
        table.find(key);
        if (!KeyRecord.fieldsExpire(entry.record())) {
            table.refresh(entry);
        }
        if (entry.isEmpty()) {
            table.remove();
            events.event(Event.DEL, database, key);
        }
        List<Object> words = new ArrayList<>(List.of("HDEL", key));
        words.addAll(lostFields);
        removals.changed(database, key, words.toArray());
        return true;
    }
}
