package dev.holdfast.toolkit.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUnavailableException;
import dev.holdfast.toolkit.store.StoreUri;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Map;
import java.util.Objects;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS: the server is behind a proxy that ends it, with a certificate that was made for the test and signed by itself. */
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

    private SSLContext makeCertificate() throws Exception {
        keytool("-genkeypair", "-keyalg", "EC", "-dname", "CN=holdfast", "-ext", "san=ip:127.0.0.1,dns:localhost");
        keytool("-exportcert", "-rfc", "-file", certificate().toString());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keys())) {
            keys.load(in, SECRET.toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, SECRET.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    /** Passes on what comes over TLS to the server, and back. */
    private static ServerSocket proxy(SSLContext context, int server) throws IOException {
        ServerSocket listening =
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!listening.isClosed()) {
                try {
                    Socket client = listening.accept();
                    Socket behind = new Socket(InetAddress.getLoopbackAddress(), server);
                    pump(client, behind);
                    pump(behind, client);
                } catch (IOException e) {
                    // Closed, or a client that does not trust us.
                }
            }
        });
        return listening;
    }

    private static void pump(Socket from, Socket to) {
        Thread.ofVirtual().start(() -> {
            try (from;
                    to;
                    InputStream in = from.getInputStream();
                    OutputStream out = to.getOutputStream()) {
                byte[] buffer = new byte[8192];
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    out.write(buffer, 0, read);
                    out.flush();
                }
            } catch (IOException e) {
                // One side has gone, and takes the other with it.
            }
        });
    }

    @Test
    void aServerIsTrustedForItsCertificate() throws Exception {
        int server = Integer.parseInt(Target.OURS.uri().replaceAll(".*:", ""));
        try (ServerSocket proxy = proxy(makeCertificate(), server)) {
            String at = "127.0.0.1:" + proxy.getLocalPort();
            assertWorks("rediss://" + at + "?ca=" + certificate());
            assertWorks("valkeys://localhost:" + proxy.getLocalPort() + "/3?ca=" + certificate() + "&verifyPeer=CA");
            assertWorks("rediss://" + at + "?verifyPeer=NONE");
            StoreUnavailableException untrusted =
                    assertThrows(StoreUnavailableException.class, () -> StoreUri.open("rediss://" + at));
            assertTrue(String.valueOf(untrusted.getMessage()).contains("certification path"), untrusted.getMessage());
            assertWorks(Objects.requireNonNull(StoreUri.fromEnvironment(Map.of(
                            "VALKEY_HOST", "127.0.0.1",
                            "VALKEY_PORT", "" + proxy.getLocalPort(),
                            "VALKEY_USE_TLS", "true")))
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
