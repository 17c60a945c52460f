package dev.holdfast.engine.lua;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code cmsgpack}: values as MessagePack, and back. A table whose keys are 1 to n is an array, any other a map. */
public final class MessagePackLibrary {
    private static final int MAX_NESTING = 16;

    private MessagePackLibrary() {}

    public static void open(Lua lua) {
        LuaTable library = lua.newTable();
        lua.globals().set("cmsgpack", library);
        Lua.define(library, "pack", MessagePackLibrary::pack);
        Lua.define(library, "unpack", args -> new Decoder(args, 0).decode(Integer.MAX_VALUE, false));
        Lua.define(library, "unpack_one", args -> decode(args, 1, args.integer(2, 0)));
        Lua.define(library, "unpack_limit", args -> decode(args, args.integer(2), args.integer(3, 0)));
        library.set("_NAME", LuaString.of("cmsgpack"));
        library.set("_VERSION", LuaString.of("lua-cmsgpack 0.4.0"));
        library.set("_COPYRIGHT", LuaString.of("Copyright (C) 2012, Redis Ltd."));
        library.set("_DESCRIPTION", LuaString.of("MessagePack C implementation for Lua"));
    }

    // ---- encoding ----

    private static Object pack(Arguments args) {
        if (args.count() == 0) {
            throw args.badArgument(0, "MessagePack pack needs input.");
        }
        LuaBuffer result = new LuaBuffer(args.lua());
        for (int i = 1; i <= args.count(); i++) {
            encode(args, result, args.get(i), 0);
        }
        return result.toLuaString();
    }

    private static void encode(Arguments args, LuaBuffer out, @Nullable Object value, int level) {
        switch (value) {
            case LuaString string -> encode(out, string.bytes());
            case Boolean bool -> out.add(bool ? 0xc3 : 0xc2);
            case Double number -> encode(out, number);
            case LuaTable table when level < MAX_NESTING -> encode(args, out, table, level);
            case null, default -> out.add(0xc0);
        }
    }

    private static void encode(LuaBuffer out, byte[] bytes) {
        int length = bytes.length;
        if (length < 32) {
            out.add(0xa0 | length);
        } else if (length <= 0xFF) {
            out.add(0xd9);
            out.add(length);
        } else if (length <= 0xFFFF) {
            out.add(0xda);
            out.addBigEndian(length, 2);
        } else {
            out.add(0xdb);
            out.addBigEndian(length, 4);
        }
        out.add(bytes);
    }

    private static void encode(LuaBuffer out, double number) {
        long whole = (long) number;
        if (whole == number && whole != Long.MAX_VALUE) {
            encode(out, whole);
        } else if (number == (float) number) {
            out.add(0xca);
            out.addBigEndian(Float.floatToRawIntBits((float) number), 4);
        } else {
            out.add(0xcb);
            out.addBigEndian(Double.doubleToRawLongBits(number), 8);
        }
    }

    private static void encode(LuaBuffer out, long number) {
        if (number >= 0) {
            if (number <= 127) {
                out.add((int) number);
            } else if (number <= 0xFF) {
                out.add(0xcc);
                out.addBigEndian(number, 1);
            } else if (number <= 0xFFFF) {
                out.add(0xcd);
                out.addBigEndian(number, 2);
            } else if (number <= 0xFFFFFFFFL) {
                out.add(0xce);
                out.addBigEndian(number, 4);
            } else {
                out.add(0xcf);
                out.addBigEndian(number, 8);
            }
        } else if (number >= -32) {
            out.add((int) number);
        } else if (number >= Byte.MIN_VALUE) {
            out.add(0xd0);
            out.addBigEndian(number, 1);
        } else if (number >= Short.MIN_VALUE) {
            out.add(0xd1);
            out.addBigEndian(number, 2);
        } else if (number >= Integer.MIN_VALUE) {
            out.add(0xd2);
            out.addBigEndian(number, 4);
        } else {
            out.add(0xd3);
            out.addBigEndian(number, 8);
        }
    }

    private static void encode(Arguments args, LuaBuffer out, LuaTable table, int level) {
        int length = arrayLength(table);
        if (length >= 0) {
            head(out, length, 0x90, 0xdc);
            for (int i = 1; i <= length; i++) {
                encode(args, out, table.get(i), level + 1);
            }
            return;
        }
        int count = 0;
        for (int place = table.next(-1); place >= 0; place = table.next(place)) {
            count++;
        }
        head(out, count, 0x80, 0xde);
        for (int place = table.next(-1); place >= 0; place = table.next(place)) {
            encode(args, out, table.key(place), level + 1);
            encode(args, out, table.value(place), level + 1);
        }
    }

    private static void head(LuaBuffer out, int count, int small, int large) {
        if (count <= 15) {
            out.add(small | count);
        } else if (count <= 0xFFFF) {
            out.add(large);
            out.addBigEndian(count, 2);
        } else {
            out.add(large + 1);
            out.addBigEndian(count, 4);
        }
    }

    /** How many elements a table has whose keys are 1 to n, or -1 if they are not. */
    private static int arrayLength(LuaTable table) {
        int count = 0;
        int most = 0;
        for (int place = table.next(-1); place >= 0; place = table.next(place)) {
            if (!(table.key(place) instanceof Double key) || key <= 0 || key.intValue() != key) {
                return -1;
            }
            most = Math.max(most, key.intValue());
            count++;
        }
        return most == count ? count : -1;
    }

    // ---- decoding ----

    private static Object decode(Arguments args, long limit, long offset) {
        int length = args.string(1).length();
        if (offset < 0 || limit < 0) {
            throw args.error("Invalid request to unpack with offset of " + offset + " and limit of " + length + ".");
        }
        if (offset > length) {
            throw args.error("Start offset " + offset + " greater than input length " + length + ".");
        }
        if (limit == 0 && offset == 0) {
            return new Decoder(args, 0).decode(Integer.MAX_VALUE, false);
        }
        return new Decoder(args, (int) offset).decode((int) Math.min(limit, Integer.MAX_VALUE), true);
    }

    /** An array or a map of which more is to come. */
    private static final class Container {
        final LuaTable table;
        final boolean isMap;

        /** How many elements are missing, or values and keys. */
        long missing;

        /** The index of the latest element. */
        int index;

        @Nullable
        Object key;

        Container(LuaTable table, boolean isMap, long missing) {
            this.table = table;
            this.isMap = isMap;
            this.missing = missing;
        }

        boolean awaitsKey() {
            return isMap && missing % 2 == 0;
        }
    }

    /** Reads values one after the other, without recursion. What the original has on its stack at a time has the same limit. */
    private static final class Decoder {
        private static final Object NOT_YET = new Object();
        private static final String TOO_MANY =
                "stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)";

        private final Arguments args;
        private final byte[] data;
        private final ArrayDeque<Container> containers = new ArrayDeque<>();
        private int at;

        /** How many values the original would hold: the argument, what has been read, tables with their indexes and keys. */
        private int slots = 1;

        Decoder(Arguments args, int offset) {
            this.args = args;
            this.data = args.string(1).bytes();
            this.at = offset;
        }

        Object decode(int limit, boolean tellsOffset) {
            List<@Nullable Object> values = new ArrayList<>();
            if (tellsOffset) {
                values.add(null);
            }
            for (int i = 0; i < limit && at < data.length; i++) {
                values.add(value());
                slots++;
            }
            args.lua().spend((long) data.length * 4);
            if (tellsOffset) {
                check("stack overflow (in function mp_unpack_full)");
                values.set(0, LuaNumbers.box(at == data.length ? -1 : at));
            }
            return Values.of(values.toArray());
        }

        private void check(String message) {
            if (slots >= LuaThread.MAX_NATIVE_SLOTS) {
                throw args.error(message);
            }
        }

        private LuaError missing() {
            return args.error("Missing bytes in input.");
        }

        private long bigEndian(int count) {
            if (data.length - at < count) {
                throw missing();
            }
            long value = 0;
            for (int i = 0; i < count; i++) {
                value = value << 8 | data[at++] & 0xFF;
            }
            return value;
        }

        private Double signed(int count) {
            int unused = 64 - count * 8;
            return LuaNumbers.box((double) (bigEndian(count) << unused >> unused));
        }

        private Double unsigned(int count) {
            return LuaNumbers.box(LuaNumbers.fromUnsigned(bigEndian(count)));
        }

        private LuaString string(long length) {
            if (length > data.length - at) {
                throw missing();
            }
            args.lua().memory().charge(LuaString.OBJECT_BYTES + length);
            LuaString string = new LuaString(data, at, at + (int) length);
            at += (int) length;
            return string;
        }

        private Object array(long length) {
            slots++;
            check("stack overflow (in function mp_decode_to_lua_array)");
            slots++;
            return begin(length, false);
        }

        private Object map(long length) {
            slots++;
            return begin(length * 2, true);
        }

        private Object begin(long missing, boolean isMap) {
            containers.push(new Container(args.lua().newTable(), isMap, missing));
            return missing == 0 ? end() : NOT_YET;
        }

        private LuaTable end() {
            Container container = containers.pop();
            slots -= container.isMap ? 1 : 2;
            return container.table;
        }

        private @Nullable Object value() {
            while (true) {
                Object value = next();
                while (value != NOT_YET) {
                    Container container = containers.peek();
                    if (container == null) {
                        return value;
                    }
                    value = add(container, value);
                }
            }
        }

        /** Adds a value to what it is in. Returns that if it is then whole. */
        private Object add(Container container, @Nullable Object value) {
            if (container.awaitsKey()) {
                container.key = value;
                slots++;
            } else if (container.isMap) {
                container.table.set(Operations.checkedKey(args.thread(), container.key), value);
                slots--;
            } else {
                container.table.set(++container.index, value);
            }
            return --container.missing == 0 ? end() : NOT_YET;
        }

        /** The next value, or {@link #NOT_YET} where that is an array or a map that has only begun. */
        private @Nullable Object next() {
            check(TOO_MANY);
            int type = (int) bigEndian(1);
            return switch (type) {
                case 0xcc -> unsigned(1);
                case 0xcd -> unsigned(2);
                case 0xce -> unsigned(4);
                case 0xcf -> unsigned(8);
                case 0xd0 -> signed(1);
                case 0xd1 -> signed(2);
                case 0xd2 -> signed(4);
                case 0xd3 -> signed(8);
                case 0xc0 -> null;
                case 0xc2 -> false;
                case 0xc3 -> true;
                case 0xca -> LuaNumbers.box(Float.intBitsToFloat((int) bigEndian(4)));
                case 0xcb -> LuaNumbers.box(Double.longBitsToDouble(bigEndian(8)));
                case 0xd9 -> string(bigEndian(1));
                case 0xda -> string(bigEndian(2));
                case 0xdb -> string(bigEndian(4));
                case 0xdc -> array(bigEndian(2));
                case 0xdd -> array(bigEndian(4));
                case 0xde -> map(bigEndian(2));
                case 0xdf -> map(bigEndian(4));
                default -> small(type);
            };
        }

        /** A value that shares its byte with its type. */
        private Object small(int type) {
            if (type < 0x80) {
                return LuaNumbers.box(type);
            }
            return switch (type & 0xF0) {
                case 0x80 -> map(type & 0xF);
                case 0x90 -> array(type & 0xF);
                case 0xa0, 0xb0 -> string(type & 0x1F);
                case 0xe0, 0xf0 -> LuaNumbers.box((int) (byte) type);
                default -> throw args.error("Bad data format in input.");
            };
        }
    }
}
