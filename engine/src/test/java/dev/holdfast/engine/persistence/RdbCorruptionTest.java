package dev.holdfast.engine.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.protocol.ObjectReply.ReplyError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is damaged is refused, whatever the damage: no wrong value, no hang, no memory used up. */
class RdbCorruptionTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static TestStore small() {
        TestStore store = new TestStore(
                "enable-debug-command", "yes", "hash-max-listpack-entries", "2", "zset-max-listpack-entries", "2");
        store.run("SET", "string", "abcabcabcabcabcabcabcabcabcabc");
        store.run("SET", "number", "-12345");
        store.run("RPUSH", "list", "a", "1", "70000");
        store.run("SADD", "intset", "1", "2", "-3");
        store.run("SADD", "set", "a", "b");
        store.run("ZADD", "zset", "1", "a", "2", "b");
        store.run("ZADD", "tree", "1", "a", "2", "b", "3", "c");
        store.run("HSET", "hash", "f", "v");
        store.run("HSET", "table", "a", "1", "b", "2", "c", "3");
        store.run("HSET", "expiring", "a", "1", "b", "2");
        store.run("HPEXPIREAT", "expiring", Long.toString(store.clock().millis() + 5000), "FIELDS", "1", "a");
        store.run("XADD", "stream", "1-1", "a", "1");
        store.run("XADD", "stream", "1-2", "a", "2");
        store.run("XDEL", "stream", "1-1");
        store.run("XGROUP", "CREATE", "stream", "group", "0");
        store.run("XREADGROUP", "GROUP", "group", "one", "STREAMS", "stream", ">");
        return store;
    }

    @Test
    void aFileWithAnyByteChangedIsRefused() throws IOException {
        byte[] file;
        try (TestStore store = small()) {
            file = RdbFiles.write(store.engine(), true);
        }
        assertTimeoutPreemptively(PATIENCE, () -> {
            for (int at = 0; at < file.length; at++) {
                for (int bit : new int[] {0, 3, 7}) {
                    byte[] damaged = file.clone();
                    damaged[at] ^= (byte) (1 << bit);
                    int place = at;
                    try (TestStore store = new TestStore()) {
                        assertThrows(
                                IOException.class,
                                () -> RdbFiles.load(store.engine(), damaged),
                                () -> "byte " + place + " bit " + bit);
                    }
                }
            }
        });
    }

    @Test
    void aFileCutAnywhereIsRefused() throws IOException {
        byte[] file;
        try (TestStore store = small()) {
            file = RdbFiles.write(store.engine(), true);
        }
        assertTimeoutPreemptively(PATIENCE, () -> {
            for (int length = 0; length < file.length; length++) {
                byte[] cut = Arrays.copyOf(file, length);
                try (TestStore store = new TestStore()) {
                    assertThrows(IOException.class, () -> RdbFiles.load(store.engine(), cut));
                }
            }
        });
    }

    /** With a checksum that fits, only the reader's own checks are left. Whatever it accepts must be a value that works. */
    @Test
    void restoreAcceptsOnlyWhatWorks() {
        long seed = Long.getLong("holdfast.seed", new Random().nextLong());
        Random random = new Random(seed);
        assertTimeoutPreemptively(PATIENCE, () -> {
            try (TestStore store = small()) {
                List<byte[]> payloads = new ArrayList<>();
                if (store.run("KEYS", "*") instanceof List<?> keys) {
                    for (Object key : keys) {
                        payloads.add(dump(store, String.valueOf(key)));
                    }
                }
                int accepted = 0;
                int rounds = Integer.getInteger("holdfast.rounds", 20_000);
                for (int round = 0; round < rounds; round++) {
                    byte[] payload = damaged(payloads.get(random.nextInt(payloads.size())), random);
                    String where = "seed " + seed + " round " + round;
                    store.run("DEL", "k");
                    Object answer = store.session().runBytes(bytes("RESTORE"), bytes("k"), bytes("0"), payload);
                    if (answer instanceof ReplyError error) {
                        assertTrue(error.message().startsWith("ERR Bad data format"), where + " " + error.message());
                    } else {
                        accepted++;
                        use(store, where);
                    }
                }
                assertTrue(accepted > rounds / 100, "only " + accepted + " were accepted");
            }
        });
    }

    private static byte[] dump(TestStore store, String key) throws IOException {
        Slice name = Slice.of(key);
        Object item = store.engine().keyspace().shardOf(name).table(0).find(name);
        return RdbWriter.dump(Objects.requireNonNull(item), true);
    }

    private static byte[] damaged(byte[] payload, Random random) {
        byte[] copy = payload.clone();
        int body = copy.length - 10;
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(body);
            copy[at] = (byte)
                    switch (random.nextInt(4)) {
                        case 0 -> random.nextInt(256);
                        case 1 -> copy[at] + 1;
                        case 2 -> copy[at] ^ 1 << random.nextInt(8);
                        default -> 0xFF;
                    };
        }
        long crc = Crc64.update(0, copy, 0, copy.length - 8);
        for (int i = 0; i < 8; i++) {
            copy[copy.length - 8 + i] = (byte) (crc >> 8 * i);
        }
        return copy;
    }

    private static void use(TestStore store, String where) {
        String type = String.valueOf(store.run("TYPE", "k"));
        List<String[]> commands = switch (type) {
            case "string" -> List.of(words("GET k"), words("APPEND k x"));
            case "list" -> List.of(words("LRANGE k 0 -1"), words("LPUSH k a"), words("RPOP k"), words("LREM k 0 a"));
            case "set" -> List.of(words("SMEMBERS k"), words("SADD k 5 a"), words("SREM k 1"), words("SPOP k"));
            case "zset" -> List.of(words("ZRANGE k 0 -1 WITHSCORES"), words("ZADD k 2 new"), words("ZPOPMIN k"));
            case "hash" ->
                List.of(words("HGETALL k"), words("HSET k new 1"), words("HDEL k f"), words("HTTL k FIELDS 1 a"));
            default ->
                List.of(
                        words("XRANGE k - +"),
                        words("XINFO STREAM k FULL"),
                        words("XADD k * a b"),
                        words("XTRIM k MAXLEN 1"),
                        words("XREADGROUP GROUP group two STREAMS k >"));
        };
        store.run("DEBUG", "DIGEST-VALUE", "k");
        store.run("DUMP", "k");
        for (String[] command : commands) {
            if (store.run(command) instanceof ReplyError error) {
                assertTrue(
                        !error.message().contains("internal error"),
                        where + " " + String.join(" ", command) + ": " + error.message());
            }
        }
    }

    private static String[] words(String command) {
        return command.split(" ");
    }

    private static byte[] bytes(String word) {
        return word.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void valuesAreAnnouncedNoLargerThanTheFile() throws IOException {
        String[] files = {
            // A string, a list, a hash and an LZF string that claim to have two thousand million bytes or elements.
            "REDIS0011\0\1k\u0080\u007f\u00ff\u00ff\u00ff",
            "REDIS0011\1\1k\u0080\u007f\u00ff\u00ff\u00ff",
            "REDIS0011\4\1k\u0081\u007f\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff",
            "REDIS0011\0\1k\u00c3\1\u0080\u007f\u00ff\u00ff\u00ffx",
        };
        for (String file : files) {
            try (TestStore store = new TestStore()) {
                byte[] bytes = file.getBytes(StandardCharsets.ISO_8859_1);
                assertThrows(IOException.class, () -> RdbFiles.load(store.engine(), bytes));
                assertEquals(0L, store.run("DBSIZE"));
            }
        }
    }
}
