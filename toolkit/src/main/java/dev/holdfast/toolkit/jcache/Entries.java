package dev.holdfast.toolkit.jcache;

import dev.holdfast.toolkit.store.Script;
import dev.holdfast.toolkit.store.Store;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a cache in the store.
 *
 * <pre>
 * jcache:users:s42      the entry under the text 42 of the cache users
 *
 *  0             8
 * +-------------+-------
 * | expires at  | value        when it expires in milliseconds, big-endian; ObjectBytes
 * +-------------+-------
 * </pre>
 */
final class Entries<K, V> {
    /** An entry as it was read: {@code raw} is what has to stand there for a change to be made. */
    static final class Stored<V> {
        final byte[] raw;
        final V value;
        final long expiry;

        Stored(byte[] raw, V value, long expiry) {
            this.raw = raw;
            this.value = value;
            this.expiry = expiry;
        }
    }

    private static final Script EXCHANGE = Script.of(Entries.class, "exchange");
    private static final byte[] NOTHING = {};

    private final Store store;
    private final ObjectBytes bytes;
    private final String prefix;

    Entries(Store store, ObjectBytes bytes, String cache) {
        this.store = store;
        this.bytes = bytes;
        // A colon in a name is escaped, so that no cache's entries are among another's.
        this.prefix = store.namespace() + "jcache:" + cache.replace("%", "%25").replace(":", "%3A") + ":";
    }

    byte[] name(K key) {
        byte[] start = prefix.getBytes(StandardCharsets.UTF_8);
        byte[] end = bytes.write(key);
        byte[] name = Arrays.copyOf(start, start.length + end.length);
        System.arraycopy(end, 0, name, start.length, end.length);
        return name;
    }

    @SuppressWarnings("unchecked")
    private K key(byte[] name) {
        return (K) bytes.read(name, prefix.getBytes(StandardCharsets.UTF_8).length);
    }

    @SuppressWarnings("unchecked")
    @Nullable
    Stored<V> read(byte[] name) {
        byte[] raw = store.get(name);
        return raw == null
                ? null
                : new Stored<>(raw, (V) bytes.read(raw, 8), ByteBuffer.wrap(raw).getLong());
    }

    /** Puts a value in the place of what was read; false if that has changed. */
    boolean put(byte[] name, @Nullable Stored<V> before, V value, long expiry) {
        byte[] encoded = bytes.write(value);
        byte[] raw = ByteBuffer.allocate(8 + encoded.length)
                .putLong(expiry)
                .put(encoded)
                .array();
        return exchange(name, before, raw, expiry);
    }

    /** Lets an entry expire at another time. */
    boolean touch(byte[] name, Stored<V> before, long expiry) {
        byte[] raw = before.raw.clone();
        ByteBuffer.wrap(raw).putLong(expiry);
        return exchange(name, before, raw, expiry);
    }

    boolean remove(byte[] name, Stored<V> before) {
        return exchange(name, before, NOTHING, Expiries.NEVER);
    }

    private boolean exchange(byte[] name, @Nullable Stored<V> before, byte[] raw, long expiry) {
        long millis = expiry == Expiries.NEVER ? 0 : Math.max(1, expiry - store.millis());
        return store.call(EXCHANGE, List.of(name), before == null ? NOTHING : before.raw, raw, millis)
                .flag();
    }

    private String pattern() {
        return prefix.replaceAll("([\\\\*?\\[\\]])", "\\\\$1") + "*";
    }

    void clear() {
        store.scan(pattern(), store::unlink);
    }

    /** Visits the keys of all entries; one may be visited twice. */
    void forEachKey(Consumer<K> visitor) {
        store.scan(pattern(), batch -> batch.forEach(name -> visitor.accept(key(name))));
    }

    Set<K> keys() {
        Set<K> keys = new HashSet<>();
        forEachKey(keys::add);
        return keys;
    }
}
