package dev.holdfast.server.tls;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import dev.holdfast.engine.config.TlsParameters;
import dev.holdfast.engine.core.Host;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TLS of a server, and its changes. A new configuration, or new contents of the same files, are read as a whole before anything
 * is replaced; what cannot be used changes nothing. Connections that are open stay as they are.
 */
public final class Tls {
    private static final Logger LOG = LoggerFactory.getLogger(Tls.class);
    private static final int URI = 6;

    private final Config config;
    private final TlsParameters parameters;
    private volatile @Nullable TlsContext context;
    private byte[] fingerprint = {};
    private long lookedMillis;

    /** What has not been asked for yet is not read. */
    public Tls(Config config) {
        this.config = config;
        this.parameters = config.tls;
        parameters.onChangeOfContext(() -> configure(true));
    }

    /**
     * Reads what the configuration names, where it is used at all.
     *
     * @param again whether that is done although it has been done before
     * @throws ConfigException if it cannot be used; the log says why
     */
    public void configure(boolean again) throws ConfigException {
        try {
            prepare(again);
        } catch (TlsException e) {
            LOG.warn(e.getMessage());
            throw new ConfigException("Unable to update TLS configuration. Check server logs.");
        }
    }

    /** @throws TlsException as {@link #configure}; the message says why */
    public synchronized void prepare(boolean again) throws TlsException {
        if (parameters.isUsed() && (again || context == null)) {
            byte[] found = fingerprint();
            context = TlsContext.read(parameters, directory());
            fingerprint = found;
        }
    }

    private Path directory() {
        return Path.of(config.program.dir.get());
    }

    private TlsContext context() {
        return Objects.requireNonNull(context, "TLS is not configured");
    }

    /**
     * The server's end of a new connection.
     *
     * @param clientCertificate whether the client must show a certificate: {@code yes}, {@code no} or {@code optional}
     */
    public SSLEngine newEngine(String clientCertificate) {
        try {
            return context().serverEngine(clientCertificate);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What connections to other servers are made with. */
    public SSLSocketFactory clientSockets() throws IOException {
        try {
            prepare(false);
        } catch (TlsException e) {
            throw new IOException(e.getMessage(), e);
        }
        return context().clientSockets();
    }

    // ---- new contents of the files ----

    /** Looks whether it is time to look at the files; the caller comes about once a second, and may be held up by a disk. */
    public synchronized void reloadIfChanged(long nowMillis) {
        long seconds = parameters.autoReloadInterval.get();
        if (seconds == 0 || context == null || !parameters.isUsed() || nowMillis - lookedMillis < seconds * 1000) {
            return;
        }
        lookedMillis = nowMillis;
        byte[] found = fingerprint();
        if (Arrays.equals(found, fingerprint)) {
            LOG.debug("TLS reload skipped: materials unchanged");
            return;
        }
        LOG.info("TLS materials changed, reloading in background");
        try {
            context = TlsContext.read(parameters, directory());
            fingerprint = found;
            LOG.info("TLS materials reloaded successfully");
        } catch (TlsException e) {
            LOG.warn(e.getMessage());
            LOG.warn("Background TLS reload failed");
        }
    }

    /** What changes when the contents of a file do. A file that cannot be read counts as empty: reading it says why. */
    private byte[] fingerprint() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            Stream.of(
                            parameters.certFile,
                            parameters.keyFile,
                            parameters.clientCertFile,
                            parameters.clientKeyFile,
                            parameters.caCertFile)
                    .filter(file -> !file.get().isEmpty())
                    .forEach(file -> add(digest, directory().resolve(file.get())));
            if (!parameters.caCertDir.get().isEmpty()) {
                addDirectory(digest, directory().resolve(parameters.caCertDir.get()));
            }
            return digest.digest();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void addDirectory(MessageDigest digest, Path directory) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            StreamSupport.stream(files.spliterator(), false)
                    .filter(Files::isRegularFile)
                    .sorted()
                    .forEach(file -> add(digest, file));
        } catch (IOException e) {
            LOG.debug("Cannot look into {}: {}", directory, Reason.of(e));
        }
    }

    private static void add(MessageDigest digest, Path file) {
        digest.update(file.toString().getBytes(StandardCharsets.UTF_8));
        try {
            digest.update(Files.readAllBytes(file));
        } catch (IOException e) {
            LOG.debug("Cannot read {}: {}", file, Reason.of(e));
        }
    }

    // ---- who is there ----

    /** The users that a client's certificate names, in its order; empty where certificates name none. */
    public List<String> names(SSLSession session) {
        String field = parameters.authClientsUser.get();
        if (field.equals("off")) {
            return List.of();
        }
        try {
            X509Certificate certificate = (X509Certificate) session.getPeerCertificates()[0];
            return field.equals("CN") ? commonName(certificate) : uris(certificate);
        } catch (SSLPeerUnverifiedException e) {
            return List.of();
        } catch (CertificateParsingException | InvalidNameException e) {
            LOG.debug("No name can be taken from a client's certificate: {}", Reason.of(e));
            return List.of();
        }
    }

    private static List<String> commonName(X509Certificate certificate) throws InvalidNameException {
        for (Rdn part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
            if (part.getType().equalsIgnoreCase("CN") && part.getValue() instanceof String name) {
                return List.of(name);
            }
        }
        return List.of();
    }

    private static List<String> uris(X509Certificate certificate) throws CertificateParsingException {
        var names = certificate.getSubjectAlternativeNames();
        return names == null
                ? List.of()
                : names.stream()
                        .filter(name -> name.get(0).equals(URI))
                        .map(name -> String.valueOf(name.get(1)))
                        .toList();
    }

    /** What INFO shows of a certificate; null for none. */
    public Host.@Nullable Certificate certificate(Host.CertificateUse use) {
        TlsContext present = context;
        if (present == null || !parameters.isUsed()) {
            return null;
        }
        X509Certificate certificate = switch (use) {
            case SERVER -> present.ownCertificate();
            case CLIENT -> present.clientCertificate();
            case AUTHORITY -> present.firstToExpire();
        };
        return certificate == null
                ? null
                : new Host.Certificate(
                        hexadecimal(certificate.getSerialNumber()),
                        certificate.getNotAfter().toInstant().toEpochMilli());
    }

    /** Whole bytes, as OpenSSL shows serial numbers. */
    private static String hexadecimal(BigInteger number) {
        String digits = number.abs().toString(16).toUpperCase(Locale.ROOT);
        return (number.signum() < 0 ? "-" : "") + (digits.length() % 2 == 0 ? digits : "0" + digits);
    }
}
