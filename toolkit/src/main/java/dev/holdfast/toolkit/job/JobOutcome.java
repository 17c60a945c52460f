package dev.holdfast.toolkit.job;

import java.util.Optional;

/**
 * What a wait for a job's result has come to.
 *
 * @param state what the job is; empty if it is not known: it was never added, or has ended and was not kept
 * @param result what its handler returned; empty for null, and unless the job is done
 * @param failure why it last failed
 */
public record JobOutcome<R>(Optional<JobState> state, Optional<R> result, Optional<String> failure) {
    /** Whether the job is done. */
    public boolean isDone() {
        return state.filter(JobState.DONE::equals).isPresent();
    }

    /** Whether the time was over before the job's end. */
    public boolean isOpen() {
        return state.filter(now -> !now.isEnd()).isPresent();
    }
}
