package dev.holdfast.engine.protocol;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A push message as a subscriber or a tracking client in this JVM reads it: {@code >} and a number, then so many elements, each of
 * which is a string, a number, null, or an array of such.
 */
public final class Push {
    private final byte[] bytes;
    private final List<@Nullable Object> elements = new ArrayList<>();
    private int at;

    private Push(byte[] bytes) {
        this.bytes = bytes;
        at++;
        long count = number();
        for (long i = 0; i < count; i++) {
            elements.add(element());
        }
    }

    /** Reads a message of the engine's. */
    public static Push of(byte[] message) {
        return new Push(message);
    }

    /** What kind of message it is: {@code message}, {@code invalidate} and so on. */
    public String kind() {
        return new String(string(0), StandardCharsets.US_ASCII);
    }

    /** The string at a place; the kind is at 0. */
    public byte[] string(int index) {
        if (elements.get(index) instanceof byte[] string) {
            return string;
        }
        throw new IllegalStateException("not a string");
    }

    /** The strings of the array at a place, or null if there is none. */
    public @Nullable List<byte[]> strings(int index) {
        if (!(elements.get(index) instanceof List<?> array)) {
            return null;
        }
        return array.stream().map(byte[].class::cast).toList();
    }

    private @Nullable Object element() {
        char type = (char) bytes[at++];
        switch (type) {
            case '$' -> {
                int length = (int) number();
                at += length + 2;
                return Arrays.copyOfRange(bytes, at - length - 2, at - 2);
            }
            case '*' -> {
                List<@Nullable Object> array = new ArrayList<>();
                for (long left = number(); left > 0; left--) {
                    array.add(element());
                }
                return array;
            }
            case ':' -> {
                return number();
            }
            case '_' -> {
                at += 2;
                return null;
            }
            default -> throw new IllegalStateException("a push message has no " + type);
        }
    }

    /** Reads digits and the line end after them. */
    private long number() {
        long value = 0;
        while (bytes[at] != '\r') {
            value = value * 10 + bytes[at++] - '0';
        }
        at += 2;
        return value;
    }
}
