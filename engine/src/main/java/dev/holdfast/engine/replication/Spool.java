package dev.holdfast.engine.replication;

import dev.holdfast.engine.base.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A snapshot on its way to replicas, which read it at their own pace: the snapshot never waits for a network.
 *
 * <p>It is kept in memory while it is small, then in a file of no name. One thread writes; any may read what has been written.
 */
final class Spool {
    private static final Logger LOG = LoggerFactory.getLogger(Spool.class);

    /** A longer one goes to a file. */
    static final int MEMORY_BYTES = 1 << 20;

    private final Path directory;
    private byte[] memory = new byte[16 * 1024];
    private @Nullable FileChannel file;
    private long size;
    private boolean complete;
    private boolean failed;
    private boolean closed;
    private int readers;

    /** @param directory where the file is made, if it comes to that */
    Spool(Path directory) {
        this.directory = directory;
    }

    /** There is one more reader, who will {@link #release} it. */
    synchronized void retain() {
        readers++;
    }

    /** A reader needs it no more; with the last one it closes. */
    synchronized void release() {
        readers--;
        if (readers == 0) {
            close();
        }
    }

    synchronized boolean hasReaders() {
        return readers > 0;
    }

    /** Appends bytes. */
    synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        if (closed) {
            throw new IOException("no replica reads the snapshot any more");
        }
        if (file == null && size + length <= MEMORY_BYTES) {
            if (size + length > memory.length) {
                memory = java.util.Arrays.copyOf(memory, (int) Math.max(2L * memory.length, size + length));
            }
            System.arraycopy(bytes, offset, memory, (int) size, length);
        } else {
            FileChannel target = file == null ? moveToFile() : file;
            ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
            long position = size;
            while (buffer.hasRemaining()) {
                position += target.write(buffer, position);
            }
        }
        size += length;
    }

    private FileChannel moveToFile() throws IOException {
        Path path = Files.createTempFile(directory, "temp-sync-", ".rdb");
        FileChannel opened = FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        Files.deleteIfExists(path);
        ByteBuffer buffer = ByteBuffer.wrap(memory, 0, (int) size);
        long position = 0;
        while (buffer.hasRemaining()) {
            position += opened.write(buffer, position);
        }
        memory = new byte[0];
        file = opened;
        return opened;
    }

    /** Says that everything has been written. */
    synchronized void complete() {
        complete = true;
    }

    /** Says that there will never be everything. */
    synchronized void fail() {
        failed = true;
    }

    synchronized boolean isComplete() {
        return complete;
    }

    synchronized long size() {
        return size;
    }

    /**
     * Reads from a position.
     *
     * @return how many bytes; 0 while there are none; -1 at the end
     * @throws IOException if there will never be everything
     */
    synchronized int read(long position, ByteBuffer into) throws IOException {
        if (failed || closed) {
            throw new IOException("the snapshot could not be written");
        }
        int count = (int) Math.min(size - position, into.remaining());
        if (count == 0) {
            return complete && position == size ? -1 : 0;
        }
        FileChannel source = file;
        if (source == null) {
            into.put(memory, (int) position, count);
            return count;
        }
        ByteBuffer part = into.duplicate().limit(into.position() + count);
        int read = source.read(part, position);
        into.position(into.position() + Math.max(0, read));
        return Math.max(0, read);
    }

    private void close() {
        closed = true;
        memory = new byte[0];
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                LOG.warn("Could not close the file of a snapshot: {}", Reason.of(e));
            }
            file = null;
        }
    }
}
