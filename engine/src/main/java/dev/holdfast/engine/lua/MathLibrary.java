package dev.holdfast.engine.lua;

import java.util.function.DoubleUnaryOperator;

/** {@code math}, with Valkey's own generator of random numbers: the same seed gives the same numbers on every machine. */
public final class MathLibrary {
    private static final long MULTIPLIER = 0x5DEECE66DL;
    private static final long INCREMENT = 0xB;
    private static final long MASK = (1L << 48) - 1;
    private static final int SEED_TAIL = 0x330E;
    private static final long FIRST_STATE = 0x1234ABCD330EL;

    /** The generator {@code lrand48}: 48 bits of state, of which the upper 31 are shown. */
    private static final class Dice {
        long state = FIRST_STATE;

        int next() {
            state = state * MULTIPLIER + INCREMENT & MASK;
            return (int) (state >>> 17);
        }
    }

    private MathLibrary() {}

    public static void open(Lua lua) {
        LuaTable library = lua.newTable();
        lua.globals().set("math", library);
        define(library, "abs", Math::abs);
        define(library, "acos", Math::acos);
        define(library, "asin", Math::asin);
        define(library, "atan", Math::atan);
        Lua.define(library, "atan2", args -> LuaNumbers.box(Math.atan2(args.number(1), args.number(2))));
        define(library, "ceil", Math::ceil);
        define(library, "cos", Math::cos);
        define(library, "cosh", Math::cosh);
        define(library, "deg", x -> x / (Math.PI / 180));
        define(library, "exp", Math::exp);
        define(library, "floor", Math::floor);
        Lua.define(library, "fmod", args -> LuaNumbers.box(args.number(1) % args.number(2)));
        library.set("mod", library.get(LuaString.of("fmod")));
        Lua.define(library, "frexp", MathLibrary::split);
        library.set("huge", Double.POSITIVE_INFINITY);
        Lua.define(library, "ldexp", args -> LuaNumbers.box(Math.scalb(args.number(1), args.whole(2))));
        define(library, "log", Math::log);
        define(library, "log10", Math::log10);
        Lua.define(library, "max", args -> extreme(args, 1));
        Lua.define(library, "min", args -> extreme(args, -1));
        Lua.define(library, "modf", args -> {
            double value = args.number(1);
            double whole = value < 0 ? Math.ceil(value) : Math.floor(value);
            double fraction = Double.isInfinite(value) ? Math.copySign(0, value) : value - whole;
            return Values.of(LuaNumbers.box(whole), LuaNumbers.box(fraction));
        });
        library.set("pi", Math.PI);
        Lua.define(library, "pow", args -> LuaNumbers.box(Math.pow(args.number(1), args.number(2))));
        define(library, "rad", x -> x * (Math.PI / 180));
        Dice dice = new Dice();
        Lua.define(library, "random", args -> random(args, dice));
        Lua.define(library, "randomseed", args -> {
            dice.state = (args.whole(1) & 0xFFFFFFFFL) << 16 | SEED_TAIL;
            return Values.NONE;
        });
        define(library, "sin", Math::sin);
        define(library, "sinh", Math::sinh);
        define(library, "sqrt", Math::sqrt);
        define(library, "tan", Math::tan);
        define(library, "tanh", Math::tanh);
    }

    private static void define(LuaTable library, String name, DoubleUnaryOperator function) {
        Lua.define(library, name, args -> LuaNumbers.box(function.applyAsDouble(args.number(1))));
    }

    private static Object split(Arguments args) {
        double value = args.number(1);
        if (value == 0 || Double.isNaN(value) || Double.isInfinite(value)) {
            return Values.of(LuaNumbers.box(value), LuaNumbers.box(0));
        }
        int exponent = Math.getExponent(value) + 1;
        if (exponent <= Double.MIN_EXPONENT) {
            exponent = Math.getExponent(value * 0x1p54) + 1 - 54;
        }
        return Values.of(LuaNumbers.box(Math.scalb(value, -exponent)), LuaNumbers.box(exponent));
    }

    private static Object extreme(Arguments args, int sign) {
        double best = args.number(1);
        for (int i = 2; i <= args.count(); i++) {
            double value = args.number(i);
            if (sign > 0 ? value > best : value < best) {
                best = value;
            }
        }
        return LuaNumbers.box(best);
    }

    private static Object random(Arguments args, Dice dice) {
        double r = dice.next() % Integer.MAX_VALUE / (double) Integer.MAX_VALUE;
        return switch (args.count()) {
            case 0 -> LuaNumbers.box(r);
            case 1 -> {
                int upper = args.whole(1);
                if (upper < 1) {
                    throw args.badArgument(1, "interval is empty");
                }
                yield LuaNumbers.box(Math.floor(r * upper) + 1);
            }
            case 2 -> {
                int lower = args.whole(1);
                int upper = args.whole(2);
                if (lower > upper) {
                    throw args.badArgument(2, "interval is empty");
                }
                yield LuaNumbers.box(Math.floor(r * (upper - lower + 1)) + lower);
            }
            default -> throw args.error("wrong number of arguments");
        };
    }
}
