package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Long values are read into arrays that the store keeps, and sent from where they are. What clients see of them is what it would be if
 * each had been copied, also when one reads late what others have since overwritten.
 */
final class LargeValuesTest {
    private static final int[] SIZES = {3, 2_000, 33_000, 65_530, 70_000, 300_000, 299_000, 1 << 20, 1_500_000};

    private final Map<String, String> model = new HashMap<>();
    private final Random random = new Random(Long.getLong("holdfast.seed", 20_261_130));

    @ParameterizedTest
    @ValueSource(strings = {"auto", "nio"})
    void nobodySeesThatArraysAreUsedAgain(String transport) throws Exception {
        Config config = new Config();
        config.set("port", "0");
        config.set("bind", "127.0.0.1");
        config.set("transport", transport);
        config.set("io-threads", "2");
        try (Engine engine = AllCommands.engine(config, Clock.SYSTEM);
                Server server = new Server(engine)) {
            server.start();
            try (RawClient first = RawClient.tcp(server.port());
                    RawClient second = RawClient.tcp(server.port());
                    RawClient late = RawClient.reluctant(server.port())) {
                for (int round = 0; round < 40; round++) {
                    String key = key();
                    late.send(command("GET", key));
                    while (late.arrived() == 0) {
                        Thread.onSpinWait();
                    }
                    String expected = bulk(model.get(key));
                    run(round % 2 == 0 ? first : second);
                    assertEquals(expected, late.read(), "read late in round " + round);
                }
            }
        }
    }

    /** Sends some commands at once and looks at their replies. */
    private void run(RawClient client) throws Exception {
        StringBuilder commands = new StringBuilder();
        List<String> expected = new ArrayList<>();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            add(commands, expected);
        }
        Thread sender = Thread.ofVirtual().start(() -> {
            try {
                client.send(commands.toString());
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        for (String reply : expected) {
            assertEquals(reply, client.read());
        }
        sender.join();
    }

    private void add(StringBuilder commands, List<String> expected) {
        String key = key();
        String before = model.get(key);
        String value = value();
        switch (random.nextInt(8)) {
            case 0, 1 -> {
                commands.append(command("SET", key, value));
                model.put(key, value);
                expected.add("+OK");
            }
            case 2 -> {
                commands.append(command("SET", key, value, "GET"));
                model.put(key, value);
                expected.add(bulk(before));
            }
            case 3 -> {
                commands.append(command("MULTI"))
                        .append(command("SET", key, value))
                        .append(command("EXEC"));
                model.put(key, value);
                expected.addAll(List.of("+OK", "+QUEUED", "*1|+OK"));
            }
            case 4 -> {
                String longer = (before == null ? "" : before) + value;
                commands.append(command("APPEND", key, value));
                model.put(key, longer);
                expected.add(":" + longer.length());
            }
            case 5 -> {
                int offset = (before == null ? 0 : before.length()) + random.nextInt(50_000);
                String longer = (before == null ? "" : before)
                        + "\0".repeat(offset - (before == null ? 0 : before.length()))
                        + "end";
                commands.append(command("SETRANGE", key, Integer.toString(offset), "end"));
                model.put(key, longer);
                expected.add(":" + longer.length());
            }
            case 6 -> {
                commands.append(command("SADD", "set", value)).append(command("SREM", "set", value));
                expected.addAll(List.of(":1", ":1"));
            }
            default -> {
                commands.append(command("GET", key));
                expected.add(bulk(before));
            }
        }
    }

    private String key() {
        return "key" + random.nextInt(3);
    }

    private String value() {
        int size = SIZES[random.nextInt(SIZES.length)];
        String letter = String.valueOf((char) ('a' + random.nextInt(26)));
        return letter.repeat(size - 1) + (char) ('A' + random.nextInt(26));
    }

    private static String bulk(@Nullable String value) {
        return value == null ? "$-1" : "$" + value.length() + "|" + value;
    }

    private static String command(String... words) {
        StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        return text.toString();
    }
}
