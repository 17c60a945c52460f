package dev.holdfast.toolkit.job;

/** Thrown by a handler whose job would fail as well at another try: it is dead at once. */
public class GiveUpException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public GiveUpException(String message) {
        super(message);
    }

    public GiveUpException(String message, Throwable cause) {
        super(message, cause);
    }
}
