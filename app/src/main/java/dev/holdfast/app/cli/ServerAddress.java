package dev.holdfast.app.cli;

import dev.holdfast.server.tls.ClientTls;
import dev.holdfast.server.tls.TlsException;
import dev.holdfast.toolkit.store.StoreUri;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * What a URI says of servers, for connections of one's own; the forms are those of {@link StoreUri}.
 *
 * @param hosts one server, or some Sentinels or nodes
 * @param primary what Sentinel calls the primary; null unless the hosts are Sentinels
 * @param encryption makes the sockets; null without TLS
 */
record ServerAddress(
        List<Host> hosts,
        @Nullable String primary,
        boolean cluster,
        @Nullable String user,
        @Nullable String password,
        int database,
        @Nullable SSLSocketFactory encryption) {
    private static final int PORT = 6379;
    private static final int SENTINEL_PORT = 26379;

    record Host(String name, int port) {
        static Host of(String text, int defaultPort) throws IOException {
            int colon = text.lastIndexOf(':');
            boolean hasPort = colon >= 0 && text.indexOf(']', colon) < 0;
            String name = hasPort ? text.substring(0, colon) : text;
            try {
                int port = hasPort ? Integer.parseInt(text.substring(colon + 1)) : defaultPort;
                if (port > 0 && port <= 65535 && !name.isEmpty()) {
                    return new Host(name.startsWith("[") ? name.substring(1, name.length() - 1) : name, port);
                }
            } catch (NumberFormatException e) {
                // Told below.
            }
            throw new IOException("a server's address is HOST:PORT, not " + text);
        }

        @Override
        public String toString() {
            return (name.contains(":") ? "[" + name + "]" : name) + ":" + port;
        }
    }

    /** @throws IOException if it is no URI of a server; the message shows no password */
    static ServerAddress of(String text) throws IOException {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw new IOException("this is no URI of a store: " + StoreUri.withoutPassword(text), e);
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme();
        boolean tls = scheme.startsWith("rediss") || scheme.startsWith("valkeys");
        boolean sentinel = scheme.endsWith("-sentinel");
        boolean cluster = scheme.endsWith("-cluster");
        String authority = uri.getRawAuthority();
        if (!scheme.matches("(redis|valkey)s?(-sentinel|-cluster)?") || authority == null) {
            throw new IOException(
                    "a server's URI begins with redis://, rediss://, redis-sentinel:// or redis-cluster://");
        }
        int at = authority.lastIndexOf('@');
        String[] credentials =
                at < 0 ? new String[0] : authority.substring(0, at).split(":", 2);
        List<Host> hosts = new ArrayList<>();
        for (String host : authority.substring(at + 1).split(",")) {
            hosts.add(Host.of(host, sentinel ? SENTINEL_PORT : PORT));
        }
        String primary = sentinel ? uri.getFragment() : null;
        if (sentinel && primary == null) {
            throw new IOException("a URI of Sentinels names the primary, as in redis-sentinel://host:26379/0#primary");
        }
        String query = uri.getQuery() == null ? "" : uri.getQuery();
        return new ServerAddress(
                hosts,
                primary,
                cluster,
                credentials.length < 2 || credentials[0].isEmpty() ? null : decoded(credentials[0]),
                credentials.length == 0 ? null : decoded(credentials[credentials.length - 1]),
                database(uri.getPath(), query),
                tls ? sockets(query) : null);
    }

    private static int database(@Nullable String path, String query) throws IOException {
        String named = path == null || path.length() < 2 ? option(query, "db") : path.substring(1);
        try {
            return named == null ? 0 : Integer.parseInt(named);
        } catch (NumberFormatException e) {
            throw new IOException("a database is a number, not " + named, e);
        }
    }

    private static SSLSocketFactory sockets(String query) throws IOException {
        String authorities = option(query, "ca");
        try {
            return ClientTls.sockets(
                    authorities == null ? null : Path.of(authorities),
                    null,
                    null,
                    "NONE".equals(option(query, "verifyPeer")));
        } catch (TlsException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static @Nullable String option(String query, String name) {
        return Arrays.stream(query.split("&"))
                .filter(option -> option.startsWith(name + "="))
                .map(option -> option.substring(name.length() + 1))
                .findFirst()
                .orElse(null);
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
