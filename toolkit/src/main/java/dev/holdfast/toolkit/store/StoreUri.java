package dev.holdfast.toolkit.store;

import dev.holdfast.engine.Holdfast;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.config.ConfigException;
import io.lettuce.core.RedisURI;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Opens stores by URI.
 *
 * <pre>
 * embedded:                                          a new store in memory
 * embedded:/var/lib/app[?db=8]                       a store in this JVM that keeps its files in a directory
 * redis://[user:password@]host[:port][/db][?timeout=2s]         valkey:// means the same
 * rediss://…                                         with TLS; valkeys:// means the same
 * redis-sentinel://[:password@]host:port,host:port/db#primary
 * redis-cluster://[user:password@]host:port,host:port  rediss-cluster:// with TLS
 * </pre>
 *
 * <p>A command that is not answered within the timeout, {@value #TIMEOUT_SECONDS} seconds unless the URI says otherwise, is
 * reported as unknown.
 */
public final class StoreUri {
    private static final int TIMEOUT_SECONDS = 3;
    private static final Pattern DATABASE = Pattern.compile("[?&](?:db|database)=(\\d+)");
    private static final Pattern SEED = Pattern.compile("(.+):(\\d+)");

    private StoreUri() {}

    /**
     * Opens a store.
     *
     * @throws IllegalArgumentException if the URI is not of one of the forms above
     * @throws StoreUnavailableException if the server cannot be reached
     */
    public static Store open(String uri) {
        int colon = uri.indexOf(':');
        String scheme = colon < 0 ? "" : uri.substring(0, colon);
        String rest = uri.substring(colon + 1);
        return switch (scheme) {
            case "embedded" -> embedded(rest);
            case "valkey", "redis" -> RemoteStore.standalone(lettuce("redis:" + rest));
            case "valkeys", "rediss" -> RemoteStore.standalone(lettuce("rediss:" + rest));
            case "redis-sentinel", "rediss-sentinel" -> RemoteStore.standalone(lettuce(uri));
            case "redis-cluster", "valkey-cluster" -> RemoteStore.cluster(seeds("redis:", rest));
            case "rediss-cluster", "valkeys-cluster" -> RemoteStore.cluster(seeds("rediss:", rest));
            default ->
                throw new IllegalArgumentException(
                        "a store's URI begins with embedded:, redis://, rediss://, valkey://, redis-sentinel:// or"
                                + " redis-cluster://");
        };
    }

    private static EmbeddedStore embedded(String rest) {
        Matcher matcher = DATABASE.matcher(rest);
        int database = matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
        String directory = rest.replaceFirst("\\?.*", "").replaceFirst("^//(?=/)", "");
        Config config = new Config();
        try {
            config.set("databases", Integer.toString(Math.max(16, database + 1)));
            if (!directory.isEmpty()) {
                Files.createDirectories(Path.of(directory));
                config.set("dir", directory);
                config.set("appendonly", "yes");
            }
        } catch (ConfigException e) {
            throw new IllegalArgumentException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return EmbeddedStore.owning(Holdfast.open(config), database);
    }

    private static RedisURI lettuce(String uri) {
        RedisURI parsed = RedisURI.create(uri);
        if (!uri.contains("timeout=")) {
            parsed.setTimeout(Duration.ofSeconds(TIMEOUT_SECONDS));
        }
        return parsed;
    }

    /** One URI for each host of a list of them. */
    private static List<RedisURI> seeds(String scheme, String rest) {
        String text = rest.startsWith("//") ? rest.substring(2) : rest;
        int at = text.lastIndexOf('@');
        String credentials = text.substring(0, at + 1);
        String afterwards = text.substring(at + 1);
        int end = afterwards.replace('?', '/').indexOf('/');
        String hosts = end < 0 ? afterwards : afterwards.substring(0, end);
        int query = afterwards.indexOf('?');
        List<RedisURI> seeds = new ArrayList<>();
        for (String host : hosts.split(",")) {
            String withPort = SEED.matcher(host).matches() ? host : host + ":6379";
            seeds.add(lettuce(scheme + "//" + credentials + withPort + (query < 0 ? "" : afterwards.substring(query))));
        }
        return seeds;
    }

    /**
     * The URI that the environment names, or null if it names none: the first of HOLDFAST_URI, VALKEY_URL and REDIS_URL that is set,
     * else what VALKEY_HOST, VALKEY_PORT, VALKEY_PASSWORD, VALKEY_DB and VALKEY_USE_TLS say, else the same with REDIS_. A
     * password may also stand in the file that {@code …_PASSWORD_FILE} names.
     */
    public static @Nullable String fromEnvironment(Map<String, String> environment) {
        for (String name : List.of("HOLDFAST_URI", "VALKEY_URL", "REDIS_URL")) {
            String uri = environment.get(name);
            if (uri != null && !uri.isEmpty()) {
                return uri;
            }
        }
        String valkey = fromEnvironment(environment, "VALKEY", 0);
        return valkey != null ? valkey : fromEnvironment(environment, "REDIS", 0);
    }

    /**
     * The URI that the variables under a prefix describe, such as {@code CPE_GUESSER_VALKEY_HOST}, {@code _PORT} and {@code _DB};
     * null if neither host nor port is set.
     */
    public static @Nullable String fromEnvironment(Map<String, String> environment, String prefix, int database) {
        String host = environment.get(prefix + "_HOST");
        String port = environment.get(prefix + "_PORT");
        if (host == null && port == null) {
            return null;
        }
        String tls = environment.getOrDefault(prefix + "_USE_TLS", "false");
        String password = password(environment, prefix);
        return (tls.equalsIgnoreCase("true") || tls.equals("1") ? "rediss://" : "redis://")
                + (password == null
                        ? ""
                        : ":"
                                + URLEncoder.encode(password, StandardCharsets.UTF_8)
                                        .replace("+", "%20") + "@")
                + (host == null ? "localhost" : host)
                + ":"
                + (port == null ? "6379" : port)
                + "/"
                + environment.getOrDefault(prefix + "_DB", Integer.toString(database));
    }

    private static @Nullable String password(Map<String, String> environment, String prefix) {
        String file = environment.get(prefix + "_PASSWORD_FILE");
        String password = environment.get(prefix + "_PASSWORD");
        try {
            String found =
                    file == null ? password : Files.readString(Path.of(file)).strip();
            return found == null || found.isEmpty() ? null : found;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The URI without its password, for logs. */
    public static String withoutPassword(String uri) {
        return URI.create(uri).getRawUserInfo() == null ? uri : uri.replaceFirst("//[^@]*@", "//***@");
    }
}
