package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.HASH;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INSERT;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.types.HashValue;
import dev.holdfast.engine.types.HashValue.Change;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands for fields of hashes that expire. */
public final class HashExpiryCommands {
    private static final int SECONDS = 1000;
    private static final int MILLISECONDS = 1;

    /** What HEXPIRE answers for a field: it is missing, the condition forbids it, it is done, the field is removed. */
    private static final int FIELD_MISSING = -2;

    private static final int FORBIDDEN = 0;
    private static final int DONE = 1;
    private static final int EXPIRED_AT_ONCE = 2;

    /** What HTTL and HPERSIST answer for a field that does not expire. */
    private static final int NO_EXPIRY = -1;

    private HashExpiryCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            expire(
                    "HEXPIRE",
                    "seconds",
                    "Makes fields expire after some seconds",
                    call -> expire(call, call.now(), SECONDS)),
            expire(
                    "HPEXPIRE",
                    "milliseconds",
                    "Makes fields expire after some milliseconds",
                    call -> expire(call, call.now(), MILLISECONDS)),
            expire(
                    "HEXPIREAT",
                    "unix-time-seconds",
                    "Makes fields expire at a time in seconds since 1970",
                    call -> expire(call, 0, SECONDS)),
            expire(
                    "HPEXPIREAT",
                    "unix-time-milliseconds",
                    "Makes fields expire at a time in milliseconds since 1970",
                    call -> expire(call, 0, MILLISECONDS)),
            timeToLive("HTTL", "How many seconds fields have left", call -> timeToLive(call, call.now(), SECONDS)),
            timeToLive(
                    "HPTTL",
                    "How many milliseconds fields have left",
                    call -> timeToLive(call, call.now(), MILLISECONDS)),
            timeToLive(
                    "HEXPIRETIME", "When fields expire, in seconds since 1970", call -> timeToLive(call, 0, SECONDS)),
            timeToLive(
                    "HPEXPIRETIME",
                    "When fields expire, in milliseconds since 1970",
                    call -> timeToLive(call, 0, MILLISECONDS)),
            command("HPERSIST", "key FIELDS numfields field [field ...]", HashExpiryCommands::persist)
                    .in(HASH)
                    .since("9.0.0")
                    .arity(-5)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .complexity("O(N) with the number of fields given")
                    .summary("Takes the expiry away from fields"),
            command(
                            "HGETEX",
                            "key [<EX seconds | PX milliseconds | EXAT unix-time-seconds |"
                                    + " PXAT unix-time-milliseconds | PERSIST>] FIELDS numfields field [field ...]",
                            HashExpiryCommands::hgetex)
                    .in(HASH)
                    .since("9.0.0")
                    .arity(-5)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS))
                    .complexity("O(N) with the number of fields given")
                    .summary("The values of fields, which may be given another expiry or none"),
            command(
                            "HSETEX",
                            "key [<NX | XX>] [<FNX | FXX>] [<EX seconds | PX milliseconds | EXAT unix-time-seconds |"
                                    + " PXAT unix-time-milliseconds | KEEPTTL>] FIELDS numfields field value"
                                    + " [field value ...]",
                            HashExpiryCommands::hsetex)
                    .in(HASH)
                    .since("9.0.0")
                    .arity(-6)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, INSERT))
                    .complexity("O(N) with the number of fields given")
                    .summary("Gives fields values and perhaps an expiry, if they or the key exist or do not"));

    private static CommandSpec expire(String name, String time, String summary, Handler handler) {
        return command(name, "key " + time + " [<NX | XX | GT | LT>] FIELDS numfields field [field ...]", handler)
                .in(HASH)
                .since("9.0.0")
                .arity(-6)
                .flags(WRITE, FAST)
                .keys(KeySpec.at(1, RW, UPDATE))
                .complexity("O(N) with the number of fields given")
                .summary(summary);
    }

    private static CommandSpec timeToLive(String name, String summary, Handler handler) {
        return command(name, "key FIELDS numfields field [field ...]", handler)
                .in(HASH)
                .since("9.0.0")
                .arity(-5)
                .flags(READONLY, FAST)
                .keys(KeySpec.at(1, RO, ACCESS))
                .complexity("O(N) with the number of fields given")
                .summary(summary);
    }

    // ---- what the commands share ----

    /** The index of the word FIELDS, from {@code from} on and before the last word; else the last word's. */
    private static int fieldsWord(Call call, int from) {
        int last = call.argCount() - 1;
        int index = from;
        while (index < last && !call.arg(index).isWord("FIELDS")) {
            index++;
        }
        return index;
    }

    /**
     * The time that a word means, in milliseconds since 1970; unlike for keys it may be in the past.
     *
     * @param base what it counts from
     */
    private static long time(Call call, Slice word, long base, long unitMillis) {
        if (!Numbers.isLong(word)) {
            throw CommandException.notInteger();
        }
        long value = Numbers.toLong(word);
        if (value < 0 || value > Long.MAX_VALUE / unitMillis || value * unitMillis > Long.MAX_VALUE - base) {
            throw CommandException.invalidExpire(call.spec().fullName());
        }
        return value * unitMillis + base;
    }

    private static void countExpired(Call call, int fields) {
        call.engine().statistics().expiredFields.add(fields);
    }

    // ---- HEXPIRE and its like ----

    private static void expire(Call call, long base, int unitMillis) {
        int fieldsWord = fieldsWord(call, 3);
        if (fieldsWord == call.argCount() - 1) {
            throw HashCommands.fieldCountMismatch();
        }
        ExpireCondition condition = ExpireCondition.parse(call, 3, fieldsWord);
        int count = HashCommands.fieldCount(call, fieldsWord + 1, HashCommands.fieldCountMismatch());
        long expireAt = time(call, call.arg(2), base, unitMillis);
        Slice key = call.arg(1);
        Edit<HashValue> edit = call.edit(key, HashValue.class);
        HashValue hash = edit.value();
        call.reply().array(count);
        if (hash == null) {
            for (int i = 0; i < count; i++) {
                call.reply().integer(FIELD_MISSING);
            }
            return;
        }
        long now = HashCommands.now(call, hash);
        boolean over = call.isOver(expireAt);
        int updated = 0;
        List<Object> removed = new ArrayList<>();
        for (int i = fieldsWord + 2; i < call.argCount(); i++) {
            Slice field = call.arg(i);
            int result = expire(hash, field, expireAt, condition, over, now);
            updated += result == DONE ? 1 : 0;
            if (result == EXPIRED_AT_ONCE) {
                removed.add(field);
            }
            call.reply().integer(result);
        }
        if (updated == 0 && removed.isEmpty()) {
            return;
        }
        if (removed.isEmpty()) {
            edit.done(Event.HEXPIRE, updated);
            propagateFrom(call, expireAt);
        } else {
            countExpired(call, removed.size());
            edit.done(Event.HEXPIRED, updated + removed.size());
            propagate(call, removed, "HDEL", key);
        }
    }

    private static int expire(
            HashValue hash, Slice field, long expireAt, ExpireCondition condition, boolean over, long now) {
        long present = hash.expireAt(field, now);
        if (present == HashValue.MISSING) {
            return FIELD_MISSING;
        }
        if (!condition.permits(present, expireAt)) {
            return FORBIDDEN;
        }
        if (over) {
            hash.remove(field, now);
            return EXPIRED_AT_ONCE;
        }
        hash.setExpiry(field, expireAt, now);
        return DONE;
    }

    /** Lets the command be logged with the time in milliseconds since 1970. */
    private static void propagateFrom(Call call, long expireAt) {
        List<Object> words = new ArrayList<>(List.of("HPEXPIREAT", call.arg(1), expireAt));
        for (int i = 3; i < call.argCount(); i++) {
            words.add(call.arg(i));
        }
        call.propagateAs(words.toArray());
    }

    private static void propagate(Call call, List<Object> fields, Object... command) {
        List<Object> words = new ArrayList<>(List.of(command));
        words.addAll(fields);
        call.propagateAs(words.toArray());
    }

    // ---- HTTL and its like, HPERSIST ----

    private static void timeToLive(Call call, long base, int unitMillis) {
        int count = HashCommands.fieldCount(call, 3, CommandException.syntax());
        HashValue hash = call.read(call.arg(1), HashValue.class);
        long now = HashCommands.now(call, hash);
        call.reply().array(count);
        for (int i = 4; i < call.argCount(); i++) {
            long expireAt = hash == null ? HashValue.MISSING : hash.expireAt(call.arg(i), now);
            if (expireAt == HashValue.MISSING) {
                call.reply().integer(FIELD_MISSING);
            } else if (expireAt == KeyRecord.NEVER) {
                call.reply().integer(NO_EXPIRY);
            } else {
                long left = Math.max(0, expireAt - base);
                // Unsigned, so that the last moment there is does not overflow.
                call.reply().integer(unitMillis == SECONDS ? Long.divideUnsigned(left + 500, 1000) : left);
            }
        }
    }

    private static void persist(Call call) {
        int count = HashCommands.fieldCount(call, 3, HashCommands.fieldCountMismatch());
        Edit<HashValue> edit = call.edit(call.arg(1), HashValue.class);
        HashValue hash = edit.value();
        long now = HashCommands.now(call, hash);
        int changed = 0;
        call.reply().array(count);
        for (int i = 4; i < call.argCount(); i++) {
            int result = hash == null ? FIELD_MISSING : persist(hash, call.arg(i), now);
            changed += result == DONE ? 1 : 0;
            call.reply().integer(result);
        }
        if (changed > 0) {
            edit.done(Event.HPERSIST, changed);
        }
    }

    private static int persist(HashValue hash, Slice field, long now) {
        long expireAt = hash.expireAt(field, now);
        if (expireAt == HashValue.MISSING) {
            return FIELD_MISSING;
        }
        if (expireAt == KeyRecord.NEVER) {
            return NO_EXPIRY;
        }
        hash.setExpiry(field, KeyRecord.NEVER, now);
        return DONE;
    }

    // ---- HGETEX ----

    private static void hgetex(Call call) {
        Options options = Options.parse(call, false);
        int first = options.firstField;
        if (options.fields != call.argCount() - first) {
            throw HashCommands.fieldCountMismatch();
        }
        Slice key = call.arg(1);
        call.read(key, HashValue.class);
        long expireAt = options.expireAt(call);
        Edit<HashValue> edit = call.edit(key, HashValue.class);
        HashValue hash = edit.value();
        long now = HashCommands.now(call, hash);
        boolean remove = options.expires() && call.isOver(expireAt);
        List<Object> changed = new ArrayList<>();
        call.reply().array(options.fields);
        for (int i = first; i < call.argCount(); i++) {
            Slice field = call.arg(i);
            HashCommands.replyValue(call, hash, field, now);
            if (hash != null && options.changesExpiry() && change(hash, field, options, expireAt, remove, now)) {
                changed.add(field);
            }
        }
        if (changed.isEmpty()) {
            return;
        }
        if (remove) {
            countExpired(call, changed.size());
            edit.done(Event.HEXPIRED, changed.size());
            propagate(call, changed, "HDEL", key);
        } else if (options.persist) {
            edit.done(Event.HPERSIST, changed.size());
            propagate(call, changed, "HPERSIST", key, "FIELDS", changed.size());
        } else {
            edit.done(Event.HEXPIRE, changed.size());
            propagate(call, changed, "HPEXPIREAT", key, expireAt, "FIELDS", changed.size());
        }
    }

    private static boolean change(
            HashValue hash, Slice field, Options options, long expireAt, boolean remove, long now) {
        if (remove) {
            return hash.remove(field, now);
        }
        return options.persist ? persist(hash, field, now) == DONE : hash.setExpiry(field, expireAt, now);
    }

    // ---- HSETEX ----

    private static void hsetex(Call call) {
        Options options = Options.parse(call, true);
        int first = options.firstField;
        if (options.fields <= 0
                || options.fields > Integer.MAX_VALUE
                || options.fields * 2 != call.argCount() - first) {
            throw HashCommands.fieldCountMismatch();
        }
        Edit<HashValue> edit = call.edit(call.arg(1), HashValue.class);
        HashValue hash = edit.value();
        if (hash != null ? options.onlyNewKey : options.onlyOldKey) {
            call.reply().integer(0);
            return;
        }
        long expireAt = options.expireAt(call);
        if (!fieldsPermit(call, hash, options)) {
            call.reply().integer(0);
            return;
        }
        if (hash == null) {
            hash = HashCommands.create(call, edit, options.expires() ? call.argCount() : first);
        }
        boolean remove = options.expires() && call.isOver(expireAt);
        int changes = remove
                ? removeAll(call, hash, first)
                : setAll(call, edit, hash, first, options.keep ? HashValue.KEEP : expireAt);
        if (changes > 0) {
            propagateSet(call, options, first, expireAt, remove);
        }
        reportSet(edit, options.expires(), remove, changes);
        call.reply().integer(1);
    }

    private static void reportSet(Edit<HashValue> edit, boolean expires, boolean removed, int changes) {
        Event last = removed ? Event.HEXPIRED : expires ? Event.HEXPIRE : Event.HSET;
        if (expires) {
            edit.event(Event.HSET);
        }
        if (removed) {
            edit.event(Event.HEXPIRE);
        }
        if (changes > 0 || edit.isEmpty()) {
            edit.done(last, changes);
        } else {
            edit.event(last);
        }
    }

    /** Whether FNX or FXX let the command go on. */
    private static boolean fieldsPermit(Call call, @Nullable HashValue hash, Options options) {
        if (!options.onlyNewFields && !options.onlyOldFields) {
            return true;
        }
        if (hash == null) {
            return !options.onlyOldFields;
        }
        long now = HashCommands.now(call, hash);
        for (int i = options.firstField; i < call.argCount(); i += 2) {
            if (hash.contains(call.arg(i), now) == options.onlyNewFields) {
                return false;
            }
        }
        return true;
    }

    /** Removes fields that are set to expire at once. Valkey counts each as expired, whether there was one or not. */
    private static int removeAll(Call call, HashValue hash, int first) {
        int removed = 0;
        for (int i = first; i < call.argCount(); i += 2) {
            removed += hash.remove(call.arg(i), HashValue.BEFORE_ALL) ? 1 : 0;
            countExpired(call, 1);
        }
        return removed;
    }

    private static int setAll(Call call, Edit<HashValue> edit, HashValue hash, int first, long expireAt) {
        long now = HashCommands.now(call, hash);
        int expired = 0;
        for (int i = first; i < call.argCount(); i += 2) {
            Change change = HashCommands.put(call, hash, call.arg(i), call.arg(i + 1), expireAt, now);
            expired += change == Change.REPLACED_EXPIRED ? 1 : 0;
        }
        HashCommands.overwroteExpired(call, edit, expired);
        return (call.argCount() - first) / 2;
    }

    private static void propagateSet(Call call, Options options, int first, long expireAt, boolean remove) {
        List<Object> words = new ArrayList<>(List.of(remove ? "HDEL" : "HSETEX", call.arg(1)));
        if (!remove) {
            if (options.keep) {
                words.add("KEEPTTL");
            } else if (options.expires()) {
                words.addAll(List.of("PXAT", expireAt));
            }
            words.addAll(List.of("FIELDS", options.fields));
        }
        for (int i = first; i < call.argCount(); i += remove ? 2 : 1) {
            words.add(call.arg(i));
        }
        call.propagateAs(words.toArray());
    }

    /** The words of HGETEX and HSETEX between the key and the fields. */
    private static final class Options {
        private boolean onlyNewKey;
        private boolean onlyOldKey;
        private boolean onlyNewFields;
        private boolean onlyOldFields;
        private boolean keep;
        private boolean persist;
        private @Nullable ExpireOption expire;
        private @Nullable Slice time;
        private int firstField;
        private long fields;

        /** Reads the options and the number of fields, which is 0 where there is no word FIELDS. */
        static Options parse(Call call, boolean set) {
            Options options = new Options();
            // Valkey looks for the word from the very first one on, so a key of that name is taken for it.
            int fieldsWord = fieldsWord(call, 0);
            if (fieldsWord == call.argCount() - 1) {
                throw HashCommands.fieldCountMismatch();
            }
            for (int i = 2; i < fieldsWord; i++) {
                Slice word = call.arg(i);
                if (!(set ? options.takeCondition(word) : options.takePersist(word))) {
                    ExpireOption expire = ExpireOption.of(word);
                    if (expire == null || i + 1 == fieldsWord || !options.mayExpire(expire)) {
                        throw CommandException.syntax();
                    }
                    options.expire = expire;
                    options.time = call.arg(++i);
                }
            }
            options.fields = call.longArg(fieldsWord + 1);
            options.firstField = fieldsWord + 2;
            if (options.fields == 0) {
                throw HashCommands.fieldCountMismatch();
            }
            return options;
        }

        private boolean takeCondition(Slice word) {
            if (word.isWord("NX") && !onlyOldKey) {
                onlyNewKey = true;
            } else if (word.isWord("XX") && !onlyNewKey) {
                onlyOldKey = true;
            } else if (word.isWord("FNX") && !onlyOldFields) {
                onlyNewFields = true;
            } else if (word.isWord("FXX") && !onlyNewFields) {
                onlyOldFields = true;
            } else if (word.isWord("KEEPTTL") && expire == null) {
                keep = true;
            } else {
                return false;
            }
            return true;
        }

        private boolean takePersist(Slice word) {
            if (word.isWord("PERSIST") && expire == null) {
                persist = true;
                return true;
            }
            return false;
        }

        private boolean mayExpire(ExpireOption option) {
            return !keep && !persist && (expire == null || expire == option);
        }

        boolean expires() {
            return expire != null;
        }

        boolean changesExpiry() {
            return persist || expire != null;
        }

        /** When the fields expire, in milliseconds since 1970, or {@link KeyRecord#NEVER}. */
        long expireAt(Call call) {
            ExpireOption expire = this.expire;
            Slice time = this.time;
            if (expire == null || time == null) {
                return KeyRecord.NEVER;
            }
            long base = expire.isRelative() ? call.now() : 0;
            return time(call, time, base, expire.unitMillis());
        }
    }
}
