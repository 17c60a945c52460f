package dev.holdfast.engine.metrics;

import dev.holdfast.engine.catalog.CommandSpec;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;

/** What {@code INFO} counts. Frequent events are counted in {@link ThreadStatistics}s, rare ones here. */
public final class Statistics {
    /** Distinct error codes beyond this many are no longer told apart. */
    private static final int MAX_ERROR_CODES = 128;

    /** A longer first word of an error is none. */
    private static final int MAX_CODE_LENGTH = 30;

    private static final String OTHER_ERROR_CODES = "ERRORSTATS_OVERFLOW";

    private static final long SAMPLE_NANOS = 90_000_000;

    private final int commands;
    private final List<ThreadStatistics> lanes = new CopyOnWriteArrayList<>();
    private final Map<String, LongAdder> errorsByCode = new ConcurrentHashMap<>();

    public final LongAdder connectionsReceived = new LongAdder();
    public final LongAdder connectionsRejected = new LongAdder();
    public final LongAdder expiredKeys = new LongAdder();
    public final LongAdder expiredFields = new LongAdder();
    public final LongAdder evictedKeys = new LongAdder();
    public final LongAdder evictedClients = new LongAdder();

    /** For how long more memory has been used than may be. */
    public final LongAdder evictionExceededNanos = new LongAdder();

    public final LongAdder netInputBytes = new LongAdder();
    public final LongAdder netOutputBytes = new LongAdder();

    /** What of these bytes has come from the primary, and has gone to replicas. */
    public final LongAdder replicationInputBytes = new LongAdder();

    public final LongAdder replicationOutputBytes = new LongAdder();

    // How often replicas were sent everything, a part, and how often a part was asked for and could not be sent.
    public final LongAdder fullSyncs = new LongAdder();
    public final LongAdder partialSyncs = new LongAdder();
    public final LongAdder refusedPartialSyncs = new LongAdder();

    /** Commands of the primary that have failed here. */
    public final LongAdder unexpectedErrors = new LongAdder();

    public final LongAdder errorReplies = new LongAdder();
    public final LongAdder changesSinceSave = new LongAdder();
    public final LongAdder outputBufferLimitDisconnections = new LongAdder();
    public final LongAdder queryBufferLimitDisconnections = new LongAdder();

    // How often a user was denied something.
    public final LongAdder deniedLogins = new LongAdder();
    public final LongAdder deniedCertificates = new LongAdder();
    public final LongAdder deniedCommands = new LongAdder();
    public final LongAdder deniedKeys = new LongAdder();
    public final LongAdder deniedChannels = new LongAdder();
    public final LongAdder deniedDatabases = new LongAdder();

    /** How often active expiry had to stop because its time was over. */
    public final LongAdder expiryTimeCaps = new LongAdder();

    private volatile long peakBytes;

    /** The time that active expiry has taken. */
    public final LongAdder expiryNanos = new LongAdder();

    /** The share of the keys that active expiry looks at whose time is over; a running average of its cycles. */
    public volatile double staleKeys;

    /** The same of hashes that have fields that expire. */
    public volatile double staleHashes;

    public final Rate commandRate = new Rate();
    public final Rate inputRate = new Rate();
    public final Rate outputRate = new Rate();
    private long lastSampleNanos;
    private boolean watchFinely;
    private long watchSlowNanos = Long.MAX_VALUE;
    private boolean watchTracking = true;

    public Statistics(int commands) {
        this.commands = commands;
    }

    /** A new lane, for one thread. */
    public ThreadStatistics newLane() {
        ThreadStatistics lane = new ThreadStatistics(commands);
        synchronized (lanes) {
            lane.watch(watchFinely, watchSlowNanos, watchTracking);
            lanes.add(lane);
        }
        return lane;
    }

    /**
     * Says what lanes are to look at.
     *
     * @param finely whether each command is timed by itself
     * @param slowNanos which time of a batch is remarkable
     * @param tracking whether times are counted in histograms
     */
    public void watch(boolean finely, long slowNanos, boolean tracking) {
        synchronized (lanes) {
            watchFinely = finely;
            watchSlowNanos = slowNanos;
            watchTracking = tracking;
            lanes.forEach(lane -> lane.watch(finely, slowNanos, tracking));
        }
    }

    /** Lets go of long arrays that nothing has used since this was last called. */
    public void letSparesGo() {
        lanes.forEach(lane -> lane.spareArrays.letGoUnused());
    }

    /** How long calls of a command took. */
    public LatencyHistogram latency(CommandSpec command) {
        LatencyHistogram histogram = new LatencyHistogram();
        lanes.forEach(lane -> histogram.add(lane.histograms[command.id()]));
        return histogram;
    }

    private long sum(ToLongFunction<ThreadStatistics> count) {
        long sum = 0;
        for (ThreadStatistics lane : lanes) {
            sum += count.applyAsLong(lane);
        }
        return sum;
    }

    public long calls(CommandSpec command) {
        return sum(lane -> lane.calls[command.id()]);
    }

    public long nanos(CommandSpec command) {
        return sum(lane -> lane.nanos[command.id()]);
    }

    public long rejectedCalls(CommandSpec command) {
        return sum(lane -> lane.rejected[command.id()]);
    }

    public long failedCalls(CommandSpec command) {
        return sum(lane -> lane.failed[command.id()]);
    }

    public long keyspaceHits() {
        return sum(lane -> lane.hits);
    }

    public long keyspaceMisses() {
        return sum(lane -> lane.misses);
    }

    public long commandsProcessed() {
        return sum(lane -> {
            long calls = 0;
            for (long each : lane.calls) {
                calls += each;
            }
            return calls;
        });
    }

    /** Takes note of how much memory is in use. */
    public void notePeak(long usedBytes) {
        if (usedBytes > peakBytes) {
            peakBytes = usedBytes;
        }
    }

    /** The most memory that was in use at any look. */
    public long peakBytes() {
        return peakBytes;
    }

    /** Takes the samples of the rates, unless the last are too fresh. Called by the timer. */
    public void sample(long nanos) {
        if (nanos - lastSampleNanos >= SAMPLE_NANOS) {
            lastSampleNanos = nanos;
            commandRate.sample(commandsProcessed(), nanos);
            inputRate.sample(netInputBytes.sum(), nanos);
            outputRate.sample(netOutputBytes.sum(), nanos);
        }
    }

    public void countError(String message) {
        errorReplies.increment();
        int space = message.indexOf(' ');
        String code = space < 0 || space > MAX_CODE_LENGTH ? "ERR" : message.substring(0, space);
        LongAdder count = errorsByCode.get(code);
        if (count == null) {
            boolean isCustom = !code.equals("ERR");
            code = isCustom && errorsByCode.size() >= MAX_ERROR_CODES ? OTHER_ERROR_CODES : code;
            count = errorsByCode.computeIfAbsent(code, c -> new LongAdder());
        }
        count.increment();
    }

    /** How often each error code was answered. */
    public Map<String, LongAdder> errorsByCode() {
        return errorsByCode;
    }

    /** Sets all counters to zero, but those of refused users, as in Valkey. Commands running meanwhile may still count. */
    public void reset() {
        lanes.forEach(ThreadStatistics::reset);
        errorsByCode.clear();
        for (LongAdder adder : List.of(
                connectionsReceived,
                connectionsRejected,
                expiredKeys,
                expiredFields,
                evictedKeys,
                evictedClients,
                evictionExceededNanos,
                netInputBytes,
                netOutputBytes,
                replicationInputBytes,
                replicationOutputBytes,
                fullSyncs,
                partialSyncs,
                refusedPartialSyncs,
                unexpectedErrors,
                errorReplies,
                outputBufferLimitDisconnections,
                queryBufferLimitDisconnections,
                expiryTimeCaps,
                expiryNanos)) {
            adder.reset();
        }
        staleKeys = 0;
        staleHashes = 0;
    }
}
