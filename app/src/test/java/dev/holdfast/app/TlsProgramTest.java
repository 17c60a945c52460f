package dev.holdfast.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program with TLS, in a process of its own. */
@SuppressWarnings("NullAway.Init") // JUnit sets the fields.
class TlsProgramTest {
    @TempDir
    Path directory;

    private X509Bundle certificate;

    @BeforeEach
    void makeCertificate() throws Exception {
        certificate = new CertificateBuilder()
                .ecp256()
                .subject("CN=holdfast")
                .setIsCertificateAuthority(true)
                .addSanDnsName("localhost")
                .buildSelfSigned();
        Files.writeString(directory.resolve("server.crt"), certificate.getCertificatePEM());
        Files.writeString(directory.resolve("server.key"), certificate.getPrivateKeyPEM());
    }

    private ProgramProcess start(Object... more) throws IOException {
        Object[] common = {
            "--port",
            "0",
            "--http-port",
            "0",
            "--dir",
            directory,
            "--tls-cert-file",
            "server.crt",
            "--tls-key-file",
            "server.key",
            "--tls-ca-cert-file",
            "server.crt"
        };
        Object[] all = new Object[common.length + more.length];
        System.arraycopy(common, 0, all, 0, common.length);
        System.arraycopy(more, 0, all, common.length, more.length);
        return ProgramProcess.start(all);
    }

    private HttpClient client(boolean withCertificate) throws Exception {
        KeyManager[] keys = null;
        if (withCertificate) {
            char[] password = "secret".toCharArray();
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(certificate.toKeyStore(password), password);
            keys = factory.getKeyManagers();
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, new TrustManager[] {certificate.toTrustManager()}, null);
        return HttpClient.newBuilder().sslContext(context).build();
    }

    private static HttpResponse<String> get(HttpClient client, int port) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://localhost:" + port + "/metrics"))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void httpIsServedWithTlsAndBackupsAreMadeThroughIt() throws Exception {
        int port = ProgramProcess.freePort();
        int https = ProgramProcess.freePort();
        try (ProgramProcess program =
                start("--tls-port", port, "--https-port", https, "--tls-auth-clients", "optional")) {
            program.await("Ready to accept connections tls");
            program.await("Serving https on");
            HttpResponse<String> metrics = get(client(false), https);
            assertEquals(200, metrics.statusCode());
            assertTrue(metrics.body().length() > 10_000, "it takes more than one record");
            assertTrue(metrics.body().contains("redis_up 1"));
            String trusted = directory.resolve("server.crt").toString();
            Path backup = directory.resolve("backup.rdb");
            assertEquals(
                    0,
                    FileCommands.run(
                            List.of("backup", "--port", "" + port, "--tls", "--cacert", trusted, backup.toString())));
            assertTrue(Files.size(backup) > 0);
            assertFalse(
                    FileCommands.run(List.of(
                                    "backup",
                                    "--port",
                                    "" + port,
                                    directory.resolve("b").toString()))
                            == 0,
                    "there is no way without TLS");
        }
    }

    @Test
    void theRelayAloneServesHttpWithTls() throws Exception {
        int store = ProgramProcess.freePort();
        int https = ProgramProcess.freePort();
        try (ProgramProcess server = ProgramProcess.start(
                "--port", store, "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--http-port", 0)) {
            server.await("Ready to accept connections");
            try (ProgramProcess relay = ProgramProcess.start(
                    List.of(),
                    Map.of("PULSAR_JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef"),
                    "relay",
                    "--uri",
                    "redis://127.0.0.1:" + store,
                    "--http-port",
                    0,
                    "--https-port",
                    https,
                    "--https-auth-clients",
                    "yes",
                    "--tls-cert-file",
                    directory.resolve("server.crt"),
                    "--tls-key-file",
                    directory.resolve("server.key"),
                    "--tls-ca-cert-file",
                    directory.resolve("server.crt"))) {
                relay.await("Serving https on");
                assertThrows(IOException.class, () -> get(client(false), https));
                assertEquals(200, get(client(true), https).statusCode());
            }
        }
    }

    @Test
    void clientsOfHttpShowCertificatesWhereTheyMust() throws Exception {
        int https = ProgramProcess.freePort();
        try (ProgramProcess program =
                start("--tls-port", ProgramProcess.freePort(), "--https-port", https, "--https-auth-clients", "yes")) {
            program.await("Serving https on");
            assertThrows(IOException.class, () -> get(client(false), https));
            assertEquals(200, get(client(true), https).statusCode());
        }
    }

    @Test
    void aStartWithoutItsFilesSaysWhichAndWhy() throws Exception {
        Files.delete(directory.resolve("server.key"));
        try (ProgramProcess program = start("--tls-port", ProgramProcess.freePort())) {
            program.await("Failed to configure TLS: Failed to load private key: " + directory.resolve("server.key")
                    + ": No such file or directory");
            assertEquals(1, program.status());
        }
    }
}
