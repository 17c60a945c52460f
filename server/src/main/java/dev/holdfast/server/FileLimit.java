package dev.holdfast.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many clients the system allows the process to serve: each takes a file descriptor. */
final class FileLimit {
    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final String LINE = "Max open files";

    /** Descriptors that are not for clients: files, listening sockets, event loops. */
    private static final int RESERVED = 32;

    private FileLimit() {}

    /** The most clients, or {@link Long#MAX_VALUE} where that is not limited or not known. */
    static long mostClients() {
        try {
            for (String line : Files.readAllLines(LIMITS)) {
                if (line.startsWith(LINE)) {
                    String soft = line.substring(LINE.length()).strip().split("\\s+", -1)[0];
                    return soft.equals("unlimited") ? Long.MAX_VALUE : Math.max(1, Long.parseLong(soft) - RESERVED);
                }
            }
        } catch (IOException | NumberFormatException e) {
            return Long.MAX_VALUE;
        }
        return Long.MAX_VALUE;
    }
}
