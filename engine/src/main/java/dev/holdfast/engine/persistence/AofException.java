package dev.holdfast.engine.persistence;

import java.io.IOException;

/** An append-only file that cannot be used as it is. The message says which file, where in it, and what can be done. */
public final class AofException extends IOException {
    private static final long serialVersionUID = 1;

    public AofException(String message) {
        super(message);
    }
}
