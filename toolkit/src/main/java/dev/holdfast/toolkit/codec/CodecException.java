package dev.holdfast.toolkit.codec;

/** A value cannot be written, or bytes are not what the codec expects. */
public final class CodecException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CodecException(String message, Throwable cause) {
        super(message, cause);
    }
}
