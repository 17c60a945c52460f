package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.ALLOW_BUSY;
import static dev.holdfast.engine.catalog.CommandFlag.ALL_SHARDS;
import static dev.holdfast.engine.catalog.CommandFlag.BLOCKING;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_ASYNC_LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NO_MULTI;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.GENERIC;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Numbers;
import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.replication.Failover;
import dev.holdfast.engine.replication.Replica;
import dev.holdfast.engine.replication.ReplicationNode;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commands between servers, and those by which a client waits for replicas. */
public final class ReplicationCommands {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicationCommands.class);
    private static final int LONGEST_ADDRESS = 255;

    private ReplicationCommands() {}

    public static final List<CommandSpec> COMMANDS = List.of(
            command("WAIT", "numreplicas timeout", ReplicationCommands::await)
                    .in(GENERIC)
                    .since("3.0.0")
                    .arity(3)
                    .flags(BLOCKING)
                    .aclInsteadOfGroup("connection")
                    .tips("request_policy:all_shards", "response_policy:agg_min")
                    .complexity("O(1)")
                    .summary("Waits until replicas have what this connection has written"),
            admin("REPLICAOF", "<host port | NO ONE>", ReplicationCommands::replicaOf)
                    .since("5.0.0")
                    .arity(3)
                    .flags(NO_ASYNC_LOADING, NOSCRIPT, STALE, ALL_SHARDS)
                    .summary("Makes the server a replica of another, or a primary"),
            admin("SLAVEOF", "<host port | NO ONE>", ReplicationCommands::replicaOf)
                    .since("1.0.0")
                    .arity(3)
                    .flags(NO_ASYNC_LOADING, NOSCRIPT, STALE, ALL_SHARDS)
                    .summary("Makes the server a replica of another, or a primary"),
            admin("FAILOVER", "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]", ReplicationCommands::failover)
                    .since("6.2.0")
                    .arity(-1)
                    .flags(NOSCRIPT, STALE, ALL_SHARDS)
                    .summary("Exchanges the roles of the primary and a replica"),
            admin("PSYNC", "replicationid offset", ReplicationCommands::synchronize)
                    .since("2.8.0")
                    .arity(-3)
                    .flags(NO_ASYNC_LOADING, NO_MULTI, NOSCRIPT, ALL_SHARDS)
                    .summary("Lets a replica go on with the stream of changes"),
            admin("SYNC", "", ReplicationCommands::synchronizeFully)
                    .since("1.0.0")
                    .arity(1)
                    .flags(NO_ASYNC_LOADING, NO_MULTI, NOSCRIPT)
                    .summary("Lets a replica receive everything"),
            admin("REPLCONF", "", ReplicationCommands::configure)
                    .since("3.0.0")
                    .arity(-1)
                    .flags(NOSCRIPT, LOADING, STALE, ALLOW_BUSY)
                    .summary("What a replica tells of itself"));

    private static CommandSpec admin(String name, String syntax, Handler handler) {
        return command(name, syntax, handler).in(SERVER).flags(ADMIN).complexity("O(1)");
    }

    private static ReplicationNode node(Call call) {
        return ReplicationNode.of(call.engine());
    }

    /** A time to wait, in milliseconds; 0 means for ever. */
    static long timeout(Call call, int index) {
        long timeout =
                call.longArg(index, Long.MIN_VALUE, Long.MAX_VALUE, "ERR timeout is not an integer or out of range");
        if (timeout < 0) {
            throw new CommandException("ERR timeout is negative");
        }
        if (timeout > Long.MAX_VALUE - call.now()) {
            throw new CommandException("ERR timeout is out of range");
        }
        return timeout;
    }

    private static void await(Call call) {
        ReplicationNode node = node(call);
        if (node.isReplica()) {
            throw new CommandException(
                    "ERR WAIT cannot be used with replica instances. Please also note that if a replica"
                            + " is configured to be writable (which is not the default) writes to replicas are just local and are"
                            + " not propagated.");
        }
        long wanted = call.longArg(1);
        long timeoutMillis = timeout(call, 2);
        long offset = call.client().replicationOffset();
        int have = node.replicas().countAcknowledged(offset);
        if (have >= wanted) {
            call.reply().integer(have);
            return;
        }
        call.blockForTime(timeoutMillis, reply -> reply.integer(node.replicas().countAcknowledged(offset)));
        if (!call.inTransaction()) {
            node.replicas().waits().add(call.client(), () -> node.replicas().countAcknowledged(offset) >= wanted);
            node.replicas().requestAcknowledgements();
        }
    }

    // ---- a replica's side ----

    private static void synchronizeFully(Call call) {
        node(call).replicas().synchronizeFully(call.client());
    }

    private static void synchronize(Call call) {
        if (!Numbers.isLong(call.arg(2))) {
            LOG.warn(
                    "Replica {} asks for synchronization but with a wrong offset",
                    call.client().link().address());
        }
        long offset = call.longArg(2);
        String id = call.arg(1).toString();
        if (call.argCount() > 3 && call.arg(3).isWord("FAILOVER")) {
            node(call).takeOver(id);
        }
        String answer = node(call).replicas().synchronize(call.client(), id, offset - 1);
        if (answer != null) {
            call.reply().simple(answer);
        }
    }

    private static void configure(Call call) {
        if (call.argCount() % 2 == 0) {
            throw CommandException.syntax();
        }
        ReplicationNode node = node(call);
        for (int i = 1; i < call.argCount(); i += 2) {
            String name = call.arg(i).toString().toLowerCase(Locale.ROOT);
            switch (name) {
                case "ack" -> {
                    acknowledge(call, node, i);
                    return;
                }
                case "getack" -> {
                    node.acknowledgementWanted(call.client());
                    return;
                }
                default -> configure(call, node.replicas().of(call.client()), name, i + 1);
            }
        }
        call.reply().ok();
    }

    /** No reply: the stream has no room for one. */
    private static void acknowledge(Call call, ReplicationNode node, int index) {
        if (!Numbers.isLong(call.arg(index + 1))) {
            return;
        }
        long durable = -1;
        if (index + 3 < call.argCount() && call.arg(index + 2).isWord("FACK") && Numbers.isLong(call.arg(index + 3))) {
            durable = Numbers.toLong(call.arg(index + 3));
        }
        node.replicas().acknowledged(call.client(), Numbers.toLong(call.arg(index + 1)), durable);
    }

    private static void configure(Call call, Replica replica, String name, int index) {
        Slice value = call.arg(index);
        switch (name) {
            case "listening-port" -> replica.setListeningPort((int) call.longArg(index));
            case "ip-address" -> {
                if (value.length() >= LONGEST_ADDRESS) {
                    throw new CommandException("ERR REPLCONF ip-address provided by replica instance is too long: "
                            + value.length() + " bytes");
                }
                replica.setAnnouncedIp(value.toString());
            }
            case "capa" -> replica.addCapability(value.toString().toLowerCase(Locale.ROOT), call.config().replication);
            case "version" -> replica.setVersion(version(value.toString()));
            case "rdb-only" ->
                replica.setRdbOnly(
                        call.longArg(index, 0, 1, "ERR value is out of range, value must between 0 and 1") == 1);
            case "rdb-channel" ->
                replica.setSnapshotChannel(
                        call.longArg(index, 0, 1, "ERR value is out of range, value must between 0 and 1") == 1);
            case "set-rdb-client-id" -> node(call).replicas().setSnapshotClient(call.client(), call.longArg(index));
            case "rdb-filter-only" -> filter(replica, value.toString());
            case "set-cluster-node-id" -> throw new CommandException("ERR This instance has cluster support disabled");
            default -> throw new CommandException("ERR Unrecognized REPLCONF option: " + call.arg(index - 1));
        }
    }

    private static void filter(Replica replica, String names) {
        boolean functions = false;
        for (String name : names.split(" ")) {
            if (name.equalsIgnoreCase("functions")) {
                functions = true;
            } else if (!name.isEmpty()) {
                throw new CommandException("ERR Unsupported rdb-filter-only option: " + name);
            }
        }
        replica.setFilter(true, !functions);
    }

    /** A version as one number: 9.1.0 as {@code 0x090100}. */
    private static int version(String text) {
        String[] parts = text.split("\\.", -1);
        int number = 0;
        for (String part : parts) {
            if (!part.matches("\\d{1,3}") || Integer.parseInt(part) > 255) {
                parts = new String[0];
                break;
            }
            number = number << 8 | Integer.parseInt(part);
        }
        if (parts.length != 3) {
            throw new CommandException("ERR Unrecognized version format: " + text);
        }
        return number;
    }

    // ---- roles ----

    /** Runs with all shards locked: a client that writes under the former role has done so before, or will be refused. */
    private static void replicaOf(Call call) {
        if (call.engine().cluster() != null) {
            throw new CommandException("ERR REPLICAOF not allowed in cluster mode.");
        }
        ReplicationNode node = node(call);
        if (node.failover().isActive()) {
            throw new CommandException("ERR REPLICAOF not allowed while failing over.");
        }
        if (call.arg(1).isWord("NO") && call.arg(2).isWord("ONE")) {
            node.promote();
            call.reply().ok();
            return;
        }
        if (call.client().isReplica()) {
            throw new CommandException("ERR Command is not valid when client is a replica.");
        }
        int port = (int) call.longArg(2, 0, 65535, "ERR Invalid master port");
        if (node.follow(call.arg(1).toString(), port)) {
            call.reply().ok();
        } else {
            call.reply().simple("OK Already connected to specified master");
        }
    }

    private static void failover(Call call) {
        if (call.engine().cluster() != null) {
            throw new CommandException(
                    "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.");
        }
        ReplicationNode node = node(call);
        if (call.argCount() == 2 && call.arg(1).isWord("ABORT")) {
            if (!node.failover().isActive()) {
                throw new CommandException("ERR No failover in progress.");
            }
            node.failover().abort("Failover manually aborted");
            call.reply().ok();
            return;
        }
        Failover.Target target = null;
        long timeoutMillis = 0;
        boolean force = false;
        for (int i = 1; i < call.argCount(); i++) {
            if (call.arg(i).isWord("TIMEOUT") && i + 1 < call.argCount() && timeoutMillis == 0) {
                timeoutMillis = call.longArg(++i);
                if (timeoutMillis <= 0) {
                    throw new CommandException("ERR FAILOVER timeout must be greater than 0");
                }
            } else if (call.arg(i).isWord("TO") && i + 2 < call.argCount() && target == null) {
                target = new Failover.Target(call.arg(i + 1).toString(), (int) call.longArg(i + 2));
                i += 2;
            } else if (call.arg(i).isWord("FORCE") && !force) {
                force = true;
            } else {
                throw CommandException.syntax();
            }
        }
        node.failover().begin(target, timeoutMillis, force);
        call.reply().ok();
    }
}
