package dev.holdfast.toolkit.job;

/**
 * What came of adding a job.
 *
 * @param id the job's id; or, if it was not added, that of the job with the same id or unique key
 * @param isNew whether it was added
 */
public record Added(String id, boolean isNew) {}
