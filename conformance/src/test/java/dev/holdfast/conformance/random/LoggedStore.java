package dev.holdfast.conformance.random;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.NoLink;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.journal.ChangeReader;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.ObjectReply;
import dev.holdfast.engine.protocol.ProtocolException;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RequestDecoder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A store whose log of changes is kept, and can be repeated in another one when everything that expires has expired. */
final class LoggedStore implements AutoCloseable {
    private static final long START = 1_800_000_000_000L;
    private static final long CENTURY = 100L * 365 * 86_400_000;
    private static final int DATABASES = 16;

    /** Limits so low that values take on their large forms. */
    private static final List<String> LIMITS = List.of(
            "hash-max-listpack-entries",
            "set-max-intset-entries",
            "set-max-listpack-entries",
            "zset-max-listpack-entries",
            "list-max-listpack-size",
            "stream-node-max-entries");

    private final boolean small;
    private final TestClock clock = new TestClock(START);
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final StringBuilder history = new StringBuilder();
    private final Engine engine;
    private final Client client;

    LoggedStore(boolean small, long seed) {
        this.small = small;
        this.engine = open(clock);
        engine.setRandom(new Random(seed));
        engine.expiry().setActive(false);
        this.client = connect(engine);
        engine.changes().subscribe((ChangeReader) (bytes, offset, length, first) -> log.write(bytes, offset, length));
    }

    private Engine open(Clock clock) {
        Config config = new Config();
        try {
            config.set("enable-debug-command", "yes");
            for (String limit : small ? LIMITS : List.<String>of()) {
                config.set(limit, "3");
            }
        } catch (ConfigException e) {
            throw new IllegalStateException(e);
        }
        return AllCommands.engine(config, clock);
    }

    private static Client connect(Engine engine) {
        Client client = engine.connect(NoLink.INSTANCE, engine.statistics().newLane());
        client.setResp3(true);
        return client;
    }

    private static @Nullable Object run(Engine engine, Client client, Args args) {
        Reply reply = new ObjectReply();
        if (!engine.execute(client, args, reply)) {
            engine.blocking().unblock(client, null);
            return null;
        }
        return ((ObjectReply) reply).result();
    }

    void run(List<String> words) {
        history.append(clock.millis()).append(' ').append(words).append('\n');
        run(engine, client, args(words));
    }

    private static Args args(List<String> words) {
        return Args.of(words.stream()
                .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
                .toArray(byte[][]::new));
    }

    /** Moves the clock, mostly by a little, and now and then lets what has expired be removed. */
    void letTimePass(Random random) {
        clock.millis = clock.millis()
                + switch (random.nextInt(12)) {
                    case 0 -> 100_000_000L;
                    case 1, 2 -> random.nextInt(5000);
                    default -> random.nextInt(2);
                };
        if (random.nextInt(8) == 0) {
            history.append("active expiry\n");
            engine.expiry().run(1_000_000_000);
        }
    }

    /** What was done, and what the log says of it. */
    String history() {
        return history + "\n"
                + log.toString(StandardCharsets.ISO_8859_1).replace("\r\n", " ").replace(" *", "\n*");
    }

    /** Everything in the store, by database and key. */
    Map<String, String> contents() {
        return contents(engine);
    }

    /** Everything in a store that has only seen the log of changes. */
    Map<String, String> repeated() {
        try (Engine other = open(new TestClock(START + CENTURY))) {
            other.expiry().setActive(false);
            Client client = connect(other);
            client.setReplaying(true);
            RequestDecoder decoder = new RequestDecoder();
            byte[] bytes = log.toByteArray();
            decoder.lend(bytes, 0, bytes.length);
            decoder.setAuthenticated(true);
            Args args = decoder.next(new Args());
            while (args != null) {
                run(other, client, args);
                args = decoder.next(new Args());
            }
            return contents(other);
        } catch (ProtocolException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, String> contents(Engine engine) {
        Client client = connect(engine);
        // Such a client also sees what has expired and has not been removed.
        client.setReplaying(true);
        Map<String, String> contents = new TreeMap<>();
        for (int database = 0; database < DATABASES; database++) {
            ask(engine, client, "SELECT", "" + database);
            for (Object key : (List<?>) ask(engine, client, "KEYS", "*")) {
                String name = (String) key;
                String type = (String) ask(engine, client, "TYPE", name);
                List<Object> value = new ArrayList<>();
                value.add(type);
                value.add(ask(engine, client, "PEXPIRETIME", name));
                switch (type) {
                    case "hash" -> value.add(fields(engine, client, name));
                    case "stream" ->
                        value.add(lasting(ask(engine, client, "XINFO", "STREAM", name, "FULL", "COUNT", "0")));
                    default -> value.add(ask(engine, client, "DEBUG", "DIGEST-VALUE", name));
                }
                contents.put(database + " " + name, value.toString());
            }
        }
        return contents;
    }

    /**
     * The fields of a hash, their values and expiries. One that has expired may be missing: a command that names it passes over
     * it where it ran first, and removes it where it is repeated.
     */
    private Map<String, Object> fields(Engine engine, Client client, String key) {
        Map<String, Object> fields = new TreeMap<>();
        ((Map<?, ?>) ask(engine, client, "HGETALL", key)).forEach((field, value) -> {
            long expireAt = (long)
                    ((List<?>) ask(engine, client, "HPEXPIRETIME", key, "FIELDS", "1", (String) field)).getFirst();
            if (expireAt < 0 || expireAt > clock.millis()) {
                fields.put((String) field, List.of(value, expireAt));
            }
        });
        return fields;
    }

    /**
     * What is known of a stream without when its consumers were last seen, and without when and how often a pending entry was
     * delivered: that a consumer reads its own entries again is not told.
     */
    private static @Nullable Object lasting(@Nullable Object info) {
        if (info instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> result = new TreeMap<>();
            map.forEach((key, value) -> {
                if (key.equals("pending") || key.equals("pel")) {
                    result.put(
                            (String) key,
                            ((List<?>) value)
                                    .stream()
                                            .map(entry -> ((List<?>) entry).getFirst())
                                            .toList());
                } else if (!key.equals("seen-time") && !key.equals("active-time")) {
                    result.put((String) key, lasting(value));
                }
            });
            return result;
        }
        return info instanceof List<?> list
                ? list.stream().map(LoggedStore::lasting).toList()
                : info;
    }

    private static Object ask(Engine engine, Client client, String... words) {
        Object answer = text(run(engine, client, args(List.of(words))));
        if (answer == null) {
            throw new IllegalStateException("no answer to " + List.of(words));
        }
        return answer;
    }

    private static @Nullable Object text(@Nullable Object answer) {
        return switch (answer) {
            case byte[] bytes -> new String(bytes, StandardCharsets.ISO_8859_1);
            case List<?> list -> {
                List<@Nullable Object> result = new ArrayList<>();
                list.forEach(element -> result.add(text(element)));
                yield result;
            }
            case Map<?, ?> map -> {
                Map<String, @Nullable Object> result = new TreeMap<>();
                map.forEach((key, value) -> result.put(String.valueOf(text(key)), text(value)));
                yield result;
            }
            case null, default -> answer;
        };
    }

    @Override
    public void close() {
        engine.close();
    }

    private static final class TestClock implements Clock {
        private volatile long millis;

        TestClock(long millis) {
            this.millis = millis;
        }

        @Override
        public long millis() {
            return millis;
        }

        @Override
        public long nanos() {
            return System.nanoTime();
        }
    }
}
