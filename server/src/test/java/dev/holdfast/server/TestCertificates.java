package dev.holdfast.server;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** An authority made for a test, and files of certificates that it has signed. */
public final class TestCertificates {
    private static final char[] PASSWORD = "secret".toCharArray();

    private final Path directory;
    private final X509Bundle authority;

    public TestCertificates(Path directory) throws Exception {
        this.directory = directory;
        this.authority = builder("CN=authority").setIsCertificateAuthority(true).buildSelfSigned();
        Files.writeString(authority(), authority.getCertificatePEM());
    }

    static CertificateBuilder builder(String subject) {
        return new CertificateBuilder()
                .subject(subject)
                .ecp256()
                .notBefore(Instant.now().minus(10, ChronoUnit.DAYS))
                .notAfter(Instant.now().plus(10, ChronoUnit.DAYS));
    }

    /** Signs a certificate, and writes {@code name.crt} and {@code name.key}. */
    X509Bundle write(String name, CertificateBuilder certificate) throws Exception {
        X509Bundle signed = certificate.buildIssuedBy(authority);
        Files.writeString(file(name + ".crt"), signed.getCertificatePathPEM());
        Files.writeString(file(name + ".key"), signed.getPrivateKeyPEM());
        return signed;
    }

    /** As {@link #write}, for the server that the tests start. */
    public X509Bundle writeServer() throws Exception {
        return write("server", builder("CN=server").addSanDnsName("localhost").addSanIpAddress("127.0.0.1"));
    }

    Path file(String name) {
        return directory.resolve(name);
    }

    public Path authority() {
        return file("ca.crt");
    }

    /** What a client connects with: it trusts the authority, and shows a certificate, or none. */
    public SSLContext client(@Nullable X509Bundle own) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own == null ? null : keys(own), new TrustManager[] {authority.toTrustManager()}, null);
        return context;
    }

    private static KeyManager[] keys(X509Bundle own) throws Exception {
        KeyStore store = own.toKeyStore(PASSWORD);
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, PASSWORD);
        return factory.getKeyManagers();
    }
}
