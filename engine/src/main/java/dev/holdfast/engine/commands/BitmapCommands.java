package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.BITMAP;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.OW;
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
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.structures.Bits;
import java.util.List;

/** The commands that take a string for a row of bits. {@link BitfieldCommands} take it for numbers of any width. */
public final class BitmapCommands {
    private static final byte[] ZERO = new byte[1];

    private BitmapCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("SETBIT", "key offset value", BitmapCommands::setBit)
                    .in(BITMAP)
                    .since("2.2.0")
                    .arity(4)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, ACCESS, UPDATE))
                    .complexity("O(1)")
                    .summary("Sets or clears a bit of a string, which grows where need be"),
            command("GETBIT", "key offset", BitmapCommands::getBit)
                    .in(BITMAP)
                    .since("2.2.0")
                    .arity(3)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(1)")
                    .summary("A bit of a string"),
            command("BITCOUNT", "key [start [end [BYTE | BIT]]]", BitmapCommands::bitCount)
                    .in(BITMAP)
                    .since("2.6.0")
                    .arity(-2)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N) with the length of the range")
                    .summary("How many bits of a string are set"),
            command("BITPOS", "key bit [start [end [BYTE | BIT]]]", BitmapCommands::bitPosition)
                    .in(BITMAP)
                    .since("2.8.7")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N) with the length of the range")
                    .summary("Where the first bit of a string is that is set, or is not"),
            command("BITOP", "<AND | OR | XOR | NOT> destkey key [key ...]", BitmapCommands::combine)
                    .in(BITMAP)
                    .since("2.6.0")
                    .arity(-4)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(2, OW, UPDATE), KeySpec.range(3, -1, 1, RO, ACCESS))
                    .complexity("O(N) with the length of the longest string")
                    .summary("Combines strings bit by bit and stores the result"));

    /**
     * The number of a bit, which may not lie beyond the longest string.
     *
     * @param width if positive, {@code #n} means the n-th number of this width
     */
    static long offset(Call call, int index, int width) {
        Slice word = call.arg(index);
        boolean counted = width > 0 && !word.isEmpty() && word.at(0) == '#';
        Slice digits = counted ? new Slice(word.array(), word.offset() + 1, word.length() - 1) : word;
        if (Numbers.isLong(digits)) {
            long offset = counted ? Numbers.toLong(digits) * width : Numbers.toLong(digits);
            if (offset >= 0 && offset >> 3 < call.config().maxStringBytes()) {
                return offset;
            }
        }
        throw new CommandException("ERR bit offset is not an integer or out of range");
    }

    /**
     * Makes a string reach as far as a bit; a missing one is created.
     *
     * @return whether that made it longer
     */
    static boolean reach(Edit<Entry> edit, long bit) {
        Slice value = Call.stringOf(edit.item(), new Slice());
        int last = (int) (bit >>> 3);
        boolean longer = value == null || value.length() <= last;
        // Also what is long enough becomes a raw string.
        edit.writeString(last, longer || value == null ? new Slice(ZERO) : new Slice(new byte[] {value.at(last)}));
        return longer;
    }

    private static void setBit(Call call) {
        long bit = offset(call, 2, 0);
        long on = call.longArg(3, 0, 1, "ERR bit is not an integer or out of range");
        Edit<Entry> edit = call.edit(call.arg(1));
        Slice old = Call.stringOf(edit.item(), new Slice());
        int index = (int) (bit >>> 3);
        boolean longer = old == null || old.length() <= index;
        int before = longer || old == null ? 0 : old.at(index) & 0xFF;
        int mask = 0x80 >>> (bit & 7);
        int after = on == 1 ? before | mask : before & ~mask;
        edit.writeString(index, new Slice(new byte[] {(byte) after}));
        if (longer || after != before) {
            edit.done(Event.SETBIT);
        }
        call.reply().integer((before & mask) != 0);
    }

    private static void getBit(Call call) {
        long bit = offset(call, 2, 0);
        Slice value = call.string(call.arg(1));
        call.reply().integer(value != null && Bits.get(value, bit));
    }

    /** The bits of a string from a first to a last. */
    private record Range(long first, long last, boolean hasEnd) {
        boolean isEmpty() {
            return first > last;
        }
    }

    private static boolean countsBits(Call call, int index) {
        if (index >= call.argCount()) {
            return false;
        }
        Slice unit = call.arg(index);
        if (!unit.isWord("BIT") && !unit.isWord("BYTE")) {
            throw CommandException.syntax();
        }
        return unit.isWord("BIT");
    }

    private static void bitCount(Call call) {
        int count = call.argCount();
        if (count > 5) {
            throw CommandException.syntax();
        }
        long start = count > 2 ? call.longArg(2) : 0;
        boolean bits = countsBits(call, 4);
        long end = count > 3 ? call.longArg(3) : -1;
        Slice value = call.string(call.arg(1));
        if (value == null || count > 3 && start < 0 && end < 0 && start > end) {
            call.reply().integer(0);
            return;
        }
        Range range = range(value, start, end, bits, count > 3);
        call.reply().integer(range.isEmpty() ? 0 : Bits.count(value, range.first, range.last));
    }

    private static void bitPosition(Call call) {
        int count = call.argCount();
        long bit = call.longArg(2);
        if (bit != 0 && bit != 1) {
            throw new CommandException("ERR The bit argument must be 1 or 0.");
        }
        if (count > 6) {
            throw CommandException.syntax();
        }
        long start = count > 3 ? call.longArg(3) : 0;
        boolean bits = countsBits(call, 5);
        long end = count > 4 ? call.longArg(4) : -1;
        Slice value = call.string(call.arg(1));
        if (value == null) {
            call.reply().integer(-bit);
            return;
        }
        Range range = range(value, start, end, bits, count > 4);
        long found = range.isEmpty() ? -1 : Bits.find(value, bit == 1, range.first, range.last);
        if (found < 0 && bit == 0 && !range.isEmpty() && !range.hasEnd) {
            // Without an end the string goes on with zeros for ever.
            found = range.last + 1;
        }
        call.reply().integer(found);
    }

    /** Indices of bytes or bits, of which negative ones count from the end. */
    private static Range range(Slice value, long start, long end, boolean bits, boolean hasEnd) {
        long length = bits ? value.length() * 8L : value.length();
        long first = Math.max(start < 0 ? start + length : start, 0);
        long last = Math.min(Math.max(end < 0 ? end + length : end, 0), length - 1);
        if (first > last) {
            return new Range(1, 0, hasEnd);
        }
        return bits ? new Range(first, last, hasEnd) : new Range(first * 8, last * 8 + 7, hasEnd);
    }

    private static Bits.Operation operation(Slice word) {
        for (Bits.Operation operation : Bits.Operation.values()) {
            if (word.isWord(operation.name())) {
                return operation;
            }
        }
        throw CommandException.syntax();
    }

    private static void combine(Call call) {
        Bits.Operation operation = operation(call.arg(1));
        if (operation == Bits.Operation.NOT && call.argCount() != 4) {
            throw new CommandException("ERR BITOP NOT must be called with a single source key.");
        }
        Slice[] strings = new Slice[call.argCount() - 3];
        for (int i = 0; i < strings.length; i++) {
            Slice value = Call.stringOf(call.lookup(call.arg(i + 3)), new Slice());
            strings[i] = value == null ? new Slice() : value;
        }
        byte[] result = Bits.combine(operation, strings);
        Edit<Entry> edit = call.edit(call.arg(2));
        if (result.length > 0) {
            edit.setString(new Slice(result), KeyRecord.RAW, KeyRecord.NEVER);
            edit.done(Event.SET);
        } else {
            edit.remove(Event.DEL);
        }
        call.reply().integer(result.length);
    }
}
