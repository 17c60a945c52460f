package dev.holdfast.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCommandsTest {
    @TempDir
    private Path directory;

    private static int run(Object... words) {
        return FileCommands.run(Stream.of(words).map(Object::toString).toList());
    }

    @Test
    void aBackupBringsTheDataBack() throws IOException {
        Path data = directory.resolve("data");
        Path backup = directory.resolve("backup.rdb");
        try (Holdfast store = Holdfast.open(data)) {
            store.set("a", "old");
            assertEquals(1, run("backup", "--dir", data, backup), "the directory is in use");
        }
        assertEquals(0, run("backup", "--dir", data, backup));
        assertEquals(1, run("backup", "--dir", data, backup), "the file exists");
        assertEquals(0, run("check", backup));
        try (Holdfast store = Holdfast.open(data)) {
            store.set("a", "new");
            assertEquals(1, run("restore", backup, data), "the directory is in use");
        }
        assertEquals(0, run("restore", backup, data));
        try (Holdfast store = Holdfast.open(data)) {
            assertEquals("old", store.get("a"));
        }
        try (Stream<Path> files = Files.list(data)) {
            assertTrue(files.anyMatch(file -> file.toString().contains("dump.rdb.before-")), "the old file is kept");
        }
    }

    @Test
    void whatIsDamagedIsFoundAndNotRestored() throws IOException {
        Path data = directory.resolve("data");
        try (Holdfast store = Holdfast.open(data)) {
            store.set("a", "old");
        }
        byte[] bytes = Files.readAllBytes(data.resolve("dump.rdb"));
        bytes[bytes.length / 2] ^= 1;
        Path damaged = Files.write(directory.resolve("damaged.rdb"), bytes);
        assertEquals(1, run("check", damaged));
        assertEquals(1, run("restore", damaged, directory.resolve("other")));
        assertEquals(2, run("check"));
    }

    @Test
    void onlyTheirNamesAreTakenForCommands() {
        assertTrue(FileCommands.areMeant(List.of("check", "x")));
        assertEquals(false, FileCommands.areMeant(List.of("--port", "1")));
    }
}
