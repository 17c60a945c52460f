package dev.holdfast.engine.client;

import java.nio.ByteBuffer;

/**
 * Bytes that a connection draws whenever its peer takes more, so that what the peer has not taken is kept once for all: the stream of
 * changes, for replicas.
 */
public interface Feed {
    /** What {@link #read} returns when the connection is to end. */
    int END = -1;

    /** Moves bytes into a buffer. Returns how many; 0 while there are none, {@link #END} when there will be none. */
    int read(ByteBuffer into);

    /** How many bytes wait that the peer has not taken. */
    long pendingBytes();
}
