package dev.holdfast.toolkit.lock;

import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.HashTag;
import java.util.Arrays;
import java.util.List;

/**
 * The keys of a lock. The first is the one that programs have always used by hand; all others have it as their hash tag, and so lie
 * in its slot. Braces in a name are written {@code %7B} and {@code %7D}.
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
record LockKeys(
        String name,
        String passed,
        String channel,
        List<byte[]> toAcquire,
        List<byte[]> toRenew,
        List<byte[]> toRelease) {
    /** All channels. */
    static final String CHANNELS = "{lock:*}:released";

    static LockKeys of(String name) {
        String owner = HashTag.escaped("lock:" + name);
        String tag = HashTag.around(owner);
        String holders = tag + ":holders";
        String waiting = tag + ":waiting";
        return new LockKeys(
                name,
                tag + ":passed",
                tag + ":released",
                words(owner, holders, tag + ":fence", waiting),
                words(owner, holders),
                words(owner, holders, waiting));
    }

    private static List<byte[]> words(String... keys) {
        return Arrays.stream(keys).map(Command::word).toList();
    }
}
