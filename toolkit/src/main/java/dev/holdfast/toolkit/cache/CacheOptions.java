package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.pattern.Durations;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How long entries live and how they are loaded. A cache has its own, and each call may bring others:
 *
 * <pre>
 * cache.get("42", loader, cache.options().ttl(Duration.ofMinutes(1)).tags("users"));
 * </pre>
 *
 * <p>Immutable: each method gives a changed copy.
 */
public final class CacheOptions {
    /** Fresh for 300 seconds and nothing out of the ordinary. */
    public static final CacheOptions DEFAULT = new CacheOptions();

    private static final int MOST_TAGS = 100;

    private Duration ttl = Duration.ofMinutes(5);
    private double jitter;
    private boolean sliding;
    private Duration negativeTtl = Duration.ZERO;
    private Duration staleFor = Duration.ZERO;
    private Duration staleAgainAfter = Duration.ofSeconds(30);
    private Duration softTimeout = Duration.ZERO;
    private Duration hardTimeout = Duration.ZERO;
    private double eagerAfter = 1;
    private boolean fleetWide;
    private Duration lease = Duration.ofSeconds(30);
    private Set<String> tags = Set.of();

    private CacheOptions() {}

    private CacheOptions with(Consumer<CacheOptions> change) {
        CacheOptions copy = new CacheOptions();
        copy.ttl = ttl;
        copy.jitter = jitter;
        copy.sliding = sliding;
        copy.negativeTtl = negativeTtl;
        copy.staleFor = staleFor;
        copy.staleAgainAfter = staleAgainAfter;
        copy.softTimeout = softTimeout;
        copy.hardTimeout = hardTimeout;
        copy.eagerAfter = eagerAfter;
        copy.fleetWide = fleetWide;
        copy.lease = lease;
        copy.tags = tags;
        change.accept(copy);
        if (copy.sliding && (copy.staleFor.isPositive() || copy.eagerAfter < 1)) {
            throw new IllegalArgumentException("an entry that reading keeps alive is never stale");
        }
        return copy;
    }

    /** How long an entry is fresh, at least a millisecond. */
    public CacheOptions ttl(Duration time) {
        return with(copy -> copy.ttl = Durations.checked("an entry", time, Duration.ofMillis(1)));
    }

    /** Up to which part of its time to live is added to an entry's at random, so that what was loaded together does not expire together. */
    public CacheOptions jitter(double part) {
        if (part < 0 || part > 1) {
            throw new IllegalArgumentException("jitter is from 0 to 1");
        }
        return with(copy -> copy.jitter = part);
    }

    /** Has the time to live begin anew with each read. Reads that a process answers itself count to a quarter of that time. */
    public CacheOptions sliding() {
        return with(copy -> copy.sliding = true);
    }

    /** For how long it is remembered that there is no value; zero, as by default, for not at all. */
    public CacheOptions negativeTtl(Duration time) {
        return with(copy -> copy.negativeTtl = Durations.checked("a negative entry", time, Duration.ZERO));
    }

    /** For how long beyond its time to live an entry may be served if loading fails or takes too long; zero for not at all. */
    public CacheOptions staleFor(Duration time) {
        return with(copy -> copy.staleFor = Durations.checked("a stale entry", time, Duration.ZERO));
    }

    /** For how long a stale value is served, after a load has failed, before loading is tried again; 30 seconds by default. */
    public CacheOptions staleAgainAfter(Duration time) {
        return with(copy -> copy.staleAgainAfter = Durations.checked("a stale entry", time, Duration.ZERO));
    }

    /**
     * How long a load is awaited. It goes on in the background, on a virtual thread, and what it brings is kept.
     *
     * @param soft where there is a stale value to serve instead; zero for as long as it takes
     * @param hard where there is none; zero for as long as it takes
     */
    public CacheOptions timeouts(Duration soft, Duration hard) {
        return with(copy -> {
            copy.softTimeout = Durations.checked("a wait", soft, Duration.ZERO);
            copy.hardTimeout = Durations.checked("a wait", hard, Duration.ZERO);
        });
    }

    /** After which part of its time to live a read has an entry loaded anew in the background; 1, as by default, for never. */
    public CacheOptions eagerAfter(double part) {
        if (part <= 0 || part > 1) {
            throw new IllegalArgumentException("eager refresh comes after a part of the time to live, from 0 to 1");
        }
        return with(copy -> copy.eagerAfter = part);
    }

    /** Has one process at a time load a key, while the others wait for what it brings; at most as long as its lease. */
    public CacheOptions fleetWide() {
        return with(copy -> copy.fleetWide = true);
    }

    /** The same, without waiting for other processes. */
    CacheOptions processWide() {
        return fleetWide ? with(copy -> copy.fleetWide = false) : this;
    }

    /** How long a load may take before what it brings is no longer written to the store; 30 seconds by default. */
    public CacheOptions lease(Duration time) {
        return with(copy -> copy.lease = Durations.checked("a lease", time, Duration.ofMillis(1)));
    }

    /** Labels by which entries are invalidated together; at most 100. */
    public CacheOptions tags(String... labels) {
        Set<String> set = Set.copyOf(List.of(labels));
        if (set.size() > MOST_TAGS) {
            throw new IllegalArgumentException("an entry has at most " + MOST_TAGS + " tags");
        }
        return with(copy -> copy.tags = set);
    }

    Duration ttl() {
        return ttl;
    }

    double jitter() {
        return jitter;
    }

    boolean isSliding() {
        return sliding;
    }

    Duration negativeTtl() {
        return negativeTtl;
    }

    Duration staleFor() {
        return staleFor;
    }

    Duration staleAgainAfter() {
        return staleAgainAfter;
    }

    Duration softTimeout() {
        return softTimeout;
    }

    Duration hardTimeout() {
        return hardTimeout;
    }

    double eagerAfter() {
        return eagerAfter;
    }

    boolean isFleetWide() {
        return fleetWide;
    }

    Duration lease() {
        return lease;
    }

    Set<String> tags() {
        return tags;
    }

    boolean hasTimeouts() {
        return softTimeout.isPositive() || hardTimeout.isPositive();
    }
}
