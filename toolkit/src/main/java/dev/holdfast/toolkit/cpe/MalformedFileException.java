package dev.holdfast.toolkit.cpe;

import java.io.IOException;

/** A file that is not what it seems to be; the message names it, and the line and column where that shows. */
public final class MalformedFileException extends IOException {
    private static final long serialVersionUID = 1L;

    MalformedFileException(String where, String why) {
        super(where + ": " + why);
    }

    MalformedFileException(String where, String why, Throwable cause) {
        super(where + ": " + why, cause);
    }
}
