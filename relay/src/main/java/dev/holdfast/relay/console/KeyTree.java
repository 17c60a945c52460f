package dev.holdfast.relay.console;

import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keys and their bytes as a tree of the parts of their names. Totals are exact. So is each branch that is there; where there are
 * too many, keys of further ones count as its parent's others.
 */
final class KeyTree {
    static final char SEPARATOR = ':';
    private static final int MOST_DEPTH = 8;
    private static final int MOST_BRANCHES = 60_000;
    private static final int MOST_OF_ONE = 5_000;
    private static final int LONGEST_PART = 200;

    private final Branch root = new Branch();
    private int branches;

    private static final class Branch {
        final KeyShares.Share share = new KeyShares.Share();
        final Map<String, Branch> children = new HashMap<>();
        /** Keys of children that are not kept. */
        long others;
    }

    synchronized void add(String key, String type, long bytes, boolean expires) {
        Branch at = root;
        at.share.add(type, bytes, expires);
        int begin = 0;
        for (int depth = 0; depth < MOST_DEPTH; depth++) {
            int end = key.indexOf(SEPARATOR, begin);
            if (end < 0 || end - begin > LONGEST_PART) {
                return;
            }
            String part = key.substring(begin, end);
            Branch child = at.children.get(part);
            if (child == null) {
                if (branches >= MOST_BRANCHES || at.children.size() >= MOST_OF_ONE) {
                    at.others++;
                    return;
                }
                child = new Branch();
                branches++;
                at.children.put(part, child);
            }
            child.share.add(type, bytes, expires);
            at = child;
            begin = end + 1;
        }
    }

    /**
     * A branch with its largest children, or null if there is none.
     *
     * @param prefix empty for the root, else with a separator at the end
     */
    synchronized @Nullable Map<String, Object> page(String prefix, boolean byBytes, int most) {
        Branch at = root;
        int begin = 0;
        while (begin < prefix.length()) {
            int end = prefix.indexOf(SEPARATOR, begin);
            Branch child = end < 0 ? null : at.children.get(prefix.substring(begin, end));
            if (child == null) {
                return null;
            }
            at = child;
            begin = end + 1;
        }
        Comparator<Map.Entry<String, Branch>> size = Comparator.comparingLong(entry -> byBytes
                ? -entry.getValue().share.bytes()
                : -entry.getValue().share.keys());
        List<Map<String, Object>> children = at.children.entrySet().stream()
                .sorted(size.thenComparing(Map.Entry.comparingByKey()))
                .limit(most)
                .map(entry -> {
                    Map<String, Object> child = new LinkedHashMap<>();
                    child.put("prefix", prefix + entry.getKey() + SEPARATOR);
                    child.putAll(entry.getValue().share.asMap());
                    child.put("branches", entry.getValue().children.size());
                    return child;
                })
                .toList();
        Map<String, Object> page = new LinkedHashMap<>(at.share.asMap());
        page.put("prefix", prefix);
        page.put("children", children);
        page.put("more_children", at.children.size() - children.size());
        page.put("others", at.others);
        page.put(
                "own",
                at.share.keys()
                        - at.others
                        - at.children.values().stream()
                                .mapToLong(child -> child.share.keys())
                                .sum());
        return page;
    }
}
