package dev.holdfast.toolkit.store;

/**
 * Something went wrong with a command. The three kinds differ in what the caller knows: the command was answered with an error
 * ({@link CommandFailedException}), it was not sent ({@link StoreUnavailableException}), or it is unknown
 * ({@link OutcomeUnknownException}).
 */
public abstract sealed class StoreException extends RuntimeException
        permits CommandFailedException, StoreUnavailableException, OutcomeUnknownException {
    private static final long serialVersionUID = 1;

    StoreException(String message) {
        super(message);
    }

    StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
