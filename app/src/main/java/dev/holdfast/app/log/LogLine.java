package dev.holdfast.app.log;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.slf4j.event.Level;

/**
 * One line of the log, in each of the layouts of Valkey's {@code log-format}. SLF4J's levels stand for Valkey's: trace is debug,
 * debug is verbose, info is notice, warn and error are warning.
 *
 * <pre>{@code
 * legacy  4711:M 21 Nov 2026 10:15:30.123 * Ready to accept connections tcp
 *          |   |  |                       | message; an exception's trace follows on lines of its own
 *          |   |  |                       '- level: '.' debug, '-' verbose, '*' notice, '#' warning
 *          |   |  '- local time, as log-timestamp-format says
 *          |   '- role: M for a primary, S for a replica
 *          '- process id
 * logfmt  pid=4711 role=primary timestamp="21 Nov 2026 10:15:30.123" level=notice message="Ready to accept connections tcp"
 * json    {"pid":4711,"role":"primary","timestamp":"21 Nov 2026 10:15:30.123","level":"notice","message":"Ready ..."}
 * }</pre>
 */
record LogLine(long processId, char role, ZonedDateTime time, Level level, String message) {
    private static final String[] MONTHS = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };

    String text(String format, String timestamps) {
        String roleName = role == 'S' ? "replica" : "primary";
        return switch (format) {
            case "logfmt" ->
                "pid=" + processId + " role=" + roleName + " timestamp=\"" + timestamp(timestamps) + "\" level="
                        + levelName() + " message=\""
                        + message.replace('"', '\'').replace('\n', ' ').replace('\r', ' ') + '"';
            case "json" ->
                "{\"pid\":" + processId + ",\"role\":\"" + roleName + "\",\"timestamp\":\"" + timestamp(timestamps)
                        + "\",\"level\":\"" + levelName() + "\",\"message\":\"" + escaped() + "\"}";
            default -> processId + ":" + role + " " + timestamp(timestamps) + " " + mark() + " " + message;
        };
    }

    private char mark() {
        return switch (level) {
            case TRACE -> '.';
            case DEBUG -> '-';
            case INFO -> '*';
            case WARN, ERROR -> '#';
        };
    }

    /** The level's name in the layouts for machines, which is not that of {@code loglevel}. */
    private String levelName() {
        return switch (level) {
            case TRACE -> "debug";
            case DEBUG -> "info";
            case INFO -> "notice";
            case WARN, ERROR -> "warning";
        };
    }

    private String timestamp(String format) {
        return switch (format) {
            case "iso8601" ->
                DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSxxx", Locale.ROOT)
                        .format(time);
            case "milliseconds" -> Long.toString(time.toInstant().toEpochMilli());
            default -> legacyTimestamp();
        };
    }

    /** {@code 21 Nov 2026 10:15:30.123}, put together by hand because a formatter is slow to set up at the start. */
    private String legacyTimestamp() {
        StringBuilder to = new StringBuilder(24);
        appendPadded(to, time.getDayOfMonth(), 2);
        to.append(' ').append(MONTHS[time.getMonthValue() - 1]).append(' ').append(time.getYear());
        to.append(' ');
        appendPadded(to, time.getHour(), 2);
        to.append(':');
        appendPadded(to, time.getMinute(), 2);
        to.append(':');
        appendPadded(to, time.getSecond(), 2);
        to.append('.');
        appendPadded(to, time.getNano() / 1_000_000, 3);
        return to.toString();
    }

    private static void appendPadded(StringBuilder to, int number, int digits) {
        String text = Integer.toString(number);
        for (int i = text.length(); i < digits; i++) {
            to.append('0');
        }
        to.append(text);
    }

    private String escaped() {
        StringBuilder to = new StringBuilder(message.length() + 8);
        for (int i = 0; i < message.length(); i++) {
            char c = message.charAt(i);
            switch (c) {
                case '\\', '"' -> to.append('\\').append(c);
                case '\n' -> to.append("\\n");
                case '\f' -> to.append("\\f");
                case '\r' -> to.append("\\r");
                case '\t' -> to.append("\\t");
                case '\b' -> to.append("\\b");
                default -> {
                    if (c < ' ') {
                        to.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        to.append(c);
                    }
                }
            }
        }
        return to.toString();
    }
}
