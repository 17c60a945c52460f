package dev.holdfast.toolkit.cpe;

import java.io.IOException;

/** Takes the names that a file holds, in its order. */
interface Names {
    void name(CpeName name) throws IOException;

    /** A name that the file says is deprecated. */
    void deprecated() throws IOException;

    /**
     * Text where a name should be.
     *
     * @param where the file, and the line and column or the record in it
     */
    void rejected(String where, String why) throws IOException;

    /** Reads text as a name. */
    default void text(String text, String where) throws IOException {
        CpeName name;
        try {
            name = CpeName.parse(text);
        } catch (IllegalArgumentException e) {
            rejected(where, String.valueOf(e.getMessage()));
            return;
        }
        name(name);
    }
}
