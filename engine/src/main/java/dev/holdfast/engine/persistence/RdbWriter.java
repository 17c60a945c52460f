package dev.holdfast.engine.persistence;

import dev.holdfast.engine.base.Compatibility;
import dev.holdfast.engine.base.Doubles;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.keyspace.AccessClock;
import dev.holdfast.engine.keyspace.Entry;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.LargeString;
import dev.holdfast.engine.structures.Listpack;
import dev.holdfast.engine.structures.Quicklist;
import dev.holdfast.engine.structures.StreamLog;
import dev.holdfast.engine.types.ConsumerGroup;
import dev.holdfast.engine.types.HashValue;
import dev.holdfast.engine.types.ListValue;
import dev.holdfast.engine.types.PendingEntry;
import dev.holdfast.engine.types.SetValue;
import dev.holdfast.engine.types.SortedSetValue;
import dev.holdfast.engine.types.StreamConsumer;
import dev.holdfast.engine.types.StreamId;
import dev.holdfast.engine.types.StreamValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes the items of the keyspace as RDB: a whole file, or the value of one key.
 *
 * <p>Values are encoded straight from the engine's structures: a packed form becomes Valkey's listpack or intset, a large form
 * the list of its members, so that the encoding survives on either side. Items may come in any order, also of the databases.
 */
public final class RdbWriter {
    /** How many keys a database has, and how many of them expire. Only a hint. */
    public record Size(long keys, long expires) {}

    /**
     * What is known of a data set before its items are written.
     *
     * @param fieldsExpire whether there are hashes with fields that expire
     * @param databases the sizes of the databases
     * @param aofBase whether the file is the base of an append-only file
     * @param functions the code of each library of functions
     * @param fields further fields, with their values
     */
    public record Contents(
            boolean fieldsExpire,
            List<Size> databases,
            long usedBytes,
            long nowMillis,
            boolean aofBase,
            List<byte[]> functions,
            Map<String, String> fields) {

        /** What is known of a keyspace, all of whose shards are locked. */
        public static Contents of(
                Keyspace keyspace,
                long nowMillis,
                boolean aofBase,
                List<byte[]> functions,
                Map<String, String> fields) {
            boolean fieldsExpire = false;
            List<Size> sizes = new ArrayList<>();
            for (int database = 0; database < keyspace.databases(); database++) {
                sizes.add(new Size(keyspace.size(database), keyspace.expires(database)));
                fieldsExpire |= keyspace.keysWithExpiringParts(database) > 0;
            }
            return new Contents(fieldsExpire, sizes, keyspace.usedBytes(), nowMillis, aofBase, functions, fields);
        }
    }

    private final RdbOutput out;
    private final Usage usage;
    private final AccessClock clock;
    private final ValkeyListpack listpack = new ValkeyListpack();
    private final Slice key = new Slice();
    private final Slice one = new Slice();
    private final Slice other = new Slice();
    private final byte[] digits = new byte[Doubles.MAX_LENGTH];
    private int database = -1;

    /**
     * @param clock says what the access clocks of the items mean
     */
    public RdbWriter(RdbOutput out, Usage usage, AccessClock clock) {
        this.out = out;
        this.usage = usage;
        this.clock = clock;
    }

    // ---- files ----

    /** Writes everything that comes before the items. */
    public void begin(Contents contents) throws IOException {
        String magic = contents.fieldsExpire
                ? "VALKEY%03d".formatted(RdbFormat.VERSION_WITH_FIELD_EXPIRY)
                : "REDIS%04d".formatted(RdbFormat.VERSION);
        byte[] bytes = magic.getBytes(StandardCharsets.US_ASCII);
        out.writeBytes(bytes, 0, bytes.length);
        aux("valkey-ver", Compatibility.VALKEY_VERSION);
        aux("redis-bits", "64");
        aux("ctime", Long.toString(contents.nowMillis / 1000));
        aux("used-mem", Long.toString(contents.usedBytes));
        for (Map.Entry<String, String> field : contents.fields.entrySet()) {
            aux(field.getKey(), field.getValue());
        }
        aux("aof-base", contents.aofBase ? "1" : "0");
        for (byte[] code : contents.functions) {
            out.writeByte(RdbFormat.FUNCTION2);
            out.writeString(code);
        }
        for (int i = 0; i < contents.databases.size(); i++) {
            Size size = contents.databases.get(i);
            if (size.keys > 0) {
                select(i);
                out.writeByte(RdbFormat.RESIZEDB);
                out.writeLength(size.keys);
                out.writeLength(size.expires);
            }
        }
    }

    private void aux(String name, String value) throws IOException {
        out.writeByte(RdbFormat.AUX);
        out.writeString(name.getBytes(StandardCharsets.US_ASCII));
        out.writeString(value.getBytes(StandardCharsets.US_ASCII));
    }

    /** Writes a key with its value, its expiry and its database. The item must not change meanwhile. */
    public void item(int itemDatabase, Object item) throws IOException {
        if (itemDatabase != database) {
            select(itemDatabase);
        }
        byte[] record = KeyTable.record(item);
        if (KeyRecord.hasExpiry(record)) {
            out.writeByte(RdbFormat.EXPIRETIME_MS);
            out.writeLong(KeyRecord.expireAt(record));
        }
        switch (usage) {
            case IDLE_TIME -> {
                out.writeByte(RdbFormat.IDLE);
                out.writeLength(clock.idleSeconds(KeyRecord.accessClock(record)));
            }
            case FREQUENCY -> {
                out.writeByte(RdbFormat.FREQ);
                out.writeByte(clock.frequency(KeyRecord.accessClock(record)));
            }
            case NOTHING -> {}
        }
        out.writeByte(typeOf(item));
        out.writeString(KeyRecord.key(record, key));
        value(item);
    }

    private void select(int selected) throws IOException {
        database = selected;
        out.writeByte(RdbFormat.SELECTDB);
        out.writeLength(selected);
    }

    /** Lets the next item name its database, whatever was written before. */
    public void forgetDatabase() {
        database = -1;
    }

    /** Ends the file. The sink has everything then. */
    public void end() throws IOException {
        out.writeByte(RdbFormat.EOF);
        out.writeLong(out.checksum());
        out.flush();
    }

    // ---- values ----

    /** The payload that DUMP answers: type, value, version and checksum. */
    public static byte[] dump(Object item, boolean compress) throws IOException {
        RdbOutput out = new RdbOutput(compress);
        RdbWriter writer = new RdbWriter(out, Usage.NOTHING, new AccessClock());
        int type = writer.typeOf(item);
        out.writeByte(type);
        writer.value(item);
        int version = type == RdbFormat.HASH_2 ? RdbFormat.VERSION_WITH_FIELD_EXPIRY : RdbFormat.VERSION;
        out.writeByte(version);
        out.writeByte(version >> 8);
        out.writeLong(out.checksum());
        return out.toBytes();
    }

    private int typeOf(Object item) {
        return switch (item) {
            case ListValue list -> RdbFormat.LIST_QUICKLIST_2;
            case SetValue set ->
                set.isTable() ? RdbFormat.SET : set.isIntset() ? RdbFormat.SET_INTSET : RdbFormat.SET_LISTPACK;
            case SortedSetValue set -> set.isPacked() ? RdbFormat.ZSET_LISTPACK : RdbFormat.ZSET_2;
            case HashValue hash ->
                hash.isPacked() ? RdbFormat.HASH_LISTPACK : hash.fieldsExpire() ? RdbFormat.HASH_2 : RdbFormat.HASH;
            case StreamValue stream -> RdbFormat.STREAM_LISTPACKS_3;
            default -> RdbFormat.STRING;
        };
    }

    private void value(Object item) throws IOException {
        switch (item) {
            case byte[] record -> out.writeString(KeyRecord.body(record, one));
            case LargeString string -> out.writeString(string.value(one));
            case ListValue list -> list(list);
            case SetValue set -> set(set);
            case SortedSetValue set -> sortedSet(set);
            case HashValue hash -> hash(hash);
            case StreamValue stream -> stream(stream);
            default -> throw new IllegalStateException("no way to write a " + ((Entry) item).type());
        }
    }

    private void writeListpack() throws IOException {
        int length = listpack.finish();
        out.writeString(listpack.array(), 0, length);
    }

    private void list(ListValue list) throws IOException {
        Quicklist blocks = list.blocks();
        if (blocks != null) {
            out.writeLength(blocks.blockCount());
            blocks.visitBlocks(this::block);
            return;
        }
        out.writeLength(1);
        out.writeLength(RdbFormat.PACKED);
        listpack.clear();
        ListValue.Cursor cursor = list.cursor(0, true);
        while (cursor.next(one)) {
            listpack.add(one);
        }
        writeListpack();
    }

    private void block(byte[] array, int from, int to, int count, boolean plain) throws IOException {
        out.writeLength(plain ? RdbFormat.PLAIN : RdbFormat.PACKED);
        if (plain) {
            Listpack.read(array, from, one);
            out.writeString(one);
            return;
        }
        listpack.clear();
        for (int at = from; at < to; at = Listpack.after(array, at)) {
            Listpack.read(array, at, one);
            listpack.add(one);
        }
        writeListpack();
    }

    private void set(SetValue set) throws IOException {
        if (set.isIntset()) {
            intset(set);
            return;
        }
        SetValue.Members members = set.members();
        if (set.isTable()) {
            out.writeLength(set.size());
            while (members.next()) {
                out.writeString(members.member());
            }
            return;
        }
        listpack.clear();
        while (members.next()) {
            listpack.add(members.member());
        }
        writeListpack();
    }

    /** An intset of Valkey's: the width and the number of its integers, 4 bytes each, and the integers, all little endian. */
    private void intset(SetValue set) throws IOException {
        set.integers(one);
        int count = one.length() / set.integerBytes();
        byte[] bytes = new byte[8 + one.length()];
        bytes[0] = (byte) set.integerBytes();
        for (int i = 0; i < Integer.BYTES; i++) {
            bytes[4 + i] = (byte) (count >> 8 * i);
        }
        one.copyTo(bytes, 8);
        out.writeString(bytes);
    }

    private void sortedSet(SortedSetValue set) throws IOException {
        if (!set.isPacked()) {
            out.writeLength(set.size());
            SortedSetValue.Walk walk = set.walk(set.ranks(0, -1, true));
            while (walk.next()) {
                out.writeString(walk.member());
                out.writeLong(Double.doubleToRawLongBits(walk.score()));
            }
            return;
        }
        listpack.clear();
        SortedSetValue.Walk walk = set.walk();
        while (walk.next()) {
            listpack.add(walk.member());
            listpack.add(digits, 0, Doubles.write(walk.score(), digits, 0));
        }
        writeListpack();
    }

    private void hash(HashValue hash) throws IOException {
        if (hash.isPacked()) {
            listpack.clear();
            hash.forEachWithExpiry((field, value, expireAt) -> {
                listpack.add(field);
                listpack.add(value);
            });
            writeListpack();
            return;
        }
        boolean fieldsExpire = hash.fieldsExpire();
        out.writeLength(hash.size());
        hash.<IOException>forEachWithExpiry((field, value, expireAt) -> {
            out.writeString(field);
            out.writeString(value);
            if (fieldsExpire) {
                out.writeLong(expireAt);
            }
        });
    }

    // ---- streams ----

    private void stream(StreamValue stream) throws IOException {
        out.writeLength(stream.blocks());
        StreamLog.Walk walk = stream.walkWithTombstones();
        boolean more = walk.next();
        while (more) {
            more = streamBlock(walk);
        }
        out.writeLength(stream.length());
        id(stream.lastId());
        id(stream.firstId());
        id(stream.maxDeletedId());
        out.writeLength(stream.entriesAdded());
        out.writeLength(stream.groups().size());
        for (Map.Entry<Slice, ConsumerGroup> group : stream.groups().entrySet()) {
            out.writeString(group.getKey());
            group(group.getValue());
        }
    }

    private void id(StreamId id) throws IOException {
        out.writeLength(id.ms());
        out.writeLength(id.seq());
    }

    /**
     * Writes the block that holds the walk's present entry, which is its first; returns whether the walk goes on behind it.
     *
     * <pre>
     *  a listpack of:  entries, deleted ones, number of fields, field ..., 0
     *                  and for each entry:  flags, ms and number less those of the block,
     *                                       [number of fields, field, value ... | value ...], how many elements the entry has
     * </pre>
     */
    private boolean streamBlock(StreamLog.Walk walk) throws IOException {
        long ms = walk.blockMs();
        long seq = walk.blockSeq();
        listpack.clear();
        listpack.add(walk.blockLive());
        listpack.add(walk.blockDeleted());
        int fields = walk.fields();
        listpack.add(fields);
        Slice[] values = new Slice[fields];
        for (int i = 0; i < fields; i++) {
            values[i] = new Slice();
            walk.nextField(one, values[i]);
            listpack.add(one);
        }
        listpack.add(0);
        streamEntryHead(walk, RdbFormat.STREAM_SAME_FIELDS, ms, seq);
        for (Slice value : values) {
            listpack.add(value);
        }
        listpack.add(fields + 3);
        boolean more;
        while ((more = walk.next()) && walk.blockMs() == ms && walk.blockSeq() == seq) {
            streamEntry(walk, ms, seq);
        }
        out.writeLength(2 * Long.BYTES);
        out.writeLongBigEndian(ms);
        out.writeLongBigEndian(seq);
        writeListpack();
        return more;
    }

    private void streamEntryHead(StreamLog.Walk walk, int flags, long blockMs, long blockSeq) {
        listpack.add(flags | (walk.isDeleted() ? RdbFormat.STREAM_DELETED : 0));
        listpack.add(walk.ms() - blockMs);
        listpack.add(walk.seq() - blockSeq);
    }

    private void streamEntry(StreamLog.Walk walk, long blockMs, long blockSeq) {
        boolean sameFields = walk.hasBlockFields();
        int fields = walk.fields();
        streamEntryHead(walk, sameFields ? RdbFormat.STREAM_SAME_FIELDS : 0, blockMs, blockSeq);
        if (!sameFields) {
            listpack.add(fields);
        }
        for (int i = 0; i < fields; i++) {
            walk.nextField(one, other);
            if (!sameFields) {
                listpack.add(one);
            }
            listpack.add(other);
        }
        listpack.add(sameFields ? fields + 3L : 2L * fields + 4);
    }

    private void group(ConsumerGroup group) throws IOException {
        id(group.lastId());
        out.writeLength(group.entriesRead());
        out.writeLength(group.pending().size());
        group.pending().<IOException>forEach(entry -> {
            pendingId(entry);
            out.writeLong(entry.deliveryTime());
            out.writeLength(entry.deliveries());
        });
        out.writeLength(group.consumers().size());
        for (StreamConsumer consumer : group.consumers()) {
            out.writeString(consumer.name());
            out.writeLong(consumer.seenTime());
            out.writeLong(consumer.activeTime());
            out.writeLength(consumer.pending().size());
            consumer.pending().<IOException>forEach(this::pendingId);
        }
    }

    private void pendingId(PendingEntry entry) throws IOException {
        out.writeLongBigEndian(entry.ms());
        out.writeLongBigEndian(entry.seq());
    }
}
