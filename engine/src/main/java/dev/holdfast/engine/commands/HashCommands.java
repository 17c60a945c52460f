package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.HASH;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INSERT;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.LongDouble;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.types.HashValue;
import dev.holdfast.engine.types.HashValue.Change;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands for hashes; those for fields that expire are {@link HashExpiryCommands}. */
public final class HashCommands {
    private HashCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("HSET", "key field value [field value ...]", HashCommands::hset)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(-4)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .complexity("O(N) with the number of fields given")
                    .summary("Gives fields of a hash values, and counts the new ones"),
            command("HMSET", "key field value [field value ...]", HashCommands::hmset)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(-4)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .complexity("O(N) with the number of fields given")
                    .summary("Gives fields of a hash values"),
            command("HSETNX", "key field value", HashCommands::hsetnx)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(4)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, INSERT))
                    .complexity("O(1)")
                    .summary("Gives a field a value unless it has one"),
            command("HGET", "key field", HashCommands::hget)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(1)")
                    .summary("The value of a field"),
            command("HMGET", "key field [field ...]", HashCommands::hmget)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(-3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N) with the number of fields given")
                    .summary("The values of several fields"),
            command("HDEL", "key field [field ...]", HashCommands::hdel)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(-3)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .complexity("O(N) with the number of fields given")
                    .summary("Removes fields; the key goes with the last one"),
            command("HGETDEL", "key FIELDS numfields field [field ...]", HashCommands::hgetdel)
                    .in(HASH)
                    .since("9.1.0")
                    .arity(-5)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE))
                    .complexity("O(N) with the number of fields given")
                    .summary("The values of fields, which are removed"),
            command("HEXISTS", "key field", HashCommands::hexists)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO))
                    .complexity("O(1)")
                    .summary("Whether a hash has a field"),
            command("HLEN", "key", HashCommands::hlen)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO))
                    .complexity("O(1)")
                    .summary("The number of fields"),
            command("HSTRLEN", "key field", HashCommands::hstrlen)
                    .in(HASH)
                    .since("3.2.0")
                    .arity(3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO))
                    .complexity("O(1)")
                    .summary("The length of a field's value in bytes"),
            command("HGETALL", "key", HashCommands::hgetall)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(2)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .tips("nondeterministic_output_order")
                    .complexity("O(N) with the size of the hash")
                    .summary("All fields with their values"),
            command("HKEYS", "key", HashCommands::hkeys)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(2)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .tips("nondeterministic_output_order")
                    .complexity("O(N) with the size of the hash")
                    .summary("All fields"),
            command("HVALS", "key", HashCommands::hvals)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(2)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .tips("nondeterministic_output_order")
                    .complexity("O(N) with the size of the hash")
                    .summary("All values"),
            command("HSCAN", "key cursor [MATCH pattern] [COUNT count] [NOVALUES]", HashCommands::hscan)
                    .in(HASH)
                    .since("2.8.0")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .tips("nondeterministic_output")
                    .complexity("O(1) for each call, O(N) for all calls until the cursor is 0 again")
                    .summary("Some fields with their values, and a cursor for the rest"),
            command("HRANDFIELD", "key [count [WITHVALUES]]", HashCommands::hrandfield)
                    .in(HASH)
                    .since("6.2.0")
                    .arity(-2)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .tips("nondeterministic_output")
                    .complexity("O(N) with the number of fields returned")
                    .summary("Random fields: all different, or with repetition where the count is negative"),
            command("HINCRBY", "key field increment", HashCommands::hincrby)
                    .in(HASH)
                    .since("2.0.0")
                    .arity(4)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, UPDATE))
                    .complexity("O(1)")
                    .summary("Adds an integer to a field's value"),
            command("HINCRBYFLOAT", "key field increment", HashCommands::hincrbyfloat)
                    .in(HASH)
                    .since("2.6.0")
                    .arity(4)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, UPDATE))
                    .complexity("O(1)")
                    .summary("Adds a floating-point number to a field's value"));

    // ---- what the families for hashes share ----

    /**
     * The time at which fields are looked at. That is before all others where none expires, since reading the clock takes
     * longer than the rest, and for the source of an import, which sees expired fields too.
     */
    static long now(Call call, @Nullable HashValue hash) {
        if (hash == null || !hash.fieldsExpire()) {
            return HashValue.BEFORE_ALL;
        }
        boolean sourceDecides = call.client().isReplaying()
                || call.config().importMode.get() && call.client().isImportSource();
        return sourceDecides ? HashValue.BEFORE_ALL : call.now();
    }

    /** Adds an empty hash under a key, with room for the fields and values from a word on. */
    static HashValue create(Call call, Edit<HashValue> edit, int firstField) {
        long bytes = 0;
        for (int i = firstField; i + 1 < call.argCount(); i += 2) {
            bytes += HashValue.packedBytes(call.arg(i), call.arg(i + 1));
        }
        return edit.create(HashValue.create(edit.key(), bytes));
    }

    /**
     * Gives a field a value; the hash takes on its large form where it must. During an import the field's old value never
     * counts as expired.
     */
    static Change put(Call call, HashValue hash, Slice field, Slice value, long expireAt, long now) {
        Change change = putUncounted(call, hash, field, value, expireAt, now);
        if (change == Change.ADDED) {
            enlargeIfOverfull(call, hash);
        }
        return change;
    }

    /** As {@link #put}, but whether the fields are too many for the packed form is for the caller to look at. */
    private static Change putUncounted(Call call, HashValue hash, Slice field, Slice value, long expireAt, long now) {
        Config config = call.config();
        if (hash.isPacked()) {
            long longest = config.hashMaxListpackValue.get();
            if (field.length() > longest || value.length() > longest) {
                hash.enlarge();
            }
        }
        boolean importing = now != HashValue.BEFORE_ALL && config.importMode.get();
        return hash.set(field, value, expireAt, importing ? HashValue.BEFORE_ALL : now);
    }

    private static void enlargeIfOverfull(Call call, HashValue hash) {
        if (hash.isOverfull(call.config().hashMaxListpackEntries.get())) {
            hash.enlarge();
        }
    }

    /** Counts fields that had expired when they were given new values, and tells of them. */
    static void overwroteExpired(Call call, Edit<HashValue> edit, int fields) {
        if (fields > 0) {
            call.engine().statistics().expiredFields.add(fields);
            edit.event(Event.HEXPIRED);
        }
    }

    static void replyValue(Call call, @Nullable HashValue hash, Slice field, long now) {
        Slice value = call.scratch();
        if (hash != null && hash.get(field, now, value)) {
            call.reply().bulk(value);
        } else {
            call.reply().nil();
        }
    }

    /** The number of fields in a word; it must be that of the words behind it. */
    static int fieldCount(Call call, int index, CommandException mismatch) {
        long count = call.longArg(index);
        if (count == 0 || count != call.argCount() - index - 1) {
            throw mismatch;
        }
        return (int) count;
    }

    static CommandException fieldCountMismatch() {
        return new CommandException("ERR numfields should be greater than 0 and match the provided number of fields");
    }

    // ---- HSET and its like ----

    private static void hset(Call call) {
        call.reply().integer(setAll(call));
    }

    private static void hmset(Call call) {
        setAll(call);
        call.reply().ok();
    }

    /** Sets all fields of the command. Returns how many are new. */
    private static int setAll(Call call) {
        int words = call.argCount();
        if (words % 2 == 1) {
            throw CommandException.arity(call.spec().fullName());
        }
        Edit<HashValue> edit = call.edit(call.arg(1), HashValue.class);
        HashValue hash = edit.value();
        if (hash == null) {
            hash = create(call, edit, 2);
        }
        int pairs = (words - 2) / 2;
        if (hash.isPacked() && pairs > call.config().hashMaxListpackEntries.get()) {
            hash.enlarge();
        }
        long now = now(call, hash);
        int created = 0;
        int expired = 0;
        for (int i = 2; i < words; i += 2) {
            Change change = putUncounted(call, hash, call.arg(i), call.arg(i + 1), KeyRecord.NEVER, now);
            created += change == Change.UPDATED ? 0 : 1;
            expired += change == Change.REPLACED_EXPIRED ? 1 : 0;
        }
        if (created > 0) {
            // Counting takes a walk through all fields, so that it is done once: no more are added than the packed form
            // may have.
            enlargeIfOverfull(call, hash);
        }
        overwroteExpired(call, edit, expired);
        edit.done(Event.HSET, pairs);
        return created;
    }

    private static void hsetnx(Call call) {
        Slice key = call.arg(1);
        Slice field = call.arg(2);
        Slice value = call.arg(3);
        Edit<HashValue> edit = call.edit(key, HashValue.class);
        HashValue hash = edit.value();
        long now = now(call, hash);
        if (hash != null && hash.contains(field, now)) {
            call.reply().integer(0);
            return;
        }
        if (hash == null) {
            hash = create(call, edit, 2);
        }
        boolean expiring = hash.fieldsExpire();
        set(call, edit, hash, field, value, KeyRecord.NEVER, now, Event.HSET);
        if (expiring) {
            call.propagateAs("HSET", key, field, value);
        }
        call.reply().integer(1);
    }

    /** Sets one field and reports it. */
    private static void set(
            Call call,
            Edit<HashValue> edit,
            HashValue hash,
            Slice field,
            Slice value,
            long expireAt,
            long now,
            Event event) {
        Change change = put(call, hash, field, value, expireAt, now);
        overwroteExpired(call, edit, change == Change.REPLACED_EXPIRED ? 1 : 0);
        edit.done(event);
    }

    // ---- reading ----

    private static void hget(Call call) {
        HashValue hash = call.read(call.arg(1), HashValue.class);
        replyValue(call, hash, call.arg(2), now(call, hash));
    }

    private static void hmget(Call call) {
        HashValue hash = call.read(call.arg(1), HashValue.class);
        long now = now(call, hash);
        call.reply().array(call.argCount() - 2);
        for (int i = 2; i < call.argCount(); i++) {
            replyValue(call, hash, call.arg(i), now);
        }
    }

    private static void hexists(Call call) {
        HashValue hash = call.read(call.arg(1), HashValue.class);
        call.reply().integer(hash != null && hash.contains(call.arg(2), now(call, hash)));
    }

    private static void hlen(Call call) {
        HashValue hash = call.read(call.arg(1), HashValue.class);
        call.reply().integer(hash == null ? 0 : hash.size());
    }

    private static void hstrlen(Call call) {
        HashValue hash = call.read(call.arg(1), HashValue.class);
        Slice value = call.scratch();
        boolean found = hash != null && hash.get(call.arg(2), now(call, hash), value);
        call.reply().integer(found ? value.length() : 0);
    }

    private static void hgetall(Call call) {
        Reply reply = call.reply();
        HashValue hash = call.read(call.arg(1), HashValue.class);
        if (hash == null) {
            reply.map(0);
        } else if (hash.fieldsExpire()) {
            int mark = reply.beginArray();
            reply.endMap(mark, replyVisible(call, hash, true, true));
        } else {
            reply.map(hash.size());
            replyVisible(call, hash, true, true);
        }
    }

    private static void hkeys(Call call) {
        replyList(call, true);
    }

    private static void hvals(Call call) {
        replyList(call, false);
    }

    private static void replyList(Call call, boolean fields) {
        Reply reply = call.reply();
        HashValue hash = call.read(call.arg(1), HashValue.class);
        if (hash == null) {
            reply.emptyArray();
        } else if (hash.fieldsExpire()) {
            int mark = reply.beginArray();
            reply.endArray(mark, replyVisible(call, hash, fields, !fields));
        } else {
            reply.array(hash.size());
            replyVisible(call, hash, fields, !fields);
        }
    }

    /** Replies with all fields that have not expired, or their values, or both. Returns how many fields there were. */
    private static int replyVisible(Call call, HashValue hash, boolean fields, boolean values) {
        FieldReply reply = new FieldReply(call.reply(), fields, values, false);
        hash.forEach(now(call, hash), reply);
        return reply.visited;
    }

    private static void hscan(Call call) {
        Reply reply = call.reply();
        long cursor = ScanOptions.cursor(call.arg(2));
        HashValue hash = call.read(call.arg(1), HashValue.class);
        if (hash == null) {
            reply.array(2);
            reply.bulk(0);
            reply.emptyArray();
            return;
        }
        ScanOptions options = ScanOptions.parse(call, 3, ValueType.HASH);
        List<Slice> words = new ArrayList<>();
        Slice field = call.scratch();
        long next = hash.scan(
                cursor, options.count(), now(call, hash), (array, fieldAt, fieldLength, valueAt, valueLength) -> {
                    if (options.matches(field.set(array, fieldAt, fieldLength))) {
                        words.add(new Slice(array, fieldAt, fieldLength));
                        if (!options.onlyKeys()) {
                            words.add(new Slice(array, valueAt, valueLength));
                        }
                    }
                });
        reply.array(2);
        reply.bulk(next);
        reply.array(words.size());
        words.forEach(reply::bulk);
    }

    // ---- HRANDFIELD ----

    private static void hrandfield(Call call) {
        if (call.argCount() >= 3) {
            randomFields(call);
            return;
        }
        Reply reply = call.reply();
        HashValue hash = call.read(call.arg(1), HashValue.class);
        long drawn = hash == null
                ? 0
                : hash.draw(1, call.engine().random(), now(call, hash), new FieldReply(reply, true, false, false));
        if (drawn == 0) {
            reply.nil();
        }
    }

    private static void randomFields(Call call) {
        long limit = Long.MAX_VALUE;
        long count = call.longArg(2);
        if (count < -limit) {
            throw new CommandException("ERR value is out of range, value must between " + -limit + " and " + limit);
        }
        boolean withValues = call.argCount() == 4;
        if (call.argCount() > 4 || withValues && !call.arg(3).isWord("WITHVALUES")) {
            throw CommandException.syntax();
        }
        if (withValues && (count < -limit / 2 || count > limit / 2)) {
            throw CommandException.outOfRange();
        }
        Reply reply = call.reply();
        HashValue hash = call.read(call.arg(1), HashValue.class);
        if (hash == null || count == 0) {
            reply.emptyArray();
            return;
        }
        FieldReply fields = new FieldReply(reply, true, withValues, withValues && reply.resp3());
        long now = now(call, hash);
        int mark = reply.beginArray();
        long visited = count < 0
                ? hash.draw(-count, call.engine().random(), now, fields)
                : hash.choose(count, call.engine().random(), now, fields);
        reply.endArray(mark, withValues && !reply.resp3() ? 2 * visited : visited);
    }

    /** Replies with the fields that it visits, and counts them. */
    private static final class FieldReply implements HashValue.Visitor {
        private final Reply reply;
        private final boolean fields;
        private final boolean values;
        private final boolean pairs;
        private int visited;

        FieldReply(Reply reply, boolean fields, boolean values, boolean pairs) {
            this.reply = reply;
            this.fields = fields;
            this.values = values;
            this.pairs = pairs;
        }

        @Override
        public void visit(byte[] array, int fieldAt, int fieldLength, int valueAt, int valueLength) {
            visited++;
            if (pairs) {
                reply.array(2);
            }
            if (fields) {
                reply.bulk(array, fieldAt, fieldLength);
            }
            if (values) {
                reply.bulk(array, valueAt, valueLength);
            }
        }
    }

    // ---- removing ----

    private static void hdel(Call call) {
        Edit<HashValue> edit = call.edit(call.arg(1), HashValue.class);
        HashValue hash = edit.value();
        int removed = 0;
        if (hash != null) {
            long now = now(call, hash);
            for (int i = 2; i < call.argCount() && !hash.isEmpty(); i++) {
                removed += hash.remove(call.arg(i), now) ? 1 : 0;
            }
        }
        reportRemoved(edit, removed);
        call.reply().integer(removed);
    }

    private static void hgetdel(Call call) {
        fieldCount(call, 3, fieldCountMismatch());
        Edit<HashValue> edit = call.edit(call.arg(1), HashValue.class);
        HashValue hash = edit.value();
        long now = now(call, hash);
        int removed = 0;
        call.reply().array(call.argCount() - 4);
        for (int i = 4; i < call.argCount(); i++) {
            replyValue(call, hash, call.arg(i), now);
            removed += hash != null && hash.remove(call.arg(i), now) ? 1 : 0;
        }
        reportRemoved(edit, removed);
    }

    private static void reportRemoved(Edit<HashValue> edit, int removed) {
        if (removed > 0) {
            edit.done(Event.HDEL, removed);
        }
    }

    // ---- numbers ----

    private static void hincrby(Call call) {
        long increment = call.longArg(3);
        Slice key = call.arg(1);
        Slice field = call.arg(2);
        Edit<HashValue> edit = call.edit(key, HashValue.class);
        HashValue hash = edit.value();
        long now = now(call, hash);
        long value = 0;
        long expireAt = KeyRecord.NEVER;
        Slice old = call.scratch();
        if (hash != null && hash.get(field, now, old)) {
            if (!Numbers.isLong(old)) {
                throw new CommandException("ERR hash value is not an integer");
            }
            value = Numbers.toLong(old);
            expireAt = hash.expireAt(field, now);
        }
        long sum = value + increment;
        if (((value ^ sum) & (increment ^ sum)) < 0) {
            throw new CommandException("ERR increment or decrement would overflow");
        }
        if (hash == null) {
            hash = create(call, edit, call.argCount());
        }
        boolean expiring = hash.fieldsExpire();
        byte[] text = Numbers.toBytes(sum);
        set(call, edit, hash, field, new Slice(text), expireAt, now, Event.HINCRBY);
        if (expiring) {
            propagateValue(call, key, field, text, expireAt);
        }
        call.reply().integer(sum);
    }

    private static void hincrbyfloat(Call call) {
        LongDouble increment = LongDouble.parse(call.arg(3));
        if (increment == null) {
            throw CommandException.notFloat();
        }
        if (increment.isInfinite()) {
            throw new CommandException("ERR value is NaN or Infinity");
        }
        Slice key = call.arg(1);
        Slice field = call.arg(2);
        Edit<HashValue> edit = call.edit(key, HashValue.class);
        HashValue hash = edit.value();
        long now = now(call, hash);
        LongDouble value = LongDouble.ZERO;
        long expireAt = KeyRecord.NEVER;
        Slice old = call.scratch();
        if (hash != null && hash.get(field, now, old)) {
            value = LongDouble.parse(old);
            if (value == null) {
                throw new CommandException("ERR hash value is not a float");
            }
            expireAt = hash.expireAt(field, now);
        }
        LongDouble sum = value.plus(increment);
        if (sum == null) {
            throw new CommandException("ERR increment would produce NaN or Infinity");
        }
        if (hash == null) {
            hash = create(call, edit, call.argCount());
        }
        byte[] text = sum.toBytes();
        set(call, edit, hash, field, new Slice(text), expireAt, now, Event.HINCRBYFLOAT);
        propagateValue(call, key, field, text, expireAt);
        call.reply().bulk(text);
    }

    private static void propagateValue(Call call, Slice key, Slice field, byte[] value, long expireAt) {
        if (expireAt == KeyRecord.NEVER) {
            call.propagateAs("HSET", key, field, value);
        } else {
            call.propagateAs("HSETEX", key, "PXAT", expireAt, "FIELDS", 1, field, value);
        }
    }
}
