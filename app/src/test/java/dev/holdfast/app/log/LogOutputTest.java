package dev.holdfast.app.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class LogOutputTest {
    private static final Logger LOG = LoggerFactory.getLogger(LogOutputTest.class);
    private static final Logger LIBRARY = LoggerFactory.getLogger("org.example.Library");

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void toFile() throws IOException {
        file = directory.resolve("holdfast.log");
        LogOutput.setFile(file);
    }

    @AfterEach
    void restore() throws IOException {
        LogOutput.setFile(null);
        LogOutput.setLevel("notice");
        LogOutput.setRole('M');
        LogOutput.setFormat("legacy", "legacy");
    }

    @Test
    void aLineLooksAsValkeyWritesIt() throws IOException {
        LOG.info("Ready to accept connections {}", "tcp");
        LogOutput.setRole('S');
        LOG.warn("lost");

        List<String> lines = Files.readAllLines(file);
        String head = ProcessHandle.current().pid() + ":%s \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d{3} ";
        assertTrue(lines.get(0).matches(head.formatted("M") + "\\* Ready to accept connections tcp"), lines.toString());
        assertTrue(lines.get(1).matches(head.formatted("S") + "# lost"), lines.toString());
        assertEquals(2, lines.size());
    }

    private static String line(String format, String timestamps) {
        ZonedDateTime time = ZonedDateTime.of(2026, 2, 3, 4, 5, 6, 7_000_000, ZoneOffset.ofHours(2));
        String message = "said \"a\\b\"\n\tand left\u0001";
        return new LogLine(42, 'M', time, Level.DEBUG, message).text(format, timestamps);
    }

    @Test
    void layoutsAndTimestampsAreThoseOfTheDirectives() {
        assertEquals("42:M 03 Feb 2026 04:05:06.007 - said \"a\\b\"\n\tand left\u0001", line("legacy", "legacy"));
        assertEquals(
                "pid=42 role=primary timestamp=\"2026-02-03T04:05:06.007+02:00\" level=info"
                        + " message=\"said 'a\\b' \tand left\u0001\"",
                line("logfmt", "iso8601"));
        assertEquals(
                "{\"pid\":42,\"role\":\"primary\",\"timestamp\":\"1770084306007\",\"level\":\"info\","
                        + "\"message\":\"said \\\"a\\\\b\\\"\\n\\tand left\\u0001\"}",
                line("json", "milliseconds"));
    }

    @Test
    void theLayoutMayChange() throws IOException {
        LogOutput.setFormat("json", "milliseconds");
        LOG.info("hello");
        String line = Files.readAllLines(file).getFirst();
        assertTrue(line.matches("\\{\"pid\":\\d+,.*\"level\":\"notice\",\"message\":\"hello\"}"), line);
    }

    @Test
    void levelsAreThoseOfTheDirective() throws IOException {
        LogOutput.setLevel("debug");
        sayAll();
        LogOutput.setLevel("verbose");
        sayAll();
        LogOutput.setLevel("warning");
        sayAll();
        LogOutput.setLevel("nothing");
        sayAll();
        StringBuilder marks = new StringBuilder();
        for (String line : Files.readAllLines(file)) {
            marks.append(line.split(" ")[5]);
        }
        assertEquals(".-*##" + "-*##" + "##", marks.toString());
        assertThrows(IllegalArgumentException.class, () -> LogOutput.setLevel("loud"));
    }

    private static void sayAll() {
        LOG.trace("a");
        LOG.debug("a");
        LOG.info("a");
        LOG.warn("a");
        LOG.error("a");
    }

    @Test
    void librariesSpeakOnlyFromWarningUp() throws IOException {
        LogOutput.setLevel("debug");
        LIBRARY.info("quiet");
        LIBRARY.warn("heard");
        assertEquals(1, Files.readAllLines(file).size());
    }

    @Test
    void anExceptionBringsItsTrace() throws IOException {
        LOG.error("failed", new IllegalStateException("broken"));
        List<String> lines = Files.readAllLines(file);
        assertTrue(lines.get(1).startsWith("java.lang.IllegalStateException: broken"), lines.toString());
        assertTrue(lines.get(2).startsWith("\tat dev.holdfast.app.log.LogOutputTest."), lines.toString());
    }
}
