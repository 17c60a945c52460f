package dev.holdfast.toolkit.store;

/** The store has answered an error. The message is Valkey's: a code in capitals, a space and a sentence. */
public final class CommandFailedException extends StoreException {
    private static final long serialVersionUID = 1;

    public CommandFailedException(String message) {
        super(message);
    }

    /** The first word of the message, such as {@code ERR} or {@code WRONGTYPE}. */
    public String code() {
        String message = String.valueOf(getMessage());
        int space = message.indexOf(' ');
        return space < 0 ? message : message.substring(0, space);
    }
}
