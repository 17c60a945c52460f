package dev.holdfast.engine.acl;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What was denied to whom, for {@code ACL LOG}: the latest first, the same thing within a minute counted in one entry. */
public final class AclLog {
    /** Where the command came from. */
    public enum Context {
        TOPLEVEL("toplevel"),
        MULTI("multi"),
        LUA("lua"),
        SCRIPT("script");

        private final String shown;

        Context(String shown) {
            this.shown = shown;
        }

        public String shown() {
            return shown;
        }
    }

    /**
     * An entry.
     *
     * @param object the command, key, channel or database that was denied; bytes, one to a character, as the user's name
     * @param clientInfo the line of {@code CLIENT LIST} of the client that was denied last
     */
    public record Entry(
            long id,
            long count,
            AclDenial.Reason reason,
            Context context,
            String object,
            String user,
            String clientInfo,
            long createdMillis,
            long updatedMillis) {
        private boolean isLike(Entry other) {
            return reason == other.reason
                    && context == other.context
                    && Math.abs(updatedMillis - other.updatedMillis) <= GROUPING_MILLIS
                    && object.equals(other.object)
                    && user.equals(other.user);
        }

        private Entry again(Entry last) {
            return new Entry(
                    id, count + 1, reason, context, object, user, last.clientInfo, createdMillis, last.updatedMillis);
        }
    }

    private static final long GROUPING_MILLIS = 60_000;

    /** How many of the latest entries are looked at for one that is like a new one. */
    private static final int LOOK_BACK = 10;

    private final Deque<Entry> entries = new ArrayDeque<>();
    private long nextId;

    synchronized void add(
            AclDenial.Reason reason,
            Context context,
            String object,
            String user,
            String clientInfo,
            long now,
            long maxLength) {
        if (maxLength == 0) {
            entries.clear();
            return;
        }
        Entry entry = new Entry(nextId, 1, reason, context, object, user, clientInfo, now, now);
        Entry like = takeLike(entry);
        if (like != null) {
            entries.addFirst(like.again(entry));
            return;
        }
        nextId++;
        entries.addFirst(entry);
        while (entries.size() > maxLength) {
            entries.removeLast();
        }
    }

    private @Nullable Entry takeLike(Entry entry) {
        int looked = 0;
        for (Iterator<Entry> each = entries.iterator(); each.hasNext() && looked < LOOK_BACK; looked++) {
            Entry old = each.next();
            if (old.isLike(entry)) {
                each.remove();
                return old;
            }
        }
        return null;
    }

    /** The latest entries. */
    public synchronized List<Entry> latest(long count) {
        List<Entry> latest = new ArrayList<>();
        for (Entry entry : entries) {
            if (latest.size() >= count) {
                break;
            }
            latest.add(entry);
        }
        return latest;
    }

    public synchronized void clear() {
        entries.clear();
    }
}
