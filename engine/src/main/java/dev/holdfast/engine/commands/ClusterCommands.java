package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.READONLY;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandFlag.TOUCHES_ARBITRARY_KEYS;
import static dev.holdfast.engine.catalog.CommandFlag.VISITS_SHARDS;
import static dev.holdfast.engine.catalog.CommandGroup.CLUSTER;
import static dev.holdfast.engine.catalog.KeySpec.Flag.NOT_KEY;
import static dev.holdfast.engine.core.Handler.command;
import static dev.holdfast.engine.core.Handler.container;

import dev.holdfast.engine.base.Hash;
import dev.holdfast.engine.base.HashSlot;
import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.base.Text;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.client.Link;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.keyspace.KeyRecord;
import dev.holdfast.engine.keyspace.KeyTable;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.keyspace.Shard;
import dev.holdfast.engine.protocol.Reply;
import dev.holdfast.engine.topology.ClusterNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * {@code CLUSTER} as far as it tells something, and {@code CLUSTERSCAN}. {@link ClusterAdminCommands} has the rest.
 *
 * <p>Which keys a slot has is not kept anywhere: a command that asks makes the store look at all keys.
 */
public final class ClusterCommands {
    private static final String DISABLED = "ERR This instance has cluster support disabled";

    /** How many keys a scan of some slots visits for each that it is asked for. */
    private static final int SLOT_SCAN_EFFORT = 100;

    private static final int FINGERPRINT_LETTERS = 6;

    private ClusterCommands() {}

    private static final List<CommandSpec> TELLING = List.of(
            telling("COUNTKEYSINSLOT", "slot", ClusterCommands::countKeys)
                    .since("3.0.0")
                    .arity(3)
                    .flags(STALE, VISITS_SHARDS)
                    .complexity("O(N) with the keys of the database")
                    .summary("How many keys a slot has"),
            telling("GETKEYSINSLOT", "slot count", ClusterCommands::getKeys)
                    .since("3.0.0")
                    .arity(4)
                    .flags(STALE, VISITS_SHARDS)
                    .tips("nondeterministic_output")
                    .complexity("O(N) with the keys of the database")
                    .summary("Some keys of a slot"),
            command("HELP", "", call -> {
                        cluster(call);
                        Help.show(call);
                    })
                    .in(CLUSTER)
                    .since("5.0.0")
                    .arity(2)
                    .flags(LOADING, STALE)
                    .complexity("O(1)")
                    .summary("Lists the subcommands"),
            telling("INFO", "", call -> text(call, info(cluster(call))))
                    .since("3.0.0")
                    .arity(2)
                    .flags(LOADING, STALE)
                    .tips("nondeterministic_output")
                    .summary("The state of the cluster"),
            telling("KEYSLOT", "key", call -> call.reply().integer(HashSlot.of(call.arg(2))))
                    .since("3.0.0")
                    .arity(3)
                    .flags(STALE)
                    .complexity("O(N) with the length of the key")
                    .summary("The slot of a key"),
            telling("LINKS", "", call -> {
                        cluster(call);
                        call.reply().emptyArray();
                    })
                    .since("7.0.0")
                    .arity(2)
                    .flags(STALE)
                    .tips("nondeterministic_output")
                    .complexity("O(N) with the number of nodes")
                    .summary("The connections to other nodes"),
            telling("MYID", "", call -> call.reply().bulk(cluster(call).nodeId()))
                    .since("3.0.0")
                    .arity(2)
                    .flags(LOADING, STALE)
                    .summary("The id of this node"),
            telling("MYSHARDID", "", call -> call.reply().bulk(cluster(call).shardId()))
                    .since("7.2.0")
                    .arity(2)
                    .flags(LOADING, STALE)
                    .tips("nondeterministic_output")
                    .summary("The id of this node's shard"),
            telling("NODES", "", ClusterCommands::nodes)
                    .since("3.0.0")
                    .arity(2)
                    .flags(LOADING, STALE)
                    .tips("nondeterministic_output")
                    .complexity("O(N) with the number of nodes")
                    .summary("The nodes with their addresses and slots, as text"),
            telling("SHARDS", "", ClusterCommands::shards)
                    .since("7.0.0")
                    .arity(2)
                    .flags(LOADING, STALE)
                    .tips("nondeterministic_output")
                    .complexity("O(N) with the number of nodes")
                    .summary("The shards with their slots and nodes"),
            telling(
                            "SLOT-STATS",
                            "<SLOTSRANGE start-slot end-slot | ORDERBY metric [LIMIT limit] [<ASC | DESC>]>",
                            ClusterCommands::slotStatistics)
                    .since("8.0.0")
                    .arity(-4)
                    .flags(STALE, LOADING, VISITS_SHARDS)
                    .tips("nondeterministic_output", "request_policy:all_shards")
                    .complexity("O(N) with the keys of all databases")
                    .summary("How many keys slots have"),
            telling("SLOTS", "", ClusterCommands::slots)
                    .since("3.0.0")
                    .arity(2)
                    .flags(LOADING, STALE)
                    .tips("nondeterministic_output")
                    .complexity("O(N) with the number of nodes")
                    .summary("The ranges of slots and their nodes"));

    public static final List<CommandSpec> COMMANDS = List.of(
            container("CLUSTER")
                    .in(CLUSTER)
                    .since("3.0.0")
                    .arity(-2)
                    .complexity("Depends on the subcommand")
                    .summary("Commands about the cluster")
                    .subcommands(Stream.concat(TELLING.stream(), ClusterAdminCommands.SUBCOMMANDS.stream())
                            .toList()),
            command(
                            "CLUSTERSCAN",
                            "cursor [MATCH match-pattern] [COUNT count] [TYPE type] [SLOT slot]",
                            ClusterCommands::scan)
                    .in(CLUSTER)
                    .since("9.1.0")
                    .arity(-2)
                    .flags(READONLY, TOUCHES_ARBITRARY_KEYS, VISITS_SHARDS)
                    .acl("keyspace")
                    .keys(KeySpec.at(1, NOT_KEY))
                    .tips("nondeterministic_output", "request_policy:special", "response_policy:special")
                    .complexity(
                            "O(N) with the number of elements returned; with SLOT, O(N) with the keys of the database")
                    .summary("Visits some keys of the cluster and says where to go on"));

    private static CommandSpec telling(String name, String syntax, Handler handler) {
        return command(name, syntax, handler).in(CLUSTER).complexity("O(1)");
    }

    /** The cluster, without which there is nothing to do. */
    static ClusterNode cluster(Call call) {
        ClusterNode cluster = call.engine().cluster();
        if (cluster == null) {
            throw new CommandException(DISABLED);
        }
        return cluster;
    }

    private static String localAddress(Call call) {
        return call.client().link().localAddress();
    }

    /** The port that serves this client as it is served now, with TLS or without. */
    private static long port(Call call) {
        Link link = call.client().link();
        return cluster(call).port(link.localAddress(), link.isEncrypted());
    }

    /** The slot that a word names. */
    static int slotArg(Call call, int index) {
        return (int) call.longArg(index, 0, HashSlot.COUNT - 1, "ERR Invalid or out of range slot");
    }

    private static void text(Call call, String text) {
        call.reply().verbatim("txt", Text.encode(text));
    }

    // ---- what the cluster is ----

    /** What CLUSTER INFO and INFO say of the cluster. */
    static String info(ClusterNode cluster) {
        Map<String, Object> lines = new LinkedHashMap<>();
        lines.put("cluster_state", "ok");
        lines.put("cluster_slots_assigned", HashSlot.COUNT);
        lines.put("cluster_slots_ok", HashSlot.COUNT);
        for (String failing : List.of("slots_pfail", "slots_fail", "nodes_pfail", "nodes_fail")) {
            lines.put("cluster_" + failing, 0);
        }
        lines.put("cluster_voting_nodes_pfail", 0);
        lines.put("cluster_voting_nodes_fail", 0);
        lines.put("cluster_known_nodes", 1);
        lines.put("cluster_size", 1);
        lines.put("cluster_current_epoch", cluster.epoch());
        lines.put("cluster_my_epoch", cluster.epoch());
        for (String kind : List.of("messages", "bytes", "pubsub_bytes", "module_bytes")) {
            lines.put("cluster_stats_" + kind + "_sent", 0);
            lines.put("cluster_stats_" + kind + "_received", 0);
        }
        lines.put("total_cluster_links_buffer_limit_exceeded", 0);
        StringBuilder text = new StringBuilder();
        lines.forEach(
                (name, value) -> text.append(name).append(':').append(value).append("\r\n"));
        return text.toString();
    }

    private static void nodes(Call call) {
        ClusterNode cluster = cluster(call);
        String hostname = cluster.hostname();
        text(
                call,
                cluster.nodeId() + " " + cluster.ip(localAddress(call)) + ":" + port(call) + "@"
                        + cluster.busPort(localAddress(call))
                        + (hostname.isEmpty() ? "" : "," + hostname)
                        + " myself,master - 0 0 " + cluster.epoch() + " connected " + ClusterNode.slots() + "\n");
    }

    private static void slots(Call call) {
        ClusterNode cluster = cluster(call);
        Reply reply = call.reply();
        reply.array(1);
        reply.array(3);
        reply.integer(0);
        reply.integer(HashSlot.COUNT - 1);
        reply.array(4);
        endpoint(call, cluster);
        reply.integer(port(call));
        reply.bulk(cluster.nodeId());
        Map<String, String> more = new LinkedHashMap<>();
        if (!cluster.preferredEndpointType().equals("ip")) {
            more.put("ip", cluster.ip(localAddress(call)));
        }
        if (!cluster.preferredEndpointType().equals("hostname")
                && !cluster.hostname().isEmpty()) {
            more.put("hostname", cluster.hostname());
        }
        addZone(call, more);
        reply.map(more.size());
        more.forEach((name, value) -> {
            reply.bulk(name);
            reply.bulk(value);
        });
    }

    private static void endpoint(Call call, ClusterNode cluster) {
        if (cluster.preferredEndpointType().equals("unknown-endpoint")) {
            call.reply().nil();
        } else {
            call.reply().bulk(cluster.endpoint(localAddress(call)));
        }
    }

    private static void addZone(Call call, Map<String, String> properties) {
        String zone = call.config().program.availabilityZone.get();
        if (!zone.isEmpty()) {
            properties.put("availability-zone", zone);
        }
    }

    private static void shards(Call call) {
        ClusterNode cluster = cluster(call);
        String zone = call.config().program.availabilityZone.get();
        int fields = 6
                + (cluster.hasPlainPort() ? 1 : 0)
                + (cluster.tlsPort() == 0 ? 0 : 1)
                + (cluster.hostname().isEmpty() ? 0 : 1)
                + (zone.isEmpty() ? 0 : 1);
        Reply reply = call.reply();
        reply.array(1);
        reply.map(3);
        reply.bulk("slots");
        reply.array(2);
        reply.integer(0);
        reply.integer(HashSlot.COUNT - 1);
        reply.bulk("nodes");
        reply.array(1);
        reply.map(fields);
        field(reply, "id", cluster.nodeId());
        if (cluster.hasPlainPort()) {
            field(reply, "port", cluster.port(localAddress(call)));
        }
        if (cluster.tlsPort() != 0) {
            field(reply, "tls-port", cluster.tlsPort());
        }
        field(reply, "ip", cluster.ip(localAddress(call)));
        field(reply, "endpoint", cluster.endpoint(localAddress(call)));
        if (!cluster.hostname().isEmpty()) {
            field(reply, "hostname", cluster.hostname());
        }
        field(reply, "role", "master");
        field(reply, "replication-offset", 0);
        field(reply, "health", "online");
        if (!zone.isEmpty()) {
            field(reply, "availability-zone", zone);
        }
        field(reply, "id", cluster.shardId());
    }

    private static void field(Reply reply, String name, String value) {
        reply.bulk(name);
        reply.bulk(value);
    }

    private static void field(Reply reply, String name, long value) {
        reply.bulk(name);
        reply.integer(value);
    }

    // ---- the keys of slots ----

    /** Visits all keys of a database, shard by shard, with the slot of each. The lock of its shard is held. */
    static void forEachKey(Call call, int database, BiConsumer<Slice, Integer> visitor) {
        Keyspace keyspace = call.engine().keyspace();
        Slice key = new Slice();
        for (int number = keyspace.shardWithKeys(0, database);
                number < keyspace.shardCount();
                number = keyspace.shardWithKeys(number + 1, database)) {
            Shard shard = keyspace.shard(number);
            shard.lock();
            try {
                for (Object item : shard.table(database)) {
                    KeyRecord.key(KeyTable.record(item), key);
                    visitor.accept(key, HashSlot.of(key));
                }
            } finally {
                shard.unlock();
            }
        }
    }

    /** How many keys of a database each slot has. */
    private static void count(Call call, int database, int[] counts) {
        forEachKey(call, database, (key, slot) -> counts[slot]++);
    }

    private static void countKeys(Call call) {
        cluster(call);
        long slot = call.longArg(2);
        if (slot < 0 || slot >= HashSlot.COUNT) {
            throw new CommandException("ERR Invalid slot");
        }
        int[] counts = new int[HashSlot.COUNT];
        count(call, call.database(), counts);
        call.reply().integer(counts[(int) slot]);
    }

    private static void getKeys(Call call) {
        cluster(call);
        long slot = call.longArg(2);
        long most = call.longArg(3);
        if (slot < 0 || slot >= HashSlot.COUNT || most < 0) {
            throw new CommandException("ERR Invalid slot or number of keys");
        }
        List<byte[]> keys = new ArrayList<>();
        forEachKey(call, call.database(), (key, keySlot) -> {
            if (keySlot == slot && keys.size() < most) {
                keys.add(key.toBytes());
            }
        });
        call.reply().array(keys.size());
        keys.forEach(call.reply()::bulk);
    }

    private static void slotStatistics(Call call) {
        cluster(call);
        if (call.argCount() == 5 && call.arg(2).isWord("SLOTSRANGE")) {
            int start = slotArg(call, 3);
            int end = slotArg(call, 4);
            if (start > end) {
                throw new CommandException(
                        "ERR Start slot number " + start + " is greater than end slot number " + end);
            }
            showCounts(call, IntStream.rangeClosed(start, end).boxed().toList(), countAll(call));
        } else if (call.arg(2).isWord("ORDERBY")) {
            orderedStatistics(call);
        } else {
            throw Help.wrongWords(call);
        }
    }

    private static void orderedStatistics(Call call) {
        if (!call.arg(3).isWord("KEY-COUNT")) {
            throw new CommandException("ERR Unrecognized sort metric for ORDERBY.");
        }
        long limit = HashSlot.COUNT;
        boolean ascending = false;
        int limits = 0;
        int orders = 0;
        for (int i = 4; i < call.argCount(); i++) {
            if (call.arg(i).isWord("LIMIT") && i + 1 < call.argCount()) {
                limit = call.longArg(
                        ++i,
                        1,
                        HashSlot.COUNT,
                        "ERR Limit has to lie in between 1 and 16384 (maximum number of slots).");
                limits++;
            } else if (call.arg(i).isWord("ASC") || call.arg(i).isWord("DESC")) {
                ascending = call.arg(i).isWord("ASC");
                orders++;
            } else {
                throw CommandException.syntax();
            }
            if (limits > 1 || orders > 1) {
                throw new CommandException("ERR Multiple filters of the same type are disallowed.");
            }
        }
        int[] counts = countAll(call);
        Comparator<Integer> byCount = Comparator.comparingInt(slot -> counts[slot]);
        List<Integer> slots = IntStream.range(0, HashSlot.COUNT)
                .boxed()
                .sorted(ascending ? byCount : byCount.reversed())
                .limit(limit)
                .toList();
        showCounts(call, slots, counts);
    }

    private static int[] countAll(Call call) {
        int[] counts = new int[HashSlot.COUNT];
        for (int database = 0; database < call.engine().keyspace().databases(); database++) {
            count(call, database, counts);
        }
        return counts;
    }

    private static void showCounts(Call call, List<Integer> slots, int[] counts) {
        Reply reply = call.reply();
        reply.array(slots.size());
        for (int slot : slots) {
            reply.array(2);
            reply.integer(slot);
            reply.map(1);
            field(reply, "key-count", counts[slot]);
        }
    }

    // ---- CLUSTERSCAN ----

    /**
     * A cursor is {@code fingerprint-{tag}-position}. The tag stands for the first slot that is still to be scanned, and leads the
     * client to the node that has it. The position is that of SCAN; it holds for the run of the store that the fingerprint names, and
     * elsewhere the scan of the slot begins anew. This node has all slots, so the tag stays the same until the end.
     */
    private static void scan(Call call) {
        cluster(call);
        ScanOptions options = ScanOptions.parseWithSlot(call);
        int wanted = options.slot();
        int ofPattern = options.patternSlot();
        boolean nothingMatches = wanted >= 0 && ofPattern >= 0 && wanted != ofPattern;
        KeyScan scan = new KeyScan(call, options);
        Slice cursor = call.arg(1);
        if (cursor.length() == 1 && cursor.at(0) == '0') {
            int first = wanted >= 0 ? wanted : Math.max(ofPattern, 0);
            scan.reply(nothingMatches ? "0" : beginningOf(first));
            return;
        }
        String[] parts = cursor.toString().split("-", 3);
        if (parts.length < 3 || !Numbers.isLong(Slice.of(parts[2]))) {
            throw new CommandException("ERR Invalid cursor");
        }
        int slot = HashSlot.of(Slice.of(parts[1]));
        if (wanted >= 0 && slot != wanted) {
            throw new CommandException("ERR Cursor slot mismatch with SLOT argument");
        }
        if (ofPattern >= 0 && slot != ofPattern) {
            scan.reply(!nothingMatches && ofPattern > slot ? beginningOf(ofPattern) : "0");
            return;
        }
        boolean oneSlot = wanted >= 0 || ofPattern >= 0;
        if (oneSlot) {
            scan.restrictTo(slot, slot, SLOT_SCAN_EFFORT);
        } else if (slot > 0) {
            scan.restrictTo(slot, HashSlot.COUNT - 1, SLOT_SCAN_EFFORT);
        }
        long position = parts[0].equals(fingerprint()) ? Numbers.toLong(Slice.of(parts[2])) : 0;
        long next = scan.from(position);
        scan.reply(next == 0 ? "0" : fingerprint() + "-{" + HashSlot.tag(slot) + "}-" + next);
    }

    private static String beginningOf(int slot) {
        return "0-{" + HashSlot.tag(slot) + "}-0";
    }

    /** Six letters that stand for the order in which this run of the store scans its keys. */
    private static String fingerprint() {
        long hash = Hash.of(new byte[0], 0, 0);
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < FINGERPRINT_LETTERS; i++) {
            letters.append((char) ('0' + (hash >>> 6 * i & 0x3F)));
        }
        return letters.toString();
    }
}
