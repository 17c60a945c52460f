package dev.holdfast.relay.metrics;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Metrics in Prometheus' text format 0.0.4. Samples of one metric stand together, in whatever order they are added; names are
 * written as they are given.
 */
public final class Exposition {
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final Map<String, StringBuilder> families = new LinkedHashMap<>();

    /** Begins a metric, or goes on with it if it has been begun. */
    public Family family(String name, String type, String help) {
        StringBuilder text = families.computeIfAbsent(
                name,
                begun -> new StringBuilder(128)
                        .append("# HELP ")
                        .append(name)
                        .append(' ')
                        .append(help.replace("\\", "\\\\").replace("\n", "\\n"))
                        .append("\n# TYPE ")
                        .append(name)
                        .append(' ')
                        .append(type)
                        .append('\n'));
        return new Family(name, text);
    }

    /** A metric of one sample without labels. */
    public void single(String name, String type, String help, Number value) {
        family(name, type, help).sample(value);
    }

    @Override
    public String toString() {
        StringBuilder all = new StringBuilder(64 * 1024);
        families.values().forEach(all::append);
        return all.toString();
    }

    /** One metric, to which samples are added. */
    public static final class Family {
        private final String name;
        private final StringBuilder text;

        private Family(String name, StringBuilder text) {
            this.name = name;
            this.text = text;
        }

        /**
         * Adds a sample.
         *
         * @param labels names and values in turn
         */
        public Family sample(Number value, String... labels) {
            return suffixed("", value, labels);
        }

        /** As {@link #sample}, of a part such as {@code _count}. */
        public Family suffixed(String suffix, Number value, String... labels) {
            text.append(name).append(suffix);
            for (int i = 0; i < labels.length; i += 2) {
                text.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
                escape(labels[i + 1]);
                text.append('"');
            }
            text.append(labels.length == 0 ? " " : "} ").append(number(value)).append('\n');
            return this;
        }

        private void escape(String value) {
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                switch (c) {
                    case '\\' -> text.append("\\\\");
                    case '"' -> text.append("\\\"");
                    case '\n' -> text.append("\\n");
                    default -> text.append(c);
                }
            }
        }
    }

    static String number(Number number) {
        double value = number.doubleValue();
        if (number instanceof Long
                || number instanceof Integer
                || value == Math.rint(value) && Math.abs(value) < 1e15) {
            return Long.toString(number.longValue());
        }
        return Double.isNaN(value)
                ? "NaN"
                : Double.isInfinite(value) ? value > 0 ? "+Inf" : "-Inf" : Double.toString(value);
    }
}
