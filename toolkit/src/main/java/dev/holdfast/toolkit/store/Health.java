package dev.holdfast.toolkit.store;

import java.util.LinkedHashMap;
import java.util.Map;

/** Whether something works, and what there is to know about it. The details are for people and for a health page. */
public record Health(boolean up, Map<String, Object> details) {
    public static Health up(Map<String, Object> details) {
        return new Health(true, details);
    }

    public static Health down(String reason) {
        return new Health(false, Map.of("reason", reason));
    }

    /** The same with one more detail. */
    public Health with(String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(details);
        more.put(name, value);
        return new Health(up, more);
    }
}
