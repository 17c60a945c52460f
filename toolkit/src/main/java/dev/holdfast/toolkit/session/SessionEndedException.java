package dev.holdfast.toolkit.session;

/** The session was revoked, has expired, or has another id since this one was opened. What was to be saved is lost. */
public final class SessionEndedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    SessionEndedException() {
        super("the session has ended");
    }
}
