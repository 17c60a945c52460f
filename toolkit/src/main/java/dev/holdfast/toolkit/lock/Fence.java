package dev.holdfast.toolkit.lock;

import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.time.Duration;
import java.util.List;

/**
 * Guards what a lock protects. A holder that was stopped for longer than its lease, by its garbage collector or the network, does
 * not know that the lock has gone to another. So whatever it changes should be changed with its fencing token, and code that keeps
 * the thing should refuse a token smaller than one it has seen. A database does that with a column; where the thing is kept in
 * the store itself, or nowhere that could compare, ask this before the change.
 *
 * <p>Asking and changing are two steps. Where that matters, compare the tokens where the change is made.
 */
public final class Fence {
    private static final Script ADMIT = Script.of(Fence.class, "admit");
    private static final Duration REMEMBERED = Duration.ofDays(1);

    private final Store store;
    private final LockKeys keys;

    Fence(Store store, LockKeys keys) {
        this.store = store;
        this.keys = keys;
    }

    /** Whether no larger token has come before this one. */
    public boolean admits(long token) {
        return store.call(ADMIT, List.of(keys.passed()), token, REMEMBERED.toMillis())
                .flag();
    }
}
