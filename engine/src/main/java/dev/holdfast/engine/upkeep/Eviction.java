package dev.holdfast.engine.upkeep;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.change.KeyspaceEvents;
import dev.holdfast.engine.client.ClientMemory;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.keyspace.AccessClock;
import dev.holdfast.engine.keyspace.DatabaseKey;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.Shard;
import dev.holdfast.engine.metrics.Latency;
import dev.holdfast.engine.metrics.Statistics;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Makes room when more memory is used than {@code maxmemory} allows: removes keys, by {@code maxmemory-policy}.
 *
 * <h2>Which key goes</h2>
 *
 * Not the very best one, which would need all keys in order, but one of the best: as in Valkey, a few keys are drawn from
 * each database, and those that deserve it most join a pool of sixteen, whose first goes. Since the pool outlives the
 * draw, it soon holds keys that are among the worst of all. In the table keys are in the order of their hashes, so neighbours
 * are a random sample; a draw is one visit to one shard, chosen by how many keys it has. A key that has been used since it
 * joined the pool leaves it again without harm.
 *
 * <h2>When, and for how long</h2>
 *
 * A command makes room before it runs, while it holds no lock, one thread at a time. Adding up the memory of all tables takes
 * longer than most commands, so a little more than needed is freed, and the commands that follow use up that {@code allowance}
 * before the memory is added up again. A thread does not free for longer than {@code maxmemory-eviction-tenacity} allows;
 * then commands go on and the timer's thread frees the rest. Only if nothing is left that may go are commands refused.
 */
public final class Eviction {
    /** What the policies choose by. */
    private enum Choice {
        NONE,
        USAGE,
        TTL,
        RANDOM
    }

    private record Policy(Choice choice, boolean onlyVolatile, boolean byFrequency) {
        static Policy of(String name) {
            boolean onlyVolatile = name.startsWith("volatile");
            return switch (name.substring(name.indexOf('-') + 1)) {
                case "lru" -> new Policy(Choice.USAGE, onlyVolatile, false);
                case "lfu" -> new Policy(Choice.USAGE, onlyVolatile, true);
                case "ttl" -> new Policy(Choice.TTL, true, false);
                case "random" -> new Policy(Choice.RANDOM, onlyVolatile, false);
                default -> new Policy(Choice.NONE, false, false);
            };
        }
    }

    /** A key that may go soon; a higher score goes first. */
    private record Candidate(long score, int database, Slice key) {}

    private static final int POOL_SIZE = 16;

    /** How much more than needed is freed at most, and how much commands may add before the memory is looked at again. */
    private static final long MOST_ALLOWANCE = 64 * 1024;

    /** What a command may add beside its words. */
    private static final long COMMAND_BYTES = 256;

    /** What a store without keys takes: its shards, and their maps of clients that wait and watch. */
    private static final long EMPTY_STORE_BYTES = 64 * 1024;

    /** The heap counts as short when less than this part of what may be filled is left. */
    private static final int SHORT_SHARE = 3;

    private static final int KEYS_BETWEEN_CLOCK_READINGS = 16;

    private final Config config;
    private final Clock clock;
    private final Keyspace keyspace;
    private final ClientMemory clients;
    private final HeapBound heap;
    private final Statistics statistics;
    private final Latency latency;
    private final KeyspaceEvents events;
    private final Removals removals;
    private final BooleanSupplier paused;
    private final Supplier<RandomGenerator> random;
    private final Executor timer;
    private final ReentrantLock lock = new ReentrantLock();

    /** The candidates in the order of their scores, the best last. Guarded, like all below, by the lock. */
    private final List<Candidate> pool = new ArrayList<>(POOL_SIZE + 1);

    private final Slice key = new Slice();
    private int nextDatabase;

    private volatile Policy policy = Policy.of("noeviction");
    private volatile boolean heapIsShort;
    private volatile boolean full;
    private volatile boolean goingOn;
    private volatile long exceededSince;

    /** What commands may still add before the memory is looked at. Any thread writes it; a lost write moves the next look. */
    private long allowance;

    /**
     * @param paused whether nothing may be written now
     * @param timer runs what is left to free when a command has done its share
     */
    public Eviction(
            Config config,
            Clock clock,
            Keyspace keyspace,
            ClientMemory clients,
            HeapBound heap,
            Statistics statistics,
            Latency latency,
            KeyspaceEvents events,
            Removals removals,
            BooleanSupplier paused,
            Supplier<RandomGenerator> random,
            Executor timer) {
        this.config = config;
        this.clock = clock;
        this.keyspace = keyspace;
        this.clients = clients;
        this.heap = heap;
        this.statistics = statistics;
        this.latency = latency;
        this.events = events;
        this.removals = removals;
        this.paused = paused;
        this.random = random;
        this.timer = timer;
        config.memory.maxmemoryPolicy.onChange(this::configure);
        config.memory.lfuDecayTime.onChange(this::configure);
        config.memory.lfuLogFactor.onChange(this::configure);
        config.memory.maxmemory.onChange(() -> {
            allowance = 0;
            goOnLater();
        });
        configure();
    }

    private void configure() {
        lock.lock();
        try {
            policy = Policy.of(config.memory.maxmemoryPolicy.get());
            pool.clear();
        } finally {
            lock.unlock();
        }
        keyspace.clock()
                .configure(
                        policy.byFrequency, config.memory.lfuDecayTime.getInt(), config.memory.lfuLogFactor.getInt());
    }

    // ---- when ----

    /**
     * Makes room for a command if need be. No locks are held.
     *
     * @param bytes the command's words
     * @return false if more memory is used than may be and nothing is left to go
     */
    public boolean makeRoom(long bytes) {
        if (!isLimiting()) {
            return true;
        }
        long left = allowance - bytes - COMMAND_BYTES;
        allowance = left;
        if (left >= 0) {
            return true;
        }
        long room = limit() - usedBytes();
        if (room < 0 && clients.sum() > 0) {
            clients.look();
            room = limit() - usedBytes();
        }
        if (room < 0 && paused.getAsBoolean()) {
            return true;
        }
        if (room < 0) {
            room = mayEvict() ? free(limit()) : room;
        }
        noteOutcome(room);
        return room >= 0 || goingOn;
    }

    /** Counts what a command has added that its words do not show. */
    public void grew(long bytes) {
        if (isLimiting()) {
            allowance -= bytes;
        }
    }

    /**
     * Lets commands look at the memory from the time that much of the heap is in use, and the next one if clients have taken what was
     * left. Called by the timer.
     */
    public void look() {
        long limit = limit();
        long used = usedBytes();
        heapIsShort = used > limit - heap.bytes() / SHORT_SHARE;
        if (isLimiting() && used > limit) {
            allowance = 0;
        }
    }

    /** Whether commands have to {@link #makeRoom}: there is a {@code maxmemory}, or the heap is half full. */
    public boolean isLimiting() {
        return heapIsShort || config.memory.maxmemory.get() > 0;
    }

    private void noteOutcome(long room) {
        allowance = Math.clamp(room, 0, MOST_ALLOWANCE);
        boolean now = room < 0 && !goingOn;
        if (now != full) {
            full = now;
        }
        if (room < 0 && exceededSince == 0) {
            exceededSince = clock.nanos();
        } else if (room >= 0 && exceededSince != 0) {
            statistics.evictionExceededNanos.add(clock.nanos() - exceededSince);
            exceededSince = 0;
        }
    }

    /** For how long more memory has been used than may be, in nanoseconds; 0 if it is not. */
    public long exceededNanos() {
        long since = exceededSince;
        return since == 0 ? 0 : clock.nanos() - since;
    }

    /** Whether commands that may need memory are refused; for those that run inside others and cannot make room. */
    public boolean isOutOfMemory() {
        return full && isLimiting() && usedBytes() > limit();
    }

    /** What data and tables may take: {@code maxmemory}, or their part of the heap if that is less, without what clients take. */
    private long limit() {
        long configured = config.memory.maxmemory.get();
        long whole = heap.bytes();
        return Math.max(0, (configured > 0 ? Math.min(configured, whole) : whole) - clients.sum());
    }

    /** Whether the policy lets keys go; while data is imported from elsewhere, none does. */
    private boolean mayEvict() {
        return policy.choice != Choice.NONE && !config.importMode.get();
    }

    /** Lets the timer's thread free memory, now and until there is room. */
    private void goOnLater() {
        try {
            timer.execute(this::goOn);
        } catch (RejectedExecutionException e) {
            goingOn = false;
        }
    }

    private void goOn() {
        goingOn = false;
        if (isLimiting() && mayEvict() && !paused.getAsBoolean()) {
            long limit = limit();
            noteOutcome(usedBytes() > limit ? free(limit) : 0);
        }
    }

    /** The memory of keys, values and what finds them, against which {@code maxmemory} is held. */
    public static long dataBytes(Keyspace keyspace) {
        return EMPTY_STORE_BYTES + keyspace.usedBytes();
    }

    public long usedBytes() {
        return dataBytes(keyspace);
    }

    /** How long one thread may go on freeing, in nanoseconds; the scale is Valkey's. */
    private long budgetNanos() {
        int tenacity = config.memory.evictionTenacity.getInt();
        if (tenacity <= 10) {
            return 50_000L * tenacity;
        }
        return tenacity < 100 ? (long) (500_000 * Math.pow(1.15, tenacity - 10)) : Long.MAX_VALUE;
    }

    /** Removes keys until there is room. Returns how much room there is; less than none if time or keys have run out. */
    private long free(long limit) {
        lock.lock();
        try {
            long target = limit - Math.min(limit / 256, MOST_ALLOWANCE);
            long start = clock.nanos();
            long budget = budgetNanos();
            long used = usedBytes();
            boolean freed = used <= limit;
            for (int keys = 1; used > target; keys++) {
                long gone = evictOne();
                if (gone < 0) {
                    break;
                }
                freed = true;
                used -= gone;
                if (keys % KEYS_BETWEEN_CLOCK_READINGS == 0 && clock.nanos() - start > budget) {
                    break;
                }
            }
            long room = limit - usedBytes();
            if (room < 0 && freed && !goingOn) {
                goingOn = true;
                goOnLater();
            }
            latency.noteSince("eviction-cycle", start);
            return room;
        } finally {
            lock.unlock();
            serveLost();
        }
    }

    /** Clients that waited for a key that is gone learn of it once no lock is held. */
    private void serveLost() {
        if (!lock.isHeldByCurrentThread()) {
            List<DatabaseKey> lost;
            lock.lock();
            try {
                lost = removals.takeLost();
            } finally {
                lock.unlock();
            }
            removals.serve(lost);
        }
    }

    // ---- which ----

    /** Removes one key. Returns the bytes that this has freed, or -1 if no key may go. */
    private long evictOne() {
        Policy now = policy;
        if (now.choice == Choice.RANDOM) {
            return evictRandom(now);
        }
        while (!paused.getAsBoolean() && fillPool(now)) {
            while (!pool.isEmpty()) {
                Candidate candidate = pool.removeLast();
                long freed = evict(now, candidate);
                if (freed >= 0) {
                    return freed;
                }
            }
        }
        return -1;
    }

    /** Draws some keys of each database into the pool. Returns whether there was any to draw. */
    private boolean fillPool(Policy now) {
        boolean any = false;
        for (int database = 0; database < keyspace.databases(); database++) {
            any |= draw(now, database);
        }
        return any;
    }

    private boolean draw(Policy now, int database) {
        int wanted = config.memory.maxmemorySamples.getInt();
        int[] drawn = {0};
        for (int tries = 0; tries < wanted && drawn[0] < wanted; tries++) {
            Shard shard = drawShard(now, database);
            if (shard == null) {
                break;
            }
            long from = keyspace.cursorOf(shard.number()) + random.get().nextLong(keyspace.cursorOf(1));
            shard.lock();
            try {
                KeyTable table = shard.table(database);
                int rest = wanted - drawn[0];
                if (now.onlyVolatile) {
                    drawVolatile(table, from, rest, item -> drawn[0] += offer(now, item, database));
                } else {
                    long next = table.scan(from, rest, item -> drawn[0] += offer(now, item, database));
                    if (next == 0 && drawn[0] == 0) {
                        table.scan(0, rest, item -> drawn[0] += offer(now, item, database));
                    }
                }
            } finally {
                shard.unlock();
            }
        }
        return drawn[0] > 0;
    }

    private void drawVolatile(KeyTable table, long from, int wanted, java.util.function.Consumer<Object> visitor) {
        int[] seen = {0};
        table.visitVolatile(from, wanted * 4, item -> {
            if (KeyRecord.hasExpiry(KeyTable.record(item)) && seen[0] < wanted) {
                seen[0]++;
                visitor.accept(item);
            }
        });
        for (int i = 0; i < wanted && seen[0] == 0; i++) {
            Object item = table.randomVolatile(random.get(), wanted);
            if (item != null && KeyRecord.hasExpiry(KeyTable.record(item))) {
                seen[0]++;
                visitor.accept(item);
            }
        }
    }

    /** A shard with keys of a database that may go, the more of them the likelier; null if there is none. */
    private @Nullable Shard drawShard(Policy now, int database) {
        long total = 0;
        for (int i = 0; i < keyspace.shardCount(); i++) {
            total += count(now, keyspace.shard(i), database);
        }
        if (total == 0) {
            return null;
        }
        long rank = random.get().nextLong(total);
        for (int i = 0; i < keyspace.shardCount(); i++) {
            rank -= count(now, keyspace.shard(i), database);
            if (rank < 0) {
                return keyspace.shard(i);
            }
        }
        return null;
    }

    private static long count(Policy now, Shard shard, int database) {
        KeyTable table = shard.existingTable(database);
        return table == null ? 0 : now.onlyVolatile ? table.expires() : table.size();
    }

    /** Lets a key join the pool if it deserves it more than one that is there, or if there is a place. Returns 1. */
    private int offer(Policy now, Object item, int database) {
        byte[] record = KeyTable.record(item);
        long score = score(now, record);
        if (pool.size() < POOL_SIZE || score > pool.getFirst().score) {
            int at = pool.size();
            while (at > 0 && pool.get(at - 1).score > score) {
                at--;
            }
            pool.add(at, new Candidate(score, database, new Slice(KeyRecord.keyBytes(record))));
            if (pool.size() > POOL_SIZE) {
                pool.removeFirst();
            }
        }
        return 1;
    }

    private long score(Policy now, byte[] record) {
        AccessClock clock = keyspace.clock();
        return now.choice == Choice.TTL
                ? Long.MAX_VALUE - KeyRecord.expireAt(record)
                : clock.idleness(KeyRecord.accessClock(record));
    }

    private long evictRandom(Policy now) {
        int databases = keyspace.databases();
        for (int i = 0; i < databases; i++) {
            nextDatabase = (nextDatabase + 1) % databases;
            for (int tries = 0; tries < keyspace.shardCount(); tries++) {
                Shard shard = drawShard(now, nextDatabase);
                if (shard == null) {
                    break;
                }
                shard.lock();
                try {
                    KeyTable table = shard.table(nextDatabase);
                    Object item = now.onlyVolatile ? table.randomVolatile(random.get(), 2) : table.random(random.get());
                    if (item != null && (!now.onlyVolatile || KeyRecord.hasExpiry(KeyTable.record(item)))) {
                        KeyRecord.key(KeyTable.record(item), key);
                        return remove(table, new Slice(key.toBytes()), nextDatabase);
                    }
                } finally {
                    shard.unlock();
                }
            }
        }
        return -1;
    }

    // ---- how ----

    /** Removes a candidate, unless it has gone, no longer may go, or has been used meanwhile; -1 then. */
    private long evict(Policy now, Candidate candidate) {
        Shard shard = keyspace.shardOf(candidate.key);
        shard.lock();
        try {
            KeyTable table = shard.table(candidate.database);
            Object item = table.find(candidate.key);
            if (item == null
                    || now.onlyVolatile && !KeyRecord.hasExpiry(KeyTable.record(item))
                    || score(now, KeyTable.record(item)) < candidate.score) {
                return -1;
            }
            return remove(table, candidate.key, candidate.database);
        } finally {
            shard.unlock();
        }
    }

    private long remove(KeyTable table, Slice evicted, int database) {
        long before = table.usedBytes();
        // The pause may have begun while this thread waited for the shard.
        if (paused.getAsBoolean() || table.find(evicted) == null) {
            return -1;
        }
        table.remove();
        statistics.evictedKeys.increment();
        events.event(Event.EVICTED, database, evicted);
        removals.removed(config.lazyfreeLazyEviction.get() ? "UNLINK" : "DEL", database, evicted);
        return Math.max(0, before - table.usedBytes());
    }
}
