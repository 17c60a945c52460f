package dev.holdfast.engine.lua;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A function of Lua code together with the variables of outer functions that it uses. */
public final class Closure extends LuaFunction {
    private static final int BYTES = 48;

    final Prototype prototype;
    final Cell[] upvalues;
    LuaTable globals;

    Closure(Prototype prototype, Cell[] upvalues, LuaTable globals) {
        this.prototype = prototype;
        this.upvalues = upvalues;
        this.globals = globals;
    }

    long sizeBytes() {
        return BYTES + 8L * upvalues.length;
    }

    void forEachUpvalue(Consumer<@Nullable Object> visitor) {
        for (Cell cell : upvalues) {
            visitor.accept(cell);
        }
        visitor.accept(globals);
    }
}
