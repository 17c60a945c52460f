package dev.holdfast.engine;

import dev.holdfast.engine.protocol.ValueReply;
import org.jspecify.annotations.Nullable;

/** The answer of a command to a caller in this JVM. */
final class Answer extends ValueReply {
    /** The error that is all of the answer, or null. */
    @Nullable
    ErrorReplyException error() {
        String message = errorMessage();
        return message == null ? null : new ErrorReplyException(message);
    }

    private void check() {
        ErrorReplyException error = error();
        if (error != null) {
            throw error;
        }
    }

    boolean isError(String message) {
        return kind() == Kind.ERROR && message.equals(errorMessage());
    }

    private IllegalStateException unexpected() {
        return new IllegalStateException("the command has answered something else: " + toObject());
    }

    /** A string, or null for none. */
    byte @Nullable [] toBytes() {
        if (kind() == Kind.BULK) {
            return takeBulk();
        }
        check();
        if (kind() == Kind.NIL) {
            return null;
        }
        throw unexpected();
    }

    long toLong() {
        if (kind() == Kind.INTEGER) {
            return integer();
        }
        check();
        throw unexpected();
    }

    /** Whether the command has answered anything but null. */
    boolean isPresent() {
        check();
        return kind() != Kind.NIL;
    }

    /** The answer as {@link dev.holdfast.engine.protocol.ObjectReply} gives it, but an error is thrown. */
    @Nullable
    Object toObject() {
        check();
        return value();
    }
}
