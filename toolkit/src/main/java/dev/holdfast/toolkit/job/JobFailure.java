package dev.holdfast.toolkit.job;

import java.time.Instant;
import java.util.Optional;

/**
 * A failure of a job.
 *
 * @param time when it was
 * @param failures how often the job had failed by then, this time among them; a lost worker is no failure
 * @param text what went wrong, up to 500 characters
 * @param trace the stack trace, up to 4,000 characters; kept of the first and the last failure
 * @param worker who had the job
 */
public record JobFailure(Instant time, int failures, String text, Optional<String> trace, Optional<String> worker) {}
