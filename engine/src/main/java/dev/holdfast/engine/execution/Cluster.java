package dev.holdfast.engine.execution;

import dev.holdfast.engine.base.HashSlot;
import dev.holdfast.engine.config.ClusterParameters;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.protocol.Args;
import java.util.List;

/**
 * A cluster of one node, which has every slot. To clients it is a cluster as any other: they find the node that has a slot, and a
 * command, a transaction or a script may only name keys of one slot.
 */
public final class Cluster {
    /** No keys, and so no slot. */
    public static final int NO_SLOT = -1;

    private static final String CROSS_SLOT = "CROSSSLOT Keys in request don't hash to the same slot";

    private final Config config;
    private volatile String nodeId;
    private volatile String shardId;
    private volatile long epoch;

    Cluster(Config config) {
        this.config = config;
        this.nodeId = Engine.randomId();
        this.shardId = Engine.randomId();
    }

    /** Forty digits that name this node. */
    public String nodeId() {
        return nodeId;
    }

    public String shardId() {
        return shardId;
    }

    /** The version of what the node says about its slots. */
    public long epoch() {
        return epoch;
    }

    public void setEpoch(long epoch) {
        this.epoch = epoch;
    }

    /** Makes the node a new one. */
    public void forgetIdentity() {
        nodeId = Engine.randomId();
        shardId = Engine.randomId();
        epoch = 0;
    }

    // ---- slots ----

    /**
     * The slot of all keys and sharded channels of a command, or {@link #NO_SLOT}.
     *
     * @throws CommandException if they are of several slots
     */
    public int slotOf(CommandSpec spec, Args args) {
        int slot = NO_SLOT;
        for (KeySpec keys : spec.keySpecs()) {
            slot = keys.slotOf(args, slot);
        }
        return slot;
    }

    /** Fails where a command is about several slots. */
    void check(Client client, CommandSpec spec, Args args) {
        try {
            slotOf(spec, args);
        } catch (CommandException e) {
            client.lane().rejected[spec.id()]++;
            throw e;
        }
    }

    /** Fails where the commands of a transaction are about several slots. */
    void check(List<Transaction.Queued> commands) {
        int slot = NO_SLOT;
        for (Transaction.Queued queued : commands) {
            slot = join(slot, slotOf(queued.spec(), queued.args()));
        }
    }

    /** The slot of two things of which each has one, or none. */
    static int join(int slot, int other) {
        if (slot != NO_SLOT && other != NO_SLOT && slot != other) {
            throw new CommandException(CROSS_SLOT);
        }
        return slot == NO_SLOT ? other : slot;
    }

    /** The ranges of slots that the node has, as it shows them. */
    public static String slots() {
        return "0-" + (HashSlot.COUNT - 1);
    }

    // ---- what the node tells of its address ----

    private ClusterParameters parameters() {
        return config.cluster;
    }

    /** The address at which clients find the node: the one that is configured, else that at which this client has found it. */
    public String ip(Client client) {
        String local = client.link().localAddress();
        String host = local.substring(0, Math.max(0, local.lastIndexOf(':')));
        boolean ipv6 = host.startsWith("[");
        String ownForFamily = (ipv6 ? parameters().announceClientIpv6 : parameters().announceClientIpv4).get();
        if (!ownForFamily.isEmpty()) {
            return ownForFamily;
        }
        if (!parameters().announceIp.get().isEmpty()) {
            return parameters().announceIp.get();
        }
        return host.startsWith("/") ? "" : ipv6 ? host.substring(1, host.length() - 1) : host;
    }

    /** The port at which clients find the node; where the system has chosen it, that at which this client has. */
    public long port(Client client) {
        long forClients = parameters().announceClientPort.get();
        return forClients != 0 ? forClients : announcedPort(client);
    }

    private long announcedPort(Client client) {
        long announced = parameters().announcePort.get();
        long own = config.network.port.get();
        String local = client.link().localAddress();
        return announced != 0
                ? announced
                : own != 0 ? own : Long.parseLong(local.substring(local.lastIndexOf(':') + 1));
    }

    /** The port at which other nodes would find this one. */
    public long busPort(Client client) {
        long announced = parameters().announceBusPort.get();
        long own = parameters().port.get();
        return announced != 0 ? announced : own != 0 ? own : announcedPort(client) + 10_000;
    }

    public String hostname() {
        return parameters().announceHostname.get();
    }

    /** What of this clients are to use: {@code ip}, {@code hostname} or {@code unknown-endpoint}. */
    public String preferredEndpointType() {
        return parameters().preferredEndpointType.get();
    }

    /** What clients are to use; empty for whatever they use already. */
    public String endpoint(Client client) {
        return switch (preferredEndpointType()) {
            case "hostname" -> hostname().isEmpty() ? "?" : hostname();
            case "unknown-endpoint" -> "";
            default -> ip(client);
        };
    }
}
