package dev.holdfast.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the program ends: with which status, and what its last words say. */
class ProgramEndTest {
    @TempDir
    private Path directory;

    private Path data;
    private int port;

    @BeforeEach
    void prepare() throws IOException {
        data = Files.createDirectory(directory.resolve("data"));
        port = ProgramProcess.freePort();
    }

    private ProgramProcess serve(Object... more) throws IOException {
        return serve(List.of(), more);
    }

    private ProgramProcess serve(List<String> jvm, Object... more) throws IOException {
        Object[] all = new Object[more.length + 6];
        System.arraycopy(new Object[] {"--port", port, "--bind", "127.0.0.1", "--dir", data}, 0, all, 0, 6);
        System.arraycopy(more, 0, all, 6, more.length);
        return ProgramProcess.start(jvm, Map.of(), all);
    }

    /** It ends with a status, and one line says what is to be known: each of these words. */
    private static void endsWith(int status, ProgramProcess program, String... words) throws InterruptedException {
        try (program) {
            assertEquals(status, program.status(), () -> String.join("\n", program.output()));
            List<String> telling = program.output().stream()
                    .filter(line -> List.of(words).stream().allMatch(line::contains))
                    .toList();
            assertEquals(1, telling.size(), () -> String.join("\n", program.output()));
            assertFalse(
                    program.output().stream().anyMatch(line -> line.contains("\tat ") || line.contains("java.")),
                    () -> String.join("\n", program.output()));
        }
    }

    @Test
    void whatCannotBeConfigured() throws Exception {
        endsWith(1, ProgramProcess.start("--nonsense", "1"), "Bad directive or wrong number of arguments");
        endsWith(
                1,
                ProgramProcess.start("/none/valkey.conf"),
                "can't open config file '/none/valkey.conf'",
                "No such file");
        endsWith(1, ProgramProcess.start("--dir", "/none"), "No such file or directory");
        endsWith(1, serve("--logfile", "/none/log"), "Can't open the log file", "/none/log: No such file or directory");
        endsWith(1, serve("--aclfile", "/none/users"), "opening file '/none/users'", "No such file or directory");
        endsWith(
                1, serve("--pidfile", "/none/pid"), "Can't write the pid file", "/none/pid: No such file or directory");
    }

    @Test
    void whatCannotBeOpened() throws Exception {
        try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            endsWith(1, serve(), "Fatal error", ":" + taken.getLocalPort(), "Address already in use", "--port");
        }
        endsWith(
                1,
                serve("--port", "0", "--unixsocket", "/none/socket"),
                "Fatal error",
                "Unix socket /none/socket",
                "No such file or directory");
        Path file = Files.writeString(directory.resolve("file"), "precious");
        endsWith(1, serve("--unixsocket", file), "Fatal error", "Unix socket " + file, "there is a file");
        assertEquals("precious", Files.readString(file));
        Holdfast.open(data).close();
        try (Holdfast store = Holdfast.open(data)) {
            endsWith(
                    1,
                    serve(),
                    "Fatal error",
                    "in use by process " + ProcessHandle.current().pid());
            assertEquals("PONG", store.call("PING"));
        }
    }

    /** Until it ends, a server that cannot load its data answers nothing but LOADING. */
    @Test
    void whatCannotBeLoadedIsNotServed() throws Exception {
        try (Holdfast store = Holdfast.open(data)) {
            for (int i = 0; i < 20_000; i++) {
                store.set("key" + i, "value" + i);
            }
        }
        Path file = data.resolve("dump.rdb");
        byte[] sound = Files.readAllBytes(file);
        damage(file, sound.length - 4);
        servesNoOne(serve(), "loading the data of " + data + " failed, and nothing was changed: RDB CRC error");
        Files.write(file, Arrays.copyOf(sound, sound.length / 2));
        servesNoOne(serve(), "Fatal error: loading the data of " + data);
        Files.write(file, sound);
        try (ProgramProcess program = serve("--appendonly", "yes", "--save", "")) {
            program.await("Ready to accept");
            for (int i = 0; i < 3; i++) {
                assertEquals("+OK", ProgramProcess.ask(port, "SET a " + i));
            }
            program.signal("TERM");
            assertEquals(0, program.status());
        }
        Path files = data.resolve("appendonlydir");
        Path increment = files.resolve("appendonly.aof.1.incr.aof");
        Path base = files.resolve("appendonly.aof.1.base.rdb");
        Files.move(increment, files.resolve("aside"));
        servesNoOne(serve("--appendonly", "yes"), "appendonly.aof.1.incr.aof doesn't exist");
        Files.move(files.resolve("aside"), increment);
        byte[] wholeBase = Files.readAllBytes(base);
        Files.write(base, Arrays.copyOf(wholeBase, wholeBase.length - 30));
        servesNoOne(serve("--appendonly", "yes"), "appendonly.aof.1.base.rdb");
        Files.write(base, wholeBase);
        Files.writeString(files.resolve("appendonly.aof.manifest"), "nonsense\n");
        servesNoOne(serve("--appendonly", "yes"), "Fatal error: loading the data of " + data);
    }

    private static void damage(Path file, long at) throws IOException {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
            open.seek(at);
            int old = open.read();
            open.seek(at);
            open.write(old ^ 0x55);
        }
    }

    private void servesNoOne(ProgramProcess program, String... words) throws Exception {
        while (program.isAlive()) {
            try {
                String answer = ProgramProcess.ask(port, "SET lock me NX");
                assertTrue(answer.isEmpty() || answer.startsWith("-LOADING"), answer);
            } catch (ConnectException e) {
                Thread.onSpinWait();
            } catch (SocketException e) {
                assertTrue(String.valueOf(e.getMessage()).contains("reset"), e.toString());
            }
        }
        endsWith(1, program, words);
    }

    /** A heap that is too small says so, instead of the same death at each start. */
    @Test
    void dataThatDoesNotFitIntoTheHeap() throws Exception {
        try (Holdfast store = Holdfast.open(data)) {
            byte[] value = new byte[100_000];
            new Random(1).nextBytes(value);
            for (int i = 0; i < 900; i++) {
                store.set(("key" + i).getBytes(StandardCharsets.UTF_8), value);
            }
        }
        endsWith(1, serve(List.of("-Xmx64m")), "Fatal error", "heap of", "-Xmx", "maxmemory");
    }

    @Test
    void aSignalSavesAndEnds() throws Exception {
        for (String signal : List.of("TERM", "INT")) {
            try (ProgramProcess program = serve("--pidfile", "pid")) {
                program.await("Ready to accept");
                assertEquals("+OK", ProgramProcess.ask(port, "SET a " + signal));
                assertTrue(Files.exists(data.resolve("pid")));
                program.signal("HUP");
                program.signal(signal);
                assertEquals(0, program.status());
                assertFalse(Files.exists(data.resolve("pid")));
            }
            try (Holdfast store = Holdfast.open(data)) {
                assertEquals(signal, store.get("a"));
            }
        }
    }

    @Test
    void aSignalThatCannotSaveDoesNotEnd() throws Exception {
        try (ProgramProcess program = serve("--dbfilename", "other.rdb")) {
            program.await("Ready to accept");
            assertEquals("+OK", ProgramProcess.ask(port, "SET a 1"));
            // A directory in the way of the new file.
            Files.createDirectories(data.resolve("other.rdb/in-the-way"));
            program.signal("TERM");
            String words = program.await("can't exit");
            assertTrue(words.contains("SHUTDOWN NOSAVE"), words);
            assertEquals("+OK", ProgramProcess.ask(port, "SET a 2"));
            assertTrue(ProgramProcess.ask(port, "SHUTDOWN").startsWith("-ERR Errors trying to SHUTDOWN"));
            Files.delete(data.resolve("other.rdb/in-the-way"));
            Files.delete(data.resolve("other.rdb"));
            program.signal("TERM");
            assertEquals(0, program.status());
        }
        try (ProgramProcess program = serve("--dbfilename", "other.rdb", "--shutdown-on-sigterm", "nosave")) {
            program.await("Ready to accept");
            assertEquals("+OK", ProgramProcess.ask(port, "SET a 3"));
            program.signal("TERM");
            assertEquals(0, program.status());
        }
        try (ProgramProcess program = serve("--dbfilename", "other.rdb")) {
            program.await("Ready to accept");
            assertEquals("$1", ProgramProcess.ask(port, "GET a"));
            assertEquals("", ProgramProcess.ask(port, "SHUTDOWN NOSAVE"));
            assertEquals(0, program.status());
        }
    }

    @Test
    void commandsOnFiles() throws Exception {
        Path one = directory.resolve("one.rdb");
        Path two = directory.resolve("two.rdb");
        try (ProgramProcess check = ProgramProcess.start("check", one, two)) {
            assertEquals(1, check.status());
            assertEquals(
                    List.of(
                            "holdfast: " + one + ": No such file or directory",
                            "holdfast: " + two + ": No such file or directory"),
                    check.output());
        }
        Files.createFile(one);
        endsWith(1, ProgramProcess.start("check", one), one + ": DAMAGED");
        endsWith(1, ProgramProcess.start("backup", "--dir", data, two), data + " holds no data", "dump.rdb");
        endsWith(1, ProgramProcess.start("backup", "--dir", "/none", two), "/none is no directory");
        endsWith(1, ProgramProcess.start("backup", "--port", port, two), "no server answers", "Connection refused");
        endsWith(1, ProgramProcess.start("restore", two, data), two + ": No such file or directory");
        assertFalse(Files.exists(two));
    }

    @Test
    void secretsAreNotInTheListOfProcesses() throws Exception {
        Map<String, String> environment = Map.of("HOLDFAST_REQUIREPASS", "pass word");
        try (ProgramProcess program = ProgramProcess.start(List.of(), environment, "--port", port, "--dir", data)) {
            program.await("Ready to accept");
            assertEquals("-NOAUTH Authentication required.", ProgramProcess.ask(port, "GET a"));
            assertEquals("+OK", ProgramProcess.ask(port, "AUTH \"pass word\""));
            String shown = program.shownArguments();
            assertTrue(shown.contains("dev.holdfast.app.Main") && !shown.contains("pass word"), shown);
        }
        Map<String, String> hidden = Map.of(
                "HOLDFAST_REQUIREPASS",
                "less",
                "HOLDFAST_ARGUMENTS",
                "--port\n" + port + "\n--dir\n" + data + "\n--requirepass\nmore");
        try (ProgramProcess program = ProgramProcess.start(List.of(), hidden)) {
            program.await("Ready to accept");
            assertEquals("+OK", ProgramProcess.ask(port, "AUTH more"));
        }
    }
}
