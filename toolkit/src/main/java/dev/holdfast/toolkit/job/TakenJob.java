package dev.holdfast.toolkit.job;

import java.time.Duration;
import java.util.Map;

/** A job as its worker gets it; times are milliseconds since 1970, 0 for none. */
@SuppressWarnings("ArrayRecordComponent") // They are not compared.
record TakenJob(
        String id,
        String type,
        String queue,
        byte[] payload,
        long fencingToken,
        int failures,
        int attempts,
        int recoveries,
        long created,
        Duration timeout,
        long deadline,
        Map<String, String> headers,
        long sentNanos) {}
