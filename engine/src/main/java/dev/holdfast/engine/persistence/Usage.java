package dev.holdfast.engine.persistence;

import dev.holdfast.engine.config.Config;
import dev.holdfast.engine.keyspace.AccessClock;

/** What RDB says of when a key was last used, or how often: what the eviction policy needs. */
public enum Usage {
    NOTHING,
    IDLE_TIME,
    FREQUENCY;

    private static final int CLOCK_MASK = 0xFFFFFF;
    private static final int COUNTER_MASK = 0xFF;

    /** What the present policy needs. */
    public static Usage of(Config config) {
        String policy = config.memory.maxmemoryPolicy.get();
        return policy.endsWith("lru") ? IDLE_TIME : policy.endsWith("lfu") ? FREQUENCY : NOTHING;
    }

    /**
     * The access clock of a key that has been read.
     *
     * @param idleSeconds how long it was not used, or -1 if unknown
     * @param frequency its counter, or -1
     */
    public static int clock(AccessClock clock, long idleSeconds, int frequency) {
        int fresh = clock.fresh();
        if (clock.countsFrequency()) {
            return frequency < 0 ? fresh : fresh & ~COUNTER_MASK | frequency;
        }
        return idleSeconds < 0 ? fresh : (int) (fresh - Math.min(idleSeconds, CLOCK_MASK)) & CLOCK_MASK;
    }
}
