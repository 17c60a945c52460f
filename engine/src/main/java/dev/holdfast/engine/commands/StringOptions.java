package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.keyspace.KeyRecord;
import org.jspecify.annotations.Nullable;

/** The options that follow the values of SET and MSETEX and the key of GETEX: a condition, and what becomes of the expiry. */
final class StringOptions {
    /** Which options there are. */
    enum Kind {
        /** Conditions with IFEQ, GET, an expiry or KEEPTTL. */
        SET,
        /** NX or XX, an expiry or KEEPTTL. */
        MSETEX,
        /** An expiry or PERSIST. */
        GETEX
    }

    private boolean onlyNew;
    private boolean onlyExisting;
    private @Nullable Slice ifEqual;
    private boolean get;
    private boolean keepTtl;
    private boolean persist;
    private @Nullable ExpireOption expire;
    private long expireAt = KeyRecord.NEVER;

    private StringOptions() {}

    /** Options that do nothing. */
    static StringOptions none() {
        return new StringOptions();
    }

    /** {@code NX} alone. */
    static StringOptions onlyNew() {
        StringOptions options = new StringOptions();
        options.onlyNew = true;
        return options;
    }

    /** An expiry alone, in the unit of {@code expire}. */
    static StringOptions expiring(Call call, ExpireOption expire, Slice time) {
        StringOptions options = new StringOptions();
        options.expire = expire;
        options.expireAt = expire.expireAt(call, time);
        return options;
    }

    /** Reads the options from the word with this index to the last. */
    static StringOptions parse(Call call, Kind kind, int from) {
        StringOptions options = new StringOptions();
        Slice time = null;
        int count = call.argCount();
        for (int i = from; i < count; i++) {
            Slice word = call.arg(i);
            Slice next = i + 1 < count ? call.arg(i + 1) : null;
            ExpireOption expire = ExpireOption.of(word);
            if (expire != null && next != null && options.admits(expire)) {
                options.expire = expire;
                time = next;
                i++;
            } else if (kind == Kind.SET && next != null && word.isWord("IFEQ") && !options.isConditional()) {
                options.ifEqual = next;
                i++;
            } else if (!options.take(kind, word)) {
                throw CommandException.syntax();
            }
        }
        if (options.expire != null && time != null) {
            options.expireAt = options.expire.expireAt(call, time);
        }
        return options;
    }

    /** One expiry option may be repeated, and the last one holds. */
    private boolean admits(ExpireOption another) {
        return !keepTtl && !persist && (expire == null || expire == another);
    }

    private boolean isConditional() {
        return onlyNew || onlyExisting || ifEqual != null;
    }

    /** Takes a word that stands alone. Returns false if it is none, or contradicts another. */
    private boolean take(Kind kind, Slice word) {
        if (kind == Kind.GETEX) {
            if (word.isWord("PERSIST") && expire == null) {
                persist = true;
                return true;
            }
            return false;
        }
        if (word.isWord("NX") && !onlyExisting && ifEqual == null) {
            onlyNew = true;
        } else if (word.isWord("XX") && !onlyNew && ifEqual == null) {
            onlyExisting = true;
        } else if (word.isWord("GET") && kind == Kind.SET) {
            get = true;
        } else if (word.isWord("KEEPTTL") && expire == null) {
            keepTtl = true;
        } else {
            return false;
        }
        return true;
    }

    /** Whether the key's present item lets the value be set. */
    boolean permits(@Nullable Object item) {
        if (ifEqual != null) {
            Slice old = Call.stringOf(item, new Slice());
            return old != null && old.equals(ifEqual);
        }
        return item == null ? !onlyExisting : !onlyNew;
    }

    /** Whether the old value is the answer. */
    boolean answersOld() {
        return get;
    }

    /** Whether the key keeps its expiry. */
    boolean keepsExpiry() {
        return keepTtl;
    }

    /** Whether the key loses its expiry. */
    boolean persists() {
        return persist;
    }

    /** Whether the key gets an expiry. */
    boolean expires() {
        return expire != null;
    }

    /** Whether the expiry is given as a time since 1970, which may be over. */
    boolean isAbsolute() {
        return expire == ExpireOption.EXAT || expire == ExpireOption.PXAT;
    }

    /** When the key is to expire, in milliseconds since 1970, or {@link KeyRecord#NEVER}. */
    long expireAt() {
        return expireAt;
    }
}
