package dev.holdfast.engine;

/** An error that a command has answered. The message is Valkey's: a code in capitals, a space and a sentence. */
public final class ErrorReplyException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ErrorReplyException(String message) {
        super(message);
    }

    /** The first word of the message, such as {@code ERR} or {@code WRONGTYPE}. */
    public String code() {
        String message = String.valueOf(getMessage());
        int space = message.indexOf(' ');
        return space < 0 ? message : message.substring(0, space);
    }
}
