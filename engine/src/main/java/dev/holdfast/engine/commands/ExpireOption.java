package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.core.Call;

/** The ways to say when something expires: in seconds or milliseconds, from now or since 1970. */
enum ExpireOption {
    EX(1000, true),
    PX(1, true),
    EXAT(1000, false),
    PXAT(1, false);

    private final long unitMillis;
    private final boolean relative;

    ExpireOption(long unitMillis, boolean relative) {
        this.unitMillis = unitMillis;
        this.relative = relative;
    }

    boolean isRelative() {
        return relative;
    }

    long unitMillis() {
        return unitMillis;
    }

    /** The option that a word names, or null. */
    static @org.jspecify.annotations.Nullable ExpireOption of(Slice word) {
        int length = word.length();
        if (length == 2) {
            return word.isWord("EX") ? EX : word.isWord("PX") ? PX : null;
        }
        if (length == 4) {
            return word.isWord("EXAT") ? EXAT : word.isWord("PXAT") ? PXAT : null;
        }
        return null;
    }

    /**
     * The time that a word means, in milliseconds since 1970.
     *
     * @throws CommandException if it is no integer, not positive, or too large
     */
    long expireAt(Call call, Slice word) {
        if (!Numbers.isLong(word)) {
            throw CommandException.notInteger();
        }
        long value = Numbers.toLong(word);
        if (value <= 0 || unitMillis > 1 && value > Long.MAX_VALUE / unitMillis) {
            throw CommandException.invalidExpire(call.spec().fullName());
        }
        long millis = value * unitMillis;
        if (relative) {
            if (millis > Long.MAX_VALUE - call.now()) {
                throw CommandException.invalidExpire(call.spec().fullName());
            }
            millis += call.now();
        }
        return millis;
    }
}
