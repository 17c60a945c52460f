package dev.holdfast.engine.keyspace;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import org.jspecify.annotations.Nullable;

/**
 * How a table holds a string: as the body of a record or, where that would be long, as a {@link LargeString}. An integer is
 * kept as its decimal digits, which is what nearly every command wants of it.
 */
public final class StringItem {
    /** What Valkey puts into one allocation with the key: "embstr" up to here, "raw" beyond. */
    private static final int EMBEDDED_MAX_BYTES = 128;

    /** Keys and values that together are no longer than this always fit there. */
    private static final int SURELY_EMBEDDED_BYTES = 100;

    private static final int OBJECT_HEAD_BYTES = 8;
    private static final int SHORT_KEY_MAX_BYTES = 31;
    private static final int MEDIUM_KEY_MAX_BYTES = 255;

    private StringItem() {}

    /** The encoding for a value just given: {@link KeyRecord#INT} or {@link KeyRecord#EMBSTR}. One that was changed is raw. */
    public static int encodingOf(Slice value) {
        return value.length() <= Numbers.MAX_DIGITS && Numbers.isLong(value) ? KeyRecord.INT : KeyRecord.EMBSTR;
    }

    /**
     * The encoding for a value that takes the place of another: Valkey makes the new object with room for the expiry of the
     * old one, even where that is dropped then.
     */
    public static int encodingAfter(@Nullable Object old, Slice key, Slice value, int encoding, long expireAt) {
        if (encoding != KeyRecord.EMBSTR || key.length() + value.length() <= SURELY_EMBEDDED_BYTES) {
            return encoding;
        }
        boolean expires = expireAt != KeyRecord.NEVER || old != null && KeyRecord.hasExpiry(KeyTable.record(old));
        return isEmbedded(key.length(), value.length(), expires) ? KeyRecord.EMBSTR : KeyRecord.RAW;
    }

    /** Whether {@link #encodingAfter} is the same whatever the value takes the place of. */
    public static boolean isEncodedAlike(Slice key, Slice value) {
        return key.length() + value.length() <= SURELY_EMBEDDED_BYTES || value.length() > EMBEDDED_MAX_BYTES;
    }

    /** Makes a record's encoding raw if with its expiry it has become too long to be embedded; it stays so without. */
    static void noteExpiry(byte[] record) {
        if (KeyRecord.encoding(record) == KeyRecord.EMBSTR
                && encodingName(record).equals("raw")) {
            KeyRecord.setEncoding(record, KeyRecord.RAW);
        }
    }

    /** The item for a new string. */
    public static Object create(Slice key, Slice value, int encoding, long expireAt) {
        int length = value.length();
        if (length > LargeString.THRESHOLD_BYTES) {
            return new LargeString(KeyRecord.create(ValueType.STRING, KeyRecord.RAW, key, expireAt, 0), value);
        }
        byte[] record = KeyRecord.create(ValueType.STRING, encoding, key, expireAt, length);
        value.copyTo(record, KeyRecord.bodyOffset(record));
        return record;
    }

    /** Replaces a record's value and expiry without a new array. Returns false, and does nothing, where that cannot be. */
    static boolean setInPlace(byte[] record, Slice value, int encoding, long expireAt) {
        int length = value.length();
        if (!KeyRecord.isString(record)
                || KeyRecord.hasExpiry(record) != (expireAt != KeyRecord.NEVER)
                || !KeyRecord.fits(record, length)) {
            return false;
        }
        value.copyTo(record, KeyRecord.bodyOffset(record));
        KeyRecord.setBodyLength(record, length);
        KeyRecord.setEncoding(record, encoding);
        KeyRecord.withExpiry(record, expireAt);
        return true;
    }

    /** Replaces a record's value by an integer without a new array, if that is possible. */
    static boolean setInPlace(byte[] record, long value) {
        int length = Numbers.digits(value);
        if (!KeyRecord.fits(record, length)) {
            return false;
        }
        Numbers.write(value, record, KeyRecord.bodyOffset(record));
        KeyRecord.setBodyLength(record, length);
        KeyRecord.setEncoding(record, KeyRecord.INT);
        return true;
    }

    /**
     * Overwrites a part of a record's value, which grows where need be; a gap behind its present end becomes zeros.
     *
     * @return the record, or the item that takes its place
     */
    static Object write(byte[] record, int offset, Slice data) {
        int start = KeyRecord.bodyOffset(record);
        int length = KeyRecord.bodyEnd(record) - start;
        int end = offset + data.length();
        if (end > LargeString.THRESHOLD_BYTES) {
            byte[] head = KeyRecord.withoutBody(record);
            KeyRecord.setEncoding(head, KeyRecord.RAW);
            // Room ahead is for what has grown once before, as in Valkey.
            LargeString large = new LargeString(
                    head,
                    length == 0
                            ? new byte[end]
                            : KeyRecord.body(record, new Slice()).toBytes());
            large.write(offset, data);
            return large;
        }
        byte[] target = record;
        if (end > length) {
            target = KeyRecord.splice(record, start + length, 0, end - length);
            if (offset > length) {
                java.util.Arrays.fill(target, start + length, start + offset, (byte) 0);
            }
        }
        data.copyTo(target, start + offset);
        KeyRecord.setEncoding(target, KeyRecord.RAW);
        return target;
    }

    /** Whether an item holds a string; null does not. */
    public static boolean isString(@Nullable Object item) {
        return item instanceof byte[] || item instanceof LargeString;
    }

    /** The value of an item, or null for none or for one that is no string. */
    public static @Nullable Slice value(@Nullable Object item, Slice into) {
        if (item instanceof byte[] record) {
            return KeyRecord.body(record, into);
        }
        return item instanceof LargeString large ? large.value(into) : null;
    }

    /**
     * The name that {@code OBJECT ENCODING} gives a record's encoding. An "embstr" is one that Valkey would keep in one
     * allocation with its key and expiry.
     */
    public static String encodingName(byte[] record) {
        return switch (KeyRecord.encoding(record)) {
            case KeyRecord.INT -> "int";
            case KeyRecord.EMBSTR ->
                isEmbedded(KeyRecord.keyLength(record), KeyRecord.bodyLength(record), KeyRecord.hasExpiry(record))
                        ? "embstr"
                        : "raw";
            default -> "raw";
        };
    }

    private static boolean isEmbedded(int keyLength, int valueLength, boolean expires) {
        int keyHead = keyLength <= SHORT_KEY_MAX_BYTES ? 3 : keyLength <= MEDIUM_KEY_MAX_BYTES ? 5 : 7;
        return OBJECT_HEAD_BYTES + keyHead + keyLength + (expires ? Long.BYTES : 0) + 4 + valueLength
                <= EMBEDDED_MAX_BYTES;
    }
}
