package dev.holdfast.engine.commands;

import static dev.holdfast.engine.catalog.CommandFlag.ADMIN;
import static dev.holdfast.engine.catalog.CommandFlag.ALLOW_BUSY;
import static dev.holdfast.engine.catalog.CommandFlag.BLOCKING;
import static dev.holdfast.engine.catalog.CommandFlag.LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NOSCRIPT;
import static dev.holdfast.engine.catalog.CommandFlag.NO_ASYNC_LOADING;
import static dev.holdfast.engine.catalog.CommandFlag.NO_MULTI;
import static dev.holdfast.engine.catalog.CommandFlag.STALE;
import static dev.holdfast.engine.catalog.CommandGroup.GENERIC;
import static dev.holdfast.engine.catalog.CommandGroup.SERVER;
import static dev.holdfast.engine.core.Handler.command;

import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.core.Call;
import dev.holdfast.engine.core.Handler;
import java.util.List;

/** The commands about replicas, of a store that has none and is none: they answer as a primary without replicas does. */
public final class ReplicationCommands {
    private static final String UNSUPPORTED = "ERR replication is not supported";

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
                    .flags(NO_ASYNC_LOADING, NOSCRIPT, STALE)
                    .summary("Makes the server a replica of another, or a primary"),
            admin("SLAVEOF", "<host port | NO ONE>", ReplicationCommands::replicaOf)
                    .since("1.0.0")
                    .arity(3)
                    .flags(NO_ASYNC_LOADING, NOSCRIPT, STALE)
                    .summary("Makes the server a replica of another, or a primary"),
            admin("FAILOVER", "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]", ReplicationCommands::failover)
                    .since("6.2.0")
                    .arity(-1)
                    .flags(NOSCRIPT, STALE)
                    .summary("Exchanges the roles of the primary and a replica"),
            admin("PSYNC", "replicationid offset", ReplicationCommands::refuse)
                    .since("2.8.0")
                    .arity(-3)
                    .flags(NO_ASYNC_LOADING, NO_MULTI, NOSCRIPT)
                    .summary("Lets a replica go on with the stream of changes"),
            admin("SYNC", "", ReplicationCommands::refuse)
                    .since("1.0.0")
                    .arity(1)
                    .flags(NO_ASYNC_LOADING, NO_MULTI, NOSCRIPT)
                    .summary("Lets a replica receive everything"),
            admin("REPLCONF", "", ReplicationCommands::refuse)
                    .since("3.0.0")
                    .arity(-1)
                    .flags(NOSCRIPT, LOADING, STALE, ALLOW_BUSY)
                    .summary("What a replica tells of itself"));

    private static CommandSpec admin(String name, String syntax, Handler handler) {
        return command(name, syntax, handler).in(SERVER).flags(ADMIN).complexity("O(1)");
    }

    private static void await(Call call) {
        long replicas = call.longArg(1);
        long timeout = call.longArg(2, Long.MIN_VALUE, Long.MAX_VALUE, "ERR timeout is not an integer or out of range");
        if (timeout < 0) {
            throw new CommandException("ERR timeout is negative");
        }
        if (timeout > Long.MAX_VALUE - call.now()) {
            throw new CommandException("ERR timeout is out of range");
        }
        if (replicas <= 0) {
            call.reply().integer(0);
        } else {
            call.blockForTime(timeout, reply -> reply.integer(0));
        }
    }

    private static void replicaOf(Call call) {
        if (call.engine().cluster() != null) {
            throw new CommandException("ERR REPLICAOF not allowed in cluster mode.");
        }
        if (!call.arg(1).isWord("NO") || !call.arg(2).isWord("ONE")) {
            call.longArg(2, 0, 65535, "ERR Invalid master port");
            throw new CommandException(UNSUPPORTED);
        }
        call.reply().ok();
    }

    private static void failover(Call call) {
        if (call.engine().cluster() != null) {
            throw new CommandException(
                    "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.");
        }
        boolean abort = call.argCount() == 2 && call.arg(1).isWord("ABORT");
        throw new CommandException(
                abort ? "ERR No failover in progress." : "ERR FAILOVER requires connected replicas.");
    }

    private static void refuse(Call call) {
        throw new CommandException(UNSUPPORTED);
    }
}
