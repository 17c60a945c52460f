package dev.holdfast.engine.commands;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.LargeString;
import dev.holdfast.engine.structures.StreamLog;
import dev.holdfast.engine.types.HashValue;
import dev.holdfast.engine.types.ListValue;
import dev.holdfast.engine.types.SetValue;
import dev.holdfast.engine.types.SortedSetValue;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The signature of data that {@code DEBUG DIGEST} shows; equal data has equal signatures here and in Valkey.
 *
 * <p>It is built of two steps. To <em>add</em> bytes is to exclusive-or their SHA-1 to the digest, so the order of several
 * additions does not matter: members of sets, fields of hashes, keys. To <em>chain</em> bytes is to add them and then replace the
 * digest by its own SHA-1, so the order does matter: elements of lists, a key and its value, a field and its value.
 */
final class DatasetDigest {
    private static final int BYTES = 20;

    /** The numbers of the types in Valkey; the first four bytes of what is signed for a value. */
    private static final int[] TYPE_NUMBERS = {0, 1, 2, 3, 4, 6};

    private static final byte[] EXPIRES = Slice.of("!!expire!!").array();

    private final MessageDigest sha = newSha();
    private final byte[] digest = new byte[BYTES];

    private static MessageDigest newSha() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The signature of all databases, whose shards must be locked. */
    static String of(Keyspace keyspace) {
        DatasetDigest all = new DatasetDigest();
        for (int database = 0; database < keyspace.databases(); database++) {
            if (keyspace.size(database) == 0) {
                continue;
            }
            all.chainNumber(database);
            for (int i = 0; i < keyspace.shardCount(); i++) {
                KeyTable table = keyspace.shard(i).existingTable(database);
                if (table != null) {
                    table.forEach(item -> all.add(ofItem(item, true).digest));
                }
            }
        }
        return all.text();
    }

    /** The signature of a value without its key, or of nothing. */
    static String ofValue(@Nullable Object item) {
        return item == null ? new DatasetDigest().text() : ofItem(item, false).text();
    }

    private static DatasetDigest ofItem(Object item, boolean withKey) {
        DatasetDigest digest = new DatasetDigest();
        byte[] record = KeyTable.record(item);
        if (withKey) {
            digest.chain(KeyRecord.key(record, new Slice()));
        }
        digest.chainNumber(TYPE_NUMBERS[KeyRecord.type(record).ordinal()]);
        digest.value(item);
        if (KeyRecord.hasExpiry(record)) {
            digest.add(EXPIRES);
        }
        return digest;
    }

    private void value(Object item) {
        switch (item) {
            case byte[] record -> chain(KeyRecord.body(record, new Slice()));
            case LargeString string -> chain(string.value(new Slice()));
            case ListValue list -> {
                Slice element = new Slice();
                ListValue.Cursor cursor = list.cursor(0, true);
                while (cursor.next(element)) {
                    chain(element);
                }
            }
            case SetValue set -> set.forEach(member -> add(member.array(), member.offset(), member.length()));
            case SortedSetValue set -> {
                SortedSetValue.Walk walk = set.walk();
                while (walk.next()) {
                    pair(walk.member(), new Slice(Doubles.toShortestBytes(walk.score())));
                }
            }
            case HashValue hash ->
                hash.forEach(
                        Long.MIN_VALUE,
                        (array, fieldAt, fieldLength, valueAt, valueLength) ->
                                pair(new Slice(array, fieldAt, fieldLength), new Slice(array, valueAt, valueLength)));
            case StreamValue stream -> {
                StreamLog.Walk walk = stream.walk(StreamId.MIN, StreamId.MAX, false);
                Slice field = new Slice();
                Slice value = new Slice();
                while (walk.next()) {
                    chain(Slice.of(Long.toUnsignedString(walk.ms()) + "." + Long.toUnsignedString(walk.seq())));
                    for (int i = 0; i < walk.fields(); i++) {
                        walk.nextField(field, value);
                        chain(field);
                        chain(value);
                    }
                }
            }
            default -> throw new IllegalArgumentException("no digest of " + item.getClass());
        }
    }

    private void pair(Slice first, Slice second) {
        DatasetDigest pair = new DatasetDigest();
        pair.chain(first);
        pair.chain(second);
        add(pair.digest);
    }

    private void add(byte[] bytes) {
        add(bytes, 0, bytes.length);
    }

    private void add(byte[] array, int offset, int length) {
        sha.update(array, offset, length);
        byte[] hash = sha.digest();
        for (int i = 0; i < BYTES; i++) {
            digest[i] ^= hash[i];
        }
    }

    private void chain(Slice bytes) {
        add(bytes.array(), bytes.offset(), bytes.length());
        System.arraycopy(sha.digest(digest), 0, digest, 0, BYTES);
    }

    /** Chains a number of four bytes, the highest first. */
    private void chainNumber(int number) {
        chain(new Slice(
                new byte[] {(byte) (number >>> 24), (byte) (number >>> 16), (byte) (number >>> 8), (byte) number}));
    }

    private String text() {
        return HexFormat.of().formatHex(digest);
    }
}
