package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.STRING;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INSERT;
import static dev.holdfast.engine.catalog.KeySpec.Flag.OW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RM;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.VARIABLE_FLAGS;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.commands.StringOptions.Kind;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.LargeString;
import dev.holdfast.engine.keyspace.StringItem;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The commands that give and take whole strings. {@link StringPartCommands} and {@link CounterCommands} are the others. */
public final class StringCommands {
    private StringCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("GET", "key", StringCommands::get)
                    .in(STRING)
                    .since("1.0.0")
                    .arity(2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .optimisticRead(StringCommands::get)
                    .complexity("O(1)")
                    .summary("The string that a key holds"),
            command(
                            "SET",
                            "key value [<NX | XX | IFEQ comparison-value>] [GET] [<EX seconds | PX milliseconds |"
                                    + " EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL>]",
                            StringCommands::set)
                    .in(STRING)
                    .since("1.0.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, ACCESS, UPDATE, VARIABLE_FLAGS)
                            .flagsBy(args -> hasGet(args) ? List.of(RW, ACCESS, UPDATE) : List.of(OW, UPDATE)))
                    .blindWrite(StringCommands::plainSet)
                    .complexity("O(1)")
                    .summary("Gives a key a string, whatever it held, and perhaps an expiry"),
            command("SETNX", "key value", StringCommands::setNx)
                    .in(STRING)
                    .since("1.0.0")
                    .arity(3)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, OW, INSERT))
                    .complexity("O(1)")
                    .summary("Gives a key a string if it holds nothing"),
            command("SETEX", "key seconds value", call -> setExpiring(call, ExpireOption.EX))
                    .in(STRING)
                    .since("2.0.0")
                    .arity(4)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, OW, UPDATE))
                    .complexity("O(1)")
                    .summary("Gives a key a string that expires after some seconds"),
            command("PSETEX", "key milliseconds value", call -> setExpiring(call, ExpireOption.PX))
                    .in(STRING)
                    .since("2.6.0")
                    .arity(4)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, OW, UPDATE))
                    .complexity("O(1)")
                    .summary("Gives a key a string that expires after some milliseconds"),
            command("GETSET", "key value", StringCommands::getSet)
                    .in(STRING)
                    .since("1.0.0")
                    .arity(3)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, UPDATE))
                    .complexity("O(1)")
                    .summary("Gives a key a string and answers the one it held"),
            command("GETDEL", "key", StringCommands::getDel)
                    .in(STRING)
                    .since("6.2.0")
                    .arity(2)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE))
                    .complexity("O(1)")
                    .summary("The string that a key holds, which is then deleted"),
            command(
                            "GETEX",
                            "key [<EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds"
                                    + " | PERSIST>]",
                            StringCommands::getEx)
                    .in(STRING)
                    .since("6.2.0")
                    .arity(-2)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, UPDATE))
                    .complexity("O(1)")
                    .summary("The string that a key holds, whose expiry is then set or removed"),
            command("DELIFEQ", "key value", StringCommands::delIfEqual)
                    .in(STRING)
                    .since("9.0.0")
                    .arity(3)
                    .flags(FAST, WRITE)
                    .keys(KeySpec.at(1, RM, DELETE))
                    .complexity("O(1)")
                    .summary("Deletes a key if it holds this string"),
            command("MGET", "key [key ...]", StringCommands::mget)
                    .in(STRING)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.range(1, -1, 1, RO, ACCESS))
                    .tips("request_policy:multi_shard")
                    .complexity("O(N) with the number of keys")
                    .summary("The strings that several keys hold"),
            command("MSET", "key value [key value ...]", call -> mset(call, false))
                    .in(STRING)
                    .since("1.0.1")
                    .arity(-3)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.range(1, -1, 2, OW, UPDATE))
                    .tips("request_policy:multi_shard", "response_policy:all_succeeded")
                    .complexity("O(N) with the number of keys")
                    .summary("Gives several keys a string each"),
            command("MSETNX", "key value [key value ...]", call -> mset(call, true))
                    .in(STRING)
                    .since("1.0.1")
                    .arity(-3)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.range(1, -1, 2, OW, INSERT))
                    .complexity("O(N) with the number of keys")
                    .summary("Gives several keys a string each if none of them exists"),
            command(
                            "MSETEX",
                            "numkeys key value [key value ...] [<NX | XX>] [<EX seconds | PX milliseconds |"
                                    + " EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL>]",
                            StringCommands::msetEx)
                    .in(STRING)
                    .since("9.1.0")
                    .arity(-4)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.countedPairs(1, OW, UPDATE))
                    .tips("request_policy:multi_shard", "response_policy:all_succeeded")
                    .complexity("O(N) with the number of keys")
                    .summary("Gives several keys a string each and one common expiry"));

    private static void get(byte[] record, Reply reply) {
        int start = KeyRecord.bodyOffset(record);
        reply.bulk(record, start, KeyRecord.bodyEnd(record) - start);
    }

    private static void get(Call call) {
        answer(call, call.lookup(call.arg(1)));
    }

    /** Writes the string that an item holds, or nil. */
    private static void answer(Call call, @org.jspecify.annotations.Nullable Object item) {
        if (item instanceof LargeString large && call.reply().shares(large.length())) {
            call.reply().bulk(large.share());
            return;
        }
        Slice value = Call.stringOf(item, new Slice());
        if (value == null) {
            call.reply().nil();
        } else {
            call.reply().bulk(value);
        }
    }

    private static void set(Call call) {
        if (call.argCount() == 3) {
            put(call.edit(call.arg(1)), call.arg(2));
            call.reply().ok();
        } else if (set(call, call.arg(1), call.arg(2), StringOptions.parse(call, Kind.SET, 3))) {
            call.reply().ok();
        }
    }

    private static void put(Edit<Entry> edit, Slice value) {
        edit.setString(value);
        edit.done(Event.SET);
    }

    /** Sets a string as the options say. Returns whether the answer is OK; else it has been written. */
    private static boolean set(Call call, Slice key, Slice value, StringOptions options) {
        boolean answered = options.answersOld();
        Edit<Entry> edit = answered ? answerOld(call, key) : call.edit(key);
        if (!options.permits(edit.item())) {
            if (!answered) {
                call.reply().nil();
            }
            return false;
        }
        if (options.expires() && call.isOver(options.expireAt())) {
            edit.expire();
            return !answered;
        }
        long expireAt = options.keepsExpiry() && edit.exists() ? edit.expireAt() : options.expireAt();
        edit.setString(value, call.encodingOf(value), expireAt);
        edit.done(Event.SET);
        if (options.expires()) {
            edit.event(Event.EXPIRE);
            call.propagateAs("SET", key, value, "PXAT", expireAt);
        } else if (answered && call.isLogged()) {
            call.propagateAs(wordsWithoutGet(call));
        }
        return !answered;
    }

    /** What a SET without options stores; null where its encoding depends on what is there. */
    private static @Nullable Object plainSet(Args args) {
        if (args.count() != 3 || !StringItem.isEncodedAlike(args.get(1), args.get(2))) {
            return null;
        }
        Slice value = args.get(2);
        return StringItem.create(args.get(1), value, StringItem.encodingOf(value), KeyRecord.NEVER);
    }

    /** Writes the string that a key holds, or nil, before that is changed. */
    private static Edit<Entry> answerOld(Call call, Slice key) {
        Object item = call.lookup(key);
        answer(call, item);
        return call.editFound(key, item);
    }

    private static boolean hasGet(Args args) {
        return IntStream.range(3, args.count()).anyMatch(i -> args.get(i).isWord("GET"));
    }

    private static Object[] wordsWithoutGet(Call call) {
        return IntStream.range(0, call.argCount())
                .filter(i -> i < 3 || !call.arg(i).isWord("GET"))
                .mapToObj(call::arg)
                .toArray();
    }

    private static void setNx(Call call) {
        Edit<Entry> edit = call.edit(call.arg(1));
        boolean missing = !edit.exists();
        if (missing) {
            put(edit, call.arg(2));
        }
        call.reply().integer(missing);
    }

    private static void setExpiring(Call call, ExpireOption unit) {
        if (set(call, call.arg(1), call.arg(3), StringOptions.expiring(call, unit, call.arg(2)))) {
            call.reply().ok();
        }
    }

    private static void getSet(Call call) {
        Slice key = call.arg(1);
        Slice value = call.arg(2);
        put(answerOld(call, key), value);
        call.propagateAs("SET", key, value);
    }

    private static void getDel(Call call) {
        delete(call, answerOld(call, call.arg(1)));
    }

    private static void delete(Call call, Edit<Entry> edit) {
        if (edit.remove(Event.DEL)) {
            call.propagateAs("DEL", edit.key());
        }
    }

    private static void getEx(Call call) {
        StringOptions options = StringOptions.parse(call, Kind.GETEX, 2);
        Slice key = call.arg(1);
        Edit<Entry> edit = answerOld(call, key);
        if (!edit.exists()) {
            return;
        }
        if (options.isAbsolute() && call.isOver(options.expireAt())) {
            edit.expire();
        } else if (options.expires()) {
            edit.setExpiry(options.expireAt());
            edit.done(Event.EXPIRE);
            call.propagateAs("PEXPIREAT", key, options.expireAt());
        } else if (options.persists() && edit.expireAt() != KeyRecord.NEVER) {
            edit.setExpiry(KeyRecord.NEVER);
            edit.done(Event.PERSIST);
            call.propagateAs("PERSIST", key);
        }
    }

    private static void delIfEqual(Call call) {
        Edit<Entry> edit = call.edit(call.arg(1));
        Slice value = Call.stringOf(edit.item(), new Slice());
        boolean equal = value != null && value.equals(call.arg(2));
        if (equal) {
            delete(call, edit);
        }
        call.reply().integer(equal);
    }

    private static void mget(Call call) {
        int count = call.argCount();
        call.reply().array(count - 1);
        for (int i = 1; i < count; i++) {
            Object item = call.lookup(call.arg(i));
            answer(call, StringItem.isString(item) ? item : null);
        }
    }

    private static void mset(Call call, boolean onlyNew) {
        int count = call.argCount();
        if (count % 2 == 0) {
            throw CommandException.arity(call.spec().fullName());
        }
        if (onlyNew) {
            for (int i = 1; i < count; i += 2) {
                if (call.edit(call.arg(i)).exists()) {
                    call.reply().integer(0);
                    return;
                }
            }
        }
        for (int i = 1; i < count; i += 2) {
            put(call.edit(call.arg(i)), call.arg(i + 1));
        }
        if (onlyNew) {
            call.reply().integer(1);
        } else {
            call.reply().ok();
        }
    }

    /** A time that is over is not looked at, as with Valkey: the keys are set and then found to have expired. */
    private static void msetEx(Call call) {
        long keys = call.longArg(1, 1, Integer.MAX_VALUE, "ERR invalid numkeys value or out of range");
        long end = 2 + keys * 2;
        if (end > call.argCount()) {
            throw CommandException.syntax();
        }
        StringOptions options = StringOptions.parse(call, Kind.MSETEX, (int) end);
        for (int i = 2; i < end; i += 2) {
            if (!options.permits(call.edit(call.arg(i)).item())) {
                call.reply().integer(0);
                return;
            }
        }
        for (int i = 2; i < end; i += 2) {
            Slice value = call.arg(i + 1);
            Edit<Entry> edit = call.edit(call.arg(i));
            long expireAt = options.keepsExpiry() && edit.exists() ? edit.expireAt() : options.expireAt();
            edit.setString(value, call.encodingOf(value), expireAt);
            edit.done(Event.SET);
            if (options.expires()) {
                edit.event(Event.EXPIRE);
            }
        }
        if (options.expires() && call.isLogged()) {
            List<Object> words = new ArrayList<>();
            for (int i = 0; i < end; i++) {
                words.add(call.arg(i));
            }
            words.addAll(List.of("PXAT", options.expireAt()));
            call.propagateAs(words.toArray());
        }
        call.reply().integer(1);
    }
}
