package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.persistence.AofManifest.Part;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The directory with the files of an append-only file: their names, the manifest, and how they come and go. */
final class AofDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(AofDirectory.class);

    private final Disk disk;
    private final Supplier<Path> parent;
    private final String directoryName;
    private final String fileName;

    /**
     * @param parent where a file of old style lies, and files in the making
     * @param directoryName {@code appenddirname}
     * @param fileName {@code appendfilename}
     */
    AofDirectory(Disk disk, Supplier<Path> parent, String directoryName, String fileName) {
        this.disk = disk;
        this.parent = parent;
        this.directoryName = directoryName;
        this.fileName = fileName;
    }

    Disk disk() {
        return disk;
    }

    String fileName() {
        return fileName;
    }

    Path path(String name) {
        return parent.get().resolve(directoryName).resolve(name);
    }

    Path path(Part part) {
        return path(part.name());
    }

    /** A file beside the directory, for something in the making. */
    Path temporary(String name) {
        return parent.get().resolve(name);
    }

    /** The name of the increment that gathers changes until there is a base for it. */
    String temporaryIncrement() {
        return "temp-" + fileName + ".incr";
    }

    void create() throws IOException {
        try {
            disk.createDirectories(parent.get().resolve(directoryName));
        } catch (IOException e) {
            throw new IOException("Can't open or create append-only dir " + directoryName + ": " + Reason.of(e), e);
        }
    }

    /** Makes durable which files there are. */
    void syncNames() throws IOException {
        disk.syncDirectory(parent.get().resolve(directoryName));
    }

    /** Reads the manifest; an empty one where there is none. */
    AofManifest load() throws IOException {
        Path path = path(AofManifest.fileName(fileName));
        if (!disk.exists(path)) {
            return AofManifest.EMPTY;
        }
        return AofManifest.parse(readAll(path));
    }

    private byte[] readAll(Path path) throws IOException {
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(file.size()));
            while (bytes.hasRemaining() && file.read(bytes) >= 0) {
                // Reads are short as they like.
            }
            return bytes.array();
        }
    }

    /**
     * Puts a manifest in the place of the one on the disk, in one step. When this returns, the files that it names are durable by
     * name too.
     */
    void store(AofManifest manifest) throws IOException {
        String name = AofManifest.fileName(fileName);
        Path temporary = path("temp-" + name);
        try (DiskFile file = disk.open(temporary, Disk.Mode.CREATE)) {
            file.write(ByteBuffer.wrap(manifest.text().getBytes(StandardCharsets.UTF_8)));
            file.sync();
        }
        disk.rename(temporary, path(name));
        disk.syncDirectory(parent.get().resolve(directoryName));
    }

    /**
     * Moves a single file of old style into the directory, where there is one and nothing newer. If this is interrupted, the
     * next start goes on with it.
     */
    AofManifest adoptOldFile(AofManifest manifest) throws IOException {
        Path old = parent.get().resolve(fileName);
        Part base = manifest.base();
        boolean begun = base != null
                && manifest.increments().isEmpty()
                && base.name().equals(fileName)
                && !disk.exists(path(fileName));
        if (!disk.exists(old) || disk.isDirectory(old) || !manifest.isEmpty() && !begun) {
            return manifest;
        }
        create();
        AofManifest adopted = AofManifest.ofOldFile(fileName);
        store(adopted);
        disk.rename(old, path(fileName));
        disk.syncDirectory(parent.get().resolve(directoryName));
        disk.syncDirectory(parent.get());
        LOG.info(
                "Successfully migrated an old-style AOF file ({}) into the AOF directory ({}).",
                fileName,
                directoryName);
        return adopted;
    }

    /** The size of a file. */
    long size(Part part) throws IOException {
        try (DiskFile file = disk.open(path(part), Disk.Mode.READ)) {
            return file.size();
        } catch (NoSuchFileException e) {
            throw new AofException("The append log file " + part.name() + " doesn't exist: No such file or directory");
        }
    }

    /** Deletes what has become history. What cannot be deleted is only mentioned in the log. */
    AofManifest deleteHistory(AofManifest manifest) {
        if (manifest.history().isEmpty()) {
            return manifest;
        }
        for (Part part : manifest.history()) {
            LOG.info("Removing the history file {} in the background", part.name());
            delete(path(part));
        }
        AofManifest without = manifest.withoutHistory();
        try {
            store(without);
            return without;
        } catch (IOException e) {
            LOG.warn("Could not take the history out of the AOF manifest: {}", Reason.of(e));
            return manifest;
        }
    }

    void delete(Path path) {
        try {
            disk.delete(path);
        } catch (IOException e) {
            LOG.warn("Could not remove {}: {}", path, Reason.of(e));
        }
    }
}
