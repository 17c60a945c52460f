package dev.holdfast.relay.metrics;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The text of INFO, or of CLUSTER INFO, as fields. */
public final class InfoFields {
    private final Map<String, String> fields = new LinkedHashMap<>();

    public InfoFields(String text) {
        text.lines().forEach(line -> {
            int colon = line.indexOf(':');
            if (colon > 0 && line.charAt(0) != '#') {
                fields.put(line.substring(0, colon), line.substring(colon + 1));
            }
        });
    }

    public @Nullable String get(String field) {
        return fields.get(field);
    }

    public String get(String field, String otherwise) {
        return fields.getOrDefault(field, otherwise);
    }

    /** A field as a number: 1 for {@code ok}, 0 for what is no number; NaN if there is no such field. */
    public double number(String field) {
        String text = fields.get(field);
        return text == null ? Double.NaN : number(field, text);
    }

    static double number(String field, String text) {
        if (text.equals("ok")) {
            return 1;
        }
        try {
            return Double.parseDouble(text.endsWith("%") ? text.substring(0, text.length() - 1) : text);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Visits the fields that begin with a prefix: the rest of the name, and the value's own fields, as {@code a=1,b=2}. */
    public void each(String prefix, BiConsumer<String, Map<String, String>> visitor) {
        fields.forEach((field, value) -> {
            if (field.startsWith(prefix)) {
                visitor.accept(field.substring(prefix.length()), parts(value));
            }
        });
    }

    static Map<String, String> parts(String value) {
        Map<String, String> parts = new LinkedHashMap<>();
        for (String part : value.split(",")) {
            int equals = part.indexOf('=');
            if (equals > 0) {
                parts.put(part.substring(0, equals), part.substring(equals + 1));
            }
        }
        return parts;
    }
}
