package dev.holdfast.toolkit.lock;

import dev.holdfast.toolkit.store.HashTag;
import java.util.List;

/**
 * The keys of a lock. The first is the one that programs have always used by hand; all others have it as their hash tag, and so lie
 * in its slot.
 *
 * <pre>
 * lock:name             who has it alone: a string that expires with the lease
 * {lock:name}:holders   who shares it: a sorted set by the ends of the leases
 * {lock:name}:fence     the last fencing token; kept for a day
 * {lock:name}:waiting   there while somebody waits
 * {lock:name}:passed    the largest fencing token that {@link Fence} has let pass
 * </pre>
 *
 * A channel <code>{lock:name}:released</code> tells those who wait.
 */
record LockKeys(String name, String owner, String tag) {
    /** All channels. */
    static final String CHANNELS = "{lock:*}:released";

    static LockKeys of(String name) {
        String owner = "lock:" + name;
        return new LockKeys(name, owner, HashTag.of(owner));
    }

    String holders() {
        return tag + ":holders";
    }

    String fence() {
        return tag + ":fence";
    }

    String waiting() {
        return tag + ":waiting";
    }

    String passed() {
        return tag + ":passed";
    }

    String channel() {
        return tag + ":released";
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
