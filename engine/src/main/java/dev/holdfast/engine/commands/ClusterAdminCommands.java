package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.ALL_SHARDS;
import static dev.holdfast.engine.catalog.CommandFlag.MAY_REPLICATE;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_ASYNC_LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandFlag.WRITE;
import static dev.holdfast.engine.catalog.CommandGroup.CLUSTER;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.base.Slice;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.change.Event;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.topology.ClusterNode;
import java.util.ArrayList;
import java.util.List;

/**
 * The subcommands of {@code CLUSTER} that change the cluster. With one node that has every slot there is little to change: they
 * answer what Valkey answers about a node that is the only one. What would take slots away from it or bring other nodes in is
 * refused.
 */
final class ClusterAdminCommands {
    private static final String ONE_NODE = "ERR This cluster has one node, which has all slots";

    private ClusterAdminCommands() {}

    static final List<CommandSpec> SUBCOMMANDS = List.of(
            admin("ADDSLOTS", "slot [slot ...]", call -> addSlots(call, 1))
                    .since("3.0.0")
                    .arity(-3)
                    .flags(NO_ASYNC_LOADING)
                    .complexity("O(N) with the number of slots")
                    .summary("Gives slots to this node"),
            admin("ADDSLOTSRANGE", "start-slot end-slot [start-slot end-slot ...]", call -> addSlots(call, 2))
                    .since("7.0.0")
                    .arity(-4)
                    .flags(NO_ASYNC_LOADING)
                    .complexity("O(N) with the number of slots")
                    .summary("Gives ranges of slots to this node"),
            admin("BUMPEPOCH", "", ClusterAdminCommands::bumpEpoch)
                    .since("3.0.0")
                    .arity(2)
                    .flags(NO_ASYNC_LOADING)
                    .tips("nondeterministic_output")
                    .summary("Advances the epoch of this node's configuration"),
            admin("CANCELSLOTMIGRATIONS", "", call -> fail(call, "ERR No migrations ongoing"))
                    .since("9.0.0")
                    .arity(2)
                    .flags(NO_ASYNC_LOADING)
                    .summary("Ends all migrations of slots"),
            admin("COUNT-FAILURE-REPORTS", "node-id", call -> {
                        requireMyself(call, 2);
                        call.reply().integer(0);
                    })
                    .since("3.0.0")
                    .arity(3)
                    .tips("nondeterministic_output")
                    .complexity("O(N) with the number of reports")
                    .summary("How many nodes hold a node to have failed"),
            admin("DELSLOTS", "slot [slot ...]", call -> deleteSlots(call, 1))
                    .since("3.0.0")
                    .arity(-3)
                    .flags(NO_ASYNC_LOADING)
                    .complexity("O(N) with the number of slots")
                    .summary("Takes slots from this node"),
            admin("DELSLOTSRANGE", "start-slot end-slot [start-slot end-slot ...]", call -> deleteSlots(call, 2))
                    .since("7.0.0")
                    .arity(-4)
                    .flags(NO_ASYNC_LOADING)
                    .complexity("O(N) with the number of slots")
                    .summary("Takes ranges of slots from this node"),
            admin("FAILOVER", "[<FORCE | TAKEOVER>]", ClusterAdminCommands::failover)
                    .since("3.0.0")
                    .arity(-2)
                    .flags(NO_ASYNC_LOADING)
                    .summary("Makes a replica the primary"),
            command("FLUSHSLOT", "slot [<ASYNC | SYNC>]", ClusterAdminCommands::flushSlot)
                    .in(CLUSTER)
                    .since("9.0.0")
                    .arity(-3)
                    .flags(WRITE, NO_ASYNC_LOADING, ADMIN, ALL_SHARDS)
                    .acl("keyspace")
                    .complexity("O(N) with the keys of all databases")
                    .summary("Removes all keys of a slot"),
            admin("FLUSHSLOTS", "", ClusterAdminCommands::flushSlots)
                    .since("3.0.0")
                    .arity(2)
                    .flags(NO_ASYNC_LOADING)
                    .summary("Takes all slots from this node"),
            admin("FORGET", "node-id", call -> {
                        requireMyself(call, 2);
                        throw new CommandException("ERR I tried hard but I can't forget myself...");
                    })
                    .since("3.0.0")
                    .arity(3)
                    .flags(NO_ASYNC_LOADING)
                    .summary("Forgets a node"),
            admin("GETSLOTMIGRATIONS", "", call -> {
                        ClusterCommands.cluster(call);
                        call.reply().emptyArray();
                    })
                    .since("9.0.0")
                    .arity(2)
                    .flags(NO_ASYNC_LOADING)
                    .complexity("O(N) with the number of migrations")
                    .summary("The migrations of slots"),
            admin("MEET", "ip port [cluster-bus-port]", ClusterAdminCommands::meet)
                    .since("3.0.0")
                    .arity(-4)
                    .flags(NO_ASYNC_LOADING)
                    .summary("Joins another node"),
            admin(
                            "MIGRATESLOTS",
                            "SLOTSRANGE start-slot end-slot [start-slot end-slot ...] NODE node-id"
                                    + " [SLOTSRANGE start-slot end-slot [start-slot end-slot ...] NODE node-id ...]",
                            call -> fail(call, ONE_NODE))
                    .since("9.0.0")
                    .arity(-4)
                    .flags(NO_ASYNC_LOADING)
                    .complexity("O(N) with the number of slots")
                    .summary("Moves slots to another node"),
            admin("REPLICAS", "node-id", ClusterAdminCommands::replicas)
                    .since("5.0.0")
                    .arity(3)
                    .tips("nondeterministic_output")
                    .complexity("O(N) with the number of replicas")
                    .summary("The replicas of a node"),
            admin("REPLICATE", "<node-id | NO ONE>", ClusterAdminCommands::replicate)
                    .since("3.0.0")
                    .arity(-3)
                    .flags(NO_ASYNC_LOADING)
                    .summary("Makes this node a replica of another"),
            admin("RESET", "[<HARD | SOFT>]", ClusterAdminCommands::reset)
                    .since("3.0.0")
                    .arity(-2)
                    .flags(NOSCRIPT)
                    .complexity("O(N) with the number of nodes")
                    .summary("Makes this node forget the cluster"),
            admin("SAVECONFIG", "", call -> {
                        ClusterCommands.cluster(call);
                        call.reply().ok();
                    })
                    .since("3.0.0")
                    .arity(2)
                    .flags(NO_ASYNC_LOADING)
                    .summary("Saves the configuration of the cluster"),
            admin("SET-CONFIG-EPOCH", "config-epoch", ClusterAdminCommands::setEpoch)
                    .since("3.0.0")
                    .arity(3)
                    .flags(NO_ASYNC_LOADING)
                    .summary("Sets the epoch of a new node's configuration"),
            admin(
                            "SETSLOT",
                            "slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE> [TIMEOUT timeout]",
                            ClusterAdminCommands::setSlot)
                    .since("3.0.0")
                    .arity(-4)
                    .flags(NO_ASYNC_LOADING, MAY_REPLICATE)
                    .summary("Says what becomes of a slot"),
            admin("SLAVES", "node-id", ClusterAdminCommands::replicas)
                    .since("3.0.0")
                    .arity(3)
                    .tips("nondeterministic_output")
                    .complexity("O(N) with the number of replicas")
                    .summary("The replicas of a node"),
            admin("SYNCSLOTS", "", call -> fail(call, ONE_NODE))
                    .since("9.0.0")
                    .arity(-3)
                    .flags(NO_ASYNC_LOADING, MAY_REPLICATE)
                    .summary("What nodes say to each other while slots move"));

    private static CommandSpec admin(String name, String syntax, Handler handler) {
        return command(name, syntax, handler).in(CLUSTER).flags(ADMIN, STALE).complexity("O(1)");
    }

    private static void fail(Call call, String message) {
        ClusterCommands.cluster(call);
        throw new CommandException(message);
    }

    private static boolean isMyself(Call call, int index) {
        return call.arg(index).toString().equals(ClusterCommands.cluster(call).nodeId());
    }

    private static void requireMyself(Call call, int index) {
        if (!isMyself(call, index)) {
            throw new CommandException("ERR Unknown node " + call.arg(index));
        }
    }

    // ---- slots ----

    /** The first slot of those named, after all words have been looked at. */
    private static int firstSlot(Call call, int wordsPerRange) {
        ClusterCommands.cluster(call);
        if (wordsPerRange == 2 && call.argCount() % 2 == 1) {
            throw CommandException.arity(call.spec().fullName());
        }
        for (int i = 2; i < call.argCount(); i += wordsPerRange) {
            int start = ClusterCommands.slotArg(call, i);
            int end = ClusterCommands.slotArg(call, i + wordsPerRange - 1);
            if (start > end) {
                throw new CommandException(
                        "ERR start slot number " + start + " is greater than end slot number " + end);
            }
        }
        return ClusterCommands.slotArg(call, 2);
    }

    private static void addSlots(Call call, int wordsPerRange) {
        throw new CommandException("ERR Slot " + firstSlot(call, wordsPerRange) + " is already busy");
    }

    private static void deleteSlots(Call call, int wordsPerRange) {
        firstSlot(call, wordsPerRange);
        throw new CommandException(ONE_NODE);
    }

    private static void flushSlots(Call call) {
        ClusterCommands.cluster(call);
        if (hasKeys(call)) {
            throw new CommandException("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.");
        }
        throw new CommandException(ONE_NODE);
    }

    private static boolean hasKeys(Call call) {
        Keyspace keyspace = call.engine().keyspace();
        for (int database = 0; database < keyspace.databases(); database++) {
            if (keyspace.size(database) > 0) {
                return true;
            }
        }
        return false;
    }

    private static void setSlot(Call call) {
        ClusterCommands.cluster(call);
        int slot = ClusterCommands.slotArg(call, 2);
        Slice action = call.arg(3);
        boolean names = call.argCount() >= 5;
        if (action.isWord("IMPORTING") && names) {
            throw new CommandException("ERR I'm already the owner of hash slot " + slot);
        } else if (action.isWord("MIGRATING") && names) {
            throw new CommandException(
                    isMyself(call, 4) ? "ERR Target node is myself" : "ERR I don't know about node " + call.arg(4));
        } else if (action.isWord("NODE") && names) {
            requireMyself(call, 4);
        } else if (!action.isWord("STABLE")) {
            throw new CommandException("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP");
        }
        call.reply().ok();
    }

    private static void flushSlot(Call call) {
        ClusterCommands.cluster(call);
        int slot = ClusterCommands.slotArg(call, 2);
        boolean asked = call.argCount() > 3;
        if (call.argCount() > 4
                || asked && !call.arg(3).isWord("ASYNC") && !call.arg(3).isWord("SYNC")) {
            throw CommandException.syntax();
        }
        call.propagateNothing();
        for (int database = 0; database < call.engine().keyspace().databases(); database++) {
            List<Slice> keys = new ArrayList<>();
            ClusterCommands.forEachKey(call, database, (key, keySlot) -> {
                if (keySlot == slot) {
                    keys.add(new Slice(key.toBytes()));
                }
            });
            for (Slice key : keys) {
                if (call.edit(key, database).remove(Event.DEL)) {
                    call.propagateBeside(database, "DEL", key);
                }
            }
        }
        call.reply().ok();
    }

    // ---- nodes ----

    private static void bumpEpoch(Call call) {
        ClusterNode cluster = ClusterCommands.cluster(call);
        boolean first = cluster.epoch() == 0;
        if (first) {
            cluster.setEpoch(1);
        }
        call.reply().simple((first ? "BUMPED " : "STILL ") + cluster.epoch());
    }

    private static void setEpoch(Call call) {
        ClusterNode cluster = ClusterCommands.cluster(call);
        long epoch = call.longArg(2);
        if (epoch < 0) {
            throw new CommandException("ERR Invalid config epoch specified: " + epoch);
        }
        if (cluster.epoch() != 0) {
            throw new CommandException("ERR Node config epoch is already non-zero");
        }
        cluster.setEpoch(epoch);
        call.reply().ok();
    }

    private static void failover(Call call) {
        ClusterCommands.cluster(call);
        for (int i = 2; i < call.argCount(); i++) {
            if (!call.arg(i).isWord("FORCE") && !call.arg(i).isWord("TAKEOVER")) {
                throw CommandException.syntax();
            }
        }
        throw new CommandException("ERR You should send CLUSTER FAILOVER to a replica");
    }

    private static void meet(Call call) {
        ClusterCommands.cluster(call);
        long port = call.longArg(3, Long.MIN_VALUE, Long.MAX_VALUE, "ERR Invalid base port specified: " + call.arg(3));
        if (port <= 0 || port > 65535) {
            throw new CommandException("ERR Port number is out of range");
        }
        throw new CommandException(ONE_NODE);
    }

    private static void replicas(Call call) {
        requireMyself(call, 2);
        call.reply().emptyArray();
    }

    private static void replicate(Call call) {
        ClusterCommands.cluster(call);
        boolean ofNone =
                call.argCount() == 4 && call.arg(2).isWord("NO") && call.arg(3).isWord("ONE");
        if (call.argCount() > 3 && !ofNone) {
            throw Help.wrongWords(call);
        }
        if (!ofNone) {
            requireMyself(call, 2);
            throw new CommandException("ERR Can't replicate myself");
        }
        call.reply().ok();
    }

    /** A node that is reset keeps its slots: no other node has them. */
    private static void reset(Call call) {
        ClusterNode cluster = ClusterCommands.cluster(call);
        boolean hard = call.argCount() == 3 && call.arg(2).isWord("HARD");
        if (call.argCount() > 3 || call.argCount() == 3 && !hard && !call.arg(2).isWord("SOFT")) {
            throw CommandException.syntax();
        }
        if (hasKeys(call)) {
            throw new CommandException("ERR CLUSTER RESET can't be called with master nodes containing keys");
        }
        if (hard) {
            cluster.forgetIdentity();
        }
        call.reply().ok();
    }
}
