package dev.holdfast.engine.config;

import dev.holdfast.engine.base.Slice;
import java.nio.charset.StandardCharsets;

/** Values as words of a line of the configuration file. */
final class ConfigWords {
    private ConfigWords() {}

    /** The value in a form in which a line of the file can hold it: quoted where it must be. */
    static String quote(String value, boolean manyWords) {
        boolean plain = !value.isEmpty();
        for (int i = 0; i < value.length() && plain; i++) {
            char c = value.charAt(i);
            plain = c > ' ' && c < 127 && c != '"' && c != '\'' && c != '\\' && (c != '#' || i > 0)
                    || c == ' ' && manyWords;
        }
        return plain ? value : quoted(value);
    }

    private static String quoted(String value) {
        StringBuilder text = new StringBuilder("\"");
        for (byte b : Slice.of(value).array()) {
            switch (b) {
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '\b' -> text.append("\\b");
                case 7 -> text.append("\\a");
                case '"', '\\' -> text.append('\\').append((char) b);
                default -> {
                    if (b >= ' ' && b < 127) {
                        text.append((char) b);
                    } else {
                        text.append(String.format("\\x%02x", b & 0xFF));
                    }
                }
            }
        }
        return text.append('"').toString();
    }

    /** The text that these bytes, the word of a file, stand for. */
    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
