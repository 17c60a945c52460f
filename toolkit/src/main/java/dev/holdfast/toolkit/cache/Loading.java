package dev.holdfast.toolkit.cache;

import dev.holdfast.engine.base.Thrown;
import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.CodecException;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Durations;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a value comes into a cache.
 *
 * <p>A read that this process cannot answer becomes a <em>flight</em>: the first thread that wants a key flies, the others wait for
 * it. A flight looks into the store; finds the value there, or takes the entry's lease, loads, and writes what it has
 * loaded if the lease still stands. It puts the value into this process only if the key's epoch has not moved since before it
 * looked (see {@link Near}).
 *
 * <p>The two guards are for two dangers. The epoch keeps an old value out of this process, the lease keeps it out of the
 * store: an invalidation of the key while it is being loaded, in any process, removes the lease with the entry, and the
 * load comes too late to write.
 *
 * <p>With timeouts a flight runs on a thread of its own and goes on after those who waited have left; what it brings is used by the
 * next. Without, it runs on the caller's thread, with all that belongs to it.
 */
final class Loading<V> {
    private static final Logger LOG = LoggerFactory.getLogger(Loading.class);
    private static final int BATCH = 1000;
    /** A century, as the options have it; what a value says itself may be longer. */
    private static final long LONGEST_TTL_MILLIS = Duration.ofDays(36_500).toMillis();

    private static final long FIRST_PAUSE_MILLIS = 2;
    private static final long LONGEST_PAUSE_MILLIS = 50;

    private final Context context;
    private final Store store;
    private final CacheKeys keys;
    private final Near<V> near;
    private final SecondLevel far;
    private final Tags tags;
    private final Bus bus;
    private final Recovery recovery;
    private final Counters counters;
    private final Codec<V> codec;
    private final Function<? super V, @Nullable Duration> ttlOf;
    private final Format format;
    private final long nearTtlMillis;
    private final Map<String, Flight<V>> flights = new ConcurrentHashMap<>();
    private final Set<Lone> alone = ConcurrentHashMap.newKeySet();

    Loading(
            Context context,
            CacheKeys keys,
            Near<V> near,
            SecondLevel far,
            Tags tags,
            Bus bus,
            Recovery recovery,
            Counters counters,
            CacheBuilder<V> builder) {
        this.context = context;
        this.store = context.store();
        this.keys = keys;
        this.near = near;
        this.far = far;
        this.tags = tags;
        this.bus = bus;
        this.recovery = recovery;
        this.counters = counters;
        this.codec = builder.codec;
        this.ttlOf = builder.ttlOf;
        this.format = builder.format;
        this.nearTtlMillis = builder.nearTtl.toMillis();
    }

    // ---- this process ----

    /** The entry of this process if it is fresh. */
    @Nullable
    Held<V> nearest(String key) {
        Held<V> held = near.get(key);
        if (held == null || !held.isFresh(store.millis()) || held.hasTags() && tags.mayBeOutdated(held.tags())) {
            return null;
        }
        counters.nearHits.increment();
        return held;
    }

    /** The same; an entry that has come of age is loaded anew in the background. */
    @Nullable
    Held<V> nearest(String key, CacheLoader<? extends V> loader, CacheOptions options) {
        Held<V> held = nearest(key);
        if (held != null && held.eagerAt() != Long.MAX_VALUE && store.millis() >= held.eagerAt()) {
            refresh(key, loader, options);
        }
        return held;
    }

    private void refresh(String key, CacheLoader<? extends V> loader, CacheOptions options) {
        Flight<V> flight = new Flight<>();
        if (flights.putIfAbsent(key, flight) == null) {
            try {
                context.workers().execute(() -> {
                    flight.boardAlone();
                    fly(flight, key, loader, options, true);
                });
            } catch (RejectedExecutionException e) {
                flights.remove(key, flight);
                LOG.debug("The toolkit is closing; {} is not loaded anew", key);
            }
        }
    }

    // ---- flights ----

    /** Looks for a value without loading it. */
    @Nullable
    V find(String key, CacheOptions options) {
        long epoch = near.epoch(key);
        Entry entry = read(key, options);
        Held<V> held = entry == null ? null : usable(entry, options);
        if (held == null) {
            counters.misses.increment();
            return null;
        }
        counters.farHits.increment();
        near.put(key, held, epoch);
        return held.value();
    }

    @Nullable
    V get(String key, CacheLoader<? extends V> loader, CacheOptions options) {
        while (true) {
            Flight<V> mine = new Flight<V>().board();
            Flight<V> flight = flights.putIfAbsent(key, mine);
            if (flight == null) {
                return begin(mine, key, loader, options);
            }
            if (flight.isMine()) {
                throw new IllegalStateException("the loader of " + key + " asks the cache for " + key);
            }
            if (!flight.result.isDone() && !flight.beginWaiting()) {
                return alone(key, loader, options);
            }
            try {
                return await(flight, key, options);
            } catch (RuntimeException | Error e) {
                if (!flight.abandoned || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
            } finally {
                Flight.endWaiting();
            }
        }
    }

    /** Flies, on this thread or, where there are timeouts, on another. */
    private @Nullable V begin(Flight<V> mine, String key, CacheLoader<? extends V> loader, CacheOptions options) {
        try {
            Held<V> landed = nearest(key);
            if (landed != null) {
                flights.remove(key, mine);
                mine.result.complete(landed.value());
                return landed.value();
            }
            if (options.hasTimeouts()) {
                context.workers().execute(() -> {
                    mine.boardAlone();
                    fly(mine, key, loader, options, false);
                });
            } else {
                fly(mine, key, loader, options, false);
            }
        } catch (RuntimeException | Error e) {
            // It never began, so no thread may wait for it.
            flights.remove(key, mine);
            mine.result.completeExceptionally(e);
            throw e;
        }
        return await(mine, key, options);
    }

    /** Loads a key although a flight for it is under way, which waits for one of this thread's. */
    private @Nullable V alone(String key, CacheLoader<? extends V> loader, CacheOptions options) {
        Lone lone = new Lone(key, Thread.currentThread());
        if (!alone.add(lone)) {
            throw new IllegalStateException("the loader of " + key + " asks the cache for " + key);
        }
        Flight<V> mine = new Flight<V>().board();
        try {
            mine.result.complete(bring(mine, key, loader, options.processWide(), false));
        } catch (Throwable e) {
            mine.result.completeExceptionally(e);
        } finally {
            alone.remove(lone);
        }
        return await(mine, key, options);
    }

    /** A key that a thread loads without a flight. */
    private record Lone(String key, Thread thread) {}

    /** Waits for a flight, for as long as the options allow. */
    private @Nullable V await(Flight<V> flight, String key, CacheOptions options) {
        long start = System.nanoTime();
        try {
            if (options.softTimeout().isPositive()) {
                try {
                    return flight.result.get(options.softTimeout().toNanos(), TimeUnit.NANOSECONDS);
                } catch (TimeoutException e) {
                    Held<V> stale = stale(flight, key);
                    if (stale != null) {
                        counters.staleHits.increment();
                        return stale.value();
                    }
                }
            }
            if (!options.hardTimeout().isPositive()) {
                return flight.result.get();
            }
            long left = options.hardTimeout().toNanos() - (System.nanoTime() - start);
            return flight.result.get(Math.max(0, left), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            letGoIfOverdue(flight, key, options);
            Held<V> stale = stale(flight, key);
            if (stale != null) {
                counters.staleHits.increment();
                return stale.value();
            }
            throw new CacheLoadException(
                    "loading " + key + " took more than "
                            + options.hardTimeout().toMillis() + " milliseconds",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while " + key + " was being loaded");
        } catch (ExecutionException e) {
            throw thrown(e.getCause() == null ? e : e.getCause(), key);
        }
    }

    /**
     * Interrupts a load that has outlasted its lease, so that it cannot write any more, and lets the next reader load anew. A loader that
     * never returns would keep its key from being loaded for ever.
     */
    private void letGoIfOverdue(Flight<V> flight, String key, CacheOptions options) {
        if (flight.hasLasted(options.lease()) && flights.remove(key, flight)) {
            LOG.warn("Loading {} has taken more than its lease of {} and is interrupted", key, options.lease());
            flight.interrupt();
        }
    }

    /** What a caller sees of a failed load. */
    private static RuntimeException thrown(Throwable cause, String key) {
        if (cause instanceof Error error) {
            throw error;
        }
        if (cause instanceof InterruptedException) {
            return new CancellationException("interrupted while " + key + " was being loaded");
        }
        return cause instanceof RuntimeException unchecked
                ? unchecked
                : new CacheLoadException("loading " + key + " failed", cause);
    }

    private @Nullable Held<V> stale(Flight<V> flight, String key) {
        Held<V> held = flight.stale != null ? flight.stale : near.get(key);
        return held != null && held.mayServeStale(store.millis()) ? held : null;
    }

    /** Brings the value of a key and ends the flight. Never throws. */
    private void fly(
            Flight<V> flight, String key, CacheLoader<? extends V> loader, CacheOptions options, boolean refreshing) {
        flight.board();
        try {
            flight.result.complete(bring(flight, key, loader, options, refreshing));
        } catch (Throwable e) {
            if (refreshing) {
                LOG.debug("Loading {} anew failed; its entry is still fresh", key, e);
            }
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            flight.abandoned = e instanceof InterruptedException || e instanceof CancellationException;
            flight.result.completeExceptionally(e);
        } finally {
            flights.remove(key, flight);
        }
        if (flight.ageing) {
            refresh(key, loader, options);
        }
    }

    private @Nullable V bring(
            Flight<V> flight, String key, CacheLoader<? extends V> loader, CacheOptions options, boolean refreshing)
            throws Exception {
        long epoch = near.epoch(key);
        Entry entry = read(key, options);
        Held<V> held = entry == null ? null : usable(entry, options);
        if (held != null && !(refreshing && store.millis() >= held.eagerAt())) {
            counters.farHits.increment();
            near.put(key, held, epoch);
            flight.ageing = !refreshing && store.millis() >= held.eagerAt();
            return held.value();
        }
        if (!refreshing) {
            counters.misses.increment();
        }
        if (entry != null && held == null) {
            flight.stale = ifStale(entry, options);
        }
        Lease lease = lease(key, entry, options);
        if (lease.found != null) {
            near.put(key, lease.found, epoch);
            return lease.found.value();
        }
        try {
            return load(flight, key, loader, options, lease, epoch);
        } finally {
            giveBack(key, lease, 0);
        }
    }

    /** Gives a lease back that was not used, whatever has happened; a stale entry then counts as fresh until a time, or not at all. */
    private void giveBack(String key, Lease lease, long freshUntil) {
        if (lease.token == 0 || lease.settled) {
            return;
        }
        lease.settled = true;
        // An interrupt is no reason to keep others from loading.
        boolean interrupted = Thread.interrupted();
        try {
            far.release(keys.entry(key), lease.token, freshUntil);
        } catch (StoreException | CancellationException e) {
            LOG.debug("The lease of {} ends by itself", key, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private @Nullable V load(
            Flight<V> flight,
            String key,
            CacheLoader<? extends V> loader,
            CacheOptions options,
            Lease lease,
            long epoch)
            throws Exception {
        byte[] name = keys.entry(key);
        Map<String, Long> versions = tags.note(options.tags(), keptMillis(options));
        boolean joined = far.run(tags.join(name, options.tags(), keptMillis(options) * 2));
        V value;
        try {
            value = loader.load(key);
            counters.loads.increment();
        } catch (Throwable e) {
            counters.loadFailures.increment();
            Held<V> stale = stale(flight, key);
            long again = store.millis() + options.staleAgainAfter().toMillis();
            giveBack(key, lease, stale == null ? 0 : again);
            if (stale == null) {
                throw e;
            }
            LOG.warn("Loading {} failed; a stale value is served", key, Thrown.loggable(e));
            counters.staleHits.increment();
            near.put(key, stale.freshUntil(again), epoch);
            return stale.value();
        }
        long now = store.millis();
        long ttl = ttlMillis(value, options);
        if (ttl <= 0 || !joined) {
            // An entry that is not in the sets of its tags would outlive their invalidation.
            return value;
        }
        byte[] bytes = encode(value, now, ttl, options, versions);
        // The store reports no changes of what it does not have: it is held only as long as the store is left alone.
        lease.settled = true;
        boolean written = lease.token != 0
                ? far.fill(name, lease.token, bytes, ttl + options.staleFor().toMillis())
                : format == Format.PLAIN && near.epoch(key) == epoch && far.write(name, bytes, ttl);
        boolean mayHold = written || !far.isTrusted();
        if (mayHold) {
            near.replace(key, hold(value, now, now + ttl, options, versions), epoch);
            bus.changed(key);
            if (!written) {
                recovery.forgetLater();
            }
        }
        return value;
    }

    // ---- leases ----

    /** What became of the wish to load: a lease, or an entry that somebody else has brought meanwhile. */
    private final class Lease {
        final long token;
        final @Nullable Held<V> found;
        /** Whether it was used or given back. */
        boolean settled;

        Lease(long token, @Nullable Held<V> found) {
            this.token = token;
            this.found = found;
        }
    }

    /**
     * Gets leave to load a key. Where the whole fleet is to load it once, others wait until the one that loads has written it, has
     * failed, or its lease is over; else they share the lease, and the first to finish writes. No token: there is no store to write
     * to.
     */
    private Lease lease(String key, @Nullable Entry seen, CacheOptions options) {
        if (format == Format.PLAIN) {
            return new Lease(0, null);
        }
        byte[] name = keys.entry(key);
        long pause = FIRST_PAUSE_MILLIS;
        Entry entry = seen;
        while (true) {
            long now = store.millis();
            if (entry != null && entry.isLeased(now)) {
                if (!options.isFleetWide()) {
                    return new Lease(entry.token(), null);
                }
                pause(pause);
                pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
                entry = read(key, options);
            } else {
                long token = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
                long millis = options.lease().toMillis();
                if (entry != null && entry.hasHeader()) {
                    if (far.leaseStale(name, entry, Entry.lease(token, now + millis))) {
                        return new Lease(token, null);
                    }
                    entry = read(key, options);
                } else {
                    byte[] found = far.lease(name, Entry.writeLease(now, token, now + millis), millis);
                    if (found == null) {
                        return new Lease(token, null);
                    }
                    // Nothing at all: the store has failed, which is not a value of another program.
                    entry = found.length == 0 ? null : Entry.read(found);
                }
                if (!far.isTrusted() || entry == null) {
                    return new Lease(0, null);
                }
            }
            Held<V> held = entry == null ? null : usable(entry, options);
            if (held != null) {
                return new Lease(0, held);
            }
        }
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while another process was loading");
        }
    }

    // ---- entries ----

    private @Nullable Entry read(String key, CacheOptions options) {
        byte[] name = keys.entry(key);
        byte[] bytes = options.isSliding() ? far.readAndKeep(name, options.ttl().toMillis()) : far.read(name);
        return bytes == null ? null : parse(bytes);
    }

    private @Nullable Entry parse(byte[] bytes) {
        return format == Format.PLAIN ? Entry.plain(bytes) : Entry.read(bytes);
    }

    /** An entry of the store as this process may hold it, if it is fresh. */
    private @Nullable Held<V> usable(Entry entry, CacheOptions options) {
        long now = store.millis();
        if (entry.kind() == Entry.LEASE || now >= entry.freshUntil() || tags.isOutdated(entry.tags())) {
            return null;
        }
        if (options.isSliding()) {
            // Reading keeps the entry, and so must keep what invalidates it.
            Set<String> labels = new LinkedHashSet<>(options.tags());
            labels.addAll(entry.tags().keySet());
            tags.keep(labels, keptMillis(options));
        }
        return decode(entry, now, entry.freshUntil(), options);
    }

    private @Nullable Held<V> ifStale(Entry entry, CacheOptions options) {
        if (entry.kind() == Entry.LEASE || tags.isOutdated(entry.tags())) {
            return null;
        }
        return decode(entry, store.millis(), entry.freshUntil(), options);
    }

    private @Nullable Held<V> decode(Entry entry, long now, long freshUntil, CacheOptions options) {
        try {
            V value = entry.kind() == Entry.NONE ? null : codec.decode(entry.value());
            return hold(value, now, freshUntil, options, entry.tags());
        } catch (CodecException e) {
            LOG.warn("An entry of {} cannot be read and is taken for a miss", keys.prefix(), e);
            return null;
        }
    }

    private Held<V> hold(
            @Nullable V value, long now, long freshUntil, CacheOptions options, Map<String, Long> versions) {
        long left = freshUntil == Long.MAX_VALUE || options.isSliding()
                ? options.ttl().toMillis() / (options.isSliding() ? 4 : 1)
                : freshUntil - now;
        long here = now + Math.min(left, nearTtlMillis);
        long stale = freshUntil == Long.MAX_VALUE
                ? here
                : freshUntil + options.staleFor().toMillis();
        long eager = options.eagerAfter() >= 1
                ? Long.MAX_VALUE
                : freshUntil - (long) (options.ttl().toMillis() * (1 - options.eagerAfter()));
        return new Held<>(value, here, stale, eager, versions);
    }

    /** How long a value is fresh; 0 for not at all. */
    private long ttlMillis(@Nullable V value, CacheOptions options) {
        Duration own = value == null ? options.negativeTtl() : ttlOf.apply(value);
        Duration ttl = own == null ? options.ttl() : own;
        double jitter = options.jitter() == 0
                ? 0
                : options.jitter() * ThreadLocalRandom.current().nextDouble();
        return Math.max(0, (long) (Math.min(Durations.millis(ttl), LONGEST_TTL_MILLIS) * (1 + jitter)));
    }

    /** For how long at most the store keeps an entry. */
    private static long keptMillis(CacheOptions options) {
        return (long) (options.ttl().toMillis() * (1 + options.jitter()))
                + options.staleFor().toMillis();
    }

    private byte[] encode(@Nullable V value, long now, long ttl, CacheOptions options, Map<String, Long> versions) {
        if (value == null) {
            return Entry.write(Entry.NONE, now, now + ttl, versions, new byte[0]);
        }
        byte[] bytes = codec.encode(value);
        long freshUntil = options.isSliding() ? Long.MAX_VALUE : now + ttl;
        return format == Format.PLAIN ? bytes : Entry.write(Entry.VALUE, now, freshUntil, versions, bytes);
    }

    // ---- putting ----

    /** Puts a value; the caller has the key's lock. */
    void put(String key, V value, CacheOptions options) {
        Objects.requireNonNull(value, "there is no value to put");
        near.drop(key);
        long epoch = near.epoch(key);
        byte[] name = keys.entry(key);
        Map<String, Long> versions = tags.note(options.tags(), keptMillis(options));
        boolean joined = far.run(tags.join(name, options.tags(), keptMillis(options) * 2));
        long now = store.millis();
        long ttl = ttlMillis(value, options);
        if (ttl <= 0 || !joined) {
            if (!far.remove(List.of(name))) {
                recovery.removeLater(List.of(name));
            }
            return;
        }
        if (!far.write(
                name,
                encode(value, now, ttl, options, versions),
                ttl + options.staleFor().toMillis())) {
            recovery.removeLater(List.of(name));
        }
        near.replace(key, hold(value, now, now + ttl, options, versions), epoch);
    }

    void putAll(Map<String, ? extends V> values, CacheOptions options) {
        Map<String, Long> versions = tags.note(options.tags(), keptMillis(options));
        Iterator<? extends Map.Entry<String, ? extends V>> all =
                values.entrySet().iterator();
        while (all.hasNext()) {
            List<Map.Entry<String, ? extends V>> batch = new ArrayList<>();
            while (all.hasNext() && batch.size() < BATCH) {
                Map.Entry<String, ? extends V> next = all.next();
                near.drop(next.getKey());
                batch.add(next);
            }
            if (!far.run(writes(batch, options, versions))) {
                recovery.removeLater(
                        batch.stream().map(entry -> keys.entry(entry.getKey())).toList());
            }
            batch.forEach(entry -> near.drop(entry.getKey()));
        }
    }

    long warm(Stream<Map.Entry<String, V>> values, CacheOptions options) {
        Map<String, Long> versions = tags.note(options.tags(), keptMillis(options));
        long count = 0;
        Iterator<Map.Entry<String, V>> all = values.iterator();
        while (all.hasNext()) {
            List<Map.Entry<String, ? extends V>> batch = new ArrayList<>();
            while (all.hasNext() && batch.size() < BATCH) {
                batch.add(all.next());
            }
            try {
                if (!far.run(writes(batch, options, versions))) {
                    throw new CacheLoadException("the store has refused a batch after " + count + " values");
                }
            } finally {
                for (Map.Entry<String, ? extends V> entry : batch) {
                    near.drop(entry.getKey());
                    bus.changed(entry.getKey());
                }
            }
            count += batch.size();
        }
        return count;
    }

    private List<Command> writes(
            List<Map.Entry<String, ? extends V>> batch, CacheOptions options, Map<String, Long> versions) {
        List<Command> commands = new ArrayList<>();
        long now = store.millis();
        for (Map.Entry<String, ? extends V> entry : batch) {
            byte[] name = keys.entry(entry.getKey());
            Objects.requireNonNull(entry.getValue(), "there is no value to put");
            commands.addAll(tags.join(name, options.tags(), keptMillis(options) * 2));
            long ttl = ttlMillis(entry.getValue(), options);
            if (ttl <= 0) {
                commands.add(Command.of("UNLINK", (Object) name));
                continue;
            }
            commands.add(Command.of(
                    "SET",
                    name,
                    encode(entry.getValue(), now, ttl, options, versions),
                    "PX",
                    ttl + options.staleFor().toMillis()));
        }
        return commands;
    }

    // ---- many at once ----

    Map<String, V> getAll(Collection<String> wanted, @Nullable BulkLoader<V> loader, CacheOptions options) {
        Map<String, @Nullable V> found = new LinkedHashMap<>();
        Map<String, Long> epochs = new LinkedHashMap<>();
        for (String key : new LinkedHashSet<>(wanted)) {
            Held<V> held = nearest(key);
            found.put(key, held == null ? null : held.value());
            if (held == null) {
                epochs.put(key, near.epoch(key));
            } else {
                refreshIfAgeing(key, held, loader, options);
            }
        }
        List<String> asked = new ArrayList<>(epochs.keySet());
        List<byte @Nullable []> read = far.readAll(
                asked.stream().map(keys::entry).toList(),
                options.isSliding() ? options.ttl().toMillis() : 0);
        Map<String, @Nullable Held<V>> missing = new LinkedHashMap<>();
        for (int i = 0; i < asked.size(); i++) {
            String key = asked.get(i);
            byte @Nullable [] bytes = read.get(i);
            Entry entry = bytes == null ? null : parse(bytes);
            Held<V> held = entry == null ? null : usable(entry, options);
            if (held == null) {
                counters.misses.increment();
                missing.put(key, entry == null ? near.get(key) : ifStale(entry, options));
            } else {
                counters.farHits.increment();
                near.put(key, held, epochs.getOrDefault(key, -1L));
                found.put(key, held.value());
                refreshIfAgeing(key, held, loader, options);
            }
        }
        if (loader != null && !missing.isEmpty()) {
            found.putAll(loadInTime(missing, loader, options));
        }
        Map<String, V> result = new LinkedHashMap<>();
        found.forEach((key, value) -> {
            if (value != null) {
                result.put(key, value);
            }
        });
        return result;
    }

    private void refreshIfAgeing(String key, Held<V> held, @Nullable BulkLoader<V> loader, CacheOptions options) {
        if (loader != null && held.eagerAt() != Long.MAX_VALUE && store.millis() >= held.eagerAt()) {
            refresh(key, each -> loader.load(Set.of(each)).get(each), options);
        }
    }

    /** Loads keys together, for as long as the options allow; each may have a stale value, or null. */
    private Map<String, V> loadInTime(
            Map<String, @Nullable Held<V>> missing, BulkLoader<V> loader, CacheOptions options) {
        if (!options.hasTimeouts()) {
            return loadAll(missing, loader, options);
        }
        CompletableFuture<Map<String, V>> load =
                CompletableFuture.supplyAsync(() -> loadAll(missing, loader, options), context.workers());
        Duration wait = options.softTimeout().isPositive() && areAllStale(missing)
                ? options.softTimeout()
                : options.hardTimeout();
        try {
            return wait.isPositive() ? load.get(wait.toNanos(), TimeUnit.NANOSECONDS) : load.get();
        } catch (TimeoutException e) {
            if (areAllStale(missing)) {
                return stale(missing);
            }
            throw new CacheLoadException(
                    "loading " + missing.size() + " keys took more than " + wait.toMillis() + " milliseconds", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while " + missing.size() + " keys were being loaded");
        } catch (ExecutionException e) {
            throw thrown(e.getCause() == null ? e : e.getCause(), missing.size() + " keys");
        }
    }

    private boolean areAllStale(Map<String, @Nullable Held<V>> missing) {
        long now = store.millis();
        return missing.values().stream().allMatch(held -> held != null && held.mayServeStale(now));
    }

    private Map<String, V> stale(Map<String, @Nullable Held<V>> missing) {
        Map<String, V> values = new LinkedHashMap<>();
        missing.forEach((key, held) -> {
            V value = held == null ? null : held.value();
            if (value != null) {
                values.put(key, value);
                counters.staleHits.increment();
            }
        });
        return values;
    }

    /**
     * Loads keys together. Each has its own lease; what cannot be leased is loaded all the same, but not written. If it fails and every
     * key has a stale value, these are served.
     */
    private Map<String, V> loadAll(Map<String, @Nullable Held<V>> missing, BulkLoader<V> loader, CacheOptions options) {
        CacheOptions each = options.processWide();
        Map<String, Lease> leases = new LinkedHashMap<>();
        try {
            for (String key : missing.keySet()) {
                leases.put(key, lease(key, read(key, options), each));
            }
            Map<String, Long> versions = tags.note(options.tags(), keptMillis(options));
            List<Command> joins = new ArrayList<>();
            missing.keySet()
                    .forEach(key -> joins.addAll(tags.join(keys.entry(key), options.tags(), keptMillis(options) * 2)));
            boolean joined = far.run(joins);
            Map<String, V> loaded = Objects.requireNonNull(
                    loader.load(Collections.unmodifiableSet(missing.keySet())), "a bulk loader has returned no map");
            return fillAll(leases, loaded, joined, options, versions);
        } catch (Throwable e) {
            counters.loadFailures.increment();
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            if (e instanceof Exception && areAllStale(missing)) {
                LOG.warn("Loading {} keys failed; stale values are served", missing.size(), Thrown.loggable(e));
                long again = store.millis() + options.staleAgainAfter().toMillis();
                leases.forEach((key, lease) -> giveBack(key, lease, again));
                return stale(missing);
            }
            throw thrown(e, missing.size() + " keys");
        } finally {
            leases.forEach((key, lease) -> giveBack(key, lease, 0));
        }
    }

    /** Writes what was loaded under its leases, and returns it. */
    private Map<String, V> fillAll(
            Map<String, Lease> leases,
            Map<String, V> loaded,
            boolean joined,
            CacheOptions options,
            Map<String, Long> versions) {
        Map<String, V> result = new LinkedHashMap<>();
        List<Command> fills = new ArrayList<>();
        long now = store.millis();
        leases.forEach((key, lease) -> {
            V value = loaded.get(key);
            if (value != null) {
                result.put(key, value);
            }
            long ttl = ttlMillis(value, options);
            if (ttl > 0 && joined && (lease.token != 0 || format == Format.PLAIN)) {
                lease.settled = true;
                byte[] name = keys.entry(key);
                byte[] bytes = encode(value, now, ttl, options, versions);
                fills.add(
                        format == Format.PLAIN
                                ? Command.of("SET", name, bytes, "PX", ttl)
                                : SecondLevel.fillCommand(
                                        name,
                                        lease.token,
                                        bytes,
                                        ttl + options.staleFor().toMillis()));
            }
        });
        counters.loads.add(result.size());
        far.run(fills);
        leases.keySet().forEach(bus::changed);
        return result;
    }
}
