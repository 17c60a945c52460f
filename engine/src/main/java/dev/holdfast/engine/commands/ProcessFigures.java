package dev.holdfast.engine.commands;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the operating system says of this process. Zeros where it does not say it in the manner of Linux. */
record ProcessFigures(long residentBytes, long userMicros, long systemMicros, String executable) {
    private static final String EXECUTABLE =
            ProcessHandle.current().info().command().orElse("");

    /** The length of the ticks in which Linux reports times to programs. */
    private static final long TICK_MICROS = 10_000;

    private static final int USER_FIELD = 11;
    private static final int SYSTEM_FIELD = 12;
    private static final int RESIDENT_FIELD = 21;
    private static final int PAGE_BYTES = 4096;

    /** Reads {@code /proc/self/stat}; its fields are counted from the one after the name, which stands in brackets. */
    static ProcessFigures read() {
        try {
            String stat = Files.readString(Path.of("/proc/self/stat"));
            List<String> fields =
                    List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
            return new ProcessFigures(
                    Long.parseLong(fields.get(RESIDENT_FIELD)) * PAGE_BYTES,
                    Long.parseLong(fields.get(USER_FIELD)) * TICK_MICROS,
                    Long.parseLong(fields.get(SYSTEM_FIELD)) * TICK_MICROS,
                    EXECUTABLE);
        } catch (IOException e) {
            return new ProcessFigures(0, 0, 0, EXECUTABLE);
        }
    }
}
