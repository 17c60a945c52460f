package dev.holdfast.conformance.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.holdfast.conformance.access.OurServer;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SslOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** Clients with TLS: alone, and as clients of a cluster, which find the port for TLS in what the node says of itself. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings({"NullAway.Init", "deprecation"
}) // JUnit sets the fields. What applications use of Jedis is what it wants to replace.
class TlsClientsTest {
    private static final String LARGE = "0123456789".repeat(30_000);

    @TempDir
    static Path directory;

    private X509Bundle certificate;
    private OurServer server;
    private int port;

    @BeforeAll
    void start() throws Exception {
        certificate = new CertificateBuilder()
                .ecp256()
                .subject("CN=holdfast")
                .setIsCertificateAuthority(true)
                .addSanDnsName("localhost")
                .addSanIpAddress("127.0.0.1")
                .buildSelfSigned();
        Path certificateFile = Files.writeString(directory.resolve("server.crt"), certificate.getCertificatePEM());
        Path keyFile = Files.writeString(directory.resolve("server.key"), certificate.getPrivateKeyPEM());
        port = freePort();
        server = new OurServer(
                "cluster-enabled",
                "yes",
                "tls-port",
                Integer.toString(port),
                "tls-auth-clients",
                "no",
                "tls-cert-file",
                certificateFile.toString(),
                "tls-key-file",
                keyFile.toString());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @AfterAll
    void close() {
        server.close();
    }

    private JedisClientConfig jedisConfig() throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("server", certificate.getCertificate());
        Path file = directory.resolve("trusted.p12");
        char[] password = "a password".toCharArray();
        try (OutputStream output = Files.newOutputStream(file)) {
            trusted.store(output, password);
        }
        return DefaultJedisClientConfig.builder()
                .timeoutMillis(60_000)
                .sslOptions(redis.clients.jedis.SslOptions.builder()
                        .trustStoreType("PKCS12")
                        .truststore(file.toFile(), password)
                        .build())
                .build();
    }

    private RedisURI lettuceUri() {
        return RedisURI.builder()
                .withHost("127.0.0.1")
                .withPort(port)
                .withSsl(true)
                .build();
    }

    private SslOptions lettuceTrust() {
        return SslOptions.builder()
                .jdkSslProvider()
                .trustManager(directory.resolve("server.crt").toFile())
                .build();
    }

    @Test
    void jedis() throws Exception {
        try (Jedis jedis = new Jedis(new HostAndPort("127.0.0.1", port), jedisConfig())) {
            assertEquals("OK", jedis.set("jedis", LARGE));
            assertEquals(LARGE, jedis.get("jedis"));
        }
        assertThrows(JedisConnectionException.class, () -> new Jedis("127.0.0.1", port).ping());
    }

    @Test
    void jedisAsClientOfACluster() throws Exception {
        try (redis.clients.jedis.RedisClusterClient cluster = redis.clients.jedis.RedisClusterClient.builder()
                .nodes(Set.of(new HostAndPort("127.0.0.1", port)))
                .clientConfig(jedisConfig())
                .build()) {
            for (int i = 0; i < 100; i++) {
                assertEquals("OK", cluster.set("jedis-cluster" + i, "v" + i));
                assertEquals("v" + i, cluster.get("jedis-cluster" + i));
            }
            assertEquals(Set.of("127.0.0.1:" + port), cluster.getClusterNodes().keySet());
        }
    }

    @Test
    void lettuce() {
        RedisClient client = RedisClient.create(lettuceUri());
        client.setOptions(ClientOptions.builder().sslOptions(lettuceTrust()).build());
        try (var connection = client.connect()) {
            assertEquals("OK", connection.sync().set("lettuce", LARGE));
            assertEquals(LARGE, connection.sync().get("lettuce"));
        } finally {
            client.shutdown();
        }
    }

    @Test
    void lettuceAsClientOfACluster() {
        RedisClusterClient client = RedisClusterClient.create(lettuceUri());
        client.setOptions(
                ClusterClientOptions.builder().sslOptions(lettuceTrust()).build());
        try (var connection = client.connect()) {
            for (int i = 0; i < 100; i++) {
                assertEquals("OK", connection.sync().set("lettuce-cluster" + i, "v" + i));
                assertEquals("v" + i, connection.sync().get("lettuce-cluster" + i));
            }
            assertEquals(
                    port, connection.getPartitions().getPartition(0).getUri().getPort());
        } finally {
            client.shutdown();
        }
    }
}
