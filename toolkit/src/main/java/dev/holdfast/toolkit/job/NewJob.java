package dev.holdfast.toolkit.job;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * A job to be added: what is to be done, and how. Each method that changes something returns a copy.
 *
 * <pre>
 * NewJob.of("email:welcome", new Welcome(userId))
 *         .queue("critical")
 *         .delay(Duration.ofMinutes(5))
 *         .uniqueUntilDone("welcome:" + userId)
 * </pre>
 */
public final class NewJob {
    /** Until when no other job of the same unique key may be added. */
    enum Uniqueness {
        START,
        DONE
    }

    private final String type;
    private final Object payload;
    private String id = "";
    private String queue = "default";
    private int attempts = 25;
    private Duration delay = Duration.ZERO;
    private Duration timeout = Duration.ZERO;
    private Duration retention = Duration.ZERO;
    private Optional<Instant> deadline = Optional.empty();
    private Map<String, String> headers = Map.of();
    private String uniqueKey = "";
    private Uniqueness uniqueness = Uniqueness.DONE;
    private Duration uniqueFor = Duration.ZERO;

    private NewJob(String type, Object payload) {
        this.type = type;
        this.payload = payload;
    }

    private NewJob(NewJob other) {
        this(other.type, other.payload);
        this.id = other.id;
        this.queue = other.queue;
        this.attempts = other.attempts;
        this.delay = other.delay;
        this.timeout = other.timeout;
        this.retention = other.retention;
        this.deadline = other.deadline;
        this.headers = other.headers;
        this.uniqueKey = other.uniqueKey;
        this.uniqueness = other.uniqueness;
        this.uniqueFor = other.uniqueFor;
    }

    /**
     * A job for the queue {@code default}, tried 25 times.
     *
     * @param type what a worker knows it by
     * @param payload what the worker needs; written by the toolkit's codecs
     */
    public static NewJob of(String type, Object payload) {
        return new NewJob(type, payload);
    }

    /** The id, by which it can be found; random unless this is called. A second job of the same id is not added. */
    public NewJob id(String id) {
        NewJob copy = new NewJob(this);
        copy.id = id;
        return copy;
    }

    public NewJob queue(String queue) {
        NewJob copy = new NewJob(this);
        copy.queue = queue;
        return copy;
    }

    /** How often it is tried in all; at least once. */
    public NewJob attempts(int attempts) {
        if (attempts < 1) {
            throw new IllegalArgumentException("a job must be tried once: " + attempts);
        }
        NewJob copy = new NewJob(this);
        copy.attempts = attempts;
        return copy;
    }

    /** Runs it after a while. */
    public NewJob delay(Duration delay) {
        NewJob copy = new NewJob(this);
        copy.delay = delay;
        return copy;
    }

    /** Interrupts an attempt that takes longer, which then has failed. */
    public NewJob timeout(Duration timeout) {
        NewJob copy = new NewJob(this);
        copy.timeout = timeout;
        return copy;
    }

    /** Does not begin it, and interrupts it, after this time; the job is dead then. */
    public NewJob deadline(Instant deadline) {
        NewJob copy = new NewJob(this);
        copy.deadline = Optional.of(deadline);
        return copy;
    }

    /** Keeps the job and its result for a while when it is done; else it is forgotten at once. */
    public NewJob keepResult(Duration retention) {
        NewJob copy = new NewJob(this);
        copy.retention = retention;
        return copy;
    }

    /** What travels with it, such as a trace's id. */
    public NewJob headers(Map<String, String> headers) {
        NewJob copy = new NewJob(this);
        copy.headers = Map.copyOf(headers);
        return copy;
    }

    /** Is not added while another job of this key has not been begun. */
    public NewJob uniqueUntilStart(String key) {
        return unique(key, Uniqueness.START, Duration.ZERO);
    }

    /** Is not added while another job of this key is neither done nor dead. */
    public NewJob uniqueUntilDone(String key) {
        return unique(key, Uniqueness.DONE, Duration.ZERO);
    }

    /** Is not added while another job of this key is neither done nor dead, but for so long at most. */
    public NewJob uniqueUntilDone(String key, Duration atMost) {
        return unique(key, Uniqueness.DONE, atMost);
    }

    /** Is not added while another job of the same type, queue and payload is neither done nor dead. */
    public NewJob uniqueByPayload() {
        return unique(JobRecord.PAYLOAD_DIGEST, Uniqueness.DONE, Duration.ZERO);
    }

    private NewJob unique(String key, Uniqueness until, Duration atMost) {
        if (key.isEmpty()) {
            throw new IllegalArgumentException("a unique key must not be empty");
        }
        NewJob copy = new NewJob(this);
        copy.uniqueKey = key;
        copy.uniqueness = until;
        copy.uniqueFor = atMost;
        return copy;
    }

    String type() {
        return type;
    }

    Object payload() {
        return payload;
    }

    String id() {
        return id;
    }

    String queue() {
        return queue;
    }

    int attempts() {
        return attempts;
    }

    Duration delay() {
        return delay;
    }

    Duration timeout() {
        return timeout;
    }

    Duration retention() {
        return retention;
    }

    Optional<Instant> deadline() {
        return deadline;
    }

    Map<String, String> headers() {
        return headers;
    }

    String uniqueKey() {
        return uniqueKey;
    }

    Uniqueness uniqueness() {
        return uniqueness;
    }

    Duration uniqueFor() {
        return uniqueFor;
    }

    @Override
    public String toString() {
        return type + " for " + queue;
    }
}
