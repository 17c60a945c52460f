package dev.holdfast.engine.lua;

/** What can be called: a {@link Closure} of Lua code or a {@link NativeFunction}. */
public abstract sealed class LuaFunction permits Closure, NativeFunction {
    LuaFunction() {}
}
