package dev.holdfast.toolkit.pattern;

import dev.holdfast.toolkit.pattern.Instruments.Timer;
import dev.holdfast.toolkit.store.Channels;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Health;
import dev.holdfast.toolkit.store.InvalidationListener;
import dev.holdfast.toolkit.store.MessageListener;
import dev.holdfast.toolkit.store.OutcomeUnknownException;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import dev.holdfast.toolkit.store.StoreUnavailableException;
import dev.holdfast.toolkit.store.Subscription;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.core.IntervalFunction;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A store behind a circuit breaker, which all patterns of a context share. Once half of the last twenty calls have failed it is left
 * alone, for 50 ms at first and up to 2 s while it goes on failing: calls are then refused at once with
 * {@link StoreUnavailableException}, which says what is true, that they were not sent. So a pattern does without the store, tries again or
 * gives up just as it would anyway, only sooner. After the pause three calls are let through to see whether it is back.
 *
 * <p>An error that the store has answered is no failure here, for it has answered. Commands that wait are neither counted nor
 * refused: they would keep the three calls for as long as they wait, and their senders pause by themselves ({@link Loop}).
 */
final class GuardedStore implements Store {
    private static final CircuitBreakerConfig CONFIG = CircuitBreakerConfig.custom()
            .slidingWindowSize(20)
            .minimumNumberOfCalls(5)
            .failureRateThreshold(50)
            .waitIntervalFunctionInOpenState(
                    IntervalFunction.ofExponentialBackoff(Duration.ofMillis(50), 2, Duration.ofSeconds(2)))
            .permittedNumberOfCallsInHalfOpenState(3)
            .build();

    private final Store store;
    private final CircuitBreaker breaker = CircuitBreaker.of("store", CONFIG);
    private final Timer answered;
    private final Timer failed;
    private final Timer refused;

    GuardedStore(Store store, Instruments instruments) {
        this.store = store;
        this.answered = instruments.timer("calls", "result", "answered");
        this.failed = instruments.timer("calls", "result", "failed");
        this.refused = instruments.timer("calls", "result", "refused");
        instruments.gauge("trusted", this, guarded -> guarded.isTrusted() ? 1 : 0);
    }

    /** Whether calls are let through without further ado. */
    boolean isTrusted() {
        return breaker.getState() == CircuitBreaker.State.CLOSED;
    }

    private void admit() {
        if (!breaker.tryAcquirePermission()) {
            refused.record(Duration.ZERO);
            throw new StoreUnavailableException("too many calls have failed; the store is left alone for a moment");
        }
    }

    /** Counts a call that has come to its end; {@code thrown} is null if it went well. */
    private void ended(long start, @Nullable Throwable thrown) {
        long nanos = System.nanoTime() - start;
        if (thrown == null || thrown instanceof CommandFailedException) {
            breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
            answered.record(nanos, TimeUnit.NANOSECONDS);
        } else if (thrown instanceof StoreException) {
            breaker.onError(nanos, TimeUnit.NANOSECONDS, thrown);
            failed.record(nanos, TimeUnit.NANOSECONDS);
        } else {
            // An interrupt, or a mistake of the caller's: it says nothing of the store.
            breaker.releasePermission();
        }
    }

    private <T extends @Nullable Object> T guarded(Supplier<T> call) {
        admit();
        long start = System.nanoTime();
        Throwable thrown = null;
        try {
            return call.get();
        } catch (RuntimeException | Error e) {
            thrown = e;
            throw e;
        } finally {
            ended(start, thrown);
        }
    }

    @Override
    public Reply call(Command command) {
        return guarded(() -> store.call(command));
    }

    @Override
    public Reply call(Command command, Duration atMost) {
        admit();
        long start = System.nanoTime();
        Throwable thrown = null;
        try {
            return store.call(command, atMost);
        } catch (RuntimeException | Error e) {
            // Of a caller who would not wait, the store may not have heard in time.
            thrown =
                    e instanceof OutcomeUnknownException && e.getCause() instanceof TimeoutException ? e.getCause() : e;
            throw e;
        } finally {
            ended(start, thrown);
        }
    }

    @Override
    public CompletionStage<Reply> callAsync(Command command) {
        try {
            admit();
        } catch (StoreUnavailableException e) {
            return CompletableFuture.failedFuture(e);
        }
        long start = System.nanoTime();
        return store.callAsync(command)
                .whenComplete((reply, thrown) ->
                        ended(start, thrown instanceof CompletionException wrapped ? wrapped.getCause() : thrown));
    }

    @Override
    public Reply await(Duration atMost, Command command) {
        return store.await(atMost, command);
    }

    @Override
    public List<Reply> pipeline(List<Command> commands) {
        return guarded(() -> store.pipeline(commands));
    }

    @Override
    @SuppressWarnings("NullAway") // It cannot tell an array that may be null from one of things that may be.
    public byte @Nullable [] get(byte[] key) {
        return this.<byte @Nullable []>guarded(() -> store.get(key));
    }

    @Override
    public List<byte @Nullable []> getAll(List<byte[]> keys) {
        return guarded(() -> store.getAll(keys));
    }

    @Override
    public long unlink(Collection<byte[]> keys) {
        return guarded(() -> store.unlink(keys));
    }

    @Override
    public void scan(String pattern, Consumer<List<byte[]>> batch) {
        this.<@Nullable Void>guarded(() -> {
            store.scan(pattern, batch);
            return null;
        });
    }

    @Override
    public Subscription subscribe(Channels channels, MessageListener listener) {
        return store.subscribe(channels, listener);
    }

    @Override
    public Optional<Subscription> track(String prefix, InvalidationListener listener) {
        return store.track(prefix, listener);
    }

    @Override
    public long millis() {
        return store.millis();
    }

    @Override
    public boolean isCluster() {
        return store.isCluster();
    }

    @Override
    public String namespace() {
        return store.namespace();
    }

    @Override
    public Health health() {
        return store.health().with("breaker", breaker.getState().name());
    }

    @Override
    public void close() {
        store.close();
    }

    @Override
    public String toString() {
        return store.toString();
    }
}
