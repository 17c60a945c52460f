package dev.holdfast.relay.auth;

import dev.holdfast.toolkit.store.Reply;
import dev.holdfast.toolkit.store.Store;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Keys for machines: each lets its holder do some of what its user may, until it ends or is revoked. A key is {@code hf_id_secret};
 * only the secret's digest is kept.
 *
 * <pre>
 * apikey:{id}             hash: user_id, name, secret_hash, permissions, created_at, expires_at (milliseconds, 0 for never)
 * user:{id}:api_keys      set of the ids of a user's keys
 * </pre>
 */
final class ApiKeys {
    static final int MOST_PER_USER = 100;
    private static final String PREFIX = "hf_";
    private static final int SECRET_BYTES = 32;

    private final Store store;
    private final SecureRandom random = new SecureRandom();

    /** A key that was found good. */
    record Key(String id, String userId, Set<String> permissions, long expiresMillis) implements Credential {}

    /** A key that has just been made, and the text that its holder sends. */
    record Made(String id, String text) {}

    ApiKeys(Store store) {
        this.store = store;
    }

    /** Whether text looks like a key, not like a token. */
    static boolean isKey(String text) {
        return text.startsWith(PREFIX);
    }

    private String key(String id) {
        return store.namespace() + "apikey:" + id;
    }

    private String listKey(String userId) {
        return store.namespace() + "user:" + userId + ":api_keys";
    }

    /**
     * Makes a key.
     *
     * @param lifetime null for one that does not end
     * @return null if the user has as many as may be
     */
    @Nullable
    Made create(String userId, String name, Set<String> permissions, @Nullable Duration lifetime) {
        if (store.call("SCARD", listKey(userId)).number() >= MOST_PER_USER) {
            return null;
        }
        String id = UUID.randomUUID().toString().replace("-", "");
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        String secret = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        long now = store.millis();
        store.call(
                "HSET",
                key(id),
                "user_id",
                userId,
                "name",
                name,
                "secret_hash",
                Tokens.sha256(secret),
                "permissions",
                String.join(" ", new TreeSet<>(permissions)),
                "created_at",
                Instant.ofEpochMilli(now).toString(),
                "expires_at",
                lifetime == null ? 0 : now + lifetime.toMillis());
        if (lifetime != null) {
            store.call("PEXPIRE", key(id), lifetime.toMillis());
        }
        store.call("SADD", listKey(userId), id);
        return new Made(id, PREFIX + id + "_" + secret);
    }

    /** What a key stands for, or null if it is none, is over, or has been revoked. */
    @Nullable
    Key verify(String text) {
        int end = text.indexOf('_', PREFIX.length());
        if (!isKey(text) || end < 0) {
            return null;
        }
        String id = text.substring(PREFIX.length(), end);
        List<Reply> fields = store.call("HMGET", key(id), "secret_hash", "user_id", "permissions", "expires_at")
                .list();
        if (fields.stream().anyMatch(Reply::isNull)
                || !MessageDigest.isEqual(
                        fields.get(0).text().getBytes(StandardCharsets.US_ASCII),
                        Tokens.sha256(text.substring(end + 1)).getBytes(StandardCharsets.US_ASCII))) {
            return null;
        }
        Key found = new Key(
                id,
                fields.get(1).text(),
                Set.of(fields.get(2).text().split(" ")),
                Long.parseLong(fields.get(3).text()));
        return isOver(found) ? null : found;
    }

    private boolean isOver(Key key) {
        return key.expiresMillis != 0 && key.expiresMillis <= store.millis();
    }

    /** Whether a key has ended or been revoked since it was found good. */
    boolean isVoid(Key key) {
        return isOver(key) || !store.call("EXISTS", key(key.id)).flag();
    }

    /** The keys of a user, without their secrets. */
    List<Map<String, @Nullable Object>> list(String userId) {
        List<Map<String, @Nullable Object>> pages = new ArrayList<>();
        for (String id : store.call("SMEMBERS", listKey(userId)).texts()) {
            List<Reply> fields = store.call("HMGET", key(id), "name", "permissions", "created_at", "expires_at")
                    .list();
            if (fields.stream().anyMatch(Reply::isNull)) {
                store.call("SREM", listKey(userId), id);
                continue;
            }
            long expires = Long.parseLong(fields.get(3).text());
            Map<String, @Nullable Object> page = new LinkedHashMap<>();
            page.put("key_id", id);
            page.put("name", fields.get(0).text());
            page.put("permissions", List.of(fields.get(1).text().split(" ")));
            page.put("created_at", fields.get(2).text());
            page.put(
                    "expires_at",
                    expires == 0 ? null : Instant.ofEpochMilli(expires).toString());
            pages.add(page);
        }
        return pages;
    }

    /** Revokes a key. Returns whether the user had it. */
    boolean revoke(String userId, String id) {
        boolean had = store.call("SREM", listKey(userId), id).flag();
        if (had) {
            store.call("DEL", key(id));
        }
        return had;
    }

    /** Revokes all keys of a user. */
    void revokeAll(String userId) {
        store.call("SMEMBERS", listKey(userId)).texts().forEach(id -> revoke(userId, id));
    }
}
