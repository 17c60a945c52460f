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
import org.openjdk.jmh.annotations.OperationsPerInvocation;
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
    private static final int DIGITS = 6;

    /** How many keys the bulk calls name; what they report is keys a second. */
    private static final int BULK = 64;

    /** The store and its keys. */
    @State(Scope.Benchmark)
    public static class Data {
        final Holdfast store = Holdfast.open();
        final ConcurrentHashMap<String, byte[]> map = new ConcurrentHashMap<>();
        final String[] names = new String[KEYS];
        final byte[] field = {'f'};

        @Setup
        public void fill() {
            for (int i = 0; i < KEYS; i++) {
                names[i] = String.format("key:%012d", i);
                store.set(names[i], new byte[VALUE_BYTES]);
                store.hset(
                        names[i].replace("key", "hsh").getBytes(StandardCharsets.US_ASCII),
                        field,
                        new byte[VALUE_BYTES]);
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

        private final byte[] key = "key:000000000000".getBytes(StandardCharsets.US_ASCII);
        private final byte[] hash = "hsh:000000000000".getBytes(StandardCharsets.US_ASCII);

        private final byte[][] keys = new byte[BULK][];
        private final byte[][] pairs = new byte[2 * BULK][];

        /** Makes the arrays of the bulk calls. */
        @Setup
        public void makeArrays() {
            for (int i = 0; i < BULK; i++) {
                keys[i] = key.clone();
                pairs[2 * i] = keys[i];
                pairs[2 * i + 1] = value;
            }
        }

        byte[][] nextKeys() {
            for (byte[] each : keys) {
                write(each);
            }
            return keys;
        }

        byte[][] nextPairs() {
            nextKeys();
            return pairs;
        }

        int next() {
            return random.nextInt(KEYS);
        }

        /** The next key, written anew into the same array, as programs make their keys when they need them. */
        byte[] nextKey() {
            return write(key);
        }

        byte[] nextHash() {
            return write(hash);
        }

        private byte[] write(byte[] target) {
            int rest = next();
            for (int i = target.length - 1; i >= target.length - DIGITS; i--) {
                target[i] = (byte) ('0' + rest % 10);
                rest /= 10;
            }
            return target;
        }
    }

    @Benchmark
    public @Nullable Object get(Data data, Own own) {
        return data.store.get(own.nextKey());
    }

    @Benchmark
    public @Nullable Object getByText(Data data, Own own) {
        return data.store.getBytes(data.names[own.next()]);
    }

    @Benchmark
    public void set(Data data, Own own) {
        data.store.set(own.nextKey(), own.value);
    }

    @Benchmark
    @OperationsPerInvocation(BULK)
    public Object getAll(Data data, Own own) {
        return data.store.getAll(own.nextKeys());
    }

    @Benchmark
    @OperationsPerInvocation(BULK)
    public Object mget(Data data, Own own) {
        return data.store.mget(own.nextKeys());
    }

    @Benchmark
    @OperationsPerInvocation(BULK)
    public void setAll(Data data, Own own) {
        data.store.setAll(own.nextPairs());
    }

    @Benchmark
    public @Nullable Object hget(Data data, Own own) {
        return data.store.hget(own.nextHash(), data.field);
    }

    @Benchmark
    public @Nullable Object anyCommand(Data data, Own own) {
        return data.store.call("GET", own.nextKey());
    }

    @Benchmark
    public Object mapGet(Data data, Own own) {
        return data.map.getOrDefault(data.names[own.next()], data.field).clone();
    }
}
