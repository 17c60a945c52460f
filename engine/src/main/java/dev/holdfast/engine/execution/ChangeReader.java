package dev.holdfast.engine.execution;

/** One who follows the {@link ChangeLog}: the append-only file, a replica's backlog. */
public interface ChangeReader {
    /**
     * The next change, as commands in RESP. Called under the log's lock and under the locks of the changed keys: it copies the
     * bytes and returns. Several calls may bring one change; {@code first} marks where one begins.
     */
    void append(byte[] bytes, int offset, int length, boolean first);
}
