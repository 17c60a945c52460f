package dev.holdfast.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeapTrimTest {
    private static final Pattern TRIMMED = Pattern.compile("trimmed at rest from (\\d+) MB to (\\d+) MB");

    @TempDir
    private Path directory;

    @Test
    void whatABurstTookIsGivenBackAtRest() throws IOException, InterruptedException {
        int port = ProgramProcess.freePort();
        try (ProgramProcess program = ProgramProcess.start(
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
                "yes")) {
            program.await("Ready to accept connections");
            assertEquals("+OK", ProgramProcess.ask(port, "DEBUG POPULATE 100000 key 2000"));
            assertEquals("+OK", ProgramProcess.ask(port, "FLUSHALL"));
            Matcher sizes = TRIMMED.matcher(program.await("trimmed at rest from"));
            assertTrue(sizes.find());
            assertTrue(Long.parseLong(sizes.group(2)) < Long.parseLong(sizes.group(1)), sizes.group());
            assertEquals(":0", ProgramProcess.ask(port, "DBSIZE"));
        }
    }
}
