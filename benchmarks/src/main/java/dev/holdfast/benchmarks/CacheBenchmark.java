package dev.holdfast.benchmarks;

import com.github.benmanes.caffeine.cache.Caffeine;
import dev.holdfast.engine.Holdfast;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.cache.Cache;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the toolkit's cache costs over an embedded store: a hit in this process beside Caffeine with the same duties (a bound, an
 * expiry, statistics), a hit in the store, and clearing 10,000 keys by a pattern.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms2g", "-Xmx2g", "-XX:+UseCompactObjectHeaders"})
public class CacheBenchmark {
    private static final int KEYS = 1 << 12;

    /** A hundred characters under each of 4,096 keys. */
    @State(Scope.Benchmark)
    public static class Filled {
        final String[] keys = new String[KEYS];
        private @Nullable Holdfast store;
        private @Nullable Toolkit toolkit;

        @SuppressWarnings("NullAway.Init")
        Cache<String> near;

        @SuppressWarnings("NullAway.Init")
        Cache<String> far;

        @SuppressWarnings("NullAway.Init")
        com.github.benmanes.caffeine.cache.Cache<String, String> caffeine;

        @Setup
        public void fill() {
            Holdfast opened = Holdfast.open();
            store = opened;
            toolkit = Toolkit.over(opened);
            near = toolkit.cache("near", String.class).build();
            far = toolkit.cache("far", String.class).nearSize(0).build();
            caffeine = Caffeine.newBuilder()
                    .maximumSize(10_000)
                    .expireAfterWrite(5, TimeUnit.MINUTES)
                    .recordStats()
                    .build();
            String value = "x".repeat(100);
            for (int i = 0; i < KEYS; i++) {
                keys[i] = "user:" + i;
                near.put(keys[i], value);
                far.put(keys[i], value);
                caffeine.put(keys[i], value);
            }
        }

        @TearDown
        public void close() {
            if (toolkit != null && store != null) {
                toolkit.close();
                store.close();
            }
        }
    }

    /** Goes through the keys. */
    @State(Scope.Thread)
    public static class Next {
        private int at;

        int index() {
            at = at + 7919 & KEYS - 1;
            return at;
        }
    }

    @Benchmark
    public @Nullable String nearHit(Filled filled, Next next) {
        return filled.near.get(filled.keys[next.index()]);
    }

    @Benchmark
    public @Nullable String caffeineHit(Filled filled, Next next) {
        return filled.caffeine.getIfPresent(filled.keys[next.index()]);
    }

    @Benchmark
    public @Nullable String farHit(Filled filled, Next next) {
        return filled.far.get(filled.keys[next.index()]);
    }

    /** 10,000 keys, put anew before each clearing. */
    @State(Scope.Benchmark)
    public static class ToClear {
        private final Holdfast store = Holdfast.open();
        private final Toolkit toolkit = Toolkit.over(store);
        final Cache<String> cache = toolkit.cache("clear", String.class).build();

        @Setup(Level.Invocation)
        public void fill() {
            for (int i = 0; i < 10_000; i++) {
                store.set("cache:clear:user:" + i, "x");
            }
        }

        @TearDown
        public void close() {
            toolkit.close();
            store.close();
        }
    }

    /** Each clearing by itself; the 99th percentile counts. */
    @Benchmark
    @BenchmarkMode(Mode.SampleTime)
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public long clear(ToClear toClear) {
        return toClear.cache.clear("user:*");
    }
}
