package dev.holdfast.engine.lua;

import org.jspecify.annotations.Nullable;

/** The functions that stand among the global variables, and {@code coroutine}. Those that reach files are left out. */
public final class BaseLibrary {

    /** How many values C's stack takes at once; {@code unpack} gives no more. */
    private static final int MAX_VALUES = 8000;

    private BaseLibrary() {}

    public static void open(Lua lua) {
        LuaTable g = lua.globals();
        g.set("_G", g);
        g.set("_VERSION", LuaString.of("Lua 5.1"));
        Lua.define(g, "assert", BaseLibrary::assertTrue);
        Lua.define(g, "collectgarbage", BaseLibrary::collectGarbage);
        Lua.define(g, "error", BaseLibrary::error);
        Lua.define(
                g, "gcinfo", args -> LuaNumbers.box((int) (args.lua().memory().charged() / 1024)));
        Lua.define(g, "getmetatable", BaseLibrary::getMetatable);
        Lua.define(g, "ipairs", BaseLibrary::ipairs);
        Lua.define(g, "load", BaseLibrary::load);
        Lua.define(g, "loadstring", BaseLibrary::loadString);
        g.set("next", NEXT);
        Lua.define(g, "pairs", BaseLibrary::pairs);
        g.set("pcall", new NativeFunction("pcall", NativeFunction.Kind.PCALL, args -> null));
        Lua.define(g, "rawequal", BaseLibrary::rawEqual);
        Lua.define(g, "rawget", BaseLibrary::rawGet);
        Lua.define(g, "rawset", BaseLibrary::rawSet);
        Lua.define(g, "select", BaseLibrary::select);
        Lua.define(g, "setmetatable", BaseLibrary::setMetatable);
        Lua.define(g, "tonumber", BaseLibrary::toNumber);
        Lua.define(g, "tostring", BaseLibrary::toText);
        Lua.define(g, "type", BaseLibrary::type);
        Lua.define(g, "unpack", BaseLibrary::unpack);
        g.set("xpcall", new NativeFunction("xpcall", NativeFunction.Kind.XPCALL, args -> null));
        openCoroutines(lua, g);
    }

    /** Functions that change another function's global variables; only for those who ask for them. */
    public static void openEnvironments(Lua lua) {
        LuaTable g = lua.globals();
        Lua.define(g, "getfenv", BaseLibrary::getEnvironment);
        Lua.define(g, "setfenv", BaseLibrary::setEnvironment);
        Lua.define(g, "newproxy", args -> new LuaTable(args.lua().memory()));
    }

    private static @Nullable Object assertTrue(Arguments args) {
        args.checkPresent(1);
        if (!Lua.isTrue(args.get(1))) {
            throw args.error(args.string(2, LuaString.of("assertion failed!")).toString());
        }
        return Values.of(args.from(1));
    }

    private static Object collectGarbage(Arguments args) {
        String option = args.string(1, LuaString.of("collect")).toString();
        return switch (option) {
            case "count" -> LuaNumbers.box(args.lua().memory().charged() / 1024.0);
            case "step" -> true;
            case "collect", "stop", "restart" -> LuaNumbers.box(0);
            case "setpause", "setstepmul" -> LuaNumbers.box(200);
            default -> throw args.badArgument(1, "invalid option '" + option + "'");
        };
    }

    private static @Nullable Object error(Arguments args) {
        int level = args.whole(2, 1);
        Object value = args.get(1);
        if (Operations.isText(value) && level > 0) {
            byte[] where = LuaString.of(args.thread().where(level)).bytes();
            byte[] text = args.string(1).bytes();
            byte[] whole = Operations.newBytes(args.lua(), (long) where.length + text.length);
            System.arraycopy(where, 0, whole, 0, where.length);
            System.arraycopy(text, 0, whole, where.length, text.length);
            value = new LuaString(whole);
        }
        throw new LuaError(value);
    }

    private static @Nullable Object getMetatable(Arguments args) {
        args.checkPresent(1);
        LuaTable metatable = Operations.metatable(args.lua(), args.get(1));
        if (metatable == null) {
            return null;
        }
        Object shown = metatable.get(Operations.METATABLE);
        return shown == null ? metatable : shown;
    }

    private static Object setMetatable(Arguments args) {
        LuaTable table = args.table(1);
        Object metatable = args.get(2);
        if (args.isNone(2) || metatable != null && !(metatable instanceof LuaTable)) {
            throw args.badArgument(2, "nil or table expected");
        }
        LuaTable old = table.metatable();
        if (old != null && old.get(Operations.METATABLE) != null) {
            throw args.error("cannot change a protected metatable");
        }
        checkWritable(table);
        table.setMetatable((LuaTable) metatable);
        return table;
    }

    private static void checkWritable(LuaTable table) {
        if (table.isReadOnly()) {
            // As in the original, the position is that of the native function: none.
            throw new LuaError(LuaString.of("Attempt to modify a readonly table"));
        }
    }

    private static Object rawEqual(Arguments args) {
        args.checkPresent(1);
        args.checkPresent(2);
        return Operations.rawEquals(args.get(1), args.get(2));
    }

    private static @Nullable Object rawGet(Arguments args) {
        LuaTable table = args.table(1);
        args.checkPresent(2);
        return table.get(args.get(2));
    }

    private static Object rawSet(Arguments args) {
        LuaTable table = args.table(1);
        args.checkPresent(2);
        args.checkPresent(3);
        checkWritable(table);
        table.set(Operations.checkedKey(args.thread(), args.get(2)), args.get(3));
        return table;
    }

    private static Object select(Arguments args) {
        if (args.get(1) instanceof LuaString string && string.length() > 0 && string.at(0) == '#') {
            return LuaNumbers.box(args.count() - 1);
        }
        int number = args.whole(1);
        if (number < 0) {
            number += args.count();
        } else if (number > args.count()) {
            number = args.count();
        }
        if (number < 1) {
            throw args.badArgument(1, "index out of range");
        }
        return Values.of(args.from(number + 1));
    }

    private static @Nullable Object toNumber(Arguments args) {
        int base = args.whole(2, 10);
        if (base == 10) {
            args.checkPresent(1);
            return LuaNumbers.of(args.get(1));
        }
        byte[] digits = args.string(1).bytes();
        if (base < 2 || base > 36) {
            throw args.badArgument(2, "base out of range");
        }
        return toNumber(digits, base);
    }

    private static @Nullable Object toNumber(byte[] digits, int base) {
        int at = 0;
        while (at < digits.length && LuaNumbers.isSpace(digits[at])) {
            at++;
        }
        boolean negative = at < digits.length && digits[at] == '-';
        if (at < digits.length && (digits[at] == '-' || digits[at] == '+')) {
            at++;
        }
        if (base == 16 && at + 2 < digits.length && digits[at] == '0' && (digits[at + 1] | 0x20) == 'x') {
            at += 2;
        }
        int first = at;
        long value = 0;
        boolean tooLarge = false;
        while (at < digits.length && LuaNumbers.digit(digits[at]) < base) {
            tooLarge |= Long.compareUnsigned(value, Long.divideUnsigned(-1L, base)) > 0;
            value = value * base + LuaNumbers.digit(digits[at++]);
        }
        if (at == first) {
            return null;
        }
        while (at < digits.length && LuaNumbers.isSpace(digits[at])) {
            at++;
        }
        return at < digits.length
                ? null
                : LuaNumbers.box(LuaNumbers.fromUnsigned(tooLarge ? -1L : negative ? -value : value));
    }

    private static @Nullable Object toText(Arguments args) {
        args.checkPresent(1);
        Object value = args.get(1);
        Object handler = Operations.metamethod(args.lua(), value, Operations.TO_STRING);
        return handler != null ? args.callForOne(handler, value) : text(value);
    }

    static LuaString text(@Nullable Object value) {
        return switch (value) {
            case LuaString string -> string;
            case Double number -> LuaNumbers.toLuaString(number);
            case Boolean bool -> LuaString.of(bool.toString());
            case null -> LuaString.of("nil");
            case LightUserdata userdata -> LuaString.of(userdata.toString());
            default -> LuaString.of(String.format("%s: 0x%012x", Lua.typeOf(value), System.identityHashCode(value)));
        };
    }

    private static Object type(Arguments args) {
        args.checkPresent(1);
        return LuaString.of(Lua.typeOf(args.get(1)));
    }

    private static Object unpack(Arguments args) {
        LuaTable table = args.table(1);
        int from = args.whole(2, 1);
        int to = args.get(3) == null ? table.length() : args.whole(3);
        if (from > to) {
            return Values.NONE;
        }
        long count = (long) to - from + 1;
        if (count + args.count() > MAX_VALUES) {
            throw args.error("too many results to unpack");
        }
        @Nullable Object[] values = new Object[(int) count];
        for (int i = 0; i < values.length; i++) {
            values[i] = table.get(from + i);
        }
        return Values.of(values);
    }

    // ---- going through tables ----

    private static final NativeFunction NEXT = new NativeFunction("next", NativeFunction.Kind.NEXT, BaseLibrary::next);
    private static final NativeFunction IPAIRS_STEP = new NativeFunction("ipairs_aux", BaseLibrary::ipairsStep);

    private static @Nullable Object next(Arguments args) {
        LuaTable table = args.table(1);
        int place = table.place(args.get(2));
        if (place == -2) {
            // The error of the core, which the position of a native function makes one without a position.
            throw new LuaError(LuaString.of("invalid key to 'next'"));
        }
        int next = table.next(place);
        return next < 0 ? null : Values.of(table.key(next), table.value(next));
    }

    /** A turn of a loop over {@code next}: its state stands at {@code at}, its variables three further. */
    static void next(LuaThread thread, LuaTable table, int at, int variables) {
        int place = table.place(thread.stack[at + 2]);
        if (place == -2) {
            throw new LuaError(LuaString.of("invalid key to 'next'"));
        }
        int next = table.next(place);
        thread.stack[at + 3] = next < 0 ? null : table.key(next);
        if (variables > 1) {
            thread.stack[at + 4] = next < 0 ? null : table.value(next);
            for (int i = 2; i < variables; i++) {
                thread.stack[at + 3 + i] = null;
            }
        }
    }

    private static Object pairs(Arguments args) {
        return Values.of(NEXT, args.table(1), null);
    }

    private static Object ipairs(Arguments args) {
        return Values.of(IPAIRS_STEP, args.table(1), LuaNumbers.box(0));
    }

    private static Object ipairsStep(Arguments args) {
        int index = args.whole(2) + 1;
        Object value = args.table(1).get(index);
        return value == null ? Values.NONE : Values.of(LuaNumbers.box(index), value);
    }

    // ---- loading ----

    private static Object loadString(Arguments args) {
        LuaString source = args.string(1);
        return load(args, source.bytes(), args.string(2, source).toString());
    }

    private static Object load(Arguments args) {
        String name = args.string(2, LuaString.of("=(load)")).toString();
        LuaFunction reader = args.function(1);
        LuaBuffer source = new LuaBuffer(args.lua());
        while (true) {
            Object part = args.callForOne(reader);
            if (part == null || part instanceof LuaString empty && empty.length() == 0) {
                return load(args, source.toLuaString().bytes(), name);
            }
            if (!Operations.isText(part)) {
                throw args.error("reader function must return a string");
            }
            source.add(text(part).bytes());
        }
    }

    private static Object load(Arguments args, byte[] source, String name) {
        try {
            return args.lua().load(source, name);
        } catch (LuaError e) {
            return Values.of(null, e.value());
        }
    }

    private static @Nullable Object getEnvironment(Arguments args) {
        return args.get(1) instanceof Closure closure
                ? closure.globals
                : args.lua().globals();
    }

    private static Object setEnvironment(Arguments args) {
        LuaTable environment = args.table(2);
        Object target = args.get(1);
        if (target instanceof Double level) {
            target = args.thread().closureAt(level.intValue());
        }
        if (!(target instanceof Closure closure)) {
            throw args.error("'setfenv' cannot change environment of given object");
        }
        closure.globals = environment;
        return closure;
    }

    // ---- coroutines ----

    private static void openCoroutines(Lua lua, LuaTable globals) {
        LuaTable library = lua.newTable();
        globals.set("coroutine", library);
        Lua.define(library, "create", args -> create(args));
        Lua.define(library, "resume", BaseLibrary::resume);
        Lua.define(library, "running", args -> args.thread().coroutine);
        Lua.define(library, "status", BaseLibrary::status);
        Lua.define(library, "wrap", BaseLibrary::wrap);
        Lua.define(library, "yield", args -> args.thread().yieldWith(args.from(1)));
    }

    private static Coroutine create(Arguments args) {
        if (!(args.get(1) instanceof Closure function)) {
            throw args.badArgument(1, "Lua function expected");
        }
        args.lua().memory().charge(1024);
        return new Coroutine(args.lua(), function);
    }

    private static Coroutine coroutine(Arguments args) {
        if (args.get(1) instanceof Coroutine coroutine) {
            return coroutine;
        }
        throw args.badArgument(1, "coroutine expected");
    }

    private static Object status(Arguments args) {
        return LuaString.of(shown(coroutine(args)));
    }

    private static String shown(Coroutine coroutine) {
        return coroutine.status.name().toLowerCase(java.util.Locale.ROOT);
    }

    private static Object resume(Arguments args) {
        Coroutine coroutine = coroutine(args);
        if (coroutine.status != Coroutine.Status.SUSPENDED) {
            return Values.of(false, LuaString.of("cannot resume " + shown(coroutine) + " coroutine"));
        }
        try {
            @Nullable Object[] results = coroutine.resume(args.from(2));
            @Nullable Object[] all = new Object[results.length + 1];
            all[0] = true;
            System.arraycopy(results, 0, all, 1, results.length);
            return Values.of(all);
        } catch (LuaError e) {
            if (e.isLast()) {
                throw e;
            }
            return Values.of(false, e.value());
        }
    }

    private static Object wrap(Arguments args) {
        Coroutine coroutine = create(args);
        return new NativeFunction("wrap", inner -> {
            if (coroutine.status != Coroutine.Status.SUSPENDED) {
                throw inner.error("cannot resume " + shown(coroutine) + " coroutine");
            }
            try {
                return Values.of(coroutine.resume(inner.from(1)));
            } catch (LuaError e) {
                if (e.isLast() || !(e.value() instanceof LuaString message)) {
                    throw e;
                }
                throw inner.error(message.toString());
            }
        });
    }

    /** {@code os}, of which {@code clock} is left. */
    public static void openClock(Lua lua, java.util.function.LongSupplier cpuNanos) {
        LuaTable library = lua.newTable();
        lua.globals().set("os", library);
        Lua.define(library, "clock", args -> LuaNumbers.box(cpuNanos.getAsLong() / 1e9));
    }
}
