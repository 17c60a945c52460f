package dev.holdfast.engine.config;

/** The parameters of a store that follows another or is followed. */
public final class ReplicationParameters {
    private static final long LEAST_BACKLOG_BYTES = 16 * 1024;

    /** {@code host port} of the primary, or empty; changed by REPLICAOF. */
    public final TextParameter replicaof;

    public final TextParameter primaryUser;
    public final TextParameter primaryAuth;

    /** How many replicas a write asks for, unless the lag that they may have is 0. */
    public final NumberParameter minReplicasToWrite;

    public final NumberParameter minReplicasMaxLagSeconds;
    public final NumberParameter backlogSize;
    public final NumberParameter backlogTtlSeconds;
    public final NumberParameter timeoutSeconds;
    public final NumberParameter pingPeriodSeconds;

    /** Whether replicas that can are sent an RDB while it is being written. */
    public final BooleanParameter disklessSync;

    public final NumberParameter disklessSyncDelaySeconds;
    public final NumberParameter disklessSyncMaxReplicas;

    /** Whether everything is sent and received by a connection of its own, beside the stream. */
    public final BooleanParameter dualChannel;

    /** {@code disabled}, {@code on-empty-db}, {@code swapdb} or {@code flush-before-load}. */
    public final TextParameter disklessLoad;

    public final BooleanParameter serveStaleData;
    public final BooleanParameter readOnly;
    public final BooleanParameter ignoreMaxmemory;
    public final BooleanParameter announced;
    public final TextParameter announceIp;
    public final NumberParameter announcePort;
    public final NumberParameter priority;

    /** {@code ignore}, {@code panic} or {@code panic-on-replicas}. */
    public final TextParameter propagationErrorBehavior;

    ReplicationParameters(Config config) {
        replicaof = config.immutable(
                config.manyWords(config.text("replicaof", "", ReplicationParameters::address, "slaveof")));
        primaryUser = config.secret(config.text("primaryuser", "", text -> text, "masteruser"));
        primaryAuth = config.secret(config.text("primaryauth", "", text -> text, "masterauth"));
        minReplicasToWrite = config.number("min-replicas-to-write", 0, 0, Integer.MAX_VALUE, "min-slaves-to-write");
        minReplicasMaxLagSeconds =
                config.number("min-replicas-max-lag", 10, 0, Integer.MAX_VALUE, "min-slaves-max-lag");
        backlogSize = config.bytes("repl-backlog-size", 10L << 20, 1, Long.MAX_VALUE)
                .clampedTo(LEAST_BACKLOG_BYTES, Long.MAX_VALUE);
        backlogTtlSeconds = config.number("repl-backlog-ttl", 3600, 0, Long.MAX_VALUE);
        timeoutSeconds = config.number("repl-timeout", 60, 1, Integer.MAX_VALUE);
        pingPeriodSeconds =
                config.number("repl-ping-replica-period", 10, 1, Integer.MAX_VALUE, "repl-ping-slave-period");
        disklessSync = config.flag("repl-diskless-sync", true);
        disklessSyncDelaySeconds = config.number("repl-diskless-sync-delay", 5, 0, Integer.MAX_VALUE);
        disklessSyncMaxReplicas = config.number("repl-diskless-sync-max-replicas", 0, 0, Integer.MAX_VALUE);
        dualChannel = config.flag("dual-channel-replication-enabled", false);
        disklessLoad = config.choice(
                "repl-diskless-load", "disabled", "disabled", "on-empty-db", "swapdb", "flush-before-load");
        serveStaleData = config.flag("replica-serve-stale-data", true, "slave-serve-stale-data");
        readOnly = config.flag("replica-read-only", true, "slave-read-only");
        ignoreMaxmemory = config.flag("replica-ignore-maxmemory", true, "slave-ignore-maxmemory");
        announced = config.flag("replica-announced", true);
        announceIp = config.text("replica-announce-ip", "", text -> text, "slave-announce-ip");
        announcePort = config.number("replica-announce-port", 0, 0, 65535, "slave-announce-port");
        priority = config.number("replica-priority", 100, 0, Integer.MAX_VALUE, "slave-priority");
        propagationErrorBehavior =
                config.choice("propagation-error-behavior", "ignore", "ignore", "panic", "panic-on-replicas");
    }

    private static String address(String text) throws ConfigException {
        if (text.isEmpty() || text.equalsIgnoreCase("no one")) {
            return "";
        }
        String[] words = text.split(" +");
        if (words.length != 2) {
            throw new ConfigException("wrong number of arguments");
        }
        if (!words[1].matches("\\d{1,5}") || Integer.parseInt(words[1]) > 65535) {
            throw new ConfigException("Invalid primary port");
        }
        return words[0] + " " + words[1];
    }
}
