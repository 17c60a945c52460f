package dev.holdfast.engine.persistence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskTest {
    private final Random random = new Random(1);

    @TempDir
    private Path directory;

    @Test
    void theRealDiskDoesWhatItSays() throws IOException {
        keeps(Disk.REAL, directory);
    }

    @Test
    void theFaultyDiskDoesTheSameWhileItIsWell() throws IOException {
        keeps(new FaultyDisk(), Path.of("/data"));
    }

    private static void keeps(Disk disk, Path where) throws IOException {
        Path directory = where.resolve("deep/er");
        disk.createDirectories(directory);
        assertTrue(disk.isDirectory(directory));
        Path file = directory.resolve("one");
        write(disk, file, Disk.Mode.CREATE, "hello");
        write(disk, file, Disk.Mode.APPEND, " world");
        assertEquals("hello world", read(disk, file));
        try (DiskFile open = disk.open(file, Disk.Mode.APPEND)) {
            assertEquals(11, open.size());
            open.truncate(5);
        }
        disk.syncDirectory(directory);
        disk.rename(file, directory.resolve("two"));
        assertEquals(List.of("two"), disk.list(directory));
        assertEquals("hello", read(disk, directory.resolve("two")));
        assertThrows(IOException.class, () -> disk.open(file, Disk.Mode.READ));
        assertTrue(disk.delete(directory.resolve("two")));
        assertFalse(disk.delete(directory.resolve("two")));
        assertEquals(List.of(), disk.list(directory.resolve("nowhere")));
        try (Closeable lock = disk.lock(directory.resolve("lock"), "pid")) {
            assertNotNull(lock);
            assertNull(disk.lock(directory.resolve("lock"), "other"));
        }
        try (Closeable lock = disk.lock(directory.resolve("lock"), "pid")) {
            assertNotNull(lock);
        }
    }

    @Test
    void aFullDiskCutsAWriteShort() {
        FaultyDisk disk = new FaultyDisk().capacity(3);
        assertThrows(IOException.class, () -> write(disk, Path.of("/a"), Disk.Mode.CREATE, "hello"));
        assertArrayEquals(bytes("hel"), disk.content(Path.of("/a")));
    }

    @Test
    void anArmedFaultFailsOnceAtItsTurn() throws IOException {
        FaultyDisk disk = new FaultyDisk().fail(FaultyDisk.Operation.RENAME, 1);
        write(disk, Path.of("/a"), Disk.Mode.CREATE, "x");
        disk.rename(Path.of("/a"), Path.of("/b"));
        assertThrows(IOException.class, () -> disk.rename(Path.of("/b"), Path.of("/c")));
        disk.rename(Path.of("/b"), Path.of("/c"));
    }

    @Test
    void aCrashKeepsWhatIsSyncedAndLosesTheRestInEveryWay() throws IOException {
        Path file = Path.of("/d/file");
        FaultyDisk disk = new FaultyDisk();
        disk.createDirectories(Path.of("/d"));
        try (DiskFile open = disk.open(file, Disk.Mode.CREATE)) {
            open.write(ByteBuffer.wrap(bytes("safe")));
            open.sync();
            disk.syncDirectory(Path.of("/d"));
            open.write(ByteBuffer.wrap(bytes("AB")));
            open.write(ByteBuffer.wrap(bytes("CD")));
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            String content = read(disk.crash(random), file);
            assertTrue(content.startsWith("safe"), content);
            seen.add(content);
        }
        assertTrue(seen.containsAll(Set.of("safe", "safeAB", "safeABCD", "safeABC", "safeA", "safe\0\0CD")), "" + seen);
    }

    @Test
    void aSyncThatHasFailedIsNotMadeGoodByTheNext() throws IOException {
        Path file = Path.of("/file");
        FaultyDisk disk = new FaultyDisk().put(file, bytes("old"));
        try (DiskFile open = disk.open(file, Disk.Mode.APPEND)) {
            open.write(ByteBuffer.wrap(bytes("new")));
            disk.fail(FaultyDisk.Operation.SYNC, 0);
            assertThrows(IOException.class, open::sync);
            open.sync();
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            seen.add(read(disk.crash(random), file));
        }
        assertTrue(seen.contains("old"), "" + seen);
    }

    @Test
    void aNameIsDurableWithItsDirectory() throws IOException {
        FaultyDisk disk = new FaultyDisk();
        Path directory = Path.of("/d");
        disk.createDirectories(directory);
        write(disk, directory.resolve("new"), Disk.Mode.CREATE, "2");
        disk.put(directory.resolve("file"), bytes("1"));
        disk.rename(directory.resolve("new"), directory.resolve("file"));
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            seen.add(read(disk.crash(random), directory.resolve("file")));
        }
        assertEquals(Set.of("1", "2"), seen);
        disk.syncDirectory(directory);
        for (int i = 0; i < 50; i++) {
            assertEquals("2", read(disk.crash(random), directory.resolve("file")));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void write(Disk disk, Path path, Disk.Mode mode, String text) throws IOException {
        try (DiskFile file = disk.open(path, mode)) {
            file.write(ByteBuffer.wrap(bytes(text)));
            file.sync();
        }
    }

    private static String read(Disk disk, Path path) throws IOException {
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate(100);
            int count;
            do {
                count = file.read(buffer);
            } while (count >= 0);
            return new String(buffer.array(), 0, buffer.position(), StandardCharsets.ISO_8859_1);
        }
    }
}
