package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.STREAM;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.structures.StreamLog;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands for the entries of a stream. */
public final class StreamCommands {
    private static final String TRIMMING = "<MAXLEN | MINID> [<= | ~>] threshold [LIMIT count]";

    private StreamCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command(
                            "XADD",
                            "key [NOMKSTREAM] [" + TRIMMING + "] <* | id> field value [field value ...]",
                            StreamCommands::add)
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-5)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .tips("nondeterministic_output")
                    .complexity("O(1), and O(N) with N entries trimmed")
                    .summary("Adds an entry at the end of a stream, which is made if need be"),
            command("XLEN", "key", StreamCommands::length)
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO))
                    .complexity("O(1)")
                    .summary("How many entries a stream has"),
            command("XRANGE", "key start end [COUNT count]", call -> range(call, 2, 3, false))
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(log(N)+M) with N blocks of entries and M entries returned")
                    .summary("The entries between two ids"),
            command("XREVRANGE", "key end start [COUNT count]", call -> range(call, 3, 2, true))
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(log(N)+M) with N blocks of entries and M entries returned")
                    .summary("The entries between two ids, the last first"),
            command("XDEL", "key id [id ...]", StreamCommands::delete)
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-3)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .complexity("O(1) for each entry")
                    .summary("Deletes entries from a stream, and tells how many there were"),
            command("XTRIM", "key " + TRIMMING, StreamCommands::trim)
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-4)
                    .flags(WRITE)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .tips("nondeterministic_output")
                    .complexity("O(N) with N entries trimmed")
                    .summary("Drops the oldest entries of a stream"),
            command(
                            "XSETID",
                            "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
                            StreamCommands::setId)
                    .in(STREAM)
                    .since("5.0.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .complexity("O(1)")
                    .summary("Sets what a stream remembers of its past, for copying it elsewhere"));

    private static void add(Call call) {
        StreamTrim trim = StreamTrim.parse(call, true);
        int idAt = trim.end();
        int words = call.argCount() - idAt - 1;
        if (words < 2 || words % 2 == 1) {
            throw CommandException.arity("xadd");
        }
        boolean generated = call.arg(idAt).isWord("*");
        StreamId open = generated ? null : StreamArguments.parseOpenId(call.arg(idAt));
        StreamId given = generated || open != null ? null : StreamArguments.strictId(call, idAt);
        if (given != null && given.isZero()) {
            throw new CommandException("ERR The ID specified in XADD must be greater than 0-0");
        }
        Edit<StreamValue> edit = call.edit(call.arg(1), StreamValue.class);
        StreamValue stream = edit.value();
        if (stream == null && trim.makesNone()) {
            call.reply().nil();
            return;
        }
        StreamId last = stream == null ? StreamId.MIN : stream.lastId();
        if (last.equals(StreamId.MAX)) {
            throw new CommandException("ERR The stream has exhausted the last possible ID, unable to add more items");
        }
        StreamId id = generated ? generate(last, call.now()) : open != null ? numbered(last, open) : given;
        if (id == null || id.compareTo(last) <= 0) {
            throw new CommandException(
                    "ERR The ID specified in XADD is equal or smaller than the target stream top item");
        }
        long wordBytes = 0;
        for (int i = idAt + 1; i < call.argCount(); i++) {
            wordBytes += call.arg(i).length();
        }
        if (StreamLog.isTooLong(wordBytes)) {
            throw new CommandException("ERR Elements are too large to be stored");
        }
        if (stream == null) {
            stream = edit.create(new StreamValue(Call.newRecord(ValueType.STREAM, edit.key())));
        }
        stream.add(
                id,
                words / 2,
                i -> call.arg(idAt + 1 + i),
                call.config().streamNodeMaxBytes.get(),
                call.config().streamNodeMaxEntries.get());
        edit.done(Event.XADD);
        StreamReplies.id(call.reply(), id);
        if (trim.isGiven() && trim.apply(stream) > 0) {
            edit.event(Event.XTRIM);
        }
        if ((trim.isGiven() || given == null) && call.isLogged()) {
            call.propagateAs(trim.exactWords(call, stream, id));
        }
    }

    /** The id for an entry added now: the time, or what follows the last id where the clock is not beyond that. */
    private static @Nullable StreamId generate(StreamId last, long now) {
        return Long.compareUnsigned(now, last.ms()) > 0 ? new StreamId(now, 0) : last.next();
    }

    /** The id of given milliseconds with the first number that is free; null where none is. */
    private static @Nullable StreamId numbered(StreamId last, StreamId open) {
        if (last.ms() != open.ms()) {
            return open;
        }
        return last.seq() == -1 ? null : last.next();
    }

    private static void length(Call call) {
        StreamValue stream = call.read(call.arg(1), StreamValue.class);
        call.reply().integer(stream == null ? 0 : stream.length());
    }

    private static void range(Call call, int startAt, int endAt, boolean backwards) {
        StreamId start = StreamArguments.start(call, startAt);
        StreamId end = StreamArguments.end(call, endAt);
        long count = -1;
        for (int i = 4; i < call.argCount(); i += 2) {
            if (!call.arg(i).isWord("COUNT") || i + 1 == call.argCount()) {
                throw CommandException.syntax();
            }
            count = Math.max(0, call.longArg(i + 1));
        }
        StreamValue stream = call.read(call.arg(1), StreamValue.class);
        if (stream == null) {
            call.reply().emptyArray();
        } else if (count == 0) {
            call.reply().nilArray();
        } else {
            StreamReplies.entries(call.reply(), stream.walk(start, end, backwards), Math.max(0, count));
        }
    }

    private static void delete(Call call) {
        Edit<StreamValue> edit = call.edit(call.arg(1), StreamValue.class);
        StreamValue stream = edit.value();
        if (stream == null) {
            call.reply().integer(0);
            return;
        }
        StreamId[] ids = ids(call, 2);
        long deleted = 0;
        for (StreamId id : ids) {
            deleted += stream.delete(id) ? 1 : 0;
        }
        if (deleted > 0) {
            edit.done(Event.XDEL, deleted);
        }
        call.reply().integer(deleted);
    }

    /** The ids from this word on to the last; all are read before anything happens. */
    static StreamId[] ids(Call call, int first) {
        StreamId[] ids = new StreamId[call.argCount() - first];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = StreamArguments.strictId(call, first + i);
        }
        return ids;
    }

    private static void trim(Call call) {
        StreamTrim trim = StreamTrim.parse(call, false);
        Edit<StreamValue> edit = call.edit(call.arg(1), StreamValue.class);
        StreamValue stream = edit.value();
        long removed = stream == null ? 0 : trim.apply(stream);
        if (stream != null && removed > 0) {
            edit.done(Event.XTRIM, removed);
            call.propagateAs(trim.exactWords(call, stream, null));
        }
        call.reply().integer(removed);
    }

    private static void setId(Call call) {
        StreamId id = StreamArguments.strictId(call, 2);
        long added = -1;
        StreamId maxDeleted = StreamId.MIN;
        for (int i = 3; i < call.argCount(); i += 2) {
            boolean more = i + 1 < call.argCount();
            if (more && call.arg(i).isWord("ENTRIESADDED")) {
                added = call.longArg(i + 1);
                if (added < 0) {
                    throw new CommandException("ERR entries_added must be positive");
                }
            } else if (more && call.arg(i).isWord("MAXDELETEDID")) {
                maxDeleted = StreamArguments.strictId(call, i + 1);
                if (id.compareTo(maxDeleted) < 0) {
                    throw new CommandException(
                            "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
                }
            } else {
                throw CommandException.syntax();
            }
        }
        Edit<StreamValue> edit = call.edit(call.arg(1), StreamValue.class);
        StreamValue stream = edit.value();
        if (stream == null) {
            throw CommandException.noSuchKey();
        }
        if (id.compareTo(stream.maxDeletedId()) < 0) {
            throw new CommandException("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
        }
        if (stream.length() > 0) {
            if (id.compareTo(stream.lastEntry()) < 0) {
                throw new CommandException("ERR The ID specified in XSETID is smaller than the target stream top item");
            }
            if (added != -1 && stream.length() > added) {
                throw new CommandException(
                        "ERR The entries_added specified in XSETID is smaller than the target stream length");
            }
        }
        stream.setLastId(id);
        if (added != -1) {
            stream.setEntriesAdded(added);
        }
        if (!maxDeleted.isZero()) {
            stream.setMaxDeletedId(maxDeleted);
        }
        edit.doneWithin(Event.XSETID);
        call.reply().ok();
    }
}
