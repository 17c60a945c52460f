package dev.holdfast.engine.protocol;

/** A reply has grown past what its client may leave unread. The client is cut off; the rest would never be read. */
public final class ReplyTooLongException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public ReplyTooLongException() {
        super("reply too long", null, false, false);
    }
}
