package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Varint;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.StringItem;
import dev.holdfast.engine.keyspace.ValueType;
import dev.holdfast.engine.structures.BlockLimit;
import dev.holdfast.engine.structures.Listpack;
import dev.holdfast.engine.structures.Quicklist;
import dev.holdfast.engine.types.HashValue;
import dev.holdfast.engine.types.ListValue;
import dev.holdfast.engine.types.SetValue;
import dev.holdfast.engine.types.SortedSetBuilder;
import dev.holdfast.engine.types.SortedSetValue;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes the engine's values from RDB: every type of every version, each in the encoding in which Valkey would have it with the
 * present limits.
 *
 * <p>A packed form goes straight into the body of a record, a large form into its structure. Everything is checked, since it may
 * come from anywhere: what is not as it should be is an {@link RdbException}. Not for several threads at once.
 */
final class RdbValueReader {
    /** So many members are compared each with each. */
    private static final int FEW_MEMBERS = 12;

    private static final int MOST_INTEGERS = 1 << 30;

    private final Config config;
    private final Slice packed = new Slice();
    private final Slice one = new Slice();
    private final Slice other = new Slice();
    private final PackedElements elements = new PackedElements();
    private byte[] body = new byte[512];
    private int bodyLength;

    /** Hashes' fields that expire before this time are left out; 0 to keep all. */
    private long now;

    /** Where the members or fields that have been packed begin in the body. */
    private int[] members = new int[16];

    private int memberCount;
    private int[] slots = new int[0];

    RdbValueReader(Config config) {
        this.config = config;
    }

    RdbValueReader droppingFieldsExpiredAt(long time) {
        now = time;
        return this;
    }

    /**
     * Reads a value.
     *
     * @param foreign whether the file is of a version of Redis that Valkey does not share
     * @param expireAt when the key expires, or {@link KeyRecord#NEVER}
     * @return the item for a table, or null where nothing is left to keep
     */
    @Nullable
    Object read(int type, boolean foreign, Slice key, long expireAt, RdbInput in) throws IOException {
        if (foreign && type >= RdbFormat.REDIS_HASH_METADATA_PRE_GA) {
            return foreignHash(type, key, expireAt, in);
        }
        return switch (type) {
            case RdbFormat.STRING -> {
                Slice value = in.readString(one);
                yield StringItem.create(key, value, StringItem.encodingOf(value), expireAt);
            }
            case RdbFormat.LIST -> listOfStrings(key, expireAt, in);
            case RdbFormat.LIST_ZIPLIST -> listOfZiplist(key, expireAt, in);
            case RdbFormat.LIST_QUICKLIST -> quicklist(key, expireAt, in, PackedElements.Layout.ZIPLIST, false);
            case RdbFormat.LIST_QUICKLIST_2 -> quicklist(key, expireAt, in, PackedElements.Layout.LISTPACK, true);
            case RdbFormat.SET -> setOfStrings(key, expireAt, in);
            case RdbFormat.SET_INTSET -> setOfIntegers(key, expireAt, in);
            case RdbFormat.SET_LISTPACK -> setOfListpack(key, expireAt, in);
            case RdbFormat.ZSET, RdbFormat.ZSET_2 -> sortedSetOfPairs(key, expireAt, in, type == RdbFormat.ZSET_2);
            case RdbFormat.ZSET_ZIPLIST -> packedSortedSet(key, expireAt, in, PackedElements.Layout.ZIPLIST);
            case RdbFormat.ZSET_LISTPACK -> packedSortedSet(key, expireAt, in, PackedElements.Layout.LISTPACK);
            case RdbFormat.HASH, RdbFormat.HASH_2 -> hashOfPairs(key, expireAt, in, type == RdbFormat.HASH_2);
            case RdbFormat.HASH_ZIPMAP -> packedHash(key, expireAt, in, PackedElements.Layout.ZIPMAP);
            case RdbFormat.HASH_ZIPLIST -> packedHash(key, expireAt, in, PackedElements.Layout.ZIPLIST);
            case RdbFormat.HASH_LISTPACK -> packedHash(key, expireAt, in, PackedElements.Layout.LISTPACK);
            case RdbFormat.STREAM_LISTPACKS, RdbFormat.STREAM_LISTPACKS_2, RdbFormat.STREAM_LISTPACKS_3 ->
                new RdbStreamReader(in, elements).read(type, record(ValueType.STREAM, 0, key, expireAt));
            case RdbFormat.MODULE_PRE_GA -> throw new RdbException("Pre-release module format not supported");
            case RdbFormat.MODULE_2 ->
                throw new RdbException("The RDB file contains module data I can't load: no matching module type '%s'"
                        .formatted(moduleName(in.readLength())));
            default -> throw unknown(type);
        };
    }

    private RdbException unknown(int type) {
        return config.persistence.rdbVersionCheck.get().equals("relaxed")
                ? corrupt("Unknown type or opcode when loading DB. Unrecoverable error, aborting now.")
                : corrupt("Unknown RDB encoding type %d".formatted(type));
    }

    /** A module's name: nine characters of six bits each, in the upper 54 bits of its id. */
    static String moduleName(long id) {
        String letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < 9; i++) {
            name.append(letters.charAt((int) (id >>> 58 - 6 * i) & 63));
        }
        return name.toString();
    }

    // ---- records ----

    /** An empty record, for a large form. */
    private static byte[] record(ValueType type, int encoding, Slice key, long expireAt) {
        return KeyRecord.create(type, encoding, key, expireAt, 0);
    }

    /** A record with the body that has been collected. */
    private byte[] packedRecord(ValueType type, int encoding, Slice key, long expireAt) {
        byte[] record = KeyRecord.create(type, encoding, key, expireAt, bodyLength);
        System.arraycopy(body, 0, record, KeyRecord.bodyOffset(record), bodyLength);
        return record;
    }

    private void startBody() {
        bodyLength = 0;
        memberCount = 0;
        if (body.length > 1 << 20) {
            body = new byte[512];
        }
    }

    /** Makes room in the body and takes it; gives where it begins. */
    private int extend(long bytes) throws RdbException {
        long needed = bodyLength + bytes;
        if (needed > 1 << 30) {
            throw new RdbException("a packed value of more than 1 GB");
        }
        if (needed > body.length) {
            body = Arrays.copyOf(body, (int) Math.max(needed, 2L * body.length));
        }
        int from = bodyLength;
        bodyLength = (int) needed;
        return from;
    }

    /** Adds a string with its length in front, as members of sets and fields and values of hashes are packed. */
    private void pack(Slice value) throws RdbException {
        int length = value.length();
        int from = extend((long) Varint.size(length) + length);
        value.copyTo(body, Varint.write(length, body, from));
    }

    /** @param owner what the packed string is the value of, for messages */
    private PackedElements unpack(PackedElements.Layout layout, String owner, RdbInput in) throws IOException {
        return elements.of(layout, owner, in.readString(packed));
    }

    private static RdbException corrupt(String message) {
        return new RdbException(message);
    }

    // ---- lists ----

    private BlockLimit blockLimit() {
        return BlockLimit.of(config.listMaxListpackSize.getInt());
    }

    private @Nullable Object list(Slice key, long expireAt, Quicklist list, BlockLimit limit) {
        if (list.isEmpty()) {
            return null;
        }
        if (list.isOnePackedBlock() && limit.allowsListpack(list.valkeyBytes(), list.size())) {
            list.setLimit(BlockLimit.NONE);
        }
        return ListValue.of(record(ValueType.LIST, 0, key, expireAt), list);
    }

    private @Nullable Object listOfStrings(Slice key, long expireAt, RdbInput in) throws IOException {
        BlockLimit limit = blockLimit();
        Quicklist list = new Quicklist(limit);
        for (long left = in.readCount(1); left > 0; left--) {
            list.pushLast(in.readString(one));
        }
        return list(key, expireAt, list, limit);
    }

    private @Nullable Object listOfZiplist(Slice key, long expireAt, RdbInput in) throws IOException {
        BlockLimit limit = blockLimit();
        Quicklist list = new Quicklist(limit);
        PackedElements source = unpack(PackedElements.Layout.ZIPLIST, "List", in);
        while (source.next()) {
            list.pushLast(source.get(one));
        }
        return list.isEmpty() ? null : ListValue.of(record(ValueType.LIST, 0, key, expireAt), list);
    }

    private @Nullable Object quicklist(
            Slice key, long expireAt, RdbInput in, PackedElements.Layout layout, boolean withContainers)
            throws IOException {
        BlockLimit limit = blockLimit();
        Quicklist list = new Quicklist(limit);
        for (long left = in.readCount(1); left > 0; left--) {
            long container = withContainers ? in.readLength() : RdbFormat.PACKED;
            if (container == RdbFormat.PLAIN) {
                Slice value = in.readString(one);
                if (value.isEmpty()) {
                    throw corrupt("Quicklist integrity check failed.");
                }
                list.addPlainBlock(value);
            } else if (container == RdbFormat.PACKED) {
                addBlock(list, unpack(layout, "", in));
            } else {
                throw corrupt("Quicklist integrity check failed.");
            }
        }
        return list(key, expireAt, list, limit);
    }

    private void addBlock(Quicklist list, PackedElements source) throws RdbException {
        startBody();
        int count = 0;
        while (source.next()) {
            source.get(one);
            int from = extend(Listpack.entryBytes(one.length()));
            Listpack.write(body, from, one);
            count++;
        }
        if (count > 0) {
            list.addPackedBlock(body, 0, bodyLength, count);
        }
    }

    // ---- sets ----

    private @Nullable Object setOfStrings(Slice key, long expireAt, RdbInput in) throws IOException {
        long left = in.readCount(1);
        if (left == 0) {
            return null;
        }
        byte[] record = record(ValueType.SET, 0, key, expireAt);
        boolean large = left > Math.min(config.setMaxIntsetEntries.get(), MOST_INTEGERS);
        SetValue set = large ? SetValue.ofTable(record) : SetValue.ofIntegers(record);
        for (; left > 0; left--) {
            add(set, in.readString(one));
        }
        return set;
    }

    private void add(SetValue set, Slice member) throws RdbException {
        if (!set.add(member, config)) {
            throw corrupt("Duplicate set members detected");
        }
    }

    /** An intset: the width and the number of its integers, 4 bytes each, and the integers, all little endian. */
    private @Nullable Object setOfIntegers(Slice key, long expireAt, RdbInput in) throws IOException {
        Slice intset = in.readString(packed);
        if (intset.length() < 8) {
            throw corrupt("Intset integrity check failed.");
        }
        int width = littleEndian(intset, 0);
        int count = littleEndian(intset, 4);
        if (width != 2 && width != 4 && width != 8 || count <= 0 || (long) count * width != intset.length() - 8) {
            throw corrupt("Intset integrity check failed.");
        }
        long previous = integer(intset, 0, width);
        for (int i = 1; i < count; i++) {
            long value = integer(intset, i, width);
            if (value <= previous) {
                throw corrupt("Intset integrity check failed.");
            }
            previous = value;
        }
        if (count > config.setMaxIntsetEntries.get()) {
            SetValue set = SetValue.ofTable(record(ValueType.SET, 0, key, expireAt));
            byte[] digits = new byte[20];
            for (int i = 0; i < count; i++) {
                int length = Numbers.write(integer(intset, i, width), digits, 0);
                add(set, one.set(digits, 0, length));
            }
            return set;
        }
        startBody();
        int from = extend(1 + (long) count * width);
        body[from] = (byte) width;
        System.arraycopy(intset.array(), intset.offset() + 8, body, from + 1, count * width);
        return new SetValue(packedRecord(ValueType.SET, KeyRecord.INTSET, key, expireAt));
    }

    private static int littleEndian(Slice bytes, int at) {
        return bytes.at(at) & 0xFF
                | (bytes.at(at + 1) & 0xFF) << 8
                | (bytes.at(at + 2) & 0xFF) << 16
                | bytes.at(at + 3) << 24;
    }

    private static long integer(Slice intset, int index, int width) {
        int at = 8 + index * width;
        return switch (width) {
            case 2 -> (short) (intset.at(at) & 0xFF | intset.at(at + 1) << 8);
            case 4 -> littleEndian(intset, at);
            default -> littleEndian(intset, at) & 0xFFFFFFFFL | (long) littleEndian(intset, at + 4) << 32;
        };
    }

    private @Nullable Object setOfListpack(Slice key, long expireAt, RdbInput in) throws IOException {
        PackedElements source = unpack(PackedElements.Layout.LISTPACK, "Set", in);
        startBody();
        long count = 0;
        while (source.next()) {
            noteMember(bodyLength);
            pack(source.get(one));
            count++;
        }
        if (count == 0) {
            return null;
        }
        if (count <= config.setMaxListpackEntries.get()) {
            checkDistinct("Set listpack integrity check failed.");
            return new SetValue(packedRecord(ValueType.SET, KeyRecord.LISTPACK, key, expireAt));
        }
        SetValue set = SetValue.ofTable(record(ValueType.SET, 0, key, expireAt));
        for (int at = 0; at < bodyLength; ) {
            at = packedAt(at, one);
            add(set, one);
        }
        return set;
    }

    /** Points at a packed string of the body; gives the position behind it. */
    private int packedAt(int at, Slice into) {
        int length = Varint.read(body, at);
        int from = at + Varint.size(length);
        into.set(body, from, length);
        return from + length;
    }

    // ---- duplicates ----

    /** Takes note of where a member begins that is to be like no other. */
    private void noteMember(int at) {
        if (memberCount == members.length) {
            members = Arrays.copyOf(members, 2 * memberCount);
        }
        members[memberCount++] = at;
    }

    /** Fails if two of the members noted are equal: what is packed is not checked again later. */
    private void checkDistinct(String message) throws RdbException {
        boolean distinct = memberCount <= FEW_MEMBERS ? areFewDistinct() : areManyDistinct();
        if (!distinct) {
            throw corrupt(message);
        }
    }

    private boolean areFewDistinct() {
        for (int i = 1; i < memberCount; i++) {
            packedAt(members[i], one);
            for (int j = 0; j < i; j++) {
                if (isAt(members[j], one)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The same with a table of positions, in which 0 is an empty slot. */
    private boolean areManyDistinct() {
        int size = Integer.highestOneBit(memberCount) * 4;
        if (slots.length < size) {
            slots = new int[size];
        } else {
            Arrays.fill(slots, 0, size, 0);
        }
        for (int i = 0; i < memberCount; i++) {
            packedAt(members[i], one);
            int slot = (int) one.hash() & size - 1;
            while (slots[slot] != 0) {
                if (isAt(slots[slot] - 1, one)) {
                    return false;
                }
                slot = slot + 1 & size - 1;
            }
            slots[slot] = members[i] + 1;
        }
        return true;
    }

    private boolean isAt(int at, Slice member) {
        int length = Varint.read(body, at);
        return length == member.length() && member.contentEquals(body, at + Varint.size(length), length);
    }

    // ---- sorted sets ----

    private @Nullable Object sortedSetOfPairs(Slice key, long expireAt, RdbInput in, boolean binary)
            throws IOException {
        long left = in.readCount(2);
        if (left == 0) {
            return null;
        }
        SortedSetBuilder builder = new SortedSetBuilder();
        for (; left > 0; left--) {
            in.readString(one);
            // The member is a view of what may move when the score is read.
            Slice member = binary && in.isSteady(Long.BYTES) ? one : keep(one, other);
            double score = binary ? Double.longBitsToDouble(in.readLong()) : textualScore(in);
            add(builder, member, score, "Duplicate zset fields detected");
        }
        return builder.toValue(
                record(ValueType.ZSET, 0, key, expireAt),
                config.zsetMaxListpackEntries.get(),
                config.zsetMaxListpackValue.get());
    }

    private static void add(SortedSetBuilder builder, Slice member, double score, String duplicate)
            throws RdbException {
        if (Double.isNaN(score)) {
            throw corrupt("Zset with NAN score detected");
        }
        if (builder.find(member) != null) {
            throw corrupt(duplicate);
        }
        builder.insertMissing(member, score);
    }

    /** A score of old: a length and decimal digits; 253, 254 and 255 are no number, infinity and minus infinity. */
    private double textualScore(RdbInput in) throws IOException {
        int length = in.readByte();
        return switch (length) {
            case 253 -> Double.NaN;
            case 254 -> Double.POSITIVE_INFINITY;
            case 255 -> Double.NEGATIVE_INFINITY;
            default -> Doubles.parse(in.raw(length, one));
        };
    }

    private @Nullable Object packedSortedSet(Slice key, long expireAt, RdbInput in, PackedElements.Layout layout)
            throws IOException {
        PackedElements source = unpack(layout, "Zset", in);
        startBody();
        long count = 0;
        boolean sorted = true;
        double lastScore = Double.NEGATIVE_INFINITY;
        int lastAt = -1;
        int lastLength = 0;
        while (source.next()) {
            source.get(one);
            int at = extend(8L + Varint.size(one.length()) + one.length());
            noteMember(at + 8);
            int memberAt = Varint.write(one.length(), body, at + 8);
            one.copyTo(body, memberAt);
            int length = one.length();
            double score = Doubles.parse(source.require(one));
            if (Double.isNaN(score)) {
                throw corrupt("Zset with NAN score detected");
            }
            SortedSetValue.packScore(score, body, at);
            sorted &= lastAt < 0
                    || score > lastScore
                    || score == lastScore
                            && Arrays.compareUnsigned(
                                            body, lastAt, lastAt + lastLength, body, memberAt, memberAt + length)
                                    < 0;
            lastScore = score;
            lastAt = memberAt;
            lastLength = length;
            count++;
        }
        if (count == 0) {
            return null;
        }
        if (count <= config.zsetMaxListpackEntries.get() && sorted) {
            checkDistinct("Zset listpack integrity check failed.");
            return new SortedSetValue(packedRecord(ValueType.ZSET, 0, key, expireAt));
        }
        SortedSetBuilder builder = new SortedSetBuilder();
        for (int at = 0; at < bodyLength; ) {
            double score = SortedSetValue.packedScore(body, at);
            at = packedAt(at + 8, one);
            add(builder, one, score, "Zset listpack integrity check failed.");
        }
        return builder.toValue(
                record(ValueType.ZSET, 0, key, expireAt), config.zsetMaxListpackEntries.get(), Long.MAX_VALUE);
    }

    // ---- hashes ----

    private @Nullable Object hashOfPairs(Slice key, long expireAt, RdbInput in, boolean expiring) throws IOException {
        long left = in.readCount(2);
        if (left == 0) {
            return null;
        }
        HashValue large = expiring || left > config.hashMaxListpackEntries.get() ? largeHash(key, expireAt) : null;
        long longest = config.hashMaxListpackValue.get();
        startBody();
        for (; left > 0; left--) {
            Slice field = keep(in.readString(one), other);
            Slice value = in.readString(one);
            long fieldExpireAt = KeyRecord.NEVER;
            if (expiring) {
                byte[] bytes = value.toBytes();
                fieldExpireAt = in.readLong();
                if (fieldExpireAt < KeyRecord.NEVER) {
                    throw corrupt("Invalid expiry of a hash field");
                }
                value = one.set(bytes, 0, bytes.length);
            }
            if (large == null && (field.length() > longest || value.length() > longest)) {
                large = spill(key, expireAt);
            }
            if (large != null) {
                add(large, field, value, fieldExpireAt);
            } else {
                noteMember(bodyLength);
                pack(field);
                pack(value);
            }
        }
        if (large != null) {
            return notEmpty(large);
        }
        checkDistinct("Hash with dup elements");
        return new HashValue(packedRecord(ValueType.HASH, 0, key, expireAt));
    }

    /** Keeps a string while the next one is read. */
    private static Slice keep(Slice read, Slice kept) {
        byte[] bytes = read.toBytes();
        return kept.set(bytes, 0, bytes.length);
    }

    private static HashValue largeHash(Slice key, long expireAt) {
        HashValue hash = new HashValue(record(ValueType.HASH, 0, key, expireAt));
        hash.enlarge();
        return hash;
    }

    /** The large form of what has been packed so far. */
    private HashValue spill(Slice key, long expireAt) throws RdbException {
        HashValue large = largeHash(key, expireAt);
        Slice field = new Slice();
        Slice value = new Slice();
        for (int at = 0; at < bodyLength; ) {
            at = packedAt(packedAt(at, field), value);
            add(large, field, value, KeyRecord.NEVER);
        }
        return large;
    }

    private void add(HashValue hash, Slice field, Slice value, long expireAt) throws RdbException {
        if (expireAt != KeyRecord.NEVER && expireAt < now) {
            return;
        }
        if (hash.set(field, value, expireAt, HashValue.BEFORE_ALL) != HashValue.Change.ADDED) {
            throw corrupt("Duplicate hash fields detected");
        }
    }

    private static @Nullable HashValue notEmpty(HashValue hash) {
        return hash.isEmpty() ? null : hash;
    }

    private @Nullable Object packedHash(Slice key, long expireAt, RdbInput in, PackedElements.Layout layout)
            throws IOException {
        boolean zipmap = layout == PackedElements.Layout.ZIPMAP;
        PackedElements source = unpack(layout, zipmap ? "" : "Hash", in);
        startBody();
        long fields = 0;
        int longest = 0;
        while (source.next()) {
            noteMember(bodyLength);
            pack(source.get(one));
            longest = Math.max(longest, one.length());
            pack(source.require(one));
            longest = Math.max(longest, one.length());
            fields++;
        }
        if (fields == 0) {
            return null;
        }
        if (fields > config.hashMaxListpackEntries.get() || zipmap && longest > config.hashMaxListpackValue.get()) {
            return spill(key, expireAt);
        }
        checkDistinct("Hash listpack integrity check failed.");
        return new HashValue(packedRecord(ValueType.HASH, 0, key, expireAt));
    }

    /**
     * A hash with expiring fields as Redis writes it from 7.4 on.
     *
     * <pre>
     *  as pairs      [soonest expiry, 8 bytes]  fields, and for each: expiry as a length, field, value
     *  as listpack   [soonest expiry, 8 bytes]  a listpack of: field, value, expiry
     * </pre>
     *
     * <p>An expiry of 0 is none. Where the soonest is given, those of the pairs are differences to it, with one added.
     */
    private @Nullable Object foreignHash(int type, Slice key, long expireAt, RdbInput in) throws IOException {
        boolean pairs = type == RdbFormat.REDIS_HASH_METADATA || type == RdbFormat.REDIS_HASH_METADATA_PRE_GA;
        boolean listpack = type == RdbFormat.REDIS_HASH_LISTPACK_EX || type == RdbFormat.REDIS_HASH_LISTPACK_EX_PRE_GA;
        if (!pairs && !listpack) {
            throw unknown(type);
        }
        boolean soonestGiven = type >= RdbFormat.REDIS_HASH_METADATA;
        long soonest = soonestGiven ? in.readLong() : 1;
        HashValue hash = largeHash(key, expireAt);
        if (pairs) {
            for (long left = in.readCount(3); left > 0; left--) {
                long expiry = in.readLength();
                Slice field = keep(in.readString(one), other);
                addForeign(hash, field, in.readString(one), expiry == 0 ? 0 : expiry + soonest - 1);
            }
        } else {
            PackedElements source = unpack(PackedElements.Layout.LISTPACK, "Hash", in);
            Slice field = new Slice();
            while (source.next()) {
                byte[] bytes = source.get(field).toBytes();
                byte[] value = source.require(one).toBytes();
                long expiry = source.requireInteger();
                addForeign(hash, field.set(bytes, 0, bytes.length), one.set(value, 0, value.length), expiry);
            }
        }
        return notEmpty(hash);
    }

    private void addForeign(HashValue hash, Slice field, Slice value, long expiry) throws RdbException {
        if (expiry < 0) {
            throw corrupt("Invalid expiry of a hash field");
        }
        add(hash, field, value, expiry == 0 ? KeyRecord.NEVER : expiry);
    }
}
