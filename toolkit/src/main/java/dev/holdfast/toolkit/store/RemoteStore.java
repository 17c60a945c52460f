package dev.holdfast.toolkit.store;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.ProtocolKeyword;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A server that speaks RESP: a Holdfast, a Valkey, one behind Sentinel, or a cluster.
 *
 * <p>All commands share one connection (on a cluster, one for each node): Lettuce sends them as they come and does not wait for
 * the answers of earlier ones, so more connections would bring nothing but more system calls. Commands that wait have a
 * connection to themselves for that time; those are kept for later, as many as the URI says. Subscriptions share none: each has
 * its own.
 */
public final class RemoteStore implements Store {
    private static final int BATCH = 1000;
    private static final long CLOCK_SECONDS = 10;

    /** The name of a command as Lettuce wants it. */
    private static final class Keyword implements ProtocolKeyword {
        private final String text;
        private final byte[] bytes;

        Keyword(String text) {
            this.text = text;
            this.bytes = text.getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public byte[] getBytes() {
            return bytes;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private final String description;
    private final Connector connector;
    private final String namespace;
    private final Duration timeout;
    private final int pool;
    private final StatefulConnection<byte[], byte[]> connection;
    private final ConcurrentLinkedDeque<StatefulConnection<byte[], byte[]>> idle = new ConcurrentLinkedDeque<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Map<String, Keyword> keywords = new ConcurrentHashMap<>();
    private final Set<Subscription> subscriptions = ConcurrentHashMap.newKeySet();
    private final RemoteClock clock = new RemoteClock();
    private final RemoteTracking tracking;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("holdfast-store").factory());
    private volatile boolean closed;

    private RemoteStore(RemoteUri uri) {
        this.description = uri.description();
        this.connector = uri.cluster()
                ? new ClusterConnector(uri.uris(), uri.ca(), description)
                : new StandaloneConnector(uri.uris().getFirst(), uri.ca(), description);
        this.namespace = uri.namespace();
        this.timeout = uri.uris().getFirst().getTimeout();
        this.pool = uri.pool();
        StatefulConnection<byte[], byte[]> made;
        try {
            made = connector.connect();
        } catch (RuntimeException e) {
            connector.close();
            timer.shutdownNow();
            throw e;
        }
        this.connection = made;
        this.tracking = new RemoteTracking(this, connector, connection, timer);
        readClock();
        timer.scheduleWithFixedDelay(this::readClock, CLOCK_SECONDS, CLOCK_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * Connects to a server, to the primary that Sentinel names, or to a cluster.
     *
     * @throws StoreUnavailableException if there is none
     */
    static RemoteStore open(RemoteUri uri) {
        return new RemoteStore(uri);
    }

    // ---- commands ----

    /** A command as Lettuce takes it. The caller sees the answer through the future that it is. */
    private AsyncCommand<byte[], byte[], Reply> lettuce(Command command) {
        Object[] words = command.words();
        byte[][] bytes = new byte[words.length][];
        for (int i = 0; i < words.length; i++) {
            bytes[i] = Words.of(words[i]);
        }
        int key = -1;
        if (connector.isCluster()) {
            key = command.script() == null
                    ? KeyPositions.first(command.name(), bytes)
                    : command.scriptKeys() > 0 ? 2 : -1;
        }
        CommandArgs<byte[], byte[]> args = new CommandArgs<>(ByteArrayCodec.INSTANCE);
        for (int i = 0; i < bytes.length; i++) {
            if (i == key) {
                args.addKey(bytes[i]);
            } else {
                args.add(bytes[i]);
            }
        }
        Keyword keyword = keywords.computeIfAbsent(command.name(), Keyword::new);
        return new AsyncCommand<>(new io.lettuce.core.protocol.Command<>(keyword, new ReplyOutput(), args));
    }

    private AsyncCommand<byte[], byte[], Reply> send(StatefulConnection<byte[], byte[]> over, Command command) {
        if (closed) {
            throw new StoreUnavailableException("the store is closed");
        }
        AsyncCommand<byte[], byte[], Reply> sent = lettuce(command);
        try {
            over.dispatch(sent);
        } catch (RuntimeException e) {
            throw exception(command, e);
        }
        return sent;
    }

    @Override
    public Reply call(Command command) {
        return call(connection, command);
    }

    @Override
    public Reply call(Command command, Duration atMost) {
        return call(connection, command, atMost.compareTo(timeout) < 0 ? atMost : timeout);
    }

    Reply call(StatefulConnection<byte[], byte[]> over, Command command) {
        return call(over, command, timeout);
    }

    private Reply call(StatefulConnection<byte[], byte[]> over, Command command, Duration patience) {
        try {
            return answer(send(over, command), command, patience);
        } catch (CommandFailedException e) {
            if (command.script() == null || !e.code().equals("NOSCRIPT")) {
                throw e;
            }
            Command withSource = command.withSource();
            return answer(send(over, withSource), withSource, patience);
        }
    }

    private static Reply answer(AsyncCommand<byte[], byte[], Reply> sent, Command command, Duration patience) {
        try {
            return sent.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            sent.cancel(true);
            throw new OutcomeUnknownException(
                    command + " was not answered within " + patience.toMillis() + " milliseconds", e);
        } catch (InterruptedException e) {
            sent.cancel(true);
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while " + command + " was on its way");
        } catch (ExecutionException | CancellationException e) {
            throw exception(command, e);
        }
    }

    /** Lettuce's exceptions as ours. */
    private static StoreException exception(Command command, Throwable thrown) {
        Throwable cause = thrown;
        while ((cause instanceof ExecutionException || cause instanceof CompletionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = String.valueOf(cause.getMessage());
        return switch (cause) {
            case StoreException known -> known;
            case RedisCommandExecutionException error -> new CommandFailedException(message);
            case RedisConnectionException refused -> new StoreUnavailableException(message, refused);
            case RuntimeException other
            when message.contains("not connected")
                    || message.contains("Connection is closed")
                    || message.contains("Cannot determine a partition") ->
                new StoreUnavailableException(message, other);
            default -> new OutcomeUnknownException("the answer to " + command + " was lost: " + message, cause);
        };
    }

    @Override
    public CompletionStage<Reply> callAsync(Command command) {
        try {
            return send(connection, command)
                    .orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS)
                    .handle((reply, thrown) -> {
                        if (thrown == null) {
                            return reply;
                        }
                        throw thrown instanceof TimeoutException
                                ? new OutcomeUnknownException(command + " was not answered in time", thrown)
                                : exception(command, thrown);
                    })
                    .exceptionallyCompose(thrown -> orWithSource(command, thrown));
        } catch (StoreException e) {
            return java.util.concurrent.CompletableFuture.failedFuture(e);
        }
    }

    private CompletionStage<Reply> orWithSource(Command command, Throwable thrown) {
        StoreException known = exception(command, thrown);
        if (command.script() != null
                && command.name().equals("EVALSHA")
                && known instanceof CommandFailedException failed
                && failed.code().equals("NOSCRIPT")) {
            return callAsync(command.withSource());
        }
        return java.util.concurrent.CompletableFuture.failedFuture(known);
    }

    @Override
    public Reply await(Duration atMost, Command command) {
        StatefulConnection<byte[], byte[]> own = borrow();
        boolean usable = false;
        waiting.incrementAndGet();
        try {
            Reply reply = call(own, command, atMost.plus(timeout));
            usable = true;
            return reply;
        } catch (CommandFailedException e) {
            usable = true;
            throw e;
        } finally {
            waiting.decrementAndGet();
            giveBack(own, usable);
        }
    }

    private StatefulConnection<byte[], byte[]> borrow() {
        if (closed) {
            throw new StoreUnavailableException("the store is closed");
        }
        StatefulConnection<byte[], byte[]> kept = idle.pollFirst();
        while (kept != null && !kept.isOpen()) {
            kept.closeAsync();
            kept = idle.pollFirst();
        }
        return kept != null ? kept : connector.connect();
    }

    private void giveBack(StatefulConnection<byte[], byte[]> own, boolean usable) {
        if (usable && !closed && idle.size() < pool) {
            idle.addFirst(own);
        } else {
            own.closeAsync();
        }
    }

    @Override
    public List<Reply> pipeline(List<Command> commands) {
        List<AsyncCommand<byte[], byte[], Reply>> sent = new ArrayList<>(commands.size());
        for (Command command : commands) {
            sent.add(lettuce(command));
        }
        if (closed) {
            throw new StoreUnavailableException("the store is closed");
        }
        connection.dispatch(sent);
        List<Reply> replies = new ArrayList<>(commands.size());
        for (int i = 0; i < sent.size(); i++) {
            Command command = commands.get(i);
            try {
                replies.add(answer(sent.get(i), command, timeout));
            } catch (StoreUnavailableException e) {
                throw wasRefused(sent, commands)
                        ? e
                        : new OutcomeUnknownException("only some of the commands were sent", e);
            } catch (CommandFailedException e) {
                replies.add(
                        command.script() != null && e.code().equals("NOSCRIPT")
                                ? errorAsReply(command.withSource())
                                : Reply.error(String.valueOf(e.getMessage())));
            }
        }
        return replies;
    }

    /** Whether none of the commands was sent, so that all of them may be sent again. */
    private boolean wasRefused(List<AsyncCommand<byte[], byte[], Reply>> sent, List<Command> commands) {
        for (int i = 0; i < sent.size(); i++) {
            try {
                answer(sent.get(i), commands.get(i), timeout);
                return false;
            } catch (StoreUnavailableException e) {
                // Nor was this.
            } catch (StoreException e) {
                return false;
            }
        }
        return true;
    }

    private Reply errorAsReply(Command command) {
        try {
            return call(command);
        } catch (CommandFailedException e) {
            return Reply.error(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public List<byte @Nullable []> getAll(List<byte[]> keys) {
        List<byte @Nullable []> values = new ArrayList<>(keys.size());
        if (keys.isEmpty()) {
            return values;
        }
        if (!connector.isCluster()) {
            call("MGET", keys.toArray()).list().forEach(element -> values.add(element.bytesOrNull()));
            return values;
        }
        List<Command> gets =
                keys.stream().map(key -> Command.of("GET", (Object) key)).toList();
        pipeline(gets).forEach(reply -> values.add(reply.orThrow().bytesOrNull()));
        return values;
    }

    @Override
    public long unlink(Collection<byte[]> keys) {
        if (keys.isEmpty()) {
            return 0;
        }
        if (!connector.isCluster()) {
            return call("UNLINK", keys.toArray()).number();
        }
        List<Command> unlinks =
                keys.stream().map(key -> Command.of("UNLINK", (Object) key)).toList();
        return pipeline(unlinks).stream()
                .mapToLong(reply -> reply.orThrow().number())
                .sum();
    }

    @Override
    public void scan(String pattern, Consumer<List<byte[]>> batch) {
        for (StatefulRedisConnection<byte[], byte[]> node : primaries()) {
            String cursor = "0";
            do {
                List<Reply> page = call(node, Command.of("SCAN", cursor, "MATCH", pattern, "COUNT", BATCH))
                        .list();
                cursor = page.getFirst().text();
                List<byte[]> keys =
                        page.getLast().list().stream().map(Reply::bytes).toList();
                if (!keys.isEmpty()) {
                    batch.accept(keys);
                }
            } while (!cursor.equals("0"));
        }
    }

    private List<StatefulRedisConnection<byte[], byte[]>> primaries() {
        try {
            return connector.primaries(connection);
        } catch (RuntimeException e) {
            throw new StoreUnavailableException("could not connect to a primary of " + description, e);
        }
    }

    // ---- messages ----

    @Override
    public Subscription subscribe(Channels channels, MessageListener listener) {
        if (closed) {
            throw new StoreUnavailableException("the store is closed");
        }
        RemoteSubscription subscription =
                new RemoteSubscription(connector, channels, listener, timeout, timer, subscriptions::remove);
        subscriptions.add(subscription);
        return subscription;
    }

    @Override
    public Optional<Subscription> track(String prefix, InvalidationListener listener) {
        return tracking.track(prefix, listener);
    }

    // ---- the store as such ----

    private void readClock() {
        try {
            long sent = System.nanoTime();
            List<Reply> time = call("TIME").list();
            long micros = time.getFirst().number() * 1_000_000 + time.getLast().number();
            clock.observe(micros, sent, System.nanoTime());
        } catch (StoreException | CancellationException e) {
            // The clock goes on as it was; the next time will tell.
        }
    }

    @Override
    public long millis() {
        return clock.millis();
    }

    @Override
    public boolean isCluster() {
        return connector.isCluster();
    }

    @Override
    public String namespace() {
        return namespace;
    }

    @Override
    public Health health() {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("store", description);
        details.put("connections.waiting", waiting.get());
        details.put("connections.idle", idle.size());
        details.put("subscriptions", subscriptions.size());
        try {
            long start = System.nanoTime();
            long keys = 0;
            for (StatefulRedisConnection<byte[], byte[]> node : primaries()) {
                keys += call(node, Command.of("DBSIZE")).number();
            }
            details.put("ping.micros", (System.nanoTime() - start) / 1000);
            details.put("keys", keys);
            details.putAll(figures());
            return new Health(true, details);
        } catch (StoreException | CancellationException e) {
            details.put("reason", String.valueOf(e.getMessage()));
            return new Health(false, details);
        }
    }

    /** What the servers say of themselves; nothing if this user may not ask. */
    private Map<String, Object> figures() {
        ServerFigures figures = new ServerFigures();
        try {
            for (StatefulRedisConnection<byte[], byte[]> node : primaries()) {
                figures.add(call(node, Command.of("INFO")).text());
            }
        } catch (CommandFailedException e) {
            return Map.of();
        }
        return figures.figures();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        timer.shutdownNow();
        List.copyOf(subscriptions).forEach(Subscription::close);
        connector.close();
    }

    @Override
    public String toString() {
        return description;
    }
}
