package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ALL_SHARDS;
import static dev.holdfast.engine.catalog.CommandFlag.FAST;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.TOUCHES_ARBITRARY_KEYS;
import static dev.holdfast.engine.catalog.CommandFlag.VISITS_SHARDS;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.GENERIC;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Glob;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.persistence.FilePersistence;
import dev.holdfast.engine.protocol.Reply;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The commands about all keys of a database: counting, listing, scanning, emptying and exchanging. */
public final class ScanCommands {
    /** Where keys whose time is over may not be removed, so many of them are passed over at the most. */
    private static final int MOST_TRIES = 100;

    private ScanCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("SCAN", "cursor [MATCH pattern] [COUNT count] [TYPE type]", ScanCommands::scan)
                    .in(GENERIC)
                    .since("2.8.0")
                    .arity(-2)
                    .flags(READONLY, TOUCHES_ARBITRARY_KEYS, VISITS_SHARDS)
                    .complexity("O(1) for a call, O(N) for all calls with N keys in the database")
                    .summary("Visits some keys and says where to go on; every key that stays is visited")
                    .tips("nondeterministic_output", "request_policy:special", "response_policy:special"),
            command("KEYS", "pattern", ScanCommands::keys)
                    .in(GENERIC)
                    .since("1.0.0")
                    .arity(2)
                    .flags(READONLY, ALL_SHARDS)
                    .acl("dangerous")
                    .complexity("O(N) with the keys of the database")
                    .summary("All keys that match a pattern")
                    .tips("request_policy:all_shards", "nondeterministic_output_order"),
            command("RANDOMKEY", "", ScanCommands::randomKey)
                    .in(GENERIC)
                    .since("1.0.0")
                    .arity(1)
                    .flags(READONLY, TOUCHES_ARBITRARY_KEYS, ALL_SHARDS)
                    .complexity("O(1)")
                    .summary("Any key of the database, each as likely as the others")
                    .tips("request_policy:all_shards", "response_policy:special", "nondeterministic_output"),
            command("DBSIZE", "", ScanCommands::size)
                    .in(SERVER)
                    .since("1.0.0")
                    .arity(1)
                    .flags(READONLY, FAST, ALL_SHARDS)
                    .acl("keyspace", "read")
                    .complexity("O(1)")
                    .summary("The number of keys in the database")
                    .tips("request_policy:all_shards", "response_policy:agg_sum"),
            command("FLUSHDB", "[<ASYNC | SYNC>]", ScanCommands::flushDatabase)
                    .in(SERVER)
                    .since("1.0.0")
                    .arity(-1)
                    .flags(WRITE, ALL_SHARDS)
                    .acl("keyspace", "dangerous")
                    .complexity("O(1); the memory is reclaimed later")
                    .summary("Removes all keys of the database")
                    .tips("request_policy:all_shards", "response_policy:all_succeeded"),
            command("FLUSHALL", "[<ASYNC | SYNC>]", ScanCommands::flushAll)
                    .in(SERVER)
                    .since("1.0.0")
                    .arity(-1)
                    .flags(WRITE, ALL_SHARDS)
                    .acl("keyspace", "dangerous")
                    .complexity("O(1); the memory is reclaimed later")
                    .summary("Removes all keys of all databases")
                    .tips("request_policy:all_shards", "response_policy:all_succeeded"),
            command("SWAPDB", "index1 index2", ScanCommands::swapDatabases)
                    .in(SERVER)
                    .since("4.0.0")
                    .arity(3)
                    .flags(WRITE, FAST, ALL_SHARDS)
                    .acl("keyspace", "dangerous")
                    .complexity("O(N) with the clients that watch or wait for keys of the two databases")
                    .summary("Exchanges the keys of two databases"));

    // ---- SCAN ----

    private static void scan(Call call) {
        long cursor = ScanOptions.cursor(call.arg(1));
        KeyScan scan = new KeyScan(call, ScanOptions.parse(call, 2, null));
        String next = Long.toUnsignedString(scan.from(cursor));
        scan.reply(next);
    }

    // ---- all keys ----

    private static void keys(Call call) {
        Slice pattern = call.arg(1);
        boolean all = pattern.length() == 1 && pattern.at(0) == '*';
        Reply reply = call.reply();
        int mark = reply.beginArray();
        Slice key = new Slice();
        long count = 0;
        Keyspace keyspace = call.engine().keyspace();
        int database = call.database();
        for (int i = keyspace.shardWithKeys(0, database);
                i < keyspace.shardCount();
                i = keyspace.shardWithKeys(i + 1, database)) {
            for (Object item : keyspace.shard(i).table(database)) {
                KeyRecord.key(KeyTable.record(item), key);
                if ((all || Glob.matches(pattern, key)) && !call.isExpired(item)) {
                    reply.bulk(key);
                    count++;
                }
            }
        }
        reply.endArray(mark, count);
    }

    private static void size(Call call) {
        call.reply().integer(call.engine().keyspace().size(call.database()));
    }

    private static void randomKey(Call call) {
        Slice key = new Slice();
        for (int tries = 0; ; tries++) {
            Object item = randomItem(call);
            if (item == null) {
                call.reply().nil();
                return;
            }
            KeyRecord.key(KeyTable.record(item), key);
            boolean alive = call.find(key) != null;
            if (alive || tries >= MOST_TRIES && call.table(key).find(key) != null) {
                call.reply().bulk(key);
                return;
            }
        }
    }

    private static @Nullable Object randomItem(Call call) {
        Keyspace keyspace = call.engine().keyspace();
        RandomGenerator random = call.engine().random();
        int database = call.database();
        long size = keyspace.size(database);
        if (size == 0) {
            return null;
        }
        long rank = random.nextLong(size);
        int number = keyspace.shardWithKeys(0, database);
        long here = keyspace.shard(number).table(database).size();
        while (rank >= here) {
            rank -= here;
            number = keyspace.shardWithKeys(number + 1, database);
            here = keyspace.shard(number).table(database).size();
        }
        return keyspace.shard(number).table(database).random(random);
    }

    // ---- emptying and exchanging ----

    /** Memory is always reclaimed later, by the garbage collector, so that both words mean the same. */
    private static void checkFlushOptions(Call call) {
        if (call.argCount() > 2
                || call.argCount() == 2
                        && !call.arg(1).isWord("SYNC")
                        && !call.arg(1).isWord("ASYNC")) {
            throw CommandException.syntax();
        }
    }

    private static void flushDatabase(Call call) {
        checkFlushOptions(call);
        flush(call, call.database());
        call.propagate();
        call.engine().tracking().flushed();
        call.reply().ok();
    }

    private static void flushAll(Call call) {
        checkFlushOptions(call);
        for (int database = 0; database < call.engine().keyspace().databases(); database++) {
            flush(call, database);
        }
        if (call.engine().persistence() instanceof FilePersistence persistence) {
            persistence.emptied();
        }
        call.propagate();
        call.engine().tracking().flushed();
        call.reply().ok();
    }

    private static void flush(Call call, int database) {
        call.engine().observers().touchReplaced(database, -1, call.now());
        call.addDirty(call.engine().keyspace().clear(database));
        call.wakeAll(database);
    }

    private static void swapDatabases(Call call) {
        Keyspace keyspace = call.engine().keyspace();
        int one = (int) call.longArg(1, Integer.MIN_VALUE, Integer.MAX_VALUE, "ERR invalid first DB index");
        int other = (int) call.longArg(2, Integer.MIN_VALUE, Integer.MAX_VALUE, "ERR invalid second DB index");
        if (call.engine().cluster() != null) {
            throw new CommandException("ERR SWAPDB is not allowed in cluster mode");
        }
        if (one < 0 || one >= keyspace.databases() || other < 0 || other >= keyspace.databases()) {
            throw new CommandException("ERR DB index is out of range");
        }
        if (one != other) {
            call.engine().observers().touchReplaced(one, other, call.now());
            call.engine().observers().touchReplaced(other, one, call.now());
            keyspace.swap(one, other);
            call.wakeAll(one);
            call.wakeAll(other);
        }
        call.addDirty(1);
        call.reply().ok();
    }
}
