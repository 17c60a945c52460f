package dev.holdfast.engine.protocol;

/** The bytes are not RESP. The connection gets the message as an error and is closed. */
public final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1;

    public ProtocolException(String message) {
        super(message, null, false, false);
    }
}
