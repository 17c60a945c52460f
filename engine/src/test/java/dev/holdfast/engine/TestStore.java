package dev.holdfast.engine;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.metrics.ThreadStatistics;
import dev.holdfast.engine.protocol.Args;
import dev.holdfast.engine.protocol.ObjectReply;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.protocol.RespReply;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A store for tests: an engine whose wall clock stands still until the test moves it, and clients that run commands.
 *
 * <pre>
 * try (TestStore store = new TestStore("hash-max-listpack-entries", "4")) {
 *     assertEquals("OK", store.run("SET", "a", "1"));
 *     store.clock().advance(1000);
 *     TestStore.Session waiting = store.connect();
 *     waiting.block("BLPOP", "list", "0");
 *     store.run("RPUSH", "list", "x");
 *     assertEquals(List.of("list", "x"), waiting.answer());
 * }
 * </pre>
 */
public final class TestStore implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 10;

    private final TestClock clock = new TestClock();
    private final Config config;
    private final Engine engine;
    private final ThreadStatistics lane;
    private final Session session;

    /** A store with these parameters and their values, taken in pairs. */
    public TestStore(String... parameters) {
        this(configured(parameters));
    }

    private TestStore(Config config) {
        this(config, List.of());
    }

    private TestStore(Config config, List<CommandSpec> more) {
        this.config = config;
        engine = more.isEmpty()
                ? AllCommands.engine(config, clock)
                : new Engine(
                        config,
                        clock,
                        Stream.concat(AllCommands.list().stream(), more.stream())
                                .toList());
        lane = engine.statistics().newLane();
        session = connect();
    }

    /** A store with this configuration. */
    public static TestStore of(Config config) {
        return new TestStore(config);
    }

    /** A store with further commands. */
    public static TestStore with(CommandSpec... more) {
        return new TestStore(new Config(), List.of(more));
    }

    private static Config configured(String... parameters) {
        Config config = new Config();
        for (int i = 0; i < parameters.length; i += 2) {
            try {
                config.set(parameters[i], parameters[i + 1]);
            } catch (ConfigException e) {
                throw new IllegalArgumentException(parameters[i], e);
            }
        }
        return config;
    }

    public Engine engine() {
        return engine;
    }

    public Config config() {
        return config;
    }

    public TestClock clock() {
        return clock;
    }

    /** A new client, which speaks RESP3. */
    public Session connect() {
        return new Session();
    }

    /** The client behind {@link #run} and its like. */
    public Session session() {
        return session;
    }

    /** Runs a command for the store's own client; see {@link Session#run}. */
    public @Nullable Object run(String... words) {
        return session.run(words);
    }

    /** The message of the error that a command answers; fails where it answers anything else. */
    public String error(String... words) {
        return session.error(words);
    }

    /** The answer as RESP2, byte for byte a character. */
    public String resp2(String... words) {
        return session.resp(false, words);
    }

    /** The answer as RESP3, byte for byte a character. */
    public String resp3(String... words) {
        return session.resp(true, words);
    }

    @Override
    public void close() {
        engine.close();
    }

    /** A wall clock that the test moves; the monotonic clock is the machine's. */
    public static final class TestClock implements Clock {
        private final AtomicLong millis = new AtomicLong(1_800_000_000_000L);

        @Override
        public long millis() {
            return millis.get();
        }

        @Override
        public long nanos() {
            return System.nanoTime();
        }

        public void advance(long byMillis) {
            millis.addAndGet(byMillis);
        }

        public void set(long toMillis) {
            millis.set(toMillis);
        }
    }

    /** A client. One thread at a time may use it. */
    public final class Session implements Link, AutoCloseable {
        private final BlockingQueue<Reply> answers = new LinkedBlockingQueue<>();
        private final BlockingQueue<byte[]> pushes = new LinkedBlockingQueue<>();
        private final Client client = engine.connect(this, lane);
        private volatile boolean closed;

        Session() {
            client.setResp3(true);
        }

        public Client client() {
            return client;
        }

        /** Whether the engine has ended the connection. */
        public boolean isClosed() {
            return closed || client.isClosing();
        }

        /**
         * Runs a command and returns its answer as objects: {@code Long}, {@code String} (of bulk strings, as UTF-8),
         * {@code Double}, {@code Boolean}, null, {@code List}, {@code Map} and {@link ReplyError}.
         */
        public @Nullable Object run(String... words) {
            return text(runBytes(bytes(words)));
        }

        /** As {@link #run}, with words and bulk strings as bytes. */
        public @Nullable Object runBytes(byte[]... words) {
            ObjectReply reply = new ObjectReply();
            if (!engine.execute(client, Args.of(words), reply)) {
                throw new AssertionError("the command waits");
            }
            return reply.result();
        }

        /** The message of the error that a command answers; fails where it answers anything else. */
        public String error(String... words) {
            Object answer = run(words);
            if (answer instanceof ReplyError error) {
                return error.message();
            }
            throw new AssertionError("no error, but " + answer);
        }

        /** The answer in the form of the protocol, byte for byte a character. */
        public String resp(boolean three, String... words) {
            RespReply reply = new RespReply(128);
            boolean before = client.resp3();
            client.setResp3(three);
            reply.setResp3(three);
            if (!engine.execute(client, Args.of(bytes(words)), reply)) {
                throw new AssertionError("the command waits");
            }
            if (client.resp3() == three) {
                client.setResp3(before);
            }
            return new String(reply.toBytes(), StandardCharsets.ISO_8859_1);
        }

        /** Sends a command that has to wait; fails if it is answered at once. */
        public void block(String... words) {
            ObjectReply reply = new ObjectReply();
            if (engine.execute(client, Args.of(bytes(words)), reply)) {
                throw new AssertionError("the command did not wait, but answered " + text(reply.result()));
            }
        }

        /** Whether a command that had to wait has been answered. */
        public boolean isAnswered() {
            return !answers.isEmpty();
        }

        /** The answer of a command that had to wait; waits for it, and fails if none comes. */
        public @Nullable Object answer() {
            try {
                Reply reply = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                if (reply == null) {
                    throw new AssertionError("no answer has come");
                }
                return text(((ObjectReply) reply).result());
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** The next message outside the order of requests and replies, byte for byte a character, or null for none. */
        public @Nullable String push() {
            byte[] push = pushes.poll();
            return push == null ? null : new String(push, StandardCharsets.ISO_8859_1);
        }

        /** Ends the connection from the client's side. */
        @Override
        public void close() {
            closed = true;
            engine.disconnect(client);
        }

        @Override
        public void push(byte[] message) {
            pushes.add(message);
        }

        @Override
        public Reply resumeReply() {
            return new ObjectReply();
        }

        @Override
        public void resume(Reply reply) {
            answers.add(reply);
        }

        @Override
        public void close(boolean afterReplies) {
            closed = true;
        }

        @Override
        public String address() {
            return "test:" + client.id();
        }

        @Override
        public String localAddress() {
            return "test:0";
        }
    }

    private static byte[][] bytes(String... words) {
        byte[][] bytes = new byte[words.length][];
        for (int i = 0; i < words.length; i++) {
            bytes[i] = words[i].getBytes(StandardCharsets.UTF_8);
        }
        return bytes;
    }

    /** The same answer with every bulk string as text. */
    private static @Nullable Object text(@Nullable Object answer) {
        return switch (answer) {
            case byte[] bytes -> new String(bytes, StandardCharsets.UTF_8);
            case List<?> list -> {
                List<@Nullable Object> result = new ArrayList<>();
                list.forEach(element -> result.add(text(element)));
                yield result;
            }
            case Map<?, ?> map -> {
                Map<@Nullable Object, @Nullable Object> result = new LinkedHashMap<>();
                map.forEach((key, value) -> result.put(text(key), text(value)));
                yield result;
            }
            case null, default -> answer;
        };
    }
}
