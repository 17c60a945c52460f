package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.BITMAP;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.catalog.KeySpec.Flag.VARIABLE_FLAGS;
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
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.structures.Bits;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** BITFIELD and BITFIELD_RO: numbers of one to 64 bits, anywhere in a string. */
public final class BitfieldCommands {
    private BitfieldCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command(
                            "BITFIELD",
                            "key [<GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value |"
                                    + " INCRBY encoding offset increment>> ...]",
                            call -> run(call, false))
                    .in(BITMAP)
                    .since("3.2.0")
                    .arity(-2)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, UPDATE, ACCESS, VARIABLE_FLAGS)
                            .flagsBy(args -> onlyGets(args) ? List.of(RO, ACCESS) : List.of(RW, ACCESS, UPDATE)))
                    .complexity("O(1) for each operation")
                    .summary("Reads and changes numbers of any width in a string"),
            command("BITFIELD_RO", "key [GET encoding offset [GET encoding offset ...]]", call -> run(call, true))
                    .in(BITMAP)
                    .since("6.0.0")
                    .arity(-2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(1) for each operation")
                    .summary("Reads numbers of any width in a string"));

    private enum Kind {
        GET,
        SET,
        INCRBY
    }

    /** What becomes of a number that its field cannot hold. */
    private enum Overflow {
        WRAP,
        SAT,
        FAIL
    }

    /** How wide a number is, and whether it has a sign. */
    private record Encoding(boolean signed, int width) {
        static Encoding parse(Slice word) {
            if (!word.isEmpty() && (word.at(0) == 'i' || word.at(0) == 'u')) {
                boolean signed = word.at(0) == 'i';
                Slice digits = new Slice(word.array(), word.offset() + 1, word.length() - 1);
                long width = Numbers.isLong(digits) ? Numbers.toLong(digits) : 0;
                if (width >= 1 && width <= (signed ? Bits.MAX_FIELD_WIDTH : Bits.MAX_FIELD_WIDTH - 1)) {
                    return new Encoding(signed, (int) width);
                }
            }
            throw new CommandException("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not"
                    + " supported but i64 is.");
        }

        long max() {
            return (1L << (signed ? width - 1 : width)) - 1;
        }

        long min() {
            return signed ? -max() - 1 : 0;
        }

        /** The number that the lowest bits stand for. */
        long of(long bits) {
            int unused = Long.SIZE - width;
            return signed ? bits << unused >> unused : bits << unused >>> unused;
        }
    }

    /** One of the operations of a call. */
    private record Operation(Kind kind, Encoding encoding, long bit, long operand, Overflow overflow) {
        long lastBit() {
            return bit + encoding.width - 1;
        }

        /** What SET or INCRBY makes of a number; null where it does not fit and shall fail. */
        @Nullable
        Long apply(long old) {
            long max = encoding.max();
            long min = encoding.min();
            boolean above;
            boolean below;
            if (kind == Kind.INCRBY) {
                above = operand > 0 && old > max - operand;
                below = operand < 0 && (encoding.signed ? old < min - operand : old + operand < 0);
            } else {
                // A negative number is a very large one where there is no sign.
                above = operand > max || !encoding.signed && operand < 0;
                below = encoding.signed && operand < min;
            }
            long value = kind == Kind.INCRBY ? old + operand : operand;
            if (!above && !below) {
                return value;
            }
            return switch (overflow) {
                case WRAP -> (Long) encoding.of(value);
                case SAT -> (Long) (above ? max : min);
                case FAIL -> null;
            };
        }
    }

    private static List<Operation> parse(Call call) {
        List<Operation> operations = new ArrayList<>();
        Overflow overflow = Overflow.WRAP;
        for (int i = 2; i < call.argCount(); i++) {
            Slice word = call.arg(i);
            int left = call.argCount() - i - 1;
            if (word.isWord("OVERFLOW") && left >= 1) {
                overflow = overflow(call.arg(++i));
                continue;
            }
            Kind kind = kind(word, left);
            Encoding encoding = Encoding.parse(call.arg(i + 1));
            long bit = BitmapCommands.offset(call, i + 2, encoding.width);
            long operand = kind == Kind.GET ? 0 : call.longArg(i + 3);
            operations.add(new Operation(kind, encoding, bit, operand, overflow));
            i += kind == Kind.GET ? 2 : 3;
        }
        return operations;
    }

    private static Kind kind(Slice word, int left) {
        for (Kind kind : Kind.values()) {
            if (word.isWord(kind.name()) && left >= (kind == Kind.GET ? 2 : 3)) {
                return kind;
            }
        }
        throw CommandException.syntax();
    }

    private static Overflow overflow(Slice word) {
        for (Overflow overflow : Overflow.values()) {
            if (word.isWord(overflow.name())) {
                return overflow;
            }
        }
        throw new CommandException("ERR Invalid OVERFLOW type specified");
    }

    /** Whether a BITFIELD has nothing but GET and OVERFLOW. */
    private static boolean onlyGets(Args args) {
        int i = 2;
        while (i < args.count()) {
            boolean get = args.get(i).isWord("GET") && i + 2 < args.count();
            boolean overflow = args.get(i).isWord("OVERFLOW") && i + 1 < args.count();
            if (!get && !overflow) {
                return false;
            }
            i += get ? 3 : 2;
        }
        return true;
    }

    private static void run(Call call, boolean readOnly) {
        List<Operation> operations = parse(call);
        long last = -1;
        for (Operation operation : operations) {
            if (operation.kind != Kind.GET) {
                last = Math.max(last, operation.lastBit());
            }
        }
        Slice key = call.arg(1);
        if (last < 0) {
            Slice value = call.string(key);
            call.reply().array(operations.size());
            for (Operation operation : operations) {
                call.reply().integer(read(value == null ? new Slice() : value, operation));
            }
            return;
        }
        if (readOnly) {
            throw new CommandException("ERR BITFIELD_RO only supports the GET subcommand");
        }
        Edit<Entry> edit = call.edit(key);
        boolean longer = BitmapCommands.reach(edit, last);
        int changes = 0;
        call.reply().array(operations.size());
        for (Operation operation : operations) {
            changes += change(call, edit, operation, longer) ? 1 : 0;
        }
        if (changes > 0) {
            edit.done(Event.SETBIT, changes);
        } else if (longer) {
            // Valkey counts no change where all operations have failed, but the string has grown.
            edit.doneWithin(0);
            call.propagate();
        }
    }

    private static long read(Slice value, Operation operation) {
        return operation.encoding.of(Bits.field(value, operation.bit, operation.encoding.width));
    }

    /** Carries out an operation and answers it. Returns whether that counts as a change. */
    private static boolean change(Call call, Edit<Entry> edit, Operation operation, boolean longer) {
        Slice value = Objects.requireNonNull(Call.stringOf(edit.item(), call.scratch()));
        long old = read(value, operation);
        if (operation.kind == Kind.GET) {
            call.reply().integer(old);
            return false;
        }
        Long result = operation.apply(old);
        if (result == null) {
            call.reply().nil();
            return false;
        }
        call.reply().integer(operation.kind == Kind.SET ? old : result);
        int first = (int) (operation.bit >>> 3);
        int end = (int) (operation.lastBit() >>> 3) + 1;
        byte[] touched = new byte[Bits.MAX_FIELD_BYTES];
        System.arraycopy(value.array(), value.offset() + first, touched, 0, end - first);
        Bits.setField(touched, (int) (operation.bit & 7), operation.encoding.width, result);
        edit.writeString(first, new Slice(touched, 0, end - first));
        return longer || old != result;
    }
}
