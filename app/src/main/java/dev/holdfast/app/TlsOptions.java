package dev.holdfast.app;

import dev.holdfast.server.tls.ClientTls;
import dev.holdfast.server.tls.TlsException;
import java.io.IOException;
import java.nio.file.Path;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a subcommand reaches a server with TLS: the options of valkey-cli. */
final class TlsOptions {
    @Option(names = "--tls", description = "connect with TLS")
    private boolean tls;

    @Option(names = "--cacert", description = "with --tls: whose certificates are trusted")
    private @Nullable Path authorities;

    @Option(names = "--cert", description = "with --tls: the certificate to show")
    private @Nullable Path certificate;

    @Option(names = "--key", description = "with --tls: its key")
    private @Nullable Path key;

    @Option(names = "--insecure", description = "with --tls: trust whatever answers")
    private boolean insecure;

    /** Makes the sockets that encrypt; null where none are asked for. */
    @Nullable
    SSLSocketFactory sockets() throws IOException {
        if (!tls) {
            return null;
        }
        if (authorities == null && !insecure) {
            throw new IOException("--tls needs --cacert FILE, or --insecure");
        }
        try {
            return ClientTls.sockets(authorities, certificate, key, insecure);
        } catch (TlsException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
