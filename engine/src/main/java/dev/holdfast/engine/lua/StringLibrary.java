package dev.holdfast.engine.lua;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** {@code string}, which is also what strings find their methods in. */
public final class StringLibrary {
    /** Stands for compiled code, which nothing can load: in this version of Lua as it is here. */
    private static final String NO_SOURCE = "\u001bLua";

    private static final String SPECIALS = "^$*+?.([%-";

    private StringLibrary() {}

    public static void open(Lua lua) {
        LuaTable library = lua.newTable();
        lua.globals().set("string", library);
        Lua.define(library, "byte", StringLibrary::bytes);
        Lua.define(library, "char", StringLibrary::characters);
        Lua.define(library, "dump", args -> {
            args.function(1);
            return LuaString.of(NO_SOURCE);
        });
        Lua.define(library, "find", args -> find(args, true));
        Lua.define(library, "format", StringLibrary::format);
        Lua.define(library, "gmatch", StringLibrary::gmatch);
        library.set("gfind", library.get(LuaString.of("gmatch")));
        Lua.define(library, "gsub", StringLibrary::gsub);
        Lua.define(library, "len", args -> LuaNumbers.box(args.string(1).length()));
        Lua.define(library, "lower", args -> changeCase(args, 'A', 'Z'));
        Lua.define(library, "match", args -> find(args, false));
        Lua.define(library, "rep", StringLibrary::repeat);
        Lua.define(library, "reverse", StringLibrary::reverse);
        Lua.define(library, "sub", StringLibrary::part);
        Lua.define(library, "upper", args -> changeCase(args, 'a', 'z'));
        LuaTable metatable = lua.newTable();
        metatable.set("__index", library);
        lua.setStringMetatable(metatable);
    }

    /** A position that may count from the end. */
    private static long position(long position, int length) {
        long counted = position < 0 ? position + length + 1 : position;
        return Math.max(0, counted);
    }

    private static Object part(Arguments args) {
        LuaString text = args.string(1);
        long from = Math.max(1, position(args.integer(2), text.length()));
        long to = Math.min(text.length(), position(args.integer(3, -1), text.length()));
        if (from > to) {
            return LuaString.EMPTY;
        }
        if (from == 1 && to == text.length()) {
            return text;
        }
        args.lua().memory().charge(LuaString.OBJECT_BYTES + to - from);
        return new LuaString(text.bytes(), (int) from - 1, (int) to);
    }

    private static Object bytes(Arguments args) {
        LuaString text = args.string(1);
        long first = position(args.integer(2, 1), text.length());
        long last = Math.min(text.length(), position(args.integer(3, first), text.length()));
        first = Math.max(1, first);
        if (first > last) {
            return Values.NONE;
        }
        if (last - first >= 7999) {
            throw args.error("string slice too long");
        }
        @Nullable Object[] values = new Object[(int) (last - first + 1)];
        for (int i = 0; i < values.length; i++) {
            values[i] = LuaNumbers.box(text.at((int) first - 1 + i));
        }
        return Values.of(values);
    }

    private static Object characters(Arguments args) {
        byte[] bytes = new byte[args.count()];
        for (int i = 0; i < bytes.length; i++) {
            int code = args.whole(i + 1);
            if ((code & 0xFF) != code) {
                throw args.badArgument(i + 1, "invalid value");
            }
            bytes[i] = (byte) code;
        }
        return new LuaString(bytes);
    }

    private static Object changeCase(Arguments args, int from, int to) {
        byte[] source = args.string(1).bytes();
        byte[] result = Operations.newBytes(args.lua(), source.length);
        for (int i = 0; i < source.length; i++) {
            int c = source[i];
            result[i] = (byte) (c >= from && c <= to ? c ^ 0x20 : c);
        }
        return new LuaString(result);
    }

    private static Object repeat(Arguments args) {
        byte[] source = args.string(1).bytes();
        int count = args.whole(2);
        if (count <= 0 || source.length == 0) {
            return LuaString.EMPTY;
        }
        byte[] result = Operations.newBytes(args.lua(), (long) source.length * count);
        if (source.length == 1) {
            Arrays.fill(result, source[0]);
        } else {
            for (int at = 0; at < result.length; at += source.length) {
                System.arraycopy(source, 0, result, at, source.length);
            }
        }
        return new LuaString(result);
    }

    private static Object reverse(Arguments args) {
        byte[] source = args.string(1).bytes();
        byte[] result = Operations.newBytes(args.lua(), source.length);
        for (int i = 0; i < source.length; i++) {
            result[i] = source[source.length - 1 - i];
        }
        return new LuaString(result);
    }

    // ---- patterns ----

    private static @Nullable Object find(Arguments args, boolean positions) {
        byte[] text = args.string(1).bytes();
        byte[] pattern = args.string(2).bytes();
        long start = position(args.integer(3, 1), text.length) - 1;
        int from = (int) Math.min(text.length, Math.max(0, start));
        if (positions && (Lua.isTrue(args.get(4)) || isPlain(pattern))) {
            int found = indexOf(text, pattern, from);
            return found < 0 ? null : Values.of(LuaNumbers.box(found + 1), LuaNumbers.box(found + pattern.length));
        }
        LuaPattern matcher = new LuaPattern(args, text, pattern);
        boolean anchored = pattern.length > 0 && pattern[0] == '^';
        for (int s = from; s <= text.length; s++) {
            int end = matcher.match(s, anchored ? 1 : 0);
            if (end >= 0) {
                return found(matcher, s, end, positions);
            }
            if (anchored) {
                break;
            }
        }
        return null;
    }

    private static Object found(LuaPattern matcher, int start, int end, boolean positions) {
        if (!positions) {
            return Values.of(matcher.allCaptures(start, end, true));
        }
        @Nullable Object[] captures = matcher.allCaptures(start, end, false);
        @Nullable Object[] all = new Object[captures.length + 2];
        all[0] = LuaNumbers.box(start + 1);
        all[1] = LuaNumbers.box(end);
        System.arraycopy(captures, 0, all, 2, captures.length);
        return Values.of(all);
    }

    private static boolean isPlain(byte[] pattern) {
        for (byte b : pattern) {
            if (SPECIALS.indexOf(b) >= 0) {
                return false;
            }
        }
        return true;
    }

    private static int indexOf(byte[] text, byte[] wanted, int from) {
        for (int at = from; at <= text.length - wanted.length; at++) {
            if (Arrays.equals(text, at, at + wanted.length, wanted, 0, wanted.length)) {
                return at;
            }
        }
        return -1;
    }

    private static Object gmatch(Arguments args) {
        LuaString text = args.string(1);
        LuaString pattern = args.string(2);
        int[] next = new int[1];
        return new NativeFunction("gmatch_aux", inner -> {
            LuaPattern matcher = new LuaPattern(inner, text.bytes(), pattern.bytes());
            for (int s = next[0]; s <= text.length(); s++) {
                int end = matcher.match(s, 0);
                if (end >= 0) {
                    next[0] = end == s ? end + 1 : end;
                    return Values.of(matcher.allCaptures(s, end, true));
                }
            }
            next[0] = text.length() + 1;
            return Values.NONE;
        });
    }

    private static Object gsub(Arguments args) {
        byte[] text = args.string(1).bytes();
        byte[] pattern = args.string(2).bytes();
        Object replacement = args.get(3);
        if (!Operations.isText(replacement)
                && !(replacement instanceof LuaFunction)
                && !(replacement instanceof LuaTable)) {
            throw args.badArgument(3, "string/function/table expected");
        }
        int most = args.whole(4, text.length + 1);
        boolean anchored = pattern.length > 0 && pattern[0] == '^';
        LuaPattern matcher = new LuaPattern(args, text, pattern);
        LuaBuffer result = new LuaBuffer(args.lua());
        int count = 0;
        int s = 0;
        while (count < most) {
            int end = matcher.match(s, anchored ? 1 : 0);
            if (end >= 0) {
                count++;
                addReplacement(args, matcher, result, replacement, text, s, end);
            }
            if (end > s) {
                s = end;
            } else if (s < text.length) {
                result.add(text[s++]);
            } else {
                break;
            }
            if (anchored) {
                break;
            }
        }
        result.add(text, s, text.length);
        return Values.of(result.toLuaString(), LuaNumbers.box(count));
    }

    private static void addReplacement(
            Arguments args,
            LuaPattern matcher,
            LuaBuffer result,
            @Nullable Object replacement,
            byte[] text,
            int start,
            int end) {
        Object value;
        if (replacement instanceof LuaFunction function) {
            value = args.callForOne(function, matcher.allCaptures(start, end, true));
        } else if (replacement instanceof LuaTable table) {
            value = Operations.index(args.thread(), table, matcher.capture(0, start, end));
        } else {
            addTemplate(matcher, result, BaseLibrary.text(replacement).bytes(), text, start, end);
            return;
        }
        if (!Lua.isTrue(value)) {
            result.add(text, start, end);
        } else if (Operations.isText(value)) {
            result.add(BaseLibrary.text(value).bytes());
        } else {
            throw args.error("invalid replacement value (a " + Lua.typeOf(value) + ")");
        }
    }

    private static void addTemplate(
            LuaPattern matcher, LuaBuffer result, byte[] template, byte[] text, int start, int end) {
        boolean escaped = false;
        for (byte b : template) {
            if (!escaped && b == '%') {
                escaped = true;
                continue;
            }
            if (escaped && b == '0') {
                result.add(text, start, end);
            } else if (escaped && b >= '1' && b <= '9') {
                result.add(
                        BaseLibrary.text(matcher.capture(b - '1', start, end)).bytes());
            } else {
                result.add(b);
            }
            escaped = false;
        }
        if (escaped) {
            result.add(0);
        }
    }

    // ---- format ----

    private static Object format(Arguments args) {
        byte[] format = args.string(1).bytes();
        LuaBuffer result = new LuaBuffer(args.lua());
        int argument = 1;
        int at = 0;
        while (at < format.length) {
            int c = format[at++];
            if (c != '%') {
                result.add(c);
            } else if (at < format.length && format[at] == '%') {
                result.add(format[at++]);
            } else {
                argument++;
                if (args.isNone(argument)) {
                    throw args.badArgument(argument, "no value");
                }
                at = formatOne(args, argument, format, at, result);
            }
        }
        return result.toLuaString();
    }

    private static int at(byte[] format, int index) {
        return index < format.length ? format[index] : 0;
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static int formatOne(Arguments args, int argument, byte[] format, int from, LuaBuffer result) {
        int at = from;
        StringBuilder flags = new StringBuilder();
        while (at(format, at) != 0 && LuaFormat.isFlag(format[at])) {
            flags.append((char) format[at++]);
        }
        if (flags.length() > 5) {
            throw args.error("invalid format (repeated flags)");
        }
        int width = 0;
        for (int i = 0; i < 2 && isDigit(at(format, at)); i++) {
            width = width * 10 + format[at++] - '0';
        }
        int precision = -1;
        if (at(format, at) == '.') {
            at++;
            precision = 0;
            for (int i = 0; i < 2 && isDigit(at(format, at)); i++) {
                precision = precision * 10 + format[at++] - '0';
            }
        }
        if (isDigit(at(format, at))) {
            throw args.error("invalid format (width or precision too long)");
        }
        char conversion = (char) at(format, at++);
        LuaFormat item = new LuaFormat(flags.toString(), width, precision);
        switch (conversion) {
            case 'c' -> result.add(item.text(new byte[] {(byte) args.whole(argument)}));
            case 'd', 'i' -> result.add(item.decimal(args.integer(argument)));
            case 'o', 'u', 'x', 'X' -> {
                double number = args.number(argument);
                result.add(item.unsigned(number < 0 ? (long) number : LuaNumbers.toUnsigned(number), conversion));
            }
            case 'e', 'E', 'f', 'g', 'G' -> result.add(item.real(args.number(argument), conversion));
            case 'q' -> addQuoted(args.string(argument).bytes(), result);
            case 's' -> {
                byte[] text = args.string(argument).bytes();
                if (!item.hasPrecision() && text.length >= 100) {
                    result.add(text);
                } else {
                    result.add(item.text(untilZero(text)));
                }
            }
            default ->
                throw args.error(
                        "invalid option '%" + (conversion == 0 ? "" : String.valueOf(conversion)) + "' to 'format'");
        }
        return at;
    }

    /** C's strings end at a zero. */
    private static byte[] untilZero(byte[] text) {
        for (int i = 0; i < text.length; i++) {
            if (text[i] == 0) {
                return Arrays.copyOf(text, i);
            }
        }
        return text;
    }

    private static void addQuoted(byte[] text, LuaBuffer result) {
        result.add('"');
        for (byte b : text) {
            switch (b) {
                case '"', '\\', '\n' -> {
                    result.add('\\');
                    result.add(b);
                }
                case '\r' -> result.add("\\r");
                case 0 -> result.add("\\000");
                default -> result.add(b);
            }
        }
        result.add('"');
    }
}
