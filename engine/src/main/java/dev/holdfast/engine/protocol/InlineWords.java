package dev.holdfast.engine.protocol;

import java.io.ByteArrayOutputStream;

/**
 * Splits a line into words as a shell would: words are separated by spaces; double quotes understand {@code \n \r \t \b \a
 * \xff}, single quotes only {@code \'}. Quotes may begin and end inside a word. Used for inline commands and for
 * configuration files.
 */
public final class InlineWords {
    private InlineWords() {}

    /** Adds the words of {@code line} to {@code args}. Returns false where a quote is not closed. */
    public static boolean split(byte[] line, Args args) {
        int i = 0;
        while (true) {
            while (i < line.length && isSpace(line[i])) {
                i++;
            }
            if (i == line.length || line[i] == 0) {
                return true;
            }
            ByteArrayOutputStream word = new ByteArrayOutputStream();
            while (i < line.length && !endsWord(line[i])) {
                byte b = line[i++];
                if (b == '"' || b == '\'') {
                    i = quoted(line, i, b, word);
                    if (i < 0) {
                        return false;
                    }
                } else {
                    word.write(b);
                }
            }
            args.add(word.toByteArray());
        }
    }

    /** Reads up to the closing quote; the position after it, or -1. */
    private static int quoted(byte[] line, int from, byte quote, ByteArrayOutputStream word) {
        int i = from;
        while (i < line.length && line[i] != 0) {
            byte b = line[i];
            if (b == quote) {
                return i + 1;
            }
            if (b == '\\'
                    && quote == '"'
                    && i + 3 < line.length
                    && line[i + 1] == 'x'
                    && hex(line[i + 2]) >= 0
                    && hex(line[i + 3]) >= 0) {
                word.write(hex(line[i + 2]) << 4 | hex(line[i + 3]));
                i += 4;
            } else if (b == '\\' && i + 1 < line.length && (quote == '"' || line[i + 1] == '\'')) {
                word.write(quote == '"' ? escaped(line[i + 1]) : '\'');
                i += 2;
            } else {
                word.write(b);
                i++;
            }
        }
        return -1;
    }

    private static int escaped(byte b) {
        return switch (b) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'b' -> '\b';
            case 'a' -> 7;
            default -> b;
        };
    }

    private static int hex(byte b) {
        return Character.digit(b, 16);
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b >= '\t' && b <= '\r';
    }

    private static boolean endsWord(byte b) {
        return b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == 0;
    }
}
