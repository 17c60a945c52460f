package dev.holdfast.engine.lua;

import org.jspecify.annotations.Nullable;

/** A function written in Java. */
public final class NativeFunction extends LuaFunction {
    /** What it does. It returns one value, null for nil, or {@link Values} for any other number of them. */
    @FunctionalInterface
    public interface Body {
        @Nullable
        Object call(Arguments args);
    }

    /** What the interpreter does for a function that the function cannot do itself. */
    enum Kind {
        ORDINARY,
        /** Calls another and catches its errors. */
        PCALL,
        XPCALL,
        /** The same as {@code next}, which a loop may run without a call. */
        NEXT
    }

    private final String name;
    private final Body body;
    final Kind kind;

    public NativeFunction(String name, Body body) {
        this(name, Kind.ORDINARY, body);
    }

    NativeFunction(String name, Kind kind, Body body) {
        this.name = name;
        this.kind = kind;
        this.body = body;
    }

    public String name() {
        return name;
    }

    @Nullable
    Object call(Arguments args) {
        return body.call(args);
    }
}
