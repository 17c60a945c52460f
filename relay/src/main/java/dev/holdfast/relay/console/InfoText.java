package dev.holdfast.relay.console;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The text of INFO as a map. */
public final class InfoText {
    private InfoText() {}

    /** Sections by their names in small letters, fields by theirs; a value of the form {@code a=1,b=2} is a map again. */
    public static Map<String, Map<String, Object>> parse(String info) {
        Map<String, Map<String, Object>> parsed = new LinkedHashMap<>();
        Map<String, Object> section = new LinkedHashMap<>();
        for (String line : info.lines().toList()) {
            int colon = line.indexOf(':');
            if (line.startsWith("# ")) {
                section = parsed.computeIfAbsent(
                        line.substring(2).toLowerCase(Locale.ROOT), name -> new LinkedHashMap<>());
            } else if (colon > 0) {
                section.put(line.substring(0, colon), value(line.substring(colon + 1)));
            }
        }
        return parsed;
    }

    private static Object value(String text) {
        if (!text.matches("[\\w.-]+=[^=,]*(,[\\w.-]+=[^=,]*)*")) {
            return scalar(text);
        }
        Map<String, Object> parts = new LinkedHashMap<>();
        for (String part : text.split(",")) {
            int equals = part.indexOf('=');
            parts.put(part.substring(0, equals), scalar(part.substring(equals + 1)));
        }
        return parts;
    }

    private static Object scalar(String text) {
        if (text.matches("-?(0|[1-9]\\d{0,17})")) {
            return Long.parseLong(text);
        }
        return text.matches("-?\\d+\\.\\d+") ? Double.parseDouble(text) : text;
    }
}
