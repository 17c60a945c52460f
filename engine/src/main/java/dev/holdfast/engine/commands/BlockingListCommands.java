package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.BLOCKING;
import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.LIST;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.DELETE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INSERT;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.types.ListEnd.HEAD;
import static dev.holdfast.engine.types.ListEnd.TAIL;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.commands.ListCommands.PopArguments;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.types.ListEnd;
import dev.holdfast.engine.types.ListValue;
import java.util.List;

/** The commands for lists that wait until there is something to take. */
public final class BlockingListCommands {
    private BlockingListCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("BLPOP", "key [key ...] timeout", call -> pop(call, HEAD))
                    .in(LIST)
                    .since("2.0.0")
                    .arity(-3)
                    .flags(WRITE, BLOCKING)
                    .keys(KeySpec.range(1, -2, 1, RW, ACCESS, DELETE))
                    .complexity("O(N) with the number of keys")
                    .summary("Takes the element at the head of the first list that has one, waiting for it if need be"),
            command("BRPOP", "key [key ...] timeout", call -> pop(call, TAIL))
                    .in(LIST)
                    .since("2.0.0")
                    .arity(-3)
                    .flags(WRITE, BLOCKING)
                    .keys(KeySpec.range(1, -2, 1, RW, ACCESS, DELETE))
                    .complexity("O(N) with the number of keys")
                    .summary("Takes the element at the tail of the first list that has one, waiting for it if need be"),
            command(
                            "BLMPOP",
                            "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
                            BlockingListCommands::popFromFirst)
                    .in(LIST)
                    .since("7.0.0")
                    .arity(-5)
                    .flags(WRITE, BLOCKING)
                    .keys(KeySpec.counted(2, RW, ACCESS, DELETE))
                    .complexity("O(N+M) with N keys and M elements taken")
                    .summary(
                            "Takes elements from one end of the first of several lists that has any, waiting for them if need be"),
            command("BLMOVE", "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout", BlockingListCommands::move)
                    .in(LIST)
                    .since("6.2.0")
                    .arity(6)
                    .flags(WRITE, DENYOOM, BLOCKING)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE), KeySpec.at(2, RW, INSERT))
                    .complexity("O(1)")
                    .summary(
                            "Moves an element from an end of one list to an end of another, waiting for it if need be"),
            command("BRPOPLPUSH", "source destination timeout", call -> move(call, TAIL, HEAD, call.timeoutArg(3)))
                    .in(LIST)
                    .since("2.2.0")
                    .arity(4)
                    .flags(WRITE, DENYOOM, BLOCKING)
                    .keys(KeySpec.at(1, RW, ACCESS, DELETE), KeySpec.at(2, RW, INSERT))
                    .complexity("O(1)")
                    .summary(
                            "Moves the element at the tail of one list to the head of another, waiting for it if need be"));

    private static void pop(Call call, ListEnd end) {
        int timeoutAt = call.argCount() - 1;
        long timeout = call.timeoutArg(timeoutAt);
        for (int i = 1; i < timeoutAt; i++) {
            Slice key = call.arg(i);
            Edit<ListValue> edit = call.edit(key, ListValue.class);
            ListValue list = edit.value();
            if (list != null) {
                Slice element = new Slice();
                list.peek(end, element);
                call.reply().array(2);
                call.reply().bulk(key);
                call.reply().bulk(element);
                list.drop(end);
                ListCommands.removed(call, edit, list, end, 1);
                call.propagateAs(end == HEAD ? "LPOP" : "RPOP", key);
                return;
            }
        }
        call.block(timeout, ValueType.LIST, 1, timeoutAt - 1, Reply::nilArray);
    }

    private static void popFromFirst(Call call) {
        PopArguments arguments = PopArguments.parse(call, 2);
        long timeout = call.timeoutArg(1);
        int first = arguments.firstKey();
        int keys = arguments.keys();
        if (!ListCommands.popFromFirst(call, first, keys, arguments.end(), arguments.count())) {
            call.block(timeout, ValueType.LIST, first, first + keys - 1, Reply::nilArray);
        }
    }

    private static void move(Call call) {
        ListEnd from = ListCommands.endArg(call, 3);
        ListEnd to = ListCommands.endArg(call, 4);
        move(call, from, to, call.timeoutArg(5));
    }

    private static void move(Call call, ListEnd from, ListEnd to, long timeout) {
        if (Call.cast(call.find(call.arg(1)), ListValue.class) != null) {
            ListCommands.move(call, from, to);
            if (call.spec().name().equals("blmove")) {
                call.propagateAs("LMOVE", call.arg(1), call.arg(2), call.arg(3), call.arg(4));
            } else {
                call.propagateAs("RPOPLPUSH", call.arg(1), call.arg(2));
            }
        } else if (call.inTransaction()) {
            // What may not wait has no element; what has waited too long has no array.
            call.reply().nil();
        } else {
            call.block(timeout, ValueType.LIST, 1, 1, Reply::nilArray);
        }
    }
}
