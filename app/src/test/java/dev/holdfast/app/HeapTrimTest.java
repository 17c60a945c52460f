package dev.holdfast.app;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeapTrimTest {
    private static final Pattern TRIMMED = Pattern.compile("trimmed .* from (\\d+) MB to (\\d+) MB");

    @TempDir
    private Path directory;

    @Test
    void whatABurstTookIsGivenBackAtRest() throws IOException, InterruptedException {
        int port = ProgramProcess.freePort();
        try (ProgramProcess program = start(port)) {
            program.await("Ready to accept connections");
            // Too little for the store to count as emptied.
            assertEquals("+OK", ProgramProcess.ask(port, "DEBUG POPULATE 30000 key 2000"));
            assertEquals("+OK", ProgramProcess.ask(port, "FLUSHALL"));
            assertTrimmed(program.await("trimmed at rest from"));
            assertEquals(":0", ProgramProcess.ask(port, "DBSIZE"));
        }
    }

    @Test
    void whatAnEmptiedStoreTookIsGivenBackAmongCommands() throws IOException, InterruptedException {
        int port = ProgramProcess.freePort();
        AtomicBoolean over = new AtomicBoolean();
        try (ProgramProcess program = start(port)) {
            program.await("Ready to accept connections");
            Thread client = Thread.startVirtualThread(() -> assertDoesNotThrow(() -> {
                while (!over.get()) {
                    assertEquals("+OK", ProgramProcess.ask(port, "DEBUG POPULATE 100000 key 2000"));
                    for (int i = 0; i < 1000; i++) {
                        assertEquals(":100000", ProgramProcess.ask(port, "DBSIZE"));
                    }
                    assertEquals("+OK", ProgramProcess.ask(port, "FLUSHALL"));
                    for (int i = 0; i < 1000; i++) {
                        assertEquals(":0", ProgramProcess.ask(port, "DBSIZE"));
                    }
                }
            }));
            assertTrimmed(program.await("trimmed when the store was emptied from"));
            over.set(true);
            client.join();
        }
    }

    private ProgramProcess start(int port) throws IOException {
        return ProgramProcess.start(
                List.of("-Xms32m", "-Xmx600m"),
                Map.of(),
                "--port",
                port,
                "--dir",
                directory,
                "--http-port",
                0,
                "--loglevel",
                "debug",
                "--enable-debug-command",
                "yes");
    }

    private static void assertTrimmed(String line) {
        Matcher sizes = TRIMMED.matcher(line);
        assertTrue(sizes.find(), line);
        assertTrue(Long.parseLong(sizes.group(2)) < Long.parseLong(sizes.group(1)), sizes.group());
    }
}
