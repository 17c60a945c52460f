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
 * Where log lines go, which, and in which layout. One looks as Valkey writes it, so that people and tools that read its logs can
 * read these: see {@link LogLine}.
 *
 * <p>Each line is one write, so lines of several threads or processes do not mix. A file is opened anew for each line, as
 * Valkey does, so that it can be rotated by renaming it.
 */
public final class LogOutput {
    private static final OutputStream STANDARD = new FileOutputStream(FileDescriptor.out);
    private static final long PROCESS_ID = ProcessHandle.current().pid();

    private static volatile @Nullable Level threshold = Level.INFO;
    private static volatile @Nullable Path file;
    private static volatile char role = 'M';
    private static volatile String format = "legacy";
    private static volatile String timestamps = "legacy";

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

    /**
     * Appends to {@code path} from now on; null is the standard output.
     *
     * @throws IOException if that file cannot be written
     */
    public static void setFile(@Nullable Path path) throws IOException {
        if (path != null) {
            append(path, new byte[0]);
        }
        file = path;
    }

    private static void append(Path path, byte[] bytes) throws IOException {
        Files.write(path, bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** The letter after the process id: {@code M} for a primary, {@code S} for a replica. */
    public static void setRole(char letter) {
        role = letter;
    }

    /** Sets the layout of lines and of their times by the values of {@code log-format} and {@code log-timestamp-format}. */
    public static void setFormat(String logFormat, String timestampFormat) {
        format = logFormat;
        timestamps = timestampFormat;
    }

    static boolean isEnabled(Level level) {
        Level least = threshold;
        return least != null && level.toInt() >= least.toInt();
    }

    static void write(Level level, String message, @Nullable Throwable thrown) {
        String text = message;
        if (thrown != null) {
            StringWriter trace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(trace));
            text += "\n" + trace.toString().stripTrailing();
        }
        ZonedDateTime now = Instant.now().atZone(ZoneId.systemDefault());
        String line = new LogLine(PROCESS_ID, role, now, level, text).text(format, timestamps) + "\n";
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        Path path = file;
        try {
            if (path == null) {
                STANDARD.write(bytes);
            } else {
                append(path, bytes);
            }
        } catch (IOException e) {
            // There is nowhere left to say that the log cannot be written, and the store must go on.
        }
    }
}
