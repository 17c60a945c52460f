package dev.holdfast.engine.lua;

import org.jspecify.annotations.Nullable;

/** An error of a Lua program. What is thrown is any value; usually a string that begins with where it happened. */
public final class LuaError extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient @Nullable Object value;
    private final boolean last;
    private @Nullable String source;
    private int line = -1;

    public LuaError(@Nullable Object value) {
        this(value, false);
    }

    private LuaError(@Nullable Object value, boolean last) {
        super(null, null, false, false);
        this.value = value;
        this.last = last;
    }

    /** An error that {@code pcall} does not catch: the program is to end. */
    public static LuaError end(@Nullable Object value) {
        return new LuaError(value, true);
    }

    public @Nullable Object value() {
        return value;
    }

    boolean isLast() {
        return last;
    }

    /** The chunk in which it was thrown, as named when it was loaded, or null if that was outside all chunks. */
    public @Nullable String source() {
        return source;
    }

    public int line() {
        return line;
    }

    /** Notes where it was thrown, unless that is known. */
    void at(String chunk, int lineNumber) {
        if (source == null) {
            source = chunk;
            line = lineNumber;
        }
    }

    @Override
    public String getMessage() {
        return value instanceof LuaTable table && table.get(LuaString.of("err")) instanceof LuaString message
                ? message.toString()
                : String.valueOf(value);
    }
}
