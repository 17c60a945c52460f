package dev.holdfast.toolkit.job;

import java.time.Instant;
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
 * @param takeovers how often its worker was lost and another took it over; no failures
 * @param created when it was added
 * @param due when it is or was to run
 * @param changed when it last became something else
 * @param failure why it last failed
 * @param headers what travels with it
 * @param worker who has it
 */
@SuppressWarnings("ArrayRecordComponent") // Nobody compares them.
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
        int takeovers,
        Instant created,
        Instant due,
        Instant changed,
        Optional<String> failure,
        Map<String, String> headers,
        Optional<String> worker) {}
