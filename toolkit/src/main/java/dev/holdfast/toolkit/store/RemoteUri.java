package dev.holdfast.toolkit.store;

import io.lettuce.core.RedisURI;
import io.lettuce.core.SslVerifyMode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a URI says of servers; {@link StoreUri} has the forms. What is thrown names the part that is wrong, and shows no user or
 * password.
 *
 * @param uris one, or some nodes of a cluster
 * @param namespace what stands for the database on a cluster
 * @param ca a file of certificates to trust, or null for those that Java trusts
 * @param pool how many idle connections are kept
 * @param description the URI without user and password
 */
record RemoteUri(
        List<RedisURI> uris,
        boolean cluster,
        String namespace,
        @Nullable Path ca,
        int pool,
        String description) {
    private static final Duration TIMEOUT = Duration.ofSeconds(3);
    private static final int POOL = 32;
    private static final Set<String> OPTIONS =
            Set.of("timeout", "pool", "clientName", "ca", "verifyPeer", "db", "database");

    /** Group 1 has user and password, 2 the hosts, 3 the database, 4 the options, 5 the primary's name. */
    private static final Pattern PARTS =
            Pattern.compile("//(?:(.*)@)?([^/?#]*)(?:/([^?#]*))?(?:\\?([^#]*))?(?:#(.*))?", Pattern.DOTALL);

    private static final Pattern HOST = Pattern.compile("(\\[[^\\]]+\\]|[^:\\s\\[\\]]+)(?::(\\d{1,5}))?");
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m)");

    static RemoteUri server(String rest, boolean tls) {
        return new Reader(rest, tls).server();
    }

    static RemoteUri sentinel(String rest, boolean tls) {
        return new Reader(rest, tls).sentinel();
    }

    static RemoteUri cluster(String rest, boolean tls) {
        return new Reader(rest, tls).cluster();
    }

    /** What follows the scheme of a URI, with another database. */
    static String withDatabase(String rest, int database) {
        Matcher parts = PARTS.matcher(rest);
        if (!parts.matches()) {
            return rest;
        }
        StringBuilder changed = new StringBuilder("//");
        if (parts.group(1) != null) {
            changed.append(parts.group(1)).append('@');
        }
        changed.append(parts.group(2)).append('/').append(database);
        if (parts.group(4) != null) {
            changed.append('?').append(parts.group(4));
        }
        return parts.group(5) == null
                ? changed.toString()
                : changed.append('#').append(parts.group(5)).toString();
    }

    /** The parts of one URI. */
    private static final class Reader {
        private record Host(String name, int port) {}

        private final boolean tls;
        private final String credentials;
        private final String hosts;
        private final String primary;
        private final Map<String, String> options = new HashMap<>();
        private final int database;
        private final String description;

        Reader(String rest, boolean tls) {
            Matcher parts = PARTS.matcher(rest);
            if (!parts.matches() || parts.group(2).isEmpty()) {
                throw new IllegalArgumentException("a server's URI has a host, as in redis://localhost:6379/0");
            }
            this.tls = tls;
            this.credentials = text(parts.group(1));
            this.hosts = parts.group(2);
            this.primary = text(parts.group(5));
            for (String option : text(parts.group(4)).split("&")) {
                int equals = option.indexOf('=');
                if (!option.isEmpty() && (equals < 0 || !OPTIONS.contains(option.substring(0, equals)))) {
                    throw new IllegalArgumentException(
                            "a store's URI has no option " + (equals < 0 ? option : option.substring(0, equals)));
                }
                if (equals > 0) {
                    options.put(option.substring(0, equals), decoded(option.substring(equals + 1)));
                }
            }
            String path = text(parts.group(3));
            String named = path.isEmpty() ? options.getOrDefault("db", options.getOrDefault("database", "0")) : path;
            this.database = number("the database", named);
            this.description = (tls ? "rediss://" : "redis://") + hosts + "/" + database
                    + (primary.isEmpty() ? "" : "#" + primary);
        }

        private static String text(@Nullable String part) {
            return part == null ? "" : part;
        }

        private static int number(String what, String text) {
            try {
                int number = Integer.parseInt(text);
                if (number >= 0) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new IllegalArgumentException(what + " of a store's URI is not a number: " + text);
        }

        private static String decoded(String text) {
            try {
                return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("a store's URI has a % without two hexadecimal digits behind it");
            }
        }

        private List<Host> hosts(int otherwise) {
            List<Host> found = new ArrayList<>();
            for (String text : hosts.split(",", -1)) {
                Matcher host = HOST.matcher(text);
                int port = host.matches() && host.group(2) != null ? Integer.parseInt(host.group(2)) : otherwise;
                if (!host.matches() || port > 65535) {
                    throw new IllegalArgumentException(
                            "a host of a store's URI is a name, or a name, a colon and a port");
                }
                found.add(new Host(host.group(1), port));
            }
            return found;
        }

        RemoteUri server() {
            List<Host> one = hosts(6379);
            if (one.size() > 1) {
                throw new IllegalArgumentException(
                        "several hosts are for redis-cluster:// or redis-sentinel://: " + hosts);
            }
            RedisURI uri = uri(one.getFirst());
            uri.setDatabase(database);
            return made(List.of(uri), false);
        }

        RemoteUri sentinel() {
            if (primary.isEmpty()) {
                throw new IllegalArgumentException("redis-sentinel:// ends with # and the name of the primary");
            }
            RedisURI uri = new RedisURI();
            uri.setSentinelMasterId(primary);
            uri.setDatabase(database);
            for (Host host : hosts(RedisURI.DEFAULT_SENTINEL_PORT)) {
                RedisURI sentinel = new RedisURI(host.name, host.port, TIMEOUT);
                dress(sentinel, false);
                uri.getSentinels().add(sentinel);
            }
            dress(uri, true);
            return made(List.of(uri), false);
        }

        RemoteUri cluster() {
            return made(hosts(6379).stream().map(this::uri).toList(), true);
        }

        private RedisURI uri(Host host) {
            RedisURI uri = new RedisURI(host.name, host.port, TIMEOUT);
            dress(uri, true);
            return uri;
        }

        /** Gives a node's URI what all share; the password is for the servers and not for their sentinels. */
        private void dress(RedisURI uri, boolean authenticated) {
            uri.setTimeout(timeout());
            uri.setSsl(tls);
            uri.setVerifyPeer(verification());
            if (options.containsKey("clientName")) {
                uri.setClientName(options.get("clientName"));
            }
            int colon = credentials.indexOf(':');
            if (authenticated && !credentials.isEmpty()) {
                String password = decoded(credentials.substring(colon + 1));
                if (colon > 0) {
                    uri.setAuthentication(decoded(credentials.substring(0, colon)), password);
                } else {
                    uri.setAuthentication(password);
                }
            }
        }

        private Duration timeout() {
            String text = options.getOrDefault("timeout", "3s");
            Matcher duration = DURATION.matcher(text);
            if (!duration.matches()) {
                throw new IllegalArgumentException("a timeout is a number and ms, s or m: " + text);
            }
            long number = Long.parseLong(duration.group(1));
            return switch (duration.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                default -> Duration.ofMinutes(number);
            };
        }

        private SslVerifyMode verification() {
            String text = options.getOrDefault("verifyPeer", "FULL");
            return switch (text.toUpperCase(Locale.ROOT)) {
                case "FULL" -> SslVerifyMode.FULL;
                case "CA" -> SslVerifyMode.CA;
                case "NONE" -> SslVerifyMode.NONE;
                default -> throw new IllegalArgumentException("verifyPeer is FULL, CA or NONE: " + text);
            };
        }

        private RemoteUri made(List<RedisURI> uris, boolean cluster) {
            String file = options.get("ca");
            if (file != null && !Files.isReadable(Path.of(file))) {
                throw new IllegalArgumentException("the file of certificates cannot be read: " + file);
            }
            return new RemoteUri(
                    uris,
                    cluster,
                    cluster && database > 0 ? "db" + database + ":" : "",
                    file == null ? null : Path.of(file),
                    options.containsKey("pool") ? number("the pool", options.get("pool")) : POOL,
                    description);
        }
    }
}
