package dev.holdfast.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The common commands for streams. Text is taken and given as UTF-8. Each method is the command of the same name, whose manual
 * applies.
 */
public abstract sealed class StreamCalls extends CollectionCalls permits Holdfast, Connection {
    StreamCalls() {}

    /** Adds an entry. Returns its id. */
    public String xadd(String key, Map<String, String> fields) {
        return added(Words.withFields(fields, key, "*"));
    }

    /** As {@link #xadd(String, Map)}, and lets the oldest entries go where there are more than about so many. */
    public String xadd(String key, Map<String, String> fields, long maxLength) {
        return added(Words.withFields(fields, key, "MAXLEN", "~", maxLength, "*"));
    }

    private String added(Object... words) {
        String id = text("XADD", words);
        if (id == null) {
            throw new IllegalStateException("no id was given");
        }
        return id;
    }

    public long xlen(String key) {
        return integer("XLEN", key);
    }

    /** Returns how many of the entries there were. */
    public long xdel(String key, String... ids) {
        return integer("XDEL", words(key, (Object[]) ids));
    }

    /** Lets the oldest entries go until there are at most so many. Returns how many went. */
    public long xtrim(String key, long maxLength) {
        return integer("XTRIM", key, "MAXLEN", maxLength);
    }

    /** The entries between two ids, both included; {@code -} is before all, {@code +} behind. */
    public List<StreamEntry> xrange(String key, String from, String to) {
        return entries(call("XRANGE", key, from, to));
    }

    /** The first so many of the entries between two ids. */
    public List<StreamEntry> xrange(String key, String from, String to, long count) {
        return entries(call("XRANGE", key, from, to, "COUNT", count));
    }

    /** The last so many of the entries between two ids, the last first. */
    public List<StreamEntry> xrevrange(String key, String to, String from, long count) {
        return entries(call("XREVRANGE", key, to, from, "COUNT", count));
    }

    /** At most so many entries behind an id; {@code 0} is before all. */
    public List<StreamEntry> xread(String key, String after, long count) {
        return entriesOf(key, call("XREAD", "COUNT", count, "STREAMS", key, after));
    }

    /**
     * As {@link #xread(String, String, long)}, and waits where there is none.
     *
     * @param after {@code $} for entries that come from now on
     * @param timeout how long at the most; zero means for ever
     * @return none when the time is over
     */
    public List<StreamEntry> xread(String key, String after, long count, Duration timeout) {
        return entriesOf(key, call("XREAD", "COUNT", count, "BLOCK", Words.timeout(timeout), "STREAMS", key, after));
    }

    /**
     * Makes a group of consumers, and the stream if need be.
     *
     * @param after the id behind which it begins to read; {@code 0} is before all, {@code $} behind what is there
     * @throws ErrorReplyException with the code BUSYGROUP if there is one of that name
     */
    public void xgroupCreate(String key, String group, String after) {
        call("XGROUP", "CREATE", key, group, after, "MKSTREAM");
    }

    /** At most so many entries that no consumer of the group has got yet. They are pending until {@link #xack}. */
    public List<StreamEntry> xreadGroup(String key, String group, String consumer, long count) {
        return entriesOf(key, call("XREADGROUP", "GROUP", group, consumer, "COUNT", count, "STREAMS", key, ">"));
    }

    /**
     * As {@link #xreadGroup(String, String, String, long)}, and waits where there is none.
     *
     * @param timeout how long at the most; zero means for ever
     * @return none when the time is over
     */
    public List<StreamEntry> xreadGroup(String key, String group, String consumer, long count, Duration timeout) {
        return entriesOf(
                key,
                call(
                        "XREADGROUP",
                        "GROUP",
                        group,
                        consumer,
                        "COUNT",
                        count,
                        "BLOCK",
                        Words.timeout(timeout),
                        "STREAMS",
                        key,
                        ">"));
    }

    /** Says that entries have been dealt with. Returns how many of them were pending. */
    public long xack(String key, String group, String... ids) {
        Object[] words = new Object[ids.length + 2];
        words[0] = key;
        words[1] = group;
        System.arraycopy(ids, 0, words, 2, ids.length);
        return integer("XACK", words);
    }

    private static List<StreamEntry> entriesOf(String key, @Nullable Object answer) {
        return answer instanceof Map<?, ?> streams ? entries(streams.get(key)) : List.of();
    }

    private static List<StreamEntry> entries(@Nullable Object answer) {
        List<StreamEntry> entries = new ArrayList<>();
        if (answer instanceof List<?> list) {
            for (Object element : list) {
                List<?> pair = (List<?>) element;
                entries.add(new StreamEntry(Words.text((byte[]) pair.get(0)), fields(pair.get(1))));
            }
        }
        return entries;
    }

    private static Map<String, String> fields(@Nullable Object answer) {
        Map<String, String> fields = new LinkedHashMap<>();
        if (answer instanceof List<?> words) {
            for (int i = 0; i + 1 < words.size(); i += 2) {
                fields.put(Words.text((byte[]) words.get(i)), Words.text((byte[]) words.get(i + 1)));
            }
        }
        return fields;
    }
}
