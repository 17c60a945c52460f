package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.STRING;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
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
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import java.util.List;

/** The commands that count in a string. */
public final class CounterCommands {
    private CounterCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            counter("INCR", "key", call -> add(call, 1))
                    .since("1.0.0")
                    .arity(2)
                    .summary("Adds one to the integer that a key holds, 0 where it holds nothing"),
            counter("DECR", "key", call -> add(call, -1))
                    .since("1.0.0")
                    .arity(2)
                    .summary("Subtracts one from the integer that a key holds"),
            counter("INCRBY", "key increment", call -> add(call, call.longArg(2)))
                    .since("1.0.0")
                    .arity(3)
                    .summary("Adds to the integer that a key holds"),
            counter("DECRBY", "key decrement", CounterCommands::decrBy)
                    .since("1.0.0")
                    .arity(3)
                    .summary("Subtracts from the integer that a key holds"),
            counter("INCRBYFLOAT", "key increment", CounterCommands::incrByFloat)
                    .since("2.6.0")
                    .arity(3)
                    .summary("Adds to the number with a fraction that a key holds"));

    private static CommandSpec counter(String name, String syntax, Handler handler) {
        return command(name, syntax, handler)
                .in(STRING)
                .flags(WRITE, DENYOOM, FAST)
                .keys(KeySpec.at(1, RW, ACCESS, UPDATE))
                .complexity("O(1)");
    }

    private static void decrBy(Call call) {
        long decrement = call.longArg(2);
        if (decrement == Long.MIN_VALUE) {
            throw new CommandException("ERR decrement would overflow");
        }
        add(call, -decrement);
    }

    private static void add(Call call, long increment) {
        Edit<Entry> edit = call.edit(call.arg(1));
        Object item = edit.item();
        long old = 0;
        if (item instanceof byte[] record) {
            int start = KeyRecord.bodyOffset(record);
            int length = KeyRecord.bodyEnd(record) - start;
            if (!Numbers.isLong(record, start, length)) {
                throw CommandException.notInteger();
            }
            old = Numbers.toLong(record, start, length);
        } else if (item != null) {
            Call.stringOf(item, new Slice());
            throw CommandException.notInteger();
        }
        long value = old + increment;
        if (((old ^ value) & (increment ^ value)) < 0) {
            throw new CommandException("ERR increment or decrement would overflow");
        }
        edit.setInteger(value);
        edit.done(Event.INCRBY);
        call.reply().integer(value);
    }

    private static void incrByFloat(Call call) {
        Slice key = call.arg(1);
        Edit<Entry> edit = call.edit(key);
        Slice text = Call.stringOf(edit.item(), new Slice());
        LongDouble old = text == null ? LongDouble.ZERO : LongDouble.parse(text);
        LongDouble increment = LongDouble.parse(call.arg(2));
        if (old == null || increment == null) {
            throw CommandException.notFloat();
        }
        LongDouble sum = old.plus(increment);
        if (sum == null) {
            throw new CommandException("ERR increment would produce NaN or Infinity");
        }
        Slice value = new Slice(sum.toBytes());
        edit.setString(value, KeyRecord.EMBSTR, edit.expireAt());
        edit.done(Event.INCRBYFLOAT);
        call.reply().bulk(value);
        call.propagateAs("SET", key, value, "KEEPTTL");
    }
}
