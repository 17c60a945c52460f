package dev.holdfast.toolkit.lock;

import dev.holdfast.toolkit.store.HashTag;
import java.util.List;

/**
 * The keys of a lock, in one slot of a cluster.
 *
 * <pre>
 * lock:{name}           who has it alone: a string that expires with the lease
 * lock:{name}:holders   who shares it: a sorted set by the ends of the leases
 * lock:{name}:fence     the last fencing token; kept for a day
 * lock:{name}:waiting   there while somebody waits
 * lock:{name}:passed    the largest fencing token that {@link Fence} has let pass
 * </pre>
 *
 * A channel {@code lock:{name}:released} tells those who wait.
 */
record LockKeys(String name, String owner) {
    static LockKeys of(String name) {
        return new LockKeys(name, "lock:" + HashTag.of(name));
    }

    String holders() {
        return owner + ":holders";
    }

    String fence() {
        return owner + ":fence";
    }

    String waiting() {
        return owner + ":waiting";
    }

    String passed() {
        return owner + ":passed";
    }

    String channel() {
        return owner + ":released";
    }

    List<String> toAcquire() {
        return List.of(owner, holders(), fence(), waiting());
    }

    List<String> toRenew() {
        return List.of(owner, holders());
    }

    List<String> toRelease() {
        return List.of(owner, holders(), waiting());
    }
}
