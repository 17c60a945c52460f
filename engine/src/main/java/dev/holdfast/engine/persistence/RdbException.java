package dev.holdfast.engine.persistence;

import java.io.IOException;

/** What was to be read as RDB is not, or is damaged, or holds what cannot be loaded. */
public class RdbException extends IOException {
    private static final long serialVersionUID = 1;

    public RdbException(String message) {
        super(message);
    }

    /** Says that a buffer ends too early. It is thrown often and never shown, and so has no stack trace. */
    static final class Incomplete extends RdbException {
        private static final long serialVersionUID = 1;

        Incomplete() {
            super("incomplete");
        }

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this;
        }
    }
}
