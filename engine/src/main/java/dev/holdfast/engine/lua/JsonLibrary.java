package dev.holdfast.engine.lua;

import java.util.List;

/** {@code cjson}: values as JSON, and back, with the settings of each instance. */
public final class JsonLibrary {
    /** What to do with numbers that JSON does not have. */
    private static final List<String> INVALID_NUMBERS = List.of("off", "on", "null");

    /** The settings that scripts can change, under the names of the functions that do it. */
    static final class Settings {
        boolean convertsSparse;
        int sparseRatio = 2;
        int safeSparse = 10;
        int encodeDepth = 1000;
        int decodeDepth = 1000;
        int precision = 14;
        boolean keepsBuffer = true;

        /** An index into {@link #INVALID_NUMBERS}. */
        int encodesInvalid;

        boolean decodesInvalid = true;
    }

    private JsonLibrary() {}

    public static void open(Lua lua) {
        lua.globals().set("cjson", create(lua));
    }

    private static LuaTable create(Lua lua) {
        Settings settings = new Settings();
        LuaTable library = lua.newTable();
        Lua.define(library, "encode", args -> encode(args, settings));
        Lua.define(library, "decode", args -> decode(args, settings));
        Lua.define(library, "encode_sparse_array", args -> sparse(args, settings));
        Lua.define(library, "encode_max_depth", args -> {
            check(args, 1);
            settings.encodeDepth = option(args, 1, settings.encodeDepth, 1, Integer.MAX_VALUE);
            return LuaNumbers.box(settings.encodeDepth);
        });
        Lua.define(library, "decode_max_depth", args -> {
            check(args, 1);
            settings.decodeDepth = option(args, 1, settings.decodeDepth, 1, Integer.MAX_VALUE);
            return LuaNumbers.box(settings.decodeDepth);
        });
        Lua.define(library, "encode_number_precision", args -> {
            check(args, 1);
            settings.precision = option(args, 1, settings.precision, 1, 14);
            return LuaNumbers.box(settings.precision);
        });
        Lua.define(library, "encode_keep_buffer", args -> {
            check(args, 1);
            settings.keepsBuffer = choice(args, 1, settings.keepsBuffer ? 1 : 0, INVALID_NUMBERS.subList(0, 2)) == 1;
            return settings.keepsBuffer;
        });
        Lua.define(library, "encode_invalid_numbers", args -> {
            check(args, 1);
            settings.encodesInvalid = choice(args, 1, settings.encodesInvalid, INVALID_NUMBERS);
            return settings.encodesInvalid < 2 ? (Object) (settings.encodesInvalid == 1) : LuaString.of("null");
        });
        Lua.define(library, "decode_invalid_numbers", args -> {
            check(args, 1);
            settings.decodesInvalid =
                    choice(args, 1, settings.decodesInvalid ? 1 : 0, INVALID_NUMBERS.subList(0, 2)) == 1;
            return settings.decodesInvalid;
        });
        Lua.define(library, "new", args -> create(args.lua()));
        library.set("null", LightUserdata.NULL);
        library.set("_NAME", LuaString.of("cjson"));
        library.set("_VERSION", LuaString.of("2.1.0"));
        return library;
    }

    private static void check(Arguments args, int most) {
        if (args.count() > most) {
            throw args.badArgument(most + 1, "found too many arguments");
        }
    }

    private static int option(Arguments args, int number, int present, int least, int most) {
        if (args.get(number) == null) {
            return present;
        }
        int value = args.whole(number);
        if (value < least || value > most) {
            throw args.badArgument(1, "expected integer between " + least + " and " + most);
        }
        return value;
    }

    private static int choice(Arguments args, int number, int present, List<String> options) {
        if (args.get(number) == null) {
            return present;
        }
        if (args.get(number) instanceof Boolean bool) {
            return bool ? 1 : 0;
        }
        String name = args.string(number).toString();
        if (!options.contains(name)) {
            throw args.badArgument(number, "invalid option '" + name + "'");
        }
        return options.indexOf(name);
    }

    private static Object sparse(Arguments args, Settings settings) {
        check(args, 3);
        settings.convertsSparse = choice(args, 1, settings.convertsSparse ? 1 : 0, INVALID_NUMBERS.subList(0, 2)) == 1;
        settings.sparseRatio = option(args, 2, settings.sparseRatio, 0, Integer.MAX_VALUE);
        settings.safeSparse = option(args, 3, settings.safeSparse, 0, Integer.MAX_VALUE);
        return Values.of(
                settings.convertsSparse, LuaNumbers.box(settings.sparseRatio), LuaNumbers.box(settings.safeSparse));
    }

    private static Object encode(Arguments args, Settings settings) {
        if (args.count() != 1) {
            throw args.badArgument(1, "expected 1 argument");
        }
        return new JsonEncoder(args, settings).encode(args.get(1));
    }

    private static Object decode(Arguments args, Settings settings) {
        if (args.count() != 1) {
            throw args.badArgument(1, "expected 1 argument");
        }
        return new JsonDecoder(args, settings, args.string(1).bytes()).decode();
    }
}
