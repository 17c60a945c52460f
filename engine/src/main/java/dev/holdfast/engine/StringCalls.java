package dev.holdfast.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The common commands for keys and strings, and PUBLISH. Text is taken and given as UTF-8. Each method is the command of the
 * same name, whose manual applies.
 */
public abstract sealed class StringCalls extends Calls permits CollectionCalls {
    StringCalls() {}

    // ---- strings ----

    /** The string of a key, or null. */
    public byte @Nullable [] get(byte[] key) {
        return bytes(Verb.GET, key);
    }

    /** The string of a key, or null. */
    public @Nullable String get(String key) {
        return Words.textOrNull(bytes(Verb.GET, Words.utf8(key)));
    }

    /** The string of a key as bytes, or null. */
    public byte @Nullable [] getBytes(String key) {
        return bytes(Verb.GET, Words.utf8(key));
    }

    public void set(byte[] key, byte[] value) {
        present(Verb.SET, key, value);
    }

    public void set(String key, String value) {
        present(Verb.SET, Words.utf8(key), Words.utf8(value));
    }

    public void set(String key, byte[] value) {
        present(Verb.SET, Words.utf8(key), value);
    }

    /** Sets a key under a condition or with an expiry. Returns whether it was set. */
    public boolean set(byte[] key, byte[] value, SetOption... options) {
        int count = 2;
        for (SetOption option : options) {
            count += option.words().length;
        }
        byte[][] words = new byte[count][];
        words[0] = key;
        words[1] = value;
        int at = 2;
        for (SetOption option : options) {
            for (byte[] word : option.words()) {
                words[at++] = word;
            }
        }
        return present(Verb.SET, words);
    }

    /** Sets a key under a condition or with an expiry. Returns whether it was set. */
    public boolean set(String key, String value, SetOption... options) {
        return set(Words.utf8(key), Words.utf8(value), options);
    }

    /** Sets a key under a condition or with an expiry. Returns whether it was set. */
    public boolean set(String key, byte[] value, SetOption... options) {
        return set(Words.utf8(key), value, options);
    }

    public byte @Nullable [] getDel(byte[] key) {
        return bytes("GETDEL", key);
    }

    public @Nullable String getDel(String key) {
        return text("GETDEL", key);
    }

    /** The string of a key, which then expires after some time. */
    public @Nullable String getEx(String key, Duration time) {
        return text("GETEX", key, "PX", Words.millis(time));
    }

    /** The string of a key, which then expires after some time. */
    public byte @Nullable [] getEx(byte[] key, Duration time) {
        return bytes("GETEX", key, "PX", Words.millis(time));
    }

    public long incr(byte[] key) {
        return integer(Verb.INCR, key);
    }

    public long incr(String key) {
        return integer(Verb.INCR, Words.utf8(key));
    }

    public long incrBy(byte[] key, long increment) {
        return integer(Verb.INCRBY, key, Words.of(increment));
    }

    public long incrBy(String key, long increment) {
        return incrBy(Words.utf8(key), increment);
    }

    public long decr(String key) {
        return incrBy(key, -1);
    }

    public long decr(byte[] key) {
        return incrBy(key, -1);
    }

    public double incrByFloat(String key, double increment) {
        return someReal("INCRBYFLOAT", key, increment);
    }

    public double incrByFloat(byte[] key, double increment) {
        return someReal("INCRBYFLOAT", key, increment);
    }

    /** Returns the new length. */
    public long append(byte[] key, byte[] value) {
        return integer("APPEND", key, value);
    }

    /** Returns the new length in bytes. */
    public long append(String key, String value) {
        return integer("APPEND", key, value);
    }

    public long strlen(String key) {
        return integer("STRLEN", key);
    }

    public long strlen(byte[] key) {
        return integer("STRLEN", key);
    }

    /** Part of a string, by byte positions; negative ones count from the end. */
    public byte[] getRange(byte[] key, long start, long end) {
        byte[] part = bytes("GETRANGE", key, start, end);
        return part == null ? new byte[0] : part;
    }

    /** Part of a string, by positions of its bytes; negative ones count from the end. */
    public String getRange(String key, long start, long end) {
        return Words.text(getRange(Words.utf8(key), start, end));
    }

    /** The strings of several keys in their order, null for those without. */
    public List<byte @Nullable []> mget(byte[]... keys) {
        return byteStrings("MGET", (Object[]) keys);
    }

    /** The strings of several keys in their order, null for those without. */
    public List<@Nullable String> mget(String... keys) {
        return textsOrNulls("MGET", (Object[]) keys);
    }

    public void mset(Map<String, String> values) {
        call("MSET", Words.withFields(values));
    }

    /**
     * The strings of several keys in their order, null for those without. What several of them need is fetched from memory together.
     * Unlike {@link #mget}, which holds all their shards' locks, it is not one step: other threads may change keys between one and the
     * next.
     *
     * @throws ErrorReplyException if one of the keys holds something else
     */
    public List<byte @Nullable []> getAll(byte[]... keys) {
        return bytesOfEach(Verb.GET, keys);
    }

    /** As {@link #getAll(byte[]...)}, for text. */
    public List<@Nullable String> getAll(String... keys) {
        List<@Nullable String> texts = new ArrayList<>(keys.length);
        getAll(eachUtf8(keys)).forEach(value -> texts.add(Words.textOrNull(value)));
        return texts;
    }

    /**
     * Sets several keys, faster than one by one. Unlike {@link #mset} it is not one step: other threads may see some keys set and others
     * not.
     *
     * @param keysAndValues a key, its value, the next key and so on
     * @throws IllegalArgumentException if the last key has no value; none is set then
     * @throws ErrorReplyException if a key cannot be set; those before it have been
     */
    public void setAll(byte[]... keysAndValues) {
        if (keysAndValues.length % 2 != 0) {
            throw new IllegalArgumentException("the last key has no value");
        }
        runForEach(Verb.SET, keysAndValues);
    }

    /** As {@link #setAll(byte[]...)}, for text. */
    public void setAll(Map<String, String> values) {
        byte[][] words = new byte[values.size() * 2][];
        int at = 0;
        for (Map.Entry<String, String> entry : values.entrySet()) {
            words[at++] = Words.utf8(entry.getKey());
            words[at++] = Words.utf8(entry.getValue());
        }
        setAll(words);
    }

    // ---- keys ----

    public boolean del(byte[] key) {
        return integer(Verb.DEL, key) == 1;
    }

    public boolean del(String key) {
        return integer(Verb.DEL, Words.utf8(key)) == 1;
    }

    /** Returns how many of the keys there were. */
    public long del(String first, String... more) {
        return integer(Verb.DEL, utf8(first, more));
    }

    /** Returns how many of the keys there were. */
    public long del(byte[] first, byte[]... more) {
        return integer(Verb.DEL, words(first, more));
    }

    public boolean exists(byte[] key) {
        return integer(Verb.EXISTS, key) == 1;
    }

    public boolean exists(String key) {
        return integer(Verb.EXISTS, Words.utf8(key)) == 1;
    }

    /** Lets a key expire after some time. Returns whether there is such a key. */
    public boolean expire(byte[] key, Duration time) {
        return integer("PEXPIRE", key, Words.millis(time)) == 1;
    }

    /** Lets a key expire after some time. Returns whether there is such a key. */
    public boolean expire(String key, Duration time) {
        return integer("PEXPIRE", key, Words.millis(time)) == 1;
    }

    public boolean expireAt(String key, Instant time) {
        return integer("PEXPIREAT", key, time.toEpochMilli()) == 1;
    }

    public boolean expireAt(byte[] key, Instant time) {
        return integer("PEXPIREAT", key, time.toEpochMilli()) == 1;
    }

    public boolean persist(String key) {
        return integer("PERSIST", key) == 1;
    }

    public boolean persist(byte[] key) {
        return integer("PERSIST", key) == 1;
    }

    /** The time until the key expires; null if it does not, or if there is no such key. */
    public @Nullable Duration pttl(String key) {
        return timeLeft(integer("PTTL", key));
    }

    /** The time until the key expires; null if it does not, or if there is no such key. */
    public @Nullable Duration pttl(byte[] key) {
        return timeLeft(integer("PTTL", key));
    }

    private static @Nullable Duration timeLeft(long millis) {
        return millis < 0 ? null : Duration.ofMillis(millis);
    }

    /** The type of a key's value: {@code string}, {@code list}, {@code set}, {@code zset}, {@code hash} or {@code none}. */
    public String type(String key) {
        return String.valueOf(call("TYPE", key));
    }

    /** As {@link #type(String)}. */
    public String type(byte[] key) {
        return String.valueOf(call("TYPE", key));
    }

    /** How many keys there are. */
    public long dbSize() {
        return integer("DBSIZE");
    }

    // ---- messages ----

    /** Sends a message to a channel. Returns how many subscribers it goes to. */
    public long publish(byte[] channel, byte[] message) {
        return integer(Verb.PUBLISH, channel, message);
    }

    /** Sends a message to a channel. Returns how many subscribers it goes to. */
    public long publish(String channel, String message) {
        return integer(Verb.PUBLISH, Words.utf8(channel), Words.utf8(message));
    }
}
