package dev.holdfast.engine.lua;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code struct}: values as the bytes of a structure in C, and back. */
public final class StructLibrary {
    private static final int MAX_INTEGER_BYTES = 32;
    private static final int MAX_ALIGNMENT = 8;

    private StructLibrary() {}

    public static void open(Lua lua) {
        LuaTable library = lua.newTable();
        lua.globals().set("struct", library);
        Lua.define(library, "pack", StructLibrary::pack);
        Lua.define(library, "unpack", StructLibrary::unpack);
        Lua.define(library, "size", StructLibrary::size);
    }

    /** A format being read, and what it has said of byte order and alignment so far. */
    private static final class Format {
        final Arguments args;
        final byte[] text;
        int at;
        boolean big;
        int alignment = 1;

        Format(Arguments args) {
            this.args = args;
            this.text = args.string(1).bytes();
        }

        boolean hasMore() {
            return at < text.length && text[at] != 0;
        }

        private int number(int otherwise) {
            if (at >= text.length || text[at] < '0' || text[at] > '9') {
                return otherwise;
            }
            long number = 0;
            while (at < text.length && text[at] >= '0' && text[at] <= '9') {
                number = number * 10 + text[at++] - '0';
                if (number > Integer.MAX_VALUE) {
                    throw args.error("integral size overflow");
                }
            }
            return (int) number;
        }

        int sizeOf(int option) {
            return switch (option) {
                case 'B', 'b', 'x' -> 1;
                case 'H', 'h' -> 2;
                case 'L', 'l', 'T', 'd' -> 8;
                case 'f' -> 4;
                case 'c' -> number(1);
                case 'i', 'I' -> {
                    int size = number(4);
                    if (size > MAX_INTEGER_BYTES) {
                        throw args.error("integral size " + size + " is larger than limit of " + MAX_INTEGER_BYTES);
                    }
                    yield size;
                }
                default -> 0;
            };
        }

        /** The bytes needed to align an element of this size. */
        int padding(long position, int option, int size) {
            if (size == 0 || option == 'c') {
                return 0;
            }
            int unit = Math.min(size, alignment);
            return (int) (unit - (position & unit - 1) & unit - 1);
        }

        void control(int option) {
            switch (option) {
                case ' ' -> {}
                case '>' -> big = true;
                case '<' -> big = false;
                case '!' -> {
                    int wanted = number(MAX_ALIGNMENT);
                    if (wanted <= 0 || (wanted & wanted - 1) != 0) {
                        throw args.error("alignment " + wanted + " is not a power of 2");
                    }
                    alignment = wanted;
                }
                default -> throw args.badArgument(1, "invalid format option '" + (char) option + "'");
            }
        }
    }

    private static Object pack(Arguments args) {
        Format format = new Format(args);
        LuaBuffer result = new LuaBuffer(args.lua());
        int argument = 2;
        long total = 0;
        while (format.hasMore()) {
            int option = format.text[format.at++];
            int size = format.sizeOf(option);
            int padding = format.padding(total, option, size);
            total += padding;
            result.add(new byte[padding]);
            switch (option) {
                case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I' -> {
                    double number = args.number(argument++);
                    addInteger(result, number < 0 ? (long) number : LuaNumbers.toUnsigned(number), size, format.big);
                }
                case 'x' -> result.add(0);
                case 'f' -> {
                    float number = (float) args.number(argument++);
                    addInteger(result, Float.floatToRawIntBits(number), size, format.big);
                }
                case 'd' -> addInteger(result, Double.doubleToRawLongBits(args.number(argument++)), size, format.big);
                case 'c', 's' -> {
                    byte[] text = args.string(argument++).bytes();
                    if (size == 0) {
                        size = text.length;
                    }
                    if (text.length < size) {
                        throw args.badArgument(argument, "string too short");
                    }
                    result.add(text, 0, size);
                    if (option == 's') {
                        result.add(0);
                        size++;
                    }
                }
                default -> format.control(option);
            }
            total += size;
        }
        return result.toLuaString();
    }

    private static void addInteger(LuaBuffer result, long value, int size, boolean big) {
        for (int i = 0; i < size; i++) {
            int place = big ? size - 1 - i : i;
            result.add(place >= 8 ? 0 : (int) (value >>> place * 8));
        }
    }

    private static Object unpack(Arguments args) {
        Format format = new Format(args);
        byte[] data = args.string(2).bytes();
        long position = args.integer(3, 1);
        if (position <= 0) {
            throw args.badArgument(3, "offset must be 1 or greater");
        }
        position--;
        List<@Nullable Object> values = new ArrayList<>();
        while (format.hasMore()) {
            int option = format.text[format.at++];
            int size = format.sizeOf(option);
            position += format.padding(position, option, size);
            checkLength(args, data, position, size);
            int at = (int) position;
            switch (option) {
                case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I' ->
                    values.add(integer(data, at, size, format.big, option >= 'a'));
                case 'x' -> {}
                case 'f' -> values.add(LuaNumbers.box(Float.intBitsToFloat((int) bits(data, at, 4, format.big))));
                case 'd' -> values.add(LuaNumbers.box(Double.longBitsToDouble(bits(data, at, 8, format.big))));
                case 'c' -> {
                    if (size == 0) {
                        Double before = values.isEmpty() ? null : LuaNumbers.of(values.removeLast());
                        if (before == null) {
                            throw args.error("format 'c0' needs a previous size");
                        }
                        long wanted = before.longValue();
                        checkLength(args, data, position, wanted);
                        size = (int) wanted;
                    }
                    values.add(new LuaString(data, at, at + size));
                }
                case 's' -> {
                    int end = at;
                    while (end < data.length && data[end] != 0) {
                        end++;
                    }
                    if (end == data.length) {
                        throw args.error("unfinished string in data");
                    }
                    values.add(new LuaString(data, at, end));
                    size = end - at + 1;
                }
                default -> format.control(option);
            }
            position += size;
        }
        values.add(LuaNumbers.box((double) (position + 1)));
        return Values.of(values.toArray());
    }

    private static void checkLength(Arguments args, byte[] data, long position, long size) {
        if (size < 0 || size > data.length || position > data.length - size) {
            throw args.badArgument(2, "data string too short");
        }
    }

    private static long bits(byte[] data, int at, int size, boolean big) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value = value << 8 | data[big ? at + i : at + size - 1 - i] & 0xFF;
        }
        return value;
    }

    private static Double integer(byte[] data, int at, int size, boolean big, boolean signed) {
        long value = bits(data, at, size, big);
        if (!signed) {
            return LuaNumbers.box(LuaNumbers.fromUnsigned(value));
        }
        long mask = -1L << size * 8 - 1;
        return LuaNumbers.box((double) ((value & mask) != 0 ? value | mask : value));
    }

    private static Object size(Arguments args) {
        Format format = new Format(args);
        long position = 0;
        while (format.hasMore()) {
            int option = format.text[format.at++];
            int size = format.sizeOf(option);
            position += format.padding(position, option, size);
            if (option == 's') {
                throw args.badArgument(1, "option 's' has no fixed size");
            }
            if (option == 'c' && size == 0) {
                throw args.badArgument(1, "option 'c0' has no fixed size");
            }
            boolean letter = option >= 'a' && option <= 'z' || option >= 'A' && option <= 'Z';
            if (!letter && !(option >= '0' && option <= '9')) {
                format.control(option);
            }
            position += size;
        }
        return LuaNumbers.box((double) position);
    }
}
