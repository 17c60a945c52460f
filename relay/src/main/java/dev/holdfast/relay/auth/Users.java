package dev.holdfast.relay.auth;

import dev.holdfast.relay.http.Json;
import dev.holdfast.toolkit.store.Command;
import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The users in the store, in the keys that pulsar-relay has them in:
 *
 * <pre>
 * user:{id}              hash: user_id, username, email, hashed_password, is_active, created_at, permissions, tokens_after
 * user:username_index    hash: name to id
 * user:{id}:owned_topics set of the names of the user's topics
 * </pre>
 */
public final class Users {
    private static final String INDEX = "user:username_index";

    private final Store store;

    public Users(Store store) {
        this.store = store;
    }

    private String key(String id) {
        return store.namespace() + "user:" + id;
    }

    private String index() {
        return store.namespace() + INDEX;
    }

    /** The key of the set of a user's topics. */
    public String ownedTopicsKey(String id) {
        return key(id) + ":owned_topics";
    }

    public @Nullable User byId(String id) {
        return user(id, store.call(reading(id)));
    }

    /** What reads a user, whom {@link #user} makes of the answer. */
    Command reading(String id) {
        return Command.of("HGETALL", key(id));
    }

    @Nullable
    User user(String id, Reply answer) {
        Map<String, Reply> fields = answer.orThrow().map();
        if (!fields.containsKey("user_id")) {
            return null;
        }
        Set<String> permissions = new TreeSet<>();
        for (JsonNode permission : Json.read(text(fields, "permissions", "[]").getBytes(StandardCharsets.UTF_8))) {
            permissions.add(permission.asString());
        }
        return new User(
                id,
                text(fields, "username", ""),
                text(fields, "email", ""),
                text(fields, "hashed_password", ""),
                text(fields, "is_active", "").equalsIgnoreCase("true"),
                text(fields, "created_at", ""),
                Set.copyOf(permissions),
                Long.parseLong(text(fields, "tokens_after", "0")));
    }

    private static String text(Map<String, Reply> fields, String name, String otherwise) {
        Reply value = fields.get(name);
        return value == null ? otherwise : value.text();
    }

    public @Nullable User byName(String name) {
        String id = store.call("HGET", index(), name).textOrNull();
        return id == null ? null : byId(id);
    }

    /** The ids of all users. */
    public List<String> ids() {
        return store.call("HVALS", index()).texts();
    }

    List<User> all() {
        List<User> users = new ArrayList<>();
        for (String id : ids()) {
            User user = byId(id);
            if (user != null) {
                users.add(user);
            }
        }
        return users;
    }

    Set<String> ownedTopics(User user) {
        return Set.copyOf(store.call("SMEMBERS", ownedTopicsKey(user.id())).texts());
    }

    /**
     * Adds a user.
     *
     * @return the user, or null if the name is taken
     */
    @Nullable
    User create(String name, String email, String passwordHash, Set<String> permissions) {
        String id = UUID.randomUUID().toString();
        // The name comes first: of two who want it, one gets it.
        if (!store.call("HSETNX", index(), name, id).flag()) {
            return null;
        }
        User user = new User(
                id,
                name,
                email,
                passwordHash,
                true,
                Instant.ofEpochMilli(store.millis()).toString(),
                permissions,
                0);
        save(user);
        return user;
    }

    void save(User user) {
        store.call(
                "HSET",
                key(user.id()),
                "user_id",
                user.id(),
                "username",
                user.name(),
                "email",
                user.email(),
                "hashed_password",
                user.passwordHash(),
                "is_active",
                user.active() ? "True" : "False",
                "created_at",
                user.createdAt(),
                "permissions",
                Json.write(new TreeSet<>(user.permissions())),
                "tokens_after",
                user.tokensAfterMillis());
    }

    /** Removes a user. The messages of the user's topics stay until an administrator removes them. */
    void delete(User user) {
        store.call("DEL", key(user.id()));
        store.call("HDEL", index(), user.name());
    }
}
