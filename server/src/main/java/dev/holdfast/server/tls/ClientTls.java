package dev.holdfast.server.tls;

import dev.holdfast.engine.base.Reason;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** TLS for a program that is a client alone. */
public final class ClientTls {
    private ClientTls() {}

    /**
     * Makes sockets.
     *
     * @param authorities whose certificates are trusted, whatever name they are for; null for those that the JVM trusts
     * @param certificate what is shown, or null
     * @param key belongs to that
     * @param insecure whether every server is trusted
     * @throws TlsException if a file cannot be used; the message says which and why
     */
    public static SSLSocketFactory sockets(
            @Nullable Path authorities, @Nullable Path certificate, @Nullable Path key, boolean insecure)
            throws TlsException {
        try {
            KeyManager[] keys = certificate == null || key == null
                    ? null
                    : TlsContext.keyManagers(TlsContext.identity(certificate, key, ""));
            TrustManager[] trusted = insecure
                    ? new TrustManager[] {new Anybody()}
                    : authorities == null ? null : TlsContext.trustManagers(TlsContext.ofFile(authorities));
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, trusted, null);
            return context.getSocketFactory();
        } catch (GeneralSecurityException e) {
            throw new TlsException("TLS is not possible with this JVM: " + Reason.of(e), e);
        }
    }

    /** Trusts everybody, because the user has said so. */
    private static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return List.<X509Certificate>of().toArray(X509Certificate[]::new);
        }
    }
}
