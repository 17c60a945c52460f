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
        args.lua().spend(to - from);
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
            args.lua().spend((found < 0 ? text.length : found) - from);
            return found < 0 ? null : Values.of(LuaNumbers.box(found + 1), LuaNumbers.box(found + pattern.length));
        }
        return new Search(args, text, pattern, from, positions).proceed();
    }

    /** One search of {@code find} or {@code match}, which may be suspended. */
    private static final class Search implements LuaThread.Rest {
        private final LuaThread thread;
        private final LuaPattern matcher;
        private final boolean anchored;
        private final int last;
        private final boolean positions;
        private int at;
        private int end;

        Search(Arguments args, byte[] text, byte[] pattern, int from, boolean positions) {
            this.thread = args.thread();
            this.matcher = new LuaPattern(args, text, pattern);
            this.anchored = pattern.length > 0 && pattern[0] == '^';
            this.last = anchored ? from : text.length;
            this.positions = positions;
            this.at = from;
            this.end = matcher.match(at, anchored ? 1 : 0);
        }

        @Override
        public @Nullable Object proceed() {
            if (end == LuaPattern.SUSPENDED) {
                end = matcher.proceed();
            }
            while (end == LuaPattern.NO && at < last) {
                at++;
                end = matcher.match(at, 0);
            }
            return switch (end) {
                case LuaPattern.SUSPENDED -> thread.suspend(this);
                case LuaPattern.NO -> null;
                default -> found(matcher, at, end, positions);
            };
        }
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
            return next[0] > text.length()
                    ? Values.NONE
                    : goOn(inner, matcher, text.length(), next, matcher.match(next[0], 0));
        });
    }

    /** Looks for the next match of {@code gmatch}, and notes where the one after it may begin. */
    private static Object goOn(Arguments args, LuaPattern matcher, int length, int[] next, int first) {
        int end = first;
        while (end == LuaPattern.NO && next[0] < length) {
            next[0]++;
            end = matcher.match(next[0], 0);
        }
        if (end == LuaPattern.SUSPENDED) {
            return args.thread().suspend(() -> goOn(args, matcher, length, next, matcher.proceed()));
        }
        if (end == LuaPattern.NO) {
            next[0] = length + 1;
            return Values.NONE;
        }
        int start = next[0];
        next[0] = end == start ? end + 1 : end;
        return Values.of(matcher.allCaptures(start, end, true));
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
        return new Replacement(args, text, pattern, replacement, most).proceed();
    }

    /** One run of {@code gsub}, which may be suspended. */
    private static final class Replacement implements LuaThread.Rest {
        private final Arguments args;
        private final byte[] text;
        private final @Nullable Object replacement;
        private final int most;
        private final boolean anchored;
        private final LuaPattern matcher;
        private final LuaBuffer result;
        private int count;
        private int at;
        private boolean suspended;

        Replacement(Arguments args, byte[] text, byte[] pattern, @Nullable Object replacement, int most) {
            this.args = args;
            this.text = text;
            this.replacement = replacement;
            this.most = most;
            this.anchored = pattern.length > 0 && pattern[0] == '^';
            this.matcher = new LuaPattern(args, text, pattern);
            this.result = new LuaBuffer(args.lua());
        }

        @Override
        public Object proceed() {
            boolean ended = count >= most;
            while (!ended) {
                int end = suspended ? matcher.proceed() : matcher.match(at, anchored ? 1 : 0);
                suspended = end == LuaPattern.SUSPENDED;
                if (suspended) {
                    return args.thread().suspend(this);
                }
                if (end >= 0) {
                    count++;
                    addReplacement(args, matcher, result, replacement, text, at, end);
                }
                ended = anchored || count >= most;
                if (end > at) {
                    at = end;
                } else if (at < text.length) {
                    result.add(text[at++]);
                } else {
                    ended = true;
                }
            }
            result.add(text, at, text.length);
            return Values.of(result.toLuaString(), LuaNumbers.box(count));
        }
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
