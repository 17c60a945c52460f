package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.HeapRoom;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.replication.ReplicationNode;
import dev.holdfast.engine.scripting.Scripting;
import java.util.ArrayList;
import java.util.List;

/** MEMORY: where the memory goes. Where Valkey speaks of its allocator, these speak of the JVM's heap. */
public final class MemoryCommands {
    /** What a key takes in its table: a reference and its tag, at the usual load. */
    private static final int SLOT_BYTES = 8;

    /** Below this there is nothing to say. */
    private static final long SMALL_BYTES = 5L << 20;

    private MemoryCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(container("MEMORY")
            .in(SERVER)
            .since("4.0.0")
            .arity(-2)
            .complexity("That of the subcommand")
            .summary("Where the memory goes")
            .subcommands(List.of(
                    command("DOCTOR", "", MemoryCommands::doctor)
                            .in(SERVER)
                            .since("4.0.0")
                            .arity(2)
                            .tips("nondeterministic_output", "request_policy:all_shards", "response_policy:special")
                            .complexity("O(1)")
                            .summary("What is remarkable about the use of memory"),
                    Help.subcommand(SERVER, "4.0.0"),
                    command("MALLOC-STATS", "", MemoryCommands::heap)
                            .in(SERVER)
                            .since("4.0.0")
                            .arity(2)
                            .flags(LOADING)
                            .tips("nondeterministic_output", "request_policy:all_shards", "response_policy:special")
                            .complexity("O(1)")
                            .summary("The JVM's heap in figures"),
                    command("PURGE", "", MemoryCommands::purge)
                            .in(SERVER)
                            .since("4.0.0")
                            .arity(2)
                            .flags(LOADING)
                            .tips("request_policy:all_shards", "response_policy:all_succeeded")
                            .complexity("O(N) with the size of the heap")
                            .summary("Asks the JVM to collect its garbage"),
                    command("STATS", "", MemoryCommands::statistics)
                            .in(SERVER)
                            .since("4.0.0")
                            .arity(2)
                            .tips("nondeterministic_output", "request_policy:all_shards", "response_policy:special")
                            .complexity("O(N) with the number of databases")
                            .summary("The use of memory in figures"),
                    command("USAGE", "key [SAMPLES count]", MemoryCommands::usage)
                            .in(SERVER)
                            .since("4.0.0")
                            .arity(-3)
                            .flags(READONLY)
                            .acl("read")
                            .keys(KeySpec.at(2, KeySpec.Flag.RO))
                            .complexity("O(1)")
                            .summary("The memory that a key and its value take"))));

    /** How much of the JVM's heap was in use beside the data after the last MEMORY PURGE. */
    private static volatile long besideAfterPurge;

    private static void usage(Call call) {
        for (int i = 3; i < call.argCount(); i += 2) {
            if (!call.arg(i).isWord("SAMPLES") || i + 1 == call.argCount()) {
                throw CommandException.syntax();
            }
            // Sizes are always known exactly, so there is nothing to sample.
            if (call.longArg(i + 1) < 0) {
                throw CommandException.syntax();
            }
        }
        Object item = call.table(call.arg(2)).find(call.arg(2));
        if (item == null) {
            call.reply().nil();
        } else {
            call.reply().integer(KeyTable.sizeBytes(item) + SLOT_BYTES);
        }
    }

    /** Collects, unless hardly anything became garbage since it last did: a full collection stops all clients. */
    private static void purge(Call call) {
        long beside = besideData(call);
        if (beside - besideAfterPurge > HeapRoom.usedBytes() / 16) {
            System.gc();
            besideAfterPurge = besideData(call);
        }
        call.reply().ok();
    }

    /** What is in use of the heap beside the data: garbage, and the program itself. */
    private static long besideData(Call call) {
        return HeapRoom.usedBytes() - call.engine().usedBytes();
    }

    private static void heap(Call call) {
        Runtime runtime = Runtime.getRuntime();
        String text = "JVM " + System.getProperty("java.vm.name") + " " + Runtime.version() + "\nheap used: "
                + HeapRoom.usedBytes() + "\nheap committed: " + runtime.totalMemory()
                + "\nheap limit: " + runtime.maxMemory() + "\n";
        call.reply().verbatim("txt", Slice.of(text).array());
    }

    private static void doctor(Call call) {
        MemoryFigures memory = MemoryFigures.of(call.engine());
        long limit = Runtime.getRuntime().maxMemory();
        List<String> findings = new ArrayList<>();
        if (memory.usedBytes() < SMALL_BYTES) {
            call.reply()
                    .verbatim(
                            "txt",
                            Slice.of("There is too little data here to say anything about.\n")
                                    .array());
            return;
        }
        if (memory.peakBytes() > memory.usedBytes() * 3 / 2) {
            findings.add(
                    "Peak: more than one and a half times the present memory was once in use. The JVM may keep what"
                            + " it no longer needs; MEMORY PURGE asks it to collect its garbage.");
        }
        if (memory.heapUsedBytes() > limit / 10 * 9) {
            findings.add(
                    "Heap: more than nine tenths of the largest heap that the JVM may have are in use. Give it more"
                            + " with -Xmx, or keep less data.");
        }
        if (memory.clientBytes() > memory.usedBytes() / 4) {
            findings.add("Clients: more than a quarter of the memory holds what clients have sent or not read. CLIENT"
                    + " LIST shows whose (qbuf and omem); client-output-buffer-limit cuts them off.");
        }
        String text = findings.isEmpty()
                ? "Nothing remarkable about the use of memory.\n"
                : "Remarkable about the use of memory:\n\n * " + String.join("\n\n * ", findings) + "\n";
        call.reply().verbatim("txt", Slice.of(text).array());
    }

    private static void statistics(Call call) {
        Reply reply = call.reply();
        Keyspace keyspace = call.engine().keyspace();
        MemoryFigures memory = MemoryFigures.of(call.engine());
        List<Integer> databases = new ArrayList<>();
        long keys = 0;
        for (int database = 0; database < keyspace.databases(); database++) {
            long size = keyspace.size(database);
            keys += size;
            if (size > 0) {
                databases.add(database);
            }
        }
        long used = memory.usedBytes();
        long committed = memory.heapCommittedBytes();
        long live = memory.heapUsedBytes();
        long resident = ProcessFigures.read().residentBytes();
        reply.map(34L + databases.size());
        field(reply, "peak.allocated", memory.peakBytes());
        field(reply, "total.allocated", used);
        field(reply, "startup.allocated", 0);
        field(reply, "replication.backlog", 0);
        field(reply, "replicas.repl.buffer", ReplicationNode.of(call.engine()).pendingBytes());
        field(reply, "clients.slaves", 0);
        field(reply, "clients.normal", memory.clientBytes());
        field(reply, "cluster.links", 0);
        field(reply, "cluster.slot_import", 0);
        field(reply, "cluster.slot_export", 0);
        field(reply, "aof.buffer", 0);
        field(reply, "lua.caches", Scripting.of(call.engine()).scripts().sizeBytes());
        field(reply, "functions.caches", Scripting.of(call.engine()).functions().sizeBytes());
        for (int database : databases) {
            reply.bulk("db." + database);
            reply.map(2);
            field(reply, "overhead.hashtable.main", keyspace.tableBytes(database));
            field(reply, "overhead.hashtable.expires", 0);
        }
        field(reply, "overhead.db.hashtable.lut", memory.tableBytes());
        field(reply, "overhead.db.hashtable.rehashing", 0);
        field(reply, "overhead.total", memory.overheadBytes());
        field(reply, "db.dict.rehashing.count", 0);
        field(reply, "keys.count", keys);
        field(reply, "keys.bytes-per-key", keys == 0 ? 0 : used / keys);
        field(reply, "dataset.bytes", memory.datasetBytes());
        ratio(reply, "dataset.percentage", 100 * memory.datasetBytes(), used);
        ratio(reply, "peak.percentage", 100 * used, memory.peakBytes());
        field(reply, "allocator.allocated", live);
        field(reply, "allocator.active", committed);
        field(reply, "allocator.resident", committed);
        field(reply, "allocator.muzzy", 0);
        ratio(reply, "allocator-fragmentation.ratio", committed, live);
        field(reply, "allocator-fragmentation.bytes", committed - live);
        ratio(reply, "allocator-rss.ratio", committed, committed);
        field(reply, "allocator-rss.bytes", 0);
        ratio(reply, "rss-overhead.ratio", resident, committed);
        field(reply, "rss-overhead.bytes", resident - committed);
        ratio(reply, "fragmentation", resident, used);
        field(reply, "fragmentation.bytes", resident - used);
    }

    private static void field(Reply reply, String name, long value) {
        reply.bulk(name);
        reply.integer(value);
    }

    private static void ratio(Reply reply, String name, long one, long other) {
        reply.bulk(name);
        reply.real(other == 0 ? 0 : (double) one / other);
    }
}
