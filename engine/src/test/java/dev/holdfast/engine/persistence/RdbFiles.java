package dev.holdfast.engine.persistence;

import dev.holdfast.engine.TestStore;
import dev.holdfast.engine.core.Engine;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.scripting.Scripting;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;

/** Writes and loads stores as RDB in memory. */
@NullMarked
final class RdbFiles {
    private RdbFiles() {}

    static byte[] write(Engine engine, boolean compress) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Keyspace keyspace = engine.keyspace();
        RdbOutput out = new RdbOutput(bytes::write, compress, true);
        RdbWriter writer = new RdbWriter(out, Usage.of(engine.config()), keyspace.clock());
        long all = keyspace.allShards();
        keyspace.lock(all);
        try {
            writer.begin(RdbWriter.Contents.of(keyspace, engine.clock().millis(), false, List.of(), Map.of()));
            for (int shard = 0; shard < keyspace.shardCount(); shard++) {
                for (int database = 0; database < keyspace.databases(); database++) {
                    KeyTable table = keyspace.shard(shard).existingTable(database);
                    if (table != null) {
                        for (Object item : table) {
                            writer.item(database, item);
                        }
                    }
                }
            }
            writer.end();
        } finally {
            keyspace.unlock(all);
        }
        return bytes.toByteArray();
    }

    static long load(Engine engine, byte[] file) throws IOException {
        return load(engine, file, RdbReader.Options.DEFAULT, Integer.MAX_VALUE);
    }

    static long load(Engine engine, byte[] file, RdbReader.Options options, int mostRead) throws IOException {
        Path path = Path.of("/dump.rdb");
        FaultyDisk disk = new FaultyDisk().put(path, file).shortReads(mostRead);
        RdbReader reader = new RdbReader(
                engine.keyspace(),
                engine.config(),
                options,
                new Loading(engine.clock()),
                code -> Scripting.of(engine).functions().load(code, true, true),
                engine.clock().millis());
        try (DiskFile open = disk.open(path, Disk.Mode.READ)) {
            return reader.load(open, file.length, 0);
        }
    }

    /** A store with every type in every encoding, in several databases, with all kinds of expiry. */
    static TestStore everything() {
        TestStore store = new TestStore("enable-debug-command", "yes");
        long later = store.clock().millis() + 1_000_000;
        store.run("SET", "int", "12345");
        store.run("SET", "negative", "-7");
        store.run("SET", "int32", "-2147483648");
        store.run("SET", "long", "9223372036854775807");
        store.run("SET", "empty", "");
        store.run("SET", "short", "hello");
        store.run("SET", "compressible", "abcabc".repeat(30));
        store.run("SET", "large", "0123456789".repeat(500));
        store.run("SET", "binary", "\0\1\2\u00e9\u4f60");
        store.run("SET", "expiring", "x", "PXAT", Long.toString(later));
        store.run("RPUSH", "small list", "a", "1", "-300", "70000", "5000000000", "", "bb".repeat(40));
        store.run("RPUSH", "blocks", "first");
        for (int i = 0; i < 3000; i++) {
            store.run("RPUSH", "blocks", "element " + i, Integer.toString(i * 37));
        }
        store.run("LPUSH", "plain", "a", "large".repeat(5000), "b");
        store.run("SADD", "intset", "1", "2", "-3", "70000");
        store.run("SADD", "wide intset", "1", "9223372036854775807");
        store.run("SADD", "listpack set", "a", "b", "17");
        for (int i = 0; i < 700; i++) {
            store.run("SADD", "table set", "member " + i);
            store.run("SADD", "integers", Integer.toString(i));
            store.run("HSET", "table hash", "field " + i, "value " + i);
            store.run("ZADD", "tree zset", Double.toString(i / 7.0), "member " + i);
        }
        store.run("HSET", "hash", "name", "Ada", "born", "1815", "empty", "");
        store.run("HSET", "long value", "f", "v".repeat(100));
        store.run("HSET", "expiring hash", "a", "1", "b", "2", "c", "3");
        store.run("HPEXPIREAT", "expiring hash", Long.toString(later), "FIELDS", "2", "a", "b");
        store.run("ZADD", "zset", "1", "one", "2.5", "two and a half", "-inf", "least", "inf", "most", "1", "uno");
        store.run("XADD", "stream", "1-1", "a", "1", "b", "2");
        store.run("XADD", "stream", "1-2", "a", "3", "b", "4");
        store.run("XADD", "stream", "5-0", "other", "field");
        for (int i = 0; i < 500; i++) {
            store.run("XADD", "stream", "10-" + (i + 1), "n", Integer.toString(i), "text", "entry " + i);
        }
        store.run("XDEL", "stream", "1-2", "10-7");
        store.run("XGROUP", "CREATE", "stream", "group", "0");
        store.run("XGROUP", "CREATE", "stream", "idle", "$", "ENTRIESREAD", "3");
        store.run("XREADGROUP", "GROUP", "group", "one", "COUNT", "5", "STREAMS", "stream", ">");
        store.clock().advance(5);
        store.run("XREADGROUP", "GROUP", "group", "two", "COUNT", "2", "STREAMS", "stream", ">");
        store.run("XGROUP", "CREATECONSUMER", "stream", "group", "never");
        store.run("XADD", "emptied", "7-7", "a", "b");
        store.run("XDEL", "emptied", "7-7");
        store.run("SELECT", "3");
        store.run("SET", "in three", "yes");
        store.run("SELECT", "0");
        return store;
    }
}
