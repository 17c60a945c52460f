package dev.holdfast.toolkit.cache;

/**
 * What a cache has done since it was built.
 *
 * @param nearHits reads answered from this process
 * @param farHits reads answered from the store
 * @param misses reads for which neither had a fresh value
 * @param staleHits of these, reads answered with a stale value
 * @param loads loads that brought a value, or that there is none
 * @param loadFailures loads that failed
 * @param storeFailures calls of the store that failed, or were not tried since too many had
 * @param invalidations entries of this process that were dropped because somebody had changed them
 * @param nearEntries entries in this process at present, about
 */
public record CacheStatistics(
        long nearHits,
        long farHits,
        long misses,
        long staleHits,
        long loads,
        long loadFailures,
        long storeFailures,
        long invalidations,
        long nearEntries) {
    /** The part of reads that were hits, 0 to 1; 1 if there were none. */
    public double hitRate() {
        long hits = nearHits + farHits;
        return hits + misses == 0 ? 1 : (double) hits / (hits + misses);
    }
}
