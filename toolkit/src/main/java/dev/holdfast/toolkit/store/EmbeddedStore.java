package dev.holdfast.toolkit.store;

import dev.holdfast.engine.CallInterruptedException;
import dev.holdfast.engine.Connection;
import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.KeyPage;
import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.scripting.Scripting;
import dev.holdfast.engine.scripting.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A store in this JVM: each call runs on the caller's thread, without a socket. Database 0 is reached through the store's own
 * pool of callers; every other database through connections that have selected it.
 */
public final class EmbeddedStore implements Store {
    private static final int BATCH = 1000;
    private static final long LOOK_AFTER_MILLIS = 500;

    /** The store whose command this thread runs, so that tracking can tell its changes from those of others. */
    private static final ThreadLocal<EmbeddedStore> CHANGING = new ThreadLocal<>();

    private final Holdfast holdfast;
    private final int database;
    private final Clock clock;
    private final boolean owned;
    private final ConcurrentLinkedDeque<Connection> connections = new ConcurrentLinkedDeque<>();
    private final Set<EmbeddedSubscription> subscriptions = ConcurrentHashMap.newKeySet();
    private final AtomicInteger trackings = new AtomicInteger();
    private final ScheduledFuture<?> lookAfter;
    private volatile boolean closed;

    private EmbeddedStore(Holdfast holdfast, int database, boolean owned) {
        this.holdfast = holdfast;
        this.database = database;
        this.clock = holdfast.engine().clock();
        this.owned = owned;
        this.lookAfter = holdfast.engine()
                .timer()
                .scheduleWithFixedDelay(
                        () -> subscriptions.forEach(EmbeddedSubscription::restore),
                        LOOK_AFTER_MILLIS,
                        LOOK_AFTER_MILLIS,
                        TimeUnit.MILLISECONDS);
    }

    /** A database of a store that somebody else opens and closes. */
    public static EmbeddedStore over(Holdfast holdfast, int database) {
        return new EmbeddedStore(holdfast, database, false);
    }

    /** A database of a store that is closed with this. */
    public static EmbeddedStore owning(Holdfast holdfast, int database) {
        return new EmbeddedStore(holdfast, database, true);
    }

    /** The store itself, with typed calls for what it can do. */
    public Holdfast holdfast() {
        return holdfast;
    }

    /** Some keys of the database; see {@link Holdfast#keys}. */
    KeyPage keys(long cursor, int most) {
        return holdfast.keys(database, cursor, most);
    }

    // ---- commands ----

    @Override
    public Reply call(Command command) {
        return guarded(() -> run(command));
    }

    private Reply run(Command command) {
        Script script = command.script();
        if (script == null) {
            return Reply.of(raw(command));
        }
        try {
            return Reply.of(raw(command));
        } catch (dev.holdfast.engine.ErrorReplyException e) {
            if (!e.code().equals("NOSCRIPT")) {
                throw e;
            }
            Step step = script.step();
            if (step != null) {
                Scripting.of(holdfast.engine()).replace(script.sha1(), step);
            }
            // Loaded, it stays for good, and its use is not counted.
            raw(Command.of("SCRIPT", "LOAD", script.source()));
            return Reply.of(raw(command));
        }
    }

    private @Nullable Object raw(Command command) {
        if (database == 0) {
            return holdfast.call(command.name(), command.words());
        }
        Connection connection = borrow();
        try {
            return connection.call(command.name(), command.words());
        } finally {
            giveBack(connection);
        }
    }

    private Connection borrow() {
        Connection connection = connections.pollFirst();
        if (connection == null) {
            connection = holdfast.connect();
            connection.select(database);
        }
        return connection;
    }

    private void giveBack(Connection connection) {
        if (closed) {
            connection.close();
        } else {
            connections.addFirst(connection);
        }
    }

    /** Runs a call on the engine, with the toolkit's exceptions. */
    private <T extends @Nullable Object> T guarded(Supplier<T> call) {
        if (closed) {
            throw new StoreUnavailableException("the store is closed");
        }
        boolean tracked = trackings.get() > 0;
        if (tracked) {
            CHANGING.set(this);
        }
        try {
            return call.get();
        } catch (dev.holdfast.engine.ErrorReplyException e) {
            throw new CommandFailedException(String.valueOf(e.getMessage()));
        } catch (CallInterruptedException e) {
            CancellationException cancelled = new CancellationException(e.getMessage());
            cancelled.initCause(e);
            throw cancelled;
        } catch (IllegalStateException e) {
            throw new StoreUnavailableException("the store is closed", e);
        } finally {
            if (tracked) {
                CHANGING.remove();
            }
        }
    }

    @Override
    public CompletionStage<Reply> callAsync(Command command) {
        try {
            return CompletableFuture.completedFuture(call(command));
        } catch (StoreException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    @Override
    public Reply await(Duration atMost, Command command) {
        return call(command);
    }

    @Override
    public List<Reply> pipeline(List<Command> commands) {
        List<Reply> replies = new ArrayList<>(commands.size());
        for (Command command : commands) {
            try {
                replies.add(call(command));
            } catch (CommandFailedException e) {
                replies.add(Reply.error(String.valueOf(e.getMessage())));
            }
        }
        return replies;
    }

    @Override
    public byte @Nullable [] get(byte[] key) {
        if (database != 0) {
            return Store.super.get(key);
        }
        return guarded(() -> holdfast.get(key));
    }

    @Override
    public List<byte @Nullable []> getAll(List<byte[]> keys) {
        List<byte @Nullable []> values = new ArrayList<>(keys.size());
        if (!keys.isEmpty()) {
            call("MGET", keys.toArray()).list().forEach(element -> values.add(element.bytesOrNull()));
        }
        return values;
    }

    @Override
    public long unlink(Collection<byte[]> keys) {
        return keys.isEmpty() ? 0 : call("UNLINK", keys.toArray()).number();
    }

    @Override
    public void scan(String pattern, Consumer<List<byte[]>> batch) {
        String cursor = "0";
        do {
            List<Reply> page =
                    call("SCAN", cursor, "MATCH", pattern, "COUNT", BATCH).list();
            cursor = page.getFirst().text();
            List<byte[]> keys = page.getLast().list().stream().map(Reply::bytes).toList();
            if (!keys.isEmpty()) {
                batch.accept(keys);
            }
        } while (!cursor.equals("0"));
    }

    // ---- messages ----

    @Override
    public Subscription subscribe(Channels channels, MessageListener listener) {
        return guarded(() -> new EmbeddedSubscription(channels, listener));
    }

    @Override
    public Optional<Subscription> track(String prefix, InvalidationListener listener) {
        if (closed) {
            throw new StoreUnavailableException("the store is closed");
        }
        EmbeddedTracking begun = new EmbeddedTracking(
                holdfast.engine(), prefix, listener, () -> CHANGING.get() == this, trackings::decrementAndGet);
        trackings.incrementAndGet();
        return Optional.of(begun);
    }

    /** A subscription that comes back. An operator may kill it; that is found within a second, and the listener's gap is called. */
    private final class EmbeddedSubscription implements Subscription {
        private final Channels channels;
        private final Mailbox mailbox;
        private dev.holdfast.engine.Subscriber subscription;
        private boolean ended;

        EmbeddedSubscription(Channels channels, MessageListener listener) {
            this.channels = channels;
            this.mailbox = new Mailbox(listener);
            try {
                this.subscription = open();
            } catch (RuntimeException e) {
                mailbox.close();
                throw e;
            }
            subscriptions.add(this);
        }

        private dev.holdfast.engine.Subscriber open() {
            String[] names = channels.names().toArray(String[]::new);
            Consumer<dev.holdfast.engine.Message> receiver =
                    message -> mailbox.message(message.channel(), message.payload());
            return switch (channels.kind()) {
                case NAMED -> holdfast.subscribe(receiver, names);
                case MATCHING -> holdfast.subscribeToPatterns(receiver, names);
                case SHARDED -> holdfast.subscribeToSharded(receiver, names);
            };
        }

        synchronized void restore() {
            if (!ended && subscription.isClosed()) {
                subscription = open();
                mailbox.gap();
            }
        }

        @Override
        public synchronized boolean isActive() {
            return !ended && !subscription.isClosed();
        }

        @Override
        public synchronized void close() {
            ended = true;
            subscriptions.remove(this);
            subscription.close();
            mailbox.close();
        }
    }

    // ---- the store as such ----

    @Override
    public long millis() {
        return clock.millis();
    }

    @Override
    public boolean isCluster() {
        return false;
    }

    @Override
    public Health health() {
        if (closed) {
            return Health.down("the store is closed");
        }
        try {
            ServerFigures figures = new ServerFigures();
            figures.add(call("INFO").text());
            Map<String, Object> details = new LinkedHashMap<>();
            details.put("store", toString());
            details.put("keys", call("DBSIZE").number());
            details.putAll(figures.figures());
            return Health.up(details);
        } catch (StoreException e) {
            return Health.down(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        lookAfter.cancel(false);
        List.copyOf(subscriptions).forEach(EmbeddedSubscription::close);
        List<Connection> idle = new ArrayList<>(connections);
        idle.forEach(Connection::close);
        if (owned) {
            holdfast.close();
        }
    }

    @Override
    public String toString() {
        return "embedded:" + (database == 0 ? "" : "?db=" + database);
    }
}
