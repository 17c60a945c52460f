package dev.holdfast.server.tls;

import dev.holdfast.engine.base.Reason;
import dev.holdfast.engine.config.TlsParameters;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What encrypted connections are made with: certificates, keys and choices, as the configuration had them at one moment. */
final class TlsContext {
    private static final Logger LOG = LoggerFactory.getLogger(TlsContext.class);
    private static final List<String> SAFE = List.of("TLSv1.3", "TLSv1.2");
    private static final List<String> KNOWN = List.of("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");

    /** OpenSSL's order. */
    private static final List<String> MODERN_SUITES =
            List.of("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256");

    /** The names by which OpenSSL looks for certificates in a directory: a hash of the owner's name, and a number. */
    private static final Pattern HASHED_NAME = Pattern.compile("[0-9a-f]{8}\\.[0-9]+");

    /** A certificate with those that vouch for it, and the key that belongs to it. */
    record Identity(List<X509Certificate> chain, PrivateKey key) {}

    private final Identity own;
    private final @Nullable Identity ownAsClient;
    private final List<X509Certificate> authorities;
    private final String[] protocols;
    private final String[] suites;
    private final boolean preferServerCiphers;
    private final boolean cachesSessions;
    private final int cacheSize;
    private final int cacheSeconds;
    private final KeyManager[] keys;
    private final TrustManager[] trusted;
    private final SSLContext server;
    private final SSLContext client;

    private TlsContext(TlsParameters parameters, Path directory) throws TlsException, GeneralSecurityException {
        if (parameters.certFile.get().isEmpty()) {
            throw new TlsException("No tls-cert-file configured!");
        }
        if (parameters.keyFile.get().isEmpty()) {
            throw new TlsException("No tls-key-file configured!");
        }
        String authorityFile = parameters.caCertFile.get();
        String authorityDirectory = parameters.caCertDir.get();
        if (parameters.needsAuthorities() && authorityFile.isEmpty() && authorityDirectory.isEmpty()) {
            throw new TlsException("Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster,"
                    + " tls-replication or tls-auth-clients are enabled!");
        }
        own = identity(
                directory.resolve(parameters.certFile.get()),
                directory.resolve(parameters.keyFile.get()),
                parameters.keyFilePass.get());
        ownAsClient = parameters.clientCertFile.get().isEmpty()
                        || parameters.clientKeyFile.get().isEmpty()
                ? null
                : identity(
                        directory.resolve(parameters.clientCertFile.get()),
                        directory.resolve(parameters.clientKeyFile.get()),
                        parameters.clientKeyFilePass.get());
        authorities = new ArrayList<>();
        if (!authorityFile.isEmpty()) {
            authorities.addAll(ofFile(directory.resolve(authorityFile)));
        }
        if (!authorityDirectory.isEmpty()) {
            authorities.addAll(ofDirectory(directory.resolve(authorityDirectory)));
        }
        SSLParameters supported = SSLContext.getDefault().getSupportedSSLParameters();
        protocols = protocols(parameters.protocols.get());
        suites = suites(parameters, List.of(protocols), Arrays.asList(supported.getCipherSuites()));
        preferServerCiphers = parameters.preferServerCiphers.get();
        cacheSeconds = parameters.sessionCacheTimeout.getInt();
        cacheSize = parameters.sessionCacheSize.getInt();
        cachesSessions = parameters.sessionCaching.get() && cacheSeconds > 0;
        keys = keyManagers(own);
        trusted = trustManagers(authorities);
        server = context(keys);
        client = ownAsClient == null ? server : context(keyManagers(ownAsClient));
    }

    /**
     * Reads what the configuration names.
     *
     * @param directory where relative names of files are looked for
     * @throws TlsException if that cannot be used
     */
    static TlsContext read(TlsParameters parameters, Path directory) throws TlsException {
        try {
            return new TlsContext(parameters, directory);
        } catch (GeneralSecurityException e) {
            throw new TlsException("TLS is not possible with this JVM: " + Reason.of(e), e);
        }
    }

    private static TlsException failure(String what, Path file, TlsException cause) {
        String reason = cause.getMessage();
        String prefix = file + ": ";
        return new TlsException(
                "Failed to " + what + ": " + (reason.startsWith(prefix) ? reason : prefix + reason), cause);
    }

    // ---- certificates ----

    static Identity identity(Path certificates, Path keyFile, String password) throws TlsException {
        List<X509Certificate> chain;
        try {
            chain = Pem.certificates(certificates);
        } catch (TlsException e) {
            throw failure("load certificate", certificates, e);
        }
        warnOfDates(certificates, chain.getFirst());
        try {
            PrivateKey key = Pem.privateKey(keyFile, password);
            if (!belongTogether(chain.getFirst(), key)) {
                throw new TlsException("it is not the key of the certificate in " + certificates);
            }
            return new Identity(chain, key);
        } catch (TlsException e) {
            throw failure("load private key", keyFile, e);
        }
    }

    /** A certificate that is not valid now is taken, as clients may see that otherwise, and it may be valid later. */
    private static void warnOfDates(Path file, X509Certificate certificate) {
        Instant now = Instant.now();
        if (certificate.getNotAfter().toInstant().isBefore(now)) {
            LOG.warn(
                    "The certificate in {} has expired: {}",
                    file,
                    certificate.getNotAfter().toInstant());
        } else if (certificate.getNotBefore().toInstant().isAfter(now)) {
            LOG.warn(
                    "The certificate in {} is not valid before {}",
                    file,
                    certificate.getNotBefore().toInstant());
        }
    }

    private static boolean belongTogether(X509Certificate certificate, PrivateKey key) {
        String algorithm = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm();
        };
        byte[] text = {'t', 'l', 's'};
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(text);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(text);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    static List<X509Certificate> ofFile(Path file) throws TlsException {
        try {
            return Pem.certificates(file);
        } catch (TlsException e) {
            throw failure("configure CA certificate(s) file/directory", file, e);
        }
    }

    /** What OpenSSL would find in a directory: other names than those that {@code openssl rehash} makes are not looked at. */
    private static List<X509Certificate> ofDirectory(Path directory) throws TlsException {
        List<X509Certificate> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                if (HASHED_NAME.matcher(String.valueOf(file.getFileName())).matches()) {
                    found.addAll(readable(file));
                }
            }
        } catch (IOException e) {
            throw failure("configure CA certificate(s) file/directory", directory, new TlsException(Reason.of(e), e));
        }
        if (found.isEmpty()) {
            LOG.warn(
                    "No certificates of authorities were found in {}: 'openssl rehash' gives them the names"
                            + " that they need",
                    directory);
        }
        return found;
    }

    private static List<X509Certificate> readable(Path file) {
        try {
            return Pem.certificates(file);
        } catch (TlsException e) {
            LOG.warn("Not trusted: {}: {}", file, e.getMessage());
            return List.of();
        }
    }

    static KeyManager[] keyManagers(Identity identity) throws GeneralSecurityException {
        char[] password = new char[0];
        KeyStore store = emptyStore();
        store.setKeyEntry("own", identity.key, password, identity.chain.toArray(X509Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, password);
        return factory.getKeyManagers();
    }

    static TrustManager[] trustManagers(List<X509Certificate> authorities) throws GeneralSecurityException {
        KeyStore store = emptyStore();
        for (int i = 0; i < authorities.size(); i++) {
            store.setCertificateEntry("authority" + i, authorities.get(i));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(null, null);
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
        return store;
    }

    // ---- choices ----

    private static String[] protocols(String text) throws TlsException {
        List<String> chosen = new ArrayList<>();
        for (String word : text.split(" ")) {
            if (!word.isEmpty()) {
                chosen.add(KNOWN.stream()
                        .filter(word::equalsIgnoreCase)
                        .findFirst()
                        .orElseThrow(() -> new TlsException("Invalid tls-protocols specified. Use a combination of"
                                + " 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.")));
            }
        }
        if (chosen.isEmpty()) {
            return SAFE.toArray(String[]::new);
        }
        List<String> possible =
                chosen.stream().filter(SAFE::contains).distinct().toList();
        if (possible.size() < chosen.size()) {
            String old = "TLSv1 and TLSv1.1 are broken, and JVMs have them switched off";
            if (possible.isEmpty()) {
                throw new TlsException("tls-protocols leaves none: " + old);
            }
            LOG.warn("Not all of tls-protocols '{}' is offered: {}", text, old);
        }
        return possible.toArray(String[]::new);
    }

    private static String[] suites(TlsParameters parameters, List<String> protocols, List<String> supported)
            throws TlsException {
        List<String> chosen = new ArrayList<>();
        if (protocols.contains("TLSv1.3")) {
            chosen.addAll(modern(parameters.ciphersuites.get()));
        }
        if (protocols.contains("TLSv1.2")) {
            chosen.addAll(older(parameters.ciphers.get(), supported));
        }
        return chosen.toArray(String[]::new);
    }

    private static List<String> modern(String text) throws TlsException {
        if (text.isEmpty()) {
            return MODERN_SUITES;
        }
        List<String> chosen = Arrays.stream(text.split(":"))
                .map(name -> name.strip().toUpperCase(Locale.ROOT))
                .filter(MODERN_SUITES::contains)
                .distinct()
                .toList();
        if (chosen.isEmpty()) {
            throw new TlsException("Failed to configure ciphersuites: " + text + " (there are "
                    + String.join(", ", MODERN_SUITES) + ")");
        }
        return chosen;
    }

    private static List<String> older(String text, List<String> supported) throws TlsException {
        List<String> chosen;
        try {
            chosen = CipherList.parse(text);
        } catch (TlsException e) {
            throw new TlsException("Failed to configure ciphers: " + e.getMessage(), e);
        }
        List<String> possible = chosen.stream().filter(supported::contains).toList();
        if (possible.isEmpty()) {
            throw new TlsException("Failed to configure ciphers: " + text
                    + (chosen.isEmpty()
                            ? ""
                            : " (this JVM has what it chooses switched off, see its jdk.tls.disabledAlgorithms)"));
        }
        return possible;
    }

    // ---- connections ----

    private SSLContext context(KeyManager[] keyManagers) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keyManagers, trusted, null);
        if (cachesSessions) {
            context.getServerSessionContext().setSessionCacheSize(cacheSize);
            context.getServerSessionContext().setSessionTimeout(cacheSeconds);
        }
        return context;
    }

    /**
     * The server's end of a connection.
     *
     * @param clientCertificate {@code yes}, {@code no} or {@code optional}
     */
    SSLEngine serverEngine(String clientCertificate) throws GeneralSecurityException {
        // What a session is continued with is part of the JDK's context: who gets a new one cannot continue.
        SSLEngine engine = (cachesSessions ? server : context(keys)).createSSLEngine();
        engine.setUseClientMode(false);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setProtocols(protocols);
        parameters.setCipherSuites(suites);
        parameters.setUseCipherSuitesOrder(preferServerCiphers);
        switch (clientCertificate) {
            case "no" -> parameters.setWantClientAuth(false);
            case "optional" -> parameters.setWantClientAuth(true);
            default -> parameters.setNeedClientAuth(true);
        }
        engine.setSSLParameters(parameters);
        return engine;
    }

    /** What connections to other servers are made with; they are asked for certificates of the same authorities. */
    SSLSocketFactory clientSockets() {
        return client.getSocketFactory();
    }

    // ---- for INFO ----

    X509Certificate ownCertificate() {
        return own.chain.getFirst();
    }

    @Nullable
    X509Certificate clientCertificate() {
        return ownAsClient == null ? null : ownAsClient.chain.getFirst();
    }

    /** Of all authorities that are trusted the one whose certificate expires first. */
    @Nullable
    X509Certificate firstToExpire() {
        return authorities.stream()
                .min(Comparator.comparing(
                        certificate -> certificate.getNotAfter().toInstant()))
                .orElse(null);
    }
}
