package dev.holdfast.relay.auth;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Someone who may log in.
 *
 * @param email empty for none
 * @param permissions of {@code admin}, {@code read}, {@code write}
 * @param tokensAfterMillis tokens that were issued before this moment are void
 */
public record User(
        String id,
        String name,
        String email,
        String passwordHash,
        boolean active,
        String createdAt,
        Set<String> permissions,
        long tokensAfterMillis) {
    public static final String ADMIN = "admin";
    public static final String READ = "read";
    public static final String WRITE = "write";

    public boolean may(String permission) {
        return permissions.contains(permission);
    }

    /** The user with those permissions that are among some. */
    User limitedTo(Set<String> some) {
        Set<String> both = new TreeSet<>(permissions);
        both.retainAll(some);
        return new User(id, name, email, passwordHash, active, createdAt, Set.copyOf(both), tokensAfterMillis);
    }

    /** What others get to see. */
    Map<String, @Nullable Object> page(Set<String> ownedTopics) {
        Map<String, @Nullable Object> page = new LinkedHashMap<>();
        page.put("user_id", id);
        page.put("username", name);
        page.put("email", email.isEmpty() ? null : email);
        page.put("is_active", active);
        page.put("created_at", createdAt);
        page.put("permissions", new TreeSet<>(permissions));
        page.put("owned_topics", new TreeSet<>(ownedTopics));
        return page;
    }
}
