package dev.holdfast.toolkit.cache;

import dev.holdfast.toolkit.pattern.Instruments;
import java.util.concurrent.atomic.LongAdder;

/** What a cache counts. */
final class Counters {
    final LongAdder nearHits = new LongAdder();
    final LongAdder farHits = new LongAdder();
    final LongAdder misses = new LongAdder();
    final LongAdder staleHits = new LongAdder();
    final LongAdder loads = new LongAdder();
    final LongAdder loadFailures = new LongAdder();
    final LongAdder storeFailures = new LongAdder();
    final LongAdder invalidations = new LongAdder();

    /** {@code holdfast.cache.gets{result=…}} and the like. */
    void publish(Instruments instruments) {
        instruments.count("gets", nearHits, LongAdder::sum, "result", "near");
        instruments.count("gets", farHits, LongAdder::sum, "result", "far");
        instruments.count("gets", misses, LongAdder::sum, "result", "miss");
        instruments.count("stale", staleHits, LongAdder::sum);
        instruments.count("loads", loads, LongAdder::sum, "result", "success");
        instruments.count("loads", loadFailures, LongAdder::sum, "result", "failure");
        instruments.count("store.failures", storeFailures, LongAdder::sum);
        instruments.count("invalidations", invalidations, LongAdder::sum);
    }

    CacheStatistics statistics(long nearEntries) {
        return new CacheStatistics(
                nearHits.sum(),
                farHits.sum(),
                misses.sum(),
                staleHits.sum(),
                loads.sum(),
                loadFailures.sum(),
                storeFailures.sum(),
                invalidations.sum(),
                nearEntries);
    }
}
