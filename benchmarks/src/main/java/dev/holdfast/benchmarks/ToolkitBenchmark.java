package dev.holdfast.benchmarks;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.limit.Decision;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.lock.Lease;
import dev.holdfast.toolkit.lock.LeasedLock;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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
 * The toolkit's steps on a store in the same JVM, each thread with names of its own: a decision of a limiter, a lock that is taken and
 * given back, and jobs that are added and done.
 *
 * <pre>
 * ./mvnw -pl benchmarks -am package -DskipTests
 * java -jar benchmarks/target/benchmarks.jar Toolkit -t 1
 * java -jar benchmarks/target/benchmarks.jar Toolkit -t 2
 * </pre>
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgs = {"-XX:+UseCompactObjectHeaders", "-Xms1g", "-Xmx1g"})
public class ToolkitBenchmark {
    private static final int NAMES = 1024;
    private static final int JOBS = 1000;

    /** The toolkit, over a store of its own. */
    @State(Scope.Benchmark)
    public static class Data {
        final Toolkit toolkit = Toolkit.open("embedded:");
        final AtomicInteger threads = new AtomicInteger();
        final RateLimiter limiter = toolkit.rateLimiter("limit")
                .limit(Limit.tokenBucket(1_000_000_000, Duration.ofSeconds(1)))
                .build();

        @TearDown
        public void close() {
            toolkit.close();
        }
    }

    /** One thread's names. */
    @State(Scope.Thread)
    public static class Names {
        final String[] subjects = new String[NAMES];
        final LeasedLock[] locks = new LeasedLock[NAMES];
        int next;

        @Setup
        public void choose(Data data) {
            int thread = data.threads.incrementAndGet();
            for (int i = 0; i < NAMES; i++) {
                subjects[i] = "subject:" + thread + ":" + i;
                locks[i] = data.toolkit.locks().mutex("mutex:" + thread + ":" + i);
            }
        }

        int next() {
            next = next + 1 & NAMES - 1;
            return next;
        }
    }

    /** One thread's jobs, and who does them. */
    @State(Scope.Thread)
    public static class Work {
        final Semaphore done = new Semaphore(0);
        private final List<NewJob> batch = Collections.nCopies(100, NewJob.of("note", "x"));

        @SuppressWarnings("NullAway.Init")
        private Jobs jobs;

        @SuppressWarnings("NullAway.Init")
        private Worker worker;

        @Setup
        public void start(Data data) {
            jobs = data.toolkit.jobs("jobs:" + data.threads.incrementAndGet()).build();
            worker = jobs.worker()
                    .handle("note", String.class, job -> done.release())
                    .concurrency(100)
                    .start();
        }

        void doAll() throws InterruptedException {
            for (int i = 0; i < JOBS; i += batch.size()) {
                jobs.addAll(batch);
            }
            done.acquire(JOBS);
        }

        @TearDown
        public void stop() {
            worker.close();
        }
    }

    @Benchmark
    public Decision limiter(Data data, Names names) {
        return data.limiter.tryAcquire(names.subjects[names.next()]);
    }

    @Benchmark
    public long lockAndUnlock(Names names) {
        try (Lease lease = names.locks[names.next()].acquire()) {
            return lease.fencingToken();
        }
    }

    @Benchmark
    @OperationsPerInvocation(JOBS)
    public void jobsAddedAndDone(Work work) throws InterruptedException {
        work.doAll();
    }
}
