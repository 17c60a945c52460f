package dev.holdfast.engine.topology;

import dev.holdfast.engine.base.HashSlot;
import dev.holdfast.engine.base.RandomId;
import dev.holdfast.engine.catalog.CommandException;
import dev.holdfast.engine.catalog.CommandSpec;
import dev.holdfast.engine.catalog.KeySpec;
import dev.holdfast.engine.config.ClusterParameters;
import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.protocol.Args;

/**
 * A cluster of one node, which has every slot. To clients it is a cluster as any other: they find the node that has a slot, and a
 * command, a transaction or a script may only name keys of one slot.
 */
public final class ClusterNode {
    private final Config config;
    private volatile String nodeId;
    private volatile String shardId;
    private volatile long epoch;

    public ClusterNode(Config config) {
        this.config = config;
        this.nodeId = RandomId.next();
        this.shardId = RandomId.next();
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
        nodeId = RandomId.next();
        shardId = RandomId.next();
        epoch = 0;
    }

    // ---- slots ----

    /**
     * The slot of all keys and sharded channels of a command, or {@link KeySpec#NO_SLOT}.
     *
     * @throws CommandException if they are of several slots
     */
    public int slotOf(CommandSpec spec, Args args) {
        int slot = KeySpec.NO_SLOT;
        for (KeySpec keys : spec.keySpecs()) {
            slot = keys.slotOf(args, slot);
        }
        return slot;
    }

    /** The ranges of slots that the node has, as it shows them. */
    public static String slots() {
        return "0-" + (HashSlot.COUNT - 1);
    }

    // ---- what the node tells of its address ----

    private ClusterParameters parameters() {
        return config.cluster;
    }

    /**
     * The address at which clients find the node: the one that is configured, else that at which one has found it.
     *
     * @param localAddress the node's end of that client's connection, see {@code Link.localAddress}
     */
    public String ip(String localAddress) {
        String host = localAddress.substring(0, Math.max(0, localAddress.lastIndexOf(':')));
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

    /** The port at which clients find the node; where the system has chosen it, that at which this one has. */
    public long port(String localAddress) {
        long forClients = parameters().announceClientPort.get();
        return forClients != 0 ? forClients : announcedPort(localAddress);
    }

    /** The same for a client whose connection is encrypted, or is not. */
    public long port(String localAddress, boolean encrypted) {
        return encrypted ? tlsPort() : port(localAddress);
    }

    /** The port at which clients find the node with TLS; 0 for none. */
    public long tlsPort() {
        long forClients = parameters().announceClientTlsPort.get();
        return forClients != 0 ? forClients : announcedTlsPort();
    }

    private long announcedTlsPort() {
        long announced = parameters().announceTlsPort.get();
        return announced != 0 ? announced : config.tls.port.get();
    }

    /** Whether clients find the node without TLS. */
    public boolean hasPlainPort() {
        return config.network.port.get() != 0 || parameters().announcePort.get() != 0 || tlsPort() == 0;
    }

    private long announcedPort(String localAddress) {
        long announced = parameters().announcePort.get();
        long own = config.network.port.get();
        return announced != 0
                ? announced
                : own != 0 ? own : Long.parseLong(localAddress.substring(localAddress.lastIndexOf(':') + 1));
    }

    /** The port at which other nodes would find this one. */
    public long busPort(String localAddress) {
        long announced = parameters().announceBusPort.get();
        long own = parameters().port.get();
        return announced != 0
                ? announced
                : own != 0
                        ? own
                        : 10_000 + (config.tls.cluster.get() ? announcedTlsPort() : announcedPort(localAddress));
    }

    public String hostname() {
        return parameters().announceHostname.get();
    }

    /** What of this clients are to use: {@code ip}, {@code hostname} or {@code unknown-endpoint}. */
    public String preferredEndpointType() {
        return parameters().preferredEndpointType.get();
    }

    /** What clients are to use; empty for whatever they use already. */
    public String endpoint(String localAddress) {
        return switch (preferredEndpointType()) {
            case "hostname" -> hostname().isEmpty() ? "?" : hostname();
            case "unknown-endpoint" -> "";
            default -> ip(localAddress);
        };
    }
}
