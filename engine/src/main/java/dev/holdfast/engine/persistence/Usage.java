package dev.holdfast.engine.persistence;

import dev.holdfast.engine.config.Config;

/** What RDB says of when a key was last used, or how often: what the eviction policy needs. */
public enum Usage {
    NOTHING,
    IDLE_TIME,
    FREQUENCY;

    private static final int CLOCK_MASK = 0xFFFFFF;

    /** What the present policy needs. */
    public static Usage of(Config config) {
        String policy = config.memory.maxmemoryPolicy.get();
        return policy.endsWith("lru") ? IDLE_TIME : policy.endsWith("lfu") ? FREQUENCY : NOTHING;
    }

    /**
     * The access clock of a key that has been read.
     *
     * @param idleSeconds how long it was not used, or -1 where nobody knows
     * @param frequency its counter, or -1
     */
    public static int clock(Config config, int clockNow, long idleSeconds, int frequency) {
        if (idleSeconds >= 0 && of(config) != FREQUENCY) {
            return (int) (clockNow - Math.min(idleSeconds, CLOCK_MASK)) & CLOCK_MASK;
        }
        return frequency >= 0 && of(config) == FREQUENCY ? clockNow & ~0xFF | frequency : clockNow;
    }
}
