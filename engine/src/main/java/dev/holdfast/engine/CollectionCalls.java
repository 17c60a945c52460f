package dev.holdfast.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The common commands for hashes, lists, sets and sorted sets. Text is taken and given as UTF-8. Each method is the command of
 * the same name, whose manual applies.
 */
public abstract sealed class CollectionCalls extends StringCalls permits StreamCalls {
    CollectionCalls() {}

    // ---- hashes ----

    public byte @Nullable [] hget(byte[] key, byte[] field) {
        return bytes(Verb.HGET, key, field);
    }

    public @Nullable String hget(String key, String field) {
        return Words.textOrNull(bytes(Verb.HGET, Words.utf8(key), Words.utf8(field)));
    }

    /** Sets a field. Returns whether it is new. */
    public boolean hset(byte[] key, byte[] field, byte[] value) {
        return integer(Verb.HSET, key, field, value) == 1;
    }

    /** Sets a field. Returns whether it is new. */
    public boolean hset(String key, String field, String value) {
        return hset(Words.utf8(key), Words.utf8(field), Words.utf8(value));
    }

    /** Sets several fields. Returns how many are new. */
    public long hset(String key, Map<String, String> fields) {
        return integer("HSET", Words.withFields(fields, key));
    }

    /** The values of several fields in their order, null for those without. */
    public List<@Nullable String> hmget(String key, String... fields) {
        return textsOrNulls("HMGET", words(key, (Object[]) fields));
    }

    /** The values of several fields in their order, null for those without. */
    public List<byte @Nullable []> hmget(byte[] key, byte[]... fields) {
        return byteStrings("HMGET", (Object[]) words(key, fields));
    }

    public Map<String, String> hgetAll(String key) {
        return textMap("HGETALL", key);
    }

    /** Returns how many of the fields there were. */
    public long hdel(String key, String... fields) {
        return integer("HDEL", words(key, (Object[]) fields));
    }

    /** Returns how many of the fields there were. */
    public long hdel(byte[] key, byte[]... fields) {
        return integer("HDEL", (Object[]) words(key, fields));
    }

    public boolean hexists(String key, String field) {
        return integer("HEXISTS", key, field) == 1;
    }

    public boolean hexists(byte[] key, byte[] field) {
        return integer("HEXISTS", key, field) == 1;
    }

    public long hincrBy(String key, String field, long increment) {
        return integer("HINCRBY", key, field, increment);
    }

    public long hincrBy(byte[] key, byte[] field, long increment) {
        return integer("HINCRBY", key, field, increment);
    }

    public long hlen(String key) {
        return integer("HLEN", key);
    }

    public long hlen(byte[] key) {
        return integer("HLEN", key);
    }

    // ---- lists ----

    /** Returns the new length. */
    public long lpush(byte[] key, byte[]... elements) {
        return integer(Verb.LPUSH, words(key, elements));
    }

    /** Returns the new length. */
    public long lpush(String key, String... elements) {
        return integer(Verb.LPUSH, utf8(key, elements));
    }

    /** Returns the new length. */
    public long rpush(byte[] key, byte[]... elements) {
        return integer(Verb.RPUSH, words(key, elements));
    }

    /** Returns the new length. */
    public long rpush(String key, String... elements) {
        return integer(Verb.RPUSH, utf8(key, elements));
    }

    public byte @Nullable [] lpop(byte[] key) {
        return bytes(Verb.LPOP, key);
    }

    public @Nullable String lpop(String key) {
        return Words.textOrNull(bytes(Verb.LPOP, Words.utf8(key)));
    }

    public byte @Nullable [] rpop(byte[] key) {
        return bytes(Verb.RPOP, key);
    }

    public @Nullable String rpop(String key) {
        return Words.textOrNull(bytes(Verb.RPOP, Words.utf8(key)));
    }

    /** The elements between two positions, both included; negative ones count from the end. */
    public List<byte @Nullable []> lrange(byte[] key, long start, long stop) {
        return byteStrings("LRANGE", key, start, stop);
    }

    /** The elements between two positions, both included; negative ones count from the end. */
    public List<String> lrange(String key, long start, long stop) {
        return texts("LRANGE", key, start, stop);
    }

    public long llen(String key) {
        return integer("LLEN", key);
    }

    public long llen(byte[] key) {
        return integer("LLEN", key);
    }

    public @Nullable String lindex(String key, long index) {
        return text("LINDEX", key, index);
    }

    public byte @Nullable [] lindex(byte[] key, long index) {
        return bytes("LINDEX", key, index);
    }

    public long lrem(String key, long count, String element) {
        return integer("LREM", key, count, element);
    }

    public long lrem(byte[] key, long count, byte[] element) {
        return integer("LREM", key, count, element);
    }

    public void ltrim(String key, long start, long stop) {
        call("LTRIM", key, start, stop);
    }

    public void ltrim(byte[] key, long start, long stop) {
        call("LTRIM", key, start, stop);
    }

    /**
     * Takes the first element of the first of these lists that has one, and waits where none has.
     *
     * @param timeout how long at the most; zero means for ever
     * @return the list's key and the element, or null when the time is over
     */
    public Map.@Nullable Entry<String, String> blpop(Duration timeout, String... keys) {
        return texts(blockingPop("BLPOP", timeout, (Object[]) keys));
    }

    /** As {@link #blpop}, from the other end. */
    public Map.@Nullable Entry<String, String> brpop(Duration timeout, String... keys) {
        return texts(blockingPop("BRPOP", timeout, (Object[]) keys));
    }

    /** As {@link #blpop(Duration, String...)}. */
    public Map.@Nullable Entry<byte[], byte[]> blpop(Duration timeout, byte[]... keys) {
        return blockingPop("BLPOP", timeout, (Object[]) keys);
    }

    /** As {@link #brpop(Duration, String...)}. */
    public Map.@Nullable Entry<byte[], byte[]> brpop(Duration timeout, byte[]... keys) {
        return blockingPop("BRPOP", timeout, (Object[]) keys);
    }

    private Map.@Nullable Entry<byte[], byte[]> blockingPop(String command, Duration timeout, Object... keys) {
        Object[] words = Arrays.copyOf(keys, keys.length + 1, Object[].class);
        words[keys.length] = Words.timeout(timeout) / 1000.0;
        return call(command, words) instanceof List<?> answer
                ? Map.entry((byte[]) answer.get(0), (byte[]) answer.get(1))
                : null;
    }

    private static Map.@Nullable Entry<String, String> texts(Map.@Nullable Entry<byte[], byte[]> entry) {
        return entry == null ? null : Map.entry(Words.text(entry.getKey()), Words.text(entry.getValue()));
    }

    // ---- sets ----

    /** Returns how many members are new. */
    public long sadd(byte[] key, byte[]... members) {
        return integer(Verb.SADD, words(key, members));
    }

    /** Returns how many members are new. */
    public long sadd(String key, String... members) {
        return integer(Verb.SADD, utf8(key, members));
    }

    /** Returns how many of the members there were. */
    public long srem(byte[] key, byte[]... members) {
        return integer(Verb.SREM, words(key, members));
    }

    /** Returns how many of the members there were. */
    public long srem(String key, String... members) {
        return integer(Verb.SREM, utf8(key, members));
    }

    public boolean sismember(byte[] key, byte[] member) {
        return integer(Verb.SISMEMBER, key, member) == 1;
    }

    public boolean sismember(String key, String member) {
        return integer(Verb.SISMEMBER, Words.utf8(key), Words.utf8(member)) == 1;
    }

    public List<byte @Nullable []> smembers(byte[] key) {
        return byteStrings("SMEMBERS", key);
    }

    public List<String> smembers(String key) {
        return texts("SMEMBERS", key);
    }

    public long scard(String key) {
        return integer("SCARD", key);
    }

    public long scard(byte[] key) {
        return integer("SCARD", key);
    }

    public @Nullable String spop(String key) {
        return text("SPOP", key);
    }

    public byte @Nullable [] spop(byte[] key) {
        return bytes("SPOP", key);
    }

    // ---- sorted sets ----

    /** Adds a member or changes its score. Returns whether it is new. */
    public boolean zadd(byte[] key, double score, byte[] member) {
        return integer(Verb.ZADD, key, Words.of(score), member) == 1;
    }

    /** Adds a member or changes its score. Returns whether it is new. */
    public boolean zadd(String key, double score, String member) {
        return zadd(Words.utf8(key), score, Words.utf8(member));
    }

    /** Adds members with their scores. Returns how many are new. */
    public long zadd(String key, Map<String, Double> scores) {
        Object[] words = new Object[scores.size() * 2 + 1];
        words[0] = key;
        int at = 1;
        for (Map.Entry<String, Double> entry : scores.entrySet()) {
            words[at++] = entry.getValue();
            words[at++] = entry.getKey();
        }
        return integer("ZADD", words);
    }

    public double zincrBy(String key, double increment, String member) {
        return someReal("ZINCRBY", key, increment, member);
    }

    public double zincrBy(byte[] key, double increment, byte[] member) {
        return someReal("ZINCRBY", key, increment, member);
    }

    public @Nullable Double zscore(String key, String member) {
        return real("ZSCORE", key, member);
    }

    public @Nullable Double zscore(byte[] key, byte[] member) {
        return real("ZSCORE", key, member);
    }

    /** The member's position from the lowest score on, or null. */
    public @Nullable Long zrank(String key, String member) {
        return (Long) call("ZRANK", key, member);
    }

    /** The member's position from the lowest score on, or null. */
    public @Nullable Long zrank(byte[] key, byte[] member) {
        return (Long) call("ZRANK", key, member);
    }

    /** Returns how many of the members there were. */
    public long zrem(String key, String... members) {
        return integer("ZREM", words(key, (Object[]) members));
    }

    /** Returns how many of the members there were. */
    public long zrem(byte[] key, byte[]... members) {
        return integer("ZREM", (Object[]) words(key, members));
    }

    public long zcard(String key) {
        return integer("ZCARD", key);
    }

    public long zcard(byte[] key) {
        return integer("ZCARD", key);
    }

    /** The members between two positions, both included, from the lowest score on; negative ones count from the end. */
    public List<String> zrange(String key, long start, long stop) {
        return texts("ZRANGE", key, start, stop);
    }

    /** The members between two positions, both included, from the lowest score on; negative ones count from the end. */
    public List<byte @Nullable []> zrange(byte[] key, long start, long stop) {
        return byteStrings("ZRANGE", key, start, stop);
    }

    /** As {@link #zrange}, with the scores. */
    public List<ScoredMember> zrangeWithScores(String key, long start, long stop) {
        return scored("ZRANGE", key, start, stop, "WITHSCORES");
    }

    /** The members whose scores lie between two, both included, with the scores. */
    public List<ScoredMember> zrangeByScore(String key, double min, double max) {
        return scored("ZRANGE", key, min, max, "BYSCORE", "WITHSCORES");
    }

    /** Returns how many members there were. */
    public long zremRangeByScore(String key, double min, double max) {
        return integer("ZREMRANGEBYSCORE", key, min, max);
    }

    /** Returns how many members there were. */
    public long zremRangeByScore(byte[] key, double min, double max) {
        return integer("ZREMRANGEBYSCORE", key, min, max);
    }

    /** Takes the members with the lowest scores. */
    public List<ScoredMember> zpopMin(String key, long count) {
        return scored("ZPOPMIN", key, count);
    }

    private List<ScoredMember> scored(String command, Object... words) {
        List<ScoredMember> members = new ArrayList<>();
        if (call(command, words) instanceof List<?> list) {
            for (Object element : list) {
                List<?> pair = (List<?>) element;
                members.add(new ScoredMember(Words.text((byte[]) pair.get(0)), toDouble(pair.get(1))));
            }
        }
        return members;
    }
}
