package dev.holdfast.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.junit.HoldfastTest;
import dev.holdfast.junit.TestStore;
import dev.holdfast.relay.console.InfoText;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The commands for people, each as its words say it, over a store. */
@HoldfastTest(config = "requirepass secret")
class CommandLineTest {
    private record Outcome(int status, String output) {}

    private static Outcome run(TestStore store, String input, Object command, String... words) {
        List<String> arguments = new ArrayList<>(List.of("--uri", store.uri().toString()));
        arguments.addAll(Arrays.asList(words));
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        PrintStream out = System.out;
        InputStream in = System.in;
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        try {
            int status = new CommandLine(command).execute(arguments.toArray(String[]::new));
            return new Outcome(status, output.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setIn(in);
        }
    }

    @Test
    void oneCommandIsRunAndItsStatusTellsOfAnError(TestStore store) {
        assertEquals(new Outcome(0, "OK\n"), run(store, "", new CliCommand(), "SET", "key", "two words"));
        assertEquals("two words", store.holdfast().get("key"));
        assertEquals(new Outcome(0, "\"two words\"\n"), run(store, "", new CliCommand(), "--people", "GET", "key"));
        assertEquals(new Outcome(0, "\"two words\"\n"), run(store, "", new CliCommand(), "--json", "GET", "key"));
        Outcome failed = run(store, "", new CliCommand(), "LPUSH", "key", "1");
        assertEquals(1, failed.status);
        assertTrue(failed.output.startsWith("WRONGTYPE "), failed.output);
    }

    @Test
    void theLastWordMayComeFromTheInput(TestStore store) {
        run(store, "long\ntext", new CliCommand(), "-x", "SET", "key");
        assertEquals("long\ntext", store.holdfast().get("key"));
    }

    @Test
    void linesOfTheInputAreCommands(TestStore store) {
        Outcome outcome = run(store, """
                SET "a key" 'a value'
                MULTI
                INCR n
                EXEC

                RPUSH l c a b
                LRANGE l 0 -1
                nonsense
                """, new CliCommand());
        assertEquals(1, outcome.status);
        assertEquals("OK\nOK\nQUEUED\n1\n3\nc\na\nb\n", outcome.output.substring(0, outcome.output.indexOf("ERR")));
        assertEquals("a value", store.holdfast().get("a key"));
    }

    @Test
    void aKeyOfAnyTypeIsLookedInto(TestStore store) {
        store.holdfast().call("ZADD", "ranking", 17, "anna");
        store.holdfast().call("EXPIRE", "ranking", 93_600);
        String shown = run(store, "peek ranking\npeek none\n", new CliCommand()).output;
        assertTrue(shown.startsWith("zset, listpack, "), shown);
        assertTrue(
                shown.contains("expires in 1 d ") && shown.contains("length 1\n") && shown.contains("\"anna\""), shown);
        assertTrue(shown.endsWith("(no such key)\n"), shown);
    }

    @Test
    void keysAreCountedByWhatTheyBeginWith(TestStore store) {
        for (int i = 0; i < 1200; i++) {
            store.holdfast().set("cache:user:" + i, "x");
        }
        store.holdfast().call("SADD", "cache:tags", "a");
        store.holdfast().call("SET", "plain", "x", "EX", 100);
        String shown = run(store, "", new KeysCommand()).output;
        List<String> lines = shown.lines().toList();
        assertEquals(5, lines.size(), shown);
        assertTrue(lines.get(1).matches(" +1,200 .* 0% +string +\"cache:user:\\*\""), shown);
        assertTrue(shown.contains("\"cache:*\"") && shown.contains("set "), shown);
        assertTrue(lines.getLast().matches(" +1,202 .*\"\\(all\\)\""), shown);
        assertTrue(run(store, "", new KeysCommand(), "--json", "--match", "plain")
                .output
                .contains("\"expiring\" : 1"));
    }

    @Test
    void infoIsTextOrJson(TestStore store) {
        store.holdfast().set("key", "1");
        assertTrue(run(store, "", new InfoCommand(), "keyspace").output.contains("db0:keys=1,expires=0"));
        Map<String, Map<String, Object>> parsed =
                InfoText.parse("# Keyspace\r\ndb0:keys=1,avg_ttl=0\r\n# Stats\r\nratio:1.50\r\nid:0042\r\n");
        assertEquals(
                Map.of(
                        "keyspace",
                        Map.of("db0", Map.of("keys", 1L, "avg_ttl", 0L)),
                        "stats",
                        Map.of("ratio", 1.5, "id", "0042")),
                parsed);
        assertTrue(
                run(store, "", new InfoCommand(), "--json", "keyspace").output.contains("\"keys\" : 1"));
    }

    @Test
    void topShowsWhatIsCalled(TestStore store) {
        Outcome outcome = run(store, "", new TopCommand(), "--count", "1", "--interval", "0.01");
        assertEquals(0, outcome.status);
        assertTrue(outcome.output.contains("info ") && outcome.output.contains("clients "), outcome.output);
    }

    @Test
    void pingTellsTheAddressAndNoPassword(TestStore store) {
        Outcome outcome = run(store, "", new PingCommand());
        assertTrue(outcome.output.startsWith("PONG from 127.0.0.1:" + store.port()), outcome.output);
        store.holdfast().call("CONFIG", "SET", "requirepass", "changed");
        assertEquals(1, run(store, "", new PingCommand()).status);
        store.holdfast().call("CONFIG", "SET", "requirepass", "secret");
    }
}
