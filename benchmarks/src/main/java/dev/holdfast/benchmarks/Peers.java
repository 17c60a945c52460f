package dev.holdfast.benchmarks;

import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.job.Jobs;
import dev.holdfast.toolkit.job.NewJob;
import dev.holdfast.toolkit.job.Worker;
import dev.holdfast.toolkit.limit.Limit;
import dev.holdfast.toolkit.limit.RateLimiter;
import dev.holdfast.toolkit.lock.LeasedLock;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce;
import io.lettuce.core.RedisClient;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.api.RLock;
import org.redisson.api.RScheduledExecutorService;
import org.redisson.api.RedissonClient;
import org.redisson.api.WorkerOptions;
import org.redisson.config.Config;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The toolkit's patterns and those of others, all on the same real Valkey, in turn: locks beside Redisson's, rate limits beside
 * Bucket4j's, jobs beside BullMQ's, asynq's and those of Redisson's executor service.
 */
@Command(
        name = "peers",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Operations a second of the toolkit's patterns: ratios to those of other libraries.")
public final class Peers implements Callable<Integer> {
    @Mixin
    private final ServerOptions servers = new ServerOptions();

    @Option(names = "--rounds", description = "Rounds of each measurement; ${DEFAULT-VALUE} by default.")
    private int rounds = 5;

    @Option(names = "--operations", description = "Operations of a round; ${DEFAULT-VALUE} by default.")
    private int operations = 10_000;

    @Option(names = "--threads", description = "Threads that do them; ${DEFAULT-VALUE} by default.")
    private int threads = 8;

    @Option(
            names = "--bullmq",
            paramLabel = "FOLDER",
            description = "A folder with node_modules/bullmq; without it BullMQ is left out.")
    private @Nullable Path bullmq;

    @Option(
            names = "--asynq",
            paramLabel = "PROGRAM",
            description = "What `go build` makes of benchmarks/asynq; without it asynq is left out.")
    private @Nullable Path asynq;

    @Option(names = "--holdfast", description = "On our server instead of a Valkey.")
    private boolean onHoldfast;

    @Option(names = "--only", paramLabel = "PEER", description = "Only what is compared with this one.")
    private String only = "";

    /** How many jobs asynq's goroutines add, and do, at the same time. */
    private static final int TOGETHER = 64;

    /** How many jobs are added at once. */
    private static final int BATCH = 500;

    /** Gives what a lock guards something to do. */
    private long inside;

    /** Something that gives a number of operations a second. */
    private interface Round {
        double perSecond() throws Exception;
    }

    public static void main(String[] arguments) {
        Tool.run(new Peers(), arguments);
    }

    @Override
    public Integer call() throws Exception {
        ServerCommand command = onHoldfast ? servers.holdfast() : servers.valkeyCommand();
        try (ServerProcess valkey = ServerProcess.start(command, servers.port, Pinning.UNPINNED)) {
            String uri = "redis://127.0.0.1:" + valkey.port();
            Config config = new Config();
            config.useSingleServer().setAddress(uri);
            RedissonClient redisson = Redisson.create(config);
            RedisClient lettuce = RedisClient.create(uri);
            try (Toolkit toolkit = Toolkit.open(uri);
                    ExecutorService pool = Executors.newFixedThreadPool(threads)) {
                System.out.printf(
                        Locale.ROOT,
                        "%d rounds of %d operations on %d threads. %s%n%n",
                        rounds,
                        operations,
                        threads,
                        Machine.describe(valkey));
                System.out.println("| pattern | peer | ratio | ours K/s | peer K/s |");
                System.out.println("|---|---|--:|--:|--:|");
                compare("lock + unlock", "Redisson", ourLocks(toolkit, pool), redissonLocks(redisson, pool));
                compare("rate decision", "Bucket4j (Lettuce)", ourLimits(toolkit, pool), bucket4j(lettuce, pool));
                compare(
                        "jobs added and done",
                        "Redisson's executor",
                        () -> ourJobs(toolkit),
                        () -> redissonJobs(redisson));
                if (bullmq != null) {
                    compare("jobs added and done", "BullMQ", () -> ourJobs(toolkit), () -> bullMq(valkey.port()));
                }
                if (asynq != null) {
                    String program = asynq.toAbsolutePath().toString();
                    Round theirs = () -> run("asynq", valkey.port(), program);
                    compare("jobs added one by one, and done", "asynq", () -> ourSingleJobs(toolkit), theirs);
                    compare("jobs added together, and done", "asynq (one by one)", () -> ourJobs(toolkit), theirs);
                }
            } finally {
                lettuce.shutdown();
                redisson.shutdown();
            }
        }
        return 0;
    }

    private void compare(String pattern, String peer, Round ours, Round theirs) throws Exception {
        if (!peer.startsWith(only)) {
            return;
        }
        ours.perSecond();
        theirs.perSecond();
        double[] ratios = new double[rounds];
        double[] our = new double[rounds];
        double[] their = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            our[i] = ours.perSecond();
            their[i] = theirs.perSecond();
            ratios[i] = our[i] / their[i];
        }
        System.out.printf(
                Locale.ROOT,
                "| %s | %s | %s | %.1f | %.1f |%n",
                pattern,
                peer,
                new Figures(ratios).asRatio(),
                new Figures(our).median() / 1000,
                new Figures(their).median() / 1000);
    }

    /** Has all threads do their share, each with its number. */
    private double timed(ExecutorService pool, IntConsumer share) throws Exception {
        long begin = System.nanoTime();
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            int thread = i;
            all.add(pool.submit(() -> share.accept(thread)));
        }
        for (Future<?> each : all) {
            each.get();
        }
        return operations / ((System.nanoTime() - begin) / 1e9);
    }

    private Round ourLocks(Toolkit toolkit, ExecutorService pool) {
        return () -> timed(pool, thread -> {
            LeasedLock lock = toolkit.locks().mutex("peers-" + thread);
            for (int i = 0; i < operations / threads; i++) {
                lock.acquire().close();
            }
        });
    }

    private Round redissonLocks(RedissonClient redisson, ExecutorService pool) {
        return () -> timed(pool, thread -> {
            RLock lock = redisson.getLock("peers:" + thread);
            for (int i = 0; i < operations / threads; i++) {
                lock.lock();
                try {
                    inside++;
                } finally {
                    lock.unlock();
                }
            }
        });
    }

    private Round ourLimits(Toolkit toolkit, ExecutorService pool) {
        RateLimiter limiter = toolkit.rateLimiter("peers:limit")
                .limit(Limit.tokenBucket(1_000_000_000, Duration.ofMinutes(1)))
                .build();
        return () -> timed(pool, thread -> {
            for (int i = 0; i < operations / threads; i++) {
                limiter.tryAcquire("client-" + thread);
            }
        });
    }

    private Round bucket4j(RedisClient lettuce, ExecutorService pool) {
        var proxies = Bucket4jLettuce.casBasedBuilder(lettuce)
                .expirationAfterWrite(
                        ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(Duration.ofSeconds(10)))
                .build();
        BucketConfiguration configuration = BucketConfiguration.builder()
                .addLimit(Bandwidth.builder()
                        .capacity(1_000_000_000)
                        .refillGreedy(1_000_000_000, Duration.ofMinutes(1))
                        .build())
                .build();
        return () -> timed(pool, thread -> {
            Bucket bucket =
                    proxies.builder().build(("bucket:" + thread).getBytes(StandardCharsets.UTF_8), () -> configuration);
            for (int i = 0; i < operations / threads; i++) {
                bucket.tryConsume(1);
            }
        });
    }

    /** Adds all jobs in bulk and waits until workers have done them. */
    private double ourJobs(Toolkit toolkit) throws InterruptedException {
        Jobs jobs = toolkit.jobs("peers").build();
        CountDownLatch left = new CountDownLatch(operations);
        long begin = System.nanoTime();
        List<NewJob> all = new ArrayList<>();
        for (int i = 0; i < operations; i++) {
            all.add(NewJob.of("count", i));
        }
        Worker worker = jobs.worker()
                .handle("count", Integer.class, job -> left.countDown())
                .concurrency(threads * 8)
                .start();
        jobs.addAll(all);
        left.await();
        double seconds = (System.nanoTime() - begin) / 1e9;
        worker.close();
        jobs.close();
        return operations / seconds;
    }

    /** As {@link #ourJobs}, but each job is added by itself. */
    private double ourSingleJobs(Toolkit toolkit) throws InterruptedException {
        Jobs jobs = toolkit.jobs("singles").build();
        CountDownLatch left = new CountDownLatch(operations);
        Worker worker = jobs.worker()
                .handle("count", Integer.class, job -> left.countDown())
                .concurrency(TOGETHER)
                .start();
        long begin = System.nanoTime();
        AtomicInteger next = new AtomicInteger();
        for (int i = 0; i < TOGETHER; i++) {
            Thread.ofVirtual().start(() -> {
                for (int job = next.getAndIncrement(); job < operations; job = next.getAndIncrement()) {
                    jobs.add(NewJob.of("count", job));
                }
            });
        }
        left.await();
        double seconds = (System.nanoTime() - begin) / 1e9;
        worker.close();
        jobs.close();
        return operations / seconds;
    }

    /** A job of Redisson's, which travels as an object. */
    record Count() implements Runnable, Serializable {
        static volatile CountDownLatch left = new CountDownLatch(0);

        @Override
        public void run() {
            left.countDown();
        }
    }

    private double redissonJobs(RedissonClient redisson) throws InterruptedException {
        RScheduledExecutorService executor = redisson.getExecutorService("peers");
        Count.left = new CountDownLatch(operations);
        Runnable[] all = new Runnable[BATCH];
        Arrays.fill(all, new Count());
        long begin = System.nanoTime();
        executor.registerWorkers(WorkerOptions.defaults().workers(threads * 8));
        for (int i = 0; i < operations; i += BATCH) {
            executor.execute(i + BATCH <= operations ? all : Arrays.copyOf(all, operations - i));
        }
        Count.left.await();
        double seconds = (System.nanoTime() - begin) / 1e9;
        executor.delete();
        return operations / seconds;
    }

    private double bullMq(int port) throws IOException, InterruptedException {
        Path script = Path.of(System.getProperty("holdfast.root", "."), "benchmarks", "bullmq.mjs");
        return run("BullMQ", port, "node", script.toString());
    }

    /** Has a program add jobs and do them. It is given the port and how many, and prints how many that were in a second. */
    private double run(String peer, int port, String... program) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(program));
        words.add(Integer.toString(port));
        words.add(Integer.toString(operations));
        ProcessBuilder builder = new ProcessBuilder(words);
        builder.environment().put("NODE_MODULES", String.valueOf(bullmq));
        builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IOException(peer + " failed: " + output);
        }
        return Double.parseDouble(output);
    }
}
