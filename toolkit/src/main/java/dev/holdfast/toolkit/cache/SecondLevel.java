package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.pattern.Context;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Retry;
import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The second level: the store. A call that fails, or that the store's circuit breaker refuses, is counted and answers what the caller
 * says it shall, as if nothing were there; unless failures are to be thrown.
 */
final class SecondLevel {
    private static final Logger LOG = LoggerFactory.getLogger(SecondLevel.class);
    private static final Script LEASE = Script.of(SecondLevel.class, "lease");
    private static final Script FILL = Script.of(SecondLevel.class, "fill");
    private static final Script RELEASE = Script.of(SecondLevel.class, "release");

    private final Context context;
    private final Store store;
    private final Counters counters;
    private final boolean throwing;
    /** The last error that the store has answered, which was logged. */
    private volatile @Nullable String refusal;

    SecondLevel(Context context, Counters counters, boolean throwing) {
        this.context = context;
        this.store = context.store();
        this.counters = counters;
        this.throwing = throwing;
    }

    /** Makes a call of the store; answers {@code otherwise} where it fails. */
    <T extends @Nullable Object> T guarded(Supplier<T> call, T otherwise) {
        try {
            return call.get();
        } catch (StoreException e) {
            counters.storeFailures.increment();
            if (throwing) {
                throw e;
            }
            if (Retry.isOutage(e)) {
                LOG.debug("The store failed a cache", e);
            } else if (!String.valueOf(e.getMessage()).equals(refusal)) {
                refusal = String.valueOf(e.getMessage());
                LOG.warn("The store refuses what a cache asks for, which goes on without: {}", refusal);
            }
            return otherwise;
        }
    }

    /**
     * Invalidates something in the store. False if the store is away, so that it is to be done later.
     *
     * @throws StoreException if the store answers an error that does not pass: what is invalid would stay
     */
    boolean invalidating(BooleanSupplier call) {
        try {
            return call.getAsBoolean();
        } catch (StoreException e) {
            counters.storeFailures.increment();
            if (throwing || !Retry.isOutage(e)) {
                throw e;
            }
            LOG.debug("The store failed a cache", e);
            return false;
        }
    }

    @SuppressWarnings("NullAway") // It cannot tell an array that may be null from one of things that may be.
    private byte @Nullable [] bytes(Supplier<byte @Nullable []> call, byte @Nullable [] otherwise) {
        return this.<byte @Nullable []>guarded(call, otherwise);
    }

    /** Whether the store can be reached, as far as the last calls tell. */
    boolean isTrusted() {
        return context.isStoreTrusted();
    }

    /** Whether it answers. */
    boolean isThere() {
        return guarded(() -> store.call("PING").text().equals("PONG"), false);
    }

    // ---- entries ----

    byte @Nullable [] read(byte[] key) {
        return bytes(() -> store.get(key), null);
    }

    /** Reads a value, which is then kept for {@code millis} more. */
    byte @Nullable [] readAndKeep(byte[] key, long millis) {
        return bytes(() -> store.call("GETEX", key, "PX", millis).bytesOrNull(), null);
    }

    /** Reads values; with {@code millis} other than 0 those that are there are kept for so long more. */
    List<byte @Nullable []> readAll(List<byte[]> keys, long millis) {
        List<byte @Nullable []> nothing = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            nothing.add(null);
        }
        if (millis == 0 || keys.isEmpty()) {
            return guarded(() -> store.getAll(keys), nothing);
        }
        List<Command> reads =
                keys.stream().map(key -> Command.of("GETEX", key, "PX", millis)).toList();
        List<Reply> replies = guarded(() -> store.pipeline(reads), List.of());
        for (int i = 0; i < replies.size(); i++) {
            nothing.set(i, replies.get(i).isError() ? null : replies.get(i).bytesOrNull());
        }
        return nothing;
    }

    /** Returns whether the store has it now. */
    boolean write(byte[] key, byte[] bytes, long millis) {
        return guarded(() -> store.call("SET", key, bytes, "PX", millis).flag(), false);
    }

    /** Runs commands together; false if the store has failed any. */
    boolean run(List<Command> commands) {
        return commands.isEmpty()
                || guarded(
                        () -> {
                            store.pipeline(commands).forEach(reply -> reply.orThrow());
                            return true;
                        },
                        false);
    }

    /** Removes keys; false if the store has failed. */
    boolean remove(List<byte[]> keys) {
        return invalidating(() -> {
            store.unlink(keys);
            return true;
        });
    }

    // ---- leases ----

    /**
     * Takes the lease of a key that has no entry.
     *
     * @return null if it has been taken, else what stands there instead; empty if the store has failed
     */
    byte @Nullable [] lease(byte[] key, byte[] lease, long millis) {
        return bytes(
                () -> store.call("SET", key, lease, "NX", "GET", "PX", millis).bytesOrNull(), new byte[0]);
    }

    /** Takes the lease of an entry that has gone stale. */
    boolean leaseStale(byte[] key, Entry stale, byte[] lease) {
        byte[] seen = Entry.lease(stale.token(), stale.leaseUntil());
        return guarded(() -> store.call(LEASE, List.of(key), seen, lease).flag(), false);
    }

    /** Writes what was loaded under a lease, if that still stands. */
    boolean fill(byte[] key, long token, byte[] bytes, long millis) {
        return guarded(
                () -> store.call(FILL, List.of(key), Entry.token(token), bytes, millis)
                        .flag(),
                false);
    }

    static Command fillCommand(byte[] key, long token, byte[] bytes, long millis) {
        return Command.of(FILL, List.of(key), Entry.token(token), bytes, millis);
    }

    /** Gives a lease back; a stale entry counts as fresh until {@code freshUntil}, if that is not 0. */
    void release(byte[] key, long token, long freshUntil) {
        byte[] fresh = freshUntil == 0 ? new byte[0] : Entry.token(freshUntil);
        guarded(
                () -> store.call(RELEASE, List.of(key), Entry.token(token), Entry.NO_LEASE, fresh)
                        .flag(),
                false);
    }
}
