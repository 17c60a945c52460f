package dev.holdfast.engine.commands;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.holdfast.engine.TestStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Giving, asking and taking away expiries, at a time that the test sets. */
class ExpireCommandsTest {
    private final TestStore store = new TestStore();

    @BeforeEach
    void stopTheTimer() {
        store.engine().expiry().setActive(false);
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void relativeAndAbsoluteTimes() {
        long now = store.clock().millis();
        store.run("SET", "a", "1");
        assertEquals(-1L, store.run("TTL", "a"));
        assertEquals(-1L, store.run("PEXPIRETIME", "a"));
        assertEquals(-2L, store.run("PTTL", "none"));
        assertEquals(-2L, store.run("EXPIRETIME", "none"));
        assertEquals(1L, store.run("EXPIRE", "a", "10"));
        assertEquals(10L, store.run("TTL", "a"));
        assertEquals(now + 10_000, store.run("PEXPIRETIME", "a"));
        assertEquals(1L, store.run("PEXPIRE", "a", "1499"));
        assertEquals(1L, store.run("TTL", "a"));
        assertEquals(1L, store.run("PEXPIRE", "a", "1500"));
        assertEquals(2L, store.run("TTL", "a"));
        assertEquals(1L, store.run("EXPIREAT", "a", Long.toString(now / 1000 + 100)));
        assertEquals(100_000 - now % 1000, store.run("PTTL", "a"));
        assertEquals(1L, store.run("PEXPIREAT", "a", Long.toString(now + 777)));
        assertEquals(777L, store.run("PTTL", "a"));
        assertEquals(1L, store.run("PERSIST", "a"));
        assertEquals(0L, store.run("PERSIST", "a"));
        assertEquals(0L, store.run("PERSIST", "none"));
        assertEquals(0L, store.run("EXPIRE", "none", "10"));
    }

    @Test
    void aKeyLivesThroughTheMillisecondOfItsExpiry() {
        store.run("SET", "a", "1", "PX", "100");
        store.clock().advance(100);
        assertEquals("1", store.run("GET", "a"));
        assertEquals(0L, store.run("PTTL", "a"));
        store.clock().advance(1);
        assertNull(store.run("GET", "a"));
        assertEquals(-2L, store.run("PTTL", "a"));
        assertEquals(0L, store.run("EXPIRE", "a", "10"));
    }

    @Test
    void conditions() {
        store.run("SET", "a", "1");
        assertEquals(0L, store.run("EXPIRE", "a", "100", "XX"));
        assertEquals(0L, store.run("EXPIRE", "a", "100", "GT"));
        assertEquals(0L, store.run("EXPIRE", "a", "100", "XX", "LT"));
        assertEquals(1L, store.run("EXPIRE", "a", "100", "NX"));
        assertEquals(0L, store.run("EXPIRE", "a", "200", "NX"));
        assertEquals(0L, store.run("EXPIRE", "a", "200", "LT"));
        assertEquals(1L, store.run("EXPIRE", "a", "50", "lt"));
        assertEquals(0L, store.run("EXPIRE", "a", "50", "GT"));
        assertEquals(1L, store.run("EXPIRE", "a", "60", "GT", "XX"));
        store.run("PERSIST", "a");
        assertEquals(1L, store.run("EXPIRE", "a", "50", "LT"));
        String incompatible = "ERR NX and XX, GT or LT options at the same time are not compatible";
        assertEquals(incompatible, store.error("EXPIRE", "a", "50", "LT", "NX"));
        assertEquals(incompatible, store.error("EXPIRE", "a", "50", "GT", "LT", "NX"));
        assertEquals(
                "ERR GT and LT options at the same time are not compatible",
                store.error("EXPIRE", "a", "50", "LT", "GT"));
        assertEquals("ERR Unsupported option Ab", store.error("EXPIRE", "a", "x", "XX", "Ab"));
    }

    @Test
    void impossibleTimes() {
        store.run("SET", "a", "1");
        assertEquals("ERR value is not an integer or out of range", store.error("EXPIRE", "a", ""));
        String invalid = "ERR invalid expire time in 'expire' command";
        assertEquals(invalid, store.error("EXPIRE", "a", "9223372036854776"));
        assertEquals(invalid, store.error("EXPIRE", "a", "9223370399119966"));
        assertEquals(invalid, store.error("EXPIRE", "a", "-9223372036854776"));
        assertEquals(
                "ERR invalid expire time in 'pexpire' command", store.error("PEXPIRE", "a", "9223372036854770000"));
        assertEquals(1L, store.run("PEXPIREAT", "a", "9223372036854770000"));
        assertEquals("1", store.run("GET", "a"));
    }

    @Test
    void aTimeThatIsOverRemovesTheKey() {
        for (String[] command : new String[][] {
            {"EXPIRE", "a", "0"},
            {"EXPIRE", "a", "-1"},
            {"PEXPIREAT", "a", "-9223372036854770000"},
            {"EXPIREAT", "a", "1"},
            {"EXPIRE", "a", "-10", "LT"}
        }) {
            store.run("SET", "a", "1");
            long before = store.engine().statistics().expiredKeys.sum();
            assertEquals(1L, store.run(command));
            assertEquals(0L, store.run("DBSIZE"));
            assertEquals(before + 1, store.engine().statistics().expiredKeys.sum());
        }
    }

    @Test
    void settingOverAnExpiredKeyReportsItsEnd() {
        store.run("SET", "a", "1", "PX", "10");
        store.clock().advance(11);
        store.run("SET", "a", "2");
        assertEquals(1, store.engine().statistics().expiredKeys.sum());
        assertEquals("2", store.run("GET", "a"));
        assertEquals(-1L, store.run("TTL", "a"));
    }

    @Test
    void whileDataIsImportedNothingExpiresByItself() {
        store.run("CONFIG", "SET", "import-mode", "yes");
        store.run("SET", "a", "1", "PX", "1");
        store.clock().advance(10);
        assertNull(store.run("GET", "a"));
        assertEquals(-2L, store.run("TTL", "a"));
        assertEquals(1L, store.run("DBSIZE"));
        assertEquals("a", store.run("RANDOMKEY"));
        store.engine().expiry().setActive(true);
        store.run("CLIENT", "IMPORT-SOURCE", "ON");
        assertEquals("1", store.run("GET", "a"));
        assertEquals(0L, store.run("TTL", "a"));
        assertEquals("[a]", String.valueOf(store.run("KEYS", "*")));
        assertEquals("[0, [a]]", String.valueOf(store.run("SCAN", "0")));
        store.run("EXPIREAT", "a", "-1");
        assertEquals(1L, store.run("DBSIZE"));
        store.engine().expiry().setActive(false);
        store.run("CLIENT", "IMPORT-SOURCE", "OFF");
        store.run("CONFIG", "SET", "import-mode", "no");
        assertEquals("ERR Server is not in import mode", store.error("CLIENT", "IMPORT-SOURCE", "ON"));
        assertNull(store.run("RANDOMKEY"));
        assertEquals(0L, store.run("DBSIZE"));
    }
}
