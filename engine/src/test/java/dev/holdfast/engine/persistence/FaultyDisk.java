package dev.holdfast.engine.persistence;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that fails as it is told, and that can lose its power.
 *
 * <p>It remembers which writes and which names have been synced. {@link #crash} keeps those, and of the rest what chance
 * decides: any of the unsynced writes of a file, whole or torn, in any order, so that there may be holes of zeros; any of the
 * unsynced changes of names, but those of one name in their order.
 *
 * <p>Faults are armed for the next operation of a kind, or for the one after so many others.
 */
@NullMarked
public final class FaultyDisk implements Disk {
    /** The kinds of operation that can be made to fail. */
    public enum Operation {
        OPEN,
        READ,
        WRITE,
        SYNC,
        TRUNCATE,
        RENAME,
        DELETE,
        LIST,
        SYNC_DIRECTORY
    }

    private static final class Content {
        byte[] bytes = new byte[0];
        byte[] synced = bytes;
        final List<Write> unsynced = new ArrayList<>();

        void note(Write write) {
            bytes = write.applyTo(bytes);
            unsynced.add(write);
        }
    }

    /** A write of bytes at a position or, without bytes, a cut there. */
    private static final class Write {
        final int at;
        final byte @Nullable [] data;

        Write(int at, byte @Nullable [] data) {
            this.at = at;
            this.data = data;
        }

        byte[] applyTo(byte[] bytes) {
            if (data == null) {
                return Arrays.copyOf(bytes, at);
            }
            byte[] result = Arrays.copyOf(bytes, Math.max(bytes.length, at + data.length));
            System.arraycopy(data, 0, result, at, data.length);
            return result;
        }
    }

    /** What a name stood for after a change of its directory: nothing, where it was deleted. */
    private record Naming(Map<Path, @Nullable Content> changes) {}

    private final Map<Path, Content> files = new TreeMap<>();
    private final Map<Path, Content> durable = new TreeMap<>();
    private final List<Naming> unsyncedNames = new ArrayList<>();
    private final Set<Path> directories = new HashSet<>();
    private final Set<Path> locked = new HashSet<>();
    private final int[] failAfter = new int[Operation.values().length];
    private final int[] counts = new int[Operation.values().length];
    private long capacity = Long.MAX_VALUE;
    private int mostRead = Integer.MAX_VALUE;
    private @Nullable Runnable beforeWrite;

    public FaultyDisk() {
        Arrays.fill(failAfter, -1);
    }

    /** Makes an operation fail, once: the next one, or the one after {@code others} more of its kind. */
    public synchronized FaultyDisk fail(Operation operation, int others) {
        failAfter[operation.ordinal()] = others;
        return this;
    }

    /** Makes every operation of a kind fail until {@link #heal}. */
    public synchronized FaultyDisk failAlways(Operation operation) {
        failAfter[operation.ordinal()] = Integer.MIN_VALUE;
        return this;
    }

    /** Sets how many bytes all files together may take; a write beyond that is cut short and fails. */
    public synchronized FaultyDisk capacity(long bytes) {
        capacity = bytes;
        return this;
    }

    /** Makes every read return at most so many bytes. */
    public synchronized FaultyDisk shortReads(int bytes) {
        mostRead = bytes;
        return this;
    }

    /** Runs something before each write, on the writer's thread. */
    public synchronized FaultyDisk beforeWrite(Runnable action) {
        beforeWrite = action;
        return this;
    }

    /** Ends all faults. */
    public synchronized FaultyDisk heal() {
        Arrays.fill(failAfter, -1);
        capacity = Long.MAX_VALUE;
        mostRead = Integer.MAX_VALUE;
        beforeWrite = null;
        return this;
    }

    /** How many operations of a kind there were. */
    public synchronized int count(Operation operation) {
        return counts[operation.ordinal()];
    }

    /** What is in a file; null where there is none. */
    public synchronized byte @Nullable [] content(Path path) {
        Content content = files.get(path);
        return content == null ? null : content.bytes.clone();
    }

    /** Puts a durable file onto the disk. */
    public synchronized FaultyDisk put(Path path, byte[] bytes) {
        Content content = new Content();
        content.bytes = bytes.clone();
        content.synced = content.bytes;
        files.put(path, content);
        durable.put(path, content);
        return this;
    }

    /** The disk as it may be found after the power has failed now. */
    public synchronized FaultyDisk crash(RandomGenerator random) {
        Map<Path, Content> names = new TreeMap<>(durable);
        Set<Path> lost = new HashSet<>();
        for (Naming naming : unsyncedNames) {
            Collection<Path> touched = naming.changes.keySet();
            if (touched.stream().noneMatch(lost::contains) && random.nextBoolean()) {
                naming.changes.forEach((path, content) -> {
                    if (content == null) {
                        names.remove(path);
                    } else {
                        names.put(path, content);
                    }
                });
            } else {
                lost.addAll(touched);
            }
        }
        FaultyDisk after = new FaultyDisk();
        after.directories.addAll(directories);
        names.forEach((path, content) -> after.put(path, survivor(content, random)));
        return after;
    }

    private static byte[] survivor(Content content, RandomGenerator random) {
        byte[] bytes = content.synced;
        for (Write write : content.unsynced) {
            byte[] data = write.data;
            int fate = random.nextInt(4);
            if (data == null) {
                bytes = fate < 2 || write.at > bytes.length ? bytes : write.applyTo(bytes);
            } else if (fate == 1 && data.length > 0) {
                bytes = new Write(write.at, Arrays.copyOf(data, random.nextInt(data.length))).applyTo(bytes);
            } else if (fate != 0) {
                bytes = write.applyTo(bytes);
            }
        }
        return bytes;
    }

    private void attempt(Operation operation, Path path) throws IOException {
        int kind = operation.ordinal();
        counts[kind]++;
        if (failAfter[kind] == Integer.MIN_VALUE || failAfter[kind] == 0) {
            failAfter[kind] = failAfter[kind] == 0 ? -1 : failAfter[kind];
            throw new IOException(path + ": Input/output error");
        }
        if (failAfter[kind] > 0) {
            failAfter[kind]--;
        }
    }

    private void rename(Map<Path, @Nullable Content> changes) {
        changes.forEach((path, content) -> {
            if (content == null) {
                files.remove(path);
            } else {
                files.put(path, content);
            }
        });
        unsyncedNames.add(new Naming(changes));
    }

    @Override
    public synchronized DiskFile open(Path path, Mode mode) throws IOException {
        attempt(Operation.OPEN, path);
        Content content = files.get(path);
        if (content == null) {
            if (mode == Mode.READ) {
                throw new NoSuchFileException(path.toString());
            }
            content = new Content();
            Map<Path, @Nullable Content> change = new TreeMap<>();
            change.put(path, content);
            rename(change);
        } else if (mode == Mode.CREATE) {
            content.note(new Write(0, null));
        }
        return new OpenFile(path, content);
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        attempt(Operation.RENAME, from);
        Content content = files.get(from);
        if (content == null) {
            throw new NoSuchFileException(from.toString());
        }
        Map<Path, @Nullable Content> change = new TreeMap<>();
        change.put(from, null);
        change.put(to, content);
        rename(change);
    }

    @Override
    public synchronized boolean delete(Path path) throws IOException {
        attempt(Operation.DELETE, path);
        if (!files.containsKey(path)) {
            return directories.remove(path);
        }
        Map<Path, @Nullable Content> change = new TreeMap<>();
        change.put(path, null);
        rename(change);
        return true;
    }

    @Override
    public synchronized boolean exists(Path path) {
        return files.containsKey(path) || isDirectory(path);
    }

    @Override
    public synchronized boolean isDirectory(Path path) {
        return directories.contains(path);
    }

    @Override
    public synchronized List<String> list(Path directory) throws IOException {
        attempt(Operation.LIST, directory);
        Set<String> names = new LinkedHashSet<>();
        for (Path path : files.keySet()) {
            if (directory.equals(path.getParent())) {
                names.add(String.valueOf(path.getFileName()));
            }
        }
        return names.stream().sorted().toList();
    }

    @Override
    public synchronized void createDirectories(Path directory) {
        for (Path path = directory; path != null; path = path.getParent()) {
            directories.add(path);
        }
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        attempt(Operation.SYNC_DIRECTORY, directory);
        for (Naming naming : unsyncedNames) {
            naming.changes.entrySet().removeIf(change -> {
                Path path = change.getKey();
                Content content = change.getValue();
                if (!directory.equals(path.getParent())) {
                    return false;
                }
                if (content == null) {
                    durable.remove(path);
                } else {
                    durable.put(path, content);
                }
                return true;
            });
        }
        unsyncedNames.removeIf(naming -> naming.changes.isEmpty());
    }

    @Override
    public synchronized @Nullable Closeable lock(Path path, String content) {
        if (!locked.add(path)) {
            return null;
        }
        put(path, content.getBytes(StandardCharsets.UTF_8));
        return () -> {
            synchronized (this) {
                locked.remove(path);
            }
        };
    }

    private final class OpenFile implements DiskFile {
        private final Path path;
        private final Content content;
        private int position;

        OpenFile(Path path, Content content) {
            this.path = path;
            this.content = content;
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            synchronized (FaultyDisk.this) {
                attempt(Operation.READ, path);
                int left = content.bytes.length - position;
                if (left <= 0) {
                    return into.hasRemaining() ? -1 : 0;
                }
                int count = Math.min(Math.min(left, mostRead), into.remaining());
                into.put(content.bytes, position, count);
                position += count;
                return count;
            }
        }

        @Override
        public void write(ByteBuffer bytes) throws IOException {
            Runnable action = beforeWrite;
            if (action != null) {
                action.run();
            }
            synchronized (FaultyDisk.this) {
                attempt(Operation.WRITE, path);
                long taken = files.values().stream()
                        .mapToLong(file -> file.bytes.length)
                        .sum();
                int fits = (int) Math.min(bytes.remaining(), Math.max(0, capacity - taken));
                boolean full = fits < bytes.remaining();
                byte[] data = new byte[fits];
                bytes.get(data);
                content.note(new Write(content.bytes.length, data));
                if (full) {
                    throw new IOException(path + ": No space left on device");
                }
            }
        }

        /**
         * As on Linux, a sync that fails takes the unsynced pages for clean: they never reach the disk, though later syncs
         * succeed, and later writes do.
         */
        @Override
        public void sync() throws IOException {
            synchronized (FaultyDisk.this) {
                try {
                    attempt(Operation.SYNC, path);
                    for (Write write : content.unsynced) {
                        content.synced = write.applyTo(content.synced);
                    }
                    content.unsynced.clear();
                } catch (IOException e) {
                    content.unsynced.removeIf(write -> write.data != null);
                    throw e;
                }
            }
        }

        @Override
        public long size() {
            synchronized (FaultyDisk.this) {
                return content.bytes.length;
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            synchronized (FaultyDisk.this) {
                attempt(Operation.TRUNCATE, path);
                if (size < content.bytes.length) {
                    content.note(new Write((int) size, null));
                }
            }
        }

        @Override
        public void close() {}
    }
}
