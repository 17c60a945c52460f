package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.DENYOOM;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.STRING;
import static dev.holdfast.engine.catalog.KeySpec.Flag.ACCESS;
import static dev.holdfast.engine.catalog.KeySpec.Flag.INSERT;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RO;
import static dev.holdfast.engine.catalog.KeySpec.Flag.RW;
import static dev.holdfast.engine.catalog.KeySpec.Flag.UPDATE;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Edit;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.StringItem;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands for parts of strings, their length, and what two of them have in common. */
public final class StringPartCommands {
    private static final byte[] NOTHING = new byte[0];

    private StringPartCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("APPEND", "key value", StringPartCommands::append)
                    .in(STRING)
                    .since("2.0.0")
                    .arity(3)
                    .flags(WRITE, DENYOOM, FAST)
                    .keys(KeySpec.at(1, RW, INSERT))
                    .complexity("O(N) with the length of what is added, on average")
                    .summary("Adds to the end of the string that a key holds"),
            command("STRLEN", "key", StringPartCommands::strlen)
                    .in(STRING)
                    .since("2.2.0")
                    .arity(2)
                    .flags(READONLY, FAST)
                    .keys(KeySpec.at(1, RO))
                    .complexity("O(1)")
                    .summary("The length in bytes of the string that a key holds"),
            command("GETRANGE", "key start end", StringPartCommands::getRange)
                    .in(STRING)
                    .since("2.4.0")
                    .arity(4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N) with the length of the answer")
                    .summary("Part of a string, by byte positions"),
            command("SUBSTR", "key start end", StringPartCommands::getRange)
                    .in(STRING)
                    .since("1.0.0")
                    .arity(4)
                    .flags(READONLY)
                    .keys(KeySpec.at(1, RO, ACCESS))
                    .complexity("O(N) with the length of the answer")
                    .summary("Part of a string, by byte positions; the old name of GETRANGE"),
            command("SETRANGE", "key offset value", StringPartCommands::setRange)
                    .in(STRING)
                    .since("2.2.0")
                    .arity(4)
                    .flags(WRITE, DENYOOM)
                    .keys(KeySpec.at(1, RW, UPDATE))
                    .complexity("O(N) with the length of what is written, on average")
                    .summary("Overwrites a part of a string, which grows where need be"),
            command("LCS", "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]", StringPartCommands::lcs)
                    .in(STRING)
                    .since("7.0.0")
                    .arity(-3)
                    .flags(READONLY)
                    .keys(KeySpec.range(1, 1, 1, RO, ACCESS))
                    .complexity("O(N*M) with the lengths of the two strings")
                    .summary("The longest subsequence that two strings have in common"));

    private static void checkLength(Call call, long length, long more) {
        long total = length + more;
        if (total > call.config().maxStringBytes() || total < 0) {
            throw new CommandException("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
        }
    }

    private static void append(Call call) {
        Slice more = call.arg(2);
        Edit<Entry> edit = call.edit(call.arg(1));
        Slice old = Call.stringOf(edit.item(), new Slice());
        int length = 0;
        if (old == null) {
            edit.setString(more);
        } else {
            length = old.length();
            checkLength(call, length, more.length());
            edit.writeString(length, more);
        }
        edit.done(Event.APPEND);
        call.reply().integer(length + (long) more.length());
    }

    private static void strlen(Call call) {
        Slice value = call.string(call.arg(1));
        call.reply().integer(value == null ? 0 : value.length());
    }

    private static void getRange(Call call) {
        long start = call.longArg(2);
        long end = call.longArg(3);
        Slice value = call.string(call.arg(1));
        if (value == null || start < 0 && end < 0 && start > end) {
            call.reply().bulk(NOTHING);
            return;
        }
        int length = value.length();
        start = Math.max(start < 0 ? start + length : start, 0);
        end = Math.min(Math.max(end < 0 ? end + length : end, 0), length - 1);
        if (start > end || length == 0) {
            call.reply().bulk(NOTHING);
        } else {
            call.reply().bulk(value.array(), value.offset() + (int) start, (int) (end - start) + 1);
        }
    }

    private static void setRange(Call call) {
        long offset = call.longArg(2);
        Slice data = call.arg(3);
        if (offset < 0) {
            throw new CommandException("ERR offset is out of range");
        }
        Edit<Entry> edit = call.edit(call.arg(1));
        Slice old = Call.stringOf(edit.item(), new Slice());
        int length = old == null ? 0 : old.length();
        if (data.isEmpty()) {
            call.reply().integer(length);
            return;
        }
        checkLength(call, offset, data.length());
        edit.writeString((int) offset, data);
        edit.done(Event.SETRANGE);
        call.reply().integer(Math.max(length, offset + data.length()));
    }

    private static void lcs(Call call) {
        // Both keys are looked up before either is judged.
        Object itemA = call.lookup(call.arg(1));
        Object itemB = call.lookup(call.arg(2));
        Slice a = lcsOperand(itemA);
        Slice b = lcsOperand(itemB);
        boolean lengthOnly = false;
        boolean indices = false;
        boolean withLength = false;
        long minLength = 0;
        for (int i = 3; i < call.argCount(); i++) {
            Slice word = call.arg(i);
            if (word.isWord("IDX")) {
                indices = true;
            } else if (word.isWord("LEN")) {
                lengthOnly = true;
            } else if (word.isWord("WITHMATCHLEN")) {
                withLength = true;
            } else if (word.isWord("MINMATCHLEN") && i + 1 < call.argCount()) {
                minLength = call.longArg(++i);
            } else {
                throw CommandException.syntax();
            }
        }
        if (lengthOnly && indices) {
            throw new CommandException("ERR If you want both the length and indexes, please just use IDX.");
        }
        long tableBytes = (a.length() + 1L) * (b.length() + 1L) * Integer.BYTES;
        if (tableBytes > call.config().maxStringBytes()) {
            throw new CommandException("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
        }
        if (!HeapRoom.has(tableBytes)) {
            throw new CommandException("ERR Insufficient memory, failed allocating transient memory for LCS");
        }
        CommonSubsequence common = new CommonSubsequence(a, b);
        if (lengthOnly) {
            call.reply().integer(common.length());
        } else if (indices) {
            common.writeMatches(call.reply(), minLength, withLength);
        } else {
            call.reply().bulk(common.bytes());
        }
    }

    private static Slice lcsOperand(@Nullable Object item) {
        @Nullable Slice value = StringItem.value(item, new Slice());
        if (value == null && item != null) {
            throw new CommandException("ERR The specified keys must contain string values");
        }
        return value == null ? new Slice() : value;
    }
}
