package dev.holdfast.engine.persistence;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An open file of a {@link Disk}, used by one thread at a time, except that {@link #sync} may run beside writes. */
public interface DiskFile extends Closeable {
    /** Reads on from where the last read ended. Returns how many bytes were read, at least one if there was room; -1 at the end. */
    int read(ByteBuffer into) throws IOException;

    /** Writes all that remains in the buffer at the end of the file. When it fails, a part may have been written. */
    void write(ByteBuffer bytes) throws IOException;

    /** Makes what was written before durable. Once this has failed, it is not known what is on the disk. */
    void sync() throws IOException;

    long size() throws IOException;

    /** Cuts the file off. */
    void truncate(long size) throws IOException;
}
