package dev.holdfast.toolkit.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreUriTest {
    @Test
    void theEnvironmentNamesAStore(@TempDir Path directory) throws IOException {
        assertNull(StoreUri.fromEnvironment(Map.of()));
        assertEquals("embedded:", StoreUri.fromEnvironment(Map.of("HOLDFAST_URI", "embedded:", "REDIS_URL", "x")));
        assertEquals(
                "redis://:secret@host:1",
                StoreUri.fromEnvironment(Map.of("VALKEY_URL", "redis://:secret@host:1", "VALKEY_HOST", "other")));
        assertEquals(
                "rediss://:p%40ss%20word@v:6379/0",
                StoreUri.fromEnvironment(
                        Map.of("VALKEY_HOST", "v", "VALKEY_PASSWORD", "p@ss word", "VALKEY_USE_TLS", "true")));
        assertEquals(
                "redis://localhost:7000/3", StoreUri.fromEnvironment(Map.of("REDIS_PORT", "7000", "REDIS_DB", "3")));
        assertEquals(
                "redis://cpe:6379/8",
                StoreUri.fromEnvironment(Map.of("CPE_GUESSER_VALKEY_HOST", "cpe"), "CPE_GUESSER_VALKEY", 8));
        Path file = Files.writeString(directory.resolve("password"), "from a file\n");
        assertEquals(
                "redis://:from%20a%20file@v:6379/0",
                StoreUri.fromEnvironment(Map.of("VALKEY_HOST", "v", "VALKEY_PASSWORD_FILE", file.toString())));
    }

    @Test
    void anEmbeddedStoreHasDatabases() {
        try (Store store = StoreUri.open("embedded:?db=20")) {
            store.call("SET", "a", "1");
            assertArrayEquals(new byte[] {'1'}, store.get(new byte[] {'a'}));
            assertEquals(
                    "db20:keys=1",
                    store.call("INFO", "keyspace")
                            .text()
                            .lines()
                            .filter(line -> line.startsWith("db"))
                            .findFirst()
                            .orElseThrow()
                            .replaceAll(",.*", ""));
        }
    }

    @Test
    void whatIsNoStoresUriIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> StoreUri.open("http://localhost"));
        assertThrows(IllegalArgumentException.class, () -> StoreUri.open("localhost"));
        assertThrows(StoreUnavailableException.class, () -> StoreUri.open("redis://127.0.0.1:1"));
        assertEquals("redis://***@h:1", StoreUri.withoutPassword("redis://:secret@h:1"));
    }
}
