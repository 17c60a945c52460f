package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.LIST;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INSERT;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.types.ListEnd.HEAD;
import static dev.holdfast.engine.types.ListEnd.TAIL;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.structures.BlockLimit;
import dev.holdfast.engine.types.ListEnd;
import dev.holdfast.engine.types.ListValue;
import java.util.List;

/** The commands for lists that never wait. */
public final class ListCommands {
    private ListCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("LPUSH", "key element [element ...]", call -> push(call, HEAD, false))
                    .in(LIST)
                    .since("1.0.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, INSERT))
                    .complexity("O(N) with the number of elements given")
                    .summary(
                            "Adds elements at the head of a list, one after another, and makes the list where there is none"),
            command("RPUSH", "key element [element ...]", call -> push(call, TAIL, false))
                    .in(LIST)
                    .since("1.0.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, INSERT))
                    .complexity("O(N) with the number of elements given")
                    .summary(
                            "Adds elements at the tail of a list, one after another, and makes the list where there is none"),
            command("LPUSHX", "key element [element ...]", call -> push(call, HEAD, true))
                    .in(LIST)
                    .since("2.2.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, INSERT))
                    .complexity("O(N) with the number of elements given")
                    .summary("Adds elements at the head of a list that exists"),
            command("RPUSHX", "key element [element ...]", call -> push(call, TAIL, true))
                    .in(LIST)
                    .since("2.2.0")
                    .arity(-3)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, INSERT))
                    .complexity("O(N) with the number of elements given")
                    .summary("Adds elements at the tail of a list that exists"),
            command("LINSERT", "key <BEFORE | AFTER> pivot element", ListCommands::insert)
                    .in(LIST)
                    .since("2.2.0")
                    .arity(5)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, INSERT))
                    .complexity("O(N) with the distance of the pivot from the head")
                    .summary("Adds an element next to the first one that equals the pivot"),
            command("LLEN", "key", ListCommands::length)
                    .in(LIST)
                    .since("1.0.0")
                    .arity(2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO))
                    .complexity("O(1)")
                    .summary("The number of elements of a list"),
            command("LINDEX", "key index", ListCommands::index)
                    .in(LIST)
                    .since("1.0.0")
                    .arity(3)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N) with the distance of the element from the nearer end")
                    .summary("The element at an index; negative ones count from the tail"),
            command("LSET", "key index element", ListCommands::set)
                    .in(LIST)
                    .since("1.0.0")
                    .arity(4)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .complexity("O(N) with the distance of the element from the nearer end")
                    .summary("Replaces the element at an index"),
            command("LPOP", "key [count]", call -> pop(call, HEAD))
                    .in(LIST)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE))
                    .complexity("O(N) with the number of elements taken")
                    .summary("Takes elements from the head of a list; the list goes with its last element"),
            command("RPOP", "key [count]", call -> pop(call, TAIL))
                    .in(LIST)
                    .since("1.0.0")
                    .arity(-2)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE))
                    .complexity("O(N) with the number of elements taken")
                    .summary("Takes elements from the tail of a list; the list goes with its last element"),
            command("LMPOP", "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]", ListCommands::popFromFirst)
                    .in(LIST)
                    .since("7.0.0")
                    .arity(-4)
                    .flags(WRITE)
                    .keys(KeySpec.counted(1, RW, ACCESS, DELETE))
                    .complexity("O(N+M) with N keys and M elements taken")
                    .summary("Takes elements from one end of the first of several lists that exists"),
            command("LRANGE", "key start stop", ListCommands::range)
                    .in(LIST)
                    .since("1.0.0")
                    .arity(4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(S+N) with the distance S of the start from the nearer end and N elements returned")
                    .summary("The elements between two indexes, both included"),
            command("LTRIM", "key start stop", ListCommands::trim)
                    .in(LIST)
                    .since("1.0.0")
                    .arity(4)
                    .flags(WRITE)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .complexity("O(N) with the number of elements removed")
                    .summary("Keeps only the elements between two indexes, both included"),
            command("LPOS", "key element [RANK rank] [COUNT num-matches] [MAXLEN len]", ListCommands::position)
                    .in(LIST)
                    .since("6.0.6")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N) with the number of elements compared")
                    .summary("The indexes of elements that equal a given one"),
            command("LREM", "key count element", ListCommands::remove)
                    .in(LIST)
                    .since("1.0.0")
                    .arity(4)
                    .flags(WRITE)
                    .keys(KeySpec.at(1, RW, DELETE))
                    .complexity("O(N+M) with the length N of the list and M elements removed")
                    .summary(
                            "Removes elements that equal a given one, from the head or with a negative count from the tail"),
            command("LMOVE", "source destination <LEFT | RIGHT> <LEFT | RIGHT>", ListCommands::move)
                    .in(LIST)
                    .since("6.2.0")
                    .arity(5)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE), KeySpec.at(2, RW, INSERT))
                    .complexity("O(1)")
                    .summary("Takes an element from an end of one list and adds it to an end of another"),
            command("RPOPLPUSH", "source destination", call -> move(call, TAIL, HEAD))
                    .in(LIST)
                    .since("1.2.0")
                    .arity(3)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE), KeySpec.at(2, RW, INSERT))
                    .complexity("O(1)")
                    .summary("Takes an element from the tail of one list and adds it to the head of another"));

    // ---- adding

    private static void push(Call call, ListEnd end, boolean onlyExisting) {
        Edit<ListValue> edit = call.edit(call.arg(1), ListValue.class);
        ListValue list = edit.value();
        if (list == null) {
            if (onlyExisting) {
                call.reply().integer(0);
                return;
            }
            list = create(edit);
        }
        int words = call.argCount();
        long bytes = 0;
        for (int i = 2; i < words; i++) {
            bytes += call.arg(i).length();
        }
        list.grow(limit(call), bytes, words - 2);
        for (int i = 2; i < words; i++) {
            list.push(end, call.arg(i));
        }
        edit.done(end == HEAD ? Event.LPUSH : Event.RPUSH, words - 2);
        call.reply().integer(list.size());
    }

    private static ListValue create(Edit<ListValue> edit) {
        return edit.create(new ListValue(Call.newRecord(ValueType.LIST, edit.key())));
    }

    static BlockLimit limit(Call call) {
        return BlockLimit.of(call.config().listMaxListpackSize.getInt())
                .withPackedThreshold(call.engine().debugSettings().packedThresholdBytes());
    }

    private static void insert(Call call) {
        boolean behind = call.arg(2).isWord("AFTER");
        if (!behind && !call.arg(2).isWord("BEFORE")) {
            throw CommandException.syntax();
        }
        Edit<ListValue> edit = call.edit(call.arg(1), ListValue.class);
        ListValue list = edit.value();
        if (list == null) {
            call.reply().integer(0);
            return;
        }
        Slice pivot = call.arg(3);
        Slice value = call.arg(4);
        list.grow(limit(call), value.length(), 1);
        Slice element = new Slice();
        ListValue.Cursor cursor = list.cursor(0, true);
        while (cursor.next(element)) {
            if (element.equals(pivot)) {
                list.insert(cursor, behind, value);
                edit.done(Event.LINSERT);
                call.reply().integer(list.size());
                return;
            }
        }
        call.reply().integer(-1);
    }

    private static void set(Call call) {
        Edit<ListValue> edit = call.edit(call.arg(1), ListValue.class);
        ListValue list = edit.value();
        if (list == null) {
            throw CommandException.noSuchKey();
        }
        long index = call.longArg(2);
        Slice value = call.arg(3);
        list.grow(limit(call), value.length(), 1);
        // Valkey narrows this index, and no other, to 32 bits.
        int narrowed = (int) index;
        if (!list.set(narrowed, value)) {
            throw new CommandException("ERR index out of range");
        }
        list.shrink(limit(call));
        edit.done(Event.LSET);
        call.reply().ok();
    }

    // ---- looking

    private static void length(Call call) {
        ListValue list = call.read(call.arg(1), ListValue.class);
        call.reply().integer(list == null ? 0 : list.size());
    }

    private static void index(Call call) {
        ListValue list = call.read(call.arg(1), ListValue.class);
        if (list == null) {
            call.reply().nil();
            return;
        }
        Slice element = new Slice();
        if (list.get(call.longArg(2), element)) {
            call.reply().bulk(element);
        } else {
            call.reply().nil();
        }
    }

    private static void range(Call call) {
        long start = call.longArg(2);
        long stop = call.longArg(3);
        ListValue list = call.read(call.arg(1), ListValue.class);
        if (list == null) {
            call.reply().emptyArray();
            return;
        }
        long size = list.size();
        long first = fromHead(start, size);
        long last = Math.min(stop < 0 ? size + stop : stop, size - 1);
        if (first > last) {
            call.reply().emptyArray();
            return;
        }
        replyElements(call.reply(), list, first, last - first + 1, HEAD);
    }

    /** An index of a range's start, negative ones counting from the tail; one before the head is the head. */
    private static long fromHead(long index, long size) {
        return Math.max(index < 0 ? size + index : index, 0);
    }

    /** Writes {@code count} elements as an array, from {@code from} on, in the order in which they would be popped. */
    private static void replyElements(Reply reply, ListValue list, long from, long count, ListEnd end) {
        reply.array(count);
        Slice element = new Slice();
        ListValue.Cursor cursor = list.cursor(from, end == HEAD);
        for (long i = 0; i < count && cursor.next(element); i++) {
            reply.bulk(element);
        }
    }

    private static void position(Call call) {
        long rank = 1;
        long count = -1;
        long maxLength = 0;
        for (int i = 3; i < call.argCount(); i++) {
            Slice option = call.arg(i);
            boolean last = i + 1 == call.argCount();
            if (option.isWord("RANK") && !last) {
                rank = signedCount(call, ++i);
                if (rank == 0) {
                    throw new CommandException("ERR RANK can't be zero: use 1 to start from the first match, 2 from the"
                            + " second ... or use negative to start from the end of the list");
                }
            } else if (option.isWord("COUNT") && !last) {
                count = call.longArg(++i, 0, Long.MAX_VALUE, "ERR COUNT can't be negative");
            } else if (option.isWord("MAXLEN") && !last) {
                maxLength = call.longArg(++i, 0, Long.MAX_VALUE, "ERR MAXLEN can't be negative");
            } else {
                throw CommandException.syntax();
            }
        }
        ListValue list = call.read(call.arg(1), ListValue.class);
        if (count != -1) {
            int mark = call.reply().beginArray();
            call.reply().endArray(mark, list == null ? 0 : replyPositions(call, list, rank, count, maxLength));
        } else if (list == null || replyPositions(call, list, rank, 1, maxLength) == 0) {
            call.reply().nil();
        }
    }

    /** Writes the indexes of up to {@code count} matches, 0 meaning all, and returns how many. */
    private static long replyPositions(Call call, ListValue list, long rank, long count, long maxLength) {
        Slice wanted = call.arg(2);
        boolean forward = rank > 0;
        long skip = Math.abs(rank) - 1;
        long found = 0;
        Slice element = new Slice();
        ListValue.Cursor cursor = list.cursor(forward ? 0 : list.size() - 1, forward);
        for (long compared = 0; maxLength == 0 || compared < maxLength; compared++) {
            if (!cursor.next(element)) {
                break;
            }
            if (element.equals(wanted) && skip-- <= 0) {
                call.reply().integer(cursor.index());
                if (++found == count) {
                    break;
                }
            }
        }
        return found;
    }

    /** A number whose sign stands for a direction, so that the lowest one, which has no opposite, is refused. */
    private static long signedCount(Call call, int index) {
        long value = call.longArg(index);
        if (value == Long.MIN_VALUE) {
            throw new CommandException(
                    "ERR value is out of range, value must between " + -Long.MAX_VALUE + " and " + Long.MAX_VALUE);
        }
        return value;
    }

    // ---- removing

    private static void pop(Call call, ListEnd end) {
        if (call.argCount() > 3) {
            throw CommandException.arity(call.spec().fullName());
        }
        boolean counted = call.argCount() == 3;
        long count = counted ? call.positiveArg(2) : 1;
        Edit<ListValue> edit = call.edit(call.arg(1), ListValue.class);
        ListValue list = edit.value();
        if (list == null) {
            if (counted) {
                call.reply().nilArray();
            } else {
                call.reply().nil();
            }
        } else if (!counted) {
            Slice element = new Slice();
            list.peek(end, element);
            call.reply().bulk(element);
            list.drop(end);
            removed(call, edit, list, end, 1);
        } else if (count == 0) {
            call.reply().emptyArray();
        } else {
            popRange(call, edit, list, end, Math.min(count, list.size()));
        }
    }

    private static void popRange(Call call, Edit<ListValue> edit, ListValue list, ListEnd end, long count) {
        long size = list.size();
        replyElements(call.reply(), list, end == HEAD ? 0 : size - 1, count, end);
        list.removeRange(end == HEAD ? 0 : size - count, count);
        removed(call, edit, list, end, count);
    }

    /** Reports that elements were taken from an end. */
    static void removed(Call call, Edit<ListValue> edit, ListValue list, ListEnd end, long count) {
        list.shrink(limit(call));
        edit.done(end == HEAD ? Event.LPOP : Event.RPOP, count);
    }

    /** Pops up to {@code count} elements of the first key that has a list; replies with the key's name and them. */
    static boolean popFromFirst(Call call, int firstKey, int keys, ListEnd end, long count) {
        for (int i = firstKey; i < firstKey + keys; i++) {
            Slice key = call.arg(i);
            Edit<ListValue> edit = call.edit(key, ListValue.class);
            ListValue list = edit.value();
            if (list != null) {
                long popped = Math.min(count, list.size());
                call.reply().array(2);
                call.reply().bulk(key);
                popRange(call, edit, list, end, popped);
                call.propagateAs(end == HEAD ? "LPOP" : "RPOP", key, popped);
                return true;
            }
        }
        return false;
    }

    /** The arguments of LMPOP from the number of keys on: {@code numkeys key [key ...] end [COUNT count]}. */
    record PopArguments(int firstKey, int keys, ListEnd end, long count) {
        static PopArguments parse(Call call, int at) {
            long keys = call.longArg(at, 1, Long.MAX_VALUE, "ERR numkeys should be greater than 0");
            if (keys >= call.argCount() - at - 1) {
                throw CommandException.syntax();
            }
            int endAt = at + 1 + (int) keys;
            ListEnd end = endArg(call, endAt);
            long count = -1;
            for (int i = endAt + 1; i < call.argCount(); i++) {
                if (count != -1 || !call.arg(i).isWord("COUNT") || i + 1 == call.argCount()) {
                    throw CommandException.syntax();
                }
                count = call.longArg(++i, 1, Long.MAX_VALUE, "ERR count should be greater than 0");
            }
            return new PopArguments(at + 1, (int) keys, end, count == -1 ? 1 : count);
        }
    }

    private static void popFromFirst(Call call) {
        PopArguments arguments = PopArguments.parse(call, 1);
        if (!popFromFirst(call, arguments.firstKey, arguments.keys, arguments.end, arguments.count)) {
            call.reply().nilArray();
        }
    }

    private static void trim(Call call) {
        long start = call.longArg(2);
        long stop = call.longArg(3);
        Edit<ListValue> edit = call.edit(call.arg(1), ListValue.class);
        ListValue list = edit.value();
        if (list == null) {
            call.reply().ok();
            return;
        }
        long size = list.size();
        long first = fromHead(start, size);
        long last = Math.min(stop < 0 ? size + stop : stop, size - 1);
        if (first > last) {
            list.removeRange(0, size);
        } else {
            list.removeRange(last + 1, size - 1 - last);
            list.removeRange(0, first);
        }
        long trimmed = size - list.size();
        list.shrink(limit(call));
        if (trimmed > 0) {
            edit.done(Event.LTRIM, trimmed);
        } else {
            edit.event(Event.LTRIM);
        }
        call.reply().ok();
    }

    private static void remove(Call call) {
        long count = signedCount(call, 2);
        Edit<ListValue> edit = call.edit(call.arg(1), ListValue.class);
        ListValue list = edit.value();
        if (list == null) {
            call.reply().integer(0);
            return;
        }
        Slice unwanted = call.arg(3);
        boolean forward = count >= 0;
        long limit = Math.abs(count);
        long removed = 0;
        Slice element = new Slice();
        ListValue.Cursor cursor = list.cursor(forward ? 0 : list.size() - 1, forward);
        while (cursor.next(element)) {
            if (element.equals(unwanted)) {
                cursor.remove();
                if (++removed == limit) {
                    break;
                }
            }
        }
        if (removed > 0) {
            list.shrink(limit(call));
            edit.done(Event.LREM, removed);
        }
        call.reply().integer(removed);
    }

    // ---- moving

    static ListEnd endArg(Call call, int index) {
        if (call.arg(index).isWord("LEFT")) {
            return HEAD;
        }
        if (call.arg(index).isWord("RIGHT")) {
            return TAIL;
        }
        throw CommandException.syntax();
    }

    private static void move(Call call) {
        ListEnd from = endArg(call, 3);
        ListEnd to = endArg(call, 4);
        move(call, from, to);
    }

    static void move(Call call, ListEnd from, ListEnd to) {
        Edit<ListValue> sourceEdit = call.edit(call.arg(1), ListValue.class);
        ListValue source = sourceEdit.value();
        if (source == null) {
            call.reply().nil();
            return;
        }
        boolean rotates = call.arg(2).equals(call.arg(1));
        Edit<ListValue> targetEdit = rotates ? sourceEdit : call.edit(call.arg(2), ListValue.class);
        ListValue target = targetEdit.value();
        Slice element = new Slice();
        source.peek(from, element);
        if (target == source) {
            element = new Slice(element.toBytes());
        }
        call.reply().bulk(element);
        if (target == null) {
            target = create(targetEdit);
        }
        if (target == source) {
            source.drop(from);
            target.grow(limit(call), element.length(), 1);
            target.push(to, element);
        } else {
            target.grow(limit(call), element.length(), 1);
            target.push(to, element);
            source.drop(from);
        }
        targetEdit.done(to == HEAD ? Event.LPUSH : Event.RPUSH, 0);
        removed(call, sourceEdit, source, from, 1); // to Valkey a move is one change
    }
}
