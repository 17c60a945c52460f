package dev.holdfast.toolkit.job;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of a job.
 *
 * @param id its id
 * @param type what a worker knows it by
 * @param queue its queue
 * @param state what it is
 * @param payload as it is stored
 * @param result what its handler returned, as it is stored; while it is kept
 * @param progress what its handler last said, in percent
 * @param failures how often it has failed
 * @param attempts how often it is tried in all
 * @param recoveries how often its worker was lost and another took it over; no failures
 * @param created when it was added
 * @param due when it is or was to run
 * @param changed when it last became something else
 * @param failure why it last failed, or waits for a worker that knows its type
 * @param headers what travels with it
 * @param worker who has it
 * @param priority its priority
 * @param key what it is counted under
 * @param history its failures, the first and the last nine; only {@link Jobs#find} tells them
 */
@SuppressWarnings("ArrayRecordComponent") // They are not compared.
public record JobInfo(
        String id,
        String type,
        String queue,
        JobState state,
        byte[] payload,
        Optional<byte[]> result,
        Optional<Double> progress,
        int failures,
        int attempts,
        int recoveries,
        Instant created,
        Instant due,
        Instant changed,
        Optional<String> failure,
        Map<String, String> headers,
        Optional<String> worker,
        int priority,
        Optional<String> key,
        List<JobFailure> history) {}
