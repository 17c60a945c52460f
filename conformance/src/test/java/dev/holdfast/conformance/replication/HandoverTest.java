package dev.holdfast.conformance.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.OurServer;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.Session;
import dev.holdfast.conformance.access.Store;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** {@code holdfast handover} and {@code compare}, run as a user runs them, while clients write. */
class HandoverTest extends ReplicatedServers {
    private static final int WRITERS = 4;
    private static final int ITEMS = 50;

    private static String uri(Store store) {
        return "redis://127.0.0.1:" + port(store);
    }

    private record Outcome(int status, String text) {}

    private static Outcome holdfast(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.holdfast.app.Main"));
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), text);
    }

    private static void expect(int status, String text, String... words) throws IOException, InterruptedException {
        Outcome outcome = holdfast(words);
        assertEquals(status, outcome.status, outcome.text);
        assertTrue(outcome.text.contains(text), outcome.text);
    }

    /** Keys of every type, in two databases, some of which expire. */
    private static void fill(Session session) {
        for (String database : List.of("3", "0")) {
            session.run("SELECT", database);
            session.run("SET", "binary", "\u0000\u00ff\r\n");
            session.run("SET", "expires", "1", "PX", "3600000");
            for (int i = 0; i < 300; i++) {
                session.run("SADD", "set", "member " + i);
                session.run("HSET", "hash", "field " + i, "" + i);
                session.run("ZADD", "zset", "" + i / 7.0, "member " + i);
            }
            session.run("XADD", "stream", "1-1", "a", "1");
            session.run("XGROUP", "CREATE", "stream", "group", "0");
            session.run("XREADGROUP", "GROUP", "group", "me", "STREAMS", "stream", ">");
        }
    }

    @Test
    void amongOurs() throws Exception {
        move(ours(), ours());
    }

    @Test
    void fromARealOneToOursToARealOne() throws Exception {
        RealServer real = open(RealServer.start());
        if (real.isValkey()) {
            move(real, ours(), open(RealServer.start()));
        }
    }

    private void move(Store... servers) throws Exception {
        List<Session> sessions = new ArrayList<>();
        for (Store server : servers) {
            Session session = open(server.connect(Form.RESP2));
            session.run("CONFIG", "SET", "repl-diskless-sync-delay", "0");
            sessions.add(session);
        }
        fill(sessions.getFirst());
        NumberedWriters writers = open(new NumberedWriters(WRITERS, servers));
        writers.awaitMore(ITEMS);
        for (int i = 0; i + 1 < servers.length; i++) {
            expect(0, "serves now", "handover", "--from", uri(servers[i]), "--to", uri(servers[i + 1]));
            writers.awaitMore(ITEMS);
        }
        writers.stop();
        Session last = sessions.getLast();
        assertEquals("master", info(last, "role"));
        for (Session session : sessions) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> info(session, "master_repl_offset").equals(info(last, "master_repl_offset")));
            writers.expectAllIn(session);
        }
        expect(0, " 0 differ", "compare", uri(servers[0]), uri(servers[servers.length - 1]));
    }

    @Test
    void itStopsWhereItWouldLoseSomethingAndGoesOnLater() throws Exception {
        OurServer first = ours();
        OurServer second = ours();
        Session one = open(first.connect(Form.RESP2));
        Session two = open(second.connect(Form.RESP2));
        fill(one);
        two.run("SET", "mine", "1");
        expect(1, "only the second has it", "compare", uri(first), uri(second));
        expect(1, "holds keys", "handover", "--from", uri(first), "--to", uri(second));
        assertEquals("1", two.run("GET", "mine").text());
        two.run("FLUSHALL");
        expect(1, "both are the same server", "handover", "--from", uri(first), "--to", uri(first));
        expect(0, "2 of 5", "handover", "--from", uri(first), "--to", uri(second), "--until", "FOLLOW");
        assertEquals("slave", info(two, "role"));
        expect(1, "name its primary", "handover", "--from", uri(second), "--to", uri(first));
        // Only where it is written to, a replica differs from its primary.
        two.run("CONFIG", "SET", "replica-read-only", "no");
        two.run("SET", "mine", "1");
        expect(1, "only the second has it", "handover", "--from", uri(first), "--to", uri(second));
        assertEquals("master", info(one, "role"));
        assertEquals("OK", one.run("SET", "a", "1").text());
        two.run("DEL", "mine");
        expect(0, "serves now", "handover", "--from", uri(first), "--to", uri(second));
        assertEquals("slave", info(one, "role"));
        expect(0, "serves now", "handover", "--from", uri(second), "--to", uri(first));
        assertEquals("master", info(one, "role"));
    }
}
