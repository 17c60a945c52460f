package dev.holdfast.toolkit.store;

import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command answered. The same command answers the same on every store, whether it speaks RESP2, RESP3 or Java; methods
 * read the answer as the type that the command's manual names, and throw {@link IllegalStateException} where it is another.
 * Field names of maps are text.
 */
public final class Reply {
    private static final Reply NULL = new Reply(null);

    private final @Nullable Object value;

    private Reply(@Nullable Object value) {
        this.value = value;
    }

    static Reply of(@Nullable Object value) {
        return value == null ? NULL : new Reply(value);
    }

    static Reply error(String message) {
        return new Reply(new ReplyError(message));
    }

    /** No value: a key, a member, or an element that is not there, or a wait whose time was over. */
    public boolean isNull() {
        return value == null;
    }

    /** Whether this is an error, as an element of a pipeline's answers may be. */
    public boolean isError() {
        return value instanceof ReplyError;
    }

    boolean isMap() {
        return value instanceof Map;
    }

    boolean isList() {
        return value instanceof List;
    }

    /** The reply itself, or the exception that it stands for. */
    public Reply orThrow() {
        if (value instanceof ReplyError error) {
            throw new CommandFailedException(error.message());
        }
        return this;
    }

    /** An integer, or text that is one. */
    public long number() {
        return switch (value) {
            case Long number -> number;
            case Boolean flag -> flag ? 1 : 0;
            case byte[] digits -> Long.parseLong(new String(digits, StandardCharsets.ISO_8859_1));
            case String digits -> Long.parseLong(digits);
            case null, default -> throw unexpected("a number");
        };
    }

    /** A real number, or text that is one. */
    public double real() {
        return switch (value) {
            case Double number -> number;
            case Long number -> number;
            case byte[] digits -> real(new String(digits, StandardCharsets.ISO_8859_1));
            case String digits -> real(digits);
            case null, default -> throw unexpected("a real number");
        };
    }

    private static double real(String digits) {
        return switch (digits) {
            case "inf", "+inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(digits);
        };
    }

    /** Whether the answer says yes: an integer other than zero, true, or text such as {@code OK}; not null, nor {@code 0}. */
    public boolean flag() {
        return switch (value) {
            case null -> false;
            case Long number -> number != 0;
            case Boolean flag -> flag;
            case String status -> !status.isEmpty();
            case byte[] text -> text.length > 1 || text.length == 1 && text[0] != '0';
            default -> throw unexpected("yes or no");
        };
    }

    public byte[] bytes() {
        byte[] bytes = bytesOrNull();
        if (bytes == null) {
            throw unexpected("bytes");
        }
        return bytes;
    }

    public byte @Nullable [] bytesOrNull() {
        return switch (value) {
            case null -> null;
            case byte[] bytes -> bytes;
            case String text -> text.getBytes(StandardCharsets.UTF_8);
            case Long number -> Words.of(number);
            case Double number -> Words.of(number);
            default -> throw unexpected("bytes");
        };
    }

    public String text() {
        String text = textOrNull();
        if (text == null) {
            throw unexpected("text");
        }
        return text;
    }

    public @Nullable String textOrNull() {
        if (value instanceof String text) {
            return text;
        }
        byte[] bytes = bytesOrNull();
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    /** The elements of an array or a set; none for null. A map gives its fields and values in turn. */
    public List<Reply> list() {
        if (value instanceof Map<?, ?> map) {
            List<Reply> flat = new ArrayList<>(map.size() * 2);
            map.forEach((field, element) -> {
                flat.add(of(field));
                flat.add(of(element));
            });
            return flat;
        }
        if (value instanceof List<?> list) {
            List<Reply> replies = new ArrayList<>(list.size());
            list.forEach(element -> replies.add(of(element)));
            return replies;
        }
        if (value == null) {
            return List.of();
        }
        throw unexpected("a list");
    }

    /** The texts of a list; an element that is null is left out. */
    public List<String> texts() {
        List<String> texts = new ArrayList<>();
        for (Reply element : list()) {
            if (!element.isNull()) {
                texts.add(element.text());
            }
        }
        return texts;
    }

    /** A map in its order, or a flat list of fields and values; empty for null. */
    public Map<String, Reply> map() {
        Map<String, Reply> result = new LinkedHashMap<>();
        List<Reply> flat = list();
        for (int i = 0; i + 1 < flat.size(); i += 2) {
            result.put(flat.get(i).text(), flat.get(i + 1));
        }
        return result;
    }

    /** The value of a field of a map, or the null reply. */
    public Reply field(String name) {
        return map().getOrDefault(name, NULL);
    }

    private IllegalStateException unexpected(String wanted) {
        orThrow();
        return new IllegalStateException("the command did not answer " + wanted + ", but " + this);
    }

    @Override
    public String toString() {
        return switch (value) {
            case null -> "null";
            case byte[] bytes -> new String(bytes, StandardCharsets.UTF_8);
            case List<?> list -> list().toString();
            case Map<?, ?> map -> map().toString();
            default -> value.toString();
        };
    }
}
