package dev.holdfast.benchmarks;

import dev.holdfast.engine.Holdfast;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Calls in the same JVM on 100,000 keys of 16 bytes, chosen at random, with values of 64 bytes. A {@link ConcurrentHashMap}
 * with copies of its values is there for comparison.
 *
 * <pre>
 * ./mvnw -pl benchmarks -am package -DskipTests
 * java -jar benchmarks/target/benchmarks.jar InProcess -t 1
 * java -jar benchmarks/target/benchmarks.jar InProcess -t 2
 * </pre>
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgs = {"-XX:+UseCompactObjectHeaders", "-Xms1g", "-Xmx1g"})
public class InProcessBenchmark {
    private static final int KEYS = 100_000;
    private static final int VALUE_BYTES = 64;

    /** The store and its keys. */
    @State(Scope.Benchmark)
    public static class Data {
        final Holdfast store = Holdfast.open();
        final ConcurrentHashMap<String, byte[]> map = new ConcurrentHashMap<>();
        final byte[][] keys = new byte[KEYS][];
        final String[] names = new String[KEYS];
        final byte[][] hashes = new byte[KEYS][];
        final byte[] field = {'f'};

        @Setup
        public void fill() {
            for (int i = 0; i < KEYS; i++) {
                names[i] = String.format("key:%012d", i);
                keys[i] = names[i].getBytes(StandardCharsets.US_ASCII);
                store.set(keys[i], new byte[VALUE_BYTES]);
                hashes[i] = names[i].replace("key", "hsh").getBytes(StandardCharsets.US_ASCII);
                store.hset(hashes[i], field, new byte[VALUE_BYTES]);
                map.put(names[i], new byte[VALUE_BYTES]);
            }
        }

        @TearDown
        public void close() {
            store.close();
        }
    }

    /** What each thread has for itself. */
    @State(Scope.Thread)
    public static class Own {
        final byte[] value = new byte[VALUE_BYTES];
        private final SplittableRandom random =
                new SplittableRandom(Thread.currentThread().threadId());

        int next() {
            return random.nextInt(KEYS);
        }
    }

    @Benchmark
    public @Nullable Object get(Data data, Own own) {
        return data.store.get(data.keys[own.next()]);
    }

    @Benchmark
    public @Nullable Object getByText(Data data, Own own) {
        return data.store.getBytes(data.names[own.next()]);
    }

    @Benchmark
    public void set(Data data, Own own) {
        data.store.set(data.keys[own.next()], own.value);
    }

    @Benchmark
    public @Nullable Object hget(Data data, Own own) {
        return data.store.hget(data.hashes[own.next()], data.field);
    }

    @Benchmark
    public @Nullable Object anyCommand(Data data, Own own) {
        return data.store.call("GET", data.keys[own.next()]);
    }

    @Benchmark
    public Object mapGet(Data data, Own own) {
        return data.map.getOrDefault(data.names[own.next()], data.field).clone();
    }
}
