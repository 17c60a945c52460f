package dev.holdfast.engine.metrics;

import dev.holdfast.engine.base.Clock;
import dev.holdfast.engine.config.NumberParameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Events that took longer than {@code latency-monitor-threshold}: the last 160 of each kind, one for each second, the longest.
 * Kinds are known by Valkey's names, such as {@code command}, {@code expire-cycle} or {@code aof-fsync-always}.
 */
public final class Latency {
    /** The longest event of a second. */
    public record Sample(long second, long millis) {}

    /**
     * What is known of a kind of events.
     *
     * @param samples the oldest first; never empty
     * @param worst the longest ever, in milliseconds
     * @param sum of all events, in milliseconds
     */
    public record Series(List<Sample> samples, long worst, long sum, long count) {
        public Sample last() {
            return samples.getLast();
        }

        private Series with(Sample sample) {
            List<Sample> all = new ArrayList<>(samples);
            if (!all.isEmpty() && all.getLast().second() == sample.second()) {
                Sample last = all.removeLast();
                all.add(new Sample(last.second(), Math.max(last.millis(), sample.millis())));
            } else {
                all.add(sample);
            }
            if (all.size() > LENGTH) {
                all.removeFirst();
            }
            return new Series(List.copyOf(all), Math.max(worst, sample.millis()), sum + sample.millis(), count + 1);
        }
    }

    private static final int LENGTH = 160;

    private final NumberParameter threshold;
    private final Clock clock;
    private final Map<String, Series> events = new LinkedHashMap<>();

    public Latency(NumberParameter threshold, Clock clock) {
        this.threshold = threshold;
        this.clock = clock;
    }

    /** Whether samples are wanted. */
    public boolean isOn() {
        return threshold.get() > 0;
    }

    /** Tells of an event that took so long; it counts if that reaches the threshold. */
    public void sample(String event, long millis) {
        long least = threshold.get();
        if (least > 0 && millis >= least) {
            add(event, millis);
        }
    }

    private synchronized void add(String event, long millis) {
        Series before = events.getOrDefault(event, new Series(List.of(), 0, 0, 0));
        events.put(event, before.with(new Sample(clock.millis() / 1000, millis)));
    }

    /** Tells of an event that began then, by the engine's monotonic clock, and ends now. */
    public void noteSince(String event, long startNanos) {
        if (isOn()) {
            sample(event, (clock.nanos() - startNanos) / 1_000_000);
        }
    }

    /** All kinds of events that there were, each with what is known of it. */
    public synchronized Map<String, Series> events() {
        return new LinkedHashMap<>(events);
    }

    public synchronized @Nullable Series events(String event) {
        return events.get(event);
    }

    /** Forgets a kind of events. Returns whether there were any. */
    public synchronized boolean forget(String event) {
        return events.keySet().removeIf(each -> each.toLowerCase(Locale.ROOT).equals(event.toLowerCase(Locale.ROOT)));
    }

    /** Forgets everything. Returns how many kinds of events there were. */
    public synchronized int forgetAll() {
        int size = events.size();
        events.clear();
        return size;
    }
}
