package dev.holdfast.engine.lua;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Cuts source text into tokens. One is looked ahead. */
final class Lexer {
    enum Token {
        AND("and"),
        BREAK("break"),
        DO("do"),
        ELSE("else"),
        ELSEIF("elseif"),
        END("end"),
        FALSE("false"),
        FOR("for"),
        FUNCTION("function"),
        IF("if"),
        IN("in"),
        LOCAL("local"),
        NIL("nil"),
        NOT("not"),
        OR("or"),
        REPEAT("repeat"),
        RETURN("return"),
        THEN("then"),
        TRUE("true"),
        UNTIL("until"),
        WHILE("while"),
        CONCAT(".."),
        DOTS("..."),
        EQ("=="),
        GE(">="),
        LE("<="),
        NE("~="),
        NUMBER("<number>"),
        NAME("<name>"),
        STRING("<string>"),
        EOF("<eof>"),
        /** A token of one character, which {@link #symbol} names. */
        SYMBOL("");

        final String text;

        Token(String text) {
            this.text = text;
        }
    }

    private static final Map<String, Token> WORDS = new HashMap<>();

    static {
        for (Token token : Token.values()) {
            if (token.ordinal() <= Token.WHILE.ordinal()) {
                WORDS.put(token.text, token);
            }
        }
    }

    private static final int END = -1;

    private final byte[] source;
    private final String chunk;
    private int at;
    private int begin;
    private int scanLine = 1;

    private Token next = Token.EOF;
    private boolean lookedAhead;
    private int nextSymbol;
    private int nextLine;
    private @Nullable Object nextValue;
    private String nextText = "";

    Token token = Token.EOF;
    int symbol;
    int line = 1;
    int previousLine = 1;
    private @Nullable Object value;
    private String text = "";

    Lexer(byte[] source, String chunk) {
        this.source = source;
        this.chunk = chunk;
        advance();
    }

    String chunk() {
        return chunk;
    }

    /** The number or string that the present token is, or the name. */
    Object value() {
        Object present = value;
        if (present == null) {
            throw new IllegalStateException("a token without a value");
        }
        return present;
    }

    String name() {
        return value().toString();
    }

    boolean is(int character) {
        return token == Token.SYMBOL && symbol == character;
    }

    void advance() {
        previousLine = line;
        if (!lookedAhead) {
            scan();
        }
        lookedAhead = false;
        token = next;
        symbol = nextSymbol;
        value = nextValue;
        text = nextText;
        line = nextLine;
    }

    /** Whether the token after the present one is a character. */
    boolean isFollowedBy(int character) {
        if (!lookedAhead) {
            scan();
            lookedAhead = true;
        }
        return next == Token.SYMBOL && nextSymbol == character;
    }

    private int peek() {
        return at < source.length ? source[at] & 0xFF : END;
    }

    private int peek(int ahead) {
        return at + ahead < source.length ? source[at + ahead] & 0xFF : END;
    }

    private void found(Token token) {
        next = token;
        nextLine = scanLine;
        nextText = token.text.isEmpty() || token == Token.NUMBER || token == Token.NAME || token == Token.STRING
                ? scanned()
                : token.text;
    }

    private String scanned() {
        return new String(source, begin, Math.min(at, source.length) - begin, StandardCharsets.ISO_8859_1);
    }

    private void found(Token token, int length) {
        at += length;
        found(token);
    }

    private void scan() {
        nextValue = null;
        nextSymbol = 0;
        while (true) {
            begin = at;
            int c = peek();
            switch (c) {
                case END -> {
                    found(Token.EOF);
                    return;
                }
                case '\n', '\r' -> newLine();
                case ' ', '\t', 0x0B, '\f' -> at++;
                case '-' -> {
                    if (peek(1) != '-') {
                        symbol(c);
                        return;
                    }
                    comment();
                }
                default -> {
                    scan(c);
                    return;
                }
            }
        }
    }

    private void scan(int c) {
        switch (c) {
            case '[' -> {
                int level = longBracket();
                if (level >= 0) {
                    nextValue = longString(level, "string");
                    found(Token.STRING);
                } else if (level == -1) {
                    symbol(c);
                } else {
                    throw error("invalid long string delimiter", scanned());
                }
            }
            case '=' -> orEqual(c, Token.EQ);
            case '<' -> orEqual(c, Token.LE);
            case '>' -> orEqual(c, Token.GE);
            case '~' -> orEqual(c, Token.NE);
            case '"', '\'' -> string(c);
            case '.' -> {
                if (peek(1) == '.') {
                    boolean three = peek(2) == '.';
                    found(three ? Token.DOTS : Token.CONCAT, three ? 3 : 2);
                } else if (isDigit(peek(1))) {
                    number();
                } else {
                    symbol(c);
                }
            }
            default -> {
                if (isDigit(c)) {
                    number();
                } else if (isNameStart(c)) {
                    word();
                } else {
                    symbol(c);
                }
            }
        }
    }

    private void symbol(int c) {
        nextSymbol = c;
        found(Token.SYMBOL, 1);
    }

    private void orEqual(int c, Token token) {
        if (peek(1) == '=') {
            found(token, 2);
        } else {
            symbol(c);
        }
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isNameStart(int c) {
        return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    private void word() {
        while (isNameStart(peek()) || isDigit(peek())) {
            at++;
        }
        String name = scanned();
        Token word = WORDS.get(name);
        if (word == null) {
            nextValue = LuaString.of(name);
        }
        found(word == null ? Token.NAME : word);
    }

    private void newLine() {
        int first = peek();
        at++;
        int second = peek();
        if ((second == '\n' || second == '\r') && second != first) {
            at++;
        }
        scanLine++;
    }

    private void comment() {
        at += 2;
        if (peek() == '[') {
            int mark = at;
            int level = longBracket();
            if (level >= 0) {
                longString(level, "comment");
                return;
            }
            at = mark;
        }
        while (peek() != '\n' && peek() != '\r' && peek() != END) {
            at++;
        }
    }

    /** The level of the long bracket that begins here, which is left behind; -1 if there is none, -2 if it is not finished. */
    private int longBracket() {
        int level = 0;
        while (peek(1 + level) == '=') {
            level++;
        }
        if (peek(1 + level) == '[') {
            at += level + 2;
            return level;
        }
        if (level > 0) {
            at += level + 1;
        }
        return level == 0 ? -1 : -2;
    }

    private LuaString longString(int level, String kind) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        if (peek() == '\n' || peek() == '\r') {
            newLine();
        }
        while (true) {
            int c = peek();
            switch (c) {
                case END -> throw error("unfinished long " + kind, Token.EOF.text);
                case ']' -> {
                    if (closes(level)) {
                        at += level + 2;
                        return new LuaString(content.toByteArray());
                    }
                    content.write(c);
                    at++;
                }
                case '\n', '\r' -> {
                    content.write('\n');
                    newLine();
                }
                default -> {
                    content.write(c);
                    at++;
                }
            }
        }
    }

    private boolean closes(int level) {
        for (int i = 1; i <= level; i++) {
            if (peek(i) != '=') {
                return false;
            }
        }
        return peek(level + 1) == ']';
    }

    private void string(int quote) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        at++;
        while (peek() != quote) {
            int c = peek();
            switch (c) {
                case END -> throw error("unfinished string", Token.EOF.text);
                case '\n', '\r' -> throw error("unfinished string", scanned());
                case '\\' -> escape(content);
                default -> {
                    content.write(c);
                    at++;
                }
            }
        }
        at++;
        nextValue = new LuaString(content.toByteArray());
        found(Token.STRING);
    }

    private void escape(ByteArrayOutputStream content) {
        at++;
        int c = peek();
        int simple = "abfnrtv".indexOf(c);
        if (c == END) {
            return;
        }
        if (simple >= 0) {
            content.write("\u0007\b\f\n\r\t\u000B".charAt(simple));
            at++;
        } else if (c == '\n' || c == '\r') {
            content.write('\n');
            newLine();
        } else if (isDigit(c)) {
            int code = 0;
            for (int i = 0; i < 3 && isDigit(peek()); i++) {
                code = code * 10 + peek() - '0';
                at++;
            }
            if (code > 255) {
                throw error("escape sequence too large", scanned());
            }
            content.write(code);
        } else {
            content.write(c);
            at++;
        }
    }

    private void number() {
        while (isDigit(peek()) || peek() == '.') {
            at++;
        }
        if ((peek() | 0x20) == 'e') {
            at++;
            if (peek() == '+' || peek() == '-') {
                at++;
            }
        }
        while (isNameStart(peek()) || isDigit(peek())) {
            at++;
        }
        String digits = scanned();
        Double number = LuaNumbers.parse(digits.getBytes(StandardCharsets.ISO_8859_1));
        if (number == null) {
            throw error("malformed number", digits);
        }
        nextValue = number;
        found(Token.NUMBER);
    }

    // ---- errors ----

    private LuaError error(String message, String near) {
        String where = Chunks.shown(chunk, Chunks.MAX_SHOWN_BY_COMPILER) + ":" + scanLine + ": " + message;
        return new LuaError(new LuaString(
                (near.isEmpty() ? where : where + " near '" + near + "'").getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** An error at the present token. */
    LuaError syntaxError(String message) {
        String near = token == Token.SYMBOL && symbol < ' ' ? "char(" + symbol + ")" : text;
        String where = Chunks.shown(chunk, Chunks.MAX_SHOWN_BY_COMPILER) + ":" + line + ": " + message + " near '"
                + near + "'";
        return new LuaError(new LuaString(where.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** An error that is about no token in particular. */
    LuaError limitError(String message) {
        return new LuaError(
                LuaString.of(Chunks.shown(chunk, Chunks.MAX_SHOWN_BY_COMPILER) + ":" + line + ": " + message));
    }
}
