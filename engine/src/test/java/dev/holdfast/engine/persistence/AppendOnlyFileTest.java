package dev.holdfast.engine.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class AppendOnlyFileTest {
    private static final Path FILES = AofStore.DIRECTORY.resolve("appendonlydir");
    private static final Path MANIFEST = FILES.resolve("appendonly.aof.manifest");
    private static final Path FIRST = FILES.resolve("appendonly.aof.1.incr.aof");

    private final FaultyDisk disk = new FaultyDisk();

    private String text(Path path) {
        byte[] content = disk.content(path);
        assertNotNull(content, path.toString());
        return new String(content, StandardCharsets.ISO_8859_1);
    }

    private static String command(String... words) {
        StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
        for (String word : words) {
            text.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
        }
        return text.toString();
    }

    @Test
    void aNewFileHasAnEmptyBaseAndOneIncrement() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.run("SET", "k", "v");
            assertEquals(
                    "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n",
                    text(MANIFEST));
            assertEquals(command("SELECT", "0") + command("SET", "k", "v"), text(FIRST));
        }
    }

    @Test
    void aTransactionIsWrappedAndASelectStandsWhereTheDatabaseChanges() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.run("MULTI");
            store.run("SET", "a", "1");
            store.run("SELECT", "3");
            store.run("GET", "a");
            store.run("INCR", "n");
            store.run("EXEC");
            store.run("MULTI");
            store.run("INCR", "n");
            store.run("EXEC");
            assertEquals(
                    command("MULTI")
                            + command("SELECT", "0")
                            + command("SET", "a", "1")
                            + command("SELECT", "3")
                            + command("INCR", "n")
                            + command("EXEC")
                            + command("INCR", "n"),
                    text(FIRST));
        }
    }

    /** What the file says needs no permission: neither a password, nor a user that may write. */
    @Test
    void aTransactionIsLoadedWhateverTheDefaultUserMayDo() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.run("MULTI");
            store.run("SET", "a", "1");
            store.run("SET", "b", "2");
            store.run("EXEC");
            store.run("EVAL", "redis.call('INCR', 'a') redis.call('INCR', 'b')", "0");
        }
        try (AofStore store = new AofStore(disk, "requirepass", "secret")) {
            store.run("AUTH", "secret");
            assertEquals(Map.of("a", "2", "b", "3"), store.strings());
        }
    }

    @Test
    void timestampsStandBetweenCommands() throws IOException {
        try (AofStore store = new AofStore(disk, "aof-timestamp-enabled", "yes")) {
            store.run("SET", "a", "1");
            store.run("SET", "a", "2");
            store.store().clock().advance(2000);
            store.run("SET", "a", "3");
            String text = text(FIRST);
            assertTrue(text.startsWith("#TS:1800000000\r\n*2\r\n"), text);
            assertTrue(text.contains("#TS:1800000002\r\n" + command("SET", "a", "3")), text);
            assertEquals(3, text.split("#TS", -1).length);
        }
        try (AofStore store = new AofStore(disk)) {
            assertEquals("3", store.run("GET", "a"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "no"})
    void aRewriteReplacesAllFiles(String rdb) throws IOException {
        String[] types = {"string", "list", "set", "zset", "hash", "stream"};
        Object digest;
        try (AofStore store = new AofStore(disk, "aof-use-rdb-preamble", rdb, "enable-debug-command", "yes")) {
            fill(store, 3);
            fill(store, 500);
            store.run("SELECT", "5");
            store.run("SET", "elsewhere", "x", "PXAT", "1900000000000");
            store.rewrite();
            store.run("INCR", "after");
            store.aof().flush();
            digest = store.run("DEBUG", "DIGEST");
            assertNull(disk.content(FIRST));
            assertEquals(
                    "file appendonly.aof.2.base." + (rdb.equals("yes") ? "rdb" : "aof")
                            + " seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n",
                    text(MANIFEST));
            assertEquals(
                    command("SELECT", "5") + command("INCR", "after"),
                    text(FILES.resolve("appendonly.aof.2.incr.aof")));
        }
        try (AofStore store = new AofStore(disk, "enable-debug-command", "yes")) {
            assertEquals(digest, store.run("DEBUG", "DIGEST"));
            for (String type : types) {
                assertEquals(type, store.run("TYPE", type + 500));
            }
            assertEquals("[1900000000001, -1]", "" + store.run("HPEXPIRETIME", "hash3", "FIELDS", "2", "f0", "f1"));
            assertTrue(("" + store.run("XPENDING", "stream3", "g")).startsWith("[1, "));
        }
    }

    private static void fill(AofStore store, int size) {
        for (int i = 0; i < size; i++) {
            store.store().run("APPEND", "string" + size, "text" + i);
            store.store().run("RPUSH", "list" + size, "element" + i);
            store.store().run("SADD", "set" + size, "member" + i);
            store.store().run("ZADD", "zset" + size, i + ".5", "member" + i);
            store.store().run("HSET", "hash" + size, "f" + i, "v" + i);
            store.store().run("XADD", "stream" + size, "*", "field", "value" + i);
        }
        store.store().run("XGROUP", "CREATE", "stream" + size, "g", "0");
        store.store().run("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "stream" + size, ">");
        store.store().run("HPEXPIREAT", "hash" + size, "1900000000001", "FIELDS", "1", "f0");
        store.run("PEXPIREAT", "set" + size, "1900000000000");
    }

    @Test
    void theFileCutAtEveryByteLoadsWhatIsWhole() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.run("SET", "a", "1");
            store.run("MULTI");
            store.run("INCR", "a");
            store.run("INCR", "a");
            store.run("EXEC");
            store.run("RPUSH", "list", "one", "two");
        }
        byte[] whole = disk.content(FIRST);
        assertNotNull(whole);
        String text = text(FIRST);
        int set = text.indexOf("*1\r\n$5\r\nMULTI");
        int transaction = text.indexOf("*4\r\n$5\r\nRPUSH");
        for (int cut = 0; cut <= whole.length; cut++) {
            int length = cut;
            disk.put(FIRST, Arrays.copyOf(whole, cut));
            boolean isWhole =
                    cut == 0 || cut == text.indexOf("*3") || cut == set || cut == transaction || cut == whole.length;
            if (!isWhole) {
                AofException refusal = assertThrows(
                        AofException.class, () -> new AofStore(disk, "aof-load-truncated", "no"), "cut at " + length);
                assertTrue(String.valueOf(refusal.getMessage()).contains("Unexpected end of file"), refusal::toString);
            }
            try (AofStore store = new AofStore(disk)) {
                String expected = cut < set ? null : cut < transaction ? "1" : "3";
                assertEquals(expected, store.run("GET", "a"), "cut at " + cut);
                assertEquals(cut == whole.length ? 2L : 0L, store.run("LLEN", "list"), "cut at " + cut);
                store.run("SET", "later", "x");
            }
            try (AofStore store = new AofStore(disk, "aof-load-truncated", "no")) {
                assertEquals("x", store.run("GET", "later"), "cut at " + cut);
            }
        }
    }

    /** There is no checksum: a changed value is loaded as it is. But nothing hangs, fails otherwise or takes up the memory. */
    @Test
    void theFileWithAnyByteChangedIsLoadedOrRefused() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.run("SET", "a", "1");
            store.run("MULTI");
            store.run("INCR", "a");
            store.run("HSET", "hash", "f", "v");
            store.run("EXEC");
            store.run("RPUSH", "list", "one", "two");
        }
        byte[] whole = disk.content(FIRST);
        assertNotNull(whole);
        int refused = 0;
        for (int at = 0; at < whole.length; at++) {
            for (int bit : new int[] {0, 3, 7}) {
                byte[] damaged = whole.clone();
                damaged[at] ^= (byte) (1 << bit);
                disk.put(FIRST, damaged);
                try (AofStore store = new AofStore(disk)) {
                    assertEquals("OK", store.run("SET", "later", "x"));
                } catch (AofException e) {
                    refused++;
                }
            }
        }
        assertTrue(refused > whole.length, "only " + refused + " were refused");
    }

    @Test
    void nonsenseIsRefusedWithItsPlace() throws IOException {
        new AofStore(disk).close();
        String good = command("SET", "a", "1");
        for (String bad :
                new String[] {"!hello", "*3\r\n$3\r\nSET\r\n!1", "*x\r\n", "*0\r\n", command("NOSUCH", "x")}) {
            disk.put(FIRST, (good + bad + good).getBytes(StandardCharsets.ISO_8859_1));
            AofException refusal = assertThrows(AofException.class, () -> new AofStore(disk), bad);
            assertTrue(String.valueOf(refusal.getMessage()).contains("at offset " + good.length()), refusal::toString);
        }
    }

    @Test
    void aLengthThatTheFileCannotHoldAllocatesNothing() throws IOException {
        new AofStore(disk).close();
        disk.put(FIRST, (command("SET", "a", "1") + "*2\r\n$2000000000\r\nx").getBytes(StandardCharsets.ISO_8859_1));
        try (AofStore store = new AofStore(disk)) {
            assertEquals("1", store.run("GET", "a"));
        }
    }

    @Test
    void aFileOfOldStyleIsAdopted() throws IOException {
        disk.put(
                AofStore.DIRECTORY.resolve("appendonly.aof"),
                command("SET", "a", "1").getBytes(StandardCharsets.ISO_8859_1));
        try (AofStore store = new AofStore(disk)) {
            assertEquals("1", store.run("GET", "a"));
            store.run("INCR", "a");
            assertEquals(
                    "file appendonly.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n", text(MANIFEST));
        }
        try (AofStore store = new AofStore(disk)) {
            assertEquals("2", store.run("GET", "a"));
        }
    }

    @Test
    void aFullDiskRefusesWritesUntilThereIsRoom() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.run("SET", "a", "1");
            disk.capacity(0);
            store.run("SET", "b", "2");
            assertTrue(store.aof().lastWriteFailed());
            assertTrue(
                    String.valueOf(store.aof().error()).contains("No space left"),
                    store.aof().error());
            disk.heal();
            store.run("SET", "c", "3");
            assertFalse(store.aof().lastWriteFailed());
            assertNull(store.aof().error());
        }
        try (AofStore store = new AofStore(disk)) {
            assertEquals(Map.of("a", "1", "b", "2", "c", "3"), store.strings());
        }
    }

    @Test
    void aWriteThatFailsHalfwayIsCutOff() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.run("SET", "a", "1");
            int before = text(FIRST).length();
            long taken = 0;
            for (Path path : new Path[] {FIRST, MANIFEST, FILES.resolve("appendonly.aof.1.base.rdb")}) {
                taken += text(path).length();
            }
            disk.capacity(taken + 10);
            store.run("SET", "b", "2");
            assertEquals(before, text(FIRST).length());
            disk.failAlways(FaultyDisk.Operation.TRUNCATE);
            store.run("SET", "c", "3");
            assertEquals(before + 10, text(FIRST).length());
            disk.heal();
            store.run("SET", "d", "4");
        }
        try (AofStore store = new AofStore(disk)) {
            assertEquals(Map.of("a", "1", "b", "2", "c", "3", "d", "4"), store.strings());
        }
    }

    /** The disk says once that it has lost what it should have synced, and then behaves as if nothing had been. */
    @Test
    void afterAFailedSyncOnlyARewriteCountsAsDurable() throws IOException {
        Random random = new Random(9);
        try (AofStore store = new AofStore(disk)) {
            AofWriter writer = store.aof().writer();
            writer.syncEvery(0);
            store.run("SET", "a", "1");
            writer.tick();
            long before = store.aof().syncedOffset();
            disk.fail(FaultyDisk.Operation.SYNC, 0);
            store.run("SET", "b", "2");
            writer.tick();
            writer.tick();
            assertTrue(String.valueOf(store.aof().error()).contains("Input/output error"));
            assertFalse(store.aof().lastWriteFailed());
            assertEquals(before, store.aof().syncedOffset());
            assertEquals(Map.of("a", "1"), loaded(disk.crash(random)), "b is lost");
            store.aof().rewrite().tick();
            store.aof().rewrite().await();
            writer.tick();
            assertNull(store.aof().error());
            assertEquals(store.store().engine().changes().offset(), store.aof().syncedOffset());
            for (int i = 0; i < 20; i++) {
                assertEquals(Map.of("a", "1", "b", "2"), loaded(disk.crash(random)));
            }
        }
    }

    private static Map<String, String> loaded(FaultyDisk disk) throws IOException {
        try (AofStore store = new AofStore(disk)) {
            return store.strings();
        }
    }

    @Test
    void aSwitchToAnotherFileLeavesNothingUnsynced() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.aof().writer().syncEvery(Long.MAX_VALUE);
            store.run("SET", "a", "1");
            store.rewrite();
            store.aof().writer().tick();
            assertEquals(store.store().engine().changes().offset(), store.aof().syncedOffset());
        }
    }

    @Test
    void whatAlwaysCannotKeepEndsTheProgramBeforeItIsAcknowledged() throws IOException {
        for (FaultyDisk.Operation operation :
                new FaultyDisk.Operation[] {FaultyDisk.Operation.SYNC, FaultyDisk.Operation.WRITE}) {
            FaultyDisk faulty = new FaultyDisk();
            AofStore store = new AofStore(faulty, "appendfsync", "always");
            List<String> ends = new ArrayList<>();
            store.store().engine().setHost(ends::add);
            store.run("SET", "a", "1");
            faulty.failAlways(operation);
            assertThrows(IllegalStateException.class, () -> store.run("SET", "b", "2"));
            assertFalse(ends.isEmpty());
            assertEquals("1", loaded(faulty.crash(new Random(3))).get("a"), operation::name);
            store.kill();
        }
    }

    @Test
    void aSlowDiskShowsInTheLatencies() throws IOException {
        try (AofStore store = new AofStore(disk, "appendfsync", "always", "latency-monitor-threshold", "1")) {
            disk.beforeWrite(() -> {
                for (long start = System.nanoTime(); System.nanoTime() - start < 3_000_000; ) {
                    Thread.onSpinWait();
                }
            });
            store.run("SET", "a", "1");
            Set<String> events = store.store().engine().latency().events().keySet();
            assertTrue(events.containsAll(Set.of("aof-write", "aof-write-alone")), events::toString);
        }
    }

    @Test
    void aRewriteThatFailsChangesNothing() throws IOException {
        for (FaultyDisk.Operation operation : new FaultyDisk.Operation[] {
            FaultyDisk.Operation.OPEN, FaultyDisk.Operation.RENAME, FaultyDisk.Operation.SYNC_DIRECTORY
        }) {
            FaultyDisk faulty = new FaultyDisk();
            for (int others = 0; others < 5; others++) {
                try (AofStore store = new AofStore(faulty)) {
                    store.run("INCR", "n");
                    faulty.fail(operation, others);
                    if (store.aof().rewrite().request(false) == AofRewrite.Start.STARTED) {
                        store.aof().rewrite().await();
                    }
                    faulty.heal();
                    store.run("INCR", "n");
                }
                try (AofStore store = new AofStore(faulty)) {
                    assertEquals("" + (2 * others + 2), store.run("GET", "n"), operation + " after " + others);
                }
            }
        }
    }

    @Test
    void theFileIsSwitchedOnAndOffWhileTheStoreRuns() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.run("SET", "a", "1");
            store.aof().stop();
            store.run("SET", "b", "2");
            assertTrue(store.aof().start());
            store.aof().rewrite().await();
            store.run("SET", "c", "3");
        }
        try (AofStore store = new AofStore(disk)) {
            assertEquals(Map.of("a", "1", "b", "2", "c", "3"), store.strings());
        }
    }

    @Test
    void filesOfAnEarlierLifeAreNotOverwrittenWhenTheFileIsSwitchedOnLater() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.run("SET", "a", "1");
        }
        try (AofStore store = AofStore.withoutFile(disk)) {
            store.run("SET", "b", "2");
            assertTrue(store.aof().start());
            store.aof().rewrite().await();
            assertEquals(
                    "file appendonly.aof.2.base.rdb seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n",
                    text(MANIFEST));
        }
        try (AofStore store = new AofStore(disk)) {
            assertEquals(Map.of("b", "2"), store.strings());
        }
    }

    @Test
    void theCheckFindsADamageAndCutsOffWhatIsNotWhole() throws IOException {
        try (AofStore store = new AofStore(disk)) {
            store.run("SET", "a", "1");
            store.rewrite();
            store.run("SET", "b", "2");
            store.run("MULTI");
            store.run("SET", "c", "3");
            store.run("SET", "d", "4");
            store.run("EXEC");
        }
        List<String> lines = new ArrayList<>();
        assertTrue(AofCheck.check(disk, MANIFEST, false, lines::add), lines::toString);
        Path second = FILES.resolve("appendonly.aof.2.incr.aof");
        byte[] whole = disk.content(second);
        assertNotNull(whole);
        disk.put(second, Arrays.copyOf(whole, whole.length - 3));
        assertFalse(AofCheck.check(disk, MANIFEST, false, lines::add));
        assertTrue(AofCheck.check(disk, MANIFEST, true, lines::add), lines::toString);
        try (AofStore store = new AofStore(disk, "aof-load-truncated", "no")) {
            assertEquals(Map.of("a", "1", "b", "2"), store.strings());
        }
        Path base = FILES.resolve("appendonly.aof.2.base.rdb");
        byte[] rdb = disk.content(base);
        assertNotNull(rdb);
        rdb[rdb.length - 12] ^= 1;
        disk.put(base, rdb);
        assertFalse(AofCheck.check(disk, MANIFEST, true, lines::add));
    }
}
