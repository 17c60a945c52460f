package dev.holdfast.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.examples.lines.TenLines;
import dev.holdfast.examples.lines.TenLines.Mail;
import dev.holdfast.toolkit.Toolkit;
import dev.holdfast.toolkit.ranking.Ranking.Scored;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Each pattern works as the page shows it, and the page shows what works. */
class TenLinesTest {
    private static final Path SOURCE = Path.of("src/main/java/dev/holdfast/examples/lines/TenLines.java");
    private static final Path PAGE = Path.of("../docs/toolkit/ten-lines.md");
    private static final Pattern METHOD = Pattern.compile(
            "^    public [^\\n(]* \\w+\\(\\)[^{\\n]*\\{\\n(.*?)\\n    \\}\\n", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern SAMPLE = Pattern.compile("```java\\n(.*?)\\n```", Pattern.DOTALL);

    @Test
    void allPatternsWork() throws Exception {
        try (Toolkit toolkit = Toolkit.open("embedded:")) {
            TenLines lines = new TenLines(toolkit);
            assertEquals("de", lines.cache());
            assertEquals(Map.of("colour", "dark"), lines.mapCache());
            assertEquals(Optional.of(List.of(1L, 2L)), lines.sessions());
            assertTrue(lines.limits());
            assertTrue(lines.locks() > 0);
            assertEquals(List.of(new Scored("grace", 12), new Scored("ada", 10)), lines.ranking());
            Mail mail = new Mail("ada", "hello");
            assertEquals(mail, lines.jobs());
            assertEquals(List.of(1L, 2L), lines.queue());
            assertEquals(mail, lines.stream());
            assertEquals(new Mail("all", "hello"), lines.topic());
            assertEquals(new Mail("all", "hello"), lines.durableTopic());
        }
    }

    @Test
    void thePageShowsTheProgram() throws IOException {
        List<String> methods = all(METHOD, SOURCE);
        assertEquals(11, methods.size());
        assertEquals(methods, all(SAMPLE, PAGE));
    }

    /** What is found, without the white space, which a formatter may set otherwise. */
    private static List<String> all(Pattern pattern, Path file) throws IOException {
        List<String> found = new ArrayList<>();
        Matcher matcher = pattern.matcher(Files.readString(file));
        while (matcher.find()) {
            found.add(matcher.group(1).replaceAll("\\s+", ""));
        }
        return found;
    }
}
