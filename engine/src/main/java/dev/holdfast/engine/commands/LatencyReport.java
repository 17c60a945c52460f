package dev.holdfast.engine.commands;

import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.metrics.Latency;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The texts of LATENCY GRAPH and LATENCY DOCTOR. */
final class LatencyReport {
    private static final int COLUMNS = 80;
    private static final int ROWS = 4;
    private static final String LEVELS = "_o#";

    private LatencyReport() {}

    // ---- GRAPH ----

    /**
     * A picture of the samples, one column each: the higher, the longer it took, between the shortest and the longest; beneath,
     * read downwards, how long ago it was.
     */
    static String graph(String event, Latency.Series series, long nowSecond) {
        List<Latency.Sample> samples = series.samples();
        long high = samples.stream().mapToLong(Latency.Sample::millis).max().orElse(0);
        long low = samples.stream().mapToLong(Latency.Sample::millis).min().orElse(0);
        StringBuilder text = new StringBuilder(event + " - high " + high + " ms, low " + low + " ms (all time high "
                + series.worst() + " ms)\n" + "-".repeat(COLUMNS) + "\n");
        for (int from = 0; from < samples.size(); from += COLUMNS) {
            text.append(from == 0 ? "" : "\n");
            draw(text, samples.subList(from, Math.min(samples.size(), from + COLUMNS)), low, high, nowSecond);
        }
        return text.toString();
    }

    private static void draw(StringBuilder text, List<Latency.Sample> samples, long low, long high, long nowSecond) {
        int steps = ROWS * LEVELS.length();
        long range = Math.max(1, high - low);
        for (int row = 0; row < ROWS; row++) {
            for (Latency.Sample sample : samples) {
                int step = (int) Math.min(steps - 1, (sample.millis() - low) * steps / range);
                int level = step - (ROWS - row - 1) * LEVELS.length();
                text.append(level < 0 ? ' ' : level < LEVELS.length() ? LEVELS.charAt(level) : '|');
            }
            text.append('\n');
        }
        text.append(" ".repeat(samples.size())).append('\n');
        List<String> ages =
                samples.stream().map(sample -> age(nowSecond - sample.second())).toList();
        int longest = ages.stream().mapToInt(String::length).max().orElse(0);
        for (int row = 0; row < longest; row++) {
            for (String age : ages) {
                text.append(row < age.length() ? age.charAt(row) : ' ');
            }
            text.append('\n');
        }
    }

    private static String age(long seconds) {
        return seconds < 60
                ? seconds + "s"
                : seconds < 3600 ? seconds / 60 + "m" : seconds < 86400 ? seconds / 3600 + "h" : seconds / 86400 + "d";
    }

    // ---- DOCTOR ----

    static String doctor(Engine engine, long nowSecond) {
        Map<String, Latency.Series> events = engine.latency().events();
        if (events.isEmpty()) {
            return engine.latency().isOn()
                    ? "Nothing took longer than latency-monitor-threshold since the store was opened.\n"
                    : "Latency is not being monitored. CONFIG SET latency-monitor-threshold <milliseconds> switches that"
                            + " on.\n";
        }
        StringBuilder text = new StringBuilder("Some things took long:\n\n");
        Set<String> advice = new LinkedHashSet<>();
        int number = 0;
        for (Map.Entry<String, Latency.Series> event : events.entrySet()) {
            text.append(++number).append(". ").append(describe(event.getKey(), event.getValue(), nowSecond));
            advice.addAll(advice(event.getKey(), engine));
        }
        if (!advice.isEmpty()) {
            text.append("\nWhat might help:\n\n");
            advice.forEach(each -> text.append("- ").append(each).append('\n'));
        }
        return text.toString();
    }

    private static String describe(String event, Latency.Series series, long nowSecond) {
        List<Latency.Sample> samples = series.samples();
        long average = samples.stream().mapToLong(Latency.Sample::millis).sum() / samples.size();
        long deviation = samples.stream()
                        .mapToLong(sample -> Math.abs(sample.millis() - average))
                        .sum()
                / samples.size();
        long period = Math.max(1, nowSecond - samples.getFirst().second());
        return String.format(
                Locale.ROOT,
                "%s: %d latency spikes (average %dms, mean deviation %dms, period %.2f sec). Worst all time event %dms.%n",
                event,
                samples.size(),
                average,
                deviation,
                (double) period / samples.size(),
                series.worst());
    }

    private static List<String> advice(String event, Engine engine) {
        List<String> advice = new ArrayList<>();
        switch (event) {
            case "command" -> {
                long micros = engine.config()
                        .monitoring
                        .commandlogExecutionSlowerThanMicros
                        .get();
                long threshold =
                        engine.config().monitoring.latencyMonitorThresholdMillis.get();
                advice.add(
                        micros < 0 || micros / 1000 > threshold
                                ? "Let the log of slow commands show which: CONFIG SET commandlog-execution-slower-than "
                                        + Math.max(threshold, 1) * 1000
                                : "COMMANDLOG GET 10 slow shows which commands it was.");
                advice.add("Commands that go over many elements take long. Keep collections small, or go over them in"
                        + " steps with SCAN, HSCAN, SSCAN and ZSCAN.");
            }
            case "fast-command" ->
                advice.add("Commands that cannot take long were held up: by other processes (lower the load of the"
                        + " machine), by the collector of garbage (a larger heap with -Xmx; for short pauses"
                        + " -XX:+UseShenandoahGC), or by a long command that held a lock.");
            case "expire-cycle" -> advice.add("Expire in smaller steps: CONFIG SET hz 100.");
            case "eviction-cycle" ->
                advice.add(
                        "Much had to be evicted at once: lower maxmemory in steps, and avoid commands that make large"
                                + " values in one go.");
            default -> {
                if (event.startsWith("aof") || event.startsWith("rdb")) {
                    advice.add("The disk was slow: use a local one, keep other work away from it, or use appendfsync"
                            + " everysec and no-appendfsync-on-rewrite yes.");
                }
            }
        }
        return advice;
    }
}
