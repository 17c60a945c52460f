package dev.holdfast.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerAddressTest {
    @Test
    void aServer() throws IOException {
        ServerAddress address = ServerAddress.of("redis://anna:pass%20word+@example.org:7000/8");
        assertEquals("example.org:7000", address.hosts().getFirst().toString());
        assertEquals("anna", address.user());
        assertEquals("pass word+", address.password());
        assertEquals(8, address.database());
        assertNull(address.encryption());
        assertNotNull(ServerAddress.of("rediss://localhost").encryption());
        assertEquals(
                "[::1]:6379",
                ServerAddress.of("valkey://[::1]").hosts().getFirst().toString());
        assertNull(ServerAddress.of("redis://:secret@localhost").user());
        assertEquals(3, ServerAddress.of("redis://localhost?db=3").database());
    }

    @Test
    void sentinelsAndClusters() throws IOException {
        ServerAddress sentinel = ServerAddress.of("redis-sentinel://a,b:1/2#primary");
        assertEquals("[a:26379, b:1]", sentinel.hosts().toString());
        assertEquals("primary", sentinel.primary());
        assertEquals(2, sentinel.database());
        assertTrue(ServerAddress.of("redis-cluster://a,b").cluster());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "http://localhost",
                "redis://",
                "redis://localhost:0",
                "redis://localhost:x",
                "redis://localhost/x",
                "redis-sentinel://localhost",
                "redis://a b",
                "redis://:secret@local host"
            })
    void whatIsWrongIsSaidWithoutThePassword(String uri) {
        IOException wrong = assertThrows(IOException.class, () -> ServerAddress.of(uri));
        assertFalse(String.valueOf(wrong.getMessage()).contains("secret"), wrong::toString);
    }
}
