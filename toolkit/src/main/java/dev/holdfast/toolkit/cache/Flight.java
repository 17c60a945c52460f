package dev.holdfast.toolkit.cache;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A load that is under way in this process; whoever wants the same key waits for it. */
final class Flight<V> {
    final CompletableFuture<@Nullable V> result = new CompletableFuture<>();

    /** A stale value that may be served instead, once one has been found. */
    volatile @Nullable Held<V> stale;

    /** Whether it has found an entry that is to be loaded anew in the background. */
    boolean ageing;
}
