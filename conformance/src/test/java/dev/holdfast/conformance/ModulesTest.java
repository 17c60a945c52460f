package dev.holdfast.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application that is a module itself uses the libraries as modules: what they export is there, and the rest is not. */
class ModulesTest {
    /** Jobs need Jackson, which the toolkit leaves to the application. */
    private static final String MODULE = "module app { requires dev.holdfast.toolkit; requires dev.holdfast.server;"
            + " requires tools.jackson.databind; }";

    @TempDir
    private Path directory;

    @Test
    void anApplicationOnTheModulePathRuns() throws IOException, InterruptedException {
        String program = """
                package app;
                import dev.holdfast.engine.Holdfast;
                import dev.holdfast.server.Server;
                import dev.holdfast.toolkit.Toolkit;
                import dev.holdfast.toolkit.job.NewJob;
                import java.time.Duration;
                public class Main {
                    public static void main(String[] words) throws Exception {
                        try (Holdfast store = Holdfast.open(); Toolkit toolkit = Toolkit.over(store)) {
                            Server.serve(store, 0);
                            var cache = toolkit.cache("texts", String.class).ttl(Duration.ofMinutes(1)).build();
                            String text = cache.get("a", key -> "loaded");
                            try (var lease = toolkit.locks().mutex("l").acquire()) {
                                toolkit.jobs("mail").build().add(NewJob.of("send", text));
                            }
                            System.out.println(text + " " + store.call("LLEN", "no-such-key"));
                        }
                    }
                }
                """;
        assertEquals("", compile(program));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--module-path",
                        directory.resolve("classes") + System.getProperty("path.separator") + modulePath(),
                        "--module",
                        "app/app.Main")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.contains("loaded 0"), output);
    }

    @Test
    void theEngineIsClosed() throws IOException {
        String program = "package app; class Main { dev.holdfast.engine.core.Engine engine; }";
        assertTrue(compile(program).contains("dev.holdfast.engine.core"));
    }

    private static String modulePath() {
        return System.getProperty("java.class.path");
    }

    /** Compiles the application; gives the errors. */
    private String compile(String program) throws IOException {
        Path sources = Files.createDirectories(directory.resolve("sources"));
        Path module = Files.writeString(sources.resolve("module-info.java"), MODULE);
        Path main = Files.writeString(sources.resolve("Main.java"), program);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter errors = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
            List<String> options = List.of(
                    "-proc:none",
                    "--module-path",
                    modulePath(),
                    "-d",
                    directory.resolve("classes").toString());
            boolean done = compiler.getTask(errors, files, null, options, null, files.getJavaFileObjects(module, main))
                    .call();
            return done ? "" : errors.toString();
        }
    }
}
