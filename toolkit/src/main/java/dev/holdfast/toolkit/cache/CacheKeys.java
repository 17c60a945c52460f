package dev.holdfast.toolkit.cache;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * The names of a cache's keys. A value is one key and no step touches two, so keys need no hash tags: on a cluster the
 * entries of a cache spread over all nodes.
 *
 * <pre>
 * cache:users:42        the entry 42 of the cache users; the prefix can be chosen
 * cache:tags:german     the keys of all entries with the tag german, a set
 * cache-tag:german      the version of that tag, where tags are versions
 * </pre>
 *
 * <p>A colon in a cache's name is written {@code %3A}, so that no cache's entries are among another's.
 */
final class CacheKeys {
    static final String TAG_MEMBERS = "cache:tags:";
    static final String TAG_VERSIONS = "cache-tag:";

    private static final Pattern LIKE_ESCAPED = Pattern.compile("%(?=3A|25)");

    private final String prefix;

    CacheKeys(String prefix) {
        if (TAG_MEMBERS.startsWith(prefix) && prefix.length() > "cache:".length() || prefix.startsWith(TAG_VERSIONS)) {
            throw new IllegalArgumentException("tags are kept under " + prefix);
        }
        this.prefix = prefix;
    }

    /** What the keys of a cache begin with that has no other prefix. */
    static String prefixOf(String name) {
        return "cache:" + LIKE_ESCAPED.matcher(name).replaceAll("%25").replace(":", "%3A") + ":";
    }

    /** The keys of the caches of one context. */
    static final class Known {
        private final Set<CacheKeys> all = ConcurrentHashMap.newKeySet();

        void add(CacheKeys keys) {
            all.add(keys);
        }

        void remove(CacheKeys keys) {
            all.remove(keys);
        }

        /** Whether a key that begins with a prefix is an entry of the cache that has it, and of none whose prefix is longer. */
        boolean isOwn(CacheKeys owner, byte[] entry) {
            if (startsWith(entry, TAG_MEMBERS)) {
                return false;
            }
            for (CacheKeys other : all) {
                if (other.prefix.length() > owner.prefix.length() && startsWith(entry, other.prefix)) {
                    return false;
                }
            }
            return true;
        }

        private static boolean startsWith(byte[] entry, String prefix) {
            byte[] bytes = prefix.getBytes(StandardCharsets.UTF_8);
            return entry.length >= bytes.length && Arrays.equals(entry, 0, bytes.length, bytes, 0, bytes.length);
        }
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
