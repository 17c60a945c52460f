package dev.holdfast.engine.scripting;

import dev.holdfast.engine.lua.Lua;

/** The libraries that Valkey adds to Lua's own. */
final class Libraries {
    private Libraries() {}

    static void open(Lua lua) {}
}
