package dev.holdfast.relay.console;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One look at a server: what INFO said, and when. Two of them give rates.
 *
 * @param info as {@link InfoText#parse} has it
 * @param nanos of {@link System#nanoTime}
 */
public record ServerLook(Map<String, Map<String, Object>> info, long nanos) {
    /** What a command did between two looks. */
    public record Use(String command, long calls, long micros) {}

    public long whole(String section, String field) {
        return info.getOrDefault(section, Map.of()).get(field) instanceof Long number ? number : 0;
    }

    public String text(String section, String field) {
        return String.valueOf(info.getOrDefault(section, Map.of()).getOrDefault(field, "?"));
    }

    /** By how much a field of the section {@code stats} has grown in a second since another look. */
    public double rate(ServerLook before, String field) {
        return (whole("stats", field) - before.whole("stats", field)) / seconds(before);
    }

    /** How long ago another look was. */
    public double seconds(ServerLook before) {
        return (nanos - before.nanos) / 1e9;
    }

    /** The share of lookups since another look that have found a key, from 0 to 1; NaN if there were none. */
    public double hitRate(ServerLook before) {
        double hits = rate(before, "keyspace_hits");
        double lookups = hits + rate(before, "keyspace_misses");
        return lookups <= 0 ? Double.NaN : hits / lookups;
    }

    /** The commands since another look, those first that took the most time. */
    public List<Use> uses(ServerLook before) {
        Map<String, Object> earlier = before.info.getOrDefault("commandstats", Map.of());
        List<Use> uses = new ArrayList<>();
        info.getOrDefault("commandstats", Map.of()).forEach((name, figures) -> {
            long calls = figure(figures, "calls") - figure(earlier.get(name), "calls");
            long micros = figure(figures, "usec") - figure(earlier.get(name), "usec");
            if (calls > 0) {
                uses.add(new Use(name.replaceFirst("cmdstat_", ""), calls, micros));
            }
        });
        uses.sort(Comparator.comparingLong((Use use) -> use.micros).reversed());
        return uses;
    }

    private static long figure(@Nullable Object figures, String field) {
        return figures instanceof Map<?, ?> map && map.get(field) instanceof Long number ? number : 0;
    }
}
