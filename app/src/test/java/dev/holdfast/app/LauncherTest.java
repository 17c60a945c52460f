package dev.holdfast.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ./holdfast} starts, by a JVM that only shows how it was started. */
class LauncherTest {
    private static final String SHOW = """
            #!/bin/sh
            for word in "$@"; do printf 'argument %s\\n' "$word"; done
            printf 'hidden %s\\n' "${HOLDFAST_ARGUMENTS:-none}"
            """;

    @TempDir
    private Path root;

    @BeforeEach
    void install() throws IOException {
        copy("holdfast");
        copy(".mvn/find-jdk.sh");
        copy("app/jvm.flags");
        Files.createDirectories(root.resolve("app/target"));
        Files.createFile(root.resolve("app/target/holdfast.jar"));
        executable("jdk/bin/java", SHOW);
        executable("jdk/bin/javac", "");
        Files.writeString(root.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
    }

    private void copy(String name) throws IOException {
        Path to = root.resolve(name);
        Files.createDirectories(to.getParent());
        Files.copy(Path.of("..").resolve(name), to);
    }

    private void executable(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        assertTrue(file.toFile().setExecutable(true));
    }

    private List<String> start(String javaOptions, String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("sh", root.resolve("holdfast").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment()
                .putAll(Map.of("JAVA_HOME", root.resolve("jdk").toString(), "HOLDFAST_JAVA_OPTS", javaOptions));
        Process process = builder.start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertEquals(0, process.waitFor(), lines::toString);
        return lines;
    }

    @Test
    void argumentsArriveAsTheyAre() throws Exception {
        List<String> lines = start("", "a b.conf", "--save", "", "--proc-title-template", "two  spaces");
        int jar = lines.indexOf("argument " + root.resolve("app/target/holdfast.jar"));
        assertEquals(
                List.of(
                        "argument a b.conf",
                        "argument --save",
                        "argument ",
                        "argument --proc-title-template",
                        "argument two  spaces",
                        "hidden none"),
                lines.subList(jar + 1, lines.size()));
    }

    @Test
    void passwordsAreNotShown() throws Exception {
        for (String[] arguments : new String[][] {
            {"--port", "7000", "--requirepass", "my secret"},
            {"--REQUIREPASS", "my secret"},
            {"--requirepass my secret"},
            {"x.conf", "--user", "default", "on", ">my secret"},
            {"--primaryauth", "my secret"},
            {"--tls-key-file-pass", "my secret"}
        }) {
            List<String> lines = start("", arguments);
            assertFalse(
                    lines.stream().anyMatch(line -> line.startsWith("argument") && line.contains("secret")),
                    lines::toString);
            assertTrue(String.join("\n", lines).endsWith("hidden " + String.join("\n", arguments)), lines::toString);
        }
    }

    @Test
    void aCollectorOfTheEnvironmentTakesThePlaceOfTheUsualOne() throws Exception {
        List<String> lines = start("-Xmx1g -XX:+UseSerialGC");
        int none = lines.indexOf("argument -XX:-UseG1GC");
        assertTrue(none >= 0 && none < lines.indexOf("argument -XX:+UseSerialGC"), lines::toString);
        assertFalse(start("-Xmx1g").contains("argument -XX:-UseG1GC"));
    }
}
