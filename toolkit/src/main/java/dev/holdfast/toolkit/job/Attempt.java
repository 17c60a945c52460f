package dev.holdfast.toolkit.job;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * How an attempt to do a job has ended.
 *
 * @param verb what to say to the store: "done", "retry", "dead", "cancelled" or "release"
 * @param text the result, or what went wrong
 * @param trace the stack trace, or ""
 * @param delayMillis until it is tried again
 * @param thrown what the handler threw, or null
 */
@SuppressWarnings("ArrayRecordComponent") // They are not compared.
record Attempt(
        String verb,
        byte[] text,
        String trace,
        long delayMillis,
        @Nullable Throwable thrown) {
    static Attempt done(byte[] result) {
        return new Attempt("done", result, "", 0, null);
    }

    static Attempt failed(String verb, String why, String trace, long delayMillis, @Nullable Throwable thrown) {
        return new Attempt(verb, why.getBytes(StandardCharsets.UTF_8), trace, delayMillis, thrown);
    }

    /** Without failure: the job is given back, or ends because somebody has cancelled it. */
    static Attempt stopped(String verb) {
        return new Attempt(verb, new byte[0], "", 0, null);
    }
}
