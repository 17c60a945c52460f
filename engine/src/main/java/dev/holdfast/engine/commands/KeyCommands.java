package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.GENERIC;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INSERT;
import static dev.holdfast.engine.catalog.KeySpec.Flag.OW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RM;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.keyspace.AccessClock;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.StringItem;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The commands for keys of any type: whether they exist, their names, their databases, and what is known about them. */
public final class KeyCommands {
    private KeyCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("COPY", "source destination [DB destination-db] [REPLACE]", KeyCommands::copy)
                    .in(GENERIC)
                    .since("6.2.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RO, ACCESS), KeySpec.at(2, OW, UPDATE))
                    .complexity("O(N) with the elements of a collection, O(1) for a string")
                    .summary("Gives another key, perhaps in another database, a copy of a value"),
            command("DEL", "key [key ...]", KeyCommands::delete)
                    .in(GENERIC)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(WRITE)
                    .keys(KeySpec.range(1, -1, 1, RM, DELETE))
                    .complexity("O(N) with the number of keys")
                    .summary("Removes keys")
                    .tips("request_policy:multi_shard", "response_policy:agg_sum"),
            command("UNLINK", "key [key ...]", KeyCommands::delete)
                    .in(GENERIC)
                    .since("4.0.0")
                    .arity(-2)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.range(1, -1, 1, RM, DELETE))
                    .complexity("O(N) with the number of keys")
                    .summary("Removes keys; their memory is reclaimed later")
                    .tips("request_policy:multi_shard", "response_policy:agg_sum"),
            command("EXISTS", "key [key ...]", KeyCommands::exists)
                    .in(GENERIC)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.range(1, -1, 1, RO))
                    .complexity("O(N) with the number of keys")
                    .summary("How many of these keys exist; one named twice counts twice")
                    .tips("request_policy:multi_shard", "response_policy:agg_sum"),
            command("TOUCH", "key [key ...]", KeyCommands::touch)
                    .in(GENERIC)
                    .since("3.2.1")
                    .arity(-2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.range(1, -1, 1, RO))
                    .complexity("O(N) with the number of keys")
                    .summary("How many of these keys exist; counts as an access to them")
                    .tips("request_policy:multi_shard", "response_policy:agg_sum"),
            command("TYPE", "key", KeyCommands::type)
                    .in(GENERIC)
                    .since("1.0.0")
                    .arity(2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO))
                    .complexity("O(1)")
                    .summary("The type of the value that a key holds"),
            command("MOVE", "key db", KeyCommands::move)
                    .in(GENERIC)
                    .since("1.0.0")
                    .arity(3)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, UPDATE))
                    .complexity("O(1)")
                    .summary("Moves a key to another database"),
            command("RENAME", "key newkey", call -> rename(call, false))
                    .in(GENERIC)
                    .since("1.0.0")
                    .arity(3)
                    .flags(WRITE)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE), KeySpec.at(2, OW, UPDATE))
                    .complexity("O(1)")
                    .summary("Gives a key another name, in place of a key that had it"),
            command("RENAMENX", "key newkey", call -> rename(call, true))
                    .in(GENERIC)
                    .since("1.0.0")
                    .arity(3)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE), KeySpec.at(2, OW, INSERT))
                    .complexity("O(1)")
                    .summary("Gives a key another name unless a key has it"),
            container("OBJECT")
                    .in(GENERIC)
                    .since("2.2.3")
                    .arity(-2)
                    .complexity("Depends on the subcommand")
                    .summary("Commands about how a value is kept")
                    .subcommands(List.of(
                            about("ENCODING", KeyCommands::encoding)
                                    .since("2.2.3")
                                    .summary("The form in which a value is kept"),
                            about("FREQ", KeyCommands::frequency)
                                    .since("4.0.0")
                                    .summary("How often a key is accessed, on a logarithmic scale"),
                            Help.subcommand(GENERIC, "6.2.0"),
                            about("IDLETIME", KeyCommands::idleTime)
                                    .since("2.2.3")
                                    .summary("The seconds since the last access to a key"),
                            about("REFCOUNT", KeyCommands::referenceCount)
                                    .since("2.2.3")
                                    .summary("How many keys share a value: always one"))));

    private static CommandSpec about(String name, Handler handler) {
        return command(name, "key", handler)
                .in(GENERIC)
                .arity(3)
                .flags(READONLY)
                .keys(KeySpec.at(2, RO))
                .complexity("O(1)")
                .tips("nondeterministic_output");
    }

    private static void delete(Call call) {
        int deleted = 0;
        for (int i = 1; i < call.argCount(); i++) {
            deleted += call.edit(call.arg(i)).remove(Event.DEL) ? 1 : 0;
        }
        call.reply().integer(deleted);
    }

    private static void exists(Call call) {
        int existing = 0;
        for (int i = 1; i < call.argCount(); i++) {
            existing += call.peek(call.arg(i)) == null ? 0 : 1;
        }
        call.reply().integer(existing);
    }

    private static void touch(Call call) {
        int existing = 0;
        for (int i = 1; i < call.argCount(); i++) {
            Object item = call.peek(call.arg(i));
            if (item != null) {
                call.access(item);
                existing++;
            }
        }
        call.reply().integer(existing);
    }

    private static void type(Call call) {
        Object item = call.peek(call.arg(1));
        call.reply()
                .simple(
                        item == null
                                ? "none"
                                : KeyRecord.type(KeyTable.record(item)).typeName());
    }

    // ---- other names and databases ----

    private static void rename(Call call, boolean onlyNew) {
        Slice from = call.arg(1);
        Slice to = call.arg(2);
        if (!call.exists(from)) {
            throw CommandException.noSuchKey();
        }
        if (!from.equals(to)) {
            if (onlyNew && call.exists(to)) {
                call.reply().integer(0);
                return;
            }
            Edit<Entry> source = call.edit(from);
            Edit<Entry> target = call.edit(to);
            target.take();
            move(source, target);
            source.done(Event.RENAME_FROM);
            target.done(Event.RENAME_TO, 0);
        }
        if (onlyNew) {
            call.reply().integer(from.equals(to) ? 0 : 1);
        } else {
            call.reply().ok();
        }
    }

    private static void move(Call call) {
        Slice key = call.arg(1);
        int from = call.database();
        int to = call.databaseArg(2);
        if (from == to) {
            throw sameObject();
        }
        Edit<Entry> source = call.edit(key, from);
        Edit<Entry> target = call.edit(key, to);
        if (!source.exists() || target.exists()) {
            call.reply().integer(0);
            return;
        }
        move(source, target);
        source.done(Event.MOVE_FROM);
        target.done(Event.MOVE_TO, 0);
        call.reply().integer(1);
    }

    /** Takes the item of a key away and puts it under a key that has none. Its expiry goes with it. */
    private static void move(Edit<Entry> from, Edit<Entry> to) {
        Object item = Objects.requireNonNull(from.take());
        to.insert(KeyTable.renamed(item, to.key()));
    }

    private static void copy(Call call) {
        Slice from = call.arg(1);
        Slice to = call.arg(2);
        int database = call.database();
        boolean replace = false;
        for (int i = 3; i < call.argCount(); i++) {
            if (call.arg(i).isWord("REPLACE")) {
                replace = true;
            } else if (call.arg(i).isWord("DB") && i + 1 < call.argCount()) {
                database = call.databaseArg(++i);
            } else {
                throw CommandException.syntax();
            }
        }
        if (database == call.database() && from.equals(to)) {
            throw sameObject();
        }
        Object item = call.lookup(from);
        Edit<Entry> edit = call.edit(to, database);
        if (item == null || !replace && edit.exists()) {
            call.reply().integer(0);
            return;
        }
        call.needRoom(KeyTable.sizeBytes(item));
        Object copy = KeyTable.copyOf(item, to);
        edit.take();
        edit.insert(copy);
        edit.done(Event.COPY_TO);
        call.reply().integer(1);
    }

    private static CommandException sameObject() {
        return new CommandException("ERR source and destination objects are the same");
    }

    // ---- OBJECT ----

    /** The item of the key in question; answers nil where there is none. */
    private static @Nullable Object item(Call call) {
        Object item = call.inspect(call.arg(2));
        if (item == null) {
            call.reply().nil();
        }
        return item;
    }

    private static void encoding(Call call) {
        Object item = item(call);
        if (item != null) {
            call.reply().bulk(encodingOf(item));
        }
    }

    /** The name of the form in which an item of the keyspace is kept. */
    static String encodingOf(Object item) {
        return item instanceof Entry entry ? entry.encoding() : StringItem.encodingName(KeyTable.record(item));
    }

    private static void referenceCount(Call call) {
        if (item(call) != null) {
            call.reply().integer(1);
        }
    }

    private static final String OTHER_POLICY =
            " Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";

    private static void idleTime(Call call) {
        Object item = item(call);
        if (item == null) {
            return;
        }
        AccessClock clock = call.engine().keyspace().clock();
        if (clock.countsFrequency()) {
            throw new CommandException(
                    "ERR An LFU maxmemory policy is selected, idle time not tracked." + OTHER_POLICY);
        }
        call.reply().integer(clock.idleSeconds(KeyRecord.accessClock(KeyTable.record(item))));
    }

    private static void frequency(Call call) {
        Object item = item(call);
        if (item == null) {
            return;
        }
        AccessClock clock = call.engine().keyspace().clock();
        if (!clock.countsFrequency()) {
            throw new CommandException(
                    "ERR An LFU maxmemory policy is not selected, access frequency not tracked." + OTHER_POLICY);
        }
        call.reply().integer(clock.frequency(KeyRecord.accessClock(KeyTable.record(item))));
    }
}
