package dev.holdfast.toolkit.store;

import java.util.ArrayList;
import java.util.List;

/**
 * Moves what is in one store to another.
 *
 * <pre>
 * try (Store old = StoreUri.open("redis://old"); Store next = StoreUri.open("embedded:/var/lib/app")) {
 *     Migration.copy(old, next, "cache:*");
 * }
 * </pre>
 */
public final class Migration {
    private Migration() {}

    /**
     * Copies the keys that match a glob pattern, whatever their types, with what is left of their times to live; a key that is there
     * already is replaced. May run while the first store is in use, and again: the copy of a key is as it was at one moment.
     *
     * @return how many keys were copied
     * @throws CommandFailedException if the second store does not read what the first has written, as an older version may not
     */
    public static long copy(Store from, Store to, String pattern) {
        long[] copied = {0};
        from.scan(pattern, keys -> copied[0] += copy(from, to, keys));
        return copied[0];
    }

    private static long copy(Store from, Store to, List<byte[]> keys) {
        List<Command> asked = new ArrayList<>();
        for (byte[] key : keys) {
            asked.add(Command.of("PTTL", (Object) key));
            asked.add(Command.of("DUMP", (Object) key));
        }
        List<Reply> answers = from.pipeline(asked);
        List<Command> restored = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            long left = answers.get(2 * i).orThrow().number();
            Reply dump = answers.get(2 * i + 1).orThrow();
            if (!dump.isNull()) {
                // RESTORE takes 0 for no end, where PTTL has a negative number.
                restored.add(
                        Command.of("RESTORE", keys.get(i), left < 0 ? 0 : Math.max(1, left), dump.bytes(), "REPLACE"));
            }
        }
        to.pipeline(restored).forEach(Reply::orThrow);
        return restored.size();
    }
}
