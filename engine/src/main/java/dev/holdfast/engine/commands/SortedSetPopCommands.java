package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.BLOCKING;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.SORTED_SET;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.types.RankSpan;
import dev.holdfast.engine.types.SortedSetValue;
import java.util.List;

/** The commands that take members off either end of a sorted set, and those that wait for one to take. */
public final class SortedSetPopCommands {
    private SortedSetPopCommands() {}

    /** The end of a sorted set that members are taken from. */
    private enum End {
        MIN(Event.ZPOPMIN),
        MAX(Event.ZPOPMAX);

        private final Event event;

        End(Event event) {
            this.event = event;
        }
    }

    public static final List<CommandSpec> COMMANDS = List.of(
            command("ZPOPMIN", "key [count]", call -> pop(call, End.MIN))
                    .in(SORTED_SET)
                    .since("5.0.0")
                    .arity(-2)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE))
                    .complexity("O(M log N), N being the size of the set and M the number of members taken")
                    .summary("Takes the members with the lowest scores"),
            command("ZPOPMAX", "key [count]", call -> pop(call, End.MAX))
                    .in(SORTED_SET)
                    .since("5.0.0")
                    .arity(-2)
                    .flags(WRITE, FAST)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE))
                    .complexity("O(M log N), N being the size of the set and M the number of members taken")
                    .summary("Takes the members with the highest scores"),
            command("ZMPOP", "numkeys key [key ...] <MIN | MAX> [COUNT count]", SortedSetPopCommands::popAny)
                    .in(SORTED_SET)
                    .since("7.0.0")
                    .arity(-4)
                    .flags(WRITE)
                    .keys(KeySpec.counted(1, RW, ACCESS, DELETE))
                    .complexity("O(K + M log N), K being the number of keys, N the size of the set and M the number of"
                            + " members taken")
                    .summary("Takes members from the first of several sorted sets that has any"),
            command("BZPOPMIN", "key [key ...] timeout", call -> blockingPop(call, End.MIN))
                    .in(SORTED_SET)
                    .since("5.0.0")
                    .arity(-3)
                    .flags(WRITE, FAST, BLOCKING)
                    .keys(KeySpec.range(1, -2, 1, RW, ACCESS, DELETE))
                    .complexity("O(log N), N being the size of the set")
                    .summary("Takes the member with the lowest score, and waits where there is none"),
            command("BZPOPMAX", "key [key ...] timeout", call -> blockingPop(call, End.MAX))
                    .in(SORTED_SET)
                    .since("5.0.0")
                    .arity(-3)
                    .flags(WRITE, FAST, BLOCKING)
                    .keys(KeySpec.range(1, -2, 1, RW, ACCESS, DELETE))
                    .complexity("O(log N), N being the size of the set")
                    .summary("Takes the member with the highest score, and waits where there is none"),
            command(
                            "BZMPOP",
                            "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]",
                            SortedSetPopCommands::blockingPopAny)
                    .in(SORTED_SET)
                    .since("7.0.0")
                    .arity(-5)
                    .flags(WRITE, BLOCKING)
                    .keys(KeySpec.counted(2, RW, ACCESS, DELETE))
                    .complexity("O(K + M log N), K being the number of keys, N the size of the set and M the number of"
                            + " members taken")
                    .summary("Takes members from the first of several sorted sets that has any, and waits for one"));

    private static void pop(Call call, End end) {
        if (call.argCount() > 3) {
            throw CommandException.syntax();
        }
        boolean counted = call.argCount() == 3;
        long count = counted ? call.positiveArg(2) : 1;
        Edit<SortedSetValue> edit = call.edit(call.arg(1), SortedSetValue.class);
        SortedSetValue value = edit.value();
        Reply reply = call.reply();
        if (value == null || count == 0) {
            reply.emptyArray();
            return;
        }
        RankSpan span = span(value, end, count);
        boolean nested = counted && reply.resp3();
        reply.array(nested ? span.count() : span.count() * 2L);
        take(call, edit, value, span, end, nested);
    }

    private static RankSpan span(SortedSetValue value, End end, long count) {
        return value.ranks(0, Math.min(count, value.size()) - 1, end == End.MAX);
    }

    /** Writes members and scores, removes them, and reports that. */
    private static void take(
            Call call, Edit<SortedSetValue> edit, SortedSetValue value, RankSpan span, End end, boolean nested) {
        Reply reply = call.reply();
        SortedSetValue.Walk walk = value.walk(span);
        while (walk.next()) {
            if (nested) {
                reply.array(2);
            }
            reply.bulk(walk.member());
            reply.real(walk.score());
        }
        value.removeRanks(span.lowest(), span.count());
        SortedSetCommands.reportRemoved(edit, span.count(), end.event);
    }

    /** The words of ZMPOP and BZMPOP from the number of keys on. */
    private record Request(int firstKey, int lastKey, End end, long count) {
        static Request parse(Call call, int countAt) {
            long keys = call.longArg(countAt, 1, Long.MAX_VALUE, "ERR numkeys should be greater than 0");
            if (keys > call.argCount() - countAt - 2L) {
                throw CommandException.syntax();
            }
            int endAt = countAt + (int) keys + 1;
            End end;
            if (call.arg(endAt).isWord("MIN")) {
                end = End.MIN;
            } else if (call.arg(endAt).isWord("MAX")) {
                end = End.MAX;
            } else {
                throw CommandException.syntax();
            }
            long count = -1;
            for (int i = endAt + 1; i < call.argCount(); i++) {
                if (count != -1 || !call.arg(i).isWord("COUNT") || i + 1 == call.argCount()) {
                    throw CommandException.syntax();
                }
                count = call.longArg(++i, 1, Long.MAX_VALUE, "ERR count should be greater than 0");
            }
            return new Request(countAt + 1, endAt - 1, end, Math.max(count, 1));
        }
    }

    private static void popAny(Call call) {
        Request request = Request.parse(call, 1);
        if (!popFirst(call, request)) {
            call.reply().nilArray();
        }
    }

    private static void blockingPopAny(Call call) {
        Request request = Request.parse(call, 2);
        long timeoutMillis = call.timeoutArg(1);
        if (!popFirst(call, request)) {
            call.block(timeoutMillis, ValueType.ZSET, request.firstKey, request.lastKey, Reply::nilArray);
        }
    }

    /** Takes members from the first key that has some, and answers with the key and them. */
    private static boolean popFirst(Call call, Request request) {
        for (int i = request.firstKey; i <= request.lastKey; i++) {
            Slice key = call.arg(i);
            Edit<SortedSetValue> edit = call.edit(key, SortedSetValue.class);
            SortedSetValue value = edit.value();
            if (value != null) {
                RankSpan span = span(value, request.end, request.count);
                call.reply().array(2);
                call.reply().bulk(key);
                call.reply().array(span.count());
                take(call, edit, value, span, request.end, true);
                call.propagateAs(request.end.event.text(), key, span.count());
                return true;
            }
        }
        return false;
    }

    private static void blockingPop(Call call, End end) {
        int lastKey = call.argCount() - 2;
        long timeoutMillis = call.timeoutArg(lastKey + 1);
        for (int i = 1; i <= lastKey; i++) {
            Slice key = call.arg(i);
            Edit<SortedSetValue> edit = call.edit(key, SortedSetValue.class);
            SortedSetValue value = edit.value();
            if (value != null) {
                call.reply().array(3);
                call.reply().bulk(key);
                take(call, edit, value, span(value, end, 1), end, false);
                call.propagateAs(end.event.text(), key);
                return;
            }
        }
        call.block(timeoutMillis, ValueType.ZSET, 1, lastKey, Reply::nilArray);
    }
}
