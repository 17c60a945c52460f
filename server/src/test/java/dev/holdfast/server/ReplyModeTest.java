package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Pause;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code CLIENT REPLY} holds for the reply of every command, however long that waits. */
final class ReplyModeTest {
    /** A command that waits, and what serves it; {@code %s} stands for its time-out. */
    private record Blocking(String command, String push) {
        String waiting(String timeout) {
            return String.format(command, timeout);
        }
    }

    private static final List<Blocking> BLOCKING = List.of(
            new Blocking("BLPOP q %s", "RPUSH q a"),
            new Blocking("BRPOP q %s", "RPUSH q a"),
            new Blocking("BLMOVE q d LEFT RIGHT %s", "RPUSH q a"),
            new Blocking("BRPOPLPUSH q d %s", "RPUSH q a"),
            new Blocking("BLMPOP %s 1 q LEFT", "RPUSH q a"),
            new Blocking("BZPOPMIN z %s", "ZADD z 1 a"),
            new Blocking("BZPOPMAX z %s", "ZADD z 1 a"),
            new Blocking("BZMPOP %s 1 z MIN", "ZADD z 1 a"),
            new Blocking("XREAD BLOCK %s STREAMS s $", "XADD s * f v"),
            new Blocking("XREADGROUP GROUP g c BLOCK %s STREAMS s >", "XADD s * f v"),
            new Blocking("WAIT 1 %s", ""),
            new Blocking("WAITAOF 0 1 %s", ""));

    /** How {@code CLIENT REPLY} is said before the command, and what is sent behind it to see what comes first. */
    enum Mode {
        OFF("CLIENT REPLY OFF", "CLIENT REPLY ON", "+OK"),
        SKIP("CLIENT REPLY SKIP", "PING", "+PONG");

        final String before;
        final String behind;
        final String first;

        Mode(String before, String behind, String first) {
            this.before = before;
            this.behind = behind;
            this.first = first;
        }
    }

    private final List<RawClient> clients = new ArrayList<>();
    private final Holdfast store = Holdfast.open(new Config());
    private Server server;
    private RawClient other;

    @BeforeEach
    void start() throws IOException {
        server = Server.serve(store, 0);
        other = connect();
        assertEquals("+OK", other.run("XGROUP CREATE s g $ MKSTREAM"));
    }

    private RawClient connect() throws IOException {
        RawClient client = RawClient.tcp(server.port());
        clients.add(client);
        return client;
    }

    @AfterEach
    void closeAll() throws IOException {
        for (RawClient client : clients) {
            client.close();
        }
        store.close();
    }

    static Stream<Arguments> all() {
        return BLOCKING.stream()
                .flatMap(blocking -> Stream.of(Mode.values()).map(mode -> Arguments.of(blocking.command, mode)));
    }

    private static Blocking find(String command) {
        return BLOCKING.stream()
                .filter(each -> each.command.equals(command))
                .findFirst()
                .orElseThrow();
    }

    /** Sends a command under a mode, ends its wait, and looks what the client reads first. */
    private void assertSilent(Mode mode, String command, @Nullable Ending ending) throws IOException {
        RawClient client = connect();
        String id = client.run("CLIENT ID").substring(1);
        client.send(mode.before + "\r\n" + command + "\r\n" + mode.behind + "\r\n");
        if (ending != null) {
            while (store.engine().blocking().blockedClients() == 0) {
                Thread.onSpinWait();
            }
            ending.end(id);
        }
        assertEquals(mode.first, client.read());
        assertEquals("+PONG", client.run("PING"));
    }

    private interface Ending {
        void end(String id) throws IOException;
    }

    @ParameterizedTest
    @MethodSource("all")
    void timedOut(String command, Mode mode) throws IOException {
        String timeout = command.startsWith("X") || command.startsWith("W") ? "5" : "0.005";
        assertSilent(mode, find(command).waiting(timeout), null);
    }

    @ParameterizedTest
    @MethodSource("all")
    void served(String command, Mode mode) throws IOException {
        Blocking blocking = find(command);
        if (!blocking.push.isEmpty()) {
            assertSilent(mode, blocking.waiting("0"), id -> other.run(blocking.push));
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void unblocked(String command, Mode mode) throws IOException {
        for (String how : List.of("TIMEOUT", "ERROR")) {
            assertSilent(
                    mode,
                    find(command).waiting("0"),
                    id -> assertEquals(":1", other.run("CLIENT UNBLOCK " + id + " " + how)));
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void postponed(String command, Mode mode) throws IOException {
        assertEquals("+OK", other.run("CLIENT PAUSE 100000 ALL"));
        String waiting = find(command).waiting(command.startsWith("X") || command.startsWith("W") ? "5" : "0.005");
        RawClient client = connect();
        client.send("PING\r\n");
        while (store.engine().pause().postponedClients() < 1) {
            Thread.onSpinWait();
        }
        client.send(mode.before + "\r\n" + waiting + "\r\n" + mode.behind + "\r\n");
        store.engine().pause().stop(Pause.Purpose.CLIENT);
        assertEquals("+PONG", client.read());
        assertEquals(mode.first, client.read());
    }

    @ParameterizedTest
    @MethodSource("modes")
    void postponedWrite(Mode mode) throws IOException {
        other.run("CLIENT PAUSE 100000 WRITE");
        RawClient client = connect();
        client.send(mode.before + "\r\nSET k 1\r\n" + mode.behind + "\r\n");
        while (store.engine().pause().postponedClients() < 1) {
            Thread.onSpinWait();
        }
        other.run("CLIENT UNPAUSE");
        assertEquals(mode.first, client.read());
        assertEquals("$1|1", client.run("GET k"));
    }

    static Stream<Mode> modes() {
        return Stream.of(Mode.values());
    }

    @ParameterizedTest
    @MethodSource("modes")
    void groupThatGoes(Mode mode) throws IOException {
        assertSilent(mode, "XREADGROUP GROUP g c BLOCK 0 STREAMS s >", id -> other.run("DEL s"));
        other.run("XGROUP CREATE s g $ MKSTREAM");
        assertSilent(mode, "XREADGROUP GROUP g c BLOCK 0 STREAMS s >", id -> other.run("SET s a"));
    }

    @ParameterizedTest
    @MethodSource("modes")
    void scriptThatLetsOthersRun(Mode mode) throws IOException {
        RawClient client = connect();
        String loop = "EVAL 'for i=1,3000000 do local x = i end return 1' 0";
        client.send(mode.before + "\r\n" + loop + "\r\n" + mode.behind + "\r\n");
        assertEquals(mode.first, client.read());
    }

    @Test
    void monitorIsShownNothing() throws IOException {
        RawClient monitor = connect();
        assertEquals("+OK", monitor.run("MONITOR"));
        monitor.send("CLIENT REPLY OFF\r\n");
        monitor.send("CLIENT REPLY OFF\r\n");
        while (!other.run("CLIENT LIST FLAGS O").contains("tot-cmds=3")) {
            Thread.onSpinWait();
        }
        other.run("SET k 1");
        assertEquals("+OK", monitor.run("CLIENT REPLY ON"));
        other.run("SET k 2");
        String line = monitor.read();
        while (!line.contains("SET")) {
            line = monitor.read();
        }
        assertTrue(line.endsWith("\"SET\" \"k\" \"2\""), line);
    }

    @Test
    void messagesComeAllTheSame() throws IOException {
        RawClient client = connect();
        client.run("HELLO 3");
        client.run("SUBSCRIBE c");
        client.run("CLIENT TRACKING ON BCAST");
        client.send("CLIENT REPLY OFF\r\nSET own 1\r\n");
        other.run("PUBLISH c m");
        String one = client.read();
        String two = client.read();
        assertTrue(List.of(one, two).contains(">3|$7|message|$1|c|$1|m"), one + two);
    }

    @Test
    void resetIsAnsweredUnlessItIsToBeSkipped() throws IOException {
        RawClient client = connect();
        client.send("CLIENT REPLY OFF\r\n");
        assertEquals("+RESET", client.run("RESET"));
        client.send("CLIENT REPLY SKIP\r\nRESET\r\n");
        assertEquals("+PONG", client.run("PING"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"OFF", "SKIP"})
    void aProtocolErrorIsNotTold(String mode) throws IOException {
        RawClient client = connect();
        client.send("CLIENT REPLY " + mode + "\r\n*1\r\n$x\r\n");
        assertEquals("", client.rest());
    }
}
