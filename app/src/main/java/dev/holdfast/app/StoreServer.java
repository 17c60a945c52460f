package dev.holdfast.app;

import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.CommandFailedException;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import dev.holdfast.toolkit.store.StoreUri;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A server that is administered: its databases, and what it tells of itself. */
final class StoreServer implements AutoCloseable {
    /** For values that take long to read. */
    private static final String PATIENCE = "timeout=60s";

    private final String uri;
    private final Map<Integer, Store> databases = new HashMap<>();

    /** @throws RuntimeException if there is none */
    StoreServer(String uri) {
        boolean patient = uri.contains("timeout=");
        this.uri = patient ? uri : uri + (uri.contains("?") ? "&" : "?") + PATIENCE;
        database(0);
    }

    Store database(int number) {
        return databases.computeIfAbsent(number, index -> StoreUri.open(StoreUri.withDatabase(uri, index)));
    }

    /** The URI without its password. */
    @Override
    public String toString() {
        return StoreUri.withoutPassword(uri).replaceFirst("[?&]" + PATIENCE, "");
    }

    // ---- what its URI says ----

    private URI parsed() {
        return URI.create(uri);
    }

    String host() {
        return parsed().getHost();
    }

    int port() {
        return parsed().getPort() < 0 ? 6379 : parsed().getPort();
    }

    boolean isEncrypted() {
        return uri.startsWith("rediss:") || uri.startsWith("valkeys:");
    }

    /** The name of the user to log in as; empty for the default one. */
    String user() {
        return credential(0);
    }

    String password() {
        return credential(1);
    }

    private String credential(int index) {
        String both = parsed().getRawUserInfo();
        if (both == null) {
            return "";
        }
        String[] parts = both.split(":", 2);
        return parts.length < 2 ? "" : URLDecoder.decode(parts[index].replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    // ---- what it says ----

    Reply call(String command, Object... words) {
        return database(0).call(Command.of(command, words)).orThrow();
    }

    /** The same, but nothing where the server refuses the command or does not know it. */
    Optional<Reply> tryCall(String command, Object... words) {
        try {
            return Optional.of(call(command, words));
        } catch (CommandFailedException e) {
            return Optional.empty();
        }
    }

    /** The fields of a section of INFO. */
    Map<String, String> info(String section) {
        Map<String, String> fields = new HashMap<>();
        for (String line : call("INFO", section).text().split("\r?\n")) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                fields.put(line.substring(0, colon), line.substring(colon + 1));
            }
        }
        return fields;
    }

    String info(String section, String field) {
        return info(section).getOrDefault(field, "");
    }

    @Nullable
    String parameter(String name) {
        return tryCall("CONFIG", "GET", name)
                .map(reply -> reply.field(name).textOrNull())
                .orElse(null);
    }

    void setParameter(String name, String value) {
        call("CONFIG", "SET", name, value);
    }

    /** Which databases hold keys. */
    SortedSet<Integer> usedDatabases() {
        SortedSet<Integer> used = new TreeSet<>();
        for (String name : info("keyspace").keySet()) {
            if (name.matches("db\\d{1,9}")) {
                used.add(Integer.parseInt(name.substring(2)));
            }
        }
        return used;
    }

    long keys() {
        return info("keyspace").entrySet().stream()
                .filter(entry -> entry.getKey().matches("db\\d{1,9}"))
                .mapToLong(entry -> Long.parseLong(entry.getValue().replaceFirst("keys=(\\d+).*", "$1")))
                .sum();
    }

    /** Whether it is a Valkey, or behaves like one, of at least this version, such as 9.0. */
    boolean isValkeySince(int major) {
        String version = info("server", "valkey_version");
        return !version.isEmpty() && Integer.parseInt(version.split("\\.")[0]) >= major;
    }

    boolean isHoldfast() {
        return info("server", "redis_build_id").equals("holdfast");
    }

    /** The product and its version. */
    String product() {
        Map<String, String> server = info("server");
        String valkey = server.get("valkey_version");
        return isHoldfast()
                ? "Holdfast (as Valkey " + valkey + ")"
                : valkey != null ? "Valkey " + valkey : "Redis " + server.get("redis_version");
    }

    boolean isPrimary() {
        return info("replication", "role").equals("master");
    }

    @Override
    public void close() {
        databases.values().forEach(Store::close);
    }
}
