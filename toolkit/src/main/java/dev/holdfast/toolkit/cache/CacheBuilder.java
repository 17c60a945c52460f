package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.pattern.Durations;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Builds a cache. Everything has a default. */
public final class CacheBuilder<V> {
    final Context context;
    final String name;
    final Codec<V> codec;
    String prefix;
    CacheOptions options = CacheOptions.DEFAULT;
    Function<? super V, @Nullable Duration> ttlOf = value -> null;
    long nearSize = 10_000;
    Duration nearTtl = Duration.ofDays(1);
    TagStyle tagStyle = TagStyle.VERSIONS;
    Format format = Format.ENTRY;
    boolean throwing;
    boolean tracking = true;

    public CacheBuilder(Context context, String name, Codec<V> codec) {
        this.context = context;
        this.name = name;
        this.codec = Codecs.guarded(codec);
        this.prefix = context.store().namespace() + CacheKeys.prefixOf(name);
    }

    /**
     * What the store's keys begin with; {@code cache:<name>:} unless set. Two caches whose prefixes are the same share their entries.
     */
    public CacheBuilder<V> prefix(String prefix) {
        this.prefix = context.store().namespace() + prefix;
        return this;
    }

    /**
     * Lets a value say how long it is fresh, as a token of access does: null for as long as the options say, and zero or less for not
     * at all.
     */
    public CacheBuilder<V> ttlOf(Function<? super V, @Nullable Duration> time) {
        this.ttlOf = time;
        return this;
    }

    /** How long an entry is fresh; see {@link CacheOptions}. */
    public CacheBuilder<V> ttl(Duration time) {
        return options(current -> current.ttl(time));
    }

    /** Changes the options: {@code options(o -> o.jitter(0.1).staleFor(Duration.ofHours(1)))}. */
    public CacheBuilder<V> options(UnaryOperator<CacheOptions> change) {
        options = change.apply(options);
        return this;
    }

    /** How many entries this process holds at most; 10,000 unless set, and 0 for none. The least useful go first. */
    public CacheBuilder<V> nearSize(long entries) {
        if (entries < 0) {
            throw new IllegalArgumentException("a process holds no fewer than no entries: " + entries);
        }
        this.nearSize = entries;
        return this;
    }

    /** How long this process holds an entry at most, whatever its time to live. */
    public CacheBuilder<V> nearTtl(Duration time) {
        this.nearTtl = Durations.checked("an entry", time, Duration.ZERO);
        return this;
    }

    public CacheBuilder<V> tagStyle(TagStyle style) {
        this.tagStyle = style;
        return this;
    }

    public CacheBuilder<V> format(Format format) {
        this.format = format;
        return this;
    }

    /** Has failures of the store thrown rather than counted as misses. */
    public CacheBuilder<V> throwStoreFailures() {
        this.throwing = true;
        return this;
    }

    /** Has processes tell each other of changes by messages, even where the server could track keys. */
    public CacheBuilder<V> withoutTracking() {
        this.tracking = false;
        return this;
    }

    /** Builds the cache, which is closed with the toolkit. */
    public Cache<V> build() {
        if (format == Format.PLAIN
                && (options.isFleetWide()
                        || options.staleFor().isPositive()
                        || options.negativeTtl().isPositive())) {
            throw new IllegalArgumentException(
                    "a plain value has no room for leases, stale values or negative entries");
        }
        return context.register(new Cache<>(this));
    }
}
