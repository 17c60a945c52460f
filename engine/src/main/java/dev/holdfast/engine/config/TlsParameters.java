package dev.holdfast.engine.config;

import java.util.List;

/** The parameters of encrypted connections. Names of files are relative to {@code dir}. */
public final class TlsParameters {
    /** 0 for none. */
    public final NumberParameter port;

    /** Whether clients must show a certificate: {@code no}, {@code yes} or {@code optional}. */
    public final TextParameter authClients;

    /** What of a client's certificate names its user: {@code CN}, {@code URI} or {@code off}. */
    public final TextParameter authClientsUser;

    public final TextParameter certFile;
    public final TextParameter keyFile;
    public final TextParameter keyFilePass;

    /** What the server shows where it is the client, unless this is the same as what it shows to clients. */
    public final TextParameter clientCertFile;

    public final TextParameter clientKeyFile;
    public final TextParameter clientKeyFilePass;
    public final TextParameter caCertFile;
    public final TextParameter caCertDir;

    /** Names of versions with spaces between them, or empty for those that are safe. */
    public final TextParameter protocols;

    /** Suites up to TLS 1.2, in OpenSSL's language. */
    public final TextParameter ciphers;

    /** Suites of TLS 1.3, with colons between them. */
    public final TextParameter ciphersuites;

    public final BooleanParameter preferServerCiphers;
    public final BooleanParameter sessionCaching;
    public final NumberParameter sessionCacheSize;
    public final NumberParameter sessionCacheTimeout;

    /** How often, in seconds, the files are looked at for changes; 0 for never. */
    public final NumberParameter autoReloadInterval;

    /** Whether connections to other nodes, such as those of MIGRATE, are encrypted. */
    public final BooleanParameter cluster;

    /** Whether the connection to a primary is encrypted. */
    public final BooleanParameter replication;

    private final Config config;
    private final List<Parameter> ofContext;

    TlsParameters(Config config) {
        this.config = config;
        port = config.number("tls-port", 0, 0, 65535);
        authClients = config.choice("tls-auth-clients", "yes", "no", "yes", "optional");
        authClientsUser = config.choice("tls-auth-clients-user", "off", "CN", "URI", "off");
        certFile = file(config, "tls-cert-file");
        keyFile = file(config, "tls-key-file");
        keyFilePass = config.secret(config.text("tls-key-file-pass", "", text -> text));
        clientCertFile = file(config, "tls-client-cert-file");
        clientKeyFile = file(config, "tls-client-key-file");
        clientKeyFilePass = config.secret(config.text("tls-client-key-file-pass", "", text -> text));
        caCertFile = file(config, "tls-ca-cert-file");
        caCertDir = file(config, "tls-ca-cert-dir");
        protocols = config.text("tls-protocols", "", text -> text);
        ciphers = config.text("tls-ciphers", "", text -> text);
        ciphersuites = config.text("tls-ciphersuites", "", text -> text);
        preferServerCiphers = config.flag("tls-prefer-server-ciphers", false);
        sessionCaching = config.flag("tls-session-caching", true);
        sessionCacheSize = config.number("tls-session-cache-size", 20480, 0, Integer.MAX_VALUE);
        sessionCacheTimeout = config.number("tls-session-cache-timeout", 300, 0, Integer.MAX_VALUE);
        autoReloadInterval = config.number("tls-auto-reload-interval", 0, 0, Integer.MAX_VALUE);
        cluster = config.flag("tls-cluster", false);
        replication = config.flag("tls-replication", false);
        ofContext = List.of(
                certFile,
                keyFile,
                keyFilePass,
                clientCertFile,
                clientKeyFile,
                clientKeyFilePass,
                caCertFile,
                caCertDir,
                protocols,
                ciphers,
                ciphersuites,
                preferServerCiphers,
                sessionCaching,
                sessionCacheSize,
                sessionCacheTimeout,
                autoReloadInterval,
                cluster,
                replication);
    }

    private static TextParameter file(Config config, String name) {
        return config.reloading(config.text(name, "", text -> text));
    }

    /** Whether anything of it is used. */
    public boolean isUsed() {
        return port.get() != 0 || cluster.get() || replication.get() || config.http.tlsPort.get() != 0;
    }

    /** Whether certificates of others are looked at. */
    public boolean needsAuthorities() {
        return cluster.get()
                || replication.get()
                || port.get() != 0 && !authClients.get().equals("no")
                || config.http.tlsPort.get() != 0 && config.http.tlsAuthClients.get();
    }

    /** Calls {@code listener} after each change of what a connection may depend on, once for all that change together. */
    public void onChangeOfContext(Parameter.Listener listener) {
        ofContext.forEach(parameter -> parameter.onChange(listener));
    }
}
