package dev.holdfast.toolkit.store;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Opens stores by URI.
 *
 * <pre>
 * embedded:                                          a new store in memory
 * embedded:/var/lib/app                              a store in this JVM that keeps its files in a directory; embedded:./app
 * redis://[user:password@]host[:port][/db]           a server; valkey:// means the same
 * rediss://…                                         with TLS; valkeys:// means the same
 * redis-sentinel://[user:password@]host[:port],…[/db]#primary    the primary of that name; rediss-sentinel://
 * redis-cluster://[user:password@]host[:port],…[/db]             rediss-cluster://
 * </pre>
 *
 * <p>Behind a {@code ?} may stand, joined by {@code &}:
 *
 * <pre>
 * timeout=500ms          a command that is not answered by then is reported as unknown; 3s unless set
 * pool=10                how many idle connections for commands that wait are kept; 32 unless set
 * clientName=orders      what CLIENT LIST shows
 * ca=/etc/ssl/own.pem    with TLS, whose certificates are trusted; those that Java trusts unless set
 * verifyPeer=FULL        with TLS, CA leaves the name of the host unchecked, and NONE everything
 * db=8                   the database, as behind the slash; for embedded: too
 * maxmemory=100mb        for embedded: alone, what the data may take; half of the heap unless set
 * maxmemory-policy=…     for embedded: alone, which keys go then, as in Valkey; none unless set
 * </pre>
 *
 * <p>A user name or password is percent-encoded. A cluster's databases are prefixes of names; see {@link Store#namespace}.
 */
public final class StoreUri {
    private static final Set<String> SCHEMES = Set.of(
            "embedded", "redis", "rediss", "redis-sentinel", "rediss-sentinel", "redis-cluster", "rediss-cluster");
    /** Group 1 has the directory: from the root, from a drive, or from {@code .} or {@code ..}; group 2 the options. */
    private static final Pattern EMBEDDED = Pattern.compile(
            "(?://(?=/))?((?:/(?!/)|\\.\\.?(?:/|$)|[A-Za-z]:[/\\\\])[^?]*)?(?:\\?([\\w-]+=[^&]*(?:&[\\w-]+=[^&]*)*))?");

    private static final Pattern DATABASE = Pattern.compile("\\d{1,9}");

    private static final Pattern NUMBER = Pattern.compile("\\d{1,5}");

    private static final Pattern LINE_END = Pattern.compile("\\R\\z");

    /** What Kubernetes puts into {@code VALKEY_PORT} where a service is called valkey. */
    private static final Pattern SERVICE = Pattern.compile("tcp://(.+):(\\d{1,5})");

    private StoreUri() {}

    /** The scheme of a URI by the name that it has with Redis, or nothing. */
    private static String scheme(String uri) {
        return uri.substring(0, Math.max(0, uri.indexOf(':'))).replace("valkey", "redis");
    }

    /** Whether a text begins as a store's URI does. */
    public static boolean isOne(String text) {
        return SCHEMES.contains(scheme(text));
    }

    /**
     * Opens a store.
     *
     * @throws IllegalArgumentException if the URI is not of one of the forms above
     * @throws StoreUnavailableException if the server cannot be reached
     * @throws UncheckedIOException if the directory is in use, or what is in it cannot be loaded
     */
    public static Store open(String uri) {
        String rest = uri.substring(uri.indexOf(':') + 1);
        if (isOne(uri) && !scheme(uri).equals("embedded")) {
            Artifact.LETTUCE.require("a store elsewhere");
        }
        return switch (scheme(uri)) {
            case "embedded" -> embedded(rest);
            case "redis" -> RemoteStore.open(RemoteUri.server(rest, false));
            case "rediss" -> RemoteStore.open(RemoteUri.server(rest, true));
            case "redis-sentinel" -> RemoteStore.open(RemoteUri.sentinel(rest, false));
            case "rediss-sentinel" -> RemoteStore.open(RemoteUri.sentinel(rest, true));
            case "redis-cluster" -> RemoteStore.open(RemoteUri.cluster(rest, false));
            case "rediss-cluster" -> RemoteStore.open(RemoteUri.cluster(rest, true));
            default ->
                throw new IllegalArgumentException(
                        "a store's URI begins with embedded:, redis://, rediss://, valkey://,"
                                + " valkeys://, redis-sentinel:// or redis-cluster://");
        };
    }

    private static EmbeddedStore embedded(String rest) {
        Matcher matcher = EMBEDDED.matcher(rest);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "after embedded: come a directory, such as /var/lib/app or ./app, and options, such as"
                            + " ?db=8&maxmemory=100mb, or nothing: " + rest);
        }
        String directory = matcher.group(1) == null ? "" : matcher.group(1);
        int database = 0;
        Config config = new Config();
        try {
            for (String option :
                    matcher.group(2) == null ? new String[0] : matcher.group(2).split("&")) {
                String name = option.substring(0, option.indexOf('='));
                String value = option.substring(option.indexOf('=') + 1);
                switch (name) {
                    case "db", "database" -> {
                        if (!DATABASE.matcher(value).matches()) {
                            throw new IllegalArgumentException("not a database: " + value);
                        }
                        database = Integer.parseInt(value);
                    }
                    case "maxmemory", "maxmemory-policy" -> config.set(name, value);
                    default -> throw new IllegalArgumentException("embedded: has no option " + name);
                }
            }
            config.set("databases", Integer.toString(Math.max(16, database + 1)));
            if (!directory.isEmpty()) {
                config.set("appendonly", "yes");
            }
        } catch (ConfigException e) {
            throw new IllegalArgumentException(e);
        }
        Holdfast opened = directory.isEmpty() ? Holdfast.open(config) : Holdfast.open(Path.of(directory), config);
        return EmbeddedStore.owning(opened, database);
    }

    // ---- the environment ----

    /**
     * The URI that the environment names, or null if it names none: the first of HOLDFAST_URI, VALKEY_URL and REDIS_URL that is set,
     * else what VALKEY_HOST, VALKEY_PORT, VALKEY_USERNAME, VALKEY_PASSWORD, VALKEY_DB and VALKEY_USE_TLS say, else the same with
     * REDIS_. A password may also stand in the file that {@code …_PASSWORD_FILE} names, whose last line end is left out. TLS is
     * switched by true, yes, on or 1 and by false, no, off or 0; case does not matter.
     *
     * @throws IllegalArgumentException if a variable has a value that it cannot have
     */
    public static @Nullable String fromEnvironment(Map<String, String> environment) {
        for (String name : List.of("HOLDFAST_URI", "VALKEY_URL", "REDIS_URL")) {
            String uri = variable(environment, name);
            if (uri != null) {
                return uri;
            }
        }
        String valkey = fromEnvironment(environment, "VALKEY", 0);
        return valkey != null ? valkey : fromEnvironment(environment, "REDIS", 0);
    }

    /**
     * The URI that the variables under a prefix describe, such as {@code CPE_GUESSER_VALKEY_HOST}, {@code _PORT} and {@code _DB};
     * null if neither host nor port is set. A port may also be what Kubernetes makes of a service, {@code tcp://10.0.0.1:6379}, which
     * names the host too unless that is set. Variables that are blank count as not set.
     *
     * @throws IllegalArgumentException if a variable has a value that it cannot have
     */
    public static @Nullable String fromEnvironment(Map<String, String> environment, String prefix, int database) {
        String host = variable(environment, prefix + "_HOST");
        String port = variable(environment, prefix + "_PORT");
        if (host == null && port == null) {
            return null;
        }
        Matcher service = SERVICE.matcher(port == null ? "" : port);
        if (service.matches()) {
            host = host == null ? service.group(1) : host;
            port = service.group(2);
        }
        boolean tls = isOn(environment, prefix + "_USE_TLS");
        String user = environment.getOrDefault(prefix + "_USERNAME", "");
        String password = password(environment, prefix);
        return (tls ? "rediss://" : "redis://")
                + (password == null ? "" : encoded(user) + ":" + encoded(password) + "@")
                + bracketed(host == null ? "localhost" : host)
                + ":"
                + number(prefix + "_PORT", port, 6379)
                + "/"
                + number(prefix + "_DB", variable(environment, prefix + "_DB"), database);
    }

    /** A variable without the blanks around it; null if nothing is left. */
    private static @Nullable String variable(Map<String, String> environment, String name) {
        String value = environment.getOrDefault(name, "").strip();
        return value.isEmpty() ? null : value;
    }

    private static boolean isOn(Map<String, String> environment, String name) {
        String value = variable(environment, name);
        return switch (value == null ? "no" : value.toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on", "y", "t", "1" -> true;
            case "false", "no", "off", "n", "f", "0" -> false;
            default -> throw new IllegalArgumentException(name + " is neither yes nor no: " + value);
        };
    }

    /** An address of IPv6 as a URI has it. */
    private static String bracketed(String host) {
        boolean bare = host.indexOf(':') != host.lastIndexOf(':') && !host.startsWith("[");
        return bare ? "[" + host + "]" : host;
    }

    private static String number(String name, @Nullable String value, int otherwise) {
        if (value != null && !NUMBER.matcher(value).matches()) {
            throw new IllegalArgumentException(name + " is not a number: " + value);
        }
        return value == null ? Integer.toString(otherwise) : value;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static @Nullable String password(Map<String, String> environment, String prefix) {
        String file = variable(environment, prefix + "_PASSWORD_FILE");
        try {
            String password = file == null
                    ? environment.getOrDefault(prefix + "_PASSWORD", "")
                    : LINE_END.matcher(Files.readString(Path.of(file))).replaceFirst("");
            return password.isEmpty() ? null : password;
        } catch (IOException e) {
            throw new UncheckedIOException(prefix + "_PASSWORD_FILE names a file that cannot be read", e);
        }
    }

    /** The same URI with another database. */
    public static String withDatabase(String uri, int database) {
        int colon = uri.indexOf(':') + 1;
        String rest = uri.substring(colon);
        return uri.substring(0, colon)
                + (scheme(uri).equals("embedded")
                        ? rest.replaceFirst("\\?.*", "") + "?db=" + database
                        : RemoteUri.withDatabase(rest, database));
    }

    /** The URI without its password, for logs. */
    public static String withoutPassword(String uri) {
        return uri.replaceFirst("//.*@", "//***@");
    }
}
