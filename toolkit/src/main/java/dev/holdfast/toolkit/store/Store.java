package dev.holdfast.toolkit.store;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one interface that patterns are written against: commands, batches of them, scripts, messages, invalidations.
 *
 * <p>A command is sent once and never again by itself; {@link Retry} repeats what may be repeated. Every failure is one of the
 * three kinds of {@link StoreException}. Any number of threads, platform or virtual, may use a store at once.
 *
 * <p>On a cluster a command goes to the node of its first key, and all keys of a command or script must lie in one slot:
 * {@link HashTag} names keys that do. {@link #getAll}, {@link #unlink} and {@link #scan} look after that themselves.
 */
public interface Store extends AutoCloseable {
    /** Runs a command. Not for one that waits: see {@link #await}. */
    Reply call(Command command);

    /** As {@link #call(Command)}, and awaits the answer no longer than this. */
    default Reply call(Command command, Duration atMost) {
        return call(command);
    }

    /** Runs a command; its words are those of {@link Command#of(String, Object...)}. */
    default Reply call(String name, Object... words) {
        return call(Command.of(name, words));
    }

    /** Runs a script; see {@link Command#of(Script, List, Object...)}. */
    default Reply call(Script script, List<?> keys, Object... arguments) {
        return call(Command.of(script, keys, arguments));
    }

    /** As {@link #call(Command)}, without waiting for the answer. The stage fails with a {@link StoreException}. */
    CompletionStage<Reply> callAsync(Command command);

    /**
     * Runs a command that may wait, such as BLMOVE or XREADGROUP BLOCK, on a connection that it has to itself. An interrupt ends
     * the wait with a {@link java.util.concurrent.CancellationException}.
     *
     * <p>Popping this way may lose an element if the connection breaks at that moment; move it, or claim it, instead.
     *
     * @param atMost how long the command itself waits at most, as its words say; the answer is then awaited as long as any other
     */
    Reply await(Duration atMost, Command command);

    /**
     * Sends commands together and returns their answers in order. They are not one atomic step: others' commands may run
     * between them, and a command that fails has an error for an answer and does not hold up the rest.
     *
     * @throws StoreUnavailableException if none of them was sent
     * @throws OutcomeUnknownException if some may have run
     */
    List<Reply> pipeline(List<Command> commands);

    /** The string of a key, or null. */
    default byte @Nullable [] get(byte[] key) {
        return call("GET", key).bytesOrNull();
    }

    /** The strings of several keys in their order, null for those without; the keys may lie in different slots. */
    List<byte @Nullable []> getAll(List<byte[]> keys);

    /** Removes keys, which may lie in different slots, and returns how many there were. */
    long unlink(Collection<byte[]> keys);

    /**
     * Visits the keys that match a glob pattern, batch after batch, on every primary. A key that is there all the while is
     * visited; one may be visited twice.
     */
    void scan(String pattern, Consumer<List<byte[]>> batch);

    /** Publishes a message, whether there are subscribers or not. */
    default void publish(String channel, byte[] message) {
        call("PUBLISH", channel, message);
    }

    /** Subscribes. Whatever is published after this returns reaches the listener, but for gaps, which are reported to it. */
    Subscription subscribe(Channels channels, MessageListener listener);

    /**
     * Asks the server to say which keys that begin with a prefix change from now on. Changes by this store itself are not told,
     * except those by commands that {@link #await}. Empty where the server cannot do it.
     */
    Optional<Subscription> track(String prefix, InvalidationListener listener);

    /** The store's time: milliseconds since 1970. Cheap; a remote clock is asked now and then and followed in between. */
    long millis();

    /** Whether keys are spread over nodes by their slots. */
    boolean isCluster();

    /**
     * What names begin with here, in place of a database's number: {@code db8:} where the URI of a cluster asks for database 8, else
     * nothing. The patterns heed it; a program that sends commands itself puts it before its own keys.
     */
    default String namespace() {
        return "";
    }

    /** Asks the store whether it is well. Never throws. */
    Health health();

    /** Ends everything: subscriptions, waits, connections. */
    @Override
    void close();
}
