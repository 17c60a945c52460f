package dev.holdfast.relay.http;

/** Answers requests, each on a virtual thread, which may wait. */
@FunctionalInterface
public interface Handler {
    /**
     * Answers one request.
     *
     * @throws HttpError to answer an error of the caller; any other exception is answered by status 500 and logged, except those
     *     that {@link Failures} knows
     */
    Response handle(Request request) throws Exception;
}
