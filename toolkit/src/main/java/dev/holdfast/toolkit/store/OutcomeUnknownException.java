package dev.holdfast.toolkit.store;

/**
 * The command was sent and its answer has not come, since the time was over or the connection broke. It may have run, and it
 * may still run.
 */
public final class OutcomeUnknownException extends StoreException {
    private static final long serialVersionUID = 1;

    public OutcomeUnknownException(String message) {
        super(message);
    }

    public OutcomeUnknownException(String message, Throwable cause) {
        super(message, cause);
    }
}
