package dev.holdfast.benchmarks;

import dev.holdfast.engine.Holdfast;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * EVALSHA in the same JVM, of a script of INCR and GET: with the promise to keep to its keys and without, each thread with a tag of its
 * own.
 *
 * <pre>
 * ./mvnw -pl benchmarks -am package -DskipTests
 * java -jar benchmarks/target/benchmarks.jar Script -t 1
 * java -jar benchmarks/target/benchmarks.jar Script -t 2
 * </pre>
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgs = {"-XX:+UseCompactObjectHeaders", "-Xms1g", "-Xmx1g"})
public class ScriptBenchmark {
    private static final String SCRIPT = "redis.call('INCR', KEYS[1]) return redis.call('GET', KEYS[1])";

    /** The store, which knows the script. */
    @State(Scope.Benchmark)
    public static class Data {
        @Param({"", "--!holdfast flags=declared-keys\n"})
        public String promise = "";

        final Holdfast store = Holdfast.open();
        final AtomicInteger threads = new AtomicInteger();
        String hash = "";

        @Setup
        public void load() {
            hash = String.valueOf(store.callText("SCRIPT", "LOAD", promise + SCRIPT));
        }

        @TearDown
        public void close() {
            store.close();
        }
    }

    /** One thread's key. */
    @State(Scope.Thread)
    public static class Key {
        String name = "";

        @Setup
        public void choose(Data data) {
            name = "counter:{" + data.threads.incrementAndGet() + "}";
        }
    }

    @Benchmark
    public @Nullable Object evalsha(Data data, Key key) {
        return data.store.call("EVALSHA", data.hash, "1", key.name);
    }
}
