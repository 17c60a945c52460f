package dev.holdfast.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExtensionsTest {
    @TempDir
    private Path directory;

    private Path jars;
    private int port;

    @BeforeEach
    void prepare() throws IOException {
        jars = Files.createDirectory(directory.resolve("jars"));
        port = ProgramProcess.freePort();
    }

    private ProgramProcess serve() throws IOException {
        return ProgramProcess.start(
                "--port", port, "--bind", "127.0.0.1", "--dir", directory, "--http-port", 0, "--extension-dir", jars);
    }

    /** Compiles an extension whose {@code start} has this body, and packs it. */
    private void pack(String name, String body) throws IOException {
        Path classes = Files.createDirectories(directory.resolve(name));
        Path source = Files.writeString(directory.resolve(name + ".java"), """
                import dev.holdfast.engine.*;
                import dev.holdfast.toolkit.*;
                public class %s implements Extension {
                    public AutoCloseable start(Holdfast store) throws Exception {
                        %s
                    }
                }
                """.formatted(name, body));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
            List<String> options = List.of("-proc:none", "-d", classes.toString());
            assertTrue(compiler.getTask(null, files, null, options, null, files.getJavaFileObjects(source))
                    .call());
        }
        try (OutputStream file = Files.newOutputStream(jars.resolve(name + ".jar"));
                JarOutputStream jar = new JarOutputStream(file);
                DirectoryStream<Path> compiled = Files.newDirectoryStream(classes)) {
            for (Path each : compiled) {
                jar.putNextEntry(new ZipEntry(each.getFileName().toString()));
                Files.copy(each, jar);
            }
            jar.putNextEntry(new ZipEntry("META-INF/services/dev.holdfast.engine.Extension"));
            jar.write(name.getBytes(UTF_8));
        }
    }

    @Test
    void anExtensionRunsOnTheStoreOfTheServer() throws Exception {
        pack("Greeter", """
                Toolkit toolkit = Toolkit.over(store);
                toolkit.jobs("app").build().add(dev.holdfast.toolkit.job.NewJob.of("greet", "world"));
                store.set("started", "yes");
                return () -> {
                    store.set("ended", "yes");
                    toolkit.close();
                };
                """);
        try (ProgramProcess program = serve()) {
            program.await("Ready to accept connections");
            assertEquals("$3", ProgramProcess.ask(port, "GET started"));
            assertEquals(":1", ProgramProcess.ask(port, "EXISTS jobs:{app}:pending:default"));
            program.signal("TERM");
            assertEquals(0, program.status(), () -> String.join("\n", program.output()));
        }
        try (ProgramProcess program = serve()) {
            program.await("Ready to accept connections");
            assertEquals("$3", ProgramProcess.ask(port, "GET ended"));
            assertEquals(":1", ProgramProcess.ask(port, "DEL ended"));
            assertEquals("", ProgramProcess.ask(port, "SHUTDOWN"));
            assertEquals(0, program.status(), () -> String.join("\n", program.output()));
        }
        try (ProgramProcess program = serve()) {
            program.await("Ready to accept connections");
            assertEquals("$3", ProgramProcess.ask(port, "GET ended"));
        }
    }

    /** Clients are served as soon as the data is loaded, so from then on a signal has to save. */
    @Test
    void aSignalWhileExtensionsStartLosesNothing() throws Exception {
        pack("Slow", "while (store.get(\"go\") == null) { Thread.onSpinWait(); } return store;");
        try (ProgramProcess program = serve()) {
            program.await("Server initialized");
            while (!ProgramProcess.ask(port, "SET a 1").equals("+OK")) {
                Thread.onSpinWait();
            }
            program.signal("TERM");
            assertEquals(0, program.status(), () -> String.join("\n", program.output()));
        }
        try (Holdfast store = Holdfast.open(directory)) {
            assertEquals("1", store.get("a"));
        }
    }

    @Test
    void oneThatCannotStartKeepsTheServerFromStarting() throws Exception {
        pack("Broken", "throw new StackOverflowError(\"too deep\");");
        try (ProgramProcess program = serve()) {
            program.await("the extension Broken does not start: too deep");
            assertEquals(1, program.status());
        }
    }

    @Test
    void aDirectoryWithoutExtensionsIsAMistake() throws Exception {
        try (ProgramProcess program = serve()) {
            program.await("no jar in the extension-dir " + jars);
            assertEquals(1, program.status());
        }
    }
}
