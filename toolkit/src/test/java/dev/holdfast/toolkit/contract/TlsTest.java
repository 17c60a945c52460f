package dev.holdfast.toolkit.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.server.Server;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUnavailableException;
import dev.holdfast.toolkit.store.StoreUri;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS, with a certificate that was made for the test and signed by itself. */
class TlsTest {
    private static final String SECRET = "changeit";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    Path directory;

    private void keytool(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 7];
        command[0] = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        String[] common = {"-keystore", keys().toString(), "-storepass", SECRET, "-alias", "server"};
        System.arraycopy(common, 0, command, arguments.length + 1, common.length);
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(keytool.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, keytool.waitFor(), said);
    }

    private Path keys() {
        return directory.resolve("keys.p12");
    }

    private Path certificate() {
        return directory.resolve("certificate.pem");
    }

    private void makeCertificate() throws Exception {
        keytool("-genkeypair", "-keyalg", "EC", "-dname", "CN=holdfast", "-ext", "san=ip:127.0.0.1,dns:localhost");
        keytool("-exportcert", "-rfc", "-file", certificate().toString());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keys())) {
            keys.load(in, SECRET.toCharArray());
        }
        byte[] key = keys.getKey("server", SECRET.toCharArray()).getEncoded();
        Files.writeString(
                directory.resolve("key.pem"),
                "-----BEGIN PRIVATE KEY-----\n" + Base64.getMimeEncoder().encodeToString(key)
                        + "\n-----END PRIVATE KEY-----\n");
    }

    /** Serves with TLS alone; gives the port. */
    private int serve(Config config) throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        config.set("bind", "127.0.0.1");
        config.set("port", "0");
        config.set("tls-port", Integer.toString(port));
        config.set("tls-auth-clients", "no");
        config.set("tls-cert-file", certificate().toString());
        config.set("tls-key-file", directory.resolve("key.pem").toString());
        return port;
    }

    @Test
    void aServerIsTrustedForItsCertificate() throws Exception {
        makeCertificate();
        Config config = new Config();
        int port = serve(config);
        try (Holdfast holdfast = Holdfast.open(config)) {
            Server server = new Server(holdfast.engine());
            holdfast.attach(server);
            server.start();
            String at = "127.0.0.1:" + port;
            assertWorks("rediss://" + at + "?ca=" + certificate());
            assertWorks("valkeys://localhost:" + port + "/3?ca=" + certificate() + "&verifyPeer=CA");
            assertWorks("rediss://" + at + "?verifyPeer=NONE");
            StoreUnavailableException untrusted =
                    assertThrows(StoreUnavailableException.class, () -> StoreUri.open("rediss://" + at));
            assertTrue(String.valueOf(untrusted.getMessage()).contains("certification path"), untrusted.getMessage());
            assertWorks(Objects.requireNonNull(StoreUri.fromEnvironment(
                            Map.of("VALKEY_HOST", "127.0.0.1", "VALKEY_PORT", "" + port, "VALKEY_USE_TLS", "true")))
                    + "?verifyPeer=NONE");
            assertThrows(
                    StoreUnavailableException.class,
                    () -> StoreUri.open("redis://" + at + "?timeout=500ms"),
                    "there is TLS, and no other way");
        }
    }

    private static void assertWorks(String uri) {
        try (Store store = StoreUri.open(uri)) {
            byte[] large = new byte[100_000];
            store.call("SET", "tls", large);
            assertEquals(large.length, store.call("STRLEN", "tls").number());
            store.call("DEL", "tls");
        }
    }
}
