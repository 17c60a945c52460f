package dev.holdfast.toolkit.cache;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry as it stands in the store.
 *
 * <pre>
 *  0      1      2          10            18       26          34     35
 * +------+------+----------+-------------+--------+-----------+------+---------------------------+-------
 * | 0xC1 | kind | created  | fresh until | token  | lease end | tags | per tag: length 1 (255: 4 | value
 * |      |      | ms, 8    | ms, 8       | 8      | ms, 8     | n, 1 | more), name, version 8    |
 * +------+------+----------+-------------+--------+-----------+------+---------------------------+-------
 *   kind  V value; N it is known that there is none; L nothing but a lease
 * </pre>
 *
 * <p>Numbers are big-endian. 0xC1 begins no text in UTF-8, so that a value which another program has written without all this is
 * told apart, and read as a value.
 *
 * <p>The <em>lease</em> belongs to the process that loads the key. Its token is random; a token of zero means that none does.
 * Overwriting or removing the entry ends it, since that overwrites or removes the token.
 */
final class Entry {
    static final char VALUE = 'V';
    static final char NONE = 'N';
    static final char LEASE = 'L';

    /** The lease of no one: token and end. */
    static final byte[] NO_LEASE = new byte[16];

    private static final byte MAGIC = (byte) 0xC1;
    private static final int HEADER = 35;
    /** Stands for a length that follows in four bytes. */
    private static final int LONG_NAME = 255;

    private static final int TOKEN_AT = 18;

    private final char kind;
    private final long freshUntil;
    private final long token;
    private final long leaseUntil;
    private final Map<String, Long> tags;
    private final byte[] bytes;
    private final int valueAt;

    private Entry(
            char kind,
            long freshUntil,
            long token,
            long leaseUntil,
            Map<String, Long> tags,
            byte[] bytes,
            int valueAt) {
        this.kind = kind;
        this.freshUntil = freshUntil;
        this.token = token;
        this.leaseUntil = leaseUntil;
        this.tags = tags;
        this.bytes = bytes;
        this.valueAt = valueAt;
    }

    char kind() {
        return kind;
    }

    long freshUntil() {
        return freshUntil;
    }

    long token() {
        return token;
    }

    long leaseUntil() {
        return leaseUntil;
    }

    /** Its tags and the versions that it has noted of them. */
    Map<String, Long> tags() {
        return tags;
    }

    /** Whether there is a header, and so a place for a lease. */
    boolean hasHeader() {
        return valueAt > 0;
    }

    /** An entry that is about to be written. */
    static byte[] write(char kind, long created, long freshUntil, Map<String, Long> tags, byte[] value) {
        byte[][] names = new byte[tags.size()][];
        int size = HEADER + value.length;
        int i = 0;
        for (String tag : tags.keySet()) {
            names[i] = tag.getBytes(StandardCharsets.UTF_8);
            size += (names[i].length < LONG_NAME ? 9 : 13) + names[i++].length;
        }
        ByteBuffer buffer = ByteBuffer.allocate(size);
        buffer.put(MAGIC)
                .put((byte) kind)
                .putLong(created)
                .putLong(freshUntil)
                .put(NO_LEASE)
                .put((byte) names.length);
        i = 0;
        for (long version : tags.values()) {
            if (names[i].length < LONG_NAME) {
                buffer.put((byte) names[i].length);
            } else {
                buffer.put((byte) LONG_NAME).putInt(names[i].length);
            }
            buffer.put(names[i++]).putLong(version);
        }
        return buffer.put(value).array();
    }

    /** An entry that holds nothing but a lease. */
    static byte[] writeLease(long now, long token, long leaseUntil) {
        byte[] bytes = write(LEASE, now, 0, Map.of(), new byte[0]);
        ByteBuffer.wrap(bytes).putLong(TOKEN_AT, token).putLong(TOKEN_AT + 8, leaseUntil);
        return bytes;
    }

    /** Token and end of a lease, as they stand in an entry. */
    static byte[] lease(long token, long leaseUntil) {
        return ByteBuffer.allocate(16).putLong(token).putLong(leaseUntil).array();
    }

    /** A token, or a time, as it stands in an entry. */
    static byte[] token(long token) {
        return ByteBuffer.allocate(8).putLong(token).array();
    }

    /** A value as it stands, without anything around it. */
    static Entry plain(byte[] bytes) {
        return new Entry(VALUE, Long.MAX_VALUE, 0, 0, Map.of(), bytes, 0);
    }

    /** Whether bytes begin as an entry with a header does. */
    static boolean hasHeader(byte[] bytes) {
        return bytes.length > 0 && bytes[0] == MAGIC;
    }

    /** Reads an entry; null if the bytes begin like one and are none. */
    static @Nullable Entry read(byte[] bytes) {
        if (!hasHeader(bytes)) {
            return plain(bytes);
        }
        if (bytes.length < HEADER) {
            return null;
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).position(HEADER);
        int count = bytes[HEADER - 1] & 0xFF;
        Map<String, Long> tags = count == 0 ? Map.of() : new LinkedHashMap<>();
        try {
            for (int i = 0; i < count; i++) {
                int length = buffer.get() & 0xFF;
                length = length < LONG_NAME ? length : buffer.getInt();
                String tag = new String(bytes, buffer.position(), length, StandardCharsets.UTF_8);
                tags.put(tag, buffer.position(buffer.position() + length).getLong());
            }
        } catch (IndexOutOfBoundsException | BufferUnderflowException | IllegalArgumentException e) {
            return null;
        }
        return new Entry(
                (char) bytes[1],
                buffer.getLong(10),
                buffer.getLong(TOKEN_AT),
                buffer.getLong(TOKEN_AT + 8),
                tags,
                bytes,
                buffer.position());
    }

    /** The value's bytes. */
    byte[] value() {
        return valueAt == 0 ? bytes : java.util.Arrays.copyOfRange(bytes, valueAt, bytes.length);
    }

    boolean isLeased(long now) {
        return token != 0 && now < leaseUntil;
    }
}
