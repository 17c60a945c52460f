package dev.holdfast.toolkit.store;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A store whose commands go through a function. */
final class MirroredStore implements Store {
    /** Runs a command. */
    interface Calls {
        Reply call(Command command);
    }

    private final Store store;
    private final Calls calls;

    MirroredStore(Store store, Calls calls) {
        this.store = store;
        this.calls = calls;
    }

    @Override
    public synchronized Reply call(Command command) {
        return calls.call(command);
    }

    @Override
    public CompletionStage<Reply> callAsync(Command command) {
        return CompletableFuture.completedFuture(call(command));
    }

    @Override
    public Reply await(Duration atMost, Command command) {
        // Whoever waits looks again by itself.
        LockSupport.parkNanos(1_000_000);
        return Reply.of(null);
    }

    @Override
    public List<Reply> pipeline(List<Command> commands) {
        return commands.stream().map(this::call).toList();
    }

    @Override
    public List<byte @Nullable []> getAll(List<byte[]> keys) {
        return store.getAll(keys);
    }

    @Override
    public long unlink(Collection<byte[]> keys) {
        return call(Command.of("UNLINK", keys.toArray())).number();
    }

    @Override
    public void scan(String pattern, Consumer<List<byte[]>> batch) {
        store.scan(pattern, batch);
    }

    @Override
    public Subscription subscribe(Channels channels, MessageListener listener) {
        return store.subscribe(channels, listener);
    }

    @Override
    public Optional<Subscription> track(String prefix, InvalidationListener listener) {
        return Optional.empty();
    }

    @Override
    public long millis() {
        return store.millis();
    }

    @Override
    public boolean isCluster() {
        return false;
    }

    @Override
    public Health health() {
        return store.health();
    }

    @Override
    public void close() {}
}
