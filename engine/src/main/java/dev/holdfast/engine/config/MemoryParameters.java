package dev.holdfast.engine.config;

/** The parameters that bound the memory and say what goes when it is full. */
public final class MemoryParameters {
    public final NumberParameter maxmemory;
    public final TextParameter maxmemoryPolicy;
    public final NumberParameter maxmemorySamples;
    public final NumberParameter evictionTenacity;

    /** What the buffers of all clients may take: bytes, or as a negative number a percentage of {@link #maxmemory}. */
    public final NumberParameter maxmemoryClients;

    /** What data and clients may fill of the JVM's heap, in percent; 0 leaves it to the program around the store. Ours. */
    public final NumberParameter heapPercent;

    public final NumberParameter lfuLogFactor;
    public final NumberParameter lfuDecayTime;
    public final NumberParameter trackingTableMaxKeys;

    MemoryParameters(Config config) {
        maxmemory =
                config.add(new NumberParameter("maxmemory", 0, 0, Long.MAX_VALUE, NumberParameter.Unit.UNSIGNED_BYTES));
        maxmemoryPolicy = config.choice(
                "maxmemory-policy",
                "noeviction",
                "volatile-lru",
                "volatile-lfu",
                "volatile-random",
                "volatile-ttl",
                "allkeys-lru",
                "allkeys-lfu",
                "allkeys-random",
                "noeviction");
        maxmemorySamples = config.number("maxmemory-samples", 5, 1, 64);
        trackingTableMaxKeys = config.number("tracking-table-max-keys", 1000000, 0, Long.MAX_VALUE);
        evictionTenacity = config.number("maxmemory-eviction-tenacity", 10, 0, 100);
        maxmemoryClients = config.add(new NumberParameter(
                "maxmemory-clients", 0, -100, Long.MAX_VALUE, NumberParameter.Unit.BYTES_OR_PERCENT));
        heapPercent = config.hidden(config.number("heap-percent", 0, 0, 95));
        lfuLogFactor = config.number("lfu-log-factor", 10, 0, Integer.MAX_VALUE);
        lfuDecayTime = config.number("lfu-decay-time", 1, 0, Integer.MAX_VALUE);
        config.flag("activedefrag", false)
                .refusing("Active defragmentation cannot be enabled: it requires a server compiled with a modified"
                        + " Jemalloc like the one shipped by default with the source distribution");
    }
}
