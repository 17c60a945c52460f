package dev.holdfast.engine.persistence;

import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;

/** What a keyspace holds, as text: database and key, and for each the expiry and a sum of what would be saved of the value. */
final class Contents extends TreeMap<String, String> {
    private static final long serialVersionUID = 1;

    /** What stands behind a value: the version and the sum of all, which would make every other sum 0. */
    private static final int TAIL_BYTES = 10;

    /** The contents of a keyspace, all of whose shards are locked or which nobody changes. */
    static Contents of(Keyspace keyspace) throws IOException {
        Contents contents = new Contents();
        for (int shard = 0; shard < keyspace.shardCount(); shard++) {
            for (int database = 0; database < keyspace.databases(); database++) {
                KeyTable table = keyspace.shard(shard).existingTable(database);
                if (table != null) {
                    for (Object item : table) {
                        contents.add(database, item);
                    }
                }
            }
        }
        return contents;
    }

    /** Adds an item, which must not be there yet. */
    void add(int database, Object item) throws IOException {
        byte[] record = KeyTable.record(item);
        byte[] value = RdbWriter.dump(item, false);
        String name = database + " " + new String(KeyRecord.keyBytes(record), StandardCharsets.UTF_8);
        String text = KeyRecord.type(record) + " until " + KeyRecord.expireAt(record) + ": " + value.length + " bytes "
                + Long.toHexString(Crc64.update(0, value, 0, value.length - TAIL_BYTES));
        String before = put(name, text);
        if (before != null) {
            throw new AssertionError(name + " was saved twice, as " + before + " and " + text);
        }
    }

    /** What is different in another: one line for each key. */
    String differences(Contents other) {
        StringBuilder lines = new StringBuilder();
        TreeMap<String, String> all = new TreeMap<>(this);
        all.putAll(other);
        for (String name : all.keySet()) {
            String here = get(name);
            String there = other.get(name);
            if (here == null || !here.equals(there)) {
                lines.append("\n  ")
                        .append(name)
                        .append(": ")
                        .append(here)
                        .append(" | ")
                        .append(there);
            }
        }
        return lines.toString();
    }
}
