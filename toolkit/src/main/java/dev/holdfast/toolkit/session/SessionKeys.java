package dev.holdfast.toolkit.session;

import dev.holdfast.toolkit.pattern.Context;
import java.util.regex.Pattern;

/**
 * The names of keys.
 *
 * <pre>
 * session:{3f9c…}b07d…     a session, a hash; its id is 3f9c….b07d…
 * session:of:anna          the ids of anna's sessions by the time when they expire, a sorted set
 * </pre>
 *
 * <p>An id has two halves, each of 32 random hexadecimal digits. The first is the hash tag and stays when the id is rotated, so
 * that the old key and the new lie in one slot and the step from one to the other is atomic on a cluster too.
 */
final class SessionKeys {
    private static final Pattern ID = Pattern.compile("[0-9a-f]{32}\\.[0-9a-f]{32}");
    private static final int HALF = 32;

    private final String prefix;

    SessionKeys(String prefix) {
        this.prefix = prefix;
    }

    static String newId() {
        return Context.id() + "." + Context.id();
    }

    /** Another id in the same slot. */
    static String rotated(String id) {
        return id.substring(0, HALF) + "." + Context.id();
    }

    /** Whether text that a browser has sent can be an id. */
    static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    String session(String id) {
        return prefix + "{" + id.substring(0, HALF) + "}" + id.substring(HALF + 1);
    }

    /** The id that a session's key was made of. */
    String id(String key) {
        String halves = key.substring(prefix.length());
        return halves.substring(1, HALF + 1) + "." + halves.substring(HALF + 2);
    }

    String of(String principal) {
        return prefix + "of:" + principal;
    }

    /** A glob pattern for all sessions. */
    String all() {
        return prefix.replaceAll("([\\\\*?\\[\\]])", "\\\\$1") + "{*";
    }
}
