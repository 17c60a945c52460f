package dev.holdfast.engine.journal;

/** One who follows the {@link ChangeLog}: the append-only file, a replica's backlog. */
public interface ChangeReader {
    /**
     * The next change, as commands in RESP. Called under the log's lock and under the locks of the changed keys: it copies the
     * bytes and returns. Several calls may bring one change; {@code first} marks where one begins.
     */
    void append(byte[] bytes, int offset, int length, boolean first);

    /**
     * Secures what has been appended, as far as it must be before those who asked for the changes are answered. May take long;
     * no lock of the store is held.
     */
    default void commit() {}

    /** Whether a caller in this JVM, whose answer is not held back, has to {@link #commit} before it goes on. */
    default boolean urgesCallers() {
        return false;
    }
}
