package dev.holdfast.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.commands.AllCommands;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.config.Parameter;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.core.Host;
import dev.holdfast.engine.topology.Peer;
import io.netty.pkitesting.X509Bundle;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Encrypted connections as clients see them. */
@SuppressWarnings("NullAway.Init") // JUnit sets the fields.
final class TlsTest {
    @TempDir
    Path directory;

    private TestCertificates certificates;
    private X509Bundle serverCertificate;
    private int tlsPort;
    private Engine engine;
    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeEach
    void makeCertificates() throws Exception {
        certificates = new TestCertificates(directory);
        serverCertificate = certificates.writeServer();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private Config config(String... settings) throws Exception {
        tlsPort = freePort();
        Config config = new Config();
        config.set("bind", "127.0.0.1");
        config.set("port", "0");
        config.set("dir", directory.toString());
        config.set("tls-port", Integer.toString(tlsPort));
        config.set("tls-cert-file", "server.crt");
        config.set("tls-key-file", "server.key");
        config.set("tls-ca-cert-file", "ca.crt");
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        return config;
    }

    private Server start(String... settings) throws Exception {
        engine = AllCommands.engine(config(settings), Clock.SYSTEM);
        opened.add(engine);
        Server server = new Server(engine);
        opened.add(server);
        server.start();
        return server;
    }

    /** A client that reads the first line of each reply, and of strings the second. */
    private static final class Client implements Closeable {
        private final SSLSocket socket;
        private final InputStream in;

        Client(SSLContext context, int port, String... protocols) throws IOException {
            socket = (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
            if (protocols.length > 0) {
                socket.setEnabledProtocols(protocols);
            }
            socket.startHandshake();
            in = new BufferedInputStream(socket.getInputStream());
        }

        void send(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        String run(String line) throws IOException {
            send(line + "\r\n");
            return read();
        }

        String read() throws IOException {
            String head = line();
            if (!head.startsWith("$") || head.equals("$-1")) {
                return head;
            }
            byte[] value = in.readNBytes(Integer.parseInt(head.substring(1)));
            line();
            return new String(value, StandardCharsets.ISO_8859_1);
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int b = in.read(); b != '\r'; b = in.read()) {
                if (b < 0) {
                    throw new EOFException();
                }
                line.append((char) b);
            }
            in.read();
            return line.toString();
        }

        SSLSession session() {
            return socket.getSession();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private Client connect(X509Bundle own) throws Exception {
        return keep(new Client(certificates.client(own), tlsPort));
    }

    private Client connect() throws Exception {
        return keep(new Client(certificates.client(null), tlsPort));
    }

    private Client keep(Client client) {
        opened.add(client);
        return client;
    }

    private X509Bundle clientCertificate(String subject) throws Exception {
        return certificates.write("client", TestCertificates.builder(subject).addExtendedKeyUsageClientAuth());
    }

    private String set(String... namesAndValues) {
        try {
            engine.config().change(List.of(namesAndValues), false);
            return "OK";
        } catch (ConfigException e) {
            return e.getMessage();
        }
    }

    // ---- sockets ----

    @Test
    void plainTlsAndUnixSocketsAreServedSideBySide() throws Exception {
        Path socket = directory.resolve("s");
        Server server =
                start("tls-auth-clients", "no", "port", Integer.toString(freePort()), "unixsocket", socket.toString());
        Client encrypted = connect();
        assertEquals("+OK", encrypted.run("SET a 1"));
        try (RawClient plain = RawClient.tcp(server.port());
                RawClient unix = RawClient.unix(socket.toString())) {
            assertEquals("$1|1", plain.run("GET a"));
            assertEquals("$1|1", unix.run("GET a"));
        }
        assertEquals(
                List.of(
                        "listener0:name=tcp,bind=127.0.0.1,port=" + server.port(),
                        "listener1:name=unix,bind=" + socket,
                        "listener2:name=tls,bind=127.0.0.1,port=" + tlsPort),
                server.listeners());
    }

    @Test
    void portsCanBeExchangedAtRunTime() throws Exception {
        Server server = start("tls-auth-clients", "no");
        Client before = connect();
        String port = Integer.toString(tlsPort);
        assertEquals("OK", set("tls-port", "0", "port", port));
        assertEquals("+PONG", before.run("PING"), "open connections stay");
        try (RawClient plain = RawClient.tcp(server.port())) {
            assertEquals("+PONG", plain.run("PING"));
        }
        assertEquals("OK", set("port", "0"));
        assertEquals("OK", set("tls-port", port));
        assertEquals("+PONG", connect().run("PING"));
    }

    @Test
    void withTlsAloneThereIsNoPlainPort() throws Exception {
        Server server = start("tls-auth-clients", "no");
        assertEquals(List.of("listener2:name=tls,bind=127.0.0.1,port=" + tlsPort), server.listeners());
        try (RawClient stranger = RawClient.tcp(tlsPort)) {
            stranger.send("PING\r\n");
            assertTrue(!stranger.rest().contains("PONG"));
        }
        assertEquals("+PONG", connect().run("PING"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "nio", "io_uring"})
    void largeRepliesAndLongPipelinesArriveWhole(String transport) throws Exception {
        if (!Transport.isAvailable(transport)) {
            return;
        }
        start("tls-auth-clients", "no", "transport", transport, "io-threads", "2");
        Client client = connect();
        String large = "0123456789abcdef".repeat(200_000);
        client.send("*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$" + large.length() + "\r\n" + large + "\r\n");
        assertEquals("+OK", client.read());
        int count = 5_000;
        Thread writer = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < count; i++) {
                    client.send("ECHO " + i + "\r\n" + (i % 1000 == 0 ? "GET b\r\n" : ""));
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        for (int i = 0; i < count; i++) {
            assertEquals(Integer.toString(i), client.read());
            if (i % 1000 == 0) {
                assertEquals(large, client.read());
            }
        }
        writer.join();
    }

    /** Two connections write into one buffer of the loop and wait together for the append-only file. */
    @Test
    void messagesAndRepliesOfManyConnectionsDoNotMix() throws Exception {
        start("tls-auth-clients", "no");
        List<Client> subscribers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Client subscriber = connect();
            subscriber.send("SUBSCRIBE c\r\n");
            assertEquals("*3", subscriber.read());
            assertEquals("subscribe", subscriber.read());
            assertEquals("c", subscriber.read());
            assertEquals(":1", subscriber.read());
            subscribers.add(subscriber);
        }
        Client publisher = connect();
        StringBuilder pipeline = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            pipeline.append("PUBLISH c m")
                    .append(i)
                    .append("\r\nECHO e")
                    .append(i)
                    .append("\r\n");
        }
        publisher.send(pipeline.toString());
        for (int i = 0; i < 500; i++) {
            assertEquals(":5", publisher.read());
            assertEquals("e" + i, publisher.read());
            for (Client subscriber : subscribers) {
                assertEquals("*3", subscriber.read());
                assertEquals("message", subscriber.read());
                assertEquals("c", subscriber.read());
                assertEquals("m" + i, subscriber.read());
            }
        }
    }

    @Test
    void theLastReplyArrivesBeforeTheEnd() throws Exception {
        start("tls-auth-clients", "no");
        Client client = connect();
        assertEquals("+OK", client.run("QUIT"));
        assertEquals(-1, client.in.read(), "the end is said, not only reached");
        Client wrong = connect();
        wrong.send("*1\r\n!4\r\n");
        assertEquals("-ERR Protocol error: expected '$', got '!'", wrong.read());
        assertEquals(-1, wrong.in.read());
    }

    @Test
    void whoSaysGoodbyeIsForgotten() throws Exception {
        start("tls-auth-clients", "no");
        Client leaving = connect();
        assertEquals("+PONG", leaving.run("PING"));
        leaving.socket.shutdownOutput();
        Client staying = connect();
        while (!staying.run("INFO clients").contains("connected_clients:1\r\n")) {
            Thread.onSpinWait();
        }
    }

    // ---- limits ----

    @Test
    void aClientThatDoesNotReadIsDisconnectedAtItsLimit() throws Exception {
        start("tls-auth-clients", "no", "client-output-buffer-limit", "normal 1000000 0 0");
        Client greedy = connect();
        greedy.socket.setSoTimeout(30_000);
        Client other = connect();
        assertEquals(":100000", other.run("SETRANGE a 99999 x"));
        Thread writer = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < 1000; i++) {
                    greedy.send("GET a\r\n");
                }
            } catch (IOException e) {
                // The server has ended the connection.
            }
        });
        while (!other.run("INFO stats").contains("client_output_buffer_limit_disconnections:1")) {
            Thread.onSpinWait();
        }
        assertEquals("+PONG", other.run("PING"));
        greedy.close();
        writer.join();
    }

    @Test
    void handshakesCountAsClients() throws Exception {
        Server server = start("tls-auth-clients", "no", "port", Integer.toString(freePort()), "maxclients", "3");
        try (RawClient first = RawClient.tcp(server.port());
                RawClient silent = RawClient.tcp(tlsPort);
                RawClient alsoSilent = RawClient.tcp(tlsPort)) {
            assertEquals("+PONG", first.run("PING"));
            assertThrows(IOException.class, this::connect);
            silent.send("this is no handshake\r\n");
            silent.rest();
            Client client = null;
            while (client == null) {
                try {
                    client = connect();
                } catch (IOException e) {
                    Thread.onSpinWait();
                }
            }
            assertEquals("+PONG", client.run("PING"));
            assertEquals("+PONG", first.run("PING"));
            assertEquals(0, alsoSilent.arrived());
        }
    }

    // ---- who is there ----

    @Test
    void clientsShowCertificatesWhereTheyMust() throws Exception {
        start();
        X509Bundle known = clientCertificate("CN=client");
        X509Bundle unknown = TestCertificates.builder("CN=stranger")
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        assertThrows(IOException.class, () -> connect().run("PING"));
        assertThrows(IOException.class, () -> connect(unknown).run("PING"));
        assertEquals("+PONG", connect(known).run("PING"));
        assertEquals("OK", set("tls-auth-clients", "optional"));
        assertEquals("+PONG", connect().run("PING"));
        assertEquals("+PONG", connect(known).run("PING"));
        assertEquals("OK", set("tls-auth-clients", "no"));
        assertEquals("+PONG", connect(unknown).run("PING"));
    }

    @Test
    void expiredCertificatesOfClientsAreRefused() throws Exception {
        start();
        X509Bundle expired = certificates.write(
                "old",
                TestCertificates.builder("CN=client").notAfter(Instant.now().minus(1, ChronoUnit.DAYS)));
        assertThrows(IOException.class, () -> connect(expired).run("PING"));
    }

    @Test
    void aCertificateNamesTheUserByItsCommonName() throws Exception {
        start("tls-auth-clients-user", "CN", "requirepass", "secret");
        X509Bundle own = clientCertificate("CN=alice,O=holdfast");
        assertTrue(connect(own).run("PING").startsWith("-NOAUTH"));
        Client admin = connect(own);
        assertEquals("+OK", admin.run("AUTH secret"));
        admin.send("ACL LOG\r\n");
        assertEquals("*1", admin.read());
        assertEquals("*20", admin.read());
        List<String> entry = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            entry.add(admin.read());
        }
        assertEquals(
                List.of("count", ":2", "reason", "tls-cert", "context", "toplevel", "object", "", "username", "alice"),
                entry);
        Client second = connect(own);
        assertEquals("+OK", second.run("AUTH secret"));
        assertEquals("+OK", second.run("ACL SETUSER alice on nopass +@all ~*"));
        assertEquals("alice", connect(own).run("ACL WHOAMI"));
        assertEquals("+OK", second.run("ACL SETUSER alice off"));
        assertTrue(connect(own).run("PING").startsWith("-NOAUTH"));
    }

    @Test
    void aCertificateNamesTheUserByTheFirstUriThatIsOne() throws Exception {
        start("tls-auth-clients-user", "URI");
        X509Bundle own = certificates.write(
                "client",
                TestCertificates.builder("CN=alice")
                        .addSanDnsName("localhost")
                        .addSanUriName("urn:holdfast:first")
                        .addSanUriName("urn:holdfast:second"));
        Client admin = connect(own);
        assertEquals("default", admin.run("ACL WHOAMI"));
        for (String name : List.of("urn:holdfast:second", "urn:holdfast:first")) {
            assertEquals("+OK", admin.run("ACL SETUSER " + name + " on +@all"));
            assertEquals(name, connect(own).run("ACL WHOAMI"));
        }
        assertEquals("+OK", admin.run("ACL SETUSER urn:holdfast:first off"));
        assertEquals("urn:holdfast:second", connect(own).run("ACL WHOAMI"));
    }

    // ---- changes ----

    @Test
    void whatCannotBeUsedChangesNothing() throws Exception {
        start("tls-auth-clients", "no");
        certificates.write("other", TestCertificates.builder("CN=other").addSanDnsName("localhost"));
        Files.writeString(directory.resolve("garbage.pem"), "this is no certificate");
        for (String[] change : new String[][] {
            {"tls-cert-file", "missing.crt"},
            {"tls-cert-file", "other.crt"},
            {"tls-cert-file", ""},
            {"tls-key-file", "other.key"},
            {"tls-key-file", "garbage.pem"},
            {"tls-key-file", ""},
            {"tls-ca-cert-file", "garbage.pem"},
            {"tls-ca-cert-dir", "missing"},
            {"tls-ciphers", "NONSENSE"},
            {"tls-ciphers", "@NONSENSE"},
            {"tls-ciphersuites", "NONSENSE"},
            {"tls-protocols", "TLSv1.9"},
            {"tls-protocols", "TLSv1"},
        }) {
            Parameter parameter = Objects.requireNonNull(engine.config().find(change[0]));
            String before = parameter.text();
            assertEquals(
                    "CONFIG SET failed (possibly related to argument '" + change[0]
                            + "') - Unable to update TLS configuration. Check server logs.",
                    set(change),
                    String.join(" ", change));
            assertEquals(before, parameter.text());
            assertEquals("CN=server", subject(connect()));
        }
        assertEquals("OK", set("tls-cert-file", "other.crt", "tls-key-file", "other.key"));
        assertEquals("CN=other", subject(connect()));
    }

    private static String subject(Client client) throws Exception {
        return client.session().getPeerPrincipal().getName();
    }

    @Test
    void namingTheSameFileAgainReadsIt() throws Exception {
        Server server = start("tls-auth-clients", "no");
        String before = serial(server);
        assertEquals(serverCertificate.getCertificate().getSerialNumber(), new java.math.BigInteger(before, 16));
        certificates.writeServer();
        assertEquals("OK", set("tls-cert-file", "server.crt", "tls-key-file", "server.key"));
        assertNotEquals(before, serial(server));
        assertEquals("+PONG", connect().run("PING"));
    }

    private static String serial(Server server) {
        return Objects.requireNonNull(server.certificate(Host.CertificateUse.SERVER))
                .serial();
    }

    @Test
    void changedFilesAreFound() throws Exception {
        Server server = start("tls-auth-clients", "no", "tls-auto-reload-interval", "1");
        String before = serial(server);
        Files.writeString(certificates.file("server.key"), "half a file");
        certificates.writeServer();
        while (serial(server).equals(before)) {
            Thread.onSpinWait();
        }
        assertEquals("+PONG", connect().run("PING"));
    }

    @Test
    void aServerDoesNotStartWithoutItsFiles() throws Exception {
        for (String[] wrong : new String[][] {
            {"tls-cert-file", "", "No tls-cert-file configured!"},
            {"tls-ca-cert-file", "", "Either tls-ca-cert-file or tls-ca-cert-dir must be specified"},
            {"tls-cert-file", "missing.crt", "missing.crt: No such file or directory"},
            {"tls-key-file", "server.crt", "there is no private key in it"},
        }) {
            IOException refused = assertThrows(IOException.class, () -> start(wrong[0], wrong[1]));
            assertTrue(String.valueOf(refused.getMessage()).contains(wrong[2]), refused.getMessage());
        }
    }

    @Test
    void authoritiesInADirectoryAreFoundByTheirHash() throws Exception {
        Path authorities = Files.createDirectory(directory.resolve("ca"));
        Files.copy(certificates.authority(), authorities.resolve("authority.crt"));
        start("tls-ca-cert-file", "", "tls-ca-cert-dir", "ca");
        X509Bundle own = clientCertificate("CN=client");
        assertThrows(IOException.class, () -> connect(own).run("PING"));
        Files.move(authorities.resolve("authority.crt"), authorities.resolve("0a1b2c3d.0"));
        assertEquals("OK", set("tls-ca-cert-dir", "ca"));
        assertEquals("+PONG", connect(own).run("PING"));
    }

    // ---- choices ----

    @Test
    void protocolsAndSuitesAreThoseOfTheConfiguration() throws Exception {
        start("tls-auth-clients", "no", "tls-protocols", "TLSv1.2", "tls-ciphers", "ECDHE+AESGCM:!AES256");
        Client client = connect();
        assertEquals("TLSv1.2", client.session().getProtocol());
        assertEquals("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", client.session().getCipherSuite());
        assertThrows(IOException.class, () -> new Client(certificates.client(null), tlsPort, "TLSv1.3").close());
        assertEquals("OK", set("tls-protocols", "TLSv1.3", "tls-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"));
        assertEquals("TLS_CHACHA20_POLY1305_SHA256", connect().session().getCipherSuite());
        assertThrows(IOException.class, () -> new Client(certificates.client(null), tlsPort, "TLSv1.2").close());
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void sessionsAreContinuedWhereTheyAreCached(String protocol) throws Exception {
        start("tls-auth-clients", "no", "tls-protocols", protocol);
        assertTrue(continues(), "cached");
        assertEquals("OK", set("tls-session-caching", "no"));
        assertTrue(!continues(), "not cached");
    }

    private boolean continues() throws Exception {
        SSLContext context = certificates.client(null);
        long created;
        try (Client first = new Client(context, tlsPort)) {
            assertEquals("+PONG", first.run("PING"));
            created = first.session().getCreationTime();
            while (System.currentTimeMillis() == created) {
                Thread.onSpinWait();
            }
        }
        try (Client second = new Client(context, tlsPort)) {
            assertEquals("+PONG", second.run("PING"));
            return second.session().getCreationTime() == created;
        }
    }

    // ---- as a client ----

    @Test
    void connectionsToOtherNodesAreEncryptedAndShowACertificate() throws Exception {
        start("tls-auth-clients-user", "CN");
        certificates.write("node", TestCertificates.builder("CN=node").addExtendedKeyUsageClientAuth());
        int target = tlsPort;
        Engine other = AllCommands.engine(
                config(
                        "tls-port", "0",
                        "tls-cluster", "yes",
                        "tls-client-cert-file", "node.crt",
                        "tls-client-key-file", "node.key"),
                Clock.SYSTEM);
        opened.add(other);
        Server node = new Server(other);
        opened.add(node);
        try (Peer peer = node.connect("127.0.0.1", target, 5_000, true)) {
            peer.send("PING\r\n".getBytes(StandardCharsets.US_ASCII));
            assertEquals("+PONG", peer.readLine());
        }
        assertThrows(IOException.class, () -> {
            try (Peer plain = node.connect("127.0.0.1", target, 5_000, false)) {
                plain.send("PING\r\n".getBytes(StandardCharsets.US_ASCII));
                plain.readLine();
            }
        });
    }

    @Test
    void aReplicaFollowsItsPrimaryThroughTls() throws Exception {
        start();
        X509Bundle own = clientCertificate("CN=client");
        Client primary = connect(own);
        assertEquals("+OK", primary.run("SET before 1"));
        int target = tlsPort;
        Engine other = AllCommands.engine(config("tls-replication", "yes", "tls-auth-clients", "no"), Clock.SYSTEM);
        opened.add(other);
        Server replica = new Server(other);
        opened.add(replica);
        replica.start();
        Client reader = connect();
        assertEquals("+OK", reader.run("REPLICAOF 127.0.0.1 " + target));
        assertEquals("+OK", primary.run("SET after 2"));
        while (!reader.run("GET after").equals("2")) {
            Thread.onSpinWait();
        }
        assertEquals("1", reader.run("GET before"));
        assertTrue(primary.run("INFO replication").contains("port=" + tlsPort + ","));
    }
}
