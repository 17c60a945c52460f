package dev.holdfast.toolkit.pattern;

import dev.holdfast.toolkit.codec.Codecs;
import dev.holdfast.toolkit.store.Artifact;
import dev.holdfast.toolkit.store.EmbeddedStore;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.Retry;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a pattern is given: the store, and all that the patterns of one program share. */
public final class Context implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Context.class);
    private static final SecureRandom RANDOM = new SecureRandom();

    private static final int ERRANDS_AT_ONCE = 16;
    private static final int IDLE_SECONDS = 10;

    private final Store store;
    private final Codecs codecs;
    private final Meters meters;
    private final Retry retry;
    private final Patience patience;
    private final String instance = id();
    private final ScheduledThreadPoolExecutor timer = newTimer();
    private final ExecutorService workers = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("holdfast-worker-", 0).factory());
    private final ExecutorService errands = newErrands();
    private final Map<Class<?>, Object> shared = new ConcurrentHashMap<>();
    private final Map<String, Instruments> instruments = new ConcurrentHashMap<>();
    private final List<Pattern> patterns = new CopyOnWriteArrayList<>();

    public Context(Store store, Codecs codecs, Meters meters, Retry retry, Patience patience) {
        this.meters = meters;
        this.patience = patience;
        // In this JVM there is nothing that could be out of reach.
        this.store = store instanceof EmbeddedStore ? store : guarded(store);
        this.codecs = codecs;
        this.retry = retry;
    }

    private Store guarded(Store store) {
        Artifact.RESILIENCE4J.require("a store elsewhere");
        return new GuardedStore(store, instruments("store", "store"));
    }

    /** A context with defaults for all but the store. */
    public Context(Store store) {
        this(store, new Codecs(), Meters.own(), Retry.DEFAULT, Patience.DEFAULT);
    }

    /** The store, with the circuit breaker that all patterns share. */
    public Store store() {
        return store;
    }

    /** Whether the store can be reached, as far as the last calls tell. */
    public boolean isStoreTrusted() {
        return !(store instanceof GuardedStore guarded) || guarded.isTrusted();
    }

    public Codecs codecs() {
        return codecs;
    }

    /**
     * Where metrics go.
     *
     * @throws IllegalStateException if Micrometer is not there
     */
    public MeterRegistry meters() {
        Artifact.MICROMETER.require("a registry of metrics");
        return ((MicrometerMeters) meters).registry();
    }

    public Retry retry() {
        return retry;
    }

    /** How long what is being closed is waited for. */
    public Patience patience() {
        return patience;
    }

    /** What this process is called among those that use the store; random. */
    public String instance() {
        return instance;
    }

    /** One thread, for short tasks that come again and again. They should hand work that may wait to {@link #errands}. */
    public ScheduledExecutorService timer() {
        return timer;
    }

    /** A virtual thread for each task; for what the program gives us to run. */
    public ExecutorService workers() {
        return workers;
    }

    /**
     * Platform threads for the toolkit's own tasks that may wait for the store: keeping leases, telling ends, listening. Nothing that the
     * program does on virtual threads, such as never to let go of a processor, holds them up.
     */
    public ExecutorService errands() {
        return errands;
    }

    private static ScheduledThreadPoolExecutor newTimer() {
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("holdfast-toolkit").factory());
        // A task that was cancelled would keep what it knows, such as a job and its payload, until its time.
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    private static ExecutorService newErrands() {
        ThreadPoolExecutor errands = new ThreadPoolExecutor(
                ERRANDS_AT_ONCE,
                ERRANDS_AT_ONCE,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name("holdfast-errand-", 0).factory());
        errands.allowCoreThreadTimeOut(true);
        return errands;
    }

    /** Makes a call on a virtual thread, with its outcome in the stage. */
    public <T extends @Nullable Object> CompletionStage<T> async(Supplier<T> call) {
        return CompletableFuture.supplyAsync(call, workers);
    }

    /** As {@link #async(Supplier)}, of a call that answers nothing. */
    public CompletionStage<@Nullable Void> async(Runnable call) {
        return CompletableFuture.runAsync(call, workers);
    }

    /** The metrics of a pattern of this kind and name; the same each time, until it is closed. */
    public Instruments instruments(String kind, String name) {
        return instruments.computeIfAbsent(kind + ":" + name, ignored -> meters.instruments(kind, name));
    }

    /** An id that cannot be guessed: 32 hexadecimal digits. */
    public static String id() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** Has a pattern closed with the context, and its health shown. Returns the pattern. */
    public <P extends Pattern> P register(P pattern) {
        patterns.add(pattern);
        if (pattern.isOnlyCopy()) {
            errands.execute(() -> warnOfEviction(pattern));
        }
        return pattern;
    }

    private void warnOfEviction(Pattern pattern) {
        try {
            if (store.call("INFO", "memory").text().contains("maxmemory_policy:allkeys")) {
                LOG.warn(
                        "The store may evict what {} {} keeps: its maxmemory-policy should be noeviction or volatile-lru",
                        pattern.kind(),
                        pattern.name());
            }
        } catch (StoreException | CancellationException e) {
            LOG.debug("The store did not say what it evicts", e);
        }
    }

    /** Something that all patterns of one kind share in this context; made when first asked for. */
    public <T> T shared(Class<T> type, Supplier<T> make) {
        return type.cast(shared.computeIfAbsent(type, ignored -> make.get()));
    }

    /** Forgets a pattern that has been closed, and takes its gauges back. */
    public void unregister(Pattern pattern) {
        patterns.remove(pattern);
        Instruments closed = instruments.remove(pattern.kind() + ":" + pattern.name());
        if (closed != null) {
            closed.close();
        }
    }

    /** The health of the store, under {@code store}, and of each pattern, under {@code kind:name}. */
    public Map<String, Health> health() {
        Map<String, Health> health = new TreeMap<>();
        health.put("store", store.health());
        for (Pattern pattern : patterns) {
            health.put(pattern.kind() + ":" + pattern.name(), healthOf(pattern));
        }
        return health;
    }

    /** A pattern may ask code of the application, which throws; that hides no other pattern. */
    private static Health healthOf(Pattern pattern) {
        try {
            return pattern.health();
        } catch (Throwable e) {
            return Health.down(Throwables.describe(e));
        }
    }

    /** Closes all patterns. The store stays open. */
    @Override
    public void close() {
        for (Pattern pattern : new ArrayList<>(patterns)) {
            try {
                pattern.close();
            } catch (RuntimeException | Error e) {
                LOG.warn("Closing {} {} failed: {}", pattern.kind(), pattern.name(), Throwables.describe(e));
            }
        }
        patterns.clear();
        timer.shutdownNow();
        workers.shutdownNow();
        errands.shutdownNow();
    }
}
