package dev.holdfast.engine;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Persistence;
import dev.holdfast.engine.persistence.Disk;
import dev.holdfast.engine.persistence.FilePersistence;
import dev.holdfast.engine.replication.ReplicationNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A store in this JVM.
 *
 * <pre>
 * try (Holdfast store = Holdfast.open()) {
 *     store.set("greeting", "hello", SetOption.expireIn(Duration.ofMinutes(1)));
 *     String greeting = store.get("greeting");
 *     Object answer = store.call("ZADD", "ranking", 17, "alice");
 * }
 * </pre>
 *
 * <p>Any number of threads may use it at once, platform or virtual; each call is atomic. There may be several stores in one
 * JVM. Calls go to database 0; {@link #connect} gives a connection of one's own, with all that belongs to one. The same
 * keyspace can be served on a port: see {@code Server.serve} of the server module.
 */
public final class Holdfast extends StreamCalls implements AutoCloseable {
    private final Engine engine;
    private final boolean ownsEngine;
    private final CallerPool pool;
    private final List<AutoCloseable> attached = new CopyOnWriteArrayList<>();

    private Holdfast(Engine engine) {
        this.engine = engine;
        this.ownsEngine = false;
        this.pool = new CallerPool(engine);
    }

    private Holdfast(Config config, Clock clock) {
        this.engine = AllCommands.engine(config, clock);
        this.ownsEngine = true;
        this.pool = new CallerPool(engine);
        // The command SHUTDOWN runs on a thread that closing waits for, so closing needs another.
        engine.setHost(reason -> Thread.ofPlatform().name("holdfast-shutdown").start(this::close));
    }

    /** Calls on an engine that the program around opens, loads and closes; closing this ends the calls, not the engine. */
    @SuppressWarnings("exports") // The engine is for Holdfast's own modules.
    public static Holdfast over(Engine engine) {
        return new Holdfast(engine);
    }

    /**
     * Opens an empty store with Valkey's defaults, except that data may fill half of this JVM's heap: then commands that may need
     * memory answer {@code OOM …}, unless {@code maxmemory-policy} says which keys go. {@code heap-percent} moves that bound, and
     * {@code maxmemory} sets a lower one.
     */
    public static Holdfast open() {
        return open(new Config());
    }

    /**
     * Opens an empty store: {@code Holdfast.open(new Config().set("maxmemory", "100mb"))}. Its configuration is changed through {@code
     * CONFIG SET} from now on.
     */
    public static Holdfast open(Config config) {
        return openEmpty(config, Clock.SYSTEM);
    }

    /** Opens an empty store whose wall-clock time is that of a source, which a test may freeze and move. */
    public static Holdfast open(Config config, InstantSource clock) {
        return openEmpty(config, Clock.of(clock));
    }

    private static Holdfast openEmpty(Config config, Clock clock) {
        Holdfast store = new Holdfast(config, clock);
        ReplicationNode.of(store.engine).start();
        return store;
    }

    /**
     * Opens a store that outlives its process in the files of a directory, with Valkey's defaults: a snapshot after an hour
     * with a change, five minutes with a hundred or a minute with ten thousand, and one when the store is closed.
     *
     * @throws UncheckedIOException if the directory is in use by another store, or what is in it cannot be loaded
     */
    public static Holdfast open(Path directory) {
        return open(directory, new Config());
    }

    /** Opens a store with files in a directory; the configuration says which, and when they are written. */
    public static Holdfast open(Path directory, Config config) {
        return open(directory, config, Clock.SYSTEM);
    }

    /** Opens a store with files in a directory, whose wall-clock time is that of a source. */
    public static Holdfast open(Path directory, Config config, InstantSource clock) {
        return open(directory, config, Clock.of(clock));
    }

    private static Holdfast open(Path directory, Config config, Clock clock) {
        try {
            Files.createDirectories(directory);
            config.set("dir", directory.toAbsolutePath().toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Holdfast store = new Holdfast(config, clock);
        boolean loaded = false;
        try {
            FilePersistence.open(store.engine, Disk.REAL).load();
            ReplicationNode.of(store.engine).start();
            loaded = true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            if (!loaded) {
                store.abandon();
            }
        }
        return store;
    }

    /** Closes a store that could not be loaded, and saves nothing. */
    private void abandon() {
        Persistence files = engine.persistence();
        engine.setPersistence(Persistence.NONE);
        close();
        if (files instanceof FilePersistence persistence) {
            persistence.close();
        }
    }

    @Override
    Caller borrow() {
        return pool.borrow();
    }

    @Override
    void giveBack(Caller caller) {
        pool.giveBack(caller);
    }

    /** A connection of one's own: for SELECT, WATCH, and whatever else lasts from one call to the next. */
    public Connection connect() {
        return new Connection(this, pool.newCaller());
    }

    /** As {@link Connection#transaction}, which cannot come to nothing since no keys are watched. */
    public List<@Nullable Object> transaction(Consumer<Transaction> commands) {
        try (Connection connection = connect()) {
            List<@Nullable Object> answers = connection.transaction(commands);
            if (answers == null) {
                throw new IllegalStateException("no keys were watched");
            }
            return answers;
        }
    }

    /** A subscriber, for the present to these channels. */
    public Subscriber subscribe(Consumer<Message> listener, String... channels) {
        Subscriber subscription = subscriber(listener);
        return channels.length == 0 ? subscription : subscription.subscribe(channels);
    }

    /** A subscriber, for the present to all channels that match one of these glob patterns. */
    public Subscriber subscribeToPatterns(Consumer<Message> listener, String... patterns) {
        return subscriber(listener).subscribeToPatterns(patterns);
    }

    /** A subscriber, for the present to these sharded channels. */
    public Subscriber subscribeToSharded(Consumer<Message> listener, String... channels) {
        return subscriber(listener).subscribeToSharded(channels);
    }

    private Subscriber subscriber(Consumer<Message> listener) {
        pool.checkOpen();
        return new Subscriber(engine, listener).start();
    }

    /** The engine, for what serves it to others. */
    @SuppressWarnings("exports") // The engine is for Holdfast's own modules.
    public Engine engine() {
        return engine;
    }

    /**
     * Some keys with what a count of them needs. It counts as no command and as no access, and holds the lock of one shard while it
     * copies.
     *
     * @param cursor 0 to begin, else where the page before ended; cursors are those of SCAN, and so are the promises
     * @param most about how many keys, and at least one
     */
    public KeyPage keys(int database, long cursor, int most) {
        return KeyPage.read(engine, database, cursor, most);
    }

    /** Closes something with the store, before anything else; a server of it, for instance. */
    public void attach(AutoCloseable service) {
        attached.add(service);
    }

    /** Ends everything: what is attached, subscriptions, waiting calls, threads. Later calls fail. Closing again does nothing. */
    @Override
    public void close() {
        if (pool.isClosed()) {
            return;
        }
        for (AutoCloseable service : attached) {
            try {
                service.close();
            } catch (Exception e) {
                org.slf4j.LoggerFactory.getLogger(Holdfast.class).error("Closing {} failed", service, e);
            }
        }
        pool.close();
        engine.clients().forEach(client -> {
            if (client.link() instanceof Subscriber.Receiver receiver) {
                receiver.subscription().close();
            }
        });
        if (!ownsEngine) {
            return;
        }
        engine.close();
        if (engine.persistence() instanceof FilePersistence persistence) {
            finish(persistence);
        }
    }

    private static void finish(FilePersistence persistence) {
        try {
            persistence.finish(FilePersistence.FinalSave.AS_CONFIGURED);
        } catch (IOException e) {
            throw new UncheckedIOException("the data could not be saved", e);
        } finally {
            persistence.close();
        }
    }
}
