package dev.holdfast.toolkit.job;

import dev.holdfast.toolkit.codec.Codec;
import dev.holdfast.toolkit.codec.Codecs;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
    /** The highest priority. */
    public static final int MOST_URGENT = 1000;

    /** Until when no other job of the same unique key may be added. */
    enum Uniqueness {
        START,
        DONE
    }

    private final String type;
    private final Object payload;
    private final @Nullable Codec<Object> codec;
    private String id = "";
    private String queue = "";
    private int attempts = 25;
    private int priority;
    private String key = "";
    private boolean replaces;
    private Duration delay = Duration.ZERO;
    private Optional<Instant> runAt = Optional.empty();
    private Duration timeout = Duration.ZERO;
    private Duration retention = Duration.ZERO;
    private Optional<Instant> deadline = Optional.empty();
    private Map<String, String> headers = Map.of();
    private String uniqueKey = "";
    private Uniqueness uniqueness = Uniqueness.DONE;
    private Duration uniqueFor = Duration.ZERO;

    private NewJob(String type, Object payload, @Nullable Codec<Object> codec) {
        this.type = Objects.requireNonNull(type, "a job's type");
        this.payload = Objects.requireNonNull(payload, "a job's payload");
        this.codec = codec;
    }

    private NewJob(NewJob other) {
        this(other.type, other.payload, other.codec);
        this.id = other.id;
        this.queue = other.queue;
        this.attempts = other.attempts;
        this.priority = other.priority;
        this.key = other.key;
        this.replaces = other.replaces;
        this.delay = other.delay;
        this.runAt = other.runAt;
        this.timeout = other.timeout;
        this.retention = other.retention;
        this.deadline = other.deadline;
        this.headers = other.headers;
        this.uniqueKey = other.uniqueKey;
        this.uniqueness = other.uniqueness;
        this.uniqueFor = other.uniqueFor;
    }

    /**
     * A job that is tried 25 times.
     *
     * @param type what a worker knows it by
     * @param payload what the worker needs; written by the toolkit's codecs
     */
    public static NewJob of(String type, Object payload) {
        return new NewJob(type, payload, null);
    }

    /** The same, whose payload a codec writes. */
    @SuppressWarnings("unchecked")
    public static <T> NewJob of(String type, T payload, Codec<T> codec) {
        return new NewJob(type, payload, (Codec<Object>) Codecs.guarded(codec));
    }

    /** The id, by which it can be found; random unless this is called. A second job of the same id is not added. */
    public NewJob id(String id) {
        NewJob copy = new NewJob(this);
        copy.id = Objects.requireNonNull(id);
        return copy;
    }

    /** Its queue; else the only one that there is, or {@code default}. */
    public NewJob queue(String queue) {
        NewJob copy = new NewJob(this);
        copy.queue = Objects.requireNonNull(queue);
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

    /**
     * Comes before all jobs of its queue with a lower priority. Those without have 0.
     *
     * @param priority from 0 to {@link #MOST_URGENT}
     */
    public NewJob priority(int priority) {
        if (priority < 0 || priority > MOST_URGENT) {
            throw new IllegalArgumentException("a priority is from 0 to " + MOST_URGENT + ": " + priority);
        }
        NewJob copy = new NewJob(this);
        copy.priority = priority;
        return copy;
    }

    /** What it is counted under, such as a customer: see {@link Jobs.Builder#keyConcurrency} and {@link Jobs.Builder#keyRate}. */
    public NewJob key(String key) {
        if (key.isEmpty()) {
            throw new IllegalArgumentException("a key must not be empty");
        }
        NewJob copy = new NewJob(this);
        copy.key = key;
        return copy;
    }

    /** Takes the place of the job of the same id or unique key, unless that one is at work. */
    public NewJob replacing() {
        NewJob copy = new NewJob(this);
        copy.replaces = true;
        return copy;
    }

    /** Runs it after a while; at once, if that is not positive. */
    public NewJob delay(Duration delay) {
        NewJob copy = new NewJob(this);
        copy.delay = Objects.requireNonNull(delay);
        copy.runAt = Optional.empty();
        return copy;
    }

    /** Runs it at a time, by the store's clock; at once, if that has passed. */
    public NewJob runAt(Instant time) {
        NewJob copy = new NewJob(this);
        copy.runAt = Optional.of(time);
        copy.delay = Duration.ZERO;
        return copy;
    }

    /** Interrupts an attempt that takes longer, which then has failed. */
    public NewJob timeout(Duration timeout) {
        NewJob copy = new NewJob(this);
        copy.timeout = positive(timeout);
        return copy;
    }

    /** Does not begin it, and interrupts it, after this time; the job is dead then. */
    public NewJob deadline(Instant deadline) {
        NewJob copy = new NewJob(this);
        copy.deadline = Optional.of(deadline);
        return copy;
    }

    /** Keeps the job and its result for a while when it is done or cancelled; else it is forgotten at once. */
    public NewJob keepResult(Duration retention) {
        NewJob copy = new NewJob(this);
        copy.retention = positive(retention);
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
        return unique(key, Uniqueness.DONE, positive(atMost));
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

    private static Duration positive(Duration duration) {
        if (duration.isNegative() || duration.isZero()) {
            throw new IllegalArgumentException("it must be longer than nothing: " + duration);
        }
        return duration;
    }

    String type() {
        return type;
    }

    Object payload() {
        return payload;
    }

    @Nullable
    Codec<Object> codec() {
        return codec;
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

    int priority() {
        return priority;
    }

    String key() {
        return key;
    }

    boolean replaces() {
        return replaces;
    }

    Duration delay() {
        return delay;
    }

    Optional<Instant> runAt() {
        return runAt;
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
        return type + (queue.isEmpty() ? "" : " for " + queue);
    }
}
