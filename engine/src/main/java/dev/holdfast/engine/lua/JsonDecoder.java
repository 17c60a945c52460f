package dev.holdfast.engine.lua;

import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads JSON, and beyond it what C's {@code strtod} takes for a number. */
final class JsonDecoder {
    private enum Token {
        OBJ_BEGIN,
        OBJ_END,
        ARR_BEGIN,
        ARR_END,
        STRING,
        NUMBER,
        BOOLEAN,
        NULL,
        COLON,
        COMMA,
        END,
        ERROR
    }

    /** An array or an object of which more is to come. */
    private static final class Container {
        final LuaTable table;
        final boolean isObject;
        Object key = LuaString.EMPTY;
        int index;

        Container(LuaTable table, boolean isObject) {
            this.table = table;
            this.isObject = isObject;
        }

        int slots() {
            return isObject ? 2 : 1;
        }

        Token end() {
            return isObject ? Token.OBJ_END : Token.ARR_END;
        }
    }

    private final Arguments args;
    private final JsonLibrary.Settings settings;
    private final byte[] data;
    private final byte[] text;
    private final int[] stop = new int[1];
    private final ArrayDeque<Container> containers = new ArrayDeque<>();
    private int at;

    /** How many values the original would hold: the argument, tables and keys. */
    private int slots = 1;

    private Token token = Token.END;
    private int tokenAt;
    private @Nullable Object value;
    private String mistake = "";

    JsonDecoder(Arguments args, JsonLibrary.Settings settings, byte[] data) {
        this.args = args;
        this.settings = settings;
        this.data = data;
        this.text = Operations.newBytes(args.lua(), data.length);
    }

    Object decode() {
        if (data.length >= 2 && (data[0] == 0 || data[1] == 0)) {
            throw args.error("JSON parser does not support UTF-16 or UTF-32");
        }
        next();
        Object result = read();
        next();
        if (token != Token.END) {
            throw expected("the end");
        }
        return result;
    }

    private LuaError expected(String what) {
        String found = token == Token.ERROR ? mistake : "T_" + token;
        return args.error("Expected " + what + " but found " + found + " at character " + (tokenAt + 1));
    }

    private int peek(int index) {
        return index < data.length ? data[index] & 0xFF : 0;
    }

    // ---- values ----

    /** Reads a value, without recursion. What the original has on its stack at a time has the same limit. */
    private Object read() {
        while (true) {
            Object value = begin();
            while (value != null) {
                Container container = containers.peek();
                if (container == null) {
                    return value;
                }
                value = add(container, value);
            }
        }
    }

    /** The value that begins at the present token; null where it is an array or an object, whose first value comes next. */
    private @Nullable Object begin() {
        return switch (token) {
            case STRING, NUMBER, BOOLEAN, NULL -> Objects.requireNonNull(value);
            case OBJ_BEGIN -> begin(new Container(args.lua().newTable(), true));
            case ARR_BEGIN -> begin(new Container(args.lua().newTable(), false));
            default -> throw expected("value");
        };
    }

    private @Nullable LuaTable begin(Container container) {
        int depth = containers.size() + 1;
        if (depth > settings.decodeDepth || slots + container.slots() + 1 > LuaThread.MAX_NATIVE_SLOTS) {
            throw args.error("Found too many nested data structures (" + depth + ") at character " + at);
        }
        next();
        if (token == container.end()) {
            return container.table;
        }
        containers.push(container);
        slots += container.slots();
        readKey(container);
        return null;
    }

    /** Adds a value to what it is in. Returns that if it is then whole. */
    private @Nullable LuaTable add(Container container, Object value) {
        if (container.isObject) {
            container.table.set(container.key, value);
        } else {
            container.table.set(++container.index, value);
        }
        next();
        if (token == container.end()) {
            containers.pop();
            slots -= container.slots();
            return container.table;
        }
        if (token != Token.COMMA) {
            throw expected(container.isObject ? "comma or object end" : "comma or array end");
        }
        next();
        readKey(container);
        return null;
    }

    private void readKey(Container container) {
        if (!container.isObject) {
            return;
        }
        if (token != Token.STRING) {
            throw expected("object key string");
        }
        container.key = Objects.requireNonNull(value);
        next();
        if (token != Token.COLON) {
            throw expected("colon");
        }
        next();
    }

    // ---- tokens ----

    private void found(Token found, @Nullable Object what) {
        token = found;
        value = what;
    }

    private void fail(String what) {
        token = Token.ERROR;
        tokenAt = at;
        mistake = what;
    }

    private void next() {
        int c = peek(at);
        while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            c = peek(++at);
        }
        tokenAt = at;
        switch (c) {
            case '{' -> single(Token.OBJ_BEGIN);
            case '}' -> single(Token.OBJ_END);
            case '[' -> single(Token.ARR_BEGIN);
            case ']' -> single(Token.ARR_END);
            case ',' -> single(Token.COMMA);
            case ':' -> single(Token.COLON);
            case 0 -> found(Token.END, null);
            case '"' -> string();
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> {
                if (!settings.decodesInvalid && isInvalidNumber()) {
                    fail("invalid number");
                } else {
                    number();
                }
            }
            case 'f', 'i', 'I', 'n', 'N', 't', '+' -> word();
            default -> fail("invalid token");
        }
    }

    private void single(Token found) {
        at++;
        found(found, null);
    }

    private boolean accept(String word) {
        for (int i = 0; i < word.length(); i++) {
            if (peek(at + i) != word.charAt(i)) {
                return false;
            }
        }
        at += word.length();
        return true;
    }

    private void word() {
        if (accept("true")) {
            found(Token.BOOLEAN, true);
        } else if (accept("false")) {
            found(Token.BOOLEAN, false);
        } else if (accept("null")) {
            found(Token.NULL, LightUserdata.NULL);
        } else if (settings.decodesInvalid && isInvalidNumber()) {
            number();
        } else {
            fail("invalid token");
        }
    }

    private void number() {
        double number = LuaNumbers.parsePrefix(data, at, data.length, stop);
        if (stop[0] == at) {
            fail("invalid number");
            return;
        }
        at = stop[0];
        found(Token.NUMBER, LuaNumbers.box(number));
    }

    /** Whether this is a number for C but not for JSON. */
    private boolean isInvalidNumber() {
        int p = at;
        if (peek(p) == '+') {
            return true;
        }
        if (peek(p) == '-') {
            p++;
        }
        if (peek(p) == '0') {
            int second = peek(p + 1);
            return (second | 0x20) == 'x' || second >= '0' && second <= '9';
        }
        if (peek(p) <= '9') {
            return false;
        }
        return startsWith(p, "inf") || startsWith(p, "nan");
    }

    private boolean startsWith(int from, String word) {
        for (int i = 0; i < word.length(); i++) {
            if ((peek(from + i) | 0x20) != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private void string() {
        int length = 0;
        at++;
        while (true) {
            int c = peek(at);
            if (c == '"') {
                at++;
                found(Token.STRING, new LuaString(text, 0, length));
                args.lua().memory().charge(LuaString.OBJECT_BYTES + length);
                return;
            }
            if (c == 0) {
                fail("unexpected end of string");
                return;
            }
            if (c == '\\') {
                int escape = peek(at + 1);
                if (escape == 'u') {
                    int added = unicode(length);
                    if (added == 0) {
                        fail("invalid unicode escape code");
                        return;
                    }
                    length += added;
                    continue;
                }
                c = unescape(escape);
                if (c == 0) {
                    fail("invalid escape code");
                    return;
                }
                at++;
            }
            text[length++] = (byte) c;
            at++;
        }
    }

    private static int unescape(int c) {
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 't' -> '\t';
            case 'n' -> '\n';
            case 'f' -> '\f';
            case 'r' -> '\r';
            default -> 0;
        };
    }

    private int hex(int from) {
        int code = 0;
        for (int i = 0; i < 4; i++) {
            int digit = LuaNumbers.digit(peek(from + i));
            if (digit > 15) {
                return -1;
            }
            code = code << 4 | digit;
        }
        return code;
    }

    /** Adds the character of an escape to the text as UTF-8. Returns its length, or 0 if it is none. */
    private int unicode(int position) {
        int code = hex(at + 2);
        int length = 6;
        if (code < 0) {
            return 0;
        }
        if ((code & 0xF800) == 0xD800) {
            int low = hex(at + 8);
            boolean pair =
                    (code & 0x400) == 0 && peek(at + 6) == '\\' && peek(at + 7) == 'u' && (low & 0xFC00) == 0xDC00;
            if (!pair || low < 0) {
                return 0;
            }
            code = ((code & 0x3FF) << 10 | low & 0x3FF) + 0x10000;
            length = 12;
        }
        at += length;
        return utf8(code, position);
    }

    private int utf8(int code, int position) {
        if (code <= 0x7F) {
            text[position] = (byte) code;
            return 1;
        }
        int length = code <= 0x7FF ? 2 : code <= 0xFFFF ? 3 : 4;
        for (int i = length - 1; i > 0; i--) {
            text[position + i] = (byte) (0x80 | code >> (length - 1 - i) * 6 & 0x3F);
        }
        text[position] = (byte) (0xF00 >> length | code >> (length - 1) * 6);
        return length;
    }
}
