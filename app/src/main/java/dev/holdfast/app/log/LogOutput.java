package dev.holdfast.app.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Where log lines go, and which. One line looks as Valkey writes it, so that people and tools that read its logs can read
 * these:
 *
 * <pre>{@code
 * 4711:M 21 Nov 2026 10:15:30.123 * Ready to accept connections tcp
 *  |   |  |                       | message; an exception's trace follows on lines of its own
 *  |   |  |                       '- level: '.' debug, '-' verbose, '*' notice, '#' warning
 *  |   |  '- local time
 *  |   '- role: M for a primary, S for a replica
 *  '- process id
 * }</pre>
 *
 * <p>SLF4J's levels stand for Valkey's: trace is debug, debug is verbose, info is notice, warn and error are warning.
 * Each line is one write, so lines of several threads or processes do not mix. A file is opened anew for each line, as
 * Valkey does, so that it can be rotated by renaming it.
 */
public final class LogOutput {
    private static final String[] MONTHS = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    private static final OutputStream STANDARD = new FileOutputStream(FileDescriptor.out);
    private static final long PROCESS_ID = ProcessHandle.current().pid();

    private static volatile @Nullable Level threshold = Level.INFO;
    private static volatile @Nullable Path file;
    private static volatile char role = 'M';

    private LogOutput() {}

    /**
     * Sets what is logged by the value of the directive {@code loglevel}: debug, verbose, notice, warning or nothing.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    public static void setLevel(String loglevel) {
        threshold = switch (loglevel) {
            case "debug" -> Level.TRACE;
            case "verbose" -> Level.DEBUG;
            case "notice" -> Level.INFO;
            case "warning" -> Level.WARN;
            case "nothing" -> null;
            default -> throw new IllegalArgumentException("Unknown log level: " + loglevel);
        };
    }

    /** Appends to {@code path} from now on; null is the standard output. */
    public static void setFile(@Nullable Path path) {
        file = path;
    }

    /** The letter after the process id: {@code M} for a primary, {@code S} for a replica. */
    public static void setRole(char letter) {
        role = letter;
    }

    static boolean isEnabled(Level level) {
        Level least = threshold;
        return least != null && level.toInt() >= least.toInt();
    }

    static void write(Level level, String message, @Nullable Throwable thrown) {
        StringBuilder line = new StringBuilder(message.length() + 64);
        line.append(PROCESS_ID).append(':').append(role).append(' ');
        appendTime(line, Instant.now().atZone(ZoneId.systemDefault()));
        line.append(' ').append(mark(level)).append(' ').append(message).append('\n');
        if (thrown != null) {
            StringWriter trace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(trace));
            line.append(trace);
        }
        byte[] bytes = line.toString().getBytes(StandardCharsets.UTF_8);
        Path path = file;
        try {
            if (path == null) {
                STANDARD.write(bytes);
            } else {
                Files.write(path, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            }
        } catch (IOException e) {
            // There is nowhere left to say that the log cannot be written, and the store must go on.
        }
    }

    static char mark(Level level) {
        return switch (level) {
            case TRACE -> '.';
            case DEBUG -> '-';
            case INFO -> '*';
            case WARN, ERROR -> '#';
        };
    }

    /** {@code 21 Nov 2026 10:15:30.123}, formatted by hand because a formatter is slow to set up at the start. */
    static void appendTime(StringBuilder to, ZonedDateTime time) {
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
    }

    private static void appendPadded(StringBuilder to, int number, int digits) {
        String text = Integer.toString(number);
        for (int i = text.length(); i < digits; i++) {
            to.append('0');
        }
        to.append(text);
    }
}
