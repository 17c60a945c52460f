package dev.holdfast.conformance.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.RespSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A real Sentinel watches a primary and its replica, each a process. The primary is killed: Sentinel makes the replica the primary, and
 * the former one its replica when it comes back. What the replica has acknowledged (WAIT) is there on both, once and in order.
 */
class SentinelTest {
    private static final int ITEMS = 200;
    private static final String NAME = "store";

    @TempDir
    Path directory = Path.of("");

    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void endAll() {
        for (Process process : started) {
            kill(process);
        }
    }

    private static void kill(Process process) {
        process.destroyForcibly();
        process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
    }

    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true"})
    void aKilledPrimaryIsReplacedAndComesBackAsAReplica(boolean primaryIsOurs, boolean replicaIsOurs) throws Exception {
        try (RealServer real = RealServer.start()) {
            assumeTrue(real.isValkey(), "Sentinel needs a valkey-server: on the path, or -Dholdfast.oracle=PATH");
        }
        int first = freePort();
        int second = freePort();
        Process primary = serve(first, primaryIsOurs);
        serve(second, replicaIsOurs);
        run(second, "REPLICAOF", "127.0.0.1", "" + first);
        await(() -> follows(second, first));
        append(first, 0);
        int sentinel = watch(first);
        await(() -> run(sentinel, "SENTINEL", "REPLICAS", NAME).toString().contains("127.0.0.1:" + second)
                && run(sentinel, "SENTINEL", "CKQUORUM", NAME).text().startsWith("OK"));

        kill(primary);
        await(() -> primaryOf(sentinel) == second);
        assertTrue(info(second).contains("role:master"));
        append(second, ITEMS);

        serve(first, primaryIsOurs);
        await(() -> follows(first, second));
        assertEquals("1", run(second, "WAIT", "1", "0").text());
        List<String> all =
                IntStream.range(0, 2 * ITEMS).mapToObj(Integer::toString).toList();
        assertEquals(all, items(first));
        assertEquals(all, items(second));
        // Sentinel has the roles written to the files.
        await(() -> Files.readString(file(first)).contains("replicaof 127.0.0.1 " + second));
        assertFalse(Files.readString(file(second)).contains("replicaof"));
    }

    /** Appends some items; those of a primary with a replica are there when it has acknowledged them. */
    private static void append(int port, int from) {
        try (RespSession session = new RespSession(port, Form.RESP2)) {
            for (int i = from; i < from + ITEMS; i++) {
                assertEquals("" + (i + 1), session.run("RPUSH", "items", "" + i).text());
            }
            if (from == 0) {
                assertEquals("1", session.run("WAIT", "1", "0").text());
            }
        }
    }

    private static List<String> items(int port) {
        return run(port, "LRANGE", "items", "0", "-1").parts().stream()
                .map(Answer::text)
                .toList();
    }

    private static String info(int port) {
        return run(port, "INFO", "replication").text();
    }

    private static boolean follows(int replica, int primary) {
        String info = info(replica);
        return info.contains("master_port:" + primary) && info.contains("master_link_status:up");
    }

    private static int primaryOf(int sentinel) {
        return Integer.parseInt(run(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
                .parts()
                .get(1)
                .text());
    }

    private static Answer run(int port, String... words) {
        try (RespSession session = new RespSession(port, Form.RESP2)) {
            return session.run(words);
        }
    }

    /** Waits; a server that is being started or ended does not answer. */
    private static void await(Callable<Boolean> condition) {
        Awaitility.await()
                .pollInterval(Duration.ofMillis(20))
                .atMost(Duration.ofSeconds(100))
                .ignoreException(UncheckedIOException.class)
                .until(condition);
    }

    private Path file(int port) {
        return directory.resolve(port + ".conf");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Starts a server with the file of its port, or starts it again. */
    private Process serve(int port, boolean ours) throws IOException {
        if (!Files.exists(file(port))) {
            Files.writeString(file(port), """
                    port %d
                    bind 127.0.0.1
                    dir %s
                    save ""
                    dbfilename %1$d.rdb
                    repl-diskless-sync-delay 0
                    """.formatted(port, directory));
        }
        return start(
                port,
                ours
                        ? List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-Xmx256m",
                                "-cp",
                                System.getProperty("holdfast.classpath", System.getProperty("java.class.path")),
                                "dev.holdfast.app.Main",
                                file(port).toString())
                        : List.of(RealServer.program(), file(port).toString()));
    }

    /** A Sentinel that looks often. */
    private int watch(int primary) throws IOException {
        int port = freePort();
        Files.writeString(file(port), """
                port %d
                bind 127.0.0.1
                dir %s
                sentinel monitor %s 127.0.0.1 %d 1
                sentinel down-after-milliseconds %3$s 1000
                sentinel failover-timeout %3$s 10000
                """.formatted(port, directory, NAME, primary));
        start(port, List.of(RealServer.program(), file(port).toString(), "--sentinel"));
        run(port, "SENTINEL", "DEBUG", "INFO-PERIOD", "100", "PING-PERIOD", "100", "PUBLISH-PERIOD", "100");
        return port;
    }

    private Process start(int port, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve(port + ".log").toFile()))
                .start();
        started.add(process);
        await(() -> {
            assertTrue(process.isAlive(), () -> "the server has ended: " + command);
            return run(port, "PING").text().equals("PONG");
        });
        return process;
    }
}
