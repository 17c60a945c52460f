package dev.holdfast.conformance.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.holdfast.conformance.access.Answer;
import dev.holdfast.conformance.access.Answer.Form;
import dev.holdfast.conformance.access.EmbeddedSession;
import dev.holdfast.conformance.access.RealServer;
import dev.holdfast.conformance.access.Session;
import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Values and files go to a real server and come from it. Contents are compared by the signatures that both compute of them.
 * What an old server cannot read it is only asked to write.
 */
class RdbExchangeTest {
    private static final int FIRST_THAT_READS_OURS = 702;

    /** Until then a signature has all 17 digits of a score. */
    private static final int FIRST_WITH_SHORTEST_DOUBLES = 702;

    private static final int FIRST_WITH_FIELD_EXPIRY = 900;
    private static final int FIRST_WITH_OUR_ENCODINGS = 901;
    private static final int RANDOM_VALUES = Integer.getInteger("holdfast.rounds", 150);

    private static RealServer real;

    @TempDir
    private Path directory;

    private Holdfast store;
    private Session ours;
    private Session theirs;
    private final long seed = Long.getLong("holdfast.seed", new Random().nextLong());
    private final Random random = new Random(seed);

    @BeforeAll
    static void startReal() {
        real = RealServer.start();
    }

    @AfterAll
    static void stopReal() {
        real.close();
    }

    @BeforeEach
    void open() {
        store = open(directory);
        ours = new EmbeddedSession(store);
        theirs = real.connect(Form.RESP2);
        theirs.run("FLUSHALL");
    }

    @AfterEach
    void close() {
        theirs.close();
        store.close();
    }

    private static Holdfast open(Path directory) {
        Config config = new Config();
        try {
            config.set("enable-debug-command", "yes");
            config.set("save", "");
        } catch (ConfigException e) {
            throw new AssertionError(e);
        }
        return Holdfast.open(directory, config);
    }

    @Test
    void dumpedValuesAreTheSameOnTheOtherSide() {
        boolean bothWays = real.version() >= FIRST_THAT_READS_OURS;
        for (int i = 0; i < RANDOM_VALUES; i++) {
            String where = "seed " + seed + ", value " + i;
            String key = "k" + i;
            List<List<String>> commands = value(key);
            Session from = bothWays && i % 2 == 0 ? ours : theirs;
            Session to = from == ours ? theirs : ours;
            commands.forEach(command -> assertFalse(from.run(command).isError(), where + " " + command));
            String payload = from.run("DUMP", key).text();
            Answer restored = to.run("RESTORE", key, "0", payload);
            assertEquals(
                    "OK", restored.text(), where + " " + from.run("TYPE", key).text());
            assertEquals(signature(from, key), signature(to, key), where + " " + commands);
            if (real.version() < FIRST_WITH_OUR_ENCODINGS) {
                continue;
            }
            assertEquals(
                    from.run("OBJECT", "ENCODING", key).text(),
                    to.run("OBJECT", "ENCODING", key).text(),
                    where + " " + from.run("TYPE", key).text());
        }
    }

    @Test
    void theirFileLoadsHere() throws IOException {
        fill(theirs);
        assertEquals("OK", theirs.run("SAVE").text());
        store.close();
        Files.copy(theirFile(), directory.resolve("dump.rdb"), StandardCopyOption.REPLACE_EXISTING);
        store = open(directory);
        ours = new EmbeddedSession(store);
        assertEquals(
                theirs.run("DEBUG", "DIGEST").text(),
                ours.run("DEBUG", "DIGEST").text(),
                "seed " + seed);
        assertEquals(theirs.run("DBSIZE").text(), ours.run("DBSIZE").text());
        Files.delete(theirFile());
    }

    @Test
    void ourFileLoadsThere() throws IOException {
        if (real.version() < FIRST_THAT_READS_OURS) {
            return;
        }
        fill(ours);
        assertEquals("OK", ours.run("SAVE").text());
        Files.copy(directory.resolve("dump.rdb"), theirFile(), StandardCopyOption.REPLACE_EXISTING);
        assertEquals("OK", theirs.run("DEBUG", "RELOAD", "NOSAVE").text());
        assertEquals(
                ours.run("DEBUG", "DIGEST").text(),
                theirs.run("DEBUG", "DIGEST").text(),
                "seed " + seed);
        Files.delete(theirFile());
    }

    private Path theirFile() {
        return Path.of(theirs.run("CONFIG", "GET", "dir").parts().get(1).text()).resolve("dump.rdb");
    }

    private static String signature(Session session, String key) {
        return session.run("DEBUG", "DIGEST-VALUE", key).parts().getFirst().text();
    }

    private void fill(Session session) {
        for (int i = 0; i < RANDOM_VALUES; i++) {
            session.run("SELECT", i % 10 == 0 ? "5" : "0");
            String key = "k" + i;
            value(key).forEach(command -> assertFalse(session.run(command).isError(), "seed " + seed + command));
            if (random.nextInt(3) == 0) {
                session.run("PEXPIRE", key, Integer.toString(10_000_000 + random.nextInt(1_000_000)));
            }
        }
        session.run("SELECT", "0");
    }

    // ---- random values ----

    /** The commands that make a value, of any type and size. */
    private List<List<String>> value(String key) {
        List<List<String>> commands = new ArrayList<>();
        int size = 1 + (random.nextInt(4) == 0 ? random.nextInt(1500) : random.nextInt(20));
        switch (random.nextInt(7)) {
            case 0 -> commands.add(List.of("SET", key, word(random.nextInt(3) == 0 ? 30_000 : 100)));
            case 1 -> addAll(commands, "RPUSH", key, size, 1);
            case 2 -> addAll(commands, "SADD", key, size, 1);
            case 3 -> addAll(commands, "HSET", key, size, 2);
            case 4 -> scores(commands, key, size);
            case 5 -> integers(commands, key, size);
            default -> stream(commands, key, size);
        }
        return commands;
    }

    private String word(int longest) {
        int length = random.nextInt(longest);
        StringBuilder word = new StringBuilder();
        switch (random.nextInt(4)) {
            case 0 -> word.append(random.nextLong() >> random.nextInt(64));
            case 1 -> word.repeat("ab", length / 2);
            default -> random.ints(length, 0, 256).forEach(letter -> word.append((char) letter));
        }
        return word.toString();
    }

    private void addAll(List<List<String>> commands, String name, String key, int size, int words) {
        for (int i = 0; i < size; i++) {
            List<String> command = new ArrayList<>(List.of(name, key));
            for (int j = 0; j < words; j++) {
                command.add(word(random.nextInt(10) == 0 ? 200 : 40));
            }
            commands.add(command);
        }
        if (name.equals("HSET") && real.version() >= FIRST_WITH_FIELD_EXPIRY && random.nextBoolean()) {
            String field = commands.getFirst().get(2);
            commands.add(List.of("HPEXPIRE", key, "100000000", "FIELDS", "1", field));
        }
    }

    private void scores(List<List<String>> commands, String key, int size) {
        for (int i = 0; i < size; i++) {
            boolean integers = real.version() < FIRST_WITH_SHORTEST_DOUBLES;
            double score = switch (integers ? 0 : random.nextInt(4)) {
                case 0 -> random.nextInt(10);
                case 1 -> random.nextLong();
                case 2 -> random.nextGaussian() * 1e100;
                default -> random.nextDouble();
            };
            commands.add(List.of("ZADD", key, Double.toString(score), word(40)));
        }
        commands.add(List.of("ZADD", key, "inf", "most", "-inf", "least"));
    }

    private void integers(List<List<String>> commands, String key, int size) {
        int shift = random.nextInt(64);
        for (int i = 0; i < size; i++) {
            commands.add(List.of("SADD", key, Long.toString(random.nextLong() >> shift)));
        }
    }

    private void stream(List<List<String>> commands, String key, int size) {
        long ms = 1;
        for (int i = 1; i <= size; i++) {
            ms += random.nextInt(3);
            List<String> command = new ArrayList<>(List.of("XADD", key, ms + "-" + i));
            for (int field = 0; field <= random.nextInt(3); field++) {
                command.add("field" + (random.nextInt(5) == 0 ? random.nextInt(10) : field));
                command.add(word(20));
            }
            commands.add(command);
            if (random.nextInt(6) == 0) {
                commands.add(List.of("XDEL", key, ms + "-" + i));
            }
        }
        if (random.nextBoolean()) {
            commands.add(List.of("XGROUP", "CREATE", key, "group", "0"));
            commands.add(List.of("XREADGROUP", "GROUP", "group", "one", "COUNT", "7", "STREAMS", key, ">"));
            commands.add(List.of("XREADGROUP", "GROUP", "group", "two", "COUNT", "3", "STREAMS", key, ">"));
            commands.add(List.of("XGROUP", "CREATECONSUMER", key, "group", "idle"));
        }
    }
}
