package dev.holdfast.engine.lua;

import org.jspecify.annotations.Nullable;

/** What a native function was called with. Arguments are numbered from 1, as in messages. */
public final class Arguments {
    private final LuaThread thread;
    private final NativeFunction function;
    private final int base;
    private final int count;

    Arguments(LuaThread thread, NativeFunction function, int base, int count) {
        this.thread = thread;
        this.function = function;
        this.base = base;
        this.count = count;
    }

    LuaThread thread() {
        return thread;
    }

    public Lua lua() {
        return thread.lua;
    }

    public int count() {
        return count;
    }

    /** An argument, or null if it is nil or missing. */
    public @Nullable Object get(int number) {
        return number <= count ? thread.stack[base + number - 1] : null;
    }

    /** All arguments from one on. */
    public @Nullable Object[] from(int number) {
        return number > count
                ? Values.NONE.array()
                : java.util.Arrays.copyOfRange(thread.stack, base + number - 1, base + count);
    }

    public boolean isNone(int number) {
        return number > count;
    }

    public void checkPresent(int number) {
        if (number > count) {
            throw badArgument(number, "value expected");
        }
    }

    public LuaString string(int number) {
        Object value = get(number);
        if (value instanceof LuaString string) {
            return string;
        }
        if (value instanceof Double numeric) {
            return LuaNumbers.toLuaString(numeric);
        }
        throw wrongType(number, "string");
    }

    public LuaString string(int number, LuaString otherwise) {
        return get(number) == null ? otherwise : string(number);
    }

    public double number(int number) {
        Object value = get(number);
        if (value instanceof Double numeric) {
            return numeric;
        }
        Double read = LuaNumbers.of(value);
        if (read == null) {
            throw wrongType(number, "number");
        }
        return read;
    }

    public double number(int number, double otherwise) {
        return get(number) == null ? otherwise : number(number);
    }

    /** A number cut to 64 bits. */
    public long integer(int number) {
        return (long) number(number);
    }

    public long integer(int number, long otherwise) {
        return get(number) == null ? otherwise : integer(number);
    }

    /** A number cut to 64 and then 32 bits, as C does it. */
    public int whole(int number) {
        return (int) (long) number(number);
    }

    public int whole(int number, int otherwise) {
        return get(number) == null ? otherwise : whole(number);
    }

    public LuaTable table(int number) {
        if (get(number) instanceof LuaTable table) {
            return table;
        }
        throw wrongType(number, "table");
    }

    public LuaFunction function(int number) {
        if (get(number) instanceof LuaFunction it) {
            return it;
        }
        throw wrongType(number, "function");
    }

    /** Calls a function of the program. */
    public @Nullable Object[] call(@Nullable Object callee, @Nullable Object... arguments) {
        return thread.call(callee, arguments);
    }

    /** As {@link #call}, for its first result. */
    public @Nullable Object callForOne(@Nullable Object callee, @Nullable Object... arguments) {
        @Nullable Object[] results = thread.call(callee, arguments);
        return results.length == 0 ? null : results[0];
    }

    /** An error at the place from where the function was called. */
    public LuaError error(String message) {
        return thread.errorAt(1, message);
    }

    public LuaError wrongType(int number, String expected) {
        return badArgument(
                number, expected + " expected, got " + (isNone(number) ? "no value" : Lua.typeOf(get(number))));
    }

    public LuaError badArgument(int number, String message) {
        String note = thread.noteOfCall(function, base - 1);
        int shown = number;
        String name = "?";
        if (note != null) {
            name = note.substring(note.indexOf('\'') + 1, note.length() - 1);
            if (note.startsWith("method ")) {
                shown--;
                if (shown == 0) {
                    return error("calling '" + name + "' on bad self (" + message + ")");
                }
            }
        }
        return error("bad argument #" + shown + " to '" + name + "' (" + message + ")");
    }
}
