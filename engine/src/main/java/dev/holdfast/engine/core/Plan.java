package dev.holdfast.engine.core;

import dev.holdfast.engine.catalog.CommandFlag;
import dev.holdfast.engine.catalog.CommandRole;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.client.Client;
import dev.holdfast.engine.client.QueuedCommands;
import dev.holdfast.engine.client.Watch;
import dev.holdfast.engine.keyspace.Keyspace;
import dev.holdfast.engine.protocol.Args;

/**
 * What commands are about to do, from their declarations and words: which shards they need, and whether they write, make the store grow
 * or reach replicas. EXEC does what its client's queue does.
 */
final class Plan {
    private final Engine engine;
    private final Keyspace keyspace;

    Plan(Engine engine) {
        this.engine = engine;
        this.keyspace = engine.keyspace();
    }

    /** The shards that a client's command needs. */
    long shards(Client client, CommandSpec spec, Args args) {
        int onlyKey = spec.onlyKey(args);
        if (onlyKey > 0) {
            return keyspace.maskOf(args.get(onlyKey));
        }
        return spec.has(CommandRole.RUNS_QUEUE) ? shardsOfQueue(client) : shards(spec, args);
    }

    /** The shards that a command other than EXEC needs; none for one that takes locks by itself. */
    long shards(CommandSpec spec, Args args) {
        if (spec.is(CommandFlag.ALL_SHARDS) && !engine.scripts().isConfined(spec, args)) {
            return keyspace.allShards();
        }
        long mask = spec.maskOf(args, keyspace);
        return mask == 0 && spec.is(CommandFlag.ALL_SHARDS) ? keyspace.allShards() : mask;
    }

    /** The shards that a command may come to need inside something that holds its locks from the beginning. */
    long shardsWithin(CommandSpec spec, Args args) {
        return spec.is(CommandFlag.VISITS_SHARDS) ? keyspace.allShards() : shards(spec, args);
    }

    /** Those of all queued commands and of all watched keys. */
    private long shardsOfQueue(Client client) {
        QueuedCommands transaction = client.transaction();
        Watch watch = client.watch();
        long mask = 0;
        if (transaction != null) {
            for (QueuedCommands.Queued queued : transaction.commands()) {
                mask |= shardsWithin(queued.spec(), queued.args());
            }
        }
        if (watch != null) {
            for (Watch.Key key : watch.keys()) {
                mask |= keyspace.maskOf(key.key());
            }
        }
        return mask;
    }

    /** Whether a client's command writes. */
    boolean writes(Client client, CommandSpec spec) {
        return is(client, spec, CommandFlag.WRITE);
    }

    /** Whether a client's command, with these words, writes. */
    boolean writes(Client client, CommandSpec spec, Args args) {
        return is(client, spec, CommandFlag.WRITE) || engine.scripts().is(spec, args, CommandFlag.WRITE);
    }

    /** Whether a client's command, with these words, may make the store grow. */
    boolean grows(Client client, CommandSpec spec, Args args) {
        return is(client, spec, CommandFlag.DENYOOM) || engine.scripts().is(spec, args, CommandFlag.DENYOOM);
    }

    private static boolean is(Client client, CommandSpec spec, CommandFlag flag) {
        if (spec.is(flag)) {
            return true;
        }
        QueuedCommands transaction = client.transaction();
        return transaction != null
                && spec.has(CommandRole.RUNS_QUEUE)
                && transaction.commands().stream()
                        .anyMatch(queued -> queued.spec().is(flag));
    }

    /** Whether a client's command, with these words, may write or do something else that replicas are sent. */
    boolean reachesReplicas(Client client, CommandSpec spec, Args args) {
        if (reachesReplicas(spec, args)) {
            return true;
        }
        QueuedCommands transaction = client.transaction();
        return transaction != null
                && spec.has(CommandRole.RUNS_QUEUE)
                && transaction.commands().stream().anyMatch(queued -> reachesReplicas(queued.spec(), queued.args()));
    }

    private boolean reachesReplicas(CommandSpec spec, Args args) {
        return spec.is(CommandFlag.WRITE)
                || spec.is(CommandFlag.MAY_REPLICATE) && !engine.scripts().readsOnly(spec, args);
    }
}
