package dev.holdfast.toolkit.store;

/** There is no connection, or the store is closed. The command was not sent, so sending it later does no harm. */
public final class StoreUnavailableException extends StoreException {
    private static final long serialVersionUID = 1;

    public StoreUnavailableException(String message) {
        super(message);
    }

    public StoreUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
