package dev.holdfast.relay.http;

/** A request that cannot be served, with the response that says why. It has no stack trace: the caller is at fault, not the code. */
public final class HttpError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Response response;

    public HttpError(Response response) {
        super("status " + response.status(), null, false, false);
        this.response = response;
    }

    /** An error whose body is {@code {"detail": …}}. */
    public HttpError(int status, String detail) {
        this(Response.error(status, detail));
    }

    public Response response() {
        return response;
    }
}
