package dev.holdfast.engine.topology;

import java.io.Closeable;
import java.io.IOException;

/** A connection to another server, which a {@code Host} can open. */
public interface Peer extends Closeable {
    /** Sets how long to wait for each reply. */
    void setTimeout(int millis) throws IOException;

    /** Sends bytes of the protocol. */
    void send(byte[] requests) throws IOException;

    /**
     * Reads what has come, at least one byte; -1 at the end.
     *
     * @throws java.io.InterruptedIOException if nothing has come in time; more may come yet
     */
    int read(byte[] into, int offset, int length) throws IOException;

    /** The next line that comes back, without its end; for replies that are a status, an integer or an error. */
    String readLine() throws IOException;
}
