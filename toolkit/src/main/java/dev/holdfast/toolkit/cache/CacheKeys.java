package dev.holdfast.toolkit.cache;

import java.nio.charset.StandardCharsets;

/**
 * The names of a cache's keys. A value is one key and no step touches two, so keys need no hash tags: on a cluster the
 * entries of a cache spread over all nodes.
 *
 * <pre>
 * cache:users:42             the entry 42 of the cache users; the prefix can be chosen
 * cache:tags:german          the keys of all entries with the tag german, a set
 * cache:tag-versions:german  the version of that tag, where tags are versions
 * </pre>
 */
final class CacheKeys {
    static final String TAG_MEMBERS = "cache:tags:";
    static final String TAG_VERSIONS = "cache:tag-versions:";

    private final String prefix;

    CacheKeys(String prefix) {
        if (TAG_MEMBERS.startsWith(prefix) && prefix.length() > "cache:".length() || TAG_VERSIONS.equals(prefix)) {
            throw new IllegalArgumentException("tags are kept under " + prefix);
        }
        this.prefix = prefix;
    }

    String prefix() {
        return prefix;
    }

    byte[] entry(String key) {
        return (prefix + key).getBytes(StandardCharsets.UTF_8);
    }

    /** The cache's key of a store's key, which begins with the prefix. */
    String key(byte[] entry) {
        return new String(entry, StandardCharsets.UTF_8).substring(prefix.length());
    }

    /** A glob pattern for the keys of entries whose own names match {@code pattern}. */
    String pattern(String pattern) {
        return prefix.replaceAll("([\\\\*?\\[\\]])", "\\\\$1") + pattern;
    }
}
