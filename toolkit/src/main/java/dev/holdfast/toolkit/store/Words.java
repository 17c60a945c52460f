package dev.holdfast.toolkit.store;

import dev.holdfast.engine.base.Doubles;
import java.nio.charset.StandardCharsets;

/** How Java values become the words of a command: byte arrays as they are, text as UTF-8, numbers in decimal. */
final class Words {
    private Words() {}

    static byte[] of(Object word) {
        return switch (word) {
            case byte[] bytes -> bytes;
            case String text -> text.getBytes(StandardCharsets.UTF_8);
            case Double number -> Doubles.toBytes(number);
            case Long number -> ascii(Long.toString(number));
            case Integer number -> ascii(Integer.toString(number));
            default ->
                throw new IllegalArgumentException(
                        "a word of a command is a byte array, a string, an int, a long or a double," + " not a "
                                + word.getClass().getName());
        };
    }

    private static byte[] ascii(String digits) {
        return digits.getBytes(StandardCharsets.ISO_8859_1);
    }
}
