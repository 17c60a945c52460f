package dev.holdfast.engine.scripting;

import dev.holdfast.engine.core.ScriptRun;
import dev.holdfast.engine.lua.LuaNumbers;
import dev.holdfast.engine.lua.LuaString;
import dev.holdfast.engine.lua.LuaTable;
import dev.holdfast.engine.protocol.Reply;
import org.jspecify.annotations.Nullable;

/** Writes what a script returns as the answer to its caller. */
final class LuaAnswer {
    /** Values inside values beyond this are an error, as they are in the original at some depth. */
    private static final int MAX_DEPTH = 500;

    private final ScriptRun run;
    private final Reply reply;
    private final boolean resp3;

    /**
     * An answer.
     *
     * @param reply where it is written
     * @param resp3 whether the script has chosen RESP3, whatever its caller speaks
     */
    LuaAnswer(ScriptRun run, Reply reply, boolean resp3) {
        this.run = run;
        this.reply = reply;
        this.resp3 = resp3;
    }

    void write(@Nullable Object value) {
        write(value, 0);
    }

    private void write(@Nullable Object value, int depth) {
        if (depth > MAX_DEPTH) {
            reply.error("ERR reached lua stack limit");
            return;
        }
        switch (value) {
            case LuaString string -> reply.bulk(string.bytes());
            case Double number -> reply.integer(cut(number));
            case Boolean bool -> {
                if (resp3) {
                    reply.bool(bool);
                } else if (bool) {
                    reply.integer(1);
                } else {
                    reply.nil();
                }
            }
            case LuaTable table -> write(table, depth);
            case null, default -> reply.nil();
        }
    }

    /** As C casts: what does not fit becomes the least number. */
    static long cut(double number) {
        return number >= -0x1p63 && number < 0x1p63 ? (long) number : Long.MIN_VALUE;
    }

    private void write(LuaTable table, int depth) {
        if (table.get(LuaReply.ERR) instanceof LuaString message) {
            run.fail(line(message), table.get(LuaReply.COUNTED) == Boolean.TRUE);
        } else if (table.get(LuaReply.OK) instanceof LuaString status) {
            reply.simple(line(status));
        } else if (table.get(LuaReply.DOUBLE) instanceof Double number) {
            reply.real(number);
        } else if (table.get(LuaReply.BIG_NUMBER) instanceof LuaString digits) {
            reply.bigNumber(line(digits));
        } else if (table.get(LuaReply.VERBATIM) instanceof LuaTable content
                && content.get(LuaReply.FORMAT) instanceof LuaString format
                && content.get(LuaReply.STRING) instanceof LuaString text) {
            reply.verbatim(threeLetters(format), text.bytes());
        } else if (table.get(LuaReply.MAP) instanceof LuaTable map) {
            writeMap(map, depth);
        } else if (table.get(LuaReply.SET) instanceof LuaTable set) {
            writeSet(set, depth);
        } else {
            writeArray(table, depth);
        }
    }

    /** The format of a verbatim string, which clients count on to have three letters. */
    private static String threeLetters(LuaString format) {
        String text = format.toString();
        int end = text.indexOf(0);
        return ((end < 0 ? text : text.substring(0, end)) + "   ").substring(0, 3);
    }

    /** Text that stands on one line. */
    private static String line(LuaString text) {
        return text.toString().replace('\r', ' ').replace('\n', ' ');
    }

    private void writeMap(LuaTable map, int depth) {
        int mark = reply.beginArray();
        int pairs = 0;
        for (int place = map.next(-1); place >= 0; place = map.next(place)) {
            write(map.key(place), depth + 1);
            write(map.value(place), depth + 1);
            pairs++;
        }
        reply.endMap(mark, pairs);
    }

    private void writeSet(LuaTable set, int depth) {
        int mark = reply.beginArray();
        int members = 0;
        for (int place = set.next(-1); place >= 0; place = set.next(place)) {
            write(set.key(place), depth + 1);
            members++;
        }
        reply.endSet(mark, members);
    }

    private void writeArray(LuaTable table, int depth) {
        int mark = reply.beginArray();
        int length = 0;
        for (Object element = table.get(1); element != null; element = table.get(length + 1)) {
            write(element, depth + 1);
            length++;
        }
        reply.endArray(mark, length);
    }

    /** The message of an error value: of a table its field, of a string that. */
    static String message(@Nullable Object error) {
        if (error instanceof LuaString || error instanceof Double) {
            LuaString text = error instanceof Double number ? LuaNumbers.toLuaString(number) : (LuaString) error;
            return "ERR " + text;
        }
        return switch (error instanceof LuaTable table ? table.get(LuaReply.ERR) : null) {
            case LuaString text -> text.toString();
            case Double number -> LuaNumbers.toLuaString(number).toString();
            case null, default -> "ERR unknown error";
        };
    }
}
