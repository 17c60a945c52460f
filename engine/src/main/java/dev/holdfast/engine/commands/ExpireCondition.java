package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.keyspace.KeyRecord;

/** What EXPIRE, HEXPIRE and their like ask of the present expiry: NX, XX, GT and LT. No expiry counts as the latest of all. */
record ExpireCondition(boolean onlyNone, boolean onlySome, boolean onlyGreater, boolean onlyLess) {
    private static final ExpireCondition NONE = new ExpireCondition(false, false, false, false);

    /** Reads the words from index {@code from} up to {@code to}, which is not one of them. */
    static ExpireCondition parse(Call call, int from, int to) {
        if (from >= to) {
            return NONE;
        }
        boolean none = false;
        boolean some = false;
        boolean greater = false;
        boolean less = false;
        for (int i = from; i < to; i++) {
            Slice word = call.arg(i);
            if (word.isWord("NX")) {
                none = true;
            } else if (word.isWord("XX")) {
                some = true;
            } else if (word.isWord("GT")) {
                greater = true;
            } else if (word.isWord("LT")) {
                less = true;
            } else {
                throw new CommandException("ERR Unsupported option " + word.shown());
            }
        }
        if (none && (some || greater || less)) {
            throw new CommandException("ERR NX and XX, GT or LT options at the same time are not compatible");
        }
        if (greater && less) {
            throw new CommandException("ERR GT and LT options at the same time are not compatible");
        }
        return new ExpireCondition(none, some, greater, less);
    }

    /**
     * Whether an expiry may take the place of the present one.
     *
     * @param present milliseconds since 1970, or {@link KeyRecord#NEVER}
     */
    boolean permits(long present, long expireAt) {
        boolean never = present == KeyRecord.NEVER;
        return !(onlyNone && !never)
                && !(onlySome && never)
                && !(onlyGreater && (never || expireAt <= present))
                && !(onlyLess && !never && expireAt >= present);
    }
}
