package dev.holdfast.toolkit.jcache;

import java.util.concurrent.atomic.LongAdder;
import javax.cache.management.CacheStatisticsMXBean;

/** What a cache counts while it is asked to. */
final class Statistics implements CacheStatisticsMXBean {
    private static final float NANOS_PER_MICRO = 1000;

    final LongAdder hits = new LongAdder();
    final LongAdder misses = new LongAdder();
    final LongAdder puts = new LongAdder();
    final LongAdder removals = new LongAdder();
    final LongAdder getNanos = new LongAdder();
    final LongAdder putNanos = new LongAdder();
    final LongAdder removeNanos = new LongAdder();
    volatile boolean enabled;

    void add(LongAdder counter) {
        if (enabled) {
            counter.increment();
        }
    }

    void hit(boolean there) {
        add(there ? hits : misses);
    }

    void time(LongAdder total, long start) {
        if (enabled) {
            total.add(System.nanoTime() - start);
        }
    }

    @Override
    public void clear() {
        for (LongAdder adder : new LongAdder[] {hits, misses, puts, removals, getNanos, putNanos, removeNanos}) {
            adder.reset();
        }
    }

    @Override
    public long getCacheHits() {
        return hits.sum();
    }

    @Override
    public float getCacheHitPercentage() {
        return percentage(hits.sum());
    }

    @Override
    public long getCacheMisses() {
        return misses.sum();
    }

    @Override
    public float getCacheMissPercentage() {
        return percentage(misses.sum());
    }

    private float percentage(long part) {
        long all = getCacheGets();
        return all == 0 ? 0 : (float) part / (float) all * 100;
    }

    @Override
    public long getCacheGets() {
        return hits.sum() + misses.sum();
    }

    @Override
    public long getCachePuts() {
        return puts.sum();
    }

    @Override
    public long getCacheRemovals() {
        return removals.sum();
    }

    @Override
    public long getCacheEvictions() {
        return 0;
    }

    @Override
    public float getAverageGetTime() {
        return average(getNanos, getCacheGets());
    }

    @Override
    public float getAveragePutTime() {
        return average(putNanos, puts.sum());
    }

    @Override
    public float getAverageRemoveTime() {
        return average(removeNanos, removals.sum());
    }

    private static float average(LongAdder nanos, long count) {
        return count == 0 ? 0 : (float) nanos.sum() / (float) count / NANOS_PER_MICRO;
    }
}
