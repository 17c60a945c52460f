package dev.holdfast.engine.lua;

import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;

/** {@code bit}: operations on the lowest 32 bits of a number, as LuaJIT has them. */
public final class BitLibrary {
    /** Added to a number, moves its lowest 32 bits to the end of the double. */
    private static final double SHIFT = 6755399441055744.0;

    private BitLibrary() {}

    public static void open(Lua lua) {
        LuaTable library = lua.newTable();
        lua.globals().set("bit", library);
        define(library, "tobit", x -> x);
        define(library, "bnot", x -> ~x);
        define(library, "bswap", Integer::reverseBytes);
        fold(library, "band", (x, y) -> x & y);
        fold(library, "bor", (x, y) -> x | y);
        fold(library, "bxor", (x, y) -> x ^ y);
        shift(library, "lshift", (x, n) -> x << n);
        shift(library, "rshift", (x, n) -> x >>> n);
        shift(library, "arshift", (x, n) -> x >> n);
        shift(library, "rol", Integer::rotateLeft);
        shift(library, "ror", Integer::rotateRight);
        Lua.define(library, "tohex", BitLibrary::toHex);
    }

    private static int bits(Arguments args, int number) {
        Double value = LuaNumbers.of(args.get(number));
        if (value == null) {
            throw args.wrongType(number, "number");
        }
        return (int) Double.doubleToRawLongBits(value + SHIFT);
    }

    private static void define(LuaTable library, String name, IntUnaryOperator operation) {
        Lua.define(library, name, args -> LuaNumbers.box(operation.applyAsInt(bits(args, 1))));
    }

    private static void fold(LuaTable library, String name, IntBinaryOperator operation) {
        Lua.define(library, name, args -> {
            int result = bits(args, 1);
            for (int i = args.count(); i > 1; i--) {
                result = operation.applyAsInt(result, bits(args, i));
            }
            return LuaNumbers.box(result);
        });
    }

    private static void shift(LuaTable library, String name, IntBinaryOperator operation) {
        Lua.define(library, name, args -> LuaNumbers.box(operation.applyAsInt(bits(args, 1), bits(args, 2) & 31)));
    }

    private static Object toHex(Arguments args) {
        int value = bits(args, 1);
        int digits = args.isNone(2) ? 8 : Math.max(bits(args, 2), -Integer.MAX_VALUE);
        String form = digits < 0 ? "%08X" : "%08x";
        String all = String.format(form, value);
        return LuaString.of(all.substring(8 - Math.min(8, Math.abs(digits))));
    }
}
