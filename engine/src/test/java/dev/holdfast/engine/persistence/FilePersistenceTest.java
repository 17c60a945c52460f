package dev.holdfast.engine.persistence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.persistence.FaultyDisk.Operation;
import dev.holdfast.engine.scripting.Scripting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilePersistenceTest {
    private final FaultyDisk disk = new FaultyDisk();

    /** A store on a disk, which has loaded what is there. */
    private static FilePersistence attach(TestStore store, Disk disk) throws IOException {
        FilePersistence files = FilePersistence.open(store.engine(), disk);
        files.load();
        return files;
    }

    private static Path file(TestStore store) {
        return Path.of(store.config().program.dir.get()).resolve("dump.rdb");
    }

    @Test
    void whatIsSavedSurvivesACrashAtAnyTimeAfter() throws IOException {
        Random random = new Random(7);
        try (TestStore store = new TestStore()) {
            attach(store, disk);
            store.run("SET", "a", "1");
            assertEquals("OK", store.run("SAVE"));
            store.run("SET", "a", "2");
        }
        for (int i = 0; i < 30; i++) {
            try (TestStore next = new TestStore()) {
                attach(next, disk.crash(random));
                assertEquals("1", next.run("GET", "a"));
            }
        }
    }

    @Test
    void aCrashWhileSavingLeavesTheOldFileOrTheNew() throws IOException {
        Random random = new Random(8);
        try (TestStore store = new TestStore("save", "")) {
            attach(store, disk);
            store.run("SET", "a", "1");
            store.run("SAVE");
            for (int value = 2; value < 20; value++) {
                store.run("SET", "a", Integer.toString(value));
                FaultyDisk[] crashed = new FaultyDisk[1];
                disk.beforeWrite(() -> crashed[0] = disk.crash(random));
                store.run("SAVE");
                disk.heal();
                try (TestStore next = new TestStore("save", "")) {
                    attach(next, crashed[0]);
                    assertEquals(Integer.toString(value - 1), next.run("GET", "a"));
                }
                try (TestStore next = new TestStore("save", "")) {
                    attach(next, disk.crash(random));
                    assertEquals(Integer.toString(value), next.run("GET", "a"));
                }
            }
        }
    }

    @Test
    void aSaveThatFailsKeepsTheOldFile() throws IOException {
        try (TestStore store = new TestStore()) {
            attach(store, disk);
            store.run("SET", "a", "1");
            store.run("SAVE");
            byte[] before = disk.content(file(store));
            assertNotNull(before);
            for (Operation operation :
                    new Operation[] {Operation.OPEN, Operation.WRITE, Operation.SYNC, Operation.RENAME}) {
                disk.fail(operation, 0);
                assertEquals("ERR", store.error("SAVE"), operation.name());
                assertArrayEquals(before, disk.content(file(store)), operation.name());
                assertEquals("OK", store.run("SET", "a", "2"), "who asked was told, so writes go on");
                assertFalse(disk.list(Path.of(store.config().program.dir.get())).stream()
                        .anyMatch(name -> name.startsWith("temp-")));
            }
            disk.capacity(before.length + 10);
            assertEquals("ERR", store.error("SAVE"));
            assertArrayEquals(before, disk.content(file(store)));
            disk.heal();
            assertEquals("OK", store.run("SAVE"));
        }
    }

    @Test
    void aSaveInTheBackgroundThatFailsStopsWrites() throws Exception {
        try (TestStore store = new TestStore()) {
            FilePersistence files = attach(store, disk);
            store.run("SET", "a", "1");
            disk.fail(Operation.RENAME, 0);
            saveInBackground(store, files);
            assertTrue(files.saves().lastFailed());
            assertTrue(store.error("SET", "a", "2").startsWith("MISCONF Valkey is configured to save RDB"));
            assertEquals("1", store.run("GET", "a"));
            disk.fail(Operation.RENAME, 0);
            assertEquals("ERR", store.error("SAVE"));
            store.error("SET", "a", "2");
            saveInBackground(store, files);
            assertEquals("OK", store.run("SET", "a", "2"));
        }
    }

    private static void saveInBackground(TestStore store, FilePersistence files) throws InterruptedException {
        assertEquals("Background saving started", store.run("BGSAVE"));
        files.saves().awaitIdle();
    }

    @Test
    void writesGoOnWhereTheConfigurationSaysSo() throws Exception {
        try (TestStore store = new TestStore("stop-writes-on-bgsave-error", "no")) {
            FilePersistence files = attach(store, disk);
            disk.fail(Operation.WRITE, 0);
            saveInBackground(store, files);
            assertTrue(files.saves().lastFailed());
            assertEquals("OK", store.run("SET", "a", "2"));
        }
    }

    @Test
    void aSavePointSavesWhenEnoughHasChangedInItsTime() throws Exception {
        try (TestStore store = new TestStore("save", "10 2")) {
            FilePersistence files = attach(store, disk);
            store.run("SET", "a", "1");
            store.clock().advance(11_000);
            files.tick();
            assertFalse(files.saves().isSaving(), "one change is not enough");
            store.run("SET", "b", "1");
            files.tick();
            files.saves().awaitIdle();
            assertNotNull(disk.content(file(store)));
            assertTrue(String.valueOf(store.run("INFO", "persistence")).contains("rdb_changes_since_last_save:0"));
        }
    }

    @Test
    void twoStoresCannotShareADirectory() throws IOException {
        try (TestStore one = new TestStore();
                TestStore other = new TestStore()) {
            FilePersistence files = attach(one, disk);
            IOException refusal = assertThrows(IOException.class, () -> attach(other, disk));
            assertTrue(String.valueOf(refusal.getMessage())
                    .contains("is in use by process " + ProcessHandle.current().pid()));
            files.close();
            attach(other, disk);
        }
    }

    @Test
    void commandsAreRefusedWhileDataIsLoaded() throws IOException {
        try (TestStore store = new TestStore()) {
            FilePersistence files = FilePersistence.open(store.engine(), disk);
            assertEquals("LOADING Valkey is loading the dataset in memory", store.error("GET", "a"));
            assertTrue(String.valueOf(store.run("INFO", "persistence")).contains("loading:1"));
            files.load();
            assertNull(store.run("GET", "a"));
        }
    }

    @Test
    void reloadingGivesTheSameData() throws IOException {
        try (TestStore store = RdbFiles.everything()) {
            // With save points, FLUSHALL would let a save begin in the background, and RELOAD would find it under way.
            store.run("CONFIG", "SET", "save", "");
            attach(store, disk);
            Object before = store.run("DEBUG", "DIGEST");
            assertEquals("OK", store.run("DEBUG", "RELOAD"));
            assertEquals(before, store.run("DEBUG", "DIGEST"));
            store.run("SET", "new", "1");
            assertEquals("OK", store.run("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE"));
            assertEquals("1", store.run("GET", "new"));
            assertEquals("OK", store.run("DEBUG", "RELOAD", "NOSAVE"));
            assertNull(store.run("GET", "new"));
            store.run("FLUSHALL");
            store.run("FUNCTION", "LOAD", "#!lua name=l\nserver.register_function('f', function() return 1 end)");
            assertTrue(store.error("DEBUG", "RELOAD", "NOFLUSH").startsWith("ERR Error trying to load the RDB dump"));
            assertEquals("OK", store.run("DEBUG", "RELOAD", "NOFLUSH", "MERGE"));
            assertEquals(1L, store.run("FCALL", "f", "0"));
            before = store.run("DEBUG", "DIGEST");
            disk.put(file(store), "REDIS0987 from the future".getBytes(StandardCharsets.US_ASCII));
            assertTrue(store.error("DEBUG", "RELOAD", "NOSAVE").startsWith("ERR Error trying to load the RDB dump"));
            assertEquals(before, store.run("DEBUG", "DIGEST"));
        }
    }

    /** Wherever the file is damaged, the data is still there afterwards: half of it would look like all. */
    @Test
    void aDamagedFileIsNotReloaded() throws IOException {
        try (TestStore store = RdbFiles.everything()) {
            store.run("CONFIG", "SET", "save", "");
            attach(store, disk);
            Object before = store.run("DEBUG", "DIGEST");
            assertEquals("OK", store.run("DEBUG", "RELOAD"));
            byte[] whole = Objects.requireNonNull(disk.content(file(store)));
            for (int length = 0; length < whole.length; length += 1 + whole.length / 100) {
                disk.put(file(store), Arrays.copyOf(whole, length));
                for (String[] command : List.of(
                        new String[] {"DEBUG", "RELOAD", "NOSAVE"},
                        new String[] {"DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE"})) {
                    assertTrue(
                            store.error(command).startsWith("ERR Error trying to load the RDB dump"),
                            "cut at " + length);
                    assertEquals(before, store.run("DEBUG", "DIGEST"), "cut at " + length);
                }
            }
            disk.put(file(store), whole);
            assertEquals("OK", store.run("DEBUG", "RELOAD", "NOSAVE"));
            assertEquals(before, store.run("DEBUG", "DIGEST"));
        }
    }

    /** The same for DEBUG LOADAOF; where a command in the file fails, which only running it shows, nothing is left. */
    @Test
    void aDamagedAppendOnlyFileIsNotLoadedAgain() throws IOException {
        try (TestStore store = new TestStore(
                "appendonly", "yes", "save", "", "aof-load-truncated", "no", "enable-debug-command", "yes")) {
            FilePersistence files = attach(store, disk);
            for (int i = 0; i < 20; i++) {
                store.run("SET", "key " + i, "value");
            }
            assertEquals("OK", store.run("DEBUG", "LOADAOF"));
            Object before = store.run("DEBUG", "DIGEST");
            Path increment = file(store).resolveSibling("appendonlydir/appendonly.aof.1.incr.aof");
            byte[] whole = Objects.requireNonNull(disk.content(increment));
            int refused = 0;
            for (int at = whole.length - 1; at > 0; at -= 7) {
                byte[] damaged = whole.clone();
                damaged[at] = 0;
                for (byte[] content : List.of(Arrays.copyOf(whole, at), damaged)) {
                    disk.put(increment, content);
                    if (!store.resp2("DEBUG", "LOADAOF").startsWith("+OK")) {
                        boolean kept = Objects.equals(before, store.run("DEBUG", "DIGEST"));
                        boolean parsed = content.length == whole.length;
                        assertTrue(kept || parsed && Long.valueOf(0).equals(store.run("DBSIZE")), "at " + at);
                        refused++;
                    }
                    disk.put(increment, whole);
                    assertEquals("OK", store.run("DEBUG", "LOADAOF"), "at " + at);
                    assertEquals(before, store.run("DEBUG", "DIGEST"), "at " + at);
                }
            }
            assertTrue(refused > 100, "only " + refused);
            files.close();
        }
    }

    @Test
    void aStoreInThisProcessComesBack(@TempDir Path directory) {
        try (Holdfast store = Holdfast.open(directory)) {
            store.set("a", "1");
            assertThrows(UncheckedIOException.class, () -> Holdfast.open(directory));
        }
        try (Holdfast store = Holdfast.open(directory)) {
            assertEquals("1", store.get("a"));
        }
    }

    @Test
    void aStoreInMemoryHasNothingToSave() {
        try (TestStore store = new TestStore()) {
            assertTrue(store.error("SAVE").contains("kept in memory only"));
        }
    }

    /** What is there after a failed load is not what was saved: neither a read nor a write may take it for that. */
    @Test
    void aStoreThatCouldNotBeLoadedServesNoOne() throws IOException {
        for (String appendOnly : new String[] {"no", "yes"}) {
            FaultyDisk sound = new FaultyDisk();
            String name;
            try (TestStore store = new TestStore("appendonly", appendOnly, "aof-use-rdb-preamble", "no")) {
                FilePersistence files = attach(store, sound);
                for (int i = 0; i < 50; i++) {
                    store.run("SET", "key" + i, "value");
                }
                name = appendOnly.equals("no") ? "dump.rdb" : "appendonlydir/appendonly.aof.1.incr.aof";
                if (appendOnly.equals("no")) {
                    store.run("SAVE");
                } else {
                    files.aof().flush();
                }
                files.close();
            }
            try (TestStore store = new TestStore("appendonly", appendOnly)) {
                Path path = Path.of(store.config().program.dir.get()).resolve(name);
                byte[] bytes = Objects.requireNonNull(sound.content(path));
                bytes[bytes.length - 10] ^= 0x55;
                sound.put(path, bytes);
                FilePersistence files = FilePersistence.open(store.engine(), sound);
                assertThrows(IOException.class, files::load);
                for (String[] command : new String[][] {{"PING"}, {"GET", "key0"}, {"DBSIZE"}, {"SET", "lock", "me"}}) {
                    assertTrue(store.error(command).startsWith("LOADING"), command[0] + " with " + name);
                }
                files.finish(FilePersistence.FinalSave.ALWAYS);
                assertArrayEquals(bytes, sound.content(path), "nothing is saved over what could not be read");
            }
        }
    }

    @Test
    void aDirectoryThatCouldNotBeLoadedCanBeMendedAndOpened(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("dump.rdb"), "VALKEY080");
        assertThrows(UncheckedIOException.class, () -> Holdfast.open(directory));
        assertEquals("VALKEY080", Files.readString(file));
        Files.delete(file);
        Holdfast.open(directory).close();
    }

    private static final String LIBRARY = "#!lua name=%s\nserver.register_function('%s', function() return 1 end)";

    /** A library that is loaded when the snapshot has begun, and before its moment, is not in the log behind it. */
    @Test
    void functionsAreThoseOfTheMoment() throws IOException {
        for (boolean rdb : new boolean[] {true, false}) {
            try (TestStore store = new TestStore()) {
                RdbSnapshotTarget.Moment moment = () -> store.run("FUNCTION", "LOAD", LIBRARY.formatted("late", "f"));
                Path path = Path.of("/file");
                try (DiskFile file = disk.open(path, Disk.Mode.CREATE)) {
                    SnapshotTarget target = rdb
                            ? new RdbSnapshotTarget(
                                    store.engine(), file, true, () -> libraries(store), moment, () -> false)
                            : new CommandTarget(store.engine(), file, () -> libraries(store), moment);
                    new Snapshot(store.engine().keyspace(), target).run();
                    if (target instanceof RdbSnapshotTarget whole) {
                        whole.end();
                    }
                }
                String text = new String(Objects.requireNonNull(disk.content(path)), StandardCharsets.US_ASCII);
                assertTrue(text.contains("name=late"), "in a file of " + (rdb ? "RDB" : "commands"));
            }
        }
    }

    private static List<byte[]> libraries(TestStore store) {
        return Scripting.of(store.engine()).functions().list().stream()
                .map(library -> library.code().toBytes())
                .toList();
    }

    @Test
    void noFunctionIsLostOrTwiceThereWhileFilesAreWritten() throws Exception {
        try (TestStore store = new TestStore("appendonly", "yes", "save", "")) {
            FilePersistence files = attach(store, disk);
            Thread loader = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 150; i++) {
                    store.run("FUNCTION", "LOAD", LIBRARY.formatted("l" + i, "f" + i));
                }
            });
            while (loader.isAlive()) {
                store.run("BGREWRITEAOF");
                files.aof().rewrite().await();
            }
            loader.join();
            files.close();
        }
        try (TestStore next = new TestStore("appendonly", "yes", "save", "")) {
            attach(next, disk);
            for (int i = 0; i < 150; i++) {
                assertEquals(1L, next.run("FCALL", "f" + i, "0"));
            }
        }
    }
}
