package dev.holdfast.engine.acl;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What was denied, and to which user, for {@code ACL LOG}: the latest first, the same thing within a minute counted in one entry. */
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
     * @param client the id of the client that was denied last
     * @param clientInfo its line of {@code CLIENT LIST}, at the latest a second old when it was denied
     */
    public record Entry(
            long id,
            long count,
            AclDenial.Reason reason,
            Context context,
            String object,
            String user,
            long client,
            String clientInfo,
            long describedMillis,
            long createdMillis,
            long updatedMillis) {
        private Entry again(long by, Supplier<String> info, long now) {
            // A client's line costs more than all the rest, and a storm is of one client or few.
            boolean isFresh = client == by && Math.abs(now - describedMillis) < DESCRIBED_FOR_MILLIS;
            return new Entry(
                    id,
                    count + 1,
                    reason,
                    context,
                    object,
                    user,
                    by,
                    isFresh ? clientInfo : info.get(),
                    isFresh ? describedMillis : now,
                    createdMillis,
                    now);
        }
    }

    private static final long GROUPING_MILLIS = 60_000;

    private static final long DESCRIBED_FOR_MILLIS = 1000;

    /** How many of the latest entries are looked at for one that is like a new one. */
    private static final int LOOK_BACK = 10;

    private final Deque<Entry> entries = new ArrayDeque<>();
    private long nextId;

    synchronized void add(
            AclDenial.Reason reason,
            Context context,
            String object,
            String user,
            long client,
            Supplier<String> clientInfo,
            long now,
            long maxLength) {
        if (maxLength == 0) {
            entries.clear();
            return;
        }
        Entry like = takeLike(reason, context, object, user, now);
        if (like != null) {
            entries.addFirst(like.again(client, clientInfo, now));
            return;
        }
        entries.addFirst(
                new Entry(nextId++, 1, reason, context, object, user, client, clientInfo.get(), now, now, now));
        while (entries.size() > maxLength) {
            entries.removeLast();
        }
    }

    private @Nullable Entry takeLike(AclDenial.Reason reason, Context context, String object, String user, long now) {
        int looked = 0;
        for (Iterator<Entry> each = entries.iterator(); each.hasNext() && looked < LOOK_BACK; looked++) {
            Entry old = each.next();
            if (old.reason == reason
                    && old.context == context
                    && Math.abs(now - old.updatedMillis) <= GROUPING_MILLIS
                    && old.object.equals(object)
                    && old.user.equals(user)) {
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
