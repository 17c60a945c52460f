package dev.holdfast.relay.console;

import dev.holdfast.toolkit.store.Reply;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How long commands took since the server began: for each bound in microseconds, a power of two, how many took at most that long and
 * longer than the one before. The difference of two of them gives percentiles of what was between.
 */
record Latencies(SortedMap<Long, Long> counts) {
    /** @param histogram the answer to LATENCY HISTOGRAM, whose counts are cumulative, command by command */
    static Latencies of(Reply histogram) {
        TreeMap<Long, Long> counts = new TreeMap<>();
        histogram.map().values().forEach(command -> {
            long below = 0;
            for (Map.Entry<String, Reply> bucket :
                    command.field("histogram_usec").map().entrySet()) {
                long until = bucket.getValue().number();
                counts.merge(Long.valueOf(bucket.getKey()), until - below, Long::sum);
                below = until;
            }
        });
        return new Latencies(counts);
    }

    Latencies since(Latencies before) {
        TreeMap<Long, Long> counts = new TreeMap<>();
        this.counts.forEach((bound, count) -> {
            long more = count - before.counts.getOrDefault(bound, 0L);
            if (more > 0) {
                counts.put(bound, more);
            }
        });
        return new Latencies(counts);
    }

    /** The bound that this share of commands kept, in microseconds; 0 if there were none. */
    long percentile(double share) {
        long all = counts.values().stream().mapToLong(Long::longValue).sum();
        long rank = (long) Math.ceil(all * share);
        for (Map.Entry<Long, Long> bucket : counts.entrySet()) {
            rank -= bucket.getValue();
            if (rank <= 0) {
                return all == 0 ? 0 : bucket.getKey();
            }
        }
        return 0;
    }
}
