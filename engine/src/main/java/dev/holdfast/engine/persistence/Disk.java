package dev.holdfast.engine.persistence;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that persistence asks of a file system. Tests put one in its place that tears, reorders, fills up and fails.
 *
 * <p>What a write has returned from is not durable yet: the content is after {@link DiskFile#sync}, and the name, of a file
 * that was created, renamed or deleted, after {@link #syncDirectory} of the directory that holds it.
 */
public interface Disk {
    /** The file system of this machine. */
    Disk REAL = new RealDisk();

    /** How a file is opened. */
    enum Mode {
        /** For reading; the file must exist. */
        READ,
        /** For writing an empty file; what was there is gone. */
        CREATE,
        /** For writing behind what is there; a missing file is made. */
        APPEND
    }

    DiskFile open(Path path, Mode mode) throws IOException;

    /** Gives a file another name; one that has that name already is replaced, in one step. */
    void rename(Path from, Path to) throws IOException;

    /** Deletes a file, or an empty directory. Returns whether there was one. */
    boolean delete(Path path) throws IOException;

    boolean exists(Path path);

    boolean isDirectory(Path path);

    /** The names in a directory, sorted; none where there is no such directory. */
    List<String> list(Path directory) throws IOException;

    /** Makes a directory, and those above it, unless it is there. */
    void createDirectories(Path directory) throws IOException;

    /** Makes the names in a directory durable. */
    void syncDirectory(Path directory) throws IOException;

    /**
     * Locks a file, which is made for the purpose, against all other holders in any process. The file remains when the lock is
     * given back.
     *
     * @param content what the file says while it is locked, for those who find it so
     * @return null if another process holds it
     */
    @Nullable
    Closeable lock(Path path, String content) throws IOException;
}
