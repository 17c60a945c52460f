package dev.holdfast.relay.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Prometheus' text format as its specification has it: reading it fails where it is not kept. */
final class Scrape {
    private static final Pattern SAMPLE =
            Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (-?[0-9.E+-]+|NaN|[+-]Inf)");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\[\\\\\"n])*)\",?");

    /** The type of each metric. */
    final Map<String, String> types = new LinkedHashMap<>();

    /** The names of labels that each metric's samples have. */
    final Map<String, Set<String>> labels = new LinkedHashMap<>();

    /** Each sample's value by its name and labels, as they are written. */
    final Map<String, Double> samples = new LinkedHashMap<>();

    Scrape(String text) {
        assertTrue(text.endsWith("\n"));
        String name = "";
        Set<String> helped = new LinkedHashSet<>();
        for (String line : text.split("\n")) {
            if (line.startsWith("# HELP ")) {
                assertTrue(helped.add(line.split(" ")[2]), line);
            } else if (line.startsWith("# TYPE ")) {
                name = line.split(" ")[2];
                assertEquals(null, types.put(name, line.split(" ")[3]), "twice: " + line);
                assertTrue(helped.contains(name), line);
            } else {
                sample(name, line);
            }
        }
    }

    private void sample(String family, String line) {
        Matcher matcher = SAMPLE.matcher(line);
        assertTrue(matcher.matches(), line);
        String suffix = matcher.group(1)
                .substring(Math.min(family.length(), matcher.group(1).length()));
        String type = types.getOrDefault(family, "");
        assertTrue(
                matcher.group(1).startsWith(family)
                        && (suffix.isEmpty()
                                || Set.of("summary", "histogram").contains(type)
                                        && Set.of("_sum", "_count", "_bucket").contains(suffix)),
                () -> line + " under " + family);
        Set<String> names = new TreeSet<>();
        String text = matcher.group(2);
        if (text != null) {
            Matcher label = LABEL.matcher(text);
            int end = 0;
            while (label.find() && label.start() == end) {
                assertTrue(names.add(label.group(1)), line);
                end = label.end();
            }
            assertEquals(text.length(), end, line);
        }
        names.remove("quantile");
        names.remove("le");
        labels.computeIfAbsent(family, created -> new TreeSet<>()).addAll(names);
        String key = line.substring(0, line.lastIndexOf(' '));
        assertEquals(null, samples.put(key, number(matcher.group(3))), "twice: " + line);
    }

    private static double number(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    /** Whether there is a metric, or a part of one, of this name. */
    boolean has(String name) {
        return types.containsKey(name) || types.containsKey(name.replaceFirst("_(sum|count|bucket)$", ""));
    }

    double value(String sample) {
        Double value = samples.get(sample);
        assertTrue(value != null, () -> "no " + sample + " among " + samples.keySet());
        return value;
    }
}
