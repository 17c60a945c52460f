package dev.holdfast.toolkit.job;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * Which jobs are searched for. Each method returns a copy that is further restricted.
 *
 * <pre>
 * jobs.search(JobQuery.all().state(JobState.DEAD).type("mail").failure("timed out").since(yesterday), 100)
 * </pre>
 */
public final class JobQuery {
    private static final JobQuery ALL = new JobQuery(Optional.empty(), "", "", Instant.EPOCH, Instant.MAX);

    private final Optional<JobState> state;
    private final String type;
    private final String failure;
    private final Instant since;
    private final Instant until;

    private JobQuery(Optional<JobState> state, String type, String failure, Instant since, Instant until) {
        this.state = state;
        this.type = Objects.requireNonNull(type);
        this.failure = Objects.requireNonNull(failure);
        this.since = since;
        this.until = until;
    }

    public static JobQuery all() {
        return ALL;
    }

    public JobQuery state(JobState state) {
        return new JobQuery(Optional.of(state), type, failure, since, until);
    }

    public JobQuery type(String type) {
        return new JobQuery(state, type, failure, since, until);
    }

    /** Those whose last failure holds a text; small and capital letters of ASCII are the same. */
    public JobQuery failure(String part) {
        return new JobQuery(state, type, part, since, until);
    }

    /** Those that last changed at this time or later. */
    public JobQuery since(Instant time) {
        return new JobQuery(state, type, failure, time, until);
    }

    /** Those that last changed before this time. */
    public JobQuery until(Instant time) {
        return new JobQuery(state, type, failure, since, time);
    }

    Optional<JobState> state() {
        return state;
    }

    String type() {
        return type;
    }

    String failure() {
        return failure;
    }

    Instant since() {
        return since;
    }

    Instant until() {
        return until;
    }
}
