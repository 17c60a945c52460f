package dev.holdfast.toolkit.queue;

import dev.holdfast.toolkit.pattern.Throwables;
import java.time.Duration;

/**
 * A message in a worker's hands. It is the worker's until its lease ends; then it goes back to the front of its queue.
 *
 * <p>{@link #done} says that it is worked off. Closed without that, it goes back at once, as one that has failed. What is said first
 * holds; if it cannot be said because the store is away, it may be said again.
 */
public final class Delivery<T> implements AutoCloseable {
    private final ReliableQueue<T> queue;
    private final String token;
    private final String priority;
    private final long deliveries;
    private final T message;
    private boolean settled;

    Delivery(ReliableQueue<T> queue, String token, String priority, long deliveries, T message) {
        this.queue = queue;
        this.token = token;
        this.priority = priority;
        this.deliveries = deliveries;
        this.message = message;
    }

    public T message() {
        return message;
    }

    /** The queue that it came from. */
    public String priority() {
        return priority;
    }

    /** How often the message has been handed out, this time among them. Equal messages are counted together. */
    public long deliveries() {
        return deliveries;
    }

    String token() {
        return token;
    }

    /** Says that the message is worked off. Returns false if the lease was over, and somebody else may work on it too. */
    public boolean done() {
        return settle("done", Duration.ZERO, "");
    }

    /** Puts the message back to the front of its queue; or among the dead, if it has been handed out often enough. */
    public boolean failed() {
        return settle("again", Duration.ZERO, "it has failed");
    }

    /** The same, after a pause. */
    public boolean failed(Throwable failure, Duration pause) {
        return settle("again", pause, Throwables.describe(failure));
    }

    /** Puts the message among the dead. */
    public boolean reject() {
        return reject("it was rejected");
    }

    /** Puts the message among the dead. */
    public boolean reject(String reason) {
        return settle("dead", Duration.ZERO, reason);
    }

    /** Puts the message back to the front of its queue, as one that has not been handed out. */
    public boolean giveBack() {
        return settle("back", Duration.ZERO, "");
    }

    /** Begins the lease anew. Returns false if it was over. */
    public boolean extend() {
        return queue.extend(token);
    }

    private synchronized boolean settle(String verb, Duration pause, String why) {
        if (settled) {
            return false;
        }
        boolean isOurs = queue.settle(token, verb, pause, why);
        settled = true;
        return isOurs;
    }

    @Override
    public void close() {
        failed();
    }
}
