package dev.holdfast.junit;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.server.ConfigFile;
import dev.holdfast.server.Server;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A store for tests: in this JVM, and for clients of any kind on a free port of the loopback interface. It keeps nothing on disk.
 *
 * <pre>
 * try (TestStore store = TestStore.open("requirepass secret")) {
 *     Jedis client = new Jedis(store.uri());
 *     …
 * }
 * </pre>
 *
 * <p>{@link HoldfastTest} opens and closes it for tests of JUnit.
 */
public final class TestStore implements AutoCloseable {
    private final TestClock clock = new TestClock();
    private final Holdfast holdfast;
    private final FailingCommands failing;
    private final Server server;
    private final String password;
    private final String maxmemory;
    private final String policy;
    private @Nullable Network network;

    private TestStore(Config config) throws IOException {
        holdfast = Holdfast.open(config, clock);
        failing = new FailingCommands(holdfast.engine().commands());
        holdfast.engine().setPersistence(failing);
        password = config.requirepass.get();
        maxmemory = config.memory.maxmemory.text();
        policy = config.memory.maxmemoryPolicy.text();
        try {
            server = Server.serve(holdfast, config.network.port.getInt());
        } catch (IOException e) {
            holdfast.close();
            throw e;
        }
    }

    /**
     * Opens an empty store with Valkey's defaults, on a free port.
     *
     * @param config lines as in {@code valkey.conf}, such as {@code "maxmemory 10mb"}
     * @throws IllegalArgumentException if a line is wrong; the message shows it
     * @throws UncheckedIOException if the port that the configuration names is taken
     */
    public static TestStore open(String... config) {
        Config parameters = new Config();
        parameters.network.port.set(0);
        byte[] text = String.join("\n", config).getBytes(StandardCharsets.UTF_8);
        try {
            ConfigFile.apply(parameters, List.of("-"), new ByteArrayInputStream(text));
            return new TestStore(parameters);
        } catch (ConfigException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The store itself, for calls without a client: {@code store.holdfast().get("key")}. */
    public Holdfast holdfast() {
        return holdfast;
    }

    /** Where clients find the store: {@code redis://127.0.0.1:41234}, with the password if there is one. */
    public URI uri() {
        return uri(port());
    }

    /** Always {@code 127.0.0.1}. */
    public String host() {
        return "127.0.0.1";
    }

    /** The port that the store is served on. */
    public int port() {
        return server.port();
    }

    private URI uri(int port) {
        String user = password.isEmpty()
                ? ""
                : ":" + URLEncoder.encode(password, StandardCharsets.UTF_8).replace("+", "%20") + "@";
        return URI.create("redis://" + user + host() + ":" + port);
    }

    /** The store's time: the machine's, and what {@link #advance} has added. */
    public Instant now() {
        return clock.instant();
    }

    /**
     * Moves the store's time on: what expires until then is gone when this returns. A key that was just written with a time to live of
     * as long is, too: Valkey keeps one to the end of its last millisecond, so the clock moves by one more. Commands that wait, such
     * as BLPOP, still wait as long in real time.
     *
     * @throws IllegalArgumentException if the duration is negative
     */
    public void advance(Duration duration) {
        clock.advance(duration);
    }

    /** A second way to the store, whose connections can be slowed down and cut. It is there from the first call on. */
    public synchronized Network network() {
        Network existing = network;
        if (existing == null) {
            try {
                existing = new Network(server.port(), this::uri);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            network = existing;
        }
        return existing;
    }

    /**
     * Lets every call of a command fail, until {@link #heal}: {@code store.fail("INCR", "LOADING the data")}. Nothing is run then. In a
     * script, so fail commands that write.
     *
     * @param command its name, a subcommand's after a bar: {@code "CONFIG|SET"}
     * @param error what clients get; its first word is the code that they know errors by
     * @throws IllegalArgumentException if there is no such command, or the error is not one line
     */
    public void fail(String command, String error) {
        failing.put(command, error);
    }

    /** From now on there is no memory for another key: what may need some is answered {@code OOM …}, until {@link #heal}. */
    public void fillMemory() {
        holdfast.call("CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction");
    }

    /** Ends all faults. The data and the clock stay as they are. */
    public synchronized void heal() {
        failing.clear();
        holdfast.call("CONFIG", "SET", "maxmemory", maxmemory, "maxmemory-policy", policy);
        if (network != null) {
            network.heal();
        }
    }

    /** Ends all faults, takes the clock back to the machine's time and empties the store: keys, scripts and functions. */
    public void reset() {
        heal();
        holdfast.call("FLUSHALL");
        holdfast.call("FUNCTION", "FLUSH");
        holdfast.call("SCRIPT", "FLUSH");
        clock.reset();
    }

    /** Ends the store and all connections to it. */
    @Override
    public synchronized void close() {
        if (network != null) {
            network.close();
        }
        holdfast.close();
    }

    @Override
    public String toString() {
        return "TestStore at " + host() + ":" + port();
    }
}
