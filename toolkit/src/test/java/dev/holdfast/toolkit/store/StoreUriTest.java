package dev.holdfast.toolkit.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.Toolkit;
import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisURI;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a URI or the environment says, and how it is refused. */
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
    void aUserIsNamedByTheEnvironment() {
        assertEquals(
                "redis://ada:pw@v:6379/0",
                StoreUri.fromEnvironment(
                        Map.of("VALKEY_HOST", "v", "VALKEY_USERNAME", "ada", "VALKEY_PASSWORD", "pw")));
    }

    @Test
    void aSwitchOfTheEnvironmentIsUnderstoodOrRefused() {
        for (String on : List.of("true", "TRUE", "yes", "on", "On", "y", "1", " yes ")) {
            assertEquals(
                    "rediss://v:6379/0", StoreUri.fromEnvironment(Map.of("VALKEY_HOST", "v", "VALKEY_USE_TLS", on)));
        }
        for (String off : List.of("false", "No", "off", "n", "0", "", " ")) {
            assertEquals(
                    "redis://v:6379/0", StoreUri.fromEnvironment(Map.of("VALKEY_HOST", "v", "VALKEY_USE_TLS", off)));
        }
        for (String neither : List.of("maybe", "enabled", "tls", "2")) {
            IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class,
                    () -> StoreUri.fromEnvironment(Map.of("VALKEY_HOST", "v", "VALKEY_USE_TLS", neither)));
            assertTrue(String.valueOf(refused.getMessage()).contains("VALKEY_USE_TLS"), refused.getMessage());
        }
    }

    @Test
    void aServiceOfKubernetesIsAPort() {
        assertEquals("redis://10.0.0.1:6380/0", StoreUri.fromEnvironment(Map.of("REDIS_PORT", "tcp://10.0.0.1:6380")));
        assertEquals(
                "redis://v:6380/2",
                StoreUri.fromEnvironment(
                        Map.of("VALKEY_HOST", "v", "VALKEY_PORT", "tcp://10.0.0.1:6380", "VALKEY_DB", "2")));
        assertThrows(
                IllegalArgumentException.class,
                () -> StoreUri.fromEnvironment(Map.of("VALKEY_PORT", "udp://10.0.0.1:6380")));
    }

    @Test
    void blankVariablesAreNotSet(@TempDir Path directory) throws IOException {
        assertNull(StoreUri.fromEnvironment(Map.of("VALKEY_URL", "", "VALKEY_HOST", " ", "REDIS_PORT", "")));
        assertEquals(
                "redis://v:6379/0",
                StoreUri.fromEnvironment(Map.of("VALKEY_HOST", " v ", "VALKEY_PORT", "", "VALKEY_DB", " ")));
        assertEquals("redis://[::1]:6379/0", StoreUri.fromEnvironment(Map.of("VALKEY_HOST", "::1")));
        Path file = Files.writeString(directory.resolve("password"), " blanks {count} \r\n");
        assertEquals(
                "redis://:%20blanks%20%7Bcount%7D%20@v:6379/0",
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
    void anEmbeddedStoreMayHaveALimit() {
        try (Store store = StoreUri.open("embedded:?db=2&maxmemory=1&maxmemory-policy=noeviction")) {
            assertEquals(
                    "OOM",
                    assertThrows(CommandFailedException.class, () -> store.call("SET", "a", "1"))
                            .code());
        }
    }

    @Test
    void aDirectoryKeepsWhatIsInIt(@TempDir Path directory) {
        String uri = "embedded:" + directory.resolve("new") + "?db=8";
        try (Toolkit toolkit = Toolkit.open(uri)) {
            toolkit.store().call("SET", "a", "1");
            toolkit.queue("queue", String.class).build().put("high", "waits");
        }
        try (Toolkit toolkit = Toolkit.open(uri)) {
            assertEquals("1", toolkit.store().call("GET", "a").text());
            assertEquals(
                    "waits",
                    toolkit.queue("queue", String.class)
                            .build()
                            .take()
                            .orElseThrow()
                            .message());
        }
        try (Store zero = StoreUri.open("embedded://" + directory.resolve("new"))) {
            assertEquals(0, zero.call("DBSIZE").number());
        }
    }

    @Test
    void whatAUriSaysIsRead() {
        RemoteUri uri = RemoteUri.server("//ada:p%40ss%2Fw@h:7000/3?timeout=500ms&pool=10&clientName=orders", true);
        RedisURI server = uri.uris().getFirst();
        RedisCredentials credentials =
                server.getCredentialsProvider().resolveCredentials().block();
        assertNotNull(credentials);
        assertEquals("ada", credentials.getUsername());
        assertEquals("p@ss/w", new String(credentials.getPassword()));
        assertEquals("h 7000 3", server.getHost() + " " + server.getPort() + " " + server.getDatabase());
        assertEquals(Duration.ofMillis(500), server.getTimeout());
        assertEquals("orders", server.getClientName());
        assertTrue(server.isSsl());
        assertEquals(10, uri.pool());
        assertEquals("rediss://h:7000/3", uri.description());
        RedisURI lenient = RemoteUri.server("//:p@s/s?w@h", false).uris().getFirst();
        assertEquals(
                "p@s/s?w",
                new String(lenient.getCredentialsProvider()
                        .resolveCredentials()
                        .block()
                        .getPassword()));
        RemoteUri cluster = RemoteUri.cluster("//h1,[::1]:7001/8", false);
        assertEquals("db8:", cluster.namespace());
        assertEquals(
                List.of(6379, 7001),
                cluster.uris().stream().map(RedisURI::getPort).toList());
        RedisURI sentinel =
                RemoteUri.sentinel("//:secret@s1,s2:5/2#orders", true).uris().getFirst();
        assertEquals("orders", sentinel.getSentinelMasterId());
        assertEquals(2, sentinel.getDatabase());
        assertEquals(
                List.of("s1:26379 true", "s2:5 true"),
                sentinel.getSentinels().stream()
                        .map(node -> node.getHost() + ":" + node.getPort() + " " + node.isSsl())
                        .toList());
    }

    @Test
    void whatIsNoStoresUriIsRefused() {
        for (String uri : List.of(
                "http://:secret@localhost",
                "localhost",
                "",
                "redis:",
                "redis://",
                "redis:///0",
                "redis://:secret@",
                "redis://:secret",
                "redis://:secret@h:port",
                "redis://:secret@h:70000",
                "redis://:secret@h1,h2",
                "redis://:secret@h/-1",
                "redis://:secret@h/zero",
                "redis://:secret%zz@h",
                "redis://:secret@h?timeout=soon",
                "redis://:secret@h?tiemout=1s",
                "rediss://:secret@h?verifyPeer=maybe",
                "rediss://:secret@h?ca=/no/such/file",
                "redis-cluster://:secret@h1,,h2",
                "redis-sentinel://:secret@h",
                "embedded:?bd=8",
                "embedded://relative",
                "embedded:memory",
                "embedded://",
                "embedded:?maxmemory=much",
                "embedded:?db=eight")) {
            IllegalArgumentException refused =
                    assertThrows(IllegalArgumentException.class, () -> StoreUri.open(uri), uri);
            assertFalse(trace(refused).contains("secret"), () -> trace(refused));
        }
        for (String uri : List.of("redis://:secret@127.0.0.1:1", "redis-cluster://ada:secret@127.0.0.1:1")) {
            StoreUnavailableException none =
                    assertThrows(StoreUnavailableException.class, () -> StoreUri.open(uri), uri);
            assertTrue(String.valueOf(none.getMessage()).contains("127.0.0.1:1"), none.getMessage());
            assertFalse(trace(none).contains("secret"), () -> trace(none));
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> StoreUri.fromEnvironment(Map.of("VALKEY_HOST", "h", "VALKEY_PORT", "port")));
        assertEquals("redis://***@h:1", StoreUri.withoutPassword("redis://:sec@ret@h:1"));
    }

    private static String trace(Throwable thrown) {
        StringWriter trace = new StringWriter();
        thrown.printStackTrace(new PrintWriter(trace));
        return trace.toString();
    }
}
