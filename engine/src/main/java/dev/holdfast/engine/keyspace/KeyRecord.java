package dev.holdfast.engine.keyspace;

import dev.holdfast.engine.base.Hash;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Varint;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The layout of a record, the one {@code byte[]} that every key has.
 *
 * <pre>
 *  0        1              4       5                                                             length
 *  +--------+--------------+-------+--------------+-------------+-------+--------------+---------+
 *  | flags  | access clock | slack | [expiry]     | key length  | key   | body         | unused  |
 *  | 1      | 3            | 1     | 0 or 8       | varint 1..5 |       |              | = slack |
 *  +--------+--------------+-------+--------------+-------------+-------+--------------+---------+
 *
 *  flags    bits 0-2  {@link ValueType}
 *           bits 3-4  encoding: of a string raw, embstr or int; of a packed set listpack or intset
 *           bit  5    the expiry is there: milliseconds since 1970, little endian
 *           bit  6    something inside the value expires (fields of a hash)
 *           bit  7    the snapshot mark; see {@link KeyTable}
 * </pre>
 *
 * <p>A string's body is its value. The body of a small collection is its packed form; a large collection's is empty.
 *
 * <p>Arrays occupy multiples of eight bytes, of which twelve are the JVM's header, so records are made as long as their last
 * word allows. The slack says how much of the end is unused; it is what lets a value be overwritten in place.
 */
public final class KeyRecord {
    public static final int RAW = 0;
    public static final int EMBSTR = 1;
    public static final int INT = 2;
    public static final int LISTPACK = 0;
    public static final int INTSET = 1;

    /** No expiry. */
    public static final long NEVER = -1;

    /** The size in bytes of the JVM's header of an array, with compact object headers. */
    public static final int ARRAY_HEADER_BYTES = 12;

    private static final int MAX_SLACK = 255;
    private static final int TYPE_MASK = 0x07;
    private static final int ENCODING_SHIFT = 3;
    private static final int ENCODING_MASK = 0x18;
    private static final int EXPIRES = 0x20;
    private static final int FIELDS_EXPIRE = 0x40;
    static final int MARK = 0x80;
    private static final int CLOCK = 1;
    private static final int SLACK = 4;
    private static final int HEADER = 5;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private KeyRecord() {}

    /**
     * A record with room for a body of {@code bodyLength} bytes, which the caller fills in.
     *
     * @param expireAt milliseconds since 1970, or {@link #NEVER}
     */
    public static byte[] create(ValueType type, int encoding, Slice key, long expireAt, int bodyLength) {
        int keyLength = key.length();
        int keyAt = HEADER + (expireAt == NEVER ? 0 : 8) + Varint.size(keyLength);
        byte[] record = allocate(keyAt + keyLength, bodyLength);
        record[0] = (byte) (type.ordinal() | encoding << ENCODING_SHIFT | (expireAt == NEVER ? 0 : EXPIRES));
        int position = HEADER;
        if (expireAt != NEVER) {
            LONGS.set(record, HEADER, expireAt);
            position += 8;
        }
        Varint.write(keyLength, record, position);
        key.copyTo(record, keyAt);
        return record;
    }

    /** A new array for a head and a body, its slack set and all else zero. */
    private static byte[] allocate(int headLength, int bodyLength) {
        int needed = headLength + bodyLength;
        if (needed < 0 || needed > Integer.MAX_VALUE - 64) {
            throw new OutOfMemoryError("record too large");
        }
        int length = arrayLength(needed);
        byte[] record = new byte[length];
        record[SLACK] = (byte) (length - needed);
        return record;
    }

    /** The longest array that takes no more memory than one of {@code needed} bytes. */
    public static int arrayLength(int needed) {
        return ((needed + ARRAY_HEADER_BYTES + 7) & ~7) - ARRAY_HEADER_BYTES;
    }

    public static ValueType type(byte[] record) {
        return ValueType.at(record[0] & TYPE_MASK);
    }

    public static boolean isString(byte[] record) {
        return (record[0] & TYPE_MASK) == 0;
    }

    public static int encoding(byte[] record) {
        return (record[0] & ENCODING_MASK) >> ENCODING_SHIFT;
    }

    public static void setEncoding(byte[] record, int encoding) {
        record[0] = (byte) (record[0] & ~ENCODING_MASK | encoding << ENCODING_SHIFT);
    }

    public static boolean hasExpiry(byte[] record) {
        return (record[0] & EXPIRES) != 0;
    }

    /** Whether the key, or something inside its value, expires. */
    public static boolean isVolatile(byte[] record) {
        return (record[0] & (EXPIRES | FIELDS_EXPIRE)) != 0;
    }

    public static boolean fieldsExpire(byte[] record) {
        return (record[0] & FIELDS_EXPIRE) != 0;
    }

    static void setFieldsExpire(byte[] record, boolean expire) {
        record[0] = (byte) (expire ? record[0] | FIELDS_EXPIRE : record[0] & ~FIELDS_EXPIRE);
    }

    /** The snapshot mark, 0 or {@link #MARK}. */
    static int mark(byte[] record) {
        return record[0] & MARK;
    }

    static void setMark(byte[] record, int mark) {
        record[0] = (byte) (record[0] & ~MARK | mark);
    }

    /** When the key expires, in milliseconds since 1970, or {@link #NEVER}. */
    public static long expireAt(byte[] record) {
        return hasExpiry(record) ? (long) LONGS.get(record, HEADER) : NEVER;
    }

    /** Whether the key's time is over. In the millisecond of its expiry a key is still there, as in Valkey. */
    public static boolean isExpired(byte[] record, long now) {
        return hasExpiry(record) && (long) LONGS.get(record, HEADER) < now;
    }

    /** The time or counter of the last access; 24 bits whose meaning is the eviction policy's. */
    public static int accessClock(byte[] record) {
        return record[CLOCK] & 0xFF | (record[CLOCK + 1] & 0xFF) << 8 | (record[CLOCK + 2] & 0xFF) << 16;
    }

    public static void setAccessClock(byte[] record, int clock) {
        record[CLOCK] = (byte) clock;
        record[CLOCK + 1] = (byte) (clock >> 8);
        record[CLOCK + 2] = (byte) (clock >> 16);
    }

    private static int keyLengthAt(byte[] record) {
        return hasExpiry(record) ? HEADER + 8 : HEADER;
    }

    public static int keyLength(byte[] record) {
        return Varint.read(record, keyLengthAt(record));
    }

    public static int keyOffset(byte[] record) {
        int at = keyLengthAt(record);
        return at + Varint.sizeAt(record, at);
    }

    public static int bodyOffset(byte[] record) {
        int at = keyLengthAt(record);
        return at + Varint.sizeAt(record, at) + Varint.read(record, at);
    }

    public static int bodyEnd(byte[] record) {
        return record.length - (record[SLACK] & 0xFF);
    }

    public static int bodyLength(byte[] record) {
        return bodyEnd(record) - bodyOffset(record);
    }

    public static Slice key(byte[] record, Slice into) {
        return into.set(record, keyOffset(record), keyLength(record));
    }

    public static byte[] keyBytes(byte[] record) {
        return key(record, new Slice()).toBytes();
    }

    public static Slice body(byte[] record, Slice into) {
        int offset = bodyOffset(record);
        return into.set(record, offset, bodyEnd(record) - offset);
    }

    static boolean keyEquals(byte[] record, Slice key) {
        int at = keyLengthAt(record);
        int length = Varint.read(record, at);
        return key.contentEquals(record, at + Varint.sizeAt(record, at), length);
    }

    static long keyHash(byte[] record) {
        return Hash.of(record, keyOffset(record), keyLength(record));
    }

    /** The bytes that the record takes in memory, the JVM's header and padding included. */
    public static int sizeBytes(byte[] record) {
        return (record.length + ARRAY_HEADER_BYTES + 7) & ~7;
    }

    /** Whether a body of this length can be had without a new array. */
    public static boolean fits(byte[] record, int bodyLength) {
        int slack = record.length - bodyOffset(record) - bodyLength;
        return slack >= 0 && slack <= MAX_SLACK;
    }

    /** Says that the body is now this long; only where {@link #fits} holds. */
    public static void setBodyLength(byte[] record, int bodyLength) {
        record[SLACK] = (byte) (record.length - bodyOffset(record) - bodyLength);
    }

    /**
     * Replaces {@code remove} bytes at {@code at} by a gap of {@code insert} bytes, which the caller fills in. Works in place
     * where the slack allows; a new array gets a quarter more than it needs, so that repeated growth stays cheap.
     *
     * @param at a position inside the body, as an index of the array; the same in the result
     * @return the record, or the one that takes its place
     */
    public static byte[] splice(byte[] record, int at, int remove, int insert) {
        int end = bodyEnd(record);
        int newEnd = end - remove + insert;
        int slack = record.length - newEnd;
        if (slack >= 0 && slack <= MAX_SLACK) {
            System.arraycopy(record, at + remove, record, at + insert, end - at - remove);
            record[SLACK] = (byte) slack;
            return record;
        }
        int growth = insert > remove ? Math.min(MAX_SLACK - 8, (newEnd - bodyOffset(record)) / 4) : 0;
        byte[] target = new byte[arrayLength(newEnd + growth)];
        System.arraycopy(record, 0, target, 0, at);
        System.arraycopy(record, at + remove, target, at + insert, end - at - remove);
        target[SLACK] = (byte) (target.length - newEnd);
        return target;
    }

    /** The same record without its body. */
    public static byte[] withoutBody(byte[] record) {
        int head = bodyOffset(record);
        byte[] target = allocate(head, 0);
        copyHead(record, target, head);
        return target;
    }

    /**
     * The record with this expiry: itself where it has one already, else a copy.
     *
     * @param expireAt milliseconds since 1970, or {@link #NEVER}
     */
    public static byte[] withExpiry(byte[] record, long expireAt) {
        if (expireAt != NEVER && hasExpiry(record)) {
            LONGS.set(record, HEADER, expireAt);
            return record;
        }
        if (expireAt == NEVER && !hasExpiry(record)) {
            return record;
        }
        int from = keyLengthAt(record);
        int to = expireAt == NEVER ? HEADER : HEADER + 8;
        int end = bodyEnd(record);
        byte[] target = allocate(to, end - from);
        byte slack = target[SLACK];
        System.arraycopy(record, 0, target, 0, HEADER);
        System.arraycopy(record, from, target, to, end - from);
        target[SLACK] = slack;
        if (expireAt == NEVER) {
            target[0] = (byte) (record[0] & ~EXPIRES);
        } else {
            target[0] = (byte) (record[0] | EXPIRES);
            LONGS.set(target, HEADER, expireAt);
        }
        return target;
    }

    /** A copy of the record under another key and with another expiry. */
    public static byte[] withKey(byte[] record, Slice key, long expireAt) {
        int bodyAt = bodyOffset(record);
        int bodyLength = bodyEnd(record) - bodyAt;
        byte[] target = create(type(record), encoding(record), key, expireAt, bodyLength);
        setFieldsExpire(target, fieldsExpire(record));
        setAccessClock(target, accessClock(record));
        System.arraycopy(record, bodyAt, target, bodyOffset(target), bodyLength);
        return target;
    }

    private static void copyHead(byte[] record, byte[] target, int length) {
        byte slack = target[SLACK];
        System.arraycopy(record, 0, target, 0, length);
        target[SLACK] = slack;
    }
}
