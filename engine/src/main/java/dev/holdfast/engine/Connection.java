package dev.holdfast.engine;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A connection within the JVM: what it selects, watches and queues lasts from one call to the next. One thread at a time may
 * use it.
 *
 * <pre>
 * try (Connection connection = store.connect()) {
 *     connection.watch("stock");
 *     long stock = Long.parseLong(connection.get("stock"));
 *     List&lt;Object&gt; answers = connection.transaction(transaction -&gt; transaction.call("SET", "stock", stock - 1));
 *     // null if another has changed the stock meanwhile
 * }
 * </pre>
 */
public final class Connection extends StreamCalls implements AutoCloseable {
    private final Holdfast store;
    private final Caller caller;
    private volatile boolean closed;

    Connection(Holdfast store, Caller caller) {
        this.store = store;
        this.caller = caller;
    }

    @Override
    Caller borrow() {
        if (closed) {
            throw new IllegalStateException("the connection is closed");
        }
        return caller;
    }

    @Override
    void giveBack(Caller caller) {}

    /** Chooses the database of the calls that follow. */
    public void select(int database) {
        call("SELECT", database);
    }

    /** Lets the next transaction run only if none of these keys changes until then. */
    public void watch(String... keys) {
        call("WATCH", (Object[]) keys);
    }

    /** As {@link #watch(String...)}. */
    public void watch(byte[]... keys) {
        call("WATCH", (Object[]) keys);
    }

    /** Ends all watching. */
    public void unwatch() {
        call("UNWATCH");
    }

    /**
     * Runs commands as one step, between which no others run.
     *
     * @param commands queues the commands; if it throws, none is run
     * @return their answers in order, a {@link ErrorReplyException} for each that failed; or null if a watched key has changed
     * @throws ErrorReplyException if a command could not be queued; none is run then
     */
    public @Nullable List<@Nullable Object> transaction(Consumer<Transaction> commands) {
        call("MULTI");
        boolean complete = false;
        try {
            commands.accept(new Transaction(this));
            complete = true;
        } finally {
            if (!complete) {
                call("DISCARD");
            }
        }
        return Transaction.answers(call("EXEC"));
    }

    /** Ends the connection: it no longer watches anything. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            store.engine().disconnect(caller.client());
        }
    }
}
