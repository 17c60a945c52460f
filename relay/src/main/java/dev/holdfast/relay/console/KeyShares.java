package dev.holdfast.relay.console;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** Keys and their bytes by what their names begin with. Not for several threads. */
public final class KeyShares {
    /** How many prefixes are counted separately at most; keys with further ones are counted together. */
    private static final int MOST_PREFIXES = 100_000;

    private final String separator;
    private final int depth;
    private final Map<String, Share> shares = new TreeMap<>();
    private final Share all = new Share();

    /** What is known of the keys that begin alike. */
    public static final class Share {
        private final Map<String, Long> types = new TreeMap<>();
        private long keys;
        private long bytes;
        private long expiring;

        Share() {}

        void add(String type, long size, boolean expires) {
            types.merge(type, 1L, Long::sum);
            keys++;
            bytes += size;
            expiring += expires ? 1 : 0;
        }

        public long keys() {
            return keys;
        }

        public long bytes() {
            return bytes;
        }

        /** How many keys of them have a time to live. */
        public long expiring() {
            return expiring;
        }

        public Map<String, Long> types() {
            return types;
        }

        /** For JSON. */
        public Map<String, Object> asMap() {
            return Map.of("keys", keys, "bytes", bytes, "expiring", expiring, "types", new TreeMap<>(types));
        }
    }

    /**
     * @param separator what parts of a name are joined by
     * @param depth how many parts of a name make a prefix
     */
    public KeyShares(String separator, int depth) {
        this.separator = separator;
        this.depth = depth;
    }

    public void add(String key, String type, long bytes, boolean expires) {
        String prefix = prefix(key);
        boolean counted = shares.containsKey(prefix) || shares.size() < MOST_PREFIXES;
        shares.computeIfAbsent(counted ? prefix : "(others)", name -> new Share())
                .add(type, bytes, expires);
        all.add(type, bytes, expires);
    }

    /** The first parts of a name, with a star for what follows; a name of one part as a whole. */
    public String prefix(String key) {
        String[] parts = key.split(Pattern.quote(separator), depth + 1);
        int rest = parts[parts.length - 1].length();
        return parts.length == 1 && depth > 0 ? key : key.substring(0, key.length() - rest) + "*";
    }

    public Map<String, Share> shares() {
        return shares;
    }

    public Share all() {
        return all;
    }
}
